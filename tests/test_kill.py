"""A run killed at any moment loses nothing: earlier findings stay, the state is readable, the next run is right."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Command, Sandbox, run_command

_KILLS = 50
_ENTITIES = ("customers", "products")
_SHARE = {("customers",): 0.7, ("products",): 0.6, _ENTITIES: 1.0}
"""About how long a run of some of them takes, where one of all of them takes 1."""


def _ids(project: Path) -> set[str]:
    done = run_command("--project", project, "findings", "list", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return {each["id"] for each in found}


def _killed_run(project: Path, entities: tuple[str, ...], after_s: float) -> bool:
    """Start a run and kill it after that many seconds; whether it was still running then."""
    with tempfile.TemporaryDirectory() as output:
        run = Command("--project", project, "run", *entities, "--full", "--json", output=Path(output))
        run.process.join(after_s)
        if run.process.exitcode is None:
            run.process.kill()
        run.process.join()
    return run.process.exitcode == -signal.SIGKILL


def _state_is_sound(project: Path) -> bool:
    with sqlite3.connect(project.parent / "state.db") as database:
        return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.mark.timeout(280)
def test_fifty_kills_at_random_points_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    with Sandbox(tmp_path / "box", "--customers", "20") as sandbox:
        project = sandbox.project
        started = time.monotonic()
        first = run_command("--project", project, "run", *_ENTITIES, "--full", "--json")
        whole_run_s = time.monotonic() - started
        assert first.returncode == 1, first.stderr
        known = _ids(project)
        killed = 0
        for number in range(_KILLS):
            entities, share = chance.choice(list(_SHARE.items()))
            killed += _killed_run(project, entities, chance.uniform(0.0, whole_run_s * share))
            assert _state_is_sound(project)
            if number % 10 == 9:
                assert _ids(project) == known
        assert killed >= _KILLS // 2
        last = run_command("--project", project, "run", *_ENTITIES, "--json")
        assert last.returncode == 0, last.stderr
        assert _ids(project) == known
        runs = json.loads(run_command("--project", project, "runs", "--json").stdout)
        assert {run["status"] for run in runs} <= {"complete", "interrupted"}
