"""The nightly run proposes, and approves what is safe: within its cap, its stage, and the rules of approval."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.correct import Acting, Choice, person_of_user, plan_corrections, reject_corrections
from reconciler.app.nightly_corrections import NightlyCorrections, correct_nightly
from reconciler.app.wire import Workspace, open_workspace
from reconciler.corrections.automatic import cause_between
from reconciler.errors import TomlError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.project import load_project
from reconciler.sandbox.start import SandboxOptions, running_sandbox
from tests.app.corrections_rig import Clock
from tests.app.running import run

S = CorrectionState
_OPTIONS = SandboxOptions(customers=12, seed=1)
_RULE = '{ causes = ["case", "spacing", "accents"], cap = 1, stages = ["sandbox"] }'
_NIGHTLY = f'\n[corrections]\npropose = "nightly"\nauto_approve = [{_RULE}]\n'


async def test_safe_causes_are_approved_up_to_the_cap_and_everything_else_waits_for_people(tmp_path: Path) -> None:
    async with running_sandbox(_OPTIONS) as sandbox:
        project, _ = sandbox.write_files(tmp_path)
        plain = project.read_text()
        project.write_text(plain + _NIGHTLY)
        finished = await run(project, "customers")
        clock = Clock()
        async with open_workspace(load_project(project)) as workspace:
            approved = await _in_state(workspace, S.APPROVED)
            waiting = await _in_state(workspace, S.PROPOSED)
            assert finished.document["corrections"] == {
                "proposed": len(waiting) + 1, "approved": 1, "waiting": len(waiting),
            }  # fmt: skip
            kept = (await workspace.state.runs.get(finished.document["run"])).document
            assert kept is not None
            assert kept["corrections"] == finished.document["corrections"]
            assert len(approved) == 1
            assert {each.proposed_by for each in [*approved, *waiting]} == {"reconciler"}
            assert all(map(_is_safe, approved))
            trail = [each async for each in workspace.state.audit.iterate()]
            assert {each.person for each in trail if each.act == "correction.approved"} == {"reconciler"}

            unwanted = next(each for each in waiting if not _is_safe(each))
            await _rejected_stay_rejected(workspace, unwanted, clock)
            await _the_cap_is_for_the_whole_night(workspace, clock)

            ana = Acting.begin(workspace, person_of_user(workspace.project, "ana"), clock)
            planned = await plan_corrections(ana, Choice(everything=True), out=None, check=False)
            assert {each.id for each in approved} <= {each.id for each in planned.corrections}
        project.write_text(plain)
        async with open_workspace(load_project(project)) as workspace:
            ana = Acting.begin(workspace, person_of_user(workspace.project, "ana"), clock)
            planned = await plan_corrections(ana, Choice(everything=True), out=None, check=False)
            assert planned.corrections == (), "without the rule its approvals count for nothing"


async def _rejected_stay_rejected(workspace: Workspace, unwanted: Correction, clock: Clock) -> None:
    ana = Acting.begin(workspace, person_of_user(workspace.project, "ana"), clock)
    await reject_corrections(ana, Choice(ids=[unwanted.id]), reason="no")
    waiting = len(await _in_state(workspace, S.PROPOSED))
    assert await correct_nightly(workspace, clock) == NightlyCorrections(0, 0, waiting)
    assert [each.record_id for each in await _in_state(workspace, S.REJECTED)] == [unwanted.record_id]


async def _the_cap_is_for_the_whole_night(workspace: Workspace, clock: Clock) -> None:
    clock.forward(hours=11)
    same_night = await correct_nightly(workspace, clock)
    assert same_night is not None
    assert same_night.approved == 0
    clock.forward(hours=2)
    next_night = await correct_nightly(workspace, clock)
    assert next_night is not None
    assert next_night.approved == 1


def _is_safe(correction: Correction) -> bool:
    return all(
        change.old is not None and change.new is not None and cause_between(change.old, change.new) is not None
        for change in correction.changes
    )


async def _in_state(workspace: Workspace, state: CorrectionState) -> list[Correction]:
    return [each async for each in workspace.state.corrections.iterate(CorrectionFilter(states=state))]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (f"auto_approve = [{_RULE}]", "needs propose"),
        (f'propose = "nightly"\nauto_approve = [{_RULE.replace("accents", "truncated")}]', "truncated"),
        (f'propose = "nightly"\nauto_approve = [{_RULE.replace("cap = 1", "cap = 0")}]', "at least 1"),
        (f'propose = "nightly"\nauto_approve = [{_RULE.partition(", stages")[0]} }}]', "missing"),
        ('propose = "always"', "nightly"),
    ],
    ids=["nothing proposed", "unsafe cause", "no cap", "no stage", "when"],
)
def test_a_rule_that_is_not_safe_is_refused(tmp_path: Path, options: str, words: str) -> None:
    (tmp_path / "reconciler.toml").write_text(
        f'[project]\nname = "acme"\n[crm]\nvendor = "ploomes"\n[erp]\nvendor = "tryton"\n[corrections]\n{options}\n'
    )
    with pytest.raises(TomlError, match=words):
        load_project(tmp_path / "reconciler.toml", {})
