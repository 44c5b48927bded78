"""Runs: one at a time, and an honest word about those that nobody ended."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError, StateError
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.records import RunStatus
from reconciler.store.state.runlock import FileRunLock, Holder
from reconciler.store.state.runs import Runs
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.side_processes import start_a_run_and_wait
from tests.store.state_cases import START, Clock, row

RUN_ID = re.compile(r"20261122T101112Z-[0-9a-f]{4}")


async def test_a_run_is_kept_with_its_document(state: State, clock: Clock) -> None:
    run_id = await state.runs.start(["customers", "products"], full=True)
    clock.move(minutes=5)
    await state.runs.finish(run_id, RunStatus.PARTIAL, {"run": run_id, "seconds": 1.5})
    run = await state.runs.get(run_id)
    assert RUN_ID.fullmatch(run_id)
    assert (run.status, run.entities, run.full) == (RunStatus.PARTIAL, ("customers", "products"), True)
    assert (run.started_at, run.finished_at) == (START, START + timedelta(minutes=5))
    assert run.document == {"run": run_id, "seconds": 1.5}
    assert run.pid == os.getpid()


async def test_the_history_is_newest_first_and_as_long_as_asked(state: State, clock: Clock) -> None:
    started = []
    for _ in range(3):
        clock.move(hours=1)
        started.append(await state.runs.start([], full=False))
        await state.runs.finish(started[-1], RunStatus.COMPLETE, {})
    assert [run.id for run in await state.runs.history(2)] == [started[2], started[1]]
    assert sorted(started) == started


async def test_runs_of_the_same_second_have_different_ids(state: State) -> None:
    started = []
    for _ in range(20):
        started.append(await state.runs.start([], full=False))
        await state.runs.finish(started[-1], RunStatus.COMPLETE, {})
    assert len(set(started)) == 20


async def test_a_unique_beginning_names_a_run(state: State, clock: Clock) -> None:
    first = await state.runs.start([], full=False)
    await state.runs.finish(first, RunStatus.COMPLETE, {})
    clock.move(days=1)
    second = await state.runs.start([], full=False)
    assert (await state.runs.get("20261123")).id == second
    with pytest.raises(RefusedError, match="several runs"):
        await state.runs.get("2026")


async def test_an_unknown_run_is_refused(state: State) -> None:
    await state.runs.start([], full=False)
    for unknown in ("", "1999", "%", "_", "20261122T101112Z-zzzz"):
        with pytest.raises(RefusedError, match="there is no run"):
            await state.runs.get(unknown)


async def test_a_second_run_is_refused_and_told_who_is_running_and_since_when(
    state: State, state_url: str, tmp_path: Path, clock: Clock
) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    clock.move(minutes=7)
    async with State.open(state_url, tmp_path, clock=clock) as other:
        with pytest.raises(StateError) as refused:
            await other.runs.start(["customers"], full=True)
    message = refused.value.message
    assert run_id in message
    assert f"process {os.getpid()}" in message
    assert "7 minutes" in message
    assert (await state.runs.get(run_id)).status is RunStatus.RUNNING


async def test_the_same_process_cannot_run_twice_either(state: State) -> None:
    await state.runs.start([], full=False)
    with pytest.raises(StateError, match="less than a minute"):
        await state.runs.start([], full=False)


async def test_the_next_run_can_start_when_one_has_finished(state: State, state_url: str, tmp_path: Path) -> None:
    await state.runs.finish(await state.runs.start([], full=False), RunStatus.FAILED, {})
    async with State.open(state_url, tmp_path) as other:
        assert await other.runs.start([], full=False)


async def test_a_run_left_open_is_interrupted(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        run_id = await state.runs.start([], full=False)
    async with State.open(state_url, tmp_path) as state:
        assert (await state.runs.get(run_id)).status is RunStatus.INTERRUPTED
        next_id = await state.runs.start([], full=False)
        assert [run.status for run in await state.runs.history(5)] == [RunStatus.RUNNING, RunStatus.INTERRUPTED]
        await state.runs.finish(next_id, RunStatus.COMPLETE, {})
        assert (await state.runs.get(run_id)).status is RunStatus.INTERRUPTED


@pytest.mark.parametrize("run_id", ["unknown", "finished"])
async def test_only_a_run_going_on_can_be_finished_or_recorded_for(run_id: str, state: State) -> None:
    if run_id == "finished":
        run_id = await state.runs.start([], full=False)
        await state.runs.finish(run_id, RunStatus.COMPLETE, {"first": True})
    with pytest.raises(StateError, match="not going on"):
        await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    with pytest.raises(StateError, match="not going on"):
        await state.findings.record(run_id, "customers", [[row()]])
    assert await state.findings.count() == 0


async def test_a_killed_process_gives_the_lock_back_and_its_run_is_interrupted(state_url: str, tmp_path: Path) -> None:
    hears, says = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=start_a_run_and_wait, args=(state_url, tmp_path, says))
    process.start()
    says.close()
    with hears:
        run_id = await asyncio.to_thread(hears.recv)
    async with State.open(state_url, tmp_path) as state:
        seen = await state.runs.get(run_id)
        assert (seen.status, seen.pid) == (RunStatus.RUNNING, process.pid)
        with pytest.raises(StateError, match=f"process {process.pid} "):
            await state.runs.start([], full=False)
        process.kill()
        await asyncio.to_thread(process.join, 20)
        async with asyncio.timeout(20):
            # A server notices a lost connection a moment later; a file lock is given back at once.
            while (await state.runs.get(run_id)).status is RunStatus.RUNNING:
                pass
        assert await state.runs.start([], full=False)


async def test_a_run_that_ends_while_it_is_looked_at_is_not_called_interrupted(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        run_id = await state.runs.start([], full=False)

        class EndsMeanwhile:
            """Stands for the lock as seen by another process: free, because the run has just ended."""

            taken = lost = False

            async def acquire(self) -> bool:
                return False

            async def holder(self) -> Holder | None:
                return None

            async def is_ours(self, connection: AsyncConnection) -> bool:
                return False

            async def is_held(self) -> bool:
                await state.runs.finish(run_id, RunStatus.COMPLETE, {})
                return False

            async def release(self) -> None:
                return None

        database = Database(backend_for(state_url, tmp_path))
        database.run_lock = EndsMeanwhile()
        seen = await Runs(database, Clock()).get(run_id)
        await database.close()
    assert seen.status is RunStatus.COMPLETE


async def test_the_lock_is_taken_although_somebody_is_just_looking_at_it(tmp_path: Path) -> None:
    lock = FileRunLock(tmp_path / "lock")
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        taking = asyncio.create_task(lock.acquire())
        await asyncio.sleep(0)
        assert not taking.done()
    assert await taking
    assert not await FileRunLock(tmp_path / "lock").acquire()
    await lock.release()
    assert not await lock.is_held()


async def test_looking_at_the_runs_does_not_keep_one_from_starting(
    state: State, state_url: str, tmp_path: Path
) -> None:
    await state.runs.start([], full=False)
    async with State.open(state_url, tmp_path) as other:
        looking = asyncio.create_task(_look_until_cancelled(other))
        for _ in range(20):
            await state.runs.finish((await state.runs.history(1))[0].id, RunStatus.COMPLETE, {})
            await state.runs.start([], full=False)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking


async def _look_until_cancelled(state: State) -> None:
    while True:
        await state.runs.history(5)
