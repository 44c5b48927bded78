"""Date and timestamp columns, equal to `instants_plain` value by value.

The column library reads texts of one layout at a time; what it would read otherwise than Python (hour 24, second 60,
year 0, zones whose clocks change) is kept from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple, cast
from zoneinfo import ZoneInfo

import polars as pl

from reconciler.mapping.numbers import Typed
from reconciler.mapping.shapes import places_of_other_shapes, shapes_of, without

INSTANT: Final = pl.Datetime("us", "UTC")

_ISO_DAY = "%Y-%m-%d"
_ISO_MOMENT = re.compile(r"0000-00-00(?P<separator>[T ])00:00:00(?:\.0{1,9})?(?P<offset>Z|[+-]00:00)?")
_WIDTHS: Final = {"%d": 2, "%m": 2, "%Y": 4, "%H": 2, "%M": 2, "%S": 2}
_LITERALS = "/-.: T"
_FORMAT_PART = re.compile(r"%.|[^%]")
_FIRST_STEADY_YEAR = 1970
_LAST_STEADY_YEAR = 2037

_MICROSECOND = timedelta(microseconds=1)
_DAY_MICROSECONDS = timedelta(days=1) // _MICROSECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date.min.toordinal() - _EPOCH.toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH.toordinal()


class Layout(NamedTuple):
    """A strptime format whose parts all have a fixed width: its shape, and where hour and second stand if they do."""

    shape: str
    hour: int | None
    second: int | None


def days_of_texts(texts: list[str], text_format: str | None) -> Typed:
    """Days of texts, "" being null, as `day_plain` with codec `date`."""
    text_format = text_format or _ISO_DAY
    layout = layout_of(text_format)
    if layout is None or layout.hour is not None:
        return _undecided(texts, pl.Date)
    fitting = without(texts, places_of_other_shapes(shapes_of(texts), layout.shape.__eq__))
    days = pl.Series(fitting, dtype=pl.String).str.to_date(text_format, strict=False)
    return _typed(_between(days.cast(pl.Int32), _FIRST_DAY, _LAST_DAY).cast(pl.Date), texts)


def instants_of_texts(texts: list[str], text_format: str | None, time_zone: str) -> Typed:
    """Instants of texts, "" being null, as `instant_plain` with codec `timestamp`."""
    if text_format is None:
        return _iso_instants(texts, time_zone)
    layout = layout_of(text_format)
    if layout is None or layout.hour is None:
        return _undecided(texts, INSTANT)
    fitting = _fitting(texts, shapes_of(texts), layout.shape.__eq__, layout)
    return _typed(_in_zone(_parsed(fitting, text_format), time_zone), texts)


@lru_cache(maxsize=256)
def layout_of(text_format: str) -> Layout | None:
    """The layout of a strptime format; None when a part can vary in width, or the clock is not hours with minutes."""
    parts = _FORMAT_PART.findall(text_format)
    if any(part not in _WIDTHS and (part.startswith("%") or part not in _LITERALS) for part in parts):
        return None
    clock = {"%H", "%M", "%S"}.intersection(parts)
    if clock and not clock >= {"%H", "%M"}:
        return None
    starts = dict(zip(parts, accumulate((_WIDTHS.get(part, 1) for part in parts), initial=0), strict=False))
    shape = "".join("0" * _WIDTHS.get(part, 0) or part for part in parts)
    return Layout(shape, starts.get("%H"), starts.get("%S"))


_ISO_LAYOUT = Layout("0000-00-00T00:00:00", hour=11, second=17)


class Steady(NamedTuple):
    """From `start` up to, not including, `end` a time zone keeps one offset from UTC. All in microseconds, local."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=64)
def steady_offset(time_zone: str) -> Steady:
    """The last stretch without clock changes before 2038, less a day at either end.

    Asking `zoneinfo` and not the column library keeps both definitions on the same time zone data.
    """
    zone = ZoneInfo(time_zone)
    last = datetime(_LAST_STEADY_YEAR, 12, 31, tzinfo=UTC)
    offset = last.astimezone(zone).utcoffset() or timedelta(0)
    first = last
    while first.year >= _FIRST_STEADY_YEAR and first.astimezone(zone).utcoffset() == offset:
        first -= timedelta(days=1)
    start = first + timedelta(days=2)
    return Steady((start - _EPOCH) // _MICROSECOND, (last - _EPOCH) // _MICROSECOND, offset // _MICROSECOND)


def _iso_instants(texts: list[str], time_zone: str) -> Typed:
    shapes = shapes_of(texts)
    first = next((found for found in map(_ISO_MOMENT.fullmatch, shapes) if found), None)
    if first is None:
        return _undecided(texts, INSTANT)
    separator, with_offset = first["separator"], first["offset"] is not None

    def alike(shape: str) -> bool:
        found = _ISO_MOMENT.fullmatch(shape)
        return found is not None and (found["separator"], found["offset"] is not None) == (separator, with_offset)

    fitting = _fitting(texts, shapes, alike, _ISO_LAYOUT)
    text_format = f"%Y-%m-%d{separator}%H:%M:%S%.f"
    if not with_offset:
        return _typed(_in_zone(_parsed(fitting, text_format), time_zone), texts)
    instants = _parsed(fitting, f"{text_format}%#z")
    end = (_LAST_DAY + 1) * _DAY_MICROSECONDS
    return _typed(_between(instants, _FIRST_DAY * _DAY_MICROSECONDS, end - 1).cast(INSTANT), texts)


def _fitting(texts: list[str], shapes: list[str], accept: Callable[[str], bool], layout: Layout) -> list[str]:
    """The texts of accepted shape, others as "".

    Others are also hour 24 and second 60: to the column library the next day or minute, to Python no time at all.
    """
    fitting = without(texts, places_of_other_shapes(shapes, accept))
    for start, refused in ((layout.hour, "24"), (layout.second, "60")):
        if start is not None and refused in {text[start : start + 2] for text in fitting}:
            fitting = ["" if text[start : start + 2] == refused else text for text in fitting]
    return fitting


def _parsed(texts: list[str], text_format: str) -> pl.Series:
    """Microseconds since 1970, as written or in UTC where an offset is written; null where it cannot be."""
    return pl.Series(texts, dtype=pl.String).str.to_datetime(text_format, time_unit="us", strict=False).cast(pl.Int64)


def _in_zone(local: pl.Series, time_zone: str) -> pl.Series:
    """Local microseconds as instants; null outside the stretch that is known to have one offset."""
    steady = steady_offset(time_zone)
    return (_between(local, steady.start, steady.end - 1) - steady.offset).cast(INSTANT)


def _between(values: pl.Series, first: int, last: int) -> pl.Series:
    """Null where a value is less than `first` or more than `last`."""
    lowest, highest = cast("int | None", values.min()), cast("int | None", values.max())
    if lowest is None or highest is None or first <= lowest <= highest <= last:
        return values
    return values.set((values < first) | (values > last), None)


def _undecided(texts: list[str], kind: pl.DataType | type[pl.DataType]) -> Typed:
    return _typed(pl.Series([None] * len(texts), dtype=kind), texts)


def _typed(forms: pl.Series, texts: list[str]) -> Typed:
    """What was read; the plain definition has the rest."""
    if forms.null_count() == texts.count(""):
        return Typed(forms, [])
    return Typed(forms, [place for place in forms.is_null().arg_true().to_list() if texts[place]])
