"""Killed with SIGKILL at every step and at random moments, against systems that misbehave: the truth survives.

`RECONCILER_FULL_PROOFS=1` runs it at full size (500 corrections, 200 random kills); `-s` shows the counts.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from reconciler.model.corrections import CorrectionState
from reconciler.sandbox.faults import FaultPlan
from reconciler.store.state.state import State
from tests.corrections.apply_process import PLAN, POINTS, REFUSED, STATE, Orders, run
from tests.corrections.proof import FULL, TEN_PER_CENT, Proof
from tests.corrections.sandbox_pair import corrections_for, running_pair
from tests.processes import FORKS

CORRECTIONS = 500 if FULL else 20
RANDOM_KILLS = 200 if FULL else 3
KILLS_PER_POINT = 5 if FULL else 1
LONGEST_LIFE_S = 0.3 if FULL else 0.1


@dataclass
class Lives(Proof):
    """A proof, and the lives of processes that were spent on it."""

    lives: Counter[str] = field(default_factory=Counter)

    async def start(self, orders: Orders) -> ForkServerProcess:
        """A process that has begun to work."""
        begun, says = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=run, args=(orders, says))
        await asyncio.to_thread(process.start)
        says.close()
        await asyncio.to_thread(begun.poll, 30)
        begun.close()
        return process

    async def live(self, kill_at: tuple[str, int] | None = None, *, to_the_end: bool = False) -> int:
        """One life until its own end; the exit code."""
        orders = Orders(self.folder, self.pair.base_urls, kill_at, to_the_end)
        process = await self.start(orders)
        await asyncio.to_thread(process.join, 120)
        assert process.exitcode is not None, "it hangs"
        self.lives["killed at a step" if process.exitcode < 0 else "through"] += 1
        return process.exitcode

    async def live_for(self, seconds: float) -> bool:
        """One life, ended at that moment unless it ended before; whether it was killed."""
        process = await self.start(Orders(self.folder, self.pair.base_urls))
        await asyncio.sleep(seconds)
        process.kill()
        await asyncio.to_thread(process.join)
        self.lives["killed at random" if process.exitcode == -9 else "through"] += 1
        return process.exitcode == -9

    async def through(self) -> dict[str, CorrectionState]:
        """Without any more kills; prints the counts."""
        states = await self.check_the_end(lambda: self.live(to_the_end=True))
        print(json.dumps({"corrections": len(states), **Counter(map(str, states.values())), **self.lives}))
        return states


@asynccontextmanager
async def planned(folder: Path, count: int, plan: FaultPlan = TEN_PER_CENT) -> AsyncIterator[Lives]:
    """Corrections of all kinds, planned, and two systems that misbehave."""
    async with running_pair(customers=max(20, count)) as pair:
        proof = Lives(folder, pair, await corrections_for(pair, count), plan)
        await proof.begin()
        yield proof


@pytest.mark.timeout(3600 if FULL else 60)
async def test_killed_at_every_step_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    async with planned(tmp_path, CORRECTIONS) as proof:
        for point in POINTS * KILLS_PER_POINT:
            await proof.live((point, chance.randint(0, CORRECTIONS // 100)))
        await proof.check_no_lie()
        await proof.through()
    assert proof.lives["killed at a step"] >= len(POINTS) * KILLS_PER_POINT // 2


@pytest.mark.timeout(3600 if FULL else 60)
async def test_killed_at_random_moments_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """Plan after plan, until there were kills enough."""
    chance, killed = random.Random(20261122), 0
    for number in range(1000):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with planned(folder, CORRECTIONS) as proof:
            while killed < RANDOM_KILLS and CorrectionState.PLANNED in set((await proof.states()).values()):
                killed += await proof.live_for(chance.uniform(0.0, LONGEST_LIFE_S))
                if killed % 20 == 19:
                    await proof.check_no_lie()
            await proof.through()
        if killed == RANDOM_KILLS:
            return


@pytest.mark.timeout(60)
async def test_of_two_processes_on_one_plan_one_wins_and_the_other_is_refused(tmp_path: Path) -> None:
    async with planned(tmp_path, 20, FaultPlan()) as proof:
        go = tmp_path / "go"
        first = await proof.start(Orders(tmp_path, proof.pair.base_urls, waits_for=go))
        async with State.open(STATE, tmp_path) as state:
            for _ in range(2000):
                if (plan := await state.corrections.plan(PLAN)) is not None and plan.owner is not None:
                    break
                await asyncio.sleep(0.01)
        assert await proof.live() == REFUSED
        assert set((await proof.states()).values()) == {CorrectionState.PLANNED}
        go.touch()
        await asyncio.to_thread(first.join, 30)
        assert first.exitcode == 1
        await proof.through()


@pytest.mark.timeout(60)
async def test_of_two_processes_that_start_together_none_writes_what_the_other_does(tmp_path: Path) -> None:
    """The slower one is refused, or finds nothing left."""
    async with planned(tmp_path, 20, FaultPlan()) as proof:
        codes = await asyncio.gather(proof.live(), proof.live())
        assert set(codes) <= {0, 1, REFUSED}
        assert 1 in codes
        await proof.through()
