"""Corrections, two systems and a clock in memory, and processes that apply, recover and undo with the real engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reconciler.corrections.apply import Applier, Applying, ApplyLimits
from reconciler.corrections.attempt import Permission
from reconciler.corrections.content import content_digest
from reconciler.corrections.progress import ApplySummary, ReportProgress
from reconciler.corrections.recovery import Found, Recovery, RecoveryNeeds
from reconciler.corrections.undo import UndoNeeds, undo_of
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from tests.corrections.memory_store import AT_WORK, Kept, Life, MemoryStore
from tests.corrections.memory_system import KEY, Fault, MemorySystem, MemoryWrites

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SETTLE_S = 60.0
PLAN = "plan"
Change = tuple[str | None, str | None]


def correction_of(
    number: int,
    changes: Mapping[str, Change],
    *,
    record: str | None = "erp-1",
    action: CorrectionAction = CorrectionAction.UPDATE,
    state: CorrectionState = CorrectionState.PLANNED,
    side: Side = Side.ERP,
    key: str | None = None,
    entity: str = "customers",
) -> Correction:
    """A correction of made-up content."""
    whole = tuple(FieldChange(name, old, new) for name, (old, new) in changes.items())
    known = key or f"K{number}"
    digest = content_digest(entity, known, side, action, record, whole)
    return Correction(
        f"{number:016x}", entity, known, side, action, record, None, whole, digest, state, "ana", START
    )  # fmt: skip


def creation(number: int, key: str, side: Side = Side.ERP, **values: str) -> Correction:
    """A new customer."""
    changes: dict[str, Change] = {KEY: (None, key), **{name: (None, value) for name, value in values.items()}}
    return correction_of(number, changes, record=None, action=CorrectionAction.CREATE, side=side, key=key)


async def allowed(correction: Correction) -> str | None:
    """Everything may be written; whose writes the running task makes is noted (`Written.correction`)."""
    AT_WORK.set(correction.id)
    return None


@dataclass
class Rig:
    """Everything that outlives a process."""

    kept: Kept = field(default_factory=Kept)
    systems: dict[Side, MemorySystem] = field(default_factory=lambda: {side: MemorySystem(side) for side in Side})
    now: datetime = START

    @property
    def erp(self) -> MemorySystem:
        return self.systems[Side.ERP]

    def plan(self, *corrections: Correction) -> list[Correction]:
        """Keep them as planned."""
        self.kept.corrections |= {each.id: each for each in corrections}
        self.kept.plans |= {each.id: PLAN for each in corrections}
        return list(corrections)

    def record(self, identity: str = "erp-1", **values: str) -> None:
        """A record of the ERP that is there."""
        self.erp.records[identity] = {"active": "true", **values}

    def state(self, number: int) -> CorrectionState:
        return self.kept.corrections[f"{number:016x}"].state

    def words(self, number: int) -> str:
        return self.kept.corrections[f"{number:016x}"].words

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def process(self, life: Life | None = None) -> Process:
        return Process(self, life or Life())


@dataclass
class Process:
    """One process, until it is killed."""

    rig: Rig
    life: Life
    writes: dict[Side, MemoryWrites] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.rig.kept, self.life)
        self.writes = {side: MemoryWrites(system, self.life) for side, system in self.rig.systems.items()}

    def misbehave(self, *faults: Fault, side: Side = Side.ERP) -> Process:
        self.writes[side].faults.extend(faults)
        return self

    def applier(
        self,
        *,
        permission: Permission = allowed,
        limits: ApplyLimits | None = None,
        progress: ReportProgress | None = None,
        plan: str = PLAN,
    ) -> Applier:
        needs = Applying(
            self.store,
            self.store,
            self.writes,
            permission,
            person="olga",
            plan=plan,
            owner=f"process {id(self)}",
            clock=lambda: self.rig.now,
            limits=limits or ApplyLimits(),
            settle_s=SETTLE_S,
        )
        return Applier(needs, progress)

    async def apply(self, planned: Sequence[Correction], *, permission: Permission = allowed) -> ApplySummary:
        return await self.applier(permission=permission).apply(planned)

    def recovery(self) -> Recovery:
        needs = RecoveryNeeds(
            self.store, self.store, self.writes, clock=lambda: self.rig.now, settle_s=SETTLE_S
        )  # fmt: skip
        return Recovery(needs)

    async def at_start(self) -> list[Found]:
        return await self.recovery().at_start()

    async def undo(self, number: int, new_number: int) -> Correction:
        needs = UndoNeeds(self.store, self.store, self.writes, {})
        return await undo_of(
            f"{number:016x}", needs, person="ana", now=self.rig.now, new_id=lambda: f"{new_number:016x}"
        )
