"""What somebody types behind `/`: words to look for, and parts such as `cause:accents`. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from reconciler.model.choice import Choice, chosen
from reconciler.model.findings import Cause, FindingKind
from reconciler.store.state.records import FindingFilter

_PARTS: Final = ("entity", "field", "kind", "cause", "key")
_KNOWN: Final = {"kind": frozenset(FindingKind), "cause": frozenset(Cause)}
LONGEST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class WrongWord(ValueError):
    """A part whose value is none that there is."""

    part: str
    word: str
    known: tuple[str, ...]


def narrowed(basis: FindingFilter, typed: str) -> FindingFilter:
    """A filter narrowed by what was typed. Several values of one part: any of them.

    Raises:
        WrongWord: a kind or cause that there is not.
    """
    parts: dict[str, list[str]] = {}
    words: list[str] = []
    for word in _split(typed[:LONGEST_CHARACTERS]):
        name, colon, value = word.partition(":")
        if colon and value and name.lower() in _PARTS:
            parts.setdefault(name.lower(), []).append(value)
        else:
            words.append(word)
    for name, known in _KNOWN.items():
        for value in parts.get(name, ()):
            if value not in known:
                raise WrongWord(name, value, tuple(sorted(known)))
    text = " ".join(words) or None
    choices: dict[str, Choice] = {name: tuple(values) for name, values in parts.items()}
    return replace(basis, text=text, **choices)


def _split(typed: str) -> list[str]:
    try:
        return shlex.split(typed, comments=False)
    except ValueError:
        # A quotation mark that is not closed is looked for as it stands.
        return typed.split()


def option_words(filter_: FindingFilter, *, with_status: bool = True) -> list[str]:
    """The options of `findings list` that choose the same."""
    words: list[str] = []
    for option, choice in (
        ("--entity", filter_.entity),
        ("--field", filter_.field),
        ("--kind", filter_.kind),
        ("--cause", filter_.cause),
        ("--status", filter_.status if with_status else None),
        ("--key", filter_.key),
        ("--without", filter_.without),
    ):
        words += _options(option, chosen(choice))
    return words if filter_.text is None else [*words, "--text", filter_.text]


def _options(option: str, values: Iterable[str] | None) -> list[str]:
    return [word for value in sorted(values or ()) for word in (option, value)]
