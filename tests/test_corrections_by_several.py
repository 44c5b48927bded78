"""Corrections that one person alone does not get through: approvals, thresholds, and what an edit does to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.correct import (
    Edit,
    approve_corrections,
    edit_correction,
    plan_corrections,
)
from reconciler.errors import RefusedError
from reconciler.model.corrections import CorrectionState
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import ALL, Enter, entering, proposal_for

S = CorrectionState
FOUR_EYES = "\n[approvals]\nrequired = 2\n"


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """A context with the systems and the project as they were after the first run; the project file may be edited."""
    return entering(tmp_path)


async def test_two_people_have_to_approve_and_who_proposed_is_never_the_second(enter: Enter) -> None:
    async with enter(lambda text: text + FOUR_EYES) as rig:
        proposal = await proposal_for(rig, "legal_name")
        first = await approve_corrections(rig.acting("bia"), ALL)
        assert [missing.number for _, missing in first.waiting] == [1]
        with pytest.raises(RefusedError, match="ana proposed it"):
            await approve_corrections(rig.acting("ana"), ALL)
        again = await approve_corrections(rig.acting("bia"), ALL)
        assert not again.approved
        planned = await plan_corrections(rig.acting("bia"), ALL, out=None)
        assert planned.sealed is None
        second = await approve_corrections(rig.acting("caio"), ALL)
        assert [each.id for each in second.approved] == [proposal.id]
        assert await rig.state_of(proposal.id) is S.APPROVED


async def test_who_proposed_may_be_the_first_of_two_and_not_both(enter: Enter) -> None:
    async with enter(lambda text: text + FOUR_EYES) as rig:
        proposal = await proposal_for(rig, "legal_name")
        for _ in range(2):
            own = await approve_corrections(rig.acting("ana"), ALL)
            assert [missing.number for _, missing in own.waiting] == [1]
        second = await approve_corrections(rig.acting("bia"), ALL)
        assert [each.id for each in second.approved] == [proposal.id]


async def test_an_amount_above_its_threshold_takes_two_people_and_the_others_one(enter: Enter) -> None:
    rule = '\n[[approvals.rules]]\nentity = "customers"\nfield = "credit_limit"\nabove = "1000"\nrequired = 2\n'
    async with enter(lambda text: text + rule) as rig:
        await rig.propose(FindingFilter(entity="customers", field=["credit_limit", "sales_volume"], status="open"))
        approved = await approve_corrections(rig.acting("bia"), ALL)
        assert approved.approved
        assert all(each.changes[0].field == "sales_volume" for each in approved.approved)
        assert {missing.required for each, missing in approved.waiting} == {2}
        assert all(each.changes[0].field == "credit_limit" for each, _ in approved.waiting)


async def test_an_edit_withdraws_approvals_and_what_is_written_is_the_edited_value(enter: Enter) -> None:
    async with enter(lambda text: text + FOUR_EYES) as rig:
        proposal = await proposal_for(rig, "legal_name")
        await approve_corrections(rig.acting("bia"), ALL)
        edited = await edit_correction(rig.acting("caio"), proposal.id[:8], [Edit("legal_name", "Nome Combinado Ltda")])
        assert edited.changes[0].edited_by == "caio"
        first = await approve_corrections(rig.acting("bia"), ALL)
        assert [missing.number for _, missing in first.waiting] == [1]
        with pytest.raises(RefusedError, match="caio edited it"):
            await approve_corrections(rig.acting("caio"), ALL)
        await approve_corrections(rig.acting("davi"), ALL)
        out = rig.project_file.parent / "edited.json"
        await plan_corrections(rig.acting("davi"), ALL, out=out)
        assert (await rig.apply(out)).exit_code == 0
        assert (await rig.contact(proposal.key))["LegalName"] == "Nome Combinado Ltda"
