"""Sealed plans that are refused: edited, too old, no longer approved, of another project, of another state."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.wire import open_workspace
from reconciler.errors import RefusedError
from reconciler.model.entities import Side
from reconciler.project import load_project
from tests.app.corrections_rig import Enter, entering, proposal_for


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """A context with the systems and the project as they were after the first run; the project file may be edited."""
    return entering(tmp_path)


async def test_an_edited_plan_is_refused_and_nothing_is_written(enter: Enter) -> None:
    async with enter() as rig:
        proposal = await proposal_for(rig, "legal_name")
        _, plan = await rig.planned()
        sealed = plan.read_text()
        plan.write_text(sealed.replace(str(proposal.changes[0].new), "Somebody Else"))
        assert plan.read_text() != sealed
        before = await rig.records(Side.CRM)
        with pytest.raises(RefusedError, match="changed after it was sealed"):
            await rig.apply(plan)
        assert await rig.records(Side.CRM) == before


async def test_a_plan_is_refused_after_a_day(enter: Enter) -> None:
    async with enter(lambda text: text + "\n[approvals]\nexpires_h = 1000\n") as rig:
        await proposal_for(rig, "legal_name")
        _, plan = await rig.planned()
        rig.clock.forward(hours=24, seconds=1)
        with pytest.raises(RefusedError, match="24 hours"):
            await rig.apply(plan)
        rig.clock.forward(seconds=-2)
        assert (await rig.apply(plan)).exit_code == 0


async def test_a_plan_is_refused_when_its_approvals_have_lapsed(enter: Enter) -> None:
    async with enter(lambda text: text + "\n[approvals]\nexpires_h = 2\n") as rig:
        proposal = await proposal_for(rig, "legal_name")
        _, plan = await rig.planned()
        rig.clock.forward(hours=3)
        with pytest.raises(RefusedError, match=f"not approved any more: {proposal.id}"):
            await rig.apply(plan)


async def test_a_plan_of_another_project_file_is_refused(enter: Enter) -> None:
    async with enter() as rig:
        await proposal_for(rig, "legal_name")
        _, plan = await rig.planned()
        rig.project_file.write_text(rig.project_file.read_text().replace("BRL", "USD"))
        async with open_workspace(load_project(rig.project_file)) as workspace:
            rig.workspace = workspace
            with pytest.raises(RefusedError, match="project file was changed"):
                await rig.apply(plan)


async def test_a_plan_that_was_never_made_here_is_refused(enter: Enter) -> None:
    async with enter() as rig:
        await proposal_for(rig, "legal_name")
        _, plan = await rig.planned()
        async with enter(name="elsewhere") as stranger:
            with pytest.raises(RefusedError, match="not made in this project's state"):
                await stranger.apply(plan)
