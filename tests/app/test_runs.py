"""Runs over time: changes, deletions, outages, empty sides and changes in flight."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import StateError
from tests.app.running import Systems, open_findings, run
from tests.processes import Sandbox

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "box") as running:
        yield running


@pytest.fixture
def systems(sandbox: Sandbox) -> Systems:
    return Systems(sandbox)


def _replace(project_file: Path, old: str, new: str) -> None:
    text = project_file.read_text()
    assert old in text
    project_file.write_text(text.replace(old, new))


def _option(project_file: Path, line: str) -> None:
    project_file.write_text(f"{project_file.read_text()}\n[run]\n{line}\n")


async def test_a_mended_record_closes_its_finding_and_nothing_else(sandbox: Sandbox, systems: Systems) -> None:
    await run(sandbox.project, "customers")
    before = await open_findings(sandbox.project)
    wrong = next(each for each in before if each.entity == "customers" and each.cause == "case" and each.field)
    assert wrong.field == "legal_name"
    systems.crm("PATCH", f"/Contacts({wrong.crm.id})", {"LegalName": wrong.erp.value})
    finished = await run(sandbox.project, "customers")
    assert finished.document["entities"]["customers"]["findings"]["closed"] == 1
    assert {each.id for each in await open_findings(sandbox.project)} == {each.id for each in before} - {wrong.id}


async def test_an_incremental_run_sees_a_new_difference(sandbox: Sandbox, systems: Systems) -> None:
    await run(sandbox.project, "customers")
    planted = {each["key"] for each in sandbox.truth}
    known = {each.crm.id for each in await open_findings(sandbox.project)}
    contact = next(
        each
        for each in systems.state("crm")["Contacts"]
        if each["CNPJ"] and str(each["Id"]) not in known and each["CNPJ"] not in planted
    )
    systems.crm("PATCH", f"/Contacts({contact['Id']})", {"Email": "novo.endereco@example.com"})
    finished = await run(sandbox.project, "customers")
    assert finished.exit_code == 1
    assert finished.document["entities"]["customers"]["findings"]["new"] == 1
    new = next(each for each in await open_findings(sandbox.project) if each.crm.id == str(contact["Id"]))
    assert (new.field, new.crm.value) == ("email", "novo.endereco@example.com")


async def test_a_deleted_record_is_seen_when_the_keys_are_swept(sandbox: Sandbox, systems: Systems) -> None:
    """Trap 12."""
    _option(sandbox.project, "sweep_every_h = 0")
    await run(sandbox.project, "customers")
    known = await open_findings(sandbox.project)
    touched = {each.crm.id for each in known}
    gone = next(each for each in systems.state("crm")["Contacts"] if str(each["Id"]) not in touched and each["CNPJ"])
    systems.crm("DELETE", f"/Contacts({gone['Id']})")
    await run(sandbox.project, "customers")
    new = {each.id for each in await open_findings(sandbox.project)} - {each.id for each in known}
    found = [each for each in await open_findings(sandbox.project) if each.id in new and each.entity == "customers"]
    assert [each.kind for each in found] == ["only_in_erp"]


async def test_without_a_sweep_a_deletion_is_not_guessed(sandbox: Sandbox, systems: Systems) -> None:
    await run(sandbox.project, "customers")
    known = {each.id for each in await open_findings(sandbox.project)}
    touched = {each.crm.id for each in await open_findings(sandbox.project)}
    gone = next(each for each in systems.state("crm")["Contacts"] if str(each["Id"]) not in touched and each["CNPJ"])
    systems.crm("DELETE", f"/Contacts({gone['Id']})")
    await run(sandbox.project, "customers")
    assert {each.id for each in await open_findings(sandbox.project)} == known


async def test_an_empty_side_is_suspicious_and_makes_no_findings(tmp_path: Path) -> None:
    load = tmp_path / "load.json"
    load.write_text('{"crm": {"Contacts": [{"Id": 1, "LegalName": "Aço Forte", "CNPJ": "11222333000181"}]}, "erp": {}}')
    with Sandbox(tmp_path / "box", "--load", str(load)) as sandbox:
        finished = await run(sandbox.project, "customers")
        assert finished.exit_code == 3
        assert "suspicious" in finished.document["warnings"][0]
        assert await open_findings(sandbox.project) == []
        believed = await run(sandbox.project, "customers", accept_empty=True)
        assert believed.exit_code == 1
        assert [each.kind for each in await open_findings(sandbox.project)] == ["only_in_crm"]


async def test_a_side_that_lost_its_records_is_suspicious_and_findings_stay(sandbox: Sandbox, systems: Systems) -> None:
    await run(sandbox.project, "customers")
    known = {each.id for each in await open_findings(sandbox.project)}
    for contact in systems.state("crm")["Contacts"][10:]:
        systems.crm("DELETE", f"/Contacts({contact['Id']})")
    finished = await run(sandbox.project, "customers", full=True)
    assert finished.exit_code == 3
    assert "suspicious" in finished.document["entities"]["customers"]["suspicious"]
    assert {each.id for each in await open_findings(sandbox.project)} == known


async def test_an_unreachable_system_is_told_and_findings_stay(sandbox: Sandbox) -> None:
    await run(sandbox.project, "products", "customers")
    known = {each.id for each in await open_findings(sandbox.project)}
    _replace(sandbox.project, sandbox.systems["crm"]["base_url"], "http://127.0.0.1:9")
    finished = await run(sandbox.project)
    assert finished.exit_code == 3
    assert finished.document["status"] == "failed"
    assert any("crm" in warning for warning in finished.document["warnings"])
    assert {each.id for each in await open_findings(sandbox.project)} == known


async def test_wrong_credentials_are_told_without_showing_them(sandbox: Sandbox) -> None:
    _replace(sandbox.project, sandbox.systems["erp"]["credentials"]["password"], "wr0ng-passw0rd")
    finished = await run(sandbox.project, "products")
    assert finished.exit_code == 3
    told = " ".join(finished.document["warnings"])
    assert "erp" in told
    assert "wr0ng-passw0rd" not in told


async def test_a_change_in_flight_is_not_reported(sandbox: Sandbox, systems: Systems) -> None:
    """The record is mended after it was pulled and before it is reported."""
    await run(sandbox.project, "customers")
    wrong = next(
        each for each in await open_findings(sandbox.project) if each.cause == "case" and each.field == "legal_name"
    )

    def mend(_entity: str) -> None:
        systems.crm("PATCH", f"/Contacts({wrong.crm.id})", {"LegalName": wrong.erp.value})

    finished = await run(sandbox.project, "customers", before_comparing=mend)
    assert finished.document["entities"]["customers"]["findings"]["closed"] == 1
    assert wrong.id not in {each.id for each in await open_findings(sandbox.project)}


async def test_without_a_second_look_a_change_in_flight_is_reported(sandbox: Sandbox, systems: Systems) -> None:
    _option(sandbox.project, "recheck = 0")
    await run(sandbox.project, "customers")
    wrong = next(
        each for each in await open_findings(sandbox.project) if each.cause == "case" and each.field == "legal_name"
    )

    def mend(_entity: str) -> None:
        systems.crm("PATCH", f"/Contacts({wrong.crm.id})", {"LegalName": wrong.erp.value})

    await run(sandbox.project, "customers", before_comparing=mend)
    assert wrong.id in {each.id for each in await open_findings(sandbox.project)}


async def test_a_record_created_in_flight_on_the_other_side_is_not_reported(sandbox: Sandbox, systems: Systems) -> None:
    await run(sandbox.project, "products")
    lonely = next(each for each in await open_findings(sandbox.project) if each.kind == "only_in_crm")
    original = next(each for each in systems.state("crm")["Products"] if str(each["Id"]) == lonely.crm.id)

    def create(_entity: str) -> None:
        body = {"codigo": original["Code"], "descricao": original["Name"], "unidade": original["MeasurementUnit"]}
        price = f"{original['UnitPrice']:.2f}".replace(".", ",")
        active = "N" if original["Suspended"] else "S"
        systems.erp("POST", "/produtos", {**body, "preco_venda": price, "ativo": active, **_fiscal(original)})

    await run(sandbox.project, "products", before_comparing=create)
    assert lonely.id not in {each.id for each in await open_findings(sandbox.project)}


def _fiscal(product: dict[str, object]) -> dict[str, str]:
    properties = product["OtherProperties"]
    assert isinstance(properties, list)
    ncm = next(each["StringValue"] for each in properties if each["FieldKey"] == "product_ncm")
    return {"ncm": ncm, "classe": "materiais", "origem": "0"}


async def test_two_runs_at_once_are_refused(sandbox: Sandbox) -> None:
    refusals: list[StateError] = []

    def second(_entity: str) -> None:
        import asyncio
        import threading

        def start() -> None:
            try:
                asyncio.run(run(sandbox.project, "products"))
            except StateError as error:
                refusals.append(error)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()

    await run(sandbox.project, "products", before_comparing=second)
    assert len(refusals) == 1
    assert "process" in refusals[0].message


async def test_one_entity_can_be_run_alone(sandbox: Sandbox) -> None:
    finished = await run(sandbox.project, "products")
    assert set(finished.document["entities"]) == {"products"}


def test_the_sandbox_refuses_what_it_does_not_know(systems: Systems) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        systems.crm("PATCH", "/Contacts(999999999)", {"LegalName": "Ninguém"})
