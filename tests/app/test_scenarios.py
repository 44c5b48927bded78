"""The test scenarios against real systems: all of them pass in a healthy world, and each broken one makes one fail."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.correct import Choice, HandTask, approve_corrections, open_scenario_records
from reconciler.app.pilot.assessment import assess
from reconciler.app.pilot.promotion import start_pilot
from reconciler.app.pilot.report import write_pilot_report
from reconciler.app.pilot.scenarios.playing import (
    PlayOptions,
    chosen_scenarios,
    exit_code_of_results,
    listed_scenarios,
    play_scenarios,
)
from reconciler.app.pilot.scenarios.quiet import Quiet
from reconciler.app.pilot.status import status_document
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionState
from reconciler.model.entities import Side
from reconciler.model.pilot import ScenarioResult
from reconciler.model.pilot import Stage as PilotStage
from reconciler.pilot.reserved import NAME, SKU, customer, is_reserved, tax_id
from reconciler.pilot.scenarios import SCENARIOS
from tests.app.corrections_rig import Clock
from tests.app.pilot_rig import let, person, project_in
from tests.app.scenario_rig import Call, Stage, stage
from tests.processes import run_command

FIRST, SECOND = tax_id(1), tax_id(2)
FULL = bool(os.environ.get("RECONCILER_FULL_PROOFS"))
"""Whether to prove at full size."""
READ_ONLY = {"taxes-by-state", "erp-unavailable"}


def _evidence(result: ScenarioResult) -> dict[str, Any]:
    content = Path(result.evidence).read_bytes()
    assert hashlib.sha256(content).hexdigest() == result.digest
    document: dict[str, Any] = json.loads(content)
    return document


async def _nothing_left(stage: Stage) -> None:
    """Test records are out of use, and nobody hears of them any more."""
    for text in ("999", SKU, "99000", "TESTE"):
        assert await stage.open_findings(text) == []
    crm, erp = await stage.records("crm"), await stage.records("erp")
    for contact in crm["Contacts"]:
        if str(contact["LegalName"]).startswith(NAME):
            active = [each["BoolValue"] for each in contact["OtherProperties"] if each["FieldKey"] == "contact_active"]
            assert (active, is_reserved("customers", contact["CNPJ"])) == ([False], True), contact
    assert len({each["CNPJ"] for each in crm["Contacts"] if str(each["LegalName"]).startswith(NAME)}) == sum(
        str(each["LegalName"]).startswith(NAME) for each in crm["Contacts"]
    )
    assert all(each["Suspended"] for each in crm["Products"] if each["Code"] == SKU)
    assert all(each["StageId"] == 3 for each in crm["Orders"] if str(each["OrderNumber"]).startswith("99"))
    assert {each["ativo"] for each in erp["clientes"] if each["razao_social"].startswith(NAME)} <= {"N"}
    assert {each["ativo"] for each in erp["produtos"] if each["codigo"] == SKU} <= {"N"}
    assert {each["situacao"] for each in erp["pedidos"] if each["numero"].startswith("99")} <= {"C"}
    states = CorrectionFilter(states={CorrectionState.PROPOSED, CorrectionState.APPROVED, CorrectionState.PLANNED})
    assert await stage.workspace.state.corrections.count(states) == 0


async def _stays_told(stage: Stage, results: list[ScenarioResult], before: tuple[Any, Any]) -> None:
    """What the systems hold more than before is exactly what the playings say they leave."""
    after = await stage.records("crm"), await stage.records("erp")
    names = (("Contacts", "Id"), ("Products", "Id"), ("Orders", "Id"), ("Quotes", "Id")), (
        ("clientes", "codigo"), ("produtos", "codigo"), ("pedidos", "numero"), ("orcamentos", "numero"),
    )  # fmt: skip
    more = {
        (side, str(each[member]))
        for side, was, now, collections in zip(("crm", "erp"), before, after, names, strict=True)
        for collection, member in collections
        for each in now[collection]
        if each not in was[collection] and each[member] not in {other[member] for other in was[collection]}
    }
    told = {
        (each["system"], each["id"]) for result in results if result.evidence for each in _evidence(result)["stays"]
    }
    assert told == more
    for result in results:
        stays = _evidence(result)["stays"]
        assert all(f"(id {each['id']})" in result.seen for each in stays)
        assert ("presentes daqui em diante" in result.seen) == bool(stays)
    assert [len(_evidence(each)["stays"]) for each in results if each.scenario == "new-customer"] == [2]


@pytest.mark.timeout(180)
async def test_all_pass_in_a_healthy_world_and_leave_evidence_without_secrets_and_no_litter(tmp_path: Path) -> None:
    """Where every correction takes two people."""
    async with stage(tmp_path, _two_people) as world:
        before = await world.records("crm"), await world.records("erp")
        results = await world.play(approvers=["bia"])
        assert [(each.scenario, each.status, each.exit_code) for each in results] == [
            (each, "passed", 0) for each in SCENARIOS
        ], [each.seen for each in results]
        await _nothing_left(world)
        texts = ""
        for result in results:
            document, scenario = _evidence(result), SCENARIOS[result.scenario]
            assert [each["step"] for each in document["steps"]] == list(scenario.steps("pt-BR"))
            assert all(each["seen"] for each in document["steps"])
            assert document["expected"] == scenario.portuguese.expected
            assert sum(len(each["exchanges"]) for each in document["steps"]) > 3
            texts += Path(result.evidence).read_text() + Path(result.evidence).with_suffix(".html").read_text()
        secrets = {*world.crm.secrets, *world.erp.secrets, *world.sandbox.erp.credentials.values()}
        assert len(secrets) > 10, "sessions are secrets too"
        others = {str(each[name]) for each in before[0]["Contacts"] for name in ("LegalName", "Email", "CNPJ", "CPF")}
        others |= {each[name] for each in before[1]["clientes"] for name in ("razao_social", "email", "cpf_cnpj")}
        leaked = {each for each in (secrets | others) - {"None", ""} if each in texts}
        assert leaked == set()
        assert all(each in texts for each in (FIRST, SKU, f"{NAME} CLIENTE 1"))
        kept = await world.workspace.state.scenarios.latest()
        assert list(kept.values()) == results
        for corrected in results[:4]:
            assert any("por ana, bia" in each["seen"] for each in _evidence(corrected)["steps"]), corrected.scenario
        await _stays_told(world, results, before)
        trail = [each async for each in world.workspace.state.audit.iterate()]
        assert sum(each.act == "scenario.played" for each in trail) == len(SCENARIOS)
        assert all(each.person == "ana" for each in trail if each.act.startswith("scenario"))
        # Somebody was killed between giving the second customer the first one's document and giving it back.
        contacts = (await world.records("crm"))["Contacts"]
        (second,) = [each["Id"] for each in contacts if each["CNPJ"] == SECOND]
        await world.as_user("PATCH", f"/Contacts({second})", {"CNPJ": FIRST})
        (again,) = await world.play("duplicate-registration", approvers=["bia"])
        assert again.status == "passed", again.seen
        await _nothing_left(world)


async def test_taxes_are_told_as_the_erp_gives_them(tmp_path: Path) -> None:
    async with stage(tmp_path) as world:
        (result,) = await world.play("taxes-by-state")
        document = _evidence(result)
        asked = [each for step in document["steps"] for each in step["exchanges"] if "simulacao" in str(each)]
        states = [each["request"]["body"]["destino"]["uf"] for each in asked]
        assert (result.status, states) == ("passed", ["SP", "RJ"])
        assert "difal" in document["steps"][2]["seen"]
        assert "difal" not in document["steps"][1]["seen"]


_BLOCKED = "Cadastro bloqueado por ordem de Quitéria Vasconcelos."


def _refuse_customers(call: Call) -> None:
    if (call.method, call.path) == ("POST", "/api/clientes") and not call.status:
        call.status, call.answer = 422, {"erro": {"codigo": "BLOQUEADO", "mensagem": _BLOCKED}}


def _same_taxes(call: Call) -> None:
    if call.path == "/api/simulacao-impostos" and not call.status:
        call.sent["destino"] = {"uf": "SP"}


def _taxes_down(call: Call) -> None:
    if call.path == "/api/simulacao-impostos" and not call.status:
        call.status, call.answer = 503, {"erro": {"codigo": "MANUTENCAO", "mensagem": "Em manutenção."}}


def _second_unseen(call: Call) -> None:
    """The CRM lists every document once only."""
    if call.method == "GET" and call.path == "/Contacts" and call.answer and len(call.answer["value"]) > 1:
        by_document = {each.get("CNPJ") or each["Id"]: each for each in reversed(call.answer["value"])}
        call.answer["value"] = sorted(by_document.values(), key=lambda each: each["Id"])
        if "@odata.count" in call.answer:
            call.answer["@odata.count"] = len(call.answer["value"])


def _deaf_to_prices(call: Call) -> None:
    if call.method == "PATCH" and call.path.startswith("/Products") and not call.status:
        call.sent.pop("UnitPrice", None)


def _other_quantity(call: Call) -> None:
    if (call.method, call.path) == ("POST", "/api/pedidos") and not call.status:
        call.sent["itens"][0]["quantidade"] = "3"


def _never_cancelled(call: Call) -> None:
    """The ERP keeps telling that the order is open, but to whoever asks for that one."""
    if call.method == "GET" and call.path == "/api/pedidos" and call.answer:
        for each in call.answer["pedidos"]:
            each["situacao"] = "A"


_BROKEN: list[tuple[str, str, Callable[[Call], None], str]] = [
    ("new-customer", "erp", _refuse_customers, "recusada: .*Cadastro bloqueado por ordem de •••"),
    ("taxes-by-state", "erp", _same_taxes, "O ERP dá os mesmos impostos para SP e RJ: .*icms"),
    ("taxes-by-state", "erp", _taxes_down, "O ERP não deu impostos para SP"),
    ("duplicate-registration", "crm", _second_unseen, "Encontrado: (?!.*Duplicado)"),
    ("changed-price", "crm", _deaf_to_prices, "A correção está aplicada"),
]
_MORE_BROKEN: list[tuple[str, str, Callable[[Call], None], str]] = [
    ("order-from-quote", "erp", _other_quantity, "A correção está aplicada"),
    ("cancelled-order", "erp", _never_cancelled, "Esperado de 990000001: Diverge: Situação. Encontrado: nenhum"),
]


@pytest.mark.timeout(300)
async def test_a_broken_world_makes_its_scenario_fail_and_leaves_no_litter(tmp_path: Path) -> None:
    """Each tells what was seen. In full, two more of them, and all pass again in the world that was mended."""
    async with stage(tmp_path) as world:
        for scenario, side, twist, seen in [*_BROKEN, *(_MORE_BROKEN if FULL else [])]:
            proxy = world.crm if side == "crm" else world.erp
            proxy.twist = twist
            (result,) = await world.play(scenario)
            proxy.twist = lambda call: None
            assert result.status == "failed", (scenario, result.seen)
            assert exit_code_of_results([result]) == 1
            assert re.search(seen, result.seen), result.seen
            assert _evidence(result)["seen"] == result.seen
            kept = [Path(result.evidence), Path(result.evidence).with_suffix(".html")]
            assert not any("Vasconcelos" in each.read_text() for each in kept)
        mended = await world.play() if FULL else []
        assert {each.status for each in mended} <= {"passed"}, [each.seen for each in mended]
        await _nothing_left(world)


def _keeps_the_dear_price(call: Call) -> None:
    """The ERP cannot be brought back to what it had: the difference is accepted, and is news again the next time."""
    if call.method == "PATCH" and call.path.startswith("/api/produtos") and not call.status:
        call.sent.pop("preco_venda" if call.sent.get("ativo") == "N" else "", None)


def _two_people(text: str) -> str:
    people = '\n[people]\nana = { roles = ["admin"] }\nbia = { roles = ["reviewer"] }\neva = { roles = ["operator"] }\n'
    return f"{text}\n[approvals]\nrequired = 2\n{people}"


class _Waiting:
    """Somebody else approves from elsewhere while the scenario waits."""

    def __init__(self, world: Stage) -> None:
        self._world = world

    async def __call__(self, seconds: float) -> None:
        waiting = Choice(filter=CorrectionFilter(entity="products"))
        await approve_corrections(self._world.acting("bia"), waiting)


def _status_of_the_crm(text: str) -> str:
    """The CRM decides about the status of orders, which the ERP takes from us."""
    return (
        _two_people(text)
        .replace('status = { owner = "erp", crm', 'status = { owner = "crm", crm')
        .replace("pt-BR", "en")
    )


@pytest.mark.timeout(180)
async def test_one_person_alone_corrects_nothing_that_takes_two(tmp_path: Path) -> None:
    """In full, also an order that is cancelled where the ERP has to follow."""
    async with stage(tmp_path, _status_of_the_crm) as world:
        world.erp.twist = _keeps_the_dear_price
        (alone,) = await world.play("changed-price")
        world.erp.twist = lambda call: None
        assert (alone.status, alone.exit_code) == ("refused", 2)
        await _nothing_left(world)
        assert "takes 1 more person(s) to approve" in alone.seen
        for two in await world.play("cancelled-order", approvers=["bia"]) if FULL else []:
            assert two.status == "passed", two.seen
            assert "of the ERP, approved by ana, bia" in _evidence(two)["steps"][3]["seen"]
        (waited,) = await world.play("changed-price", patience_s=60, wait=_Waiting(world))
        assert waited.status == "passed", waited.seen
        (barred,) = await world.play("changed-price", name="eva", approvers=["bia"])
        assert (barred.status, "eva may not" in barred.seen) == ("refused", True)
        latest = await world.workspace.state.scenarios.latest()
        assert latest["changed-price"] == waited, "a refusal does not hide what was seen before"
        await _nothing_left(world)


class _Colleague:
    """Does by hand what they are told, or not."""

    def __init__(self) -> None:
        self.told: list[HandTask] = []

    async def do(self, task: HandTask) -> str | None:
        self.told.append(task)
        return None


async def test_what_the_system_does_not_take_from_us_is_asked_of_a_person(tmp_path: Path) -> None:
    """Behind this proxy the CRM does not say that it is a stand-in."""

    def nameless(call: Call) -> None:
        if call.path == "/_sandbox/name" and not call.status:
            call.status, call.answer = 404, {"error": {"message": "Nothing."}}

    async with stage(tmp_path) as world:
        world.crm.twist, colleague = nameless, _Colleague()
        (result,) = await world.play("new-customer", hands=colleague)
        assert (result.status, result.exit_code) == ("refused", 2)
        assert "Município = São Paulo, UF = SP" in colleague.told[0].instruction
        assert colleague.told[0].instruction in result.seen
        await _nothing_left(world)


async def test_in_the_pilot_only_what_writes_nothing_is_played(tmp_path: Path) -> None:
    async with project_in(tmp_path, "pilot") as running:
        before = await running.records(Side.CRM), await running.records(Side.ERP)
        await let(running, PilotStage.PILOT)
        await start_pilot(person(running.workspace, "caio", running.clock))
        caio = person(running.workspace, "caio", Clock())
        listed = await listed_scenarios(caio)
        assert {each["id"] for each in listed if each["refused"] is None} == READ_ONLY
        results = await play_scenarios(caio, list(SCENARIOS.values()), PlayOptions(tmp_path / "out"), Quiet())
        by_status = {each.scenario: (each.status, each.exit_code) for each in results}
        assert by_status == {each: ("passed", 0) if each in READ_ONLY else ("refused", 2) for each in SCENARIOS}
        why = "ele grava registros de teste, e o estágio “pilot” trata de registros reais."
        assert {each.seen for each in results if each.status == "refused"} == {why}
        assert all(each.evidence == "" for each in results if each.status == "refused")
        assert exit_code_of_results(results) == 2
        assert (await running.records(Side.CRM), await running.records(Side.ERP)) == before
        card = (await assess(caio)).scorecard
        assert set(card.document()["scenarios"]) == set(SCENARIOS)
        await running.workspace.state.scenarios.keep(replace(results[0], status="failed"))
        failed = (await assess(caio)).scorecard
        assert failed.content != card.content
        assert "The scenario “new-customer” failed when it was last played." in [
            each.words() for each in failed.reasons
        ]
        report = await write_pilot_report(caio)
        page = Path(report["reports"]["html"]).read_text()
        assert ("✕ falhou" in page, results[1].seen in page, results[5].digest in page) == (True, True, True)


async def test_only_test_records_are_written_for_a_scenario_and_nothing_while_frozen(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as world:
        before = await world.records("crm")
        real = next(each for each in before["Contacts"] if each["CNPJ"])
        acting = world.acting()
        async with open_scenario_records(acting) as records:
            (record,) = await records.found(Side.CRM, "customers", real["CNPJ"])
            with pytest.raises(RefusedError, match="is no test record"):
                await records.change(Side.CRM, "customers", record, {"legal_name": "OUTRO"})
            with pytest.raises(RefusedError, match="is no test record"):
                await records.change(Side.CRM, "customers", record, {"tax_id": FIRST})
            with pytest.raises(RefusedError, match="is no test record"):
                await records.retire(Side.CRM, "customers", record.id)
            await world.workspace.state.stages.freeze("conflicts: 4, above 3", acting.clock(), {})
            with pytest.raises(RefusedError, match="writes are frozen"):
                await records.have(Side.CRM, "customers", customer(1, "SP", "São Paulo"))
        (result,) = await world.play("changed-price")
        assert (result.status, "as gravações estão congeladas" in result.seen) == ("refused", True)
        assert await world.records("crm") == before


async def test_the_command_tells_what_was_expected_and_seen_and_ends_as_the_contract_says(tmp_path: Path) -> None:
    async with stage(tmp_path, lambda text: text.replace("pt-BR", "en")) as world:
        world.crm.twist = _deaf_to_prices
        project, out = world.workspace.project.folder / "reconciler.toml", tmp_path / "e"
        run = ("--project", project, "pilot", "scenarios", "run", "changed-price", "--as", "ana", "--out", out)
        failed = await asyncio.to_thread(run_command, *run)
        assert failed.returncode == 1, failed.stderr
        assert "expected: The changed price is found" in failed.stdout
        assert "seen: The correction is applied" in failed.stdout
        assert len(list((tmp_path / "e").glob("changed-price-*.json"))) == 1
        (played,) = (await status_document(world.acting()))["scenarios"]
        assert (played["scenario"], played["status"], played["person"]) == ("changed-price", "failed", "ana")
        with pytest.raises(RefusedError, match="there is no scenario “changed-prize”"):
            chosen_scenarios(["changed-prize"], everything=False)
        with pytest.raises(RefusedError, match="nothing says which"):
            chosen_scenarios([], everything=False)
