"""What Tryton is sent when it is written, against exchanges as a running server answered them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import FieldValue
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.errors import NotWritableError, SupersededError, WriteRefusedError
from reconciler.model.entities import ENTITIES
from reconciler.ports.http.client import HttpPort
from tests.connectors.tryton_stand_in import (
    ACTIVE,
    LOGOUT,
    PARTY_FIELDS,
    PRODUCT,
    PRODUCT_FIELDS,
    Exchange,
    Tryton,
    login,
    party,
    preferences,
    read,
)
from tests.ports.stand_in import StandIn

_ZONE = "America/Sao_Paulo"
_CONTEXT = {"company": 1, "companies": [1]}
_STAMPS = {"party.party,4": "100.1", "party.address,2": "100.2", "party.contact_mechanism,6": "100.3"}
_OK = {"id": 1, "result": None}


def _lines_of(description: Description, entity: str) -> dict[str, Any]:
    lines, known = description.entities[entity].lines, ENTITIES[entity].lines
    if lines is None or known is None:
        return {}
    types = {each.name: each.type for each in known.fields}
    return {"line_key": known.key, "line_fields": lines.fields, "line_types": types}


@asynccontextmanager
async def _writer(tryton: Tryton) -> AsyncIterator[RecordWriter]:
    description = load_description("tryton", Path())
    assert description.http is not None
    mappings = {
        entity: entity_mapping(
            description,
            entity,
            key=ENTITIES[entity].key,
            fields=description.entities[entity].fields,
            types={each.name: each.type for each in ENTITIES[entity].fields},
            **_lines_of(description, entity),
            time_zone=_ZONE,
        )
        for entity in ("customers", "products", "orders", "quotes")
    }
    credentials = {"login": "crm", "password": "made-up-password"}
    async with (
        StandIn(tryton.answer) as server,
        HttpPort(
            "erp", description.http, base_url=f"{server.base_url}/rig", credentials=credentials, context={}
        ) as port,
    ):
        yield RecordWriter("erp", description, port, mappings, ZoneInfo(_ZONE))
    assert (tryton.unexpected, tryton.left) == ([], [])


def _party(**changes: Any) -> dict[str, Any]:
    """A party as it is read to be written: with stamps and the ids of what is in it."""
    found = party(4, _timestamp="100.1", **changes)
    found["addresses."] = [{**each, "_timestamp": "100.2"} for each in found["addresses."]]
    mechanisms = [{"id": 5, "type": "phone"}, {"id": 6, "type": "email"}, {"id": 7, "type": "email"}]
    return {**found, "contact_mechanisms.": [{**each, "_timestamp": "100.3"} for each in mechanisms]}


def _read(found: dict[str, Any]) -> Exchange:
    fields = [
        *PARTY_FIELDS,
        "_timestamp",
        "addresses._timestamp",
        "contact_mechanisms.type",
        "contact_mechanisms._timestamp",
    ]
    return read([["id", "=", 4], ACTIVE], 1, fields, [found])


def _write(values: dict[str, Any], answer: Any = _OK) -> Exchange:
    return "model.party.party.write", [[4], values, {**_CONTEXT, "_timestamp": _STAMPS}], answer


async def test_fields_addresses_and_limit_go_out_as_tryton_takes_them_with_every_stamp() -> None:
    changes: dict[str, FieldValue] = {
        "legal_name": "Nome Novo Ltda",
        "city": "Campinas",
        "zip": "13010000",
        "credit_limit": Decimal("1234.50"),
        "email": "novo@example.com",
        "active": False,
    }
    written = {
        "name": "Nome Novo Ltda",
        "email": "novo@example.com",
        "active": 0,
        "credit_limit_amount": {"__class__": "Decimal", "decimal": "1234.5"},
    }
    after = _party(**written)
    after["addresses."][0] |= {"city": "Campinas", "postal_code": "13010000"}
    tryton = Tryton(
        login(),
        preferences(),
        _read(_party()),
        _write(
            {
                "name": "Nome Novo Ltda",
                "active": False,
                "credit_limit_amount": {"__class__": "Decimal", "decimal": "1234.5"},
                "addresses": [["write", [2], {"city": "Campinas", "postal_code": "13010000"}]],
                "contact_mechanisms": [["write", [6], {"value": "novo@example.com"}]],
            }
        ),
        _read(after),
        LOGOUT,
    )
    expected: dict[str, FieldValue] = {
        "legal_name": "Distribuidora 4 Ltda",
        "city": "São Paulo",
        "zip": "01310100",
        "credit_limit": Decimal("185000.10"),
        "email": "fiscal4@example.com",
        "active": True,
    }
    async with _writer(tryton) as writer:
        result = await writer.update("customers", "4", changes, expected)
    assert (result.written, result.verified) == (True, True)


_NAME: tuple[dict[str, FieldValue], dict[str, FieldValue]] = (
    {"legal_name": "Nome Novo Ltda"},
    {"legal_name": "Distribuidora 4 Ltda"},
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (["ConcurrencyException", "Records were modified in the meanwhile"], SupersededError),
        (["UserError", ["The code on party must be unique.", "", None]], WriteRefusedError),
    ],
    ids=["stale stamp", "refused"],
)
async def test_errors_inside_200_are_told_apart(error: list[Any], kind: type[Exception]) -> None:
    write = _write({"name": "Nome Novo Ltda"}, {"id": 1, "error": error})
    async with _writer(Tryton(login(), preferences(), _read(_party()), write, LOGOUT)) as writer:
        with pytest.raises(kind, match=r"since it was read|must be unique"):
            await writer.update("customers", "4", *_NAME)


async def test_an_address_that_is_not_there_is_not_written() -> None:
    found = _party() | {"addresses.": []}
    async with _writer(Tryton(login(), preferences(), _read(found), LOGOUT)) as writer:
        with pytest.raises(NotWritableError, match=r"current\.address"):
            await writer.update("customers", "4", {"city": "Campinas"}, {"city": None})


async def test_a_price_is_written_on_the_product_itself() -> None:
    context = {**_CONTEXT, "active_test": False}
    fields = [*PRODUCT_FIELDS, "_timestamp"]

    def found(price: str) -> Exchange:
        product = {
            **PRODUCT,
            "_timestamp": "7.5",
            "list_price_used": {"__class__": "Decimal", "decimal": price},
        }
        asked = [[["id", "=", 4]], 0, 1, [["id", "ASC"]], fields, context]
        return "model.product.product.search_read", asked, {"id": 1, "result": [product]}

    price = {"list_price": {"__class__": "Decimal", "decimal": "0.1"}}
    stamped = {**context, "_timestamp": {"product.product,4": "7.5"}}
    write: Exchange = ("model.product.product.write", [[4], price, stamped], _OK)
    tryton = Tryton(login(), preferences(), found("4928.8400"), write, found("0.1000"), LOGOUT)
    async with _writer(tryton) as writer:
        assert not writer.can_create("products")
        result = await writer.update("products", "4", {"price": Decimal("0.10")}, {"price": Decimal("4928.84")})
    assert result.verified


async def test_a_new_customer_comes_with_what_is_in_it() -> None:
    record: dict[str, FieldValue] = {
        "tax_id": "52998224725",
        "legal_name": "Maria Exemplo",
        "city": "Santos",
        "email": "maria@example.com",
        "state": "SP",
    }
    new = {
        "identifiers": [["create", [{"type": "br_cpf", "code": "52998224725"}]]],
        "name": "Maria Exemplo",
        "addresses": [["create", [{"city": "Santos"}]]],
        "contact_mechanisms": [["create", [{"type": "email", "value": "maria@example.com"}]]],
    }
    kept = _party(name="Maria Exemplo", email="maria@example.com")
    kept["identifiers."] = [{"id": 9, "type": "br_cpf", "code_compact": "52998224725"}]
    kept["addresses."][0]["city"] = "Santos"
    by_key = read([["identifiers.code_compact", "=", "52998224725"], ACTIVE], 10, PARTY_FIELDS, [])
    create: Exchange = ("model.party.party.create", [[new], _CONTEXT], {"id": 1, "result": [4]})
    tryton = Tryton(login(), preferences(), by_key, by_key, create, _read(kept), LOGOUT)
    async with _writer(tryton) as writer:
        result = await writer.create("customers", record)
    assert (result.id, result.verified, result.left_out) == ("4", True, ("state",))


_HEAD = {"company": 1, "currency": 1, "warehouse": 5}
_ORDER_FIELDS = [
    "number",
    "reference",
    "state",
    "last_modified_at",
    "sale_date",
    "party.identifiers.type",
    "party.identifiers.code_compact",
    "untaxed_amount",
    "line_lines.product.code",
    "line_lines.quantity",
    "line_lines.base_price",
    "line_lines.unit_price",
    "line_lines.discount_rate",
    "line_lines.amount",
]
_SALE_DATE = {"__class__": "date", "year": 2026, "month": 11, "day": 3}


def _decimal(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def _asked(model: str, domain: list[Any], limit: int, fields: list[str], found: list[Any]) -> Exchange:
    params = [domain, 0, limit, [["id", "ASC"]], fields, _CONTEXT]
    return f"model.{model}.search_read", params, {"id": 1, "result": found}


def _looked_up(addresses: dict[str, int]) -> list[Exchange]:
    """What is asked before a sale of party 3 is created."""
    changed = {"invoice_method": "order", "shipment_method": "order", "payment_term": None, **addresses}
    sale = {"id": -1, **_HEAD, "party": 3, "lines": []}
    return [
        _asked("party.party", [["identifiers.code_compact", "=", "11222333000181"]], 2, ["id"], [{"id": 3}]),
        ("model.sale.sale.default_get", [list(_HEAD), False, _CONTEXT], {"id": 1, "result": _HEAD}),
        ("model.sale.sale.on_change", [sale, ["party"], _CONTEXT], {"id": 1, "result": changed}),
    ]


def _line_looked_up() -> list[Exchange]:
    """What is asked for its line: the product, Tryton's own rules for taxes and unit, and for the discount."""
    line = {
        "id": -1,
        "type": "line",
        "product": 4,
        "quantity": 2,
        "taxes": [],
        "company": 1,
        "warehouse": 5,
        "sale": -1,
    }
    of_sale = {
        f"_parent_sale.{name}": value for name, value in (("party", 3), ("shipment_address", 7), ("currency", 1))
    }
    priced = {"unit": 1, "taxes": {"add": [[0, {"id": 2}], [1, {"id": 4}]]}, "unit_price": _decimal("1.00")}
    rate = {"id": -1, "type": "line", "sale": -1, "_parent_sale.currency": 1, "quantity": 2}
    rate |= {"base_price": _decimal("4928.84"), "discount_rate": _decimal("0.075")}
    return [
        _asked("product.product", [["code", "=", "P0004"]], 2, ["id"], [{"id": 4}]),
        (
            "model.sale.line.on_change",
            [{**line, **of_sale, "_parent_sale.company": 1}, ["product"], _CONTEXT],
            {"id": 1, "result": priced},
        ),
        (
            "model.sale.line.on_change",
            [rate, ["discount_rate"], _CONTEXT],
            {"id": 1, "result": {"unit_price": _decimal("4559.1770")}},
        ),
    ]


def _new_order() -> list[Exchange]:
    """Nothing has its number, and nothing was begun."""
    mark = [["description", "=", "reconciler-1"], ["state", "in", ["draft", "quotation"]]]
    by_number = [["reference", "=", "95001"], ["state", "in", ["confirmed", "processing", "done"]]]
    none = _asked("sale.sale", by_number, 10, _ORDER_FIELDS, [])
    # That there is nothing is believed when it is said twice.
    return [none, none, _asked("sale.sale", mark, 2, ["state"], [])]


_ORDER: dict[str, FieldValue] = {
    "number": "95001",
    "customer": "11222333000181",
    "date": "2026-11-03",
    "status": "open",
}
_LINES: list[dict[str, FieldValue]] = [{"sku": "P0004", "quantity": "2", "unit_price": "4928.84", "discount": "7.5"}]


async def test_an_order_is_created_with_its_lines_as_tryton_s_own_client_does_and_confirmed() -> None:
    sent = {
        **_HEAD,
        "party": 3,
        "invoice_address": 7,
        "shipment_address": 7,
        "invoice_method": "order",
        "shipment_method": "order",
        "description": "reconciler-1",
        "reference": "95001",
        "sale_date": _SALE_DATE,
        "lines": [
            [
                "create",
                [
                    {
                        "type": "line",
                        "product": 4,
                        "quantity": 2,
                        "unit": 1,
                        "base_price": _decimal("4928.84"),
                        "unit_price": _decimal("4559.1770"),
                        "discount_rate": _decimal("0.075"),
                        "taxes": [["add", [2, 4]]],
                    }
                ],
            ]
        ],
    }
    kept = {
        "id": 201,
        "reference": "95001",
        "state": "processing",
        "sale_date": _SALE_DATE,
        "_timestamp": "1.5",
        "party.": {"id": 3, "identifiers.": [{"id": 9, "type": "br_vat", "code_compact": "11222333000181"}]},
        "line_lines.": [
            {
                "id": 1,
                "product.": {"id": 4, "code": "P0004"},
                "quantity": 2.0,
                "base_price": _decimal("4928.8400"),
                "unit_price": _decimal("4559.1770"),
                "discount_rate": _decimal("0.0750"),
            }
        ],
    }
    tryton = Tryton(
        login(),
        preferences(),
        *_new_order(),
        *_looked_up({"invoice_address": 7, "shipment_address": 7}),
        *_line_looked_up(),
        ("model.sale.sale.create", [[sent], _CONTEXT], {"id": 1, "result": [201]}),
        ("model.sale.sale.quote", [[201], _CONTEXT], _OK),
        ("model.sale.sale.confirm", [[201], _CONTEXT], _OK),
        _asked("sale.sale", [["id", "=", 201]], 1, [*_ORDER_FIELDS, "_timestamp"], [kept]),
        LOGOUT,
    )
    async with _writer(tryton) as writer:
        result = await writer.create("orders", _ORDER, _LINES, idempotency="reconciler-1")
    assert (result.id, result.verified, result.differing) == ("201", True, ())


async def test_a_customer_without_a_delivery_address_gets_no_order() -> None:
    """Tryton would answer with the taxes of the company's own state."""
    tryton = Tryton(login(), preferences(), *_new_order(), *_looked_up({"invoice_address": 7}), LOGOUT)
    async with _writer(tryton) as writer:
        with pytest.raises(NotWritableError, match="customer: the system names no shipment_address for it"):
            await writer.create("orders", _ORDER, _LINES, idempotency="reconciler-1")
