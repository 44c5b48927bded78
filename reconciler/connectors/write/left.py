"""What is left to write of a change, and which values speak against it because they are not what was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, LineChange, Lines, canonical
from reconciler.mapping.plan import EntityMapping, FieldMapping

Values = Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a change.

    Attributes:
        values, lines: what is to be written; what the record holds already is not in them.
        conflicts: fields that hold neither what was seen nor what is wanted; those of lines as `lines[<key>].<field>`.
    """

    values: dict[str, FieldValue] = field(default_factory=dict)
    lines: dict[str, LineChange] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the record is as it is to be."""
        return not self.values and not self.lines


def left_to_write(
    mapping: EntityMapping, current: CurrentRecord, changes: Values, expected: Values, lines: Lines
) -> Left:
    """Compare a record with a change of it.

    Args:
        changes, expected: by field; every field of `changes` is in `expected`, which may hold more to compare.
        lines: the same by the key of each line. A line that is not there, or is there twice, is a conflict.
    """
    values, conflicts = _left(mapping.fields, current.values, changes, expected)
    left_lines = {}
    for key, change in lines.items():
        line = current.line(key)
        if line is None or mapping.lines is None:
            conflicts.append(f"lines[{key}]")
            continue
        left, against = _left(mapping.lines.fields, line.values, change.changes, change.expected)
        conflicts += [f"lines[{key}].{name}" for name in against]
        if left:
            left_lines[key] = LineChange(left, change.expected)
    return Left(values, left_lines, tuple(conflicts))


def differing(mapping: EntityMapping, current: CurrentRecord, wanted: Values, lines: Lines) -> Iterator[str]:
    """The fields that do not hold what they are to hold; those of lines as `lines[<key>].<field>`."""
    yield from _differing(mapping.fields, current.values, wanted)
    for key, change in lines.items():
        line = current.line(key)
        if line is None or mapping.lines is None:
            yield f"lines[{key}]"
        else:
            found = _differing(mapping.lines.fields, line.values, change.changes)
            yield from (f"lines[{key}].{name}" for name in found)


def _left(
    fields: Sequence[FieldMapping], current: Values, changes: Values, expected: Values
) -> tuple[dict[str, FieldValue], list[str]]:
    """What is left to write, and the fields that speak against it."""
    wrong = set(_differing(fields, current, changes))
    surprising = _differing(fields, current, expected)
    conflicts = [name for name in surprising if name not in changes or name in wrong]
    return {name: value for name, value in changes.items() if name in wrong}, conflicts


def _differing(fields: Sequence[FieldMapping], current: Values, wanted: Values) -> Iterator[str]:
    for each in fields:
        if each.name in wanted and current.get(each.name) != canonical(each, wanted[each.name]):
            yield each.name
