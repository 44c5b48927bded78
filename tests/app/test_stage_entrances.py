"""Every way to write in a stage that does not let it: each is tried, and nothing reaches a system."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.correct import (
    Choice,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    plan_corrections,
    propose_corrections,
    read_plan_file,
    retry_corrections,
    undo_corrections,
)
from reconciler.app.corrections.stage_guard import StageGuard
from reconciler.app.nightly_corrections import correct_nightly
from reconciler.app.pilot.assessment import assess, sign_scorecard
from reconciler.app.pilot.promotion import fall_back, lift_freeze, promote, prospect_of, start_pilot
from reconciler.app.pilot.standing import written_system
from reconciler.app.wire import load_descriptions, open_workspace
from reconciler.errors import RefusedError
from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from reconciler.model.pilot import DayValue, Stage
from reconciler.project import load_project
from reconciler.store.state.records import FindingFilter, RunStatus
from tests.app.corrections_rig import ALL, OPEN, Rig
from tests.app.pilot_rig import ZONE, declared, let, person, project_in, standing_in
from tests.processes import run_command

_S = CorrectionState
LIMITS = FindingFilter(entity="customers", field="credit_limit")


async def _approved(running: Rig, chosen: FindingFilter = OPEN) -> list[str]:
    """Ids of what was proposed and approved."""
    ana = person(running.workspace, "ana", running.clock)
    await propose_corrections(ana, chosen, ProposeOptions(everything=True))
    return [each.id for each in (await approve_corrections(ana, ALL)).approved]


async def _applied(running: Rig, ids: list[str] | None = None) -> list[_S]:
    """What becomes of a plan of everything approved, without a dry run before."""
    bia, out = person(running.workspace, "bia", running.clock), running.project_file.parent / "plan.json"
    planned = await plan_corrections(bia, Choice(ids or []), out=out, check=False)
    if planned.sealed is None:
        return []
    return [each.state for each in (await apply_plan(bia, read_plan_file(out))).corrections]


async def _records(running: Rig) -> Any:
    return await running.records(Side.CRM), await running.records(Side.ERP)


async def test_the_stage_in_force_is_what_people_gave_and_no_run_widens_it(tmp_path: Path) -> None:
    """The environment, another file, an edit of the file, and a copy of the state."""
    async with project_in(tmp_path, "pilot") as running:
        file, text = running.project_file, running.project_file.read_text()
        assert (await standing_in(running, {})).stage is Stage.SANDBOX
        await let(running, Stage.HOMOLOGATION)
        assert (await standing_in(running, {})).stage is Stage.HOMOLOGATION
        await let(running, Stage.PILOT)
        assert (await standing_in(running, {})).stage is Stage.PILOT
        assert (await standing_in(running, {"RECONCILER_PROJECT_STAGE": "live"})).stage is Stage.PILOT
        assert (await standing_in(running, {"RECONCILER_PROJECT_STAGE": "sandbox"})).stage is Stage.SANDBOX
        for variable, value in (
            ("RECONCILER_CRM_BASE_URL", "https://crm.example.com"),
            ("RECONCILER_ERP_VENDOR", "sandbox_erp_soap"),
        ):
            moved = await standing_in(running, {variable: value})
            assert (moved.stage, moved.same_systems) == (Stage.SANDBOX, False), variable
        shutil.copy(file.parent / "state.db", file.parent / "copy.db")
        assert (await standing_in(running, {"RECONCILER_PROJECT_STATE": "sqlite:///copy.db"})).stage is Stage.SANDBOX
        file.write_text(text.replace('stage = "pilot"', 'stage = "live"'))
        assert (await standing_in(running, {})).stage is Stage.PILOT
        file.write_text(text.replace('stage = "pilot"', 'stage = "homologation"'))
        assert (await standing_in(running, {"RECONCILER_PROJECT_STAGE": "live"})).stage is Stage.HOMOLOGATION
        project = load_project(file, {"RECONCILER_ERP_TEST": "true"})
        assert project.file.erp.test
        assert not written_system(project, Side.ERP, load_descriptions(project)[Side.ERP]).is_test


async def test_a_run_told_to_be_in_the_sandbox_lets_nobody_act_as_somebody_else(tmp_path: Path) -> None:
    async with project_in(tmp_path, "live") as running:
        told = {"RECONCILER_PROJECT_STAGE": "sandbox"}
        done = await asyncio.to_thread(
            run_command, "--project", running.project_file, "corrections", "approve", "--all", "--as", "ana",
            environment=told,
        )  # fmt: skip
        assert (done.returncode, "--as is only for stage “sandbox”" in done.stderr) == (2, True), done.stderr


async def test_in_the_pilot_only_its_records_and_fields_are_planned_and_written(tmp_path: Path) -> None:
    async with project_in(tmp_path, "pilot") as running:
        await let(running, Stage.PILOT)
        await start_pilot(person(running.workspace, "caio", running.clock))
        ids = await _approved(running)
        bia = person(running.workspace, "bia", running.clock)
        planned = await plan_corrections(bia, ALL, out=None, check=False)
        fields = {change.field for each in planned.corrections for change in each.changes}
        assert ({each.entity for each in planned.corrections}, fields) == ({"customers"}, {"credit_limit"})
        reasons = {each.why for each in planned.left_out}
        assert "products are outside the pilot's scope" in reasons
        assert any(why.endswith("of customers is outside the pilot's scope") for why in reasons)
        assert len(planned.corrections) + len(planned.left_out) == len(ids)


async def test_a_plan_of_another_stage_or_scope_is_not_applied(tmp_path: Path) -> None:
    async with project_in(tmp_path, "live") as running:
        before = await _records(running)
        await let(running, Stage.LIVE)
        await _approved(running, LIMITS)
        bia, out = person(running.workspace, "bia", running.clock), tmp_path / "plan.json"
        await plan_corrections(bia, ALL, out=out, check=False)
        await fall_back(bia, "one step back", Stage.PILOT)
        for what, why in ((None, "is not what it was when"), ("start", "in another stage")):
            if what is not None:
                await start_pilot(person(running.workspace, "caio", running.clock))
            with pytest.raises(RefusedError, match=why):
                await apply_plan(bia, read_plan_file(out))
        wider = tmp_path / "box" / "wider.toml"
        wider.write_text(running.project_file.read_text().replace('"credit_limit"]', '"credit_limit", "email"]'))
        async with open_workspace(load_project(wider)) as workspace:
            planned = await plan_corrections(person(workspace, "bia", running.clock), ALL, out=None, check=False)
            assert {each.why for each in planned.left_out} == {"[pilot] is not what it was when the pilot was started"}
        assert await _records(running) == before


async def test_never_more_than_the_writes_of_a_day_by_whatever_entrance(tmp_path: Path) -> None:
    """Apply, the plan of an undo, and retry share what is left of the day; the next day begins anew."""
    pilot = declared(datetime.now(UTC), 'entities = ["customers"]\n', writes_per_day=2)
    async with project_in(tmp_path, "pilot", pilot) as running:
        await let(running, Stage.PILOT)
        await start_pilot(person(running.workspace, "caio", running.clock))
        ids = await _approved(running, FindingFilter(entity="customers", kind="differs"))
        states = await _applied(running)
        assert (states.count(_S.VERIFIED), states.count(_S.PLANNED)) == (2, len(ids) - 2)
        assert len(ids) > 4
        plan = json.loads((running.project_file.parent / "plan.json").read_bytes())["digest"]
        before = await _records(running)
        ana, bia, dora = (person(running.workspace, name, running.clock) for name in ("ana", "bia", "dora"))
        written = [each.id for each in await running.corrections(states=_S.VERIFIED)]
        undone = await undo_corrections(ana, Choice(written[:1]))
        undo = Choice([undone.proposals[0].id])
        await approve_corrections(dora, undo)
        assert await _applied(running, list(undo.ids)) == [_S.PLANNED]
        left = (await running.corrections(states=_S.PLANNED))[0]
        failed = [Move(left.id, _S.PLANNED, _S.APPLYING), Move(left.id, _S.APPLYING, _S.FAILED)]
        assert await running.workspace.state.corrections.move(failed, person="bia") == []
        await running.workspace.state.journal.note(JournalStep(left.id, plan, 1, StepKind.INTENT, running.clock()))
        retried = await retry_corrections(bia, Choice([left.id]))
        assert [each.why for each in retried.left_alone] == ["the pilot writes 2 records a day, and they are used up"]
        assert await _records(running) == before
        tomorrow = running.clock().astimezone(ZONE).date() + timedelta(days=1)
        running.clock.now = datetime.combine(tomorrow, time(0, 1), ZONE)
        await plan_corrections(bia, undo, out=tmp_path / "undo.json", check=False)
        assert [each.state for each in (await apply_plan(bia, read_plan_file(tmp_path / "undo.json"))).corrections] == [
            _S.VERIFIED
        ]


async def test_a_freeze_and_a_fall_back_stop_what_is_being_applied_before_its_next_record(tmp_path: Path) -> None:
    async with project_in(tmp_path, "live") as running:
        await let(running, Stage.LIVE)
        ids = (await _approved(running, LIMITS))[:3]
        caio, out = person(running.workspace, "caio", running.clock), tmp_path / "plan.json"
        await plan_corrections(caio, Choice(ids), out=out, check=False)
        applying = StageGuard(caio)
        (next_one,) = await running.corrections(ids=ids[:1])
        await applying.look_at([next_one])
        assert await applying.admit(next_one) is None
        await running.workspace.state.stages.freeze("conflicts: 4, above 3", running.clock(), {})
        assert (await applying.admit(next_one) or "").startswith("writes are frozen since")
        with pytest.raises(RefusedError, match=r"writes are frozen .* conflicts: 4, above 3"):
            await apply_plan(caio, read_plan_file(out))
        with pytest.raises(RefusedError, match="nothing says why"):
            await lift_freeze(caio, "")
        await lift_freeze(caio, "the import was stopped")
        assert await applying.admit(next_one) is None
        await fall_back(caio, "stop it", Stage.HOMOLOGATION)
        assert "not marked `test = true`" in (await applying.admit(next_one) or "")
        acts = [each.act async for each in running.workspace.state.audit.iterate()]
        assert acts[-3:] == ["pilot.frozen", "pilot.freeze_lifted", "stage.fell_back"]
        assert not (await running.workspace.state.audit.verify()).breaks


async def test_nobody_promotes_past_what_is_missing(tmp_path: Path) -> None:
    async with project_in(tmp_path, "homologation") as running:
        caio, ana = (person(running.workspace, name, running.clock) for name in ("caio", "ana"))
        with pytest.raises(RefusedError, match="ana may not promote"):
            await promote(ana, "let us go")
        with pytest.raises(RefusedError, match="nothing says why"):
            await promote(caio, " ")
        with pytest.raises(RefusedError) as refused:
            await promote(caio, "let us go")
        assert "the crm is not marked `test = true`; the erp is not marked" in refused.value.message
        assert await running.workspace.state.stages.history() == []


async def test_live_needs_a_go_that_both_have_signed_over_exactly_this(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    days = [now.astimezone(ZONE).date() - timedelta(days=ago) for ago in (3, 2, 1)]
    pilot = declared(now).replace(f'ends = "{days[2] + timedelta(days=7)}"', f'ends = "{days[2]}"')
    pilot = pilot.replace(
        "noise_minutes", 'working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nnoise_minutes'
    )
    pilot = pilot.replace(f'starts = "{days[2]}"', f'starts = "{days[0]}"')
    async with project_in(tmp_path, "live", pilot) as running:
        caio, dora = (person(running.workspace, name, running.clock) for name in ("caio", "dora"))
        state = running.workspace.state
        await let(running, Stage.PILOT)
        number = (await start_pilot(caio)).number

        async def missing() -> list[str]:
            return list((await prospect_of(caio)).objections)

        assert await missing() == [
            "no run of the last 24 hours compared everything",
            f"the scorecard says “no_go”: {days[0]}: nothing was run",
        ]
        run = await state.runs.start((), full=False)
        await state.runs.finish(run, RunStatus.COMPLETE, {})
        await state.pilot.keep_day(number, [DayValue(day, "unknown_outcomes", Decimal(0), 1) for day in days], now)
        assert await missing() == ["caio has not signed the scorecard", "dora has not signed the scorecard"]
        content = (await assess(caio)).scorecard.content
        await sign_scorecard(caio, content)
        assert await missing() == ["dora has not signed the scorecard"]
        await sign_scorecard(dora, content)
        assert await missing() == []
        text = running.project_file.read_text()
        running.project_file.write_text(text.replace("unknown_outcomes = 0", "unknown_outcomes = 9"))
        async with open_workspace(load_project(running.project_file)) as workspace:
            other = person(workspace, "caio", running.clock)
            with pytest.raises(RefusedError, match=r"\[pilot\] is not what it was"):
                await promote(other, "with criteria of today")
            with pytest.raises(RefusedError, match="was started with another declaration"):
                await start_pilot(other)
        running.project_file.write_text(text)
        await promote(caio, "the week went well")
        assert (await standing_in(running, {})).stage is Stage.LIVE
        assert (await state.stages.history())[-1].reason == "the week went well"


async def test_the_night_approves_nothing_outside_the_scope(tmp_path: Path) -> None:
    rule = '[corrections]\npropose = "nightly"\n'
    rule += 'auto_approve = [{ causes = ["case", "spacing", "accents"], cap = 50, stages = ["pilot"] }]\n'
    async with project_in(tmp_path, "pilot", more=rule) as running:
        await let(running, Stage.PILOT)
        await start_pilot(person(running.workspace, "caio", running.clock))
        night = await correct_nightly(running.workspace, running.clock)
        assert night is not None
        assert (night.approved, night.waiting > 0) == (0, True)
