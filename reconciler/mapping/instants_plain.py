"""Days and instants, one value at a time: the definition that the column kernels must equal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from reconciler.mapping.canonical_plain import UnreadableValueError

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
_SECONDS = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_FIRST_SECOND = -62135510400
_LAST_SECOND = 253402214399
_LONGEST_TEXT = 64
_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def day_plain(raw: object, codec: str, text_format: str | None, time_zone: str, written_in: str | None = None) -> date:
    """A calendar day.

    Args:
        raw: text, or an object for codec `parts`.
        codec: `date`: `2026-05-31`, or `text_format`. `timestamp`: an instant, whose day in `time_zone` counts, or a
            day alone. `parts`: an object with year, month and day; its time of day, if any, does not count. `unix`:
            seconds since 1970, whose day in `time_zone` counts.
        text_format: strptime format, or None.
        time_zone: IANA name.
        written_in: IANA name of the zone an instant is written in, when it has no offset; None is `time_zone`.

    Raises:
        UnreadableValueError: not of that form, or no such day.
    """
    if codec == "parts":
        return _of_parts(raw).date()
    if codec == "unix":
        return _of_seconds(raw).astimezone(_zone(time_zone)).date()
    text = _short_text(raw)
    if text_format is None and (codec == "date" or _DAY.fullmatch(text)):
        found = _DAY.fullmatch(text)
        if not found:
            raise UnreadableValueError("is not a day written as 2026-05-31")
        return _existing(*map(int, found.groups())).date()
    if codec == "date":
        return _by_format(text, text_format or "").date()
    try:
        return instant_plain(raw, codec, text_format, written_in or time_zone).astimezone(_zone(time_zone)).date()
    except OverflowError:
        raise UnreadableValueError("is outside the years 1 to 9999") from None


def instant_plain(raw: object, codec: str, text_format: str | None, time_zone: str) -> datetime:
    """An instant, in UTC, to the microsecond (further digits are cut off).

    Args:
        raw: text, or an object for codec `parts`.
        codec: `timestamp`: ISO 8601 with date and time (`T` or a space between; seconds, fraction and offset optional),
            or `text_format`. `parts`: an object with year, month, day and optionally the rest down to microsecond.
            `unix`: whole seconds since 1970, a number or digits in text.
        text_format: strptime format, or None.
        time_zone: IANA name, for values without an offset. A local time that occurs twice is the earlier one; one that
            a clock change skips is moved forward by what was skipped.

    Raises:
        UnreadableValueError: not of that form, no such moment, or outside the years 1 to 9999 in UTC.
    """
    if codec == "unix":
        return _of_seconds(raw)
    if codec == "parts":
        moment = _of_parts(raw)
    elif text_format is not None:
        moment = _by_format(_short_text(raw), text_format)
    else:
        moment = _iso_instant(_short_text(raw))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(time_zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UnreadableValueError("is outside the years 1 to 9999") from None


def _short_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise UnreadableValueError("is not a text")
    text = raw.strip()
    if len(text) > _LONGEST_TEXT or not text.isascii():
        raise UnreadableValueError("is not a date or time")
    return text


def _iso_instant(text: str) -> datetime:
    found = _INSTANT.fullmatch(text)
    if not found:
        raise UnreadableValueError("is not a moment written as 2026-05-31T23:59:59-03:00")
    year, month, day, hour, minute, second, fraction, utc, sign, offset_hours, offset_minutes = found.groups()
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    moment = _existing(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond)
    if utc:
        return moment.replace(tzinfo=UTC)
    if not sign:
        return moment
    if int(offset_hours) > 23 or int(offset_minutes or 0) > 59:
        raise UnreadableValueError("has an offset that does not exist")
    offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes or 0))
    return moment.replace(tzinfo=timezone(offset if sign == "+" else -offset))


def _by_format(text: str, text_format: str) -> datetime:
    try:
        return datetime.strptime(text, text_format)  # noqa: DTZ007 (the caller gives it the mapping's zone)
    except ValueError:
        raise UnreadableValueError(f"is not written as {text_format}, or does not exist") from None


def _of_parts(raw: object) -> datetime:
    if not isinstance(raw, Mapping):
        raise UnreadableValueError("is not an object with year, month and day")
    values = [raw.get(name, 0) for name in _PARTS]
    parts = [value for value in values if type(value) is int]
    if len(parts) != len(values):
        raise UnreadableValueError("has a part that is not a whole number")
    return _existing(*parts)


def _of_seconds(raw: object) -> datetime:
    """A day at each end of the calendar is kept free, so that it exists in every time zone."""
    seconds = raw
    if isinstance(raw, str) and _SECONDS.fullmatch(raw.strip()):
        seconds = int(raw)
    if type(seconds) is not int:
        raise UnreadableValueError("is not a whole number of seconds since 1970")
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise UnreadableValueError("is outside the years 1 to 9999")
    return datetime.fromtimestamp(seconds, UTC)


def _existing(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, us: int = 0
) -> datetime:
    try:
        return datetime(year, month, day, hour, minute, second, us)  # noqa: DTZ001 (the caller knows the zone)
    except (ValueError, OverflowError):
        raise UnreadableValueError("does not exist in the calendar or on the clock") from None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
