"""An applying process killed at any moment: what it was told is durable is there, and the trail tells the truth."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest

from reconciler.model.corrections import AuditEntry
from reconciler.store.state.state import State
from tests.store.correction_cases import S, listed

_KILLS = int(os.environ.get("RECONCILER_TEST_KILLS", "2"))
"""The full proof takes 200."""
_LONGEST_LIFE_S = 0.4


def _killed_writer(folder: Path, seed: int, life_s: float) -> list[list[str]]:
    """Start a writer and kill it so many seconds after its first line. Returns the whole lines it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.correction_writer", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    with process.stdout:
        first = process.stdout.readline()
        killer = threading.Timer(life_s, process.send_signal, [signal.SIGKILL])
        killer.start()
        lines = [first, *process.stdout.readlines()]
    assert process.wait() == -signal.SIGKILL
    killer.join()
    return [line.split() for line in lines if line.endswith("\n")]


def _last_states(entries: list[AuditEntry]) -> dict[str, str]:
    """Where the trail says each correction is. Each of its moves must begin where the one before ended."""
    states: dict[str, str] = {}
    for entry in entries:
        details = orjson.loads(entry.details)
        if entry.act == "correction.proposed":
            states[entry.subject] = "proposed"
        else:
            assert states[entry.subject] == details["from"]
            states[entry.subject] = details["to"]
    return states


@pytest.mark.timeout(60 + 3 * _KILLS)
async def test_killed_while_it_applies_nothing_that_was_durable_is_lost(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    told: list[list[str]] = []
    for seed in range(_KILLS):
        told += _killed_writer(tmp_path, seed, chance.uniform(0, _LONGEST_LIFE_S))
        async with State.open("sqlite:///state.db", tmp_path) as state:
            check = await state.audit.verify()
            assert check.breaks == ()
            assert (check.entries, check.head) == await state.audit.head()
    async with State.open("sqlite:///state.db", tmp_path) as state:
        states = {each.id: each.state.value for each in await listed(state.corrections.iterate())}
        entries = await listed(state.audit.iterate())
        assert _last_states(entries) == states
        steps = {each: [step.kind.value for step in await state.journal.steps(each)] for each in states}
        unfinished = {step.correction for step in await state.journal.unfinished()}
    moved = {(entry.subject, orjson.loads(entry.details).get("to")) for entry in entries}
    assert {(identity, to) for what, identity, to in told if what == "moved"} <= moved
    for what, identity, kind in told:
        if what == "noted":
            assert kind in steps[identity]
    assert all(kinds == ["intent", "accepted", "done"][: len(kinds)] for kinds in steps.values())
    assert unfinished == {each for each, state in states.items() if state in (S.APPLYING, S.UNKNOWN) and steps[each]}
    assert len(told) >= 3 * _KILLS
