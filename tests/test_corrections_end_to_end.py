"""The life of corrections from the finding to the proof and back, over real HTTP, with the stand-in systems."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import unicodedata
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.audit import verified_trail
from reconciler.app.correct import (
    Choice,
    Edit,
    edit_correction,
    retry_corrections,
    undo_corrections,
)
from reconciler.app.webhooks.opening import open_webhooks
from reconciler.app.webhooks.worker import Patience
from reconciler.errors import RefusedError
from reconciler.logs import configure_logging
from reconciler.model.corrections import CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.app.corrections_rig import Enter, changed, entering, one_finding, proposal_for

S = CorrectionState
_COMPARED = {
    "contact_credit_limit",
    "contact_special_discount",
    "contact_sales_volume",
    "contact_active",
    "contact_state_registration",
    "product_ncm",
}


@pytest.fixture
def enter(tmp_path: Path) -> Enter:
    """A context with the systems and the project as they were after the first run; the project file may be edited."""
    return entering(tmp_path)


def _others(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The custom fields that no correction is about."""
    return [each for each in record.get("OtherProperties", ()) if each["FieldKey"] not in _COMPARED]


async def test_what_is_corrected_is_closed_by_the_next_run_and_nothing_else(enter: Enter) -> None:
    async with enter() as rig:
        before, crm_before = await rig.findings(), await rig.records(Side.CRM)
        proposed = await rig.propose()
        planned, plan = await rig.planned()
        applied = await rig.apply(plan)
        assert applied.exit_code == 0
        assert {each.state for each in applied.corrections} == {S.VERIFIED}
        mended = changed(proposed.corrections)
        assert mended == set(before) - {finding.id for finding, _ in proposed.left_out}
        assert set(await rig.findings(status=FindingStatus.CORRECTED)) == mended
        written = {each.record_id for each in planned.corrections if each.side is Side.CRM}
        assert len(written) > 10
        crm_after = await rig.records(Side.CRM)
        for name, records in crm_before.items():
            now = {record["Id"]: record for record in crm_after[name]}
            for record in records:
                assert _others(now[record["Id"]]) == _others(record)
                assert now[record["Id"]] == record or str(record["Id"]) in written
        await rig.run_again()
        assert set(await rig.findings()) & set(before) == set(before) - mended


async def test_new_records_reach_the_other_system_once_with_their_lines(enter: Enter) -> None:
    async with enter() as rig:
        await rig.through()
        creates = await rig.corrections(action="create", states=S.VERIFIED)
        assert {(each.entity, each.side) for each in creates} >= {("customers", Side.CRM), ("orders", Side.ERP)}
        order = next(each for each in creates if each.entity == "orders")
        erp = (await rig.records(Side.ERP))["pedidos"]
        (made,) = [each for each in erp if str(each["numero"]) == order.key]
        assert len(made["itens"]) == len({change.line for change in order.changes if change.line is not None})
        customer = next(each for each in creates if each.entity == "customers" and each.side is Side.CRM)
        assert (await rig.contact(customer.key))["Id"] == int(customer.record_id or "")


async def test_a_plan_is_written_once_however_often_it_is_applied(enter: Enter) -> None:
    async with enter() as rig:
        await rig.propose(FindingFilter(entity="products", status=FindingStatus.OPEN))
        _, plan = await rig.planned()
        await rig.apply(plan)
        before = {side: await rig.records(side) for side in Side}
        again = await rig.apply(plan)
        assert (again.summary, again.exit_code) == (None, 0)
        assert {side: await rig.records(side) for side in Side} == before


async def test_a_dry_run_says_what_applying_would_and_writes_nothing(enter: Enter) -> None:
    async with enter() as rig:
        await rig.propose()
        _, plan = await rig.planned()
        before = {side: await rig.records(side) for side in Side}
        rehearsed = await rig.apply(plan, dry_run=True)
        assert {side: await rig.records(side) for side in Side} == before
        assert {each.state for each in await rig.corrections()} == {S.PLANNED}
        applied = await rig.apply(plan)
        assert rehearsed.counts == applied.counts


async def test_a_value_changed_behind_our_back_is_not_overwritten(enter: Enter) -> None:
    async with enter() as rig:
        found = await rig.findings(entity="products", field="price", kind="differs")
        chosen = FindingFilter(ids=list(found), status=FindingStatus.OPEN)
        await rig.propose(chosen)
        planned, plan = await rig.planned()
        mine, *others = planned.corrections
        assert others
        await rig.crm("PATCH", f"/Products({mine.record_id})", {"UnitPrice": 4321.5})
        applied = await rig.apply(plan)
        states = {each.id: each.state for each in applied.corrections}
        assert states.pop(mine.id) is S.SUPERSEDED
        assert set(states.values()) == {S.VERIFIED}
        assert applied.exit_code == 1
        product = next(each for each in (await rig.records(Side.CRM))["Products"] if str(each["Id"]) == mine.record_id)
        assert product["UnitPrice"] == 4321.5


async def test_what_was_superseded_is_proposed_anew_with_the_values_of_now(enter: Enter) -> None:
    async with enter() as rig:
        proposal = await proposal_for(rig, "credit_limit")
        _, plan = await rig.planned(check=False)
        value = {"OtherProperties": [{"FieldKey": "contact_credit_limit", "DecimalValue": 17}]}
        await rig.crm("PATCH", f"/Contacts({proposal.record_id})", value)
        assert (await rig.apply(plan)).exit_code == 1
        retried = await retry_corrections(rig.acting(), Choice([proposal.id]))
        (anew,) = retried.proposals
        assert (anew.changes[0].old, anew.changes[0].new) == ("17", proposal.changes[0].new)
        assert anew.state is S.PROPOSED


async def test_a_value_changed_before_planning_makes_the_approval_lapse(enter: Enter) -> None:
    async with enter() as rig:
        proposal = await proposal_for(rig, "legal_name")
        await rig.crm("PATCH", f"/Contacts({proposal.record_id})", {"Name": "Outra", "LegalName": "Outra"})
        planned, out = await rig.planned()
        assert (planned.sealed, out.exists()) == (None, False)
        assert planned.lapsed == {proposal.id}
        assert await rig.state_of(proposal.id) is S.PROPOSED
        approvals = await rig.workspace.state.corrections.approvals([proposal.id])
        assert approvals == {proposal.id: []}


async def test_undo_brings_the_old_values_back_and_takes_what_was_added_out_of_use(enter: Enter) -> None:
    async with enter() as rig:
        before = await rig.records(Side.CRM)
        applied = await rig.through(FindingFilter(entity="customers", status=FindingStatus.OPEN))
        updates = [each for each in applied.corrections if each.action is CorrectionAction.UPDATE]
        made = next(
            each for each in applied.corrections if each.action is CorrectionAction.CREATE and each.side is Side.ERP
        )
        undone = await undo_corrections(rig.acting(), Choice([*(each.id for each in updates), made.id]))
        assert {each.state for each in undone.proposals} == {S.PROPOSED}
        _, plan = await rig.planned()
        taken_back = await rig.apply(plan)
        assert taken_back.exit_code == 0
        assert {await rig.state_of(each.id) for each in (*updates, made)} == {S.UNDONE}
        stamps = {"LastUpdateDate", "UpdaterId"}
        now = {each["Id"]: each for each in (await rig.records(Side.CRM))["Contacts"]}
        for contact in before["Contacts"]:
            assert _plain(now[contact["Id"]], stamps) == _plain(contact, stamps)
        (client,) = [each for each in (await rig.records(Side.ERP))["clientes"] if each["codigo"] == made.record_id]
        assert client["ativo"] == "N"


def _plain(contact: dict[str, Any], stamps: set[str]) -> dict[str, Any]:
    """A contact without its stamps; custom fields in one order, texts composed (NFC), as values are held."""
    kept = {name: _composed(value) for name, value in contact.items() if name not in stamps}
    filled = [
        each
        for each in contact["OtherProperties"]
        if any(each[name] is not None for name in each if name != "FieldKey")
    ]
    return {**kept, "OtherProperties": sorted(filled, key=lambda each: str(each["FieldKey"]))}


def _composed(value: Any) -> Any:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


async def test_what_somebody_changed_since_is_not_undone(enter: Enter) -> None:
    async with enter() as rig:
        (done,) = (await rig.through(await one_finding(rig, "legal_name"))).corrections
        await rig.crm("PATCH", f"/Contacts({done.record_id})", {"Name": "Outra", "LegalName": "Outra"})
        with pytest.raises(RefusedError, match="somebody changed legal_name"):
            await undo_corrections(rig.acting(), Choice([done.id]))
        assert await rig.state_of(done.id) is S.VERIFIED


async def test_what_only_one_side_has_is_taken_out_of_use_where_the_project_says_so(enter: Enter) -> None:
    def deactivate(text: str) -> str:
        return text.replace("[scope.products.fields]", 'only_in_erp = { new = "deactivate" }\n[scope.products.fields]')

    async with enter(deactivate) as rig:
        found = await rig.findings(entity="products", kind="only_in_erp", cause="not_found")
        applied = await rig.through(FindingFilter(ids=list(found), status=FindingStatus.OPEN))
        (done,) = applied.corrections
        assert (done.action, done.state) == (CorrectionAction.DEACTIVATE, S.VERIFIED)
        (product,) = [each for each in (await rig.records(Side.ERP))["produtos"] if each["codigo"] == done.record_id]
        assert product["ativo"] == "N"
        (back,) = (await undo_corrections(rig.acting(), Choice([done.id]))).proposals
        _, plan = await rig.planned(Choice([back.id]))
        await rig.apply(plan)
        (product,) = [each for each in (await rig.records(Side.ERP))["produtos"] if each["codigo"] == done.record_id]
        assert product["ativo"] == "S"


async def test_the_trail_tells_everything_and_shows_when_it_was_touched(enter: Enter) -> None:
    """Values are in the trail and nowhere in the logs."""
    async with enter() as rig:
        logs = StringIO()
        configure_logging(debug=True, stream=logs)
        (done,) = (await rig.through(await one_finding(rig, "legal_name"))).corrections
        configure_logging(debug=False)
        assert "PATCH /" in logs.getvalue()
        for personal in (done.key, done.changes[0].old, done.changes[0].new):
            assert f"{personal}" not in logs.getvalue()
        entries = await rig.workspace.state.audit.about(done.id)
        assert [entry.act for entry in entries] == [
            "correction.proposed",
            "correction.approval_given",
            "correction.approved",
            "correction.planned",
            "correction.applying",
            "correction.verified",
        ]
        assert {entry.person for entry in entries} == {"ana"}
        told = {entry.act: json.loads(entry.details) for entry in entries}
        (run,) = await rig.workspace.state.runs.history(1)
        assert told["correction.proposed"]["runs"] == [run.id]
        assert told["correction.approved"]["through"] == "user nobody, by --as"
        plan = told["correction.planned"]["plan"]
        (change,), written = done.changes, told["correction.verified"]
        assert (written["plan"], written["before"], written["after"]) == (
            plan,
            {change.field: change.old},
            {change.field: change.new},
        )
        assert (await verified_trail(rig.workspace, None)).is_whole
        database = rig.project_file.parent / "state.db"
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE audit_entries SET person = 'bia' WHERE number = 2")
        check = await verified_trail(rig.workspace, None)
        assert not check.is_whole
        assert check.breaks[0].number == 2


async def test_news_of_our_own_write_open_no_finding_and_those_of_others_do(enter: Enter) -> None:
    async with enter() as rig:
        proposal = await proposal_for(rig, "legal_name")
        await edit_correction(rig.acting(), proposal.id, [Edit("legal_name", "Nome Combinado Ltda")])
        _, plan = await rig.planned()
        await rig.apply(plan)
        finding = proposal.changes[0].finding
        state = rig.workspace.state
        async with open_webhooks(rig.workspace, Patience(first_s=0.0, longest_s=0.0)) as webhooks:

            async def news(side: Side, record_id: str | None, number: int) -> None:
                hinted = (HintedRecord("customers", str(record_id)),)
                await state.webhooks.accept(side, [IncomingNotice(f"id:{number}", True, hinted)])
                assert await webhooks.worker.step()

            await news(Side.CRM, proposal.record_id, 1)
            assert finding not in await rig.findings()
            await news(Side.ERP, proposal.source_id, 2)
            assert finding in await rig.findings()


async def test_proposing_one_cause_after_another_keeps_both_in_the_record_s_one_proposal(enter: Enter) -> None:
    async with enter() as rig:
        found = (await rig.findings(entity="customers", field="legal_name", kind="differs")).values()
        finding = next(iter(found))
        value = {"OtherProperties": [{"FieldKey": "contact_credit_limit", "DecimalValue": 17}]}
        await rig.crm("PATCH", f"/Contacts({finding.crm.id})", value)
        await rig.run_again("customers")
        for field in ("legal_name", "credit_limit"):
            await rig.propose(FindingFilter(key=finding.key, field=field, status=FindingStatus.OPEN))
        (proposal,) = await rig.corrections(key=finding.key, side=Side.CRM)
        assert [change.field for change in proposal.changes] == ["legal_name", "credit_limit"]
        await edit_correction(rig.acting(), proposal.id, [Edit("credit_limit", "18")])
        await rig.propose(FindingFilter(key=finding.key, field="legal_name", status=FindingStatus.OPEN))
        (proposal,) = await rig.corrections(key=finding.key, side=Side.CRM)
        assert [change.new for change in proposal.changes][1] == "18"


async def test_stopping_finishes_what_is_under_way_and_leaves_the_rest_planned(enter: Enter) -> None:
    async with enter() as rig:
        await rig.propose()
        _, plan = await rig.planned(check=False)
        stop = asyncio.Event()
        applied = await rig.apply(plan, stop=stop, progress=lambda step: stop.set())
        assert applied.exit_code == 130
        counts = applied.counts
        assert set(counts) == {S.VERIFIED, S.PLANNED}
        assert counts[S.VERIFIED] >= 1
        rest = await rig.apply(plan)
        assert (rest.exit_code, rest.counts) == (0, {S.VERIFIED: len(applied.corrections)})
