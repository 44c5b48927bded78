"""Without credentials people decide all the same; what then cannot be read, somebody settles, and reading proves it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.app.correct import (
    Choice,
    Edit,
    apply_plan,
    approve_corrections,
    edit_correction,
    listed_corrections,
    plan_corrections,
    read_plan_file,
    reject_corrections,
    retry_corrections,
    settle_correction,
    shown_correction,
)
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.model.correction_records import CorrectionFilter, Move
from reconciler.model.corrections import Correction, CorrectionState, JournalStep, StepKind
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import ALL, Rig, rig

S = CorrectionState
PRICES = FindingFilter(entity="products", field="price", kind="differs", status=FindingStatus.OPEN)


def _from_the_environment(text: str) -> str:
    """The project takes the CRM's key from the environment, where it is not."""
    changed, count = re.subn(r'user_key = "[^"]*"', 'user_key = { env = "SETTLING_KEY" }', text)
    assert count == 1
    return changed


async def _planned_without_credentials(rig: Rig) -> Correction:
    """One that waits in a plan, after everything that people do before anything is written."""
    proposed = await rig.propose(PRICES)
    first, second, third = proposed.corrections[:3]
    await edit_correction(rig.acting(), first.id, [Edit("price", "12.5")])
    await reject_corrections(rig.acting(), Choice([third.id]), reason="not today")
    await approve_corrections(rig.acting(), Choice([first.id, second.id]))
    shown = await shown_correction(rig.acting(), first.id)
    assert (shown.correction.state, shown.correction.changes[0].new) == (S.APPROVED, "12.5")
    listed = [each.state async for each, _ in listed_corrections(rig.acting(), CorrectionFilter(states=S.APPROVED))]
    assert listed == [S.APPROVED] * 2
    out = rig.project_file.parent / "unchecked.json"
    with pytest.raises(ConfigurationError, match="SETTLING_KEY"):
        await plan_corrections(rig.acting(), ALL, out=out)
    planned = await plan_corrections(rig.acting(), ALL, out=out, check=False)
    with pytest.raises(ConfigurationError, match="SETTLING_KEY"):
        await apply_plan(rig.acting(), read_plan_file(out))
    return next(each for each in planned.corrections if each.id == first.id)


async def _lost(rig: Rig, correction: Correction) -> None:
    """It was sent under its plan, and no answer came."""
    stored, plan = rig.workspace.state, _plan_digest(rig)
    await stored.corrections.move([Move(correction.id, S.PLANNED, S.APPLYING)], person="ana", plan=plan)
    await stored.journal.note(JournalStep(correction.id, plan, 1, StepKind.INTENT, rig.clock(), correction.record_id))
    await stored.corrections.move([Move(correction.id, S.APPLYING, S.UNKNOWN)], person="ana", plan=plan)
    rig.clock.forward(minutes=2)


def _plan_digest(rig: Rig) -> str:
    """Of the plan that was made."""
    found = re.search(r'"digest":"([0-9a-f]{64})"', (rig.project_file.parent / "unchecked.json").read_text())
    assert found is not None
    return found[1]


async def test_what_cannot_be_read_is_settled_by_a_person_and_proved_once_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTLING_KEY", raising=False)
    async with rig(tmp_path, _from_the_environment) as at_work:
        correction = await _planned_without_credentials(at_work)
        await _lost(at_work, correction)

        async def settle(*, written: bool, reason: str = "the vendor's support told me") -> Correction:
            return await settle_correction(at_work.acting("rui"), correction.id[:8], written=written, reason=reason)

        monkeypatch.setenv("SETTLING_KEY", at_work.crm_key)
        with pytest.raises(RefusedError, match=r"reading tells by itself .* It was not done"):
            await settle(written=True)
        monkeypatch.setenv("SETTLING_KEY", "another-key")
        with pytest.raises(RefusedError, match="nothing says how that is known"):
            await settle(written=True, reason=" ")
        assert await at_work.state_of(correction.id) is S.UNKNOWN
        settled = await settle(written=True)
        assert settled.state is S.APPLIED
        assert settled.words.startswith("rui says that it was written: the vendor's support told me")
        entries = [each async for each in at_work.workspace.state.audit.iterate()]
        assert [(each.person, each.act) for each in entries if each.subject == correction.id][-1] == (
            "rui",
            "correction.settled",
        )
        assert "the vendor's support told me" in entries[-1].details
        assert (await at_work.workspace.state.audit.verify()).is_whole

        monkeypatch.setenv("SETTLING_KEY", at_work.crm_key)
        await at_work.crm("PATCH", f"/Products({correction.record_id})", {"UnitPrice": 12.5})
        retried = await retry_corrections(at_work.acting(), Choice([correction.id]))
        assert [each.state for each in retried.corrections] == [S.VERIFIED]
