"""What nobody knows is settled by a person through keys, where reading cannot tell; the trail has their word."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler.app.correct import Choice
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Correction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import Rig, rig
from tests.tui.plan_rig import Planning, in_english, planning
from tests.tui.waiting import shown
from tui.actions import BY_ID
from tui.plan.tabs import Tab

_S = CorrectionState
_WORD = "order 4711 is there, says their support"


async def _lost_and_failed(systems: Rig) -> tuple[Correction, Correction]:
    """One that was sent under its plan, of which no answer came, and one that the system could not be asked for."""
    chosen = FindingFilter(entity="products", field="price", kind="differs", status=FindingStatus.OPEN)
    proposed = (await systems.propose(chosen)).corrections
    planned, _ = await systems.planned(Choice([each.id for each in proposed[:2]]), check=False)
    assert planned.sealed is not None
    corrections, (lost, failed), plan = systems.workspace.state.corrections, planned.corrections, planned.sealed.digest
    await corrections.move([Move(each.id, _S.PLANNED, _S.APPLYING) for each in (lost, failed)], person="ana", plan=plan)
    await corrections.move([Move(failed.id, _S.APPLYING, _S.FAILED)], person="ana", plan=plan)
    intent = JournalStep(lost.id, plan, 1, StepKind.INTENT, systems.clock(), lost.record_id)
    await systems.workspace.state.journal.note(intent)
    await corrections.move([Move(lost.id, _S.APPLYING, _S.UNKNOWN)], person="ana", plan=plan)
    systems.clock.forward(minutes=2)
    return lost, failed


async def _unreadable(systems: Rig) -> None:
    end = systems._sandbox.crm
    await systems._call("POST", f"{end.base_url}/_sandbox/misbehave", {"kind": "drop", "every": 1}, {})


async def _refusal_on(at: Planning, correction: Correction) -> str | None:
    """Why nothing could be settled in the moment when the cursor comes to a line."""
    assert at.screen.source is not None
    place = await at.screen.source.position(correction.id)
    assert place is not None
    at.screen.table.move_to(place)
    return at.screen.disabled_reason(BY_ID["plans.settle"])


async def test_an_unknown_outcome_is_settled_through_keys(tmp_path: Path) -> None:
    async with rig(tmp_path, in_english()) as systems:
        lost, failed = await _lost_and_failed(systems)
        assert lost.side is Side.CRM
        async with planning(systems.workspace, systems.clock) as at:
            await at.open()
            await at.tab(Tab.DESK)
            await at.to(lost.id)
            await shown(at.pilot, "where that tells nothing, settle it.")
            before = await at.head()

            # At once, while the panel still tells of the line before: what counts is the line under the cursor.
            assert await _refusal_on(at, failed) == "Only an unknown outcome is settled."
            assert await _refusal_on(at, lost) is None
            await at.at_rest()

            await at.press("S")
            await at.answer("perhaps", _WORD)
            await shown(at.pilot, at.screen.texts("plans.ask.yes_or_no"))
            await at.answer("yes", " ")
            await shown(at.pilot, at.screen.texts("plans.ask.how_needed"))
            await at.pilot.press("escape")
            await at.at_rest()
            assert await at.head() == before

            await at.press("S")
            await at.answer("yes", _WORD)
            await at.told("reading tells by itself")
            await at.at_rest()
            assert await systems.state_of(lost.id) is _S.UNKNOWN
            assert await at.head() == before

            await _unreadable(systems)
            await at.press("S")
            await at.answer("yes", _WORD)
            await at.outcome(f"Settled: {lost.key} is ")
            settled = await systems.workspace.state.corrections.get(lost.id)
            assert settled.state is _S.APPLIED
            assert settled.words.startswith(f"ana says that it was written: {_WORD}")
            (entry,) = await systems.workspace.state.audit.page(before[0], 9)
            assert (entry.person, entry.act, entry.subject) == ("ana", "correction.settled", lost.id)
            assert _WORD in json.loads(entry.details)["words"]
            assert (await systems.workspace.state.audit.verify()).is_whole
            await at.to(lost.id)
            await shown(at.pilot, "says that it was written")
            assert at.commands()[-1] == f"corrections settle {lost.id} --as-written --reason '{_WORD}' --as ana"

            await at.press("S")
            await at.told("Only an unknown outcome is settled.")
