"""A system in memory that writes as `RecordWriter` says, notes every write, and can misbehave as real ones do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from reconciler.connectors.write.current_record import CurrentLine, CurrentRecord, FieldValue, LineChange
from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.errors import (
    CredentialsRefusedError,
    NotWritableError,
    OutcomeUnknownError,
    SupersededError,
    UnreachableError,
    WriteRefusedError,
)
from reconciler.model.entities import Side
from tests.corrections.memory_store import AT_WORK, Killed, Life

KEY = "tax_id"
Values = Mapping[str, FieldValue]
Lines = Mapping[str, LineChange]
_NO_LINES: Lines = {}


class Fault(Enum):
    """What goes wrong with one call."""

    NONE = auto()
    UNREACHABLE = auto()
    """Nothing is sent."""
    NO_ENTRY = auto()
    """The credentials are refused."""
    REFUSED = auto()
    LOST_BEFORE = auto()
    """The connection is lost before the write takes effect."""
    LOST_AFTER = auto()
    """It took effect, and the answer is lost."""
    LATE = auto()
    """The connection is lost, and it takes effect some time later."""
    UNREADABLE = auto()
    """It took effect, and reading back fails."""
    ALTERED = auto()
    """The system keeps something else than it was sent."""


@dataclass(frozen=True)
class Written:
    """One write that took effect: by which correction, over which values (None: a new record), and with which."""

    correction: str
    record: str
    over: dict[str, FieldValue] | None
    values: dict[str, FieldValue]


@dataclass(frozen=True)
class Seen:
    """A record as it was after a change; `correction` is "" where somebody else made it."""

    correction: str
    record: str
    values: dict[str, FieldValue]


@dataclass
class MemorySystem:
    """The records of one system; every process has its own `MemoryWrites` to it.

    Attributes:
        written: what our corrections wrote.
        history: every record after every change, whoever made it.
        late: writes that arrive later, when `arrive` is called.
        leaves: whether a record out of use cannot be read any more.
        too_late: why no record can be taken out of use now, if so.
        at_once, most_at_once: records under way, by id or key.
    """

    side: Side = Side.ERP
    records: dict[str, dict[str, FieldValue]] = field(default_factory=dict)
    lines: dict[str, list[CurrentLine]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    history: list[Seen] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)
    not_taken: frozenset[str] = frozenset({"updated_at"})
    leaves: bool = False
    too_late: str | None = None
    under_way: set[str] = field(default_factory=set)
    most_at_once: int = 0
    calls: int = 0
    _number: int = 0

    def arrive(self) -> None:
        """What was sent long ago takes effect now."""
        late, self.late = self.late, []
        for effect in late:
            effect()

    def edit(self, identity: str, values: Values) -> None:
        """As somebody else does it."""
        self.put("", identity, values)

    def put(self, author: str, identity: str, values: Values) -> None:
        """Change a record, or add it."""
        self.records.setdefault(identity, {}).update(values)
        self.versions[identity] = self.versions.get(identity, 0) + 1
        self.history.append(Seen(author, identity, dict(self.records[identity])))

    def new_id(self) -> str:
        """One that was never given."""
        self._number += 1
        return f"{self.side.value}-{self._number}"

    def with_key(self, key: FieldValue) -> list[str]:
        """Ids of the records with that key."""
        return [identity for identity, record in self.records.items() if record.get(KEY) == key]


class MemoryWrites:
    """`RecordWrites` of one process.

    Args:
        faults: of the next calls that write, in order; then none.
    """

    def __init__(self, system: MemorySystem, life: Life | None = None, faults: Sequence[Fault] = ()) -> None:
        self.system = system
        self.faults = deque(faults)
        self._life = life or Life()

    def can_create(self, entity: str) -> bool:
        return True

    def can_deactivate(self, entity: str) -> bool:
        return True

    def leaves(self, entity: str) -> bool:
        return self.system.leaves

    def deactivation_problem(self, entity: str, record: CurrentRecord) -> str | None:
        return self.system.too_late

    def problem(self, entity: str, call: str, field: str, value: FieldValue = None) -> str | None:
        return "the system does not take the field" if field in self.system.not_taken else None

    def line_problem(self, entity: str, field: str) -> str | None:
        return None

    async def read(self, entity: str, identity: str) -> CurrentRecord | None:
        self._die(await self._turn())
        return self._current(identity)

    async def look_up(self, entity: str, record: Values) -> str | None:
        self._die(await self._turn())
        found = self.system.with_key(record[KEY])
        if len(found) > 1:
            raise NotWritableError(self.system.side.value, entity, None, "several records have its key already")
        return found[0] if found else None

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
        fault = self._begin(entity, identity)
        try:
            if refused := self.system.not_taken & changes.keys():
                raise NotWritableError(self.system.side.value, entity, identity, f"{min(refused)} is not taken")
            before = await self.read(entity, identity)
            if before is None:
                raise SupersededError(self.system.side.value, entity, identity, "the record is not there any more")
            conflicts = tuple(
                name
                for name, seen in expected.items()
                if before.values.get(name) != seen and (name not in changes or before.values.get(name) != changes[name])
            )
            if conflicts:
                raise SupersededError(self.system.side.value, entity, identity, "changed since it was seen", conflicts)
            left = {name: value for name, value in changes.items() if before.values.get(name) != value}
            if not left:
                return WriteResult(identity, written=False, verified=True, before=before, after=before)
            version, author = self.system.versions.get(identity, 0), AT_WORK.get()

            def effect() -> bool:
                # The system's own guard, such as If-Match.
                if self.system.versions.get(identity, 0) != version:
                    return False
                self._put(author, identity, left, fault)
                return True

            if not await self._send(entity, identity, fault, effect):
                raise SupersededError(self.system.side.value, entity, identity, "somebody changed it")
            if accepted is not None:
                await accepted(identity)
            return await self._proved(entity, identity, changes, fault, before)
        finally:
            self.system.under_way.discard(identity)

    async def deactivate(
        self, entity: str, identity: str, expected: Values, *, accepted: Accepted | None = None
    ) -> WriteResult:
        seen = {"active": "true", **expected}
        return await self.update(entity, identity, {"active": "false"}, seen, accepted=accepted)

    async def create(
        self,
        entity: str,
        record: Values,
        lines: Sequence[Values] = (),
        *,
        idempotency: str | None = None,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        name = f"key {record[KEY]}"
        fault = self._begin(entity, name)
        try:
            taken = {each: value for each, value in record.items() if each not in self.system.not_taken}
            identity = await self.look_up(entity, record)
            if identity is not None:
                return await self._proved(entity, identity, taken, Fault.NONE, None, written=False)
            author, made = AT_WORK.get(), self.system.new_id()

            def effect() -> bool:
                self._put(author, made, {"active": "true", **taken}, fault)
                return True

            await self._send(entity, None, fault, effect)
            if accepted is not None:
                await accepted(made)
            result = await self._proved(entity, made, taken, fault, None)
            return replace(result, left_out=tuple(name for name in record if name not in taken))
        finally:
            self.system.under_way.discard(name)

    def _begin(self, entity: str, name: str) -> Fault:
        assert name not in self.system.under_way, f"two writes of {name} at once"
        self.system.under_way.add(name)
        self.system.most_at_once = max(self.system.most_at_once, len(self.system.under_way))
        self.system.calls += 1
        fault = self.faults.popleft() if self.faults else Fault.NONE
        side = self.system.side.value
        try:
            if fault is Fault.UNREACHABLE:
                raise UnreachableError(side, "no connection")
            if fault is Fault.NO_ENTRY:
                raise CredentialsRefusedError(side, "who are you")
        except BaseException:
            self.system.under_way.discard(name)
            raise
        return fault

    async def _send(self, entity: str, identity: str | None, fault: Fault, effect: Callable[[], bool]) -> bool:
        dies = await self._turn()
        side = self.system.side.value
        if fault is Fault.REFUSED:
            self._die(dies)
            raise WriteRefusedError(side, entity, identity, "not like this", "422")
        if fault is Fault.LATE:
            self.system.late.append(lambda: void(effect()))
        done = fault not in (Fault.LOST_BEFORE, Fault.LATE) and effect()
        self._die(dies)
        if fault in (Fault.LOST_BEFORE, Fault.LATE) or (fault is Fault.LOST_AFTER and done):
            raise OutcomeUnknownError(side, entity, identity, "sent, and no answer came", "Look there.")
        return done

    async def _proved(
        self,
        entity: str,
        identity: str,
        wanted: Values,
        fault: Fault,
        before: CurrentRecord | None,
        *,
        written: bool = True,
    ) -> WriteResult:
        if fault is Fault.UNREADABLE:
            problem = UnreachableError(self.system.side.value, "no connection")
            return WriteResult(identity, written, verified=False, before=before, problem=problem)
        after = await self.read(entity, identity)
        held: Values = {} if after is None else after.values
        apart = tuple(name for name, value in wanted.items() if value is not None and held.get(name) != value)
        return WriteResult(identity, written, not apart, apart, before=before, after=after)

    def _put(self, author: str, identity: str, values: Values, fault: Fault) -> None:
        kept = dict(values)
        if fault is Fault.ALTERED:
            kept = {name: value if name in (KEY, "active") else f"{value}"[:1] for name, value in kept.items()}
        over = self.system.records.get(identity)
        seen = None if over is None else {name: over.get(name) for name in values}
        self.system.written.append(Written(author, identity, seen, kept))
        self.system.put(author, identity, kept)

    def _current(self, identity: str) -> CurrentRecord | None:
        record = self.system.records.get(identity)
        if record is None:
            return None
        return CurrentRecord(identity, {}, dict(record), tuple(self.system.lines.get(identity, ())))

    async def _turn(self) -> bool:
        await asyncio.sleep(0)
        return self._life.call()

    def _die(self, dies: bool) -> None:
        if dies:
            raise Killed


def void(_: object) -> None:
    """Take a result and leave it."""
