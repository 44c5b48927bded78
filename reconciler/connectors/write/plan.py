"""From canonical values to what a vendor is sent: the write half of a description, for one entity. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import JsonValue

from reconciler.connectors.description import EntitySource, FieldSource
from reconciler.connectors.plan import line_slots
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, LineChange, Lines, key_of
from reconciler.connectors.write.description import Companions, LineWriting, WriteCall
from reconciler.connectors.write.fields import AS_READ, CompositionError, FieldWriting
from reconciler.mapping.fragment import Assignment, FragmentError, Ground, Steps, fragment
from reconciler.mapping.json_values import scalar_text, shown, unwrap
from reconciler.mapping.path import Key, Path, Place, parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.model.entities import ENTITIES
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of
from reconciler.ports.http.references import whole_reference

Call = Literal["create", "update"]
Values = Mapping[str, FieldValue]
Names = Mapping[str, JsonValue]

_EMPTY: Final[Mapping[str, object]] = {}
_CONTEXT: Final = "context."
_SHOWN_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a new record beside its fields: `found.<name>` and `idempotency`, by name.

    Attributes:
        lines: of each line; those of the record are not in it.
    """

    record: Names
    lines: Sequence[Names] = ()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record that is to be created.

    Attributes:
        record: as the vendor takes it.
        left_out: fields that were given and that the system does not take.
    """

    record: dict[str, object]
    left_out: tuple[str, ...]


class WritePlan:
    """How records of one entity are composed.

    Args:
        source: of the entity; it has a `write`.
        mapping: the fields as the project reads them.
        context: the project's values for `context.<name>`.

    Attributes:
        whole: whether an update sends the whole record.
    """

    def __init__(self, source: EntitySource, mapping: EntityMapping, context: Names) -> None:
        if source.write is None:
            raise TypeError("the entity is not described as writable")
        self.mapping = mapping
        self.write = source.write
        self._slots = source.slots
        self._read_at = source.fields
        self._line_slots = {} if source.lines is None else line_slots(source.slots, source.lines)
        self._context = {f"context.{name}": value for name, value in context.items()}
        self._merge = tuple(self._path(path) for path in self.write.merge)
        self._left_out = tuple(self._path(path) for path in self.write.leave_out)
        self._fields = {each.name: each for each in mapping.fields}
        self.whole = self.write.update is not None and "record" in names_of(self.write.update.request)

    def problem(self, call: Call, name: str) -> str | None:
        """Why a field cannot be written in such a call, or None."""
        described, mapped = self._call(call), self._fields.get(name)
        if described is None:
            return phrase("the description has no `{call}`", call=call)
        if mapped is None:
            return phrase("the field is not mapped")
        known = ENTITIES[self.mapping.entity].field(name) if self.mapping.entity in ENTITIES else None
        if known is not None and not known.compared:
            return phrase("the system writes the field itself")
        if name in (*self.write.read_only, *described.read_only) and self._is_as_described(mapped):
            return phrase("the system does not take the field")
        if call == "create" or self._way(call, mapped).own_paths():
            return None
        return next((problem for path in mapped.paths if (problem := self._list_problem(path))), None)

    def line_problem(self, name: str) -> str | None:
        """Why a field of a line cannot be changed in a record that is there, or None."""
        lines, writing = self.mapping.lines, self.write.lines
        if self.write.update is None:
            return phrase("the description has no `update`")
        if lines is None or writing is None:
            return phrase("the description does not say how lines are written")
        if not any(each.name == name for each in lines.fields):
            return phrase("the field is not mapped")
        if name in writing.read_only:
            return phrase("the system does not take the field")
        return self._list_problem(Path((*lines.path.steps, Place(0)), ""))

    def value_problem(self, call: Call, name: str, value: FieldValue) -> str | None:
        """Why a value cannot be written to a field that can, as far as the description tells; or None."""
        try:
            list(self._way(call, self._fields[name]).assignments(value, _EMPTY))
        except CompositionError as error:
            return str(error).removeprefix(f"{name}: ")
        return None

    def changed_record(self, changes: Values, lines: Lines, current: CurrentRecord) -> dict[str, object]:
        """What a record is sent that is there: the changes, and what has to come with them.

        Raises:
            CompositionError: a value cannot be written, or the record lacks what has to come with it.
        """
        update = self.write.update
        if update is None:
            raise CompositionError(phrase("the description has no `update`"))
        names = {"id": current.id, **{f"current.{name}": value for name, value in current.named.items()}}
        assignments = list(self._companions(update.companions, changes, names))
        for name, value in changes.items():
            assignments += self._way("update", self._fields[name]).assignments(value, current.record)
        assignments += self._line_changes(lines, current)
        return _composed(assignments, Ground(current.record, self.whole, self._merge, self._left_out))

    @property
    def leaves(self) -> bool:
        """Whether a record that is taken out of use is not part of the entity any more."""
        return self.write.deactivate is not None and self.write.deactivate.leaves

    def deactivation_problem(self, current: CurrentRecord) -> str | None:
        """Why the record, as it is now, cannot be taken out of use as the description says, or None."""
        possible = {} if self.write.deactivate is None else self.write.deactivate.possible
        for text, found in self._others_than(possible, current.record):
            return phrase(
                "the system cannot take it out of use any more: its {text} is {found}",
                text=text,
                found=shown(found, _SHOWN_CHARACTERS),
            )
        return None

    def holds(self, values: Mapping[str, str | list[str]], record: Mapping[str, object]) -> bool:
        """Whether a vendor record has one of the texts at each of these paths; False where there are no paths."""
        return bool(values) and not list(self._others_than(values, record))

    def _others_than(
        self, values: Mapping[str, str | list[str]], record: Mapping[str, object]
    ) -> Iterator[tuple[str, str | None]]:
        """Path, and what is there instead."""
        for text, wanted in values.items():
            found = scalar_text(unwrap(self._path(text).read(record)))
            if found not in ([wanted] if isinstance(wanted, str) else wanted):
                yield text, found

    def after_deactivation(self) -> dict[str, FieldValue]:
        """What proves that a record was taken out of use; empty where it leaves the entity.

        Raises:
            CompositionError: nothing would, and a write that nothing can prove is not made.
        """
        call = self.write.deactivate
        if call is None or call.leaves:
            return {}
        after = {name: value for name, value in call.after.items() if name in self._fields}
        if not after:
            raise CompositionError(
                phrase("none of {after} is mapped, to see that it was done", after=", ".join(call.after))
            )
        return dict(after)

    def new_record(self, values: Values, lines: Sequence[Values] = (), found: Found | None = None) -> NewRecord:
        """A whole new record. Fields without a value, and those that the system does not take, are left out.

        Args:
            found: None composes what the fields alone come to, `new` for look-ups, and nothing to be sent.

        Raises:
            CompositionError: a value cannot be written, or a part of the key has none or is not taken.
        """
        create = self.write.create
        if create is None:
            raise CompositionError(phrase("the description has no `create`"))
        given = {name: value for name, value in values.items() if value is not None}
        left_out = tuple(name for name in given if self.problem("create", name))
        for name in self.mapping.key:
            if name not in given or name in left_out:
                raise CompositionError(f"{name}: {self.problem('create', name) or 'the key has no value'}")
        ways = {name: self._way("create", self._fields[name]) for name in given if name not in left_out}
        # What cannot be written is refused, also where only what is found by it will be sent.
        for name, way in ways.items():
            list(way.assignments(given[name], _EMPTY))
        ways = {name: way for name, way in ways.items() if found is None or not way.options.looked_up}
        # What comes later wins: a field over what another field fills in for it, and both over a default.
        assignments = list(self._of_new(create.defaults, {}, None if found is None else found.record))
        for name, way in ways.items():
            assignments += way.further_assignments(given[name])
        assignments += self._companions(create.companions, ways, {})
        for name, way in ways.items():
            assignments += way.assignments(given[name], _EMPTY)
        assignments += self._new_lines(lines, found)
        return NewRecord(_composed(assignments, Ground()), left_out)

    def new_line(self, values: Values, position: int) -> dict[str, object]:
        """What the fields of one new line alone come to, `new` for its look-ups. Raises as `new_record`.

        Args:
            position: from 1.
        """
        return _composed(self._new_line(values, position, None), Ground())

    def new_lines_wanted(self, lines: Sequence[Values]) -> dict[str, LineChange]:
        """What the lines of a new record are to hold, by their key; lines without one are left out."""
        mapping, writing = self.mapping.lines, self.write.lines
        if mapping is None or writing is None:
            return {}
        wanted = {}
        for values in lines:
            key = key_of(mapping.key, mapping.fields, values)
            taken = {name: each for name, each in values.items() if each is not None and name not in writing.read_only}
            if key is not None:
                wanted[key] = LineChange(taken, {})
        return wanted

    def _call(self, call: Call) -> WriteCall | None:
        return self.write.create if call == "create" else self.write.update

    def _way(self, call: Call, mapped: FieldMapping) -> FieldWriting:
        described = self._call(call)
        own = described.fields.get(mapped.name) if described else None
        options = own or self.write.fields.get(mapped.name, AS_READ)
        return FieldWriting(mapped, options if self._is_as_described(mapped) else AS_READ, self._slots)

    def _is_as_described(self, mapped: FieldMapping) -> bool:
        """Whether the project reads a field where the description does, which is what it says how to write."""
        entry = self._read_at.get(mapped.name)
        if entry is None:
            return True
        named = entry.path if isinstance(entry, FieldSource) else entry
        return [path.text for path in mapped.paths] == ([named] if isinstance(named, str) else named)

    def _list_problem(self, path: Path) -> str | None:
        """A list that is neither sent whole nor described otherwise would lose its other elements."""
        for taken, step in enumerate(path.steps):
            listed = path.steps[:taken]
            merged = any(listed[: len(each.steps)] == each.steps for each in self._merge)
            if not isinstance(step, Key) and not merged and not self.whole:
                return phrase("its path goes through a list that the description does not say how to write")
        return None

    def _path(self, text: str) -> Path:
        return parse_path(text, self._slots)

    def _companions(
        self, companions: Sequence[Companions], fields: Iterable[str], names: Names
    ) -> Iterator[Assignment]:
        touched = set(fields)
        for each in companions:
            if not touched.isdisjoint(each.fields):
                yield from self._referred(each.values, names)

    def _of_new(self, values: Names, names: Names, found: Names | None) -> Iterator[Assignment]:
        """Values of a new record, but for those that need what is not in `found`, or is nothing there."""
        needing = {path: set(_references(value)) - names.keys() for path, value in values.items()}
        known = {name for name, value in (found or {}).items() if value is not None}
        sent = {
            path: value
            for path, value in values.items()
            if all(name in known or name.startswith(_CONTEXT) for name in needing[path])
        }
        yield from self._referred(sent, {**names, **(found or {})})

    def _referred(self, values: Names, names: Names) -> Iterator[Assignment]:
        known = {**self._context, **names}
        for path, value in values.items():
            yield Assignment(self._path(path), _resolved(value, known))

    def _line_changes(self, lines: Lines, current: CurrentRecord) -> Iterator[Assignment]:
        for key, change in lines.items():
            line = current.line(key)
            if line is None or self.mapping.lines is None:
                raise CompositionError(phrase("a line is not there, or is there more than once"))
            steps = (*self.mapping.lines.path.steps, Place(line.place))
            present = Path(steps, "").read(current.record)
            for way, value in self._line_ways(change.changes):
                yield from (_below(steps, each) for each in way.assignments(value, present))

    def _new_lines(self, lines: Sequence[Values], found: Found | None) -> Iterator[Assignment]:
        if not lines:
            return
        if self.mapping.lines is None or self.write.lines is None:
            raise CompositionError(phrase("the description does not say how lines are written"))
        writing = self.write.lines
        path = self.mapping.lines.path if writing.path is None else self._path(writing.path)
        yield from self._of_new(writing.record_values, {}, None if found is None else found.record)
        for place, values in enumerate(lines):
            known = None if found is None else {**found.record, **found.lines[place]}
            assignments = self._new_line(values, place + 1, known)
            yield from (_below((*path.steps, Place(place)), each) for each in assignments)

    def _new_line(self, values: Values, position: int, found: Names | None) -> list[Assignment]:
        writing = self.write.lines or LineWriting()
        given = {name: value for name, value in values.items() if value is not None and name not in writing.read_only}
        assignments = list(self._of_new(writing.values, {"position": position}, found))
        for way, value in self._line_ways(given):
            own = list(way.assignments(value, _EMPTY))
            assignments += [] if found is not None and way.options.looked_up else own
        return assignments

    def _line_ways(self, values: Values) -> Iterator[tuple[FieldWriting, FieldValue]]:
        fields = {each.name: each for each in self.mapping.lines.fields} if self.mapping.lines else {}
        writing = self.write.lines or LineWriting()
        for name, value in values.items():
            if name not in fields:
                raise CompositionError(phrase("{name}: the field of a line is not mapped", name=name))
            yield FieldWriting(fields[name], writing.fields.get(name, AS_READ), self._line_slots), value


def _composed(assignments: Iterable[Assignment], ground: Ground) -> dict[str, object]:
    try:
        return fragment(assignments, ground)
    except FragmentError as error:
        raise CompositionError(str(error)) from error


def _below(steps: Steps, each: Assignment) -> Assignment:
    return Assignment(Path((*steps, *each.path.steps), each.path.text), each.value)


def _references(value: JsonValue) -> Iterator[str]:
    """The names that a value refers to."""
    match value:
        case dict():
            yield from (name for each in value.values() for name in _references(each))
        case list():
            yield from (name for each in value for name in _references(each))
        case str():
            name = whole_reference(value)
            yield from () if name is None else (name,)


def _resolved(value: JsonValue, names: Names) -> JsonValue:
    """A value with its references replaced. Raises CompositionError for one that refers to nothing."""
    if isinstance(value, dict):
        return {name: _resolved(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, names) for each in value]
    name = whole_reference(value) if isinstance(value, str) else None
    if name is None:
        return value
    if names.get(name) is None:
        raise CompositionError(phrase("{name}, which has to be sent along, has no value in this record", name=name))
    return names[name]
