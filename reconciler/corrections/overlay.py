"""A system as it would be after our writes, without writing: for dry runs with the engine that really writes.

Reads go to the real system, and what was written here is laid over them. Requests are composed as for a real write and
then dropped, so that what cannot be composed is refused here too; only the system itself can still say no.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.write.current_record import (
    CurrentLine,
    CurrentRecord,
    FieldValue,
    LineChange,
    canonical,
    key_of,
)
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.left import Left, differing, left_to_write
from reconciler.connectors.write.plan import NewRecord, WritePlan
from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.connectors.write.writable import NO_CONTEXT, Writable
from reconciler.corrections.ports import RecordWrites, Values
from reconciler.errors import SupersededError
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of

Lines = Mapping[str, LineChange]
_NO_LINES: Final[Lines] = {}
_IN_USE: Final = "active"


@dataclass(slots=True)
class _Written:
    """What was written to a record that is there, in canonical form."""

    values: dict[str, FieldValue] = field(default_factory=dict)
    lines: dict[str, dict[str, FieldValue]] = field(default_factory=dict)


class OverlayWrites(Writable):
    """A `RecordWrites` that writes into memory. What each method means and raises is said by `RecordWriter`.

    Args:
        system: `crm` or `erp`, for messages.
        inner: the real system; only read and looked up.
        description, mappings, context: as of `RecordWriter`.
    """

    def __init__(
        self,
        system: str,
        inner: RecordWrites,
        description: Description,
        mappings: Mapping[str, EntityMapping],
        context: Mapping[str, JsonValue] = NO_CONTEXT,
    ) -> None:
        super().__init__(system, description, mappings, context)
        self._inner = inner
        self._written: dict[tuple[str, str], _Written] = {}
        self._created: dict[tuple[str, str], CurrentRecord] = {}
        self._keys: dict[tuple[str, str], str | None] = {}
        """Of the records that have the key they have because of what was written here."""
        self._holders: dict[tuple[str, str], set[str]] = {}
        self._gone: set[tuple[str, str]] = set()
        """Records that were taken out of use here and left their entity by that."""

    async def read(self, entity: str, identity: str) -> CurrentRecord | None:
        """The record as it is now, with what was written here."""
        if (entity, identity) in self._gone:
            return None
        created = self._created.get((entity, identity))
        found = created if created is not None else await self._inner.read(entity, identity)
        written = self._written.get((entity, identity))
        return found if found is None or written is None else _laid_over(found, written)

    async def look_up(self, entity: str, record: Values) -> str | None:
        """The id of the record that has the key of `record`, made here or there before."""
        there = await self._inner.look_up(entity, record)
        # What is known here is looked at after the wait: another task may have made the record meanwhile.
        key = self._key(entity, record)
        found = set(self._holding(entity, record))
        # A record that was given another key here still has the old one there.
        if there is not None and self._keys.get((entity, there), key) == key:
            found.add(there)
        if len(found) > 1:
            raise self._refused(entity, None, phrase("{found} records have its key already", found=len(found)))
        return next(iter(found), None)

    async def update(
        self,
        entity: str,
        identity: str,
        changes: Values,
        expected: Values,
        *,
        lines: Lines = _NO_LINES,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        plan = self._plan(entity, identity)
        self._check_asked(plan, identity, changes, expected, lines)
        if plan.write.update is None:
            raise self._refused(entity, identity, phrase("the description has no `update`"))

        def compose(left: Left, before: CurrentRecord) -> object:
            return plan.changed_record(left.values, left.lines, before)

        return await self._change(plan, identity, changes, expected, lines, compose, accepted)

    async def deactivate(
        self, entity: str, identity: str, expected: Values, *, accepted: Accepted | None = None
    ) -> WriteResult:
        plan = self._plan(entity, identity)
        call = plan.write.deactivate
        if call is None:
            return await self.update(entity, identity, {_IN_USE: False}, {_IN_USE: True, **expected}, accepted=accepted)
        after = self._composed(entity, identity, plan.after_deactivation)

        def compose(left: Left, before: CurrentRecord) -> object:
            if (problem := plan.deactivation_problem(before)) is not None:
                raise CompositionError(problem)
            return None

        result = await self._change(plan, identity, after, expected, _NO_LINES, compose, accepted, leaves=call.leaves)
        if call.leaves:
            self._gone.add((entity, identity))
            self._rekey(entity, identity, None)
            return replace(result, verified=True, after=None)
        return result

    async def create(
        self,
        entity: str,
        record: Values,
        lines: Sequence[Values] = (),
        *,
        idempotency: str | None = None,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        plan = self._plan(entity, None)
        if plan.write.create is None:
            raise self._refused(entity, None, phrase("the description has no `create`"))
        new = self._composed(entity, None, lambda: plan.new_record(record, lines))
        identity = await self.look_up(entity, record) if self._is_looked_up(plan) else None
        written = identity is None
        if identity is None:
            identity = self._made(plan, new, record, lines)
            if accepted is not None:
                await accepted(identity)
        wanted = {name: value for name, value in record.items() if name not in new.left_out and value is not None}
        result = await self._read_back(plan.mapping, identity, wanted, plan.new_lines_wanted(lines))
        return replace(result, written=written, left_out=new.left_out)

    async def _change(
        self,
        plan: WritePlan,
        identity: str,
        wanted: Values,
        expected: Values,
        lines: Lines,
        compose: Callable[[Left, CurrentRecord], object],
        accepted: Accepted | None,
        *,
        leaves: bool = False,
    ) -> WriteResult:
        entity = plan.mapping.entity
        before = await self.read(entity, identity)
        if before is None:
            raise SupersededError(self._system, entity, identity, phrase("the record is not there any more"))
        left = left_to_write(plan.mapping, before, wanted, expected, lines)
        if left.conflicts:
            text = phrase(
                "changed since it was seen: {conflicts}; nothing was written", conflicts=", ".join(left.conflicts)
            )
            raise SupersededError(self._system, entity, identity, text, left.conflicts)
        if left.nothing and not leaves:
            return WriteResult(identity, written=False, verified=True, before=before, after=before)
        # What the system would have added to a record made here is not known, and requests may have to refer to it.
        if (entity, identity) not in self._created:
            self._composed(entity, identity, lambda: compose(left, before))
            if plan.write.guard is not None and before.guard is None:
                why = phrase("the system did not say what guards it against writes of others in the meantime")
                raise self._refused(entity, identity, why)
        self._keep(plan.mapping, before, left)
        if accepted is not None:
            await accepted(identity)
        result = await self._read_back(plan.mapping, identity, wanted, lines)
        return replace(result, before=before)

    async def _read_back(self, mapping: EntityMapping, identity: str, wanted: Values, lines: Lines) -> WriteResult:
        after = await self.read(mapping.entity, identity)
        if after is None:
            return WriteResult(identity, written=True, verified=False, differing=tuple(wanted))
        apart = tuple(differing(mapping, after, wanted, lines))
        return WriteResult(identity, written=True, verified=not apart, differing=apart, after=after)

    def _keep(self, mapping: EntityMapping, before: CurrentRecord, left: Left) -> None:
        written = self._written.setdefault((mapping.entity, before.id), _Written())
        written.values |= _canonical(mapping.fields, left.values)
        if mapping.lines is not None:
            for key, change in left.lines.items():
                written.lines.setdefault(key, {}).update(_canonical(mapping.lines.fields, change.changes))
        self._rekey(mapping.entity, before.id, self._key(mapping.entity, {**before.values, **written.values}))

    def _made(self, plan: WritePlan, new: NewRecord, record: Values, lines: Sequence[Values]) -> str:
        """The made-up id of a record that is kept here from now on."""
        mapping = plan.mapping
        identity = f"new {mapping.entity} {len(self._created) + 1}"
        given = {name: value for name, value in record.items() if name not in new.left_out}
        values = {**_unsaid(mapping.fields), **_canonical(mapping.fields, given)}
        self._created[mapping.entity, identity] = CurrentRecord(
            identity, new.record, values, tuple(_new_lines(plan, lines))
        )
        self._rekey(mapping.entity, identity, self._key(mapping.entity, values))
        return identity

    def _key(self, entity: str, record: Values) -> str | None:
        mapping = self._mappings[entity]
        return key_of(mapping.key, mapping.fields, _canonical(mapping.fields, record))

    def _holding(self, entity: str, record: Values) -> set[str]:
        """The records that have the key of `record` because of what was written here."""
        key = self._key(entity, record)
        return set() if key is None else self._holders.get((entity, key), set())

    def _rekey(self, entity: str, identity: str, key: str | None) -> None:
        earlier = self._keys.get((entity, identity))
        if earlier is not None:
            self._holders[entity, earlier].discard(identity)
        self._keys[entity, identity] = key
        if key is not None:
            self._holders.setdefault((entity, key), set()).add(identity)

    def _is_looked_up(self, plan: WritePlan) -> bool:
        """Whether the real writer asks for the key first; where it does not, the system knows a repeated create."""
        create = plan.write.create
        can_ask = len(plan.mapping.key) == 1 and self._description.entities[plan.mapping.entity].find is not None
        return can_ask or create is None or "idempotency" not in names_of(create.request)


def _unsaid(fields: Sequence[FieldMapping]) -> dict[str, FieldValue]:
    """What a new record holds of which nothing was said: a system has it in use, and else nothing that is known."""
    return {each.name: True if each.name == _IN_USE else None for each in fields}


def _canonical(fields: Sequence[FieldMapping], values: Values) -> dict[str, FieldValue]:
    by_name = {each.name: each for each in fields}
    return {name: canonical(by_name[name], value) for name, value in values.items() if name in by_name}


def _new_lines(plan: WritePlan, lines: Sequence[Values]) -> list[CurrentLine]:
    mapping, writing = plan.mapping.lines, plan.write.lines
    if mapping is None or writing is None:
        return []
    made = []
    for place, given in enumerate(lines):
        taken = {name: value for name, value in given.items() if name not in writing.read_only}
        values = _canonical(mapping.fields, taken)
        empty: dict[str, FieldValue] = dict.fromkeys((each.name for each in mapping.fields), None)
        made.append(CurrentLine(place, key_of(mapping.key, mapping.fields, values), {**empty, **values}))
    return made


def _laid_over(found: CurrentRecord, written: _Written) -> CurrentRecord:
    """`record` stays as the system sent it: what is composed of it is never sent."""
    lines = [
        line
        if line.key is None or line.key not in written.lines
        else replace(line, values={**line.values, **written.lines[line.key]})
        for line in found.lines
    ]
    return replace(found, values={**found.values, **written.values}, lines=tuple(lines))
