"""A vendor record as it is right now, read field by field, and how it compares with what somebody saw. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import JsonValue

from reconciler.mapping.json_values import is_empty, scalar_text, shown, unwrap
from reconciler.mapping.path import Path
from reconciler.mapping.plan import FieldMapping, LinesMapping
from reconciler.mapping.reading import Form, canonical_field, key_text, read_value, select_plain
from reconciler.model.entities import FieldType
from reconciler.model.staging import KEY_SEPARATOR

_SHOWN_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that is not what its field should hold. `shown` is what is there, made safe to show."""

    shown: str


FieldValue = Form | Unreadable | None
"""Text as written for TEXT fields, else the canonical form; None where there is nothing."""


@dataclass(frozen=True, slots=True)
class CurrentLine:
    """One line of a document.

    Attributes:
        place: position in the vendor's list, from 0.
        key: canonical key of the line within its document; None where a part of it is missing.
    """

    place: int
    key: str | None
    values: Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class CurrentRecord:
    """A record as one reading gave it.

    Attributes:
        id: the record's own.
        record: as the vendor sent it.
        values: of every mapped field.
        lines: in the vendor's order; those that are not part of the entity are left out.
        guard: what makes the system refuse a write when the record changed after this reading; None without a guard.
        named: values of the record that requests refer to as `current.<name>`.
    """

    id: str
    record: Mapping[str, object]
    values: Mapping[str, FieldValue]
    lines: Sequence[CurrentLine] = ()
    guard: JsonValue = None
    named: Mapping[str, JsonValue] = field(default_factory=dict)

    def line(self, key: str) -> CurrentLine | None:
        """The only line with that key; None when there is none, or more than one."""
        found = [line for line in self.lines if line.key == key]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class LineChange:
    """Fields of one line that are to change, and the values they were seen with; of both, canonical ones."""

    changes: Mapping[str, FieldValue]
    expected: Mapping[str, FieldValue]


Lines = Mapping[str, LineChange]
"""By the canonical key of the line within its document."""


def values_of(fields: Sequence[FieldMapping], record: object) -> dict[str, FieldValue]:
    """What each field of a vendor record or line holds."""
    return {each.name: _value_of(each, record) for each in fields}


def lines_of(mapping: LinesMapping, record: object) -> Iterator[CurrentLine]:
    """The lines of a vendor record that are objects and belong to the entity."""
    found = unwrap(mapping.path.read(record))
    listed = found if isinstance(found, list) else [] if is_empty(found) else [found]
    for place, line in enumerate(listed):
        if isinstance(line, dict) and belongs(mapping.only, line):
            values = values_of(mapping.fields, line)
            yield CurrentLine(place, key_of(mapping.key, mapping.fields, values), values)


def belongs(only: Sequence[tuple[Path, Sequence[str]]], record: object) -> bool:
    """Whether a record or line is part of the entity (`EntityMapping.only`)."""
    return all(scalar_text(unwrap(path.read(record))) in texts for path, texts in only)


def key_of(key: Sequence[str], fields: Sequence[FieldMapping], values: Mapping[str, FieldValue]) -> str | None:
    """The canonical key, as snapshots hold it; None where a part of it is missing or cannot be read."""
    by_name = {each.name: each for each in fields}
    parts = [_form_of(by_name[name], values.get(name)) for name in key]
    texts = [key_text(part) for part in parts if part is not None]
    return KEY_SEPARATOR.join(texts) if len(texts) == len(parts) else None


def canonical(mapped: FieldMapping, value: FieldValue) -> FieldValue:
    """A value in the form that `values_of` gives, so that both can be compared. Text is read as its type.

    What is not of the field's type becomes `Unreadable`.
    """
    match value:
        case None | Unreadable():
            return value
        case Decimal() if mapped.type is not FieldType.DECIMAL:
            return Unreadable(shown(str(value)))
        case str() | Decimal():
            reading = read_value(canonical_field(mapped), value)
            if reading.problem is not None:
                return Unreadable(shown(value, _SHOWN_CHARACTERS))
            return reading.value if mapped.type is FieldType.TEXT else reading.form
        case bool():
            return value if mapped.type is FieldType.BOOLEAN else Unreadable(shown(value))
        case date():
            return value


def _value_of(mapped: FieldMapping, record: object) -> FieldValue:
    raw = select_plain(mapped, record)
    reading = read_value(mapped, raw)
    if reading.problem is not None:
        return Unreadable(shown(unwrap(raw), _SHOWN_CHARACTERS))
    return reading.value if mapped.type is FieldType.TEXT else reading.form


def _form_of(mapped: FieldMapping, value: FieldValue) -> Form | None:
    if isinstance(value, Unreadable) or value is None:
        return None
    return read_value(canonical_field(mapped), value).form if isinstance(value, str) else value
