"""One at a time on several machines: who holds a lock is named, and who lost it writes nothing more."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from reconciler.errors import RefusedError, StateError
from reconciler.model.correction_records import StoredPlan
from reconciler.model.entities import Side
from reconciler.store.state.records import RunStatus
from reconciler.store.state.runlock import FileRunLock, Holder, Purpose, age_in_words
from reconciler.store.state.state import State
from tests.store.correction_cases import digest_of_text
from tests.store.directly import directly
from tests.store.state_cases import START, row

on_postgresql = pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
HERE = f"process {os.getpid()} on {socket.gethostname()}"
PLAN = digest_of_text("a plan")
_CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name LIKE 'reconciler %@%'"
)


async def cut_off(state_url: str) -> int:
    """End the connections that hold locks, as a network or a restarted server would; returns how many there were."""
    return len(await directly(state_url, Path("/nowhere"), _CUT_OFF))


async def test_who_holds_a_lock_is_told_on_another_machine(state: State, state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as other:
        assert await other.pilot_lock.holder() is None
        assert await state.pilot_lock.acquire()
        assert await other.pilot_lock.is_held()
        held_by = await other.pilot_lock.holder()
        assert held_by is not None
        assert (held_by.process, held_by.age_s < 60) == (HERE, True)
        assert not await other.pilot_lock.acquire()
        await state.pilot_lock.release()
        assert await other.pilot_lock.holder() is None
        assert await other.pilot_lock.acquire()
        assert await state.scenario_lock.acquire()
        assert not await other.scenario_lock.acquire()
        playing = await other.scenario_lock.holder()
        assert playing is not None
        assert playing.process == HERE


async def test_while_the_pilot_is_run_only_its_own_comparisons_begin(
    state: State, state_url: str, tmp_path: Path
) -> None:
    async with State.open(state_url, tmp_path) as other:
        assert await state.pilot_lock.acquire()
        with pytest.raises(StateError) as refused:
            await other.runs.start([], full=False)
        assert refused.value.message == f"the pilot is being run in {HERE}, begun less than a minute ago."
        own = await state.runs.start([], full=False, of_pilot=True)
        await state.runs.finish(own, RunStatus.COMPLETE, {})
        await state.pilot_lock.release()
        assert await other.runs.start([], full=False)


async def test_who_applies_is_told(state: State, state_url: str, tmp_path: Path) -> None:
    owner = f"ana ({HERE}, ab12)"
    async with State.open(state_url, tmp_path) as other:
        await state.corrections.add_plan(StoredPlan(PLAN, "{}", "olga", START, ()))
        assert await other.corrections.applier() is None
        assert await state.corrections.claim_plan(PLAN, owner)
        assert not await other.corrections.claim_plan(PLAN, "rui")
        assert await other.corrections.applier() == f"{owner}, begun less than a minute ago"
        await state.corrections.release_plan(PLAN, owner, finished=False)
        assert await other.corrections.applier() is None


@on_postgresql
async def test_a_run_that_lost_its_lock_writes_nothing_more(state: State, state_url: str, tmp_path: Path) -> None:
    """The other machine goes on at once; what the first was about to keep would contradict it."""
    run_id = await state.runs.start(["customers"], full=True)
    await state.findings.record(run_id, "customers", [[row()]])
    assert await cut_off(state_url) == 1
    with pytest.raises(StateError, match=r"the lock of the run was lost: its connection to .* ended"):
        await state.snapshots.begin(run_id, Side.CRM, "customers")
    async with State.open(state_url, tmp_path / "elsewhere") as other:
        taken_over = await other.runs.start(["customers"], full=True)
        with pytest.raises(StateError, match="the lock of the run was lost"):
            await state.runs.finish(run_id, RunStatus.COMPLETE, {})
        assert [run.status for run in await other.runs.history(2)] == [RunStatus.RUNNING, RunStatus.INTERRUPTED]
        await state.runs.let_go()
        with pytest.raises(StateError, match=f"run {taken_over} is going on"):
            await state.runs.start([], full=False)
        await other.runs.finish(taken_over, RunStatus.COMPLETE, {})
    assert await state.runs.start([], full=False)


@on_postgresql
async def test_whoever_applies_and_lost_the_lock_writes_nothing_more(
    state: State, state_url: str, tmp_path: Path
) -> None:
    await state.corrections.add_plan(StoredPlan(PLAN, "{}", "olga", START, ()))
    assert await state.corrections.claim_plan(PLAN, "ana")
    assert await cut_off(state_url) == 1
    async with State.open(state_url, tmp_path) as other:
        assert await other.corrections.claim_plan(PLAN, "rui")
        with pytest.raises(StateError, match="the lock of whoever applies corrections was lost"):
            await state.tokens("crm").save("refresh", "new")
        with pytest.raises(StateError, match="was lost"):
            await state.corrections.release_plan(PLAN, "ana", finished=True)
        # Having told so it may do other things again; applying is not among them.
        await state.tokens("crm").save("refresh", "new")
        assert not await state.corrections.claim_plan(PLAN, "ana")
        with pytest.raises(RefusedError, match="ana does not apply"):
            await state.corrections.release_plan(PLAN, "ana", finished=True)
        await other.corrections.release_plan(PLAN, "rui", finished=True)


@on_postgresql
async def test_a_lock_that_only_the_server_let_go_is_lost_too(state: State, state_url: str) -> None:
    """As behind a pooler that gives each statement another session: the connection lives, and holds nothing."""
    lock = state.pilot_lock
    assert await lock.acquire()
    await state.stages.freezes()
    engine = create_async_engine(make_url(state_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await lock.is_ours(connection)
        driver = vars(lock)["_driver"]
        await driver.fetchval("SELECT pg_advisory_unlock_all()")
        assert not await lock.is_ours(connection)
    await engine.dispose()
    assert not lock.lost
    with pytest.raises(StateError, match="the lock of the run of the pilot was lost"):
        await state.tokens("crm").save("refresh", "new")


@on_postgresql
async def test_a_lost_connection_is_noticed_without_being_asked(state: State, state_url: str) -> None:
    assert await state.webhook_lock.acquire()
    assert not state.webhook_lock.lost
    await cut_off(state_url)
    async with asyncio.timeout(20):
        while not state.webhook_lock.lost:  # noqa: ASYNC110  # the lock tells nobody
            await asyncio.sleep(0.01)
    # What was told by webhooks is not all that a service writes.
    await state.tokens("crm").save("refresh", "new")
    assert await state.webhook_lock.acquire()
    assert not state.webhook_lock.lost


async def test_a_lock_file_that_names_nobody_is_held_by_somebody(tmp_path: Path) -> None:
    lock = FileRunLock(tmp_path / f"state.db.{Purpose.PILOT}.lock")
    assert await lock.acquire()
    (tmp_path / "state.db.pilot.lock").write_text('{"pid": "x"')
    assert await lock.is_held()
    assert await FileRunLock(tmp_path / "state.db.pilot.lock").holder() is None


@pytest.mark.parametrize(
    ("age_s", "words"),
    [(-3600.0, "less than a minute"), (59.9, "less than a minute"), (60.0, "1 minute"), (7199.0, "119 minutes"),
     (7200.0, "2 hours")],
)  # fmt: skip
def test_ages_in_words(age_s: float, words: str) -> None:
    """One below zero is that of a machine whose clock is ahead, or of ours set back."""
    assert str(Holder(7, "crm1", age_s)) == f"process 7 on crm1, begun {words} ago"
    assert age_in_words(age_s) == words
