"""Applies a plan: several records at once per system, each once, and one that goes wrong never stops the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from reconciler.corrections.attempt import Attempted, Attempts, Permission
from reconciler.corrections.content import digest_of
from reconciler.corrections.ports import Corrections, Journal, RecordWrites
from reconciler.corrections.progress import ApplySummary, HeldBack, Progress, ReportProgress
from reconciler.corrections.record_queue import RecordQueue, references_of
from reconciler.corrections.recovery import DEFAULT_SETTLE_S, Found, Recovery, RecoveryNeeds
from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    RefusedError,
    ResponseTimeoutError,
    SystemReadError,
    UnreachableError,
    WriteError,
)
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

DEFAULT_AT_ONCE: Final = 8
_READ_AT_ONCE: Final = 1000
_STARTS_FROM: Final = frozenset({CorrectionState.PLANNED, CorrectionState.FAILED})
_ENDS_A_SYSTEM: Final = (BlockedError, CredentialsRefusedError)
_NOT_THERE: Final = (UnreachableError, ResponseTimeoutError)


@dataclass(frozen=True, slots=True)
class ApplyLimits:
    """Bounds.

    Attributes:
        at_once: records of one system that are written at the same time; `DEFAULT_AT_ONCE` where none is given.
        grace_s: how long records under way may take to finish once somebody asked to stop.
        unreachable_in_a_row: after so many records that failed because the system could not be reached, one after the
            other, nothing more is taken of it: each of them waits for every retry.
    """

    at_once: Mapping[Side, int] = field(default_factory=lambda: MappingProxyType({}))
    grace_s: float = 30.0
    unreachable_in_a_row: int = 16


@dataclass(frozen=True, slots=True)
class Applying:
    """What applying needs.

    Attributes:
        permission: asked right before each write.
        person: who applies.
        plan: digest of the plan.
        owner: of this process, in words; no two processes share it.
        clock: aware current time.
        settle_s: as of `RecoveryNeeds`.
    """

    corrections: Corrections
    journal: Journal
    writes: Mapping[Side, RecordWrites]
    permission: Permission
    person: str
    plan: str
    owner: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    limits: ApplyLimits = field(default_factory=ApplyLimits)
    settle_s: float = DEFAULT_SETTLE_S


class Applier:
    """Applies one plan, once.

    Args:
        progress: called after each correction; it must be quick.
    """

    def __init__(self, needs: Applying, progress: ReportProgress | None = None) -> None:
        self._needs = needs
        self._progress = progress
        self._queues: dict[Side, RecordQueue] = {}
        self._counts: Counter[CorrectionState] = Counter()
        self._held_back: list[HeldBack] = []
        self._stopped: dict[Side, str] = {}
        self._in_a_row: Counter[Side] = Counter()
        self._not_created: set[tuple[Side, str, str]] = set()
        self._recovered: list[Found] = []
        self._total = 0
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Take no new records. Those under way finish within `grace_s`; then `apply` returns what was done."""
        self._stop.set()
        for queue in self._queues.values():
            queue.close()

    @property
    def summary(self) -> ApplySummary:
        """What was done so far."""
        waiting = sum(queue.waiting for queue in self._queues.values()) if self._queues else self._total - self._done
        return ApplySummary(
            self._needs.plan,
            self._total,
            dict(self._counts),
            tuple(self._held_back),
            waiting,
            self._total - self._done - waiting,
            dict(self._stopped),
            self._stop.is_set(),
            tuple(self._recovered),
        )

    async def apply(self, planned: Sequence[Correction]) -> ApplySummary:
        """Write every correction that still is what was planned.

        Args:
            planned: of the plan, in its order; `failed` ones among them are tried again.

        Raises:
            RefusedError: somebody else applies this plan.
            StateError: the state cannot be used. Records under way were let finish; `Recovery` looks at the rest.
            asyncio.CancelledError: as after `stop`; `summary` says what was done.
        """
        needs = self._needs
        if not await needs.corrections.claim_plan(needs.plan, needs.owner):
            who = await needs.corrections.applier() or "somebody else"
            raise RefusedError(
                phrase("corrections are being applied by {who}.", who=who),
                hint=phrase("Wait until that is through, and try again."),
            )
        self._total = len(planned)
        try:
            self._recovered = await self._look_at_what_was_left()
            await self._write_all(await self._still_as_planned(planned))
        finally:
            summary = self.summary
            through = not (summary.not_started or summary.left_open)
            await needs.corrections.release_plan(needs.plan, needs.owner, finished=through)
        return self.summary

    async def _look_at_what_was_left(self) -> list[Found]:
        """What an earlier process was writing when it ended. While the claim is ours, nobody else writes."""
        needs = self._needs
        recovery = Recovery(
            RecoveryNeeds(needs.corrections, needs.journal, needs.writes, clock=needs.clock, settle_s=needs.settle_s)
        )
        return await recovery.at_start()

    async def _still_as_planned(self, planned: Sequence[Correction]) -> list[Correction]:
        """As they are kept now; those that are not what was planned are held back."""
        found = []
        for start in range(0, len(planned), _READ_AT_ONCE):
            some = planned[start : start + _READ_AT_ONCE]
            chosen = CorrectionFilter(ids=[each.id for each in some])
            async with aclosing(self._needs.corrections.iterate(chosen)) as rows:
                kept = {each.id: each async for each in rows}
            for each in some:
                why = _other_than(each, kept.get(each.id))
                if why is None:
                    found.append(kept[each.id])
                else:
                    self._note(Attempted(kept.get(each.id, each), held_back=why))
        return found

    async def _write_all(self, corrections: Sequence[Correction]) -> None:
        needs = self._needs
        attempts = Attempts(
            needs.corrections,
            needs.journal,
            needs.writes,
            needs.permission,
            person=needs.person,
            plan=needs.plan,
            clock=needs.clock,
            begun=await needs.journal.attempts([each.id for each in corrections]),
        )
        by_side = {side: [each for each in corrections if each.side is side] for side in Side}
        self._queues = {side: RecordQueue(chosen) for side, chosen in by_side.items()}
        if self._stop.is_set():
            self.stop()
        workers = [
            asyncio.create_task(self._work(side, attempts), name=f"apply {side.value} {number}")
            for side, chosen in by_side.items()
            for number in range(min(len(chosen), self._at_once(side)))
        ]
        await self._see_through(workers)

    def _at_once(self, side: Side) -> int:
        return max(1, self._needs.limits.at_once.get(side, DEFAULT_AT_ONCE))

    @property
    def _done(self) -> int:
        return self._counts.total() + len(self._held_back)

    async def _see_through(self, workers: Collection[asyncio.Task[None]]) -> None:
        """Wait for the workers; when told to stop, or when one fails, let the others finish what they have begun."""
        stopping = asyncio.create_task(self._stop.wait(), name="apply stop")
        pending = set(workers)
        try:
            while pending and not self._stop.is_set():
                done, _ = await asyncio.wait({*pending, stopping}, return_when=asyncio.FIRST_COMPLETED)
                pending -= done
                if any(task is not stopping and _failed(task) for task in done):
                    self.stop()
            await self._let_finish(pending)
        except asyncio.CancelledError:
            self.stop()
            await self._let_finish(pending)
            raise
        finally:
            for task in (stopping, *workers):
                task.cancel()
            # A record that is given up notes what is known of it before its task ends.
            await asyncio.gather(stopping, *workers, return_exceptions=True)
        for task in workers:
            if not task.cancelled():
                task.result()

    async def _let_finish(self, pending: set[asyncio.Task[None]]) -> None:
        if pending:
            await asyncio.wait(pending, timeout=self._needs.limits.grace_s)

    async def _work(self, side: Side, attempts: Attempts) -> None:
        queue = self._queues[side]
        while (correction := await queue.take()) is not None:
            try:
                await self._attempt(correction, attempts)
            finally:
                queue.finished(correction)

    async def _attempt(self, correction: Correction, attempts: Attempts) -> None:
        missing = [
            f"{entity} {key}"
            for entity, key in references_of(correction)
            if (correction.side, entity, key) in self._not_created
        ]
        if missing:
            self._note(Attempted(correction, held_back=f"{', '.join(missing)} was to be added first, and was not"))
        else:
            await attempts.attempt(correction, self._note)

    def _note(self, attempted: Attempted) -> None:
        correction, outcome = attempted.correction, attempted.outcome
        if outcome is None:
            self._held_back.append(HeldBack(correction.id, attempted.held_back))
        else:
            self._counts[outcome.state] += 1
            self._watch(correction.side, attempted.failure)
        proven = (correction if outcome is None else outcome).state is CorrectionState.VERIFIED
        if correction.action is CorrectionAction.CREATE and not proven:
            self._not_created.add((correction.side, correction.entity, correction.key))
        if self._progress is not None:
            self._progress(Progress(self._done, self._total, attempted))

    def _watch(self, side: Side, failure: WriteError | SystemReadError | None) -> None:
        """Stop asking a system that does not let us in, or is not there."""
        if not isinstance(failure, _NOT_THERE):
            self._in_a_row[side] = 0
        else:
            self._in_a_row[side] += 1
        gone = self._in_a_row[side] >= self._needs.limits.unreachable_in_a_row
        if failure is not None and (gone or isinstance(failure, _ENDS_A_SYSTEM)):
            self._stopped[side] = failure.message
            self._queues[side].close()


def _other_than(planned: Correction, kept: Correction | None) -> str | None:
    """Why a correction must not be written as it was planned, or None."""
    if kept is None:
        return "it is not kept any more"
    if kept.state not in _STARTS_FROM:
        return f"it is {kept.state.value}"
    if kept.digest != planned.digest or digest_of(kept) != planned.digest:
        return "its content is not what was planned"
    return None


def _failed(task: asyncio.Task[Any]) -> bool:
    return not task.cancelled() and task.exception() is not None
