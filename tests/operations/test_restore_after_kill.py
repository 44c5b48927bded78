"""A backup made after an applying process was killed, restored later: what is unknown stays known, nothing doubles."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.app.backup.making import make_backup
from reconciler.app.backup.restoring import RESTORED, restore_backup
from reconciler.model.corrections import CorrectionState
from reconciler.project import Project, load_project
from reconciler.store.state.state import State
from tests.corrections.apply_process import STATE
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
