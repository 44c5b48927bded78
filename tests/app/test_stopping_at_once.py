"""A stop rule freezes writes as soon as something goes wrong, and not when the pilot is run the next time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from reconciler.app.correct import (
    Choice,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    plan_corrections,
    propose_corrections,
    read_plan_file,
)
from reconciler.app.pilot.feedback import add_feedback
from reconciler.app.pilot.promotion import lift_freeze, start_pilot
from reconciler.model.corrections import CorrectionState
from reconciler.model.entities import Side
from reconciler.model.pilot import Stage
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import ALL, Clock, Rig, rig
from tests.app.pilot_rig import declared, let, person, staged

_S = CorrectionState
_NAMES = 'entities = ["customers"]\nfields = { customers = ["legal_name"] }\n'
_RULES = """
[[pilot.stop]]
measure = "conflicts"
above = 0
[[pilot.stop]]
measure = "blockers"
above = 0
"""


@asynccontextmanager
async def _pilot(folder: Path) -> AsyncIterator[Rig]:
    """A pilot that was started, in which one record is written after the other."""
    section = declared(Clock().now, _NAMES, more=_RULES)

    def edited(text: str) -> str:
        for side in ("crm", "erp"):
            text = text.replace(f"[{side}]\n", f"[{side}]\nconcurrency = 1\n")
        return staged(text, folder, "pilot", section)

    async with rig(folder, edited) as running:
        await let(running, Stage.PILOT)
        await start_pilot(person(running.workspace, "caio", running.clock))
        yield running


async def _planned(running: Rig, out: Path) -> list[str]:
    """Ids of the corrections of a plan, in its order."""
    ana, bia = (person(running.workspace, name, running.clock) for name in ("ana", "bia"))
    names = FindingFilter(entity="customers", field="legal_name")
    await propose_corrections(ana, names, ProposeOptions(everything=True))
    await approve_corrections(ana, ALL)
    return [each.id for each in (await plan_corrections(bia, Choice(everything=True), out=out)).corrections]


async def test_what_follows_a_conflict_is_not_written_until_somebody_lifts_the_freeze(tmp_path: Path) -> None:
    async with _pilot(tmp_path) as running:
        bia, caio = (person(running.workspace, name, running.clock) for name in ("bia", "caio"))
        ids = await _planned(running, tmp_path / "plan.json")
        (first,) = await running.corrections(ids=ids[:1])
        assert (first.side, len(ids) > 1) == (Side.CRM, True)
        await running.crm("PATCH", f"/Contacts({first.record_id})", {"LegalName": "Somebody Was Here"})
        applied = await apply_plan(bia, read_plan_file(tmp_path / "plan.json"))
        assert [each.state for each in applied.corrections] == [_S.SUPERSEDED] + [_S.PLANNED] * (len(ids) - 1)
        assert applied.freeze is not None
        assert {why.partition(" since")[0] for why in applied.held_back.values()} == {"writes are frozen"}
        await lift_freeze(caio, "they were told to leave it")
        again = await apply_plan(bia, read_plan_file(tmp_path / "plan.json"))
        assert (again.freeze, again.counts[_S.VERIFIED]) == (None, len(ids) - 1)


async def test_a_blocker_stops_the_writes_and_a_note_does_not(tmp_path: Path) -> None:
    async with _pilot(tmp_path) as running:
        bia, state = person(running.workspace, "bia", running.clock), running.workspace.state
        await add_feedback(bia, "the colours could be nicer")
        assert await state.stages.freezes() == []
        await add_feedback(bia, "wrong customer on the invoice", severity="blocker")
        (freeze,) = await state.stages.freezes()
        assert freeze.rule.endswith(": 1, above 0")
