"""One raw value into its canonical reading: the definition behind the columns, the trace and the check of writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from reconciler.mapping import canonical_plain as plain
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.instants_plain import day_plain, instant_plain
from reconciler.mapping.json_values import is_empty, scalar_text, shown, unwrap
from reconciler.mapping.numbers_plain import boolean_plain, decimal_plain
from reconciler.mapping.plan import FieldMapping, default_codec
from reconciler.model.entities import FieldType
from reconciler.model.findings import Cause
from reconciler.model.staging import MAX_TEXT_CHARACTERS

Form = str | Decimal | bool | date
"""A canonical comparison form; an instant is a `datetime`, which is a `date` too."""

TEXT_FORMS: Final = {
    FieldType.TEXT: plain.fold_plain,
    FieldType.CODE: plain.code_plain,
    FieldType.DOCUMENT: plain.document_plain,
    FieldType.REGISTRATION: plain.registration_plain,
    FieldType.EMAIL: plain.email_plain,
    FieldType.DIGITS: plain.digits_plain,
}
"""How each textual type defines its form."""


class Problem(NamedTuple):
    """Why a value, or a record, could not be used. `value` is what was there, made safe and short to show."""

    cause: Cause
    reason: str
    value: str


class Reading(NamedTuple):
    """What one raw value means. `value` is set for TEXT only; all are None for an empty value."""

    value: str | None
    form: Form | None
    problem: Problem | None


EMPTY: Final = Reading(None, None, None)


def select_plain(field: FieldMapping, record: object) -> object:
    """The raw value of a field in a record: the first path that is not empty, or all of them joined; None if empty."""
    values = [path.read(record) for path in field.paths]
    found = [value for value in values if not is_empty(value) and not (field.false_is_empty and value is False)]
    return join_plain(found) if field.join else found[0] if found else None


def join_plain(found: list[object]) -> object:
    """Values that are not empty, joined with one space; the list itself, which no field reads, if one is no scalar."""
    if len(found) < 2:
        return found[0] if found else None
    texts = [scalar_text(value) for value in found]
    return found if None in texts else " ".join(text for text in texts if text is not None)


def read_value(field: FieldMapping, raw: object) -> Reading:
    """The canonical reading of a raw value that was selected for a field. Never raises for data."""
    raw = unwrap(raw)
    if is_empty(raw):
        return EMPTY
    try:
        return read_decoded(*translate(field, raw))
    except UnreadableValueError as error:
        return Reading(None, None, Problem(error.cause, error.reason, shown(raw)))


def translate(field: FieldMapping, raw: object) -> tuple[FieldMapping, object]:
    """A vendor code replaced by its canonical value, and how that is written; anything else unchanged.

    Raises:
        UnreadableValueError: a text that is too long.
    """
    if isinstance(raw, str) and len(raw) > MAX_TEXT_CHARACTERS:
        raise UnreadableValueError(f"is longer than {MAX_TEXT_CHARACTERS} characters")
    text = scalar_text(raw) if field.codes else None
    if text is None or text.strip() not in field.codes:
        return field, raw
    return canonical_field(field), field.codes[text.strip()]


@lru_cache(maxsize=512)
def canonical_field(field: FieldMapping) -> FieldMapping:
    """The same field as it would be written canonically: default codec, ISO 8601, no codes."""
    return FieldMapping(field.name, field.type, field.paths, default_codec(field.type), time_zone=field.time_zone)


def read_decoded(field: FieldMapping, raw: object) -> Reading:
    """The reading of a value after its code was translated.

    Raises:
        UnreadableValueError: the value is not of the described form.
    """
    if field.type in TEXT_FORMS:
        return _read_text(field.type, raw)
    return Reading(None, _read_typed(field, raw), None)


def key_text(form: Form) -> str:
    """A form as a part of a stored key: decimals without trailing zeros, ISO 8601 for days and instants."""
    if isinstance(form, bool):
        return "true" if form else "false"
    if isinstance(form, Decimal):
        return f"{form.normalize():f}"
    return form if isinstance(form, str) else form.isoformat()


def _read_text(kind: FieldType, raw: object) -> Reading:
    if kind is FieldType.DOCUMENT and isinstance(raw, int | float) and not isinstance(raw, bool):
        form = plain.document_of_integer(int(_whole_number_text(raw)))
        return Reading(None, form or None, None)
    text = _text(raw)
    form = TEXT_FORMS[kind](text)
    if not form:
        return EMPTY
    return Reading(plain.clean_plain(text) if kind is FieldType.TEXT else None, form, None)


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _whole_number_text(raw)
    kind = "a boolean" if isinstance(raw, bool) else "an object" if isinstance(raw, Mapping) else "a list"
    raise UnreadableValueError(f"is {kind} where a text is expected")


def _whole_number_text(raw: float) -> str:
    text = scalar_text(raw)
    if text is None or not text.removeprefix("-").isdigit():
        raise UnreadableValueError("is a number with a fraction, or too large to be exact, where a text is expected")
    return text


def _read_typed(field: FieldMapping, raw: object) -> Form:
    if field.type is FieldType.DECIMAL:
        return decimal_plain(raw, field.codec)
    if field.type is FieldType.BOOLEAN:
        return boolean_plain(raw, field.codec)
    if field.type is FieldType.DATE:
        return day_plain(raw, field.codec, field.format, field.time_zone, field.written_in)
    return instant_plain(raw, field.codec, field.format, field.time_zone)
