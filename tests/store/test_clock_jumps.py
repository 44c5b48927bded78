"""A clock that is set back: nothing that has ended begins to count again, and no lock is lost or taken twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.store.state.audit import CLOCK_CONFIRMED
from reconciler.store.state.records import RunStatus
from reconciler.store.state.sessions import ServiceSessions
from reconciler.store.state.state import State
from reconciler.store.state.steady_clock import never_back
from tests.store.state_cases import START, Clock

HOURS = timedelta(hours=1)


@dataclass
class Passing:
    """Seconds that pass whatever the clock says."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_time_goes_on_while_a_clock_that_was_set_back_catches_up() -> None:
    clock, passing = Clock(), Passing()
    now = never_back(clock, passing)
    clock.move(hours=5)
    assert now() == START + 5 * HOURS
    clock.move(hours=-3)
    assert now() == START + 5 * HOURS
    for passing.seconds, expected in ((1800.0, 5.5), (7200.0, 7.0)):
        assert now() == START + expected * HOURS
    # Past what it said when it was set back, and still behind the time that has passed.
    clock.move(hours=3.5)
    assert now() == START + 7 * HOURS
    clock.move(hours=-3.5)
    clock.move(hours=6)
    assert now() == clock.now == START + 8 * HOURS
    clock.move(minutes=-1)
    assert now() == START + 8 * HOURS


async def test_the_trail_tells_how_far_the_clock_is_behind_until_somebody_confirms_it(
    state: State, clock: Clock
) -> None:
    assert await state.audit.behind() == timedelta(0)
    await state.audit.append("ana", "plan.exported", "p", {})
    clock.move(hours=2)
    assert await state.audit.behind() == timedelta(0)
    clock.move(hours=-5)
    assert await state.audit.behind() == 3 * HOURS
    # What is done by the wrong clock makes it no better.
    await state.audit.append("rui", "plan.exported", "p", {})
    assert await state.audit.behind() == 3 * HOURS
    await state.audit.append("ana", CLOCK_CONFIRMED, "", {})
    assert await state.audit.behind() == timedelta(0)
    clock.move(hours=-1)
    assert await state.audit.behind() == HOURS
    assert (await state.audit.verify()).is_whole


async def test_a_run_keeps_its_lock_and_its_place_when_the_clock_is_set_back(
    state: State, state_url: str, tmp_path: Path, clock: Clock
) -> None:
    earlier = await state.runs.start(["customers"], full=True)
    await state.runs.finish(earlier, RunStatus.COMPLETE, {})
    clock.move(days=-1)
    going_on = await state.runs.start(["customers"], full=True)
    clock.move(days=-1)
    async with State.open(state_url, tmp_path, clock=clock) as other:
        with pytest.raises(StateError, match=f"run {going_on} is going on in .* begun less than a minute ago"):
            await other.runs.start([], full=True)
        clock.move(days=-300)
        with pytest.raises(StateError, match=f"run {going_on} is going on"):
            await other.runs.start([], full=True)
        assert [run.id for run in await other.runs.history(2)] == [going_on, earlier]
        await state.runs.finish(going_on, RunStatus.COMPLETE, {})
        assert await other.runs.start([], full=True)


async def test_a_session_that_has_ended_stays_ended_when_the_clock_is_set_back(state: State, clock: Clock) -> None:
    sessions: ServiceSessions = state.sessions
    await sessions.begin("a" * 64, "mark", lasts=12 * HOURS, most=5)
    clock.move(hours=11)
    assert await sessions.token_mark("a" * 64) == "mark"
    clock.move(hours=2)
    assert await sessions.token_mark("a" * 64) is None
    clock.move(hours=-6)
    assert await sessions.token_mark("a" * 64) is None
