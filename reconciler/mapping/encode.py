"""Canonical values as a vendor writes them: the codecs in the other direction.

Whatever is given back was read again first: a value that the vendor's form cannot hold is an error, never a near miss.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.mapping.canonical_plain import UnreadableValueError, clean_plain
from reconciler.mapping.numbers_plain import decimal_plain
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import TEXT_FORMS, Form, Reading, canonical_field, join_plain, read_decoded, read_value
from reconciler.model.entities import FieldType


class EncodeError(ValueError):
    """A value cannot be written in the vendor's form and read back the same. The message holds no value."""


def encode(field: FieldMapping, value: Form | None) -> object:
    """A canonical value as the vendor writes it.

    Args:
        field: its codec, format, time zone and codes (the first code of a canonical value counts).
        value: text, `Decimal`, bool, `date` or aware `datetime`, by the field's type; None or a blank text is null.

    Returns:
        A JSON value: a text for codes; for `decimal` a number, an integer when it is whole; for `parts` an object as
        Tryton writes it. With `join` a tuple with one text for each path.

    Raises:
        EncodeError: the value is of another type, or would not be read back as it is.
    """
    if value is None:
        return None
    wanted = _wanted(field, value)
    if wanted.form is None:
        return None
    code = _code(field, wanted)
    written = code if code is not None else _ENCODERS[field.codec](field, wanted)
    if field.join and len(field.paths) > 1:
        written = _parts_of_joined(field, written)
    again = read_value(field, join_plain(list(written)) if isinstance(written, tuple) else written)
    if again != wanted:
        raise EncodeError(f"{field.name}: the value cannot be written as {field.codec} without being changed")
    return written


def _wanted(field: FieldMapping, value: Form) -> Reading:
    """What must be read back."""
    if not _has_type(field.type, value):
        raise EncodeError(f"{field.name}: a {type(value).__name__} is not a {field.type} value")
    try:
        if isinstance(value, str):
            form = TEXT_FORMS[field.type](value)
            return Reading(clean_plain(value) if form and field.type is FieldType.TEXT else None, form or None, None)
        return Reading(None, decimal_plain(value) if isinstance(value, Decimal) else value, None)
    except UnreadableValueError as error:
        raise EncodeError(f"{field.name}: the value {error.reason}") from None


def _has_type(kind: FieldType, value: Form) -> bool:
    if kind in TEXT_FORMS:
        return isinstance(value, str)
    if kind is FieldType.DATE:
        return isinstance(value, date) and not isinstance(value, datetime)
    if kind is FieldType.TIMESTAMP:
        return isinstance(value, datetime) and value.tzinfo is not None
    return isinstance(value, bool if kind is FieldType.BOOLEAN else Decimal)


def _code(field: FieldMapping, wanted: Reading) -> str | None:
    for code, canonical in field.codes.items():
        try:
            if read_decoded(canonical_field(field), canonical).form == wanted.form:
                return code
        except UnreadableValueError:
            continue
    return None


def _text(field: FieldMapping, wanted: Reading) -> object:
    return wanted.form if wanted.value is None else wanted.value


def _decimal(field: FieldMapping, wanted: Reading) -> object:
    number = _decimal_form(wanted)
    return int(number) if number == number.to_integral_value() else float(number)


def _fraction(field: FieldMapping, wanted: Reading) -> object:
    return float(_decimal_form(wanted) / 100)


def _decimal_comma(field: FieldMapping, wanted: Reading) -> object:
    number = _decimal_form(wanted).normalize()
    return f"{number:f}".replace(".", ",")


def _decimal_form(wanted: Reading) -> Decimal:
    if not isinstance(wanted.form, Decimal):
        raise TypeError("a decimal codec belongs to decimals")
    return wanted.form


def _boolean_text(field: FieldMapping, wanted: Reading) -> object:
    return "true" if wanted.form else "false"


def _boolean_sn(field: FieldMapping, wanted: Reading) -> object:
    return "S" if wanted.form else "N"


def _moment(field: FieldMapping, wanted: Reading) -> datetime:
    """The instant in the field's time zone; of a day, its midnight there."""
    zone = ZoneInfo(field.time_zone)
    if isinstance(wanted.form, datetime):
        return wanted.form.astimezone(zone)
    if isinstance(wanted.form, date):
        return datetime.combine(wanted.form, time(), zone)
    raise TypeError("a calendar codec belongs to days and instants")


def _date(field: FieldMapping, wanted: Reading) -> object:
    day = _moment(field, wanted)
    return day.strftime(field.format) if field.format else day.date().isoformat()


def _timestamp(field: FieldMapping, wanted: Reading) -> object:
    moment = _moment(field, wanted)
    if field.written_in is not None:
        moment = moment.astimezone(ZoneInfo(field.written_in))
    if field.format:
        return moment.strftime(field.format)
    offset = moment.utcoffset() or timedelta(0)
    # Before standard time zones had offsets with seconds, which ISO 8601 cannot write.
    return (moment.astimezone(UTC) if offset % timedelta(minutes=1) else moment).isoformat()


def _unix(field: FieldMapping, wanted: Reading) -> object:
    return int(_moment(field, wanted).timestamp())


def _parts(field: FieldMapping, wanted: Reading) -> object:
    moment = _moment(field, wanted)
    day = {"year": moment.year, "month": moment.month, "day": moment.day}
    if field.type is FieldType.DATE:
        return {"__class__": "date", **day}
    clock = {"hour": moment.hour, "minute": moment.minute, "second": moment.second, "microsecond": moment.microsecond}
    return {"__class__": "datetime", **day, **clock}


def _parts_of_joined(field: FieldMapping, written: object) -> tuple[str, ...]:
    parts = tuple(written.split(" ", len(field.paths) - 1)) if isinstance(written, str) else ()
    if len(parts) != len(field.paths):
        raise EncodeError(f"{field.name}: the value does not come apart into {len(field.paths)} joined parts")
    return parts


_ENCODERS: Final[dict[str, Callable[[FieldMapping, Reading], object]]] = {
    "text": _text,
    "decimal": _decimal,
    "decimal_comma": _decimal_comma,
    "fraction": _fraction,
    "boolean": lambda field, wanted: wanted.form,
    "boolean_text": _boolean_text,
    "boolean_sn": _boolean_sn,
    "date": _date,
    "timestamp": _timestamp,
    "parts": _parts,
    "unix": _unix,
}
