"""A backup made after an applying process was killed, restored later: what is unknown stays known, nothing doubles."""

from __future__ import annotations

import asyncio
import random
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.app.backup.making import make_backup
from reconciler.app.backup.restoring import RESTORED, restore_backup
from reconciler.model.corrections import CorrectionState
from reconciler.project import Project, load_project
from reconciler.store.state.state import State
from tests.corrections.apply_process import PLAN, STATE, Orders
from tests.corrections.proof import FULL
from tests.corrections.test_apply_kill import planned

S = CorrectionState
_CORRECTIONS = 200 if FULL else 10
_PROJECT = """
[project]
name = "acme"
[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:1"
credentials = { user_key = "made-up" }
[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:1"
credentials = { user = "made-up", password = "made-up" }
"""


def _project(folder: Path) -> Project:
    file = folder / "reconciler.toml"
    file.write_text(_PROJECT)
    return load_project(file, {})


def _lose_everything(folder: Path) -> None:
    for path in folder.glob("state.db*"):
        path.unlink()


@pytest.mark.timeout(600 if FULL else 60)
async def test_a_backup_of_a_killed_apply_keeps_what_is_unknown_and_doubles_nothing(tmp_path: Path) -> None:
    """The whole plan is applied after the backup; then the backup comes back, which knows nothing of that."""
    chance = random.Random(7)
    async with planned(tmp_path, _CORRECTIONS) as proof:
        project = _project(tmp_path)
        assert await proof.live(("after note accepted", chance.randint(0, 2))) < 0
        at_backup = await proof.states()
        assert S.APPLYING in set(at_backup.values())
        made = await make_backup(project, tmp_path / "night.backup")
        await proof.through()
        _lose_everything(tmp_path)
        restored = await restore_backup(project, tmp_path / "night.backup", person="olga")
        assert await proof.states() == at_backup
        undecided = [state for state in at_backup.values() if state in (S.APPLYING, S.UNKNOWN)]
        assert restored.undecided == len(undecided)
        async with State.open(STATE, tmp_path) as state:
            unfinished = {step.correction for step in await state.journal.unfinished()}
            assert unfinished <= {each for each, kept in at_backup.items() if kept in (S.APPLYING, S.UNKNOWN)}
            assert unfinished
            (last,) = await state.audit.page(made.manifest.trail_entries, 10)
            assert (last.act, last.person, last.previous) == (RESTORED, "olga", made.manifest.trail_head)
        await proof.through()
    assert made.manifest.made_at <= datetime.now(UTC)


@pytest.mark.timeout(600 if FULL else 60)
async def test_what_was_written_between_a_backup_and_a_kill_is_recognised_in_another_place(tmp_path: Path) -> None:
    """The backup is made while the process applies; then it is killed halfway, and its machine is lost."""
    lost, elsewhere, go = tmp_path / "lost", tmp_path / "elsewhere", tmp_path / "go"
    lost.mkdir()
    elsewhere.mkdir()
    async with planned(lost, _CORRECTIONS) as proof:
        killed_at = ("after note accepted", 2)
        process = await proof.start(Orders(lost, proof.pair.base_urls, killed_at, waits_for=go))
        await _claimed(lost)
        made = await make_backup(_project(lost), tmp_path / "night.backup")
        go.touch()
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -signal.SIGKILL
        written = {each for each, state in (await proof.states()).items() if state is not S.PLANNED}
        assert 0 < len(written) < _CORRECTIONS or FULL
        _lose_everything(lost)
        restored = await restore_backup(_project(elsewhere), tmp_path / "night.backup", person="olga")
        assert restored.undecided == 0
        proof.folder = elsewhere
        assert set((await proof.states()).values()) == {S.PLANNED}, "the backup knows nothing of what came after it"
        await proof.through()
        async with State.open(STATE, elsewhere) as state:
            check = await state.audit.verify(made.manifest.trail_head)
            assert check.is_whole, check.breaks
            assert check.entries > made.manifest.trail_entries


async def _claimed(folder: Path) -> None:
    """Wait until the process has begun to apply."""
    async with State.open(STATE, folder) as state, asyncio.timeout(30):
        while (plan := await state.corrections.plan(PLAN)) is None or plan.owner is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another process does it
