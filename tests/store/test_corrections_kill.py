"""An applying process killed at any moment: what it was told is durable is there, and the trail tells the truth."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError

import orjson
import pytest

from reconciler.model.corrections import AuditEntry
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.correction_cases import S, listed
from tests.store.correction_writer import write

_KILLS = int(os.environ.get("RECONCILER_TEST_KILLS", "2"))
"""The full proof takes 200."""
_LONGEST_LIFE_S = 0.4


def _killed_writer(folder: Path, url: str, seed: int, life_s: float) -> list[tuple[str, str, str]]:
    """Start a writer and kill it so many seconds after it first said something. Gives what it said."""
    hears, says = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=write, args=(folder, url, seed, says))
    process.start()
    says.close()
    with hears:
        told = [hears.recv()]
        killer = threading.Timer(life_s, process.kill)
        killer.start()
        # What was being said when it was killed does not count.
        with suppress(EOFError, UnpicklingError):
            while True:
                told.append(hears.recv())
    process.join()
    assert process.exitcode == -signal.SIGKILL
    killer.join()
    return told


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
async def test_killed_while_it_applies_nothing_that_was_durable_is_lost(state_url: str, tmp_path: Path) -> None:
    chance = random.Random(20261122)
    told: list[tuple[str, str, str]] = []
    for seed in range(_KILLS):
        told += await asyncio.to_thread(_killed_writer, tmp_path, state_url, seed, chance.uniform(0, _LONGEST_LIFE_S))
        async with State.open(state_url, tmp_path) as state:
            check = await state.audit.verify()
            assert check.breaks == ()
            assert (check.entries, check.head) == await state.audit.head()
    async with State.open(state_url, tmp_path) as state:
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
