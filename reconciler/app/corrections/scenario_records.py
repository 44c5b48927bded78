"""Writes the test records of scenarios: the only writes that are no corrections, and for that confined twice.

Only records with reserved keys (`pilot.reserved`) are written, and only in stages sandbox and homologation, to systems
that the guard of that stage lets be written. Each write is in the trail before it is sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.people import OPERATING
from reconciler.app.corrections.stage_guard import StageGuard
from reconciler.app.wire import writer_to
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, canonical
from reconciler.corrections.values import text_of
from reconciler.errors import RefusedError
from reconciler.mapping.plan import FieldMapping
from reconciler.model.entities import Side
from reconciler.model.pilot import Stage
from reconciler.phrases.phrase import phrase
from reconciler.pilot.reserved import KEYS, is_reserved

if TYPE_CHECKING:
    from reconciler.connectors.write.record_writer import RecordWriter

_ACTIVE: Final = "active"
Values = Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class Had:
    """A test record as it is in one system now.

    Attributes:
        identity: None where the system has none and takes no new one.
        lacking: values that it does not have, because the system does not take them from us.
        added: it was not there before.
    """

    identity: str | None
    lacking: Mapping[str, FieldValue] = field(default_factory=dict)
    added: bool = False


class ScenarioRecords:
    """The test records of both systems, for as long as its connections are open."""

    def __init__(self, acting: Acting, writers: Mapping[Side, RecordWriter]) -> None:
        self._acting = acting
        self._writers = writers

    def takes(self, side: Side, entity: str, name: str) -> bool:
        """Whether a field can be changed in a record that is there."""
        writer = self._writers.get(side)
        return writer is not None and name in self._fields(side, entity) and not writer.problem(entity, "update", name)

    def can_retire(self, side: Side, entity: str) -> bool:
        """Whether records can be taken out of use."""
        return side in self._writers and self._writers[side].can_deactivate(entity)

    async def found(self, side: Side, entity: str, key: str) -> list[CurrentRecord]:
        """The records with that key.

        Raises:
            NotWritableError: the system cannot be asked for a key.
            SystemReadError: it could not be read.
        """
        writer = self._writer(side, entity)
        ids = await writer.all_with_key(entity, {KEYS[entity][0]: key})
        records = [await writer.read(entity, identity) for identity in ids]
        return [each for each in records if each is not None]

    async def have(
        self, side: Side, entity: str, wanted: Values, lines: Sequence[Values] = (), *, identity: str | None = None
    ) -> Had:
        """Have a record with these values: it is added, or changed where it is there already.

        Args:
            wanted: with the key; fields that are not mapped are passed over.
            lines: of a document that is added; of one that is there they are left as they are.
            identity: which one, where several have the key.

        Raises:
            RefusedError: it may not be written, or several records have the key.
            WriteError: it was not written, or nobody knows.
            SystemReadError: the system could not be read.
        """
        writer, fields = self._writer(side, entity), self._fields(side, entity)
        values = {name: canonical(fields[name], value) for name, value in wanted.items() if name in fields}
        key = _text(wanted[KEYS[entity][0]])
        there = await self.found(side, entity, key)
        if identity is not None:
            there = [each for each in there if each.id == identity]
        if len(there) > 1:
            raise RefusedError(
                phrase(
                    "{side}: {there} {entity} have the key {key} of a test record.",
                    side=side.value,
                    there=len(there),
                    entity=entity,
                    key=key,
                )
            )
        if there:
            return await self._changed(side, entity, there[0], values)
        if not writer.can_create(entity):
            return Had(None, values)
        await self._admit(side, entity, (key,), "add", values)
        result = await writer.create(entity, values, [_typed(self._line_fields(side, entity), each) for each in lines])
        return Had(result.id, _lacking(values, result.after), added=True)

    async def change(self, side: Side, entity: str, record: CurrentRecord, changes: Values) -> Had:
        """Change fields of a record that is there. Raises as `have`."""
        fields = self._fields(side, entity)
        return await self._changed(side, entity, record, _typed(fields, changes))

    async def read(self, side: Side, entity: str, identity: str) -> CurrentRecord | None:
        """The record as it is now; None when there is none (any more).

        Raises:
            SystemReadError: the system could not be read.
        """
        return await self._writer(side, entity).read(entity, identity)

    async def retire(self, side: Side, entity: str, identity: str, values: Values | None = None) -> None:
        """Take a record out of use, where it is not already, and give it back the values it began with.

        Raises as `have`.
        """
        writer = self._writer(side, entity)
        record = await writer.read(entity, identity)
        if record is None:
            return
        wanted = {name: each for name, each in (values or {}).items() if name != _ACTIVE}
        if self.takes(side, entity, _ACTIVE):
            wanted[_ACTIVE] = False
        if wanted:
            await self._changed(side, entity, record, _typed(self._fields(side, entity), wanted))
        if _ACTIVE not in wanted:
            await self._admit(side, entity, (_text(record.values.get(KEYS[entity][0])),), "retire", {})
            await writer.deactivate(entity, identity, {})

    async def admit_by_hand(self, side: Side, entity: str, key: str, what: str) -> None:
        """Ask the guard for something that the stand-in's own hand does.

        Raises:
            RefusedError: it may not be done.
        """
        await self._admit(side, entity, (key,), what, {})

    async def _changed(self, side: Side, entity: str, record: CurrentRecord, values: Values) -> Had:
        writer = self._writer(side, entity)
        lacking = _lacking(values, record)
        changes = {name: value for name, value in lacking.items() if not writer.problem(entity, "update", name, value)}
        if not changes:
            return Had(record.id, lacking)
        name = KEYS[entity][0]
        keys = [_text(record.values.get(name)), _text(values.get(name, record.values.get(name)))]
        await self._admit(side, entity, keys, "change", changes)
        result = await writer.update(entity, record.id, changes, {each: record.values.get(each) for each in changes})
        return Had(record.id, _lacking(values, result.after))

    async def _admit(self, side: Side, entity: str, keys: Sequence[str], what: str, values: Values) -> None:
        """Let a write be sent: right before each of them, so that a freeze or a fall-back counts at once."""
        self._acting.require(OPERATING, "write test records")
        guard = StageGuard(self._acting)
        standing = await guard.standing()
        if standing.stage.rank > Stage.HOMOLOGATION.rank:
            raise RefusedError(phrase("stage “{stage}” lets no test records be written.", stage=standing.stage))
        closed = guard.closed_sides(standing).get(side)
        if closed is not None:
            raise RefusedError(phrase("{closed}.", closed=closed))
        if not all(is_reserved(entity, key) for key in keys):
            raise RefusedError(
                phrase(
                    "{side}: {entity} {keys} is no test record.", side=side.value, entity=entity, keys=", ".join(keys)
                )
            )
        details = {
            "side": side.value,
            "entity": entity,
            "what": what,
            "values": {name: text_of(value) for name, value in values.items()},
        }
        await self._acting.workspace.state.audit.append(self._acting.person.name, "scenario.writes", keys[0], details)

    def _writer(self, side: Side, entity: str) -> RecordWriter:
        writer = self._writers.get(side)
        if writer is None or entity not in self._acting.plans:
            raise RefusedError(
                phrase("{side}: {entity} cannot be read or written record by record.", side=side.value, entity=entity)
            )
        return writer

    def _fields(self, side: Side, entity: str) -> dict[str, FieldMapping]:
        plan = self._acting.plans.get(entity)
        return {} if plan is None else {each.name: each for each in plan.mappings[side].fields}

    def _line_fields(self, side: Side, entity: str) -> dict[str, FieldMapping]:
        lines = self._acting.plans[entity].mappings[side].lines
        return {} if lines is None else {each.name: each for each in lines.fields}


@asynccontextmanager
async def open_scenario_records(acting: Acting) -> AsyncIterator[ScenarioRecords]:
    """Connect to both systems to write test records, those that exchange files left out.

    Raises:
        ConfigurationError: an address, a credential or a context value is missing.
    """
    async with AsyncExitStack() as stack:
        writers: dict[Side, RecordWriter] = {}
        for side, description in acting.descriptions.items():
            if description.http is not None:
                workspace = acting.workspace
                writer = writer_to(workspace.project, side, description, workspace.state, acting.mappings(side))
                writers[side] = await stack.enter_async_context(writer)
        yield ScenarioRecords(acting, writers)


def _typed(fields: Mapping[str, FieldMapping], values: Values) -> dict[str, FieldValue]:
    return {name: canonical(fields[name], value) for name, value in values.items() if name in fields}


def _lacking(wanted: Values, record: CurrentRecord | None) -> dict[str, FieldValue]:
    """Of what is wanted, what the record does not have."""
    there = {} if record is None else record.values
    return {name: value for name, value in wanted.items() if there.get(name) != value}


def _text(value: FieldValue) -> str:
    return value if isinstance(value, str) else ""
