"""How one value of one record came to its canonical form, step by step (`findings explain`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.json_values import is_empty, shown, unwrap
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping
from reconciler.mapping.reading import Problem, Reading, key_text, read_decoded, read_value, select_plain, translate

NOTHING = "nothing"
"""Result of a path that is missing, null or empty."""

_SHOWN_CHARACTERS = 200


class TraceStep(NamedTuple):
    """One step.

    Attributes:
        stage: `path` (a path that was tried), `join` (several paths put together), `code` (a vendor code looked up),
            `codec` (how the value was read), `value` (TEXT as written), `form` (what is compared), or `failed`.
        what: the path, the code, the codec with its format, or the field type.
        result: what came out, safe to show and at most 200 characters; for `failed` the reason.
    """

    stage: str
    what: str
    result: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of one field of one record.

    Attributes:
        field: canonical name.
        steps: in order.
        value: TEXT as written, otherwise None.
        form: canonical form as text; None when empty or unreadable.
        problem: why it could not be read, or None.
    """

    field: str
    steps: tuple[TraceStep, ...]
    value: str | None
    form: str | None
    problem: Problem | None


def trace(mapping: EntityMapping | LinesMapping, record: object, field: str) -> Trace:
    """Read one field of one raw record as the staged page did, and tell each step.

    Args:
        mapping: of the entity; for a line, the mapping of its lines.
        record: the raw record, or the raw line.
        field: canonical name of a mapped field.

    Raises:
        KeyError: the mapping has no such field.
    """
    found = next((mapped for mapped in mapping.fields if mapped.name == field), None)
    if found is None:
        raise KeyError(field)
    raw = unwrap(select_plain(found, record))
    reading = read_value(found, raw)
    form = None if reading.form is None else key_text(reading.form)
    steps = (*_selection(found, record, raw), *(() if is_empty(raw) else _interpretation(found, raw, reading)))
    return Trace(field, steps, reading.value, form, reading.problem)


def _selection(field: FieldMapping, record: object, raw: object) -> Iterator[TraceStep]:
    for path in field.paths:
        value = path.read(record)
        yield TraceStep("path", str(path), NOTHING if is_empty(value) else shown(value, _SHOWN_CHARACTERS))
        if not field.join and not is_empty(value):
            return
    if field.join and not is_empty(raw):
        yield TraceStep("join", "with one space", shown(raw, _SHOWN_CHARACTERS))


def _interpretation(field: FieldMapping, raw: object, reading: Reading) -> Iterator[TraceStep]:
    try:
        written, canonical = translate(field, raw)
        if field.codes:
            result = "not listed, kept as it is" if written is field else shown(canonical, _SHOWN_CHARACTERS)
            yield TraceStep("code", shown(raw, _SHOWN_CHARACTERS), result)
        codec = f"{written.codec} {written.format}" if written.format else written.codec
        decoded = read_decoded(written, canonical)
    except UnreadableValueError as error:
        yield TraceStep("failed", field.codec, error.reason)
        return
    if decoded.form is None:
        yield TraceStep("codec", codec, NOTHING)
        return
    form = shown(key_text(decoded.form), _SHOWN_CHARACTERS)
    yield TraceStep("codec", codec, shown(canonical, _SHOWN_CHARACTERS) if isinstance(decoded.form, str) else form)
    if reading.value is not None:
        yield TraceStep("value", "as written", shown(reading.value, _SHOWN_CHARACTERS))
    yield TraceStep("form", field.type.value, form)
