"""A process killed at any moment: what was finished is whole, what was not has left nothing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from pickle import UnpicklingError

import pytest

from reconciler.store.state.records import RunStatus
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.state_writer import ENTITIES, write

_KILLS, _KILLS_FROM_THE_START = (20, 5) if os.environ.get("RECONCILER_FULL_PROOFS") else (8, 2)
_SLOWEST_START_S = 0.6
_LONGEST_LIFE_S = 0.8


def _killed_writer(folder: Path, seed: int, life_s: float, *, from_the_start: bool) -> list[str]:
    """Start a writer and kill it so many seconds later, counted from its start or from the end of its first run.

    Returns the runs it said were finished.
    """
    hears, says = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=write, args=(folder, seed, says))
    process.start()
    says.close()
    with hears:
        finished = [] if from_the_start else [hears.recv()]
        killer = threading.Timer(life_s, process.kill)
        killer.start()
        # What was being said when it was killed does not count.
        with suppress(EOFError, UnpicklingError):
            while True:
                finished.append(hears.recv())
    process.join()
    assert process.exitcode == -signal.SIGKILL
    killer.join()
    return finished


def _assert_sound(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = "SELECT group_id, status, {} FROM {} GROUP BY group_id, status ORDER BY 1, 2"
        counted = database.execute(counts.format("count(*)", "findings")).fetchall()
        assert database.execute(counts.format("sum(findings)", "finding_counts")).fetchall() == counted
        events = "SELECT count(*) FROM finding_events LEFT JOIN findings f ON f.id = finding_id WHERE f.id IS NULL"
        assert database.execute(events).fetchone() == (0,)
        indexes = database.execute("SELECT count(*) FROM sqlite_master WHERE tbl_name = 'findings' AND type = 'index'")
        assert indexes.fetchone() == (3,)


def _assert_whole(file: Path) -> None:
    """The last recording of each entity, of a finished run or not, counted exactly what the table holds."""
    with closing(sqlite3.connect(file)) as database:
        for entity in ENTITIES:
            recorded = database.execute(
                "SELECT run_number, open, new - reopened, started_at FROM run_entities"
                " JOIN runs ON number = run_number WHERE entity = ? ORDER BY run_number DESC LIMIT 1",
                [entity],
            ).fetchone()
            if recorded is None:
                continue
            run_number, still_open, first_seen, started_at = recorded
            held = database.execute(
                "SELECT sum(status = 1 OR status = 2 AND decisions.at >= ?), sum(first_run = ?), max(last_run)"
                " FROM findings JOIN finding_groups ON finding_groups.id = group_id"
                " LEFT JOIN decisions ON decisions.id = decision_id WHERE entity = ?",
                [started_at, run_number, entity],
            ).fetchone()
            assert held == (still_open, first_seen, run_number)


@pytest.mark.timeout(240)
async def test_kills_at_random_moments_lose_nothing_and_leave_nothing_half_done(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    finished: list[str] = []
    for seed in range(_KILLS):
        early = seed < _KILLS_FROM_THE_START
        life_s = chance.uniform(0.05, _SLOWEST_START_S) if early else chance.uniform(0, _LONGEST_LIFE_S)
        finished += _killed_writer(tmp_path, seed, life_s, from_the_start=early)
        async with State.open("sqlite:///state.db", tmp_path):
            pass
        _assert_sound(tmp_path / "state.db")
        _assert_whole(tmp_path / "state.db")
    async with State.open("sqlite:///state.db", tmp_path) as state:
        runs = {run.id: run for run in await state.runs.history(100_000)}
    assert set(finished) <= runs.keys()
    assert len(finished) >= _KILLS - _KILLS_FROM_THE_START
    assert {run.status for run in runs.values()} == {RunStatus.COMPLETE, RunStatus.INTERRUPTED}
    complete = {run.id: run.document for run in runs.values() if run.status is RunStatus.COMPLETE}
    assert set(finished) <= complete.keys()
    assert _recorded_totals(tmp_path / "state.db", complete) == complete


def _recorded_totals(file: Path, run_ids: Iterable[str]) -> dict[str, object]:
    """What each of these runs recorded, in the form the writer gave to `finish`."""
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT id, entity, new, open, closed, reopened FROM run_entities JOIN runs ON number = run_number"
        ).fetchall()
    totals: dict[str, dict[str, object]] = {run_id: {} for run_id in run_ids}
    for run_id, entity, new, still_open, closed, reopened in rows:
        if run_id in totals:
            totals[run_id][entity] = {"new": new, "open": still_open, "closed": closed, "reopened": reopened}
    return dict(totals)
