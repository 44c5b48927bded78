"""Both stand-in systems over real HTTP, writers to them, and corrections of every kind for them."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.connectors.description import Description, FieldEntry
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.corrections.asked import read_values
from reconciler.corrections.content import content_digest
from reconciler.mapping.plan import EntityMapping
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import ENTITIES, Side
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import Retry
from reconciler.sandbox.crm.server import CrmServer
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultPlan
from reconciler.sandbox.generator.dataset import generate
from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.start import served

STARTED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_ZONE = "America/Sao_Paulo"
_VENDORS = {Side.CRM: "ploomes", Side.ERP: "sandbox_erp"}
CREDENTIALS = {Side.CRM: {"user_key": "made-up"}, Side.ERP: {"user": "integracao", "password": "made-up"}}
_ENTITIES = ("customers", "orders")
_OWN_FIELDS: Mapping[str, FieldEntry] = {"active": "OtherProperties[contact_active].BoolValue"}
_FIRST_NEW_ORDER = 900_000


@asynccontextmanager
async def writers(
    base_urls: Mapping[Side, str], credentials: Mapping[Side, Mapping[str, str]] = CREDENTIALS
) -> AsyncIterator[dict[Side, RecordWriter]]:
    """Writers to the systems, which try again at once."""
    async with AsyncExitStack() as stack:
        found = {}
        for side, base_url in base_urls.items():
            description = described(side)
            assert description.http is not None
            quick = Retry(first_s=0.001, longest_s=0.002)
            http = description.http.model_copy(update={"rates": [], "retry": quick, "concurrency": 16})
            port = HttpPort(side.value, http, base_url=base_url, credentials=credentials[side], context={})
            await stack.enter_async_context(port)
            mappings = {entity: _mapping(description, side, entity) for entity in _ENTITIES}
            found[side] = RecordWriter(side.value, description, port, mappings, ZoneInfo(_ZONE))
        yield found


@cache
def described(side: Side) -> Description:
    """The shipped description, read once."""
    return load_description(_VENDORS[side], Path())


def _mapping(description: Description, side: Side, entity: str) -> EntityMapping:
    known, source = ENTITIES[entity], description.entities[entity]
    own = _OWN_FIELDS if side is Side.CRM and entity == "customers" else {}
    return entity_mapping(
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


@dataclass
class Pair:
    """The running systems.

    Attributes:
        versions: of every ERP record at the start, by collection and id.
    """

    crm: CrmServer
    erp: ErpServer
    base_urls: dict[Side, str]
    versions: dict[tuple[str, str], int] = field(default_factory=dict)

    def misbehave(self, plan: FaultPlan) -> None:
        """Both, from now on; each counts for itself."""
        for server in (self.crm, self.erp):
            server._switch.set(copy.copy(plan))

    def records(self, side: Side, name: str) -> list[dict[str, Any]]:
        """As `_sandbox/state` gives them."""
        server: CrmServer | ErpServer = self.crm if side is Side.CRM else self.erp
        return server.store.state()[name]

    def updates_of(self, correction: Correction) -> int:
        """How often the ERP changed the record since the start."""
        name = "clientes" if correction.entity == "customers" else "pedidos"
        record = self.erp.store.collections[name].get(correction.record_id)
        assert record is not None
        return int(record["versao"]) - self.versions[name, str(correction.record_id)]


@asynccontextmanager
async def running_pair(customers: int) -> AsyncIterator[Pair]:
    """Both systems with made-up records, answering on loopback."""
    dataset = generate(customers, 1)
    crm = CrmServer(copy.deepcopy(dataset.crm), user_key=CREDENTIALS[Side.CRM]["user_key"])
    erp = ErpServer(
        copy.deepcopy(dataset.erp), user=CREDENTIALS[Side.ERP]["user"], password=CREDENTIALS[Side.ERP]["password"]
    )
    async with served(crm.application()) as crm_url, served(erp.application()) as erp_url:
        pair = Pair(crm, erp, {Side.CRM: crm_url, Side.ERP: f"{erp_url}/api"})
        for name, member in (("clientes", "codigo"), ("pedidos", "numero")):
            for record in pair.records(Side.ERP, name):
                pair.versions[name, record[member]] = record["versao"]
        yield pair


@dataclass(frozen=True)
class Planted:
    """A correction, and the state it has to end in however often the process dies."""

    correction: Correction
    ends_as: CorrectionState


async def corrections_for(pair: Pair, count: int) -> list[Planted]:
    """So many corrections of all kinds, each of another record."""
    async with writers(pair.base_urls) as found:
        crm = iter([str(record["Id"]) for record in pair.records(Side.CRM, "Contacts")])
        erp = iter([record["codigo"] for record in pair.records(Side.ERP, "clientes")])
        planted = []
        for number in range(count):
            kind = _KINDS[number % len(_KINDS)]
            match kind:
                case "new contact":
                    planted.append(_new_contact(number))
                case "new order":
                    planted.append(_new_order(number, pair))
                case "crm":
                    planted.append(await _change(found, Side.CRM, next(crm), number, kind))
                case _:
                    planted.append(await _change(found, Side.ERP, next(erp), number, kind))
        return planted


_KINDS = (
    *("erp", "crm", "new contact", "erp", "crm", "new order", "erp", "out of use", "erp", "crm"),
    *("erp", "new contact", "erp", "stale", "erp", "crm", "new order", "erp", "invalid", "erp"),
)


async def _change(found: Mapping[Side, RecordWriter], side: Side, identity: str, number: int, kind: str) -> Planted:
    wanted = {"email": f"c{number}@example.com"}
    if kind == "erp":
        wanted["trade_name"] = f"Nome {number}"
    if kind == "invalid":
        wanted = {"email": "no address"}
    action = CorrectionAction.UPDATE
    if kind == "out of use":
        wanted, action = {"active": "false"}, CorrectionAction.DEACTIVATE
    changes = [FieldChange(name, None, value) for name, value in wanted.items()]
    correction = _correction(number, "customers", side, action, identity, f"{side.value} {identity}", changes)
    held = read_values(correction, await found[side].read("customers", identity))
    assert held is not None
    if kind == "out of use" and held["active"] == "false":
        kind = "erp"
    if kind == "stale":
        held["email"] = "long.gone@example.com"
    seen = [FieldChange(change.field, held[change.field], change.new) for change in changes]
    correction = _correction(number, "customers", side, action, identity, correction.key, seen)
    ends = {"stale": CorrectionState.SUPERSEDED, "invalid": CorrectionState.REFUSED}
    return Planted(correction, ends.get(kind, CorrectionState.VERIFIED))


def _new_contact(number: int) -> Planted:
    tax_id = with_check_digits(f"{90_000_000 + number}0001")
    values = {"tax_id": tax_id, "legal_name": f"Padaria {number} Ltda", "email": f"n{number}@example.com"}
    return _new(number, "customers", Side.CRM, tax_id, [FieldChange(name, None, text) for name, text in values.items()])


def _new_order(number: int, pair: Pair) -> Planted:
    key = str(_FIRST_NEW_ORDER + number)
    customer = with_check_digits("830100200001")
    sku = pair.records(Side.ERP, "produtos")[0]["codigo"]
    # Nobody else has this price: it tells a second order, to which the ERP would give another number.
    record = {"number": key, "customer": customer, "date": "2026-11-22", "total": f"{2 * (number + 1000)}"}
    line = {"sku": sku, "quantity": "2", "unit_price": f"{number + 1000}", "total": f"{2 * (number + 1000)}"}
    changes = [FieldChange(name, None, text) for name, text in record.items()]
    changes += [FieldChange(name, None, text, line=sku) for name, text in line.items()]
    return _new(number, "orders", Side.ERP, key, changes)


def _new(number: int, entity: str, side: Side, key: str, changes: list[FieldChange]) -> Planted:
    correction = _correction(number, entity, side, CorrectionAction.CREATE, None, key, changes)
    return Planted(correction, CorrectionState.VERIFIED)


def _correction(
    number: int,
    entity: str,
    side: Side,
    action: CorrectionAction,
    identity: str | None,
    key: str,
    changes: list[FieldChange],
) -> Correction:
    whole = tuple(changes)
    digest = content_digest(entity, key, side, action, identity, whole)
    state = CorrectionState.PROPOSED
    return Correction(
        f"{number + 1:016x}", entity, key, side, action, identity, None, whole, digest, state, "ana", STARTED
    )  # fmt: skip


def copies_of(pair: Pair, correction: Correction) -> int:
    """How many records there are of what a correction was to add."""
    if correction.entity == "orders":
        price = f"{int(correction.key) - _FIRST_NEW_ORDER + 1000},00"
        orders = [order for order in pair.records(Side.ERP, "pedidos") if int(order["numero"]) >= _FIRST_NEW_ORDER]
        return sum(order["itens"][0]["preco_unitario"] == price for order in orders)
    return sum(record["CNPJ"] == correction.key for record in pair.records(Side.CRM, "Contacts"))
