"""The words of the terminal UI, in the language of the project.

Texts are Python mappings, not compiled catalogues: installing needs no extra step, and a missing one fails a test. A
text may hold marks such as `{count}`; every language has the same marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import Final

from reconciler.phrases.languages import in_language
from tui.text import ours, visible

PARTS: Final[tuple[str, ...]] = (
    "house",
    "actions",
    "errors",
    "overview",
    "runs",
    "systems",
    "audit",
    "review",
    "plans",
    "quotes",
    "pilot",
)
"""Modules of `tui/texts/<language>/`."""

_LANGUAGES: Final = {"pt-BR": "portuguese", "en": "english"}
_THOUSANDS: Final = {"pt-BR": ".", "en": ","}
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_TWO_DAYS_S: Final = 2 * _DAY_S

LOCALES: Final = tuple(_LANGUAGES)


class Texts:
    """The texts of one language.

    Args:
        locale: one of `LOCALES`.
        time_zone: in which instants are shown.
    """

    def __init__(self, locale: str, catalogue: Mapping[str, str], time_zone: tzinfo) -> None:
        self.locale = locale
        self.time_zone = time_zone
        self._catalogue = catalogue

    def __call__(self, text_id: str, /, **values: object) -> str:
        """One text with its marks filled in; what fills them is made visible.

        Raises:
            KeyError: there is no such text, or a mark is not given.
        """
        text = ours(self._catalogue[text_id])
        return text.format(**{name: _filling(value) for name, value in values.items()}) if values else text

    def counted(self, text_id: str, number: int, /, **values: object) -> str:
        """`<text_id>.one` or `<text_id>.other`, whose mark `{count}` is the number."""
        form = "one" if number == 1 else "other"
        return self(f"{text_id}.{form}", count=self.number(number), **values)

    def said(self, sentence: str) -> str:
        """A sentence that the program made below the screens, in this language; see `reconciler.phrases`."""
        return in_language(sentence, self.locale, ours)

    def has(self, text_id: str) -> bool:
        """Whether there is such a text."""
        return text_id in self._catalogue

    def number(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}".replace(",", _THOUSANDS[self.locale])

    def moment(self, at: datetime) -> str:
        """An aware instant to the minute, in the time zone of the project; day and month cannot be confused."""
        return at.astimezone(self.time_zone).strftime("%Y-%m-%d %H:%M")

    def age(self, age: timedelta) -> str:
        """How long ago, roughly: seconds, minutes, hours or days."""
        seconds = max(0, int(age.total_seconds()))
        if seconds < _MINUTE_S:
            return self("age.seconds", count=seconds)
        if seconds < _HOUR_S:
            return self("age.minutes", count=seconds // _MINUTE_S)
        if seconds < _TWO_DAYS_S:
            return self("age.hours", count=seconds // _HOUR_S)
        return self("age.days", count=seconds // _DAY_S)


def _filling(value: object) -> str:
    return visible(value)


def catalogue_of(locale: str) -> dict[str, str]:
    """Every text of a language by its id.

    Raises:
        ValueError: two parts hold the same id.
    """
    found: dict[str, str] = {}
    for part in PARTS:
        texts: Mapping[str, str] = import_module(f"tui.texts.{_LANGUAGES[locale]}.{part}").TEXTS
        if twice := found.keys() & texts.keys():
            raise ValueError(f"{part} repeats {sorted(twice)}")
        found.update(texts)
    return found


def texts_of(locale: str, time_zone: tzinfo) -> Texts:
    """The texts of one of `LOCALES`."""
    return Texts(locale, catalogue_of(locale), time_zone)
