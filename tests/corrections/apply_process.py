"""A process that applies what is planned, and kills itself where it is told to, as a power cut would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.corrections.apply import Applier, Applying
from reconciler.corrections.recovery import Recovery, RecoveryNeeds
from reconciler.errors import RefusedError
from reconciler.logs import configure_logging
from reconciler.model.correction_records import CorrectionFilter, Move
from reconciler.model.corrections import Correction, CorrectionState, JournalStep
from reconciler.model.entities import Side
from reconciler.store.state.corrections import Corrections
from reconciler.store.state.journal import Journal
from reconciler.store.state.state import State
from tests.corrections.sandbox_pair import described, writers

STATE = "sqlite:///state.db"
PLAN = "f" * 64
SETTLE_S = 1.5
REFUSED = 77
_LONGEST_WAIT_POLLS = 2000

for _side in Side:
    # Every life begins as a copy of a process that has imported this: it need not read them again.
    described(_side)

POINTS = tuple(
    f"{when} {what}"
    for what in ("move applying", "note intent", "note accepted", "note done", "move on")
    for when in ("before", "after")
)
"""Everything durable that is done for a correction, and the moments around it."""


@dataclass(frozen=True)
class Orders:
    """What the process is to do.

    Attributes:
        kill_at: one of `POINTS`, and how often it is passed before; None: it lives on.
        to_the_end: also wait for what time decides, and look again at what is not proved.
        waits_for: nothing is written before this file is there.
    """

    folder: Path
    base_urls: dict[Side, str]
    kill_at: tuple[str, int] | None = None
    to_the_end: bool = False
    waits_for: Path | None = None


class Fuse:
    """Kills this process at the chosen moment."""

    def __init__(self, kill_at: tuple[str, int] | None) -> None:
        self._point, self._left = kill_at or ("", 0)

    def pass_by(self, point: str) -> None:
        if point == self._point:
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1


class FusedJournal:
    """`Journal` with moments to be killed at."""

    def __init__(self, inner: Journal, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    async def note(self, step: JournalStep) -> None:
        self._fuse.pass_by(f"before note {step.kind.value}")
        await self._inner.note(step)
        self._fuse.pass_by(f"after note {step.kind.value}")

    async def steps(self, correction_id: str) -> list[JournalStep]:
        return await self._inner.steps(correction_id)

    async def attempts(self, correction_ids: Sequence[str]) -> dict[str, int]:
        return await self._inner.attempts(correction_ids)

    async def unfinished(self) -> list[JournalStep]:
        return await self._inner.unfinished()


class FusedCorrections(Corrections):
    """`Corrections` with moments to be killed at."""

    fuse: Fuse

    @classmethod
    def around(cls, inner: Corrections, fuse: Fuse) -> FusedCorrections:
        fused = cls.__new__(cls)
        fused.__dict__.update(inner.__dict__)
        fused.fuse = fuse
        return fused

    async def move(
        self, moves: Sequence[Move], *, person: str, plan: str | None = None, through: str = ""
    ) -> list[str]:
        what = "move applying" if moves[0].to is CorrectionState.APPLYING else "move on"
        self.fuse.pass_by(f"before {what}")
        refused = await super().move(moves, person=person, plan=plan, through=through)
        self.fuse.pass_by(f"after {what}")
        return refused


async def allowed(_: Correction) -> str | None:
    """Everything may be written."""
    return None


async def work(orders: Orders, begun: Connection) -> int:
    """Apply what is planned or failed; the exit code."""
    async with State.open(STATE, orders.folder) as state, writers(orders.base_urls) as writes:
        fuse = Fuse(orders.kill_at)
        corrections, journal = FusedCorrections.around(state.corrections, fuse), FusedJournal(state.journal, fuse)
        recovery = Recovery(RecoveryNeeds(corrections, journal, writes, settle_s=SETTLE_S))
        owner = f"process {os.getpid()}"

        async def permission(correction: Correction) -> str | None:
            for _ in range(_LONGEST_WAIT_POLLS):
                if orders.waits_for is None or orders.waits_for.exists():
                    break
                await asyncio.sleep(0.01)
            return await allowed(correction)

        needs = Applying(
            corrections, journal, writes, permission, person="olga", plan=PLAN, owner=owner, settle_s=SETTLE_S
        )
        begun.send(True)
        await recovery.unknown()
        chosen = [each async for each in _in(corrections, CorrectionState.PLANNED, CorrectionState.FAILED)]
        try:
            summary = await Applier(needs).apply(chosen)
        except RefusedError:
            return REFUSED
        if orders.to_the_end:
            await recovery.settle(await recovery.unknown())
            await recovery.resolve([each.id async for each in _in(corrections, CorrectionState.APPLIED)])
        return summary.exit_code


async def _in(corrections: Corrections, *states: CorrectionState) -> AsyncGenerator[Correction, None]:
    async with aclosing(corrections.iterate(CorrectionFilter(states=states))) as found:
        async for correction in found:
            yield correction


def run(orders: Orders, begun: Connection) -> None:
    """The whole life of the process."""
    configure_logging(debug=False)
    sys.exit(asyncio.run(work(orders, begun)))
