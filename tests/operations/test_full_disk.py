"""A disk that is full while a pull, a comparison and corrections go on: clear words, and what was there is there."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from reconciler.app.correct import Choice
from reconciler.model.corrections import CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.store.state.file_copy import copy_file
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import rig
from tests.operations.small_disk import Orders, Try, available, tried

_KIB = 1024
_PLENTY_BYTES = 4096 * _KIB
_TO_DO = ("Make room", "Check that it has room")
_CLEAR = ("disk is full", "Check that it has room", "No space left on device")

pytestmark = pytest.mark.timeout(120)


def _failed_clearly(tries: list[Try], place: str) -> list[Try]:
    """Those that failed; the last one came to its end, so that what came before did no lasting harm.

    Args:
        place: what of the project lies on the full disk, which the message has to name.
    """
    *failed, last = tries
    assert last.code in (0, 1), last.stderr
    assert failed, "the disk was never full"
    for each in failed:
        assert each.code in (2, 4), each
        assert any(words in each.stderr for words in _CLEAR), each.stderr
        assert place in each.stderr, each.stderr
        assert any(hint in each.stderr for hint in _TO_DO), each.stderr
        assert "Traceback" not in each.stderr
        assert "should not" not in each.stderr
        assert each.integrity == "ok"
    for each in tries:
        assert each.problems == []
    return failed


async def test_a_full_disk_is_told_and_costs_nothing_that_was_there(tmp_path: Path) -> None:
    if not available():
        pytest.skip("this machine lets no user mount a small disk of its own")
    async with rig(tmp_path) as at_work:
        customers = FindingFilter(entity="customers", status=FindingStatus.OPEN)
        proposed = await at_work.propose(customers)
        _, plan = await at_work.planned(Choice([each.id for each in proposed.corrections]), check=False)
        planned = await at_work.corrections(states=CorrectionState.PLANNED)
        known = await at_work.workspace.state.findings.count()
        acts, _ = await at_work.workspace.state.audit.head()
        before = {side: await at_work.records(side) for side in Side}
        box = await asyncio.to_thread(_copied, at_work.project_file.parent, tmp_path / "copied")
        run = ("run", "--full", "--no-taxes", "--no-notify")
        apply = ("corrections", "apply", f"{{box}}/{plan.name}", "--as", "ana")
        pulling, comparing, applying = await asyncio.to_thread(
            tried,
            tmp_path,
            Orders(box, "data", (*run, "products"), (0, _PLENTY_BYTES)),
            Orders(box, "state", (*run, "customers"), (160 * _KIB, _PLENTY_BYTES)),
            Orders(box, "state", apply, (288 * _KIB, _PLENTY_BYTES)),
        )
        after = {side: await at_work.records(side) for side in Side}
    for failed in (_failed_clearly(pulling, "data/snapshots"), _failed_clearly(comparing, "state.db")):
        assert {len(each.findings) for each in failed} == {known}
        assert {each.acts for each in failed} == {acts}
        assert {each.code for each in failed} == {2}
    (halfway,) = _failed_clearly(applying, "state.db")
    assert halfway.acts > acts, "what was done is in the trail"
    assert sum(halfway.corrections.values()) == len(planned)
    assert 0 < halfway.corrections["planned"] < len(planned)
    assert set(applying[-1].corrections) <= {"verified", "refused", "superseded"}, applying[-1].stderr
    for side, collection in ((Side.CRM, "Contacts"), (Side.ERP, "clientes")):
        creates = sum(each.side is side and each.action is CorrectionAction.CREATE for each in planned)
        assert len(after[side][collection]) - len(before[side][collection]) <= creates


def _copied(box: Path, copied: Path) -> str:
    """The project as it is now, its state included: a copy of the file alone would lack what is in its log."""
    shutil.copytree(box, copied, ignore=shutil.ignore_patterns("state.db*"))
    copy_file(box / "state.db", copied / "state.db")
    return str(copied)
