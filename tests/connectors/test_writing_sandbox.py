"""The shipped write halves of the CRM and of the sandbox ERP, against the stand-in systems over real HTTP."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestServer

from reconciler.connectors.description import Description, FieldEntry, FieldSource
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import FieldValue, LineChange
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.connectors.write.result import WriteResult
from reconciler.errors import OutcomeUnknownError, SupersededError, WriteRefusedError
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import ENTITIES, Side
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import Retry
from reconciler.sandbox.crm.server import CrmServer
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultKind, FaultPlan
from reconciler.sandbox.generator.dataset import Dataset, generate
from tests.connectors.somebody_else import SomebodyElse

_ZONE = "America/Sao_Paulo"
_VENDORS = {Side.CRM: "ploomes", Side.ERP: "sandbox_erp"}
_CREDENTIALS = {Side.CRM: {"user_key": "made-up"}, Side.ERP: {"user": "integracao", "password": "made-up"}}
_CUSTOMERS = {Side.CRM: "Contacts", Side.ERP: "clientes"}
_OF_THE_PROJECT: Mapping[str, Mapping[str, FieldEntry]] = {
    "customers": {
        "credit_limit": "OtherProperties[contact_credit_limit].DecimalValue",
        "state_registration": "OtherProperties[contact_state_registration].StringValue",
        "active": "OtherProperties[contact_active].BoolValue",
    },
    "products": {"ncm": FieldSource(path="OtherProperties[product_ncm].StringValue")},
}
"""Custom fields of the CRM, as a project names them."""

Values = dict[str, FieldValue]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return generate(40, 1)


@dataclass(frozen=True)
class Running:
    """A stand-in system, a writer to it, and somebody else."""

    side: Side
    writer: RecordWriter
    server: CrmServer | ErpServer
    between: SomebodyElse

    def held(self, name: str) -> list[dict[str, Any]]:
        """A copy of what it holds now."""
        return copy.deepcopy(self.server.store.state()[name])

    def change(self, name: str, identity: Any, members: Mapping[str, Any]) -> None:
        """As somebody else does it."""
        match self.server:
            case CrmServer(store=store):
                store.update(name, identity, members)
            case ErpServer(store=erp):
                erp.update(name, identity, members, whole_record=False, version=None)

    def misbehave(self, plan: FaultPlan) -> None:
        """From the next request on."""
        self.server._switch.set(plan)

    def first(self, name: str) -> tuple[Any, dict[str, Any]]:
        """Id and content of the first record."""
        record = self.held(name)[0]
        return next(record[member] for member in ("Id", "codigo", "numero") if member in record), record


def _mappings(description: Description, side: Side) -> dict[str, EntityMapping]:
    found = {}
    for entity, source in description.entities.items():
        known, own = ENTITIES[entity], _OF_THE_PROJECT.get(entity, {}) if side is Side.CRM else {}
        found[entity] = entity_mapping(
            description,
            entity,
            key=known.key,
            fields={**source.fields, **own},
            types={each.name: each.type for each in known.fields},
            line_key=known.lines.key if known.lines else (),
            line_fields=source.lines.fields if source.lines else None,
            line_types={each.name: each.type for each in known.lines.fields} if known.lines else None,
            time_zone=_ZONE,
        )
    return found


@asynccontextmanager
async def running(side: Side, dataset: Dataset) -> AsyncIterator[Running]:
    """The system, with its own copy of the records. Waits for doubtful empty answers are left out."""
    description, right = load_description(_VENDORS[side], Path()), _CREDENTIALS[side]
    records = copy.deepcopy(dataset.crm if side is Side.CRM else dataset.erp)
    server: CrmServer | ErpServer
    if side is Side.CRM:
        server = CrmServer(records, user_key=right["user_key"])
    else:
        server = ErpServer(records, user=right["user"], password=right["password"])
    assert description.http is not None
    quick = Retry(first_s=0.001, longest_s=0.002)
    http = description.http.model_copy(update={"rates": [], "retry": quick})
    async with TestServer(server.application()) as listening:
        address = str(listening.make_url("")).rstrip("/")
        base_url = address if side is Side.CRM else f"{address}/api"
        async with HttpPort(side.value, http, base_url=base_url, credentials=right, context={}) as port:
            between = SomebodyElse(port)
            mappings = _mappings(description, side)
            yield Running(
                side, RecordWriter(side.value, description, between, mappings, ZoneInfo(_ZONE)), server, between
            )


async def _changed(system: Running, entity: str, identity: Any, changes: Values) -> WriteResult:
    seen = await system.writer.read(entity, str(identity))
    assert seen is not None
    return await system.writer.update(entity, str(identity), changes, {name: seen.values[name] for name in changes})


_NEW_VALUES: Values = {
    "tax_id": "16727230000197",
    "legal_name": "Padaria São José & Filhos Ltda",
    "trade_name": "Pão “Quente”",
    "state_registration": "110042490114",
    "email": "novo@example.com",
    "phone": "11987654321",
    "street": "Rua das Acácias, 7 – fundos",
    "city": "Santos",
    "zip": "11010000",
    "credit_limit": Decimal("12345.67"),
    "special_discount": Decimal("7.5"),
    "sales_volume": Decimal("0.01"),
    "active": False,
}


@pytest.mark.parametrize("side", Side)
async def test_every_field_that_can_be_written_reads_back_as_written(side: Side, dataset: Dataset) -> None:
    async with running(side, dataset) as system:
        identity, before = system.first(_CUSTOMERS[side])
        others = system.held(_CUSTOMERS[side])[1:]
        seen = await system.writer.read("customers", str(identity))
        assert seen is not None
        writable = {name for name in seen.values if system.writer.problem("customers", "update", name) is None}
        result = await _changed(
            system, "customers", identity, {name: _NEW_VALUES[name] for name in writable - {"state"}}
        )
        assert (result.written, result.verified, result.differing) == (True, True, ())
        assert len(writable) == {Side.CRM: 10, Side.ERP: 14}[side]
        assert system.held(_CUSTOMERS[side])[1:] == others
        _, after = system.first(_CUSTOMERS[side])
        assert {name: after[name] for name in _UNTOUCHED[side]} == {name: before[name] for name in _UNTOUCHED[side]}


_UNTOUCHED = {Side.CRM: ("Id", "TypeId", "OwnerId", "CityId", "StateId", "CreateDate"), Side.ERP: ("codigo",)}


async def test_unrelated_custom_fields_survive_a_correction(dataset: Dataset) -> None:
    """Trap 6: a PATCH replaces the array of custom fields."""
    async with running(Side.CRM, dataset) as system:
        identity, before = system.first("Contacts")
        result = await _changed(system, "customers", identity, {"credit_limit": Decimal(77)})
        _, after = system.first("Contacts")
    assert result.verified
    kept = [each for each in before["OtherProperties"] if each["FieldKey"] != "contact_credit_limit"]
    assert [each for each in after["OtherProperties"] if each["FieldKey"] != "contact_credit_limit"] == kept
    assert len(kept) >= 3


@pytest.mark.parametrize("side", Side)
async def test_a_product_is_corrected_and_taken_out_of_use(side: Side, dataset: Dataset) -> None:
    name = {Side.CRM: "Products", Side.ERP: "produtos"}[side]
    async with running(side, dataset) as system:
        identity, _ = system.first(name)
        changes: Values = {"name": "Parafuso sextavado M8", "price": Decimal("10.99"), "ncm": "73181500"}
        result = await _changed(system, "products", identity, changes)
        gone = await system.writer.deactivate("products", str(identity), {"name": "Parafuso sextavado M8"})
    assert (result.verified, gone.verified, gone.written) == (True, True, True)


@pytest.mark.parametrize("side", Side)
async def test_what_somebody_changed_before_is_not_overwritten(side: Side, dataset: Dataset) -> None:
    member = {Side.CRM: "Email", Side.ERP: "email"}[side]
    async with running(side, dataset) as system:
        identity, _ = system.first(_CUSTOMERS[side])
        seen = await system.writer.read("customers", str(identity))
        assert seen is not None
        system.change(_CUSTOMERS[side], identity, {member: "outra@example.com"})
        changes: Values = {"email": "novo@example.com", "legal_name": "Nome Novo Ltda"}
        with pytest.raises(SupersededError) as caught:
            await system.writer.update("customers", str(identity), changes, _of(seen.values, changes))
        assert caught.value.fields == ("email",)
        assert system.first(_CUSTOMERS[side])[1][member] == "outra@example.com"


def _of(values: Mapping[str, FieldValue], wanted: Mapping[str, object]) -> Values:
    return {name: values[name] for name in wanted}


async def test_the_erp_refuses_what_changed_between_reading_and_writing(dataset: Dataset) -> None:
    async with running(Side.ERP, dataset) as system:
        identity, before = system.first("clientes")
        system.between.acts = lambda: system.change("clientes", identity, {"telefone": "1133334444"})
        with pytest.raises(SupersededError, match="somebody changed the record") as caught:
            await _changed(system, "customers", identity, {"legal_name": "Nome Novo Ltda"})
        _, after = system.first("clientes")
    assert caught.value.fields == ()
    assert (after["telefone"], after["razao_social"]) == ("(11) 3333-4444", before["razao_social"])


async def test_a_refusal_of_the_erp_holds_its_words(dataset: Dataset) -> None:
    async with running(Side.ERP, dataset) as system:
        taken = system.held("clientes")[1]["cpf_cnpj"]
        identity, _ = system.first("clientes")
        with pytest.raises(WriteRefusedError, match="Já existe um cliente com este CPF ou CNPJ") as caught:
            await _changed(system, "customers", identity, {"tax_id": taken})
    assert caught.value.vendor_code == "CPF_CNPJ_JA_CADASTRADO"


async def test_one_line_of_an_order_is_corrected_and_the_others_stay(dataset: Dataset) -> None:
    """Trap 7: the ERP replaces the list of items."""
    async with running(Side.ERP, dataset) as system:
        order = next(each for each in system.held("pedidos") if len({item["produto"] for item in each["itens"]}) > 1)
        seen = await system.writer.read("orders", order["numero"])
        assert seen is not None
        line = next(each for each in seen.lines if seen.line(each.key or "") is not None)
        lines = {line.key or "": LineChange({"quantity": Decimal("3.5")}, line.values)}
        result = await system.writer.update("orders", order["numero"], {}, {}, lines=lines)
        after = next(each for each in system.held("pedidos") if each["numero"] == order["numero"])
    assert result.verified
    assert result.after is not None
    kept = [each for each in seen.lines if each.place != line.place]
    assert [each for each in result.after.lines if each.place != line.place] == kept
    assert result.after.lines[line.place].values == {**line.values, "quantity": Decimal("3.5")}
    assert [item["sequencia"] for item in after["itens"]] == [item["sequencia"] for item in order["itens"]]


_ORDER: Values = {
    "number": "77001",
    "customer": "16727230000197",
    "date": date(2026, 11, 20),
    "status": "open",
    "total": Decimal("150.50"),
}


async def test_an_order_reaches_the_erp_with_its_lines_once_and_is_undone_by_cancelling(dataset: Dataset) -> None:
    async with running(Side.ERP, dataset) as system:
        skus = [each["codigo"] for each in system.held("produtos")[:2]]
        lines: list[Values] = [
            {"sku": skus[0], "quantity": Decimal(2), "unit_price": Decimal("50.25"), "total": Decimal("100.50")},
            {"sku": skus[1], "quantity": Decimal(1), "unit_price": Decimal(50), "total": Decimal(50)},
        ]
        first = await system.writer.create("orders", _ORDER, lines)
        again = await system.writer.create("orders", _ORDER, lines)
        gone = await system.writer.deactivate("orders", "77001", {"total": Decimal("150.50")})
        (order,) = [each for each in system.held("pedidos") if each["numero"] == "77001"]
    assert (first.id, first.written, first.verified, first.differing) == ("77001", True, True, ())
    assert (again.id, again.written) == ("77001", False)
    assert (gone.verified, order["situacao"]) == (True, "C")
    assert [item["sequencia"] for item in order["itens"]] == [1, 2]


_NEW_CUSTOMER: Values = {**_NEW_VALUES, "state": "SP", "active": True}


@pytest.mark.parametrize("side", Side)
async def test_a_customer_reaches_the_other_system_once(side: Side, dataset: Dataset) -> None:
    async with running(side, dataset) as system:
        count = len(system.held(_CUSTOMERS[side]))
        first = await system.writer.create("customers", _NEW_CUSTOMER)
        again = await system.writer.create("customers", _NEW_CUSTOMER)
        held = len(system.held(_CUSTOMERS[side]))
        left_out = {Side.CRM: ("city", "special_discount", "sales_volume", "state"), Side.ERP: ()}[side]
    assert (first.written, first.verified, first.differing, first.left_out) == (True, True, (), left_out)
    assert (again.id, again.written, held) == (first.id, False, count + 1)


async def test_a_person_and_a_record_with_little_more_than_a_key_reach_the_crm(dataset: Dataset) -> None:
    async with running(Side.CRM, dataset) as system:
        person = await system.writer.create("customers", {"tax_id": "52998224725", "legal_name": "Maria Exemplo"})
        held = next(each for each in system.held("Contacts") if str(each["Id"]) == person.id)
        assert (held["CPF"], held["CNPJ"], held["TypeId"], held["Name"]) == ("52998224725", None, 2, "Maria Exemplo")
        product = await system.writer.create("products", {"sku": "NOVO-1", "name": "Novo", "active": False})
        assert (person.verified, product.verified) == (True, True)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("fault", [FaultKind.DROP, FaultKind.TRUNCATE, FaultKind.HTML])
async def test_a_lost_answer_leaves_the_outcome_unknown_and_a_second_try_tells(
    side: Side, fault: FaultKind, dataset: Dataset
) -> None:
    """Two of these faults lose the answer to a write that was done, the third one refuses it with a web page."""
    member = {Side.CRM: "LegalName", Side.ERP: "razao_social"}[side]
    changes: Values = {"legal_name": "Nome Novo Ltda"}
    async with running(side, dataset) as system:
        identity, before = system.first(_CUSTOMERS[side])
        seen = {"legal_name": before[member]}
        system.between.acts = lambda: system.misbehave(FaultPlan(fault, every=1))
        with pytest.raises(OutcomeUnknownError):
            await system.writer.update("customers", str(identity), changes, seen)
        done = system.first(_CUSTOMERS[side])[1][member] == "Nome Novo Ltda"
        assert done is (fault is not FaultKind.HTML)
        system.misbehave(FaultPlan())
        again = await system.writer.update("customers", str(identity), changes, seen)
    assert (again.written, again.verified) == (not done, True)


async def test_a_create_whose_answer_was_lost_is_found_by_its_key(dataset: Dataset) -> None:
    async with running(Side.ERP, dataset) as system:
        count = len(system.held("clientes"))
        system.between.acts = lambda: system.misbehave(FaultPlan(FaultKind.DROP, every=1))
        with pytest.raises(OutcomeUnknownError):
            await system.writer.create("customers", _NEW_CUSTOMER)
        system.misbehave(FaultPlan())
        found = await system.writer.look_up("customers", _NEW_CUSTOMER)
        again = await system.writer.create("customers", _NEW_CUSTOMER)
        assert (again.id, again.written, again.verified) == (found, False, True)
        assert len(system.held("clientes")) == count + 1


@pytest.mark.parametrize("side", Side)
async def test_a_throttled_write_is_made_once(side: Side, dataset: Dataset) -> None:
    async with running(side, dataset) as system:
        identity, _ = system.first(_CUSTOMERS[side])
        # The next request is the second one, and its wait that of a second fault: none.
        plan = FaultPlan(FaultKind.TOO_MANY, every=2, _requests=1, _hits=1)
        system.between.acts = lambda: system.misbehave(plan)
        result = await _changed(system, "customers", identity, {"legal_name": "Nome Novo Ltda"})
        assert result.verified
