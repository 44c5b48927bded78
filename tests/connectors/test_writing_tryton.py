"""What Tryton is sent when it is written, against exchanges as a running server answered them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

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
            time_zone=_ZONE,
        )
        for entity in ("customers", "products")
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
