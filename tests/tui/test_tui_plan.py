"""Whole ways from the finding to the proof and back, pressed as keys, against systems over real sockets."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from textual.widgets import Input

from reconciler.app.correct import Choice
from reconciler.app.workspace import open_workspace
from reconciler.logs import configure_logging
from reconciler.model.corrections import CorrectionState
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.start import SandboxOptions, running_sandbox
from reconciler.store.state.records import FindingFilter
from tests.app import corrections_rig
from tests.app.corrections_rig import Clock
from tests.tui.plan_rig import in_english, only, planning
from tests.tui.rig import go, place_read
from tests.tui.waiting import shown, wait_for
from tui.plan.tabs import Tab
from tui.plan.writing import Work
from tui.screens.review import ReviewScreen
from tui.widgets.confirm import ConfirmModal

_S = CorrectionState
_SLOW_RECORDS = 14


async def test_from_the_first_run_to_the_proof_and_back(tmp_path: Path) -> None:
    """Run, review a cause, approve it, seal, try, apply, undo, apply the undo: what was written is as it was again."""
    configure_logging(debug=False)
    async with running_sandbox(SandboxOptions(customers=10, seed=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path)
        project_file.write_text(only(in_english()(project_file.read_text()), "customers"))
        async with (
            open_workspace(load_project(project_file)) as workspace,
            planning(workspace, Clock()) as at,
        ):
            app, pilot = at.app, at.pilot
            await place_read(app, pilot)
            await pilot.press("s")
            await wait_for(pilot, lambda: app.running.document, "the end of the first run")

            review = await go(app, pilot, "review")
            assert isinstance(review, ReviewScreen)
            await pilot.press("slash")
            review.query_one("#filter", Input).value = "entity:customers field:legal_name"
            await pilot.press("enter")
            await wait_for(pilot, lambda: review.source_is_shown and review.view.typed, "the filter")
            await wait_for(pilot, lambda: review.meant() is not None, "a cause")
            await pilot.press("asterisk", "a")
            await wait_for(pilot, lambda: any("approve" in each for each in at.commands()), "approvals")
            approved = await at.corrections(_S.APPROVED)
            assert approved
            assert {each.side for each in approved} == {Side.CRM}

            await at.open()
            await at.tab(Tab.APPROVED)
            await shown(pilot, "CRM  " + ("1 record:" if len(approved) == 1 else f"{len(approved)} records:"))
            await at.press("p")
            await at.outcome("Plan sealed: ")
            assert at.chosen == "planned"
            await at.press("D")
            await at.outcome(f"Dry run: {len(approved)} of {len(approved)} would go through. Nothing was written.")
            assert {each.state for each in await at.corrections()} >= {_S.PLANNED}
            before = await workspace.state.journal.attempts([each.id for each in approved])
            assert not any(before.values())

            await pilot.press("A")
            modal = await at.confirm("enter")
            assert modal.question.typed is None
            assert len(await at.corrections(_S.PLANNED)) == len(approved)
            await pilot.press("A")
            await at.confirm("tab", "enter")
            await at.outcome(f"Applied: {len(approved)} of {len(approved)} written and proved.")
            assert len(await at.corrections(_S.VERIFIED)) == len(approved)
            assert app.writing.progress is not None
            assert (app.writing.progress.work, app.writing.progress.done) == (Work.APPLY, len(approved))
            await pilot.press("escape")

            first = approved[0]
            await at.tab(Tab.WRITTEN)
            await at.to(first.id)
            await at.press("U")
            await shown(pilot, f"Takes back correction {first.id}")
            assert at.chosen == "awaiting"
            await at.press("a")
            await at.tab(Tab.APPROVED)
            await at.press("p")
            await at.outcome("Plan sealed: 1 record.")
            await pilot.press("A")
            await at.confirm("tab", "enter")
            await at.outcome("Applied: 1 of 1 written and proved.")
            assert (await workspace.state.corrections.get(first.id)).state is _S.UNDONE

            await at.tab(Tab.WRITTEN)
            await pilot.press("r")
            await at.at_rest()
            left = at.screen.source
            assert left is not None
            assert first.id not in {each for part in left.parts for each in part.ids}
            verbs = [shlex.split(command)[1] for command in at.commands() if command.startswith("corrections ")]
            assert [each for each in verbs if each not in ("propose", "approve")] == [
                "plan",
                "apply",
                "apply",
                "undo",
                "plan",
                "apply",
            ]
            sealed = shlex.split(next(each for each in at.commands() if each.startswith("corrections plan")))
            document = json.loads((Path(sealed[sealed.index("--out") + 1])).read_text())
            assert {each["id"] for each in document["plan"]["corrections"]} == {each.id for each in approved}
            assert (await workspace.state.audit.verify()).is_whole


async def test_stopped_in_the_middle_down_and_tried_again(tmp_path: Path) -> None:
    """What is under way is finished, the rest stays; a system that is away takes nothing and is tried again."""
    async with corrections_rig.rig(tmp_path, in_english()) as systems:
        proposed = (await systems.propose(FindingFilter(status=FindingStatus.OPEN, entity="customers"))).corrections
        chosen = [each for each in proposed if not each.problems and each.side is Side.CRM][:_SLOW_RECORDS]
        assert len(chosen) == _SLOW_RECORDS
        await systems.planned(Choice([each.id for each in chosen]))
        async with planning(systems.workspace, systems.clock) as at:
            await at.open()
            await at.tab(Tab.PLANNED)
            left = len(await at.corrections(_S.PLANNED))
            await _misbehave(systems, "slow")
            await at.press("C")
            await at.told("Nothing is being written or read here.")
            await at.pilot.press("A")
            modal = await at.confirm(*str(left + 1), "enter")
            assert modal.question.typed == left
            assert isinstance(at.app.screen, ConfirmModal)
            await at.pilot.press("backspace", "backspace", *str(left), "enter")
            await wait_for(at.pilot, lambda: at.app.writing.progress and at.app.writing.progress.done, "a first record")
            await shown(at.pilot, f" / {left}")
            await at.pilot.press("p")
            await at.told("Work on corrections is going on; C stops it.")
            await at.pilot.press("C")
            await shown(at.pilot, "Stopping: what is under way is finished first.")
            await at.outcome("none was left in the middle")
            verified, planned = len(await at.corrections(_S.VERIFIED)), len(await at.corrections(_S.PLANNED))
            assert verified
            assert planned
            assert verified + planned == left
            await at.outcome(f"Stopped: {verified} of {left} written and proved;")
            await at.outcome(f"{planned} were not begun and stay in their plan")

            await _misbehave(systems, "drop")
            await at.pilot.press("escape", "A")
            await at.confirm(*_yes(planned))
            await at.outcome(f"Applied: {verified} of {left} written and proved.")
            await at.at_rest()
            failed = await at.corrections(_S.FAILED)
            assert failed
            assert len(await at.corrections(_S.VERIFIED)) == verified
            await at.tab(Tab.DESK)
            await at.to(failed[0].id)
            await shown(at.pilot, "The system could not be reached or read; nothing was written.")
            await at.press("S")
            await at.told("Only an unknown outcome is settled.")

            await _misbehave(systems, "none")
            await at.pilot.press("asterisk", "R")
            await at.confirm(*_yes(len(failed)))
            await at.outcome(f"Tried again: {len(failed)} record")
            await at.at_rest()
            assert await at.corrections(_S.FAILED) == []
            assert len(await at.corrections(_S.VERIFIED)) == verified + len(failed)
            assert at.commands()[-1] == "corrections retry --all --as ana"


def _yes(records: int) -> tuple[str, ...]:
    return (*str(records), "enter") if records > 10 else ("tab", "enter")


async def _misbehave(systems: corrections_rig.Rig, kind: str) -> None:
    for end in (systems._sandbox.crm, systems._sandbox.erp):
        await systems._call("POST", f"{end.base_url}/_sandbox/misbehave", {"kind": kind, "every": 1}, {})
