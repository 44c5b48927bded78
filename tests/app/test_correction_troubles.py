"""What did not go through: found out, written again, planned anew, or proposed anew; and who may apply at one time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.correct import (
    Choice,
    Edit,
    approve_corrections,
    edit_correction,
    error_desk,
    plan_corrections,
    reject_corrections,
    retry_corrections,
)
from reconciler.app.correction_documents import desk_document
from reconciler.app.corrections.clock_guard import confirm_clock
from reconciler.app.wire import open_workspace
from reconciler.corrections.desk import Trouble
from reconciler.errors import RefusedError, StateError
from reconciler.model.correction_records import CorrectionFilter, Move
from reconciler.model.corrections import Correction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.project import load_project
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.app.corrections_rig import ALL, Rig, rig

S = CorrectionState
PRICES = FindingFilter(entity="products", field="price", kind="differs", status=FindingStatus.OPEN)


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, lambda text: text + "\n[approvals]\nexpires_h = 48\n") as running:
        yield running


async def _left(rig: Rig, correction: Correction, state: CorrectionState, *kinds: StepKind) -> None:
    """Leave a planned correction as a process would that ended after these steps."""
    stored = rig.workspace.state
    (plan,) = {each.plan for each in await stored.journal.steps(correction.id)} or {await _plan_of(rig)}
    moves = [Move(correction.id, S.PLANNED, S.APPLYING)]
    await stored.corrections.move(moves, person="ana", plan=plan)
    for kind in kinds:
        done = state if kind is StepKind.DONE else None
        step = JournalStep(correction.id, plan, 1, kind, rig.clock(), correction.record_id, done)
        await stored.journal.note(step)
    if state is not S.APPLYING:
        await stored.corrections.move([Move(correction.id, S.APPLYING, state)], person="ana", plan=plan)


async def _plan_of(rig: Rig) -> str:
    source = rig.workspace.state.audit.iterate()
    return [entry.subject async for entry in source if entry.act == "plan.made"][-1]


async def test_what_failed_is_written_again_under_its_plan(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, _ = await at_work.planned(check=False)
    failed = planned.corrections[0]
    await _left(at_work, failed, S.FAILED, StepKind.INTENT, StepKind.DONE)
    retried = await retry_corrections(at_work.acting(), ALL)
    assert [(each.id, each.state) for each in retried.corrections] == [(failed.id, S.VERIFIED)]
    assert retried.exit_code == 0
    assert {await at_work.state_of(each.id) for each in planned.corrections[1:]} == {S.PLANNED}


async def test_what_failed_waits_for_a_new_plan_when_its_own_is_too_old(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, _ = await at_work.planned(check=False)
    failed = planned.corrections[0]
    await _left(at_work, failed, S.FAILED, StepKind.INTENT, StepKind.DONE)
    at_work.clock.forward(hours=25)
    retried = await retry_corrections(at_work.acting(), Choice([failed.id]))
    assert retried.to_plan == {failed.id}
    assert await at_work.state_of(failed.id) is S.APPROVED
    out = at_work.project_file.parent / "again.json"
    again = await plan_corrections(at_work.acting(), Choice([failed.id]), out=out)
    assert [each.id for each in again.corrections] == [failed.id]


async def test_what_failed_can_be_given_up(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, _ = await at_work.planned(check=False)
    await _left(at_work, planned.corrections[0], S.FAILED, StepKind.INTENT, StepKind.DONE)
    await reject_corrections(at_work.acting(), Choice([planned.corrections[0].id]))
    assert await at_work.state_of(planned.corrections[0].id) is S.REJECTED


async def test_an_unknown_outcome_is_found_out_by_reading_and_not_sent_before_it_is(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, _ = await at_work.planned(check=False)
    done, not_done = planned.corrections[:2]
    for each in (done, not_done):
        await _left(at_work, each, S.UNKNOWN, StepKind.INTENT)
    value = float(done.changes[0].new or "0")
    await at_work.crm("PATCH", f"/Products({done.record_id})", {"UnitPrice": value})
    first = await retry_corrections(at_work.acting(), ALL)
    assert {each.id: each.state for each in first.corrections} == {done.id: S.VERIFIED, not_done.id: S.UNKNOWN}
    assert first.exit_code == 4
    assert [each.correction.id for each in first.found_out if each.again_at is not None] == [not_done.id]
    at_work.clock.forward(minutes=2)
    second = await retry_corrections(at_work.acting(), ALL)
    assert {each.id: each.state for each in second.corrections} == {not_done.id: S.VERIFIED}
    assert second.exit_code == 0


async def test_what_is_in_trouble_is_on_the_desk_until_it_is_dealt_with(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, plan = await at_work.planned(check=False)
    changed, failed = planned.corrections[:2]
    await at_work.crm("PATCH", f"/Products({changed.record_id})", {"UnitPrice": 77.0})
    await _left(at_work, failed, S.FAILED, StepKind.INTENT, StepKind.DONE)
    await at_work.crm("PATCH", f"/Products({failed.record_id})", {"UnitPrice": 78.0})
    assert (await at_work.apply(plan)).exit_code == 1
    desk = await error_desk(at_work.acting(), CorrectionFilter())
    assert {each.correction.id: (each.trouble, each.attempts) for each in desk} == {
        changed.id: (Trouble.SUPERSEDED, 1),
        failed.id: (Trouble.SUPERSEDED, 2),
    }
    document = desk_document(desk[0], "pt-BR")
    assert (document["remedy"], document["what_to_do"].partition(".")[0]) == (
        "propose_again",
        "Alguém alterou o registro",
    )
    retried = await retry_corrections(at_work.acting(), Choice([changed.id]))
    assert len(retried.proposals) == 1
    left = await error_desk(at_work.acting(), CorrectionFilter())
    assert [each.correction.id for each in left] == [failed.id]
    assert await error_desk(at_work.acting(), CorrectionFilter(entity="orders")) == []


async def test_what_another_process_left_behind_is_looked_at_before_anything_is_written(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, plan = await at_work.planned(check=False)
    begun = planned.corrections[0]
    await _left(at_work, begun, S.APPLYING)
    applied = await at_work.apply(plan)
    assert applied.summary is not None
    assert [(found.correction.id, found.state) for found in applied.summary.recovered] == [(begun.id, S.PLANNED)]
    assert (applied.exit_code, set(applied.counts)) == (0, {S.VERIFIED})


async def test_nobody_applies_while_somebody_else_does(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, plan = await at_work.planned(check=False)
    assert planned.sealed is not None
    before = await at_work.records(Side.CRM)
    kept = at_work.workspace.state.corrections
    assert await kept.claim_plan(planned.sealed.digest, "somebody else")
    with pytest.raises(RefusedError, match=r"applied by process \d+ on .+, begun less than a minute ago"):
        await at_work.apply(plan)
    assert await at_work.records(Side.CRM) == before
    await kept.release_plan(planned.sealed.digest, "somebody else", finished=False)
    assert (await at_work.apply(plan)).exit_code == 0


async def test_a_plan_is_void_once_a_later_one_took_its_corrections(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    _, first = await at_work.planned(check=False)
    at_work.clock.forward(seconds=1)
    second = at_work.project_file.parent / "second.json"
    await plan_corrections(at_work.acting(), ALL, out=second)
    with pytest.raises(RefusedError, match="taken out of the plan"):
        await at_work.apply(first)
    assert (await at_work.apply(second)).exit_code == 0


async def test_a_plan_is_void_once_a_correction_of_it_was_rejected(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, plan = await at_work.planned(check=False)
    await reject_corrections(at_work.acting("bia"), Choice([planned.corrections[0].id]), reason="not yet")
    with pytest.raises(RefusedError, match=f"taken out of the plan: {planned.corrections[0].id}"):
        await at_work.apply(plan)


async def test_nothing_is_planned_when_the_file_cannot_be_written(at_work: Rig) -> None:
    proposed = await at_work.propose(PRICES)
    out = at_work.project_file.parent / "taken"
    await at_work.planned(check=False)
    at_work.clock.forward(seconds=1)
    (out / "occupied").mkdir(parents=True)
    with pytest.raises(StateError, match="cannot be written"):
        await plan_corrections(at_work.acting(), ALL, out=out)
    assert {await at_work.state_of(each.id) for each in proposed.corrections} == {S.APPROVED}
    assert [path.name for path in out.parent.glob(".*unfinished")] == []


async def test_a_preview_changes_nothing(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    planned, _ = await at_work.planned(check=False)
    before = await at_work.workspace.state.audit.head()
    preview = await plan_corrections(at_work.acting(), ALL, out=None)
    assert [each.id for each in preview.corrections] == [each.id for each in planned.corrections]
    assert await at_work.workspace.state.audit.head() == before


async def test_an_approval_that_lapses_while_a_plan_is_applied_stops_what_is_not_written_yet(tmp_path: Path) -> None:
    async with rig(tmp_path, lambda text: text + "\n[approvals]\nexpires_h = 2\n") as running:
        await running.propose()
        _, plan = await running.planned(check=False)
        applied = await running.apply(plan, progress=lambda step: running.clock.forward(hours=3))
        assert applied.exit_code == 1
        assert set(applied.counts) == {S.VERIFIED, S.PLANNED}
        held_back = {each.id for each in applied.corrections if each.state is S.PLANNED}
        assert set(applied.held_back) == held_back
        assert set(applied.held_back.values()) == {"it is not approved any more"}


async def test_nothing_is_planned_or_written_while_the_clock_is_behind_what_was_done(at_work: Rig) -> None:
    """An approval that has run out would count again."""
    await at_work.propose(PRICES)
    _, plan = await at_work.planned(check=False)
    before = await at_work.records(Side.CRM)
    url, folder = at_work.workspace.project.file.project.state, at_work.workspace.project.folder
    async with State.open(url, folder, clock=lambda: datetime.now(UTC) + timedelta(minutes=90)) as ahead:
        await ahead.audit.append("rui", "plan.exported", "p", {})
    for refused in (at_work.apply(plan), plan_corrections(at_work.acting(), ALL, out=None)):
        with pytest.raises(
            RefusedError, match=r"clock of this machine is (89|90) minutes behind the latest entry"
        ) as why:
            await refused
        assert "reconciler audit confirm-clock" in why.value.hint
    assert await at_work.records(Side.CRM) == before
    with pytest.raises(RefusedError, match="nothing says why"):
        await confirm_clock(at_work.acting(), "  ")
    assert await confirm_clock(at_work.acting(), "it was ahead until NTP was set up") > timedelta(minutes=85)
    assert (await at_work.apply(plan)).exit_code == 0


async def test_nothing_is_approved_that_was_not_looked_at(at_work: Rig) -> None:
    proposed = await at_work.propose(PRICES)
    seen = {each.id: each.digest for each in proposed.corrections}
    edited = await edit_correction(at_work.acting("bia"), proposed.corrections[0].id, [Edit("price", "12.5")])
    approved = await approve_corrections(at_work.acting(), ALL, seen=seen)
    assert [each.correction.id for each in approved.left_alone] == [edited.id]
    assert "not what was looked at" in approved.left_alone[0].why
    assert await at_work.state_of(edited.id) is S.PROPOSED


ELSEWHERE = "https://crm.example.com"


async def test_nothing_is_planned_for_a_system_that_the_stage_closes(tmp_path: Path) -> None:
    def elsewhere(text: str) -> str:
        return re.sub(r'(\[crm\]\nvendor = "ploomes"\nbase_url = )"[^"]+"', rf'\1"{ELSEWHERE}"', text)

    async with rig(tmp_path, elsewhere) as running:
        await running.propose(PRICES)
        planned, out = await running.planned()
        assert (planned.sealed, out.exists()) == (None, False)
        assert {each.why for each in planned.left_out} == {
            "stage “sandbox” writes to this machine only, and the crm is elsewhere"
        }


async def test_a_plan_is_not_applied_to_a_system_that_the_stage_closes(at_work: Rig) -> None:
    await at_work.propose(PRICES)
    _, plan = await at_work.planned(check=False)
    text = at_work.project_file.read_text()
    at_work.project_file.write_text(
        re.sub(r'http://127.0.0.1:\d+"\ncredentials = { user_key', f'{ELSEWHERE}"\ncredentials = {{ user_key', text)
    )
    async with open_workspace(load_project(at_work.project_file)) as workspace:
        at_work.workspace = workspace
        with pytest.raises(RefusedError, match="writes to this machine only"):
            await at_work.apply(plan)


async def test_lines_are_corrected_in_their_document_where_a_person_chose_the_side(at_work: Rig) -> None:
    lines = FindingFilter(entity="orders.lines", field="quantity", kind="differs", status=FindingStatus.OPEN)
    left = await at_work.propose(lines)
    assert {each.reason.value for _, each in left.left_out} == {"no_owner"}
    proposed = await at_work.propose(lines, right_side=Side.CRM)
    correction = proposed.corrections[0]
    (change,) = correction.changes
    assert (correction.entity, correction.side, change.line is not None) == ("orders", Side.ERP, True)
    before = {each["numero"]: each for each in (await at_work.records(Side.ERP))["pedidos"]}
    _, plan = await at_work.planned()
    assert (await at_work.apply(plan)).exit_code == 0
    order = next(
        each for each in (await at_work.records(Side.ERP))["pedidos"] if str(each["numero"]) == correction.record_id
    )
    quantities = _quantities(order)
    assert quantities.pop(str(change.line)) == Decimal(change.new or "0")
    assert quantities.items() <= _quantities(before[order["numero"]]).items()
    assert len(order["itens"]) == len(before[order["numero"]]["itens"])


def _quantities(order: dict[str, Any]) -> dict[str, Decimal]:
    return {
        str(each["produto"]): Decimal(each["quantidade"].replace(".", "").replace(",", ".")) for each in order["itens"]
    }


async def test_a_system_that_exchanges_files_is_not_written_and_the_other_one_is(tmp_path: Path) -> None:
    def files(text: str) -> str:
        exported = tmp_path / "box" / "erp_files"
        return re.sub(
            r'vendor = "sandbox_erp"\nbase_url = "[^"]+"',
            f'vendor = "sandbox_erp_files"\nbase_url = "{exported}"',
            text,
        )

    async with rig(tmp_path, files) as running:
        proposed = await running.propose(FindingFilter(entity="customers", kind="differs", status=FindingStatus.OPEN))
        assert {each.side for each in proposed.corrections} == {Side.CRM}
        reasons = {each.detail.get("problem") for _, each in proposed.left_out if each.detail.get("side") == "erp"}
        assert "the system exchanges files, which are not written record by record" in reasons


async def test_what_was_approved_too_long_ago_is_not_planned_and_is_a_proposal_again(at_work: Rig) -> None:
    proposed = await at_work.propose(PRICES)
    await approve_corrections(at_work.acting(), ALL)
    at_work.clock.forward(hours=49)
    out = at_work.project_file.parent / "late.json"
    planned = await plan_corrections(at_work.acting(), ALL, out=out, check=False)
    assert planned.sealed is None
    assert planned.lapsed == {each.id for each in proposed.corrections}
    assert {await at_work.state_of(each.id) for each in proposed.corrections} == {S.PROPOSED}
    approvals = await at_work.workspace.state.corrections.approvals([each.id for each in proposed.corrections])
    assert not any(approvals.values())


async def test_what_the_system_will_not_take_cannot_be_approved_until_it_is_edited(at_work: Rig) -> None:
    proposed = await at_work.propose(FindingFilter(field="trade_name", kind="differs", status=FindingStatus.OPEN))
    correction = next(each for each in proposed.corrections if each.side is Side.ERP)
    edited = await edit_correction(at_work.acting(), correction.id, [Edit("trade_name", "x" * 61)])
    assert edited.problems == ("trade_name: the system takes at most 60 characters",)
    with pytest.raises(RefusedError, match="will not take it: trade_name: the system takes at most 60"):
        await approve_corrections(at_work.acting(), Choice([correction.id]))
    await edit_correction(at_work.acting(), correction.id, [Edit("trade_name", "x" * 60)])
    assert (await approve_corrections(at_work.acting(), Choice([correction.id]))).approved
