"""Values of sheet cells as JSON: numbers, days and times out of serial numbers, errors, formulas without a value."""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from pydantic import JsonValue

_DAY_MS: Final = 86_400_000
_FIRST_OF_MARCH_1900: Final = 61
_LAST_SERIAL: Final = 2_958_465
"""The last day of the year 9999 in the 1900 system."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE_FLOATS: Final = 2**53

_NOT_A_PLACEHOLDER: Final = re.compile(r'"[^"]*"|[\\_*].|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED: Final = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_HALF_DAY: Final = re.compile(r"am/pm|a/p", re.IGNORECASE)


class Row(NamedTuple):
    """A row of a sheet: its number as people see it, and its cells from the first column on; None is empty."""

    number: int
    cells: list[JsonValue]


class Shown(Enum):
    """What a number format makes of a number."""

    NUMBER = "number"
    DAY = "day"
    MOMENT = "day and time"
    TIME = "time"
    ELAPSED = "elapsed time"


_BUILT_IN: Final[dict[int, Shown]] = {
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, *range(50, 55), 57, 58), Shown.DAY),
    **dict.fromkeys((*range(18, 22), *range(32, 36), 45, 47, 55, 56), Shown.TIME),
    22: Shown.MOMENT,
    46: Shown.ELAPSED,
}
"""Formats that have a number and no code (ECMA-376 part 1, 18.8.30)."""


def error_value(code: str) -> JsonValue:
    """An error cell. Mapping finds no text, number or date in it and reports the field."""
    return {"#error": code}


def formula_without_value() -> JsonValue:
    """A formula that no program has calculated."""
    return {"#formula": ""}


def whole(text: str) -> int | None:
    """A place or a count, of at most nine digits; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def number_value(text: str) -> int | float | None:
    """A number as spreadsheets write it, whole ones as integers; None when it is none.

    A float is the nearest to what is written, whose shortest text is what people see: spreadsheets write up to 17
    digits of the float they hold.
    """
    if text.isdigit() and text.isascii() and len(text) <= 18:
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if number.is_integer() and abs(number) < _WHOLE_FLOATS:
        return int(number)
    return number if abs(number) != float("inf") else None


@lru_cache(maxsize=4096)
def shown_by(code: str) -> Shown:
    """What a format code, such as `dd/mm/yyyy`, makes of a positive number."""
    section = _NOT_A_PLACEHOLDER.sub("", code).split(";")[0]
    if _ELAPSED.search(section):
        return Shown.ELAPSED
    has_time = bool(_HALF_DAY.search(section))
    letters = set(_HALF_DAY.sub("", section).lower())
    if letters.isdisjoint("ydhms"):
        return Shown.TIME if has_time else Shown.NUMBER
    has_time = has_time or not letters.isdisjoint("hs")
    has_day = not letters.isdisjoint("yd") or not has_time
    if has_day:
        return Shown.MOMENT if has_time else Shown.DAY
    return Shown.TIME


def shown_by_built_in(number: int) -> Shown:
    """What a format without code makes of a number."""
    return _BUILT_IN.get(number, Shown.NUMBER)


def moment_text(serial: float, shown: Shown, *, from_1904: bool = False) -> str | None:
    """The day and time of a serial number, as `2026-05-31`, `2026-05-31T23:59:59` or `23:59:59`, to the millisecond.

    Args:
        serial: days, with the time as fraction.
        shown: a day with a time is written with it, however it is shown. Elapsed time is hours, also beyond 24.
        from_1904: days are counted from 1904-01-01; otherwise in the 1900 system with its day that never was.

    Returns:
        None when there is no such day.
    """
    if not 0 <= serial <= _LAST_SERIAL + 1:
        return None
    whole_days, rest_ms = divmod(round(serial * _DAY_MS), _DAY_MS)
    if shown is Shown.ELAPSED:
        return _time_text(rest_ms, more_hours=24 * whole_days)
    if whole_days == 0 and (shown is Shown.TIME or (shown is Shown.MOMENT and not from_1904)):
        return _time_text(rest_ms)
    day = _day(whole_days, from_1904=from_1904)
    if day is None:
        return None
    return day.isoformat() if shown is Shown.DAY and not rest_ms else f"{day.isoformat()}T{_time_text(rest_ms)}"


def _day(whole_days: int, *, from_1904: bool) -> date | None:
    if from_1904:
        first, offset = date(1904, 1, 1), whole_days
    elif whole_days >= _FIRST_OF_MARCH_1900:
        first, offset = date(1899, 12, 30), whole_days
    else:
        # The 29th of February 1900 is counted and never was, and neither was the day 0.
        first, offset = date(1899, 12, 31), whole_days
        if whole_days in (0, _FIRST_OF_MARCH_1900 - 1):
            return None
    try:
        return first + timedelta(days=offset)
    except OverflowError:
        return None


def _time_text(rest_ms: int, more_hours: int = 0) -> str:
    seconds, milliseconds = divmod(rest_ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{hour + more_hours:02}:{minute:02}:{second:02}"
    return f"{text}.{milliseconds:03}" if milliseconds else text
