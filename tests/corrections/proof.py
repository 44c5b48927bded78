"""One plan against two systems that misbehave, and what has to be true of it at any moment and in the end."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from reconciler.corrections.asked import not_as_wanted
from reconciler.model.correction_records import Move, StoredPlan
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from reconciler.sandbox.faults import FaultKind, FaultPlan
from reconciler.store.state.state import State
from tests.corrections.apply_process import PLAN, STATE
from tests.corrections.sandbox_pair import STARTED, Pair, Planted, copies_of, writers

S = CorrectionState
FULL = bool(os.environ.get("RECONCILER_FULL_PROOFS"))
"""Whether to prove at full size."""
TEN_PER_CENT = FaultPlan(FaultKind.MIXED, every=10)
NOT_YET = frozenset({S.PLANNED, S.APPLYING, S.UNKNOWN, S.FAILED, S.APPLIED})
"""States that something can still be done about."""


@dataclass
class Proof:
    """The plan, the systems it is about, and how they misbehave."""

    folder: Path
    pair: Pair
    planted: list[Planted]
    plan: FaultPlan

    async def begin(self) -> None:
        """Keep everything, through every step up to the plan, and let the systems misbehave."""
        async with State.open(STATE, self.folder) as state:
            await keep_as_planned(state, [each.correction for each in self.planted], PLAN)
        self.pair.misbehave(self.plan)

    async def kept(self) -> list[Correction]:
        """Every correction as it is now."""
        async with State.open(STATE, self.folder) as state, aclosing(state.corrections.iterate()) as found:
            return [each async for each in found]

    async def states(self) -> dict[str, CorrectionState]:
        """The state of each, by id."""
        return {each.id: each.state for each in await self.kept()}

    async def check_no_lie(self) -> None:
        """What is said to be verified is there, nothing is there twice, and the trail is whole. At any moment."""
        self.pair.misbehave(FaultPlan())
        async with writers(self.pair.base_urls) as writes:
            for correction in await self.kept():
                if correction.action is CorrectionAction.CREATE:
                    assert copies_of(self.pair, correction) <= 1, correction
                elif correction.side is Side.ERP:
                    assert self.pair.updates_of(correction) <= 1, correction
                if correction.state is S.VERIFIED:
                    assert correction.record_id is not None
                    record = await writes[correction.side].read(correction.entity, correction.record_id)
                    assert record is not None
                    assert not_as_wanted(correction.changes, record) == (), correction
        async with State.open(STATE, self.folder) as state:
            check = await state.audit.verify()
            assert check.is_whole, check.breaks
        self.pair.misbehave(self.plan)

    async def check_the_end(self, live: Callable[[], Awaitable[object]]) -> dict[str, CorrectionState]:
        """Live until there is nothing left to do; then every correction is as it had to end, so that none was lost."""
        for _ in range(20):
            await live()
            states = await self.states()
            if not NOT_YET & set(states.values()):
                break
        assert states == {each.correction.id: each.ends_as for each in self.planted}
        await self.check_no_lie()
        for each in self.planted:
            if each.correction.action is CorrectionAction.CREATE:
                assert copies_of(self.pair, each.correction) == 1
        return states


async def keep_as_planned(state: State, corrections: Sequence[Correction], plan: str) -> None:
    """Proposed, approved, and in a plan of that digest."""
    ids = [each.id for each in corrections]
    added = await state.corrections.add(corrections, person="ana")
    assert list(added.added) == ids, added
    assert await state.corrections.move([Move(each, S.PROPOSED, S.APPROVED) for each in ids], person="bia") == []
    await state.corrections.add_plan(StoredPlan(plan, "{}", "olga", STARTED, ids))
