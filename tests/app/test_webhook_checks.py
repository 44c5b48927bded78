"""A hint about one record becomes a finding of its key, or closes one, and nothing else is touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from pydantic import JsonValue

from reconciler.app.webhooks.known_records import KnownRecords
from reconciler.app.webhooks.record_check import CheckResult
from reconciler.connectors.connector import Connector
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingKind
from reconciler.store.state.records import RunStatus
from tests.app.webhook_rig import Rig, reconciled_once, rig


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reconciled_once(tmp_path_factory.mktemp("reconciled") / "box")


@pytest_asyncio.fixture
async def systems(prepared: Path, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(prepared, tmp_path) as opened:
        yield opened


def told(findings: dict[str, Finding], known: dict[str, Finding]) -> set[tuple[str, str, str, str | None]]:
    """What is open now and was not known: entity, key, kind, field."""
    return {(each.entity, each.key, each.kind, each.field) for id_, each in findings.items() if id_ not in known}


async def test_a_changed_value_opens_a_finding_and_its_return_closes_it(systems: Rig) -> None:
    known = await systems.open_findings()
    contact = await systems.untouched_contact()
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"Email": "outra@example.com"})
    await systems.check(Side.CRM, "customers", contact["Id"])
    now = await systems.open_findings()
    assert told(now, known) == {("customers", contact["CNPJ"], "differs", "email")}
    assert now.keys() >= known.keys()
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"Email": contact["Email"]})
    await systems.check(Side.CRM, "customers", contact["Id"])
    assert await systems.open_findings() == known


async def test_a_finding_of_the_last_run_keeps_its_raw_record_until_it_is_mended(systems: Rig) -> None:
    known = await systems.open_findings()
    wrong = next(each for each in known.values() if each.entity == "customers" and each.field == "trade_name")
    places = await systems.workspace.state.findings.places([wrong.id])
    await systems.check(Side.CRM, "customers", wrong.crm.id)
    assert await systems.open_findings() == known
    assert await systems.workspace.state.findings.places([wrong.id]) == places
    await systems.erp("PATCH", f"/clientes/{wrong.erp.id}", {"nome_fantasia": wrong.crm.value})
    await systems.check(Side.ERP, "customers", wrong.erp.id)
    assert known.keys() - (await systems.open_findings()).keys() == {wrong.id}


async def test_a_deleted_record_is_only_in_the_other_and_the_next_run_looks_for_deletions(systems: Rig) -> None:
    known = await systems.open_findings()
    contact = await systems.untouched_contact()
    await systems.crm("DELETE", f"/Contacts({contact['Id']})")
    await systems.check(Side.CRM, "customers", contact["Id"])
    gone = ("customers", contact["CNPJ"], "only_in_erp", None)
    assert told(await systems.open_findings(), known) == {gone}
    mark = await systems.workspace.state.snapshots.mark(Side.CRM, "customers")
    assert mark.sweep_at == datetime(1970, 1, 1, tzinfo=UTC)


async def test_a_key_that_changes_is_looked_for_under_both_keys(systems: Rig) -> None:
    known = await systems.open_findings()
    contact = await systems.untouched_contact()
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"CNPJ": "11222333000181"})
    await systems.check(Side.CRM, "customers", contact["Id"])
    # The CRM keeps the ERP's own number of the customer: the two records are still one pair, with another document.
    assert told(await systems.open_findings(), known) == {("customers", "11222333000181", "differs", "tax_id")}
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"OtherProperties": []})
    await systems.check(Side.CRM, "customers", contact["Id"])
    alone = told(await systems.open_findings(), known)
    assert {(key, kind) for _, key, kind, _ in alone} == {
        ("11222333000181", "only_in_crm"),
        (contact["CNPJ"], "only_in_erp"),
    }


async def test_records_that_no_run_has_seen_are_paired_and_forgotten(systems: Rig) -> None:
    known = await systems.open_findings()
    new = (await systems.crm("POST", "/Contacts", {"Name": "Nova", "LegalName": "Nova", "CNPJ": "11222333000181"}))[
        "value"
    ][0]
    await systems.check(Side.CRM, "customers", new["Id"])
    (lonely,) = told(await systems.open_findings(), known)
    assert lonely == ("customers", "11222333000181", "only_in_crm", None)
    await systems.crm("DELETE", f"/Contacts({new['Id']})")
    await systems.check(Side.CRM, "customers", new["Id"])
    assert await systems.open_findings() == known


async def test_the_other_side_is_asked_by_key_for_what_no_run_has_seen(systems: Rig) -> None:
    known = await systems.open_findings()
    client = next(each for each in await systems.records("erp", "clientes") if each["cpf_cnpj"])
    await systems.erp("POST", "/clientes", {**client, "cpf_cnpj": "11222333000181", "razao_social": "Nova"})
    body = {"Name": "Nova", "LegalName": "Nova", "CNPJ": "11222333000181"}
    new = (await systems.crm("POST", "/Contacts", body))["value"][0]
    await systems.check(Side.CRM, "customers", new["Id"])
    opened = told(await systems.open_findings(), known)
    assert {kind for _, _, kind, _ in opened} == {"differs"}
    assert "legal_name" not in {field for _, _, _, field in opened}


async def test_the_last_run_tells_keys_and_links_in_both_directions(systems: Rig) -> None:
    contact = await systems.untouched_contact()
    (code,) = (each["StringValue"] for each in contact["OtherProperties"] if each["FieldKey"] == "contact_erp_code")
    plan = systems.webhooks.worker.checker.plans["customers"]
    known_records = KnownRecords(systems.workspace, plan, await systems.workspace.state.runs.horizon() or 0)
    for hinted in ({Side.CRM: {str(contact["Id"])}, Side.ERP: set()}, {Side.CRM: set(), Side.ERP: {code}}):
        known = await known_records.about(hinted, ())
        assert known.ids == {Side.CRM: {str(contact["Id"])}, Side.ERP: {code}}
        assert known.keys == {contact["CNPJ"]}


async def test_what_a_check_reads_is_told_to_those_who_remember_taxes_of_it(systems: Rig) -> None:
    """The CRM names the record by its own id, which the ERP does not know."""
    contact = await systems.untouched_contact()
    (code,) = (each["StringValue"] for each in contact["OtherProperties"] if each["FieldKey"] == "contact_erp_code")
    begun = await systems.workspace.state.changes.position()
    await systems.check(Side.CRM, "customers", contact["Id"])
    changed = await systems.workspace.state.changes.since(begun)
    assert changed.records == {("customers", code), ("customers", contact["CNPJ"])}


async def test_a_second_record_with_the_key_is_a_duplicate_and_not_a_difference(systems: Rig) -> None:
    known = await systems.open_findings()
    contact = await systems.untouched_contact()
    body = {"Name": "Outra", "LegalName": "Outra", "CNPJ": contact["CNPJ"]}
    second = (await systems.crm("POST", "/Contacts", body))["value"][0]
    await systems.check(Side.CRM, "customers", second["Id"])
    assert told(await systems.open_findings(), known) == {("customers", contact["CNPJ"], "duplicate", None)}
    await systems.crm("DELETE", f"/Contacts({second['Id']})")
    await systems.check(Side.CRM, "customers", second["Id"])
    assert await systems.open_findings() == known


async def test_lines_are_compared_with_their_order_only(systems: Rig) -> None:
    known = await systems.open_findings()
    busy = {each.key.partition("|")[0] for each in known.values() if each.entity.startswith("orders")}
    order = next(each for each in await systems.records("crm", "Orders") if str(each["OrderNumber"]) not in busy)
    lines = [
        {name: value for name, value in line.items() if name not in {"Id", "OrderId"}} for line in order["Products"]
    ]
    more = [{**lines[0], "Quantity": lines[0]["Quantity"] + 1}, *lines[1:]]
    await systems.crm("PATCH", f"/Orders({order['Id']})", {"Products": more})
    await systems.check(Side.CRM, "orders", order["Id"])
    ((entity, key, _, field),) = told(await systems.open_findings(), known)
    assert (entity, key.partition("|")[0], field) == ("orders.lines", str(order["OrderNumber"]), "quantity")
    await systems.crm("PATCH", f"/Orders({order['Id']})", {"Products": lines})
    await systems.check(Side.CRM, "orders", order["Id"])
    assert await systems.open_findings() == known


async def test_a_hint_about_nothing_changes_nothing(systems: Rig) -> None:
    known = await systems.open_findings()
    await systems.check(Side.CRM, "customers", "999999")
    await systems.check(Side.CRM, "nobody describes this", "1")
    assert await systems.open_findings() == known


class Meddled:
    """A connector in whose calls something else happens, or that cannot ask for a key."""

    def __init__(self, inner: Connector, **replaced: Any) -> None:
        self._inner = inner
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return self._replaced.get(name) or getattr(self._inner, name)


def meddled(systems: Rig, side: Side, **replaced: Any) -> dict[Side, Connector]:
    connectors = dict(systems.webhooks.worker.checker.connectors)
    connectors[side] = cast("Connector", Meddled(connectors[side], **replaced))
    return connectors


async def test_a_run_that_begins_meanwhile_overtakes_the_check(systems: Rig) -> None:
    known = await systems.open_findings()
    contact = await systems.untouched_contact()
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"Email": "outra@example.com"})
    runs, read = systems.workspace.state.runs, systems.webhooks.worker.checker.connectors[Side.CRM].one

    async def one(entity: str, identity: str) -> list[JsonValue]:
        run_id = await runs.start(["customers"], full=False)
        await runs.finish(run_id, RunStatus.COMPLETE, {})
        return await read(entity, identity)

    checker = replace(systems.webhooks.worker.checker, connectors=meddled(systems, Side.CRM, one=one))
    assert await checker.check("customers", {Side.CRM: {str(contact["Id"])}}) is CheckResult.OVERTAKEN
    assert await systems.open_findings() == known


async def test_while_a_run_is_going_on_hints_wait(systems: Rig) -> None:
    contact = await systems.untouched_contact()
    run_id = await systems.workspace.state.runs.start(["customers"], full=False)
    await systems.hint(Side.CRM, "customers", contact["Id"])
    assert not await systems.webhooks.worker.step()
    assert (await systems.workspace.state.webhooks.length()).pending == 1
    await systems.workspace.state.runs.finish(run_id, RunStatus.COMPLETE, {})
    assert await systems.webhooks.worker.step()
    assert (await systems.workspace.state.webhooks.length()).pending == 0


async def test_a_side_that_cannot_be_asked_by_key_is_not_guessed_about(systems: Rig) -> None:
    """Nothing is said of a record that the ERP may well have; the record it had under the key is read again."""
    known = await systems.open_findings()
    connectors = meddled(systems, Side.ERP, can_find=lambda entity: False)
    checker = replace(systems.webhooks.worker.checker, connectors=connectors)
    body = {"Name": "Nova", "LegalName": "Nova", "CNPJ": "11222333000181"}
    new = (await systems.crm("POST", "/Contacts", body))["value"][0]
    assert await checker.check("customers", {Side.CRM: {str(new["Id"])}}) is CheckResult.LEFT_TO_RUN
    assert await systems.open_findings() == known
    contact = await systems.untouched_contact()
    await systems.crm("PATCH", f"/Contacts({contact['Id']})", {"Email": "outra@example.com"})
    assert await checker.check("customers", {Side.CRM: {str(contact["Id"])}}) is CheckResult.RECORDED
    assert {each[2] for each in told(await systems.open_findings(), known)} == {FindingKind.DIFFERS}
