"""Writes one record: read it again, compare with what was seen, send only what was asked, read back.

Nothing here approves, journals or repeats. A task that is cancelled while a write is under way leaves its outcome
unknown, as a lost connection does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from types import MappingProxyType
from typing import Final, cast
from uuid import uuid4

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.record_id import id_values
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.adding import NewRecords, follow
from reconciler.connectors.write.answers import Target, send
from reconciler.connectors.write.current_record import CurrentRecord, Lines, canonical, key_of
from reconciler.connectors.write.description import NextCall, Sign
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.left import Left, differing, left_to_write
from reconciler.connectors.write.plan import WritePlan
from reconciler.connectors.write.record_reader import RecordReader
from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.connectors.write.writable import NO_CONTEXT, Values, Writable
from reconciler.errors import NotWritableError, SupersededError, SystemReadError, WriteRefusedError
from reconciler.mapping.plan import EntityMapping
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request

_NO_LINES: Final[Lines] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a record that is there, and how it is sent: `composed` gives what its request refers to besides.

    Attributes:
        calls: made after it.
        leaves: whether the record is not part of the entity afterwards.
    """

    request: Request
    done: Sequence[Sign]
    wanted: Values
    expected: Values
    lines: Lines
    composed: Callable[[Left, CurrentRecord], Mapping[str, Value]]
    calls: Sequence[NextCall] = ()
    leaves: bool = False

    @property
    def names(self) -> list[str]:
        """Fields that change, for people."""
        return [*self.wanted, *(f"lines[{key}]" for key in self.lines)] or ["what takes it out of use"]


class RecordWriter(Writable):
    """Writes records of one system, as its description says.

    Args:
        system: `crm` or `erp`, for messages.
        port: open. Writes may run concurrently, but no two of the same record.
        mappings: how the project reads each entity.
        time_zone: as of `Connector`.
        context: the project's values for `context.<name>`.
    """

    def __init__(
        self,
        system: str,
        description: Description,
        port: RecordPort,
        mappings: Mapping[str, EntityMapping],
        time_zone: tzinfo,
        context: Mapping[str, JsonValue] = NO_CONTEXT,
    ) -> None:
        super().__init__(system, description, mappings, context)
        self._port = port
        self._reader = RecordReader(system, description, port, time_zone)

    async def read(self, entity: str, identity: str) -> CurrentRecord | None:
        """The record as it is now; None when there is none (any more).

        Raises:
            SystemReadError: the system could not be read.
        """
        return await self._reader.read(self._mappings[entity], identity)

    async def look_up(self, entity: str, record: Values) -> str | None:
        """The id of the record that has the key of `record`, or None.

        Raises:
            NotWritableError: the key is incomplete, the system cannot be asked for it, or several records have it.
            SystemReadError: the system could not be read.
        """
        found = await self.all_with_key(entity, record)
        if len(found) > 1:
            raise self._refused(entity, None, phrase("{found} records have its key already", found=len(found)))
        return found[0] if found else None

    async def all_with_key(self, entity: str, record: Values) -> list[str]:
        """The ids of the records that have the key of `record`. Raises as `look_up`, and not where several have it."""
        mapping = self._mappings[entity]
        fields = {each.name: each for each in mapping.fields}
        values = {name: canonical(fields[name], record.get(name)) for name in mapping.key}
        key = key_of(mapping.key, mapping.fields, values)
        if key is None:
            raise self._refused(entity, None, phrase("its key is incomplete"))
        if not self._can_look_up(mapping):
            raise self._refused(entity, None, phrase("the system cannot be asked whether the key is taken"))
        return await self._reader.with_key(mapping, key)

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
        """Change some fields of a record if they still are what was seen. What is as it is to be is not sent.

        Args:
            changes: field to new value; None empties it. Text is read as the field's type.
            expected: field to the value that was seen. Every field of `changes` is in it; others are compared too.
            lines: the same for lines, by their key within the document.

        Raises:
            NotWritableError: nothing was sent: the description, a value or the record does not allow it.
            SupersededError: nothing was written: the record is gone, or a field holds neither what was seen nor what
                is wanted, or the system's own guard refused.
            WriteRefusedError: the system refused.
            OutcomeUnknownError: sent, and nobody knows whether it was done.
            SystemReadError: nothing was written: the system could not be reached or read.
        """
        plan = self._plan(entity, identity)
        update = plan.write.update
        self._check_asked(plan, identity, changes, expected, lines)
        if update is None:
            raise self._refused(entity, identity, phrase("the description has no `update`"))

        def composed(left: Left, before: CurrentRecord) -> Mapping[str, Value]:
            record = plan.changed_record(left.values, left.lines, before)
            return {"record" if plan.whole else "changes": cast("JsonValue", record)}

        change = _Change(update.request, update.done, changes, expected, lines, composed)
        return await self._change(plan, identity, change, accepted)

    async def deactivate(
        self, entity: str, identity: str, expected: Values, *, accepted: Accepted | None = None
    ) -> WriteResult:
        """Take a record out of use if it still is what was seen. Nothing is ever deleted. Raises as `update`.

        Where the description names no way of its own, `active` is written.
        """
        plan = self._plan(entity, identity)
        call = plan.write.deactivate
        if call is None:
            return await self.update(
                entity, identity, {"active": False}, {"active": True, **expected}, accepted=accepted
            )
        after = self._composed(entity, identity, plan.after_deactivation)

        def possible(left: Left, before: CurrentRecord) -> Mapping[str, Value]:
            if (problem := plan.deactivation_problem(before)) is not None:
                raise CompositionError(problem)
            return {}

        change = _Change(
            call.request, call.done, after, expected, _NO_LINES, possible, calls=call.calls, leaves=call.leaves
        )
        return await self._change(plan, identity, change, accepted)

    async def create(
        self,
        entity: str,
        record: Values,
        lines: Sequence[Values] = (),
        *,
        idempotency: str | None = None,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        """Add a record, unless one with its key is there: then that one is told and nothing is written.

        Args:
            record: field to value. What the system does not take is left out and told in the result.
            lines: of a document, in order.
            idempotency: the same text for every attempt at this one create; None makes one up.

        Raises:
            NotWritableError: nothing was sent; also when several records have the key.
            WriteRefusedError, SystemReadError: as `update`.
            OutcomeUnknownError: sent, and nobody knows whether it was done. `look_up` may tell once the system had time
                to finish; a second create before that can double the record.
        """
        plan = self._plan(entity, None)
        create = plan.write.create
        new = self._composed(entity, None, lambda: plan.new_record(record, lines))
        if create is None:
            raise self._refused(entity, None, phrase("the description has no `create`"))
        by_key = self._can_look_up(plan.mapping) or "idempotency" not in names_of(create.request)
        identity = await self.look_up(entity, record) if by_key else None
        written = identity is None
        if identity is None:
            target = self._new_target(plan.mapping)

            async def find() -> str | None:
                return await self._created(entity, record, target) if by_key else None

            new_records = NewRecords(self._port, plan, create, self._description.entities[entity].id)
            identity = await new_records.add(record, lines, idempotency or uuid4().hex, target, find)
            if accepted is not None:
                await accepted(identity)
        wanted = {name: value for name, value in record.items() if name not in new.left_out and value is not None}
        result = await self._read_back(plan.mapping, identity, wanted, plan.new_lines_wanted(lines))
        return replace(result, written=written, left_out=new.left_out)

    async def _change(self, plan: WritePlan, identity: str, change: _Change, accepted: Accepted | None) -> WriteResult:
        entity = plan.mapping.entity
        before = await self._reader.read(plan.mapping, identity)
        if before is None:
            raise SupersededError(self._system, entity, identity, phrase("the record is not there any more"))
        left = left_to_write(plan.mapping, before, change.wanted, change.expected, change.lines)
        if left.conflicts:
            text = phrase(
                "changed since it was seen: {conflicts}; nothing was written", conflicts=", ".join(left.conflicts)
            )
            raise SupersededError(self._system, entity, identity, text, left.conflicts)
        if left.nothing and not change.leaves:
            return WriteResult(identity, written=False, verified=True, before=before, after=before)
        values = self._composed(entity, identity, lambda: change.composed(left, before))
        values = {**self._present_values(plan, before), **values}
        check = phrase(
            "Look at the record in the system: it was done if it has the new values of {fields}.",
            fields=", ".join(change.names),
        )
        target = Target(self._system, entity, identity, check)
        await send(self._port, change.request, values, target, change.done, plan.write.guard)
        try:
            await follow(self._port, change.calls, values, target)
        except (WriteRefusedError, SystemReadError) as error:
            raise target.unknown(
                phrase("a part of it was done, and the rest was not: {problem}", problem=error.message)
            ) from error
        if accepted is not None:
            await accepted(identity)
        result = await self._read_back(plan.mapping, identity, change.wanted, change.lines, leaves=change.leaves)
        return replace(result, before=before)

    async def _read_back(
        self, mapping: EntityMapping, identity: str, wanted: Values, lines: Lines, *, leaves: bool = False
    ) -> WriteResult:
        """What a write left behind. A failure to read does not undo the write, and is told beside it."""
        try:
            after = await self._reader.read(mapping, identity)
        except SystemReadError as problem:
            return WriteResult(identity, written=True, verified=False, problem=problem)
        if after is None:
            return WriteResult(identity, written=True, verified=leaves, differing=tuple(wanted))
        apart = tuple(differing(mapping, after, wanted, lines))
        return WriteResult(identity, written=True, verified=not (apart or leaves), differing=apart, after=after)

    async def _created(self, entity: str, record: Values, target: Target) -> str | None:
        """The id of a record whose creation was accepted without naming one."""
        try:
            return await self.look_up(entity, record)
        except (SystemReadError, NotWritableError) as error:
            raise target.unknown(phrase("the answer names no id, and the record was not found by its key")) from error

    def _present_values(self, plan: WritePlan, before: CurrentRecord) -> dict[str, Value]:
        """What requests about a record that is there may refer to."""
        source = self._description.entities[plan.mapping.entity]
        values = {**id_values(before.id, source.id), "current": dict(before.named)}
        if plan.write.guard is not None:
            if before.guard is None:
                why = phrase("the system did not say what guards it against writes of others in the meantime")
                raise self._refused(plan.mapping.entity, before.id, why)
            values["guard"] = before.guard
        return values

    def _can_look_up(self, mapping: EntityMapping) -> bool:
        return len(mapping.key) == 1 and self._description.entities[mapping.entity].find is not None

    def _new_target(self, mapping: EntityMapping) -> Target:
        check = phrase(
            "Look in the system for {entity} with the same {key}, before anything is sent again.",
            entity=mapping.entity,
            key=", ".join(mapping.key),
        )
        return Target(self._system, mapping.entity, None, check)
