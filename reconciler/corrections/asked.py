"""A correction as the writer takes it, and how a record that was read stands to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, LineChange
from reconciler.corrections.values import ValueTextError, text_of, typed_value
from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import FieldType

ReadValues = dict[str, str | None]
"""Canonical text by field, by `place_of` the change."""


@dataclass(frozen=True, slots=True)
class AskedUpdate:
    """Arguments of `RecordWrites.update`."""

    changes: dict[str, FieldValue]
    expected: dict[str, FieldValue]
    lines: dict[str, LineChange]


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """Arguments of `RecordWrites.create`."""

    record: dict[str, FieldValue]
    lines: list[dict[str, FieldValue]]


class Standing(StrEnum):
    """How a record stands to a correction of it."""

    DONE = "done"
    """It holds every value it is to have."""
    LEFT = "left"
    """Nothing speaks against writing: each field holds what was seen, or already what it is to have."""
    CHANGED = "changed"
    """Some field holds neither."""


def place_of(change: FieldChange) -> str:
    """The field's name; of a line `lines[<key>].<field>`."""
    return change.field if change.line is None else f"lines[{change.line}].{change.field}"


def asked_update(correction: Correction) -> AskedUpdate:
    """What is to change and what was seen. A field that is to stay as it is, is compared and not written."""
    own = [change for change in correction.changes if change.line is None]
    by_line: dict[str, list[FieldChange]] = {}
    for change in correction.changes:
        if change.line is not None:
            by_line.setdefault(change.line, []).append(change)
    lines = {key: LineChange(_new(changes), _old(changes)) for key, changes in by_line.items()}
    return AskedUpdate(_new(own), _old(own), lines)


def asked_record(correction: Correction) -> AskedRecord:
    """The new record, and its lines in the order of the document."""
    record: dict[str, FieldValue] = {}
    lines: dict[str, dict[str, FieldValue]] = {}
    for change in correction.changes:
        fields = record if change.line is None else lines.setdefault(change.line, {})
        fields[change.field] = change.new
    return AskedRecord(record, list(lines.values()))


def read_values(correction: Correction, record: CurrentRecord | None) -> ReadValues | None:
    """What the fields of the correction hold in a record that was read; None where none was."""
    if record is None:
        return None
    return {place_of(change): text_of(_held(change, record)) for change in correction.changes}


def standing(correction: Correction, record: CurrentRecord, told: Sequence[FieldChange] | None = None) -> Standing:
    """How the record stands to the correction.

    Args:
        told: those changes that the record can tell something about; None: all of them.
    """
    held = [(change, _held(change, record)) for change in (correction.changes if told is None else told)]
    acts = any(change.old != change.new for change, _ in held)
    if acts and all(same_value(value, change.new) for change, value in held):
        return Standing.DONE
    if all(same_value(value, change.new) or same_value(value, change.old) for change, value in held):
        return Standing.LEFT
    return Standing.CHANGED


def not_as_wanted(changes: Iterable[FieldChange], record: CurrentRecord) -> tuple[str, ...]:
    """The fields that hold something else than they are to have."""
    return tuple(place_of(change) for change in changes if not same_value(_held(change, record), change.new))


def same_value(value: FieldValue, text: str | None) -> bool:
    """Whether a value that was read is the one that a text stands for."""
    if value is None or text is None or isinstance(value, str):
        return text_of(value) == text
    try:
        return value == typed_value(_TYPES[type(value)], text)
    except (KeyError, ValueTextError):
        return False


def acts_on(correction: Correction) -> str:
    """The record, as one text; no two corrections with the same one may be under way at once."""
    named = correction.record_id if correction.action is not CorrectionAction.CREATE else None
    return f"{correction.entity}\0{'id' if named else 'key'}\0{named or correction.key}"


def _new(changes: Iterable[FieldChange]) -> dict[str, FieldValue]:
    return {change.field: change.new for change in changes if change.old != change.new}


def _old(changes: Iterable[FieldChange]) -> dict[str, FieldValue]:
    return {change.field: change.old for change in changes}


def _held(change: FieldChange, record: CurrentRecord) -> FieldValue:
    if change.line is None:
        return record.values.get(change.field)
    line = record.line(change.line)
    return None if line is None else line.values.get(change.field)


_TYPES: Final[Mapping[type[object], FieldType]] = {
    Decimal: FieldType.DECIMAL,
    bool: FieldType.BOOLEAN,
    date: FieldType.DATE,
    datetime: FieldType.TIMESTAMP,
}
