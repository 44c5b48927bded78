"""A store and a journal in memory, used by processes that can be killed at any call."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from reconciler.corrections.states import may_move
from reconciler.errors import RefusedError
from reconciler.model.choice import chosen as values_of
from reconciler.model.correction_records import AddedProposals, CorrectionFilter, Move, StoredPlan
from reconciler.model.corrections import Approval, Correction, CorrectionState, FieldChange, JournalStep, StepKind

AT_WORK: ContextVar[str] = ContextVar("AT_WORK", default="")
"""Id of the correction that the running task was last allowed to write: whose writes it makes."""


class Killed(BaseException):
    """The process is dead. No `except Exception` may hold it up."""


@dataclass
class Life:
    """Of one process.

    Attributes:
        calls_left: it is killed at this call to the outside; None: never.
        after_effect: whether that call still takes effect.
    """

    calls_left: int | None = None
    after_effect: bool = False
    dead: bool = False

    def call(self) -> bool:
        """To be called at each call to the outside; whether to die once it took effect."""
        if self.dead:
            raise Killed
        if self.calls_left is None:
            return False
        self.calls_left -= 1
        if self.calls_left >= 0:
            return False
        self.dead = True
        if not self.after_effect:
            raise Killed
        return True


@dataclass
class Kept:
    """What survives every process."""

    corrections: dict[str, Correction] = field(default_factory=dict)
    plans: dict[str, str] = field(default_factory=dict)
    steps: list[JournalStep] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    applier: tuple[Life, str] | None = None


class MemoryStore:
    """`Corrections` and `Journal` of one process. A call waits one turn of the loop, then happens at once."""

    def __init__(self, kept: Kept, life: Life) -> None:
        self.kept = kept
        self._life = life

    async def _turn(self) -> bool:
        await asyncio.sleep(0)
        return self._life.call()

    def _die(self, dies: bool) -> None:
        if dies:
            raise Killed

    async def add(self, proposed: Sequence[Correction], *, person: str) -> AddedProposals:
        dies = await self._turn()
        self.kept.corrections |= {each.id: each for each in proposed}
        self._die(dies)
        return AddedProposals(tuple(each.id for each in proposed))

    async def get(self, correction_id: str) -> Correction:
        self._die(await self._turn())
        return self.kept.corrections[correction_id]

    async def iterate(self, chosen: CorrectionFilter) -> AsyncGenerator[Correction, None]:
        self._die(await self._turn())
        states, ids = values_of(chosen.states), values_of(chosen.ids)
        keys, entities = values_of(chosen.key), values_of(chosen.entity)
        for correction in list(self.kept.corrections.values()):
            parts = (
                (states, correction.state),
                (ids, correction.id),
                (keys, correction.key),
                (entities, correction.entity),
            )
            if all(part is None or value in part for part, value in parts):
                yield correction

    async def count(self, chosen: CorrectionFilter) -> int:
        return len([each async for each in self.iterate(chosen)])

    async def edit(
        self, correction_id: str, changes: tuple[FieldChange, ...], digest: str, *, person: str
    ) -> Correction:
        raise NotImplementedError

    async def approve(self, approvals: Sequence[Approval]) -> None:
        raise NotImplementedError

    async def approvals(self, correction_ids: Sequence[str]) -> dict[str, list[Approval]]:
        raise NotImplementedError

    async def move(self, moves: Sequence[Move], *, person: str, plan: str | None = None) -> list[str]:
        dies = await self._turn()
        refused = []
        for move in moves:
            correction = self.kept.corrections[move.correction]
            in_other_plan = plan is not None and self.kept.plans.get(correction.id, plan) != plan
            if correction.state is not move.expected or (correction.state is CorrectionState.PLANNED and in_other_plan):
                refused.append(correction.id)
                continue
            assert may_move(move.expected, move.to), f"illegal: {move}"
            record_id = correction.record_id if move.record_id is None else move.record_id
            moved = replace(correction, state=move.to, words=move.words, record_id=record_id)
            self.kept.corrections[correction.id] = moved
            self.kept.moves.append(move)
            if plan is not None:
                self.kept.plans[correction.id] = plan
        self._die(dies)
        return refused

    async def add_plan(self, plan: StoredPlan) -> None:
        raise NotImplementedError

    async def plan(self, digest: str) -> StoredPlan | None:
        raise NotImplementedError

    async def claim_plan(self, digest: str, owner: str) -> bool:
        dies = await self._turn()
        if self.kept.applier is not None and not self.kept.applier[0].dead:
            return False
        self.kept.applier = (self._life, owner)
        self._die(dies)
        return True

    async def applier(self) -> str | None:
        return None if self.kept.applier is None else self.kept.applier[1]

    async def release_plan(self, digest: str, owner: str, *, finished: bool) -> None:
        dies = await self._turn()
        if self.kept.applier is None or self.kept.applier[1] != owner:
            raise RefusedError("somebody else applies it")
        self.kept.applier = None
        self._die(dies)

    async def note(self, step: JournalStep) -> None:
        dies = await self._turn()
        self.kept.steps.append(step)
        self._die(dies)

    async def steps(self, correction_id: str) -> list[JournalStep]:
        self._die(await self._turn())
        return [step for step in self.kept.steps if step.correction == correction_id]

    async def attempts(self, correction_ids: Sequence[str]) -> dict[str, int]:
        self._die(await self._turn())
        begun = Counter(step.correction for step in self.kept.steps if step.kind is StepKind.INTENT)
        return {each: begun[each] for each in correction_ids if begun[each]}

    async def unfinished(self) -> list[JournalStep]:
        self._die(await self._turn())
        under_way = (CorrectionState.APPLYING, CorrectionState.UNKNOWN)
        last = {step.correction: step for step in self.kept.steps}
        return [step for step in last.values() if self.kept.corrections[step.correction].state in under_way]
