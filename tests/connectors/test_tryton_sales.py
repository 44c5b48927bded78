"""Orders and quotes of the Tryton description, against exchanges as a running server answered them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.connectors.connector import Connector
from reconciler.connectors.plan import entity_mapping
from reconciler.mapping.page import MappedPage, map_pages
from reconciler.model.entities import ENTITIES
from tests.connectors.tryton_stand_in import (
    ACTIVE,
    LOGOUT,
    STAMP,
    Exchange,
    Tryton,
    connected,
    login,
    preferences,
)
from tests.connectors.unknown_system import Pages

_CONTEXT = {"company": 1, "companies": [1]}
_HEAD = ["number", "reference", "state", "last_modified_at", "sale_date"]
_PARTY = ["party.identifiers.type", "party.identifiers.code_compact", "untaxed_amount"]
_LINES = [
    "line_lines.product.code",
    "line_lines.quantity",
    "line_lines.base_price",
    "line_lines.unit_price",
    "line_lines.discount_rate",
    "line_lines.amount",
]
_FIELDS = {
    "orders": [*_HEAD, *_PARTY, *_LINES],
    "quotes": [*_HEAD, "quotation_date", "quotation_expire", *_PARTY, "tax_amount", *_LINES],
}
_STATES = {"orders": ["confirmed", "processing", "done"], "quotes": ["draft", "quotation", "cancelled"]}
_BOTH = pytest.mark.parametrize("entity", list(_STATES))


def _number(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def _day(month: int, number: int) -> dict[str, Any]:
    return {"__class__": "date", "year": 2026, "month": month, "day": number}


def _sale(identity: int, state: str, **changes: Any) -> dict[str, Any]:
    """A made-up sale as `search_read` gives it."""
    line = {
        "id": 480,
        "quantity": 6.0,
        "base_price": _number("406.8700"),
        "unit_price": _number("377.3719"),
        "discount_rate": _number("0.0725"),
        "amount": _number("2264.23"),
        "product.": {"id": 59, "code": "P00059"},
    }
    plain = {**line, "id": 481, "base_price": None, "discount_rate": None, "product.": {"id": 6, "code": "P00006"}}
    return {
        "id": identity,
        "number": None if state == "draft" else "71",
        "reference": str(70_000 + identity),
        "state": state,
        "last_modified_at": STAMP,
        "sale_date": _day(9, 7),
        "quotation_date": _day(9, 1),
        "quotation_expire": _day(10, 1),
        "untaxed_amount": _number("4528.46"),
        "tax_amount": _number("1460.43"),
        "party.": {"id": 285, "identifiers.": [{"id": 285, "type": "br_vat", "code_compact": "11222333000181"}]},
        "line_lines.": [line, plain],
        **changes,
    }


def _asked(domain: list[Any], limit: int, fields: list[str], found: list[Any]) -> Exchange:
    params = [domain, 0, limit, [["id", "ASC"]], fields, _CONTEXT]
    return "model.sale.sale.search_read", params, {"id": 1, "result": found}


def _mapped(connector: Connector, entity: str, sink: Pages) -> MappedPage:
    source, canonical = connector.description.entities[entity], ENTITIES[entity]
    assert source.lines is not None
    assert canonical.lines is not None
    mapping = entity_mapping(
        connector.description,
        entity,
        key=canonical.key,
        fields=source.fields,
        types={field.name: field.type for field in canonical.fields},
        line_key=canonical.lines.key,
        line_fields=source.lines.fields,
        line_types={field.name: field.type for field in canonical.lines.fields},
        time_zone="America/Sao_Paulo",
    )
    return map_pages(mapping, [(page.number, page.records) for page in sink.pages])


async def _pulled(entity: str, found: list[Any]) -> MappedPage:
    domain = [["id", ">", 0], ["state", "in", _STATES[entity]]]
    tryton = Tryton(login(), preferences(), _asked(domain, 500, _FIELDS[entity], found), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable(entity, None, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    return _mapped(connector, entity, sink)


@pytest.mark.parametrize(("state", "status"), [("confirmed", "OPEN"), ("processing", "OPEN"), ("done", "INVOICED")])
async def test_orders_are_read_and_mapped(state: str, status: str) -> None:
    row = (await _pulled("orders", [_sale(9, state)])).records.row(0, named=True)
    assert (row["_id"], row["_invalid"], row["_rejected"]) == ("9", None, None)
    assert (row["form.number"], row["form.customer"], row["form.status"]) == ("70009", "11222333000181", status)
    assert (row["form.date"], row["form.total"]) == (date(2026, 9, 7), Decimal("4528.46"))
    assert row["form.updated_at"] == datetime(2026, 11, 22, 6, 3, 35, 577890, tzinfo=UTC)


@pytest.mark.parametrize(("state", "status"), [("draft", "OPEN"), ("quotation", "OPEN"), ("cancelled", "CANCELLED")])
async def test_quotes_are_read_and_mapped(state: str, status: str) -> None:
    row = (await _pulled("quotes", [_sale(9, state)])).records.row(0, named=True)
    assert (row["_invalid"], row["form.number"], row["form.status"]) == (None, "70009", status)
    assert (row["form.date"], row["form.valid_until"]) == (date(2026, 9, 1), date(2026, 10, 1))
    assert (row["form.total"], row["form.taxes"]) == (Decimal("4528.46"), Decimal("1460.43"))


@_BOTH
async def test_lines_have_the_price_before_the_discount_and_the_discount_in_percent(entity: str) -> None:
    lines = (await _pulled(entity, [_sale(9, _STATES[entity][0])])).lines
    assert lines is not None
    columns = ["_id", "_parent", "form.sku", "form.quantity", "form.unit_price", "form.discount", "form.total"]
    assert lines.select(columns).rows() == [
        ("480", "9", "P00059", Decimal(6), Decimal("406.87"), Decimal("7.25"), Decimal("2264.23")),
        ("481", "9", "P00006", Decimal(6), Decimal("377.3719"), None, Decimal("2264.23")),
    ]


@_BOTH
async def test_changed_sales_are_asked_for_over_lines_products_and_tax_ids_whatever_their_state(entity: str) -> None:
    """A sale that was confirmed must leave the quotes, and one that went back to draft the orders."""
    moment = {**STAMP, "hour": 3, "minute": 0, "second": 0, "microsecond": 250}
    stamp = ["last_modified_at", ">=", moment]
    changes = [
        "OR",
        stamp,
        ["lines", "where", [stamp]],
        ["lines", "where", [["product", "where", [ACTIVE, stamp]]]],
        ["party", "where", [ACTIVE, ["identifiers", "where", [ACTIVE, stamp]]]],
    ]
    found = [_sale(identity, state) for identity, state in enumerate(_STATES["orders"] + _STATES["quotes"], 1)]
    tryton = Tryton(login(), preferences(), _asked([["id", ">", 0], changes], 500, _FIELDS[entity], found), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        since = datetime(2026, 11, 22, 0, 0, 0, 250, tzinfo=ZoneInfo("America/Sao_Paulo"))
        await connector.pull_stable(entity, since, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    mapped = _mapped(connector, entity, sink)
    of_entity = ["1", "2", "3"] if entity == "orders" else ["4", "5", "6"]
    assert mapped.records["_id"].to_list() == of_entity
    assert sorted([*mapped.left, *of_entity]) == ["1", "2", "3", "4", "5", "6"]


@_BOTH
async def test_ids_one_sale_and_a_search_by_the_number_of_the_crm(entity: str) -> None:
    states = ["state", "in", _STATES[entity]]
    sale = _sale(7, _STATES[entity][0])
    tryton = Tryton(
        login(),
        preferences(),
        _asked([["id", ">", 0], states], 10_000, ["id"], [{"id": 2}, {"id": 7}]),
        _asked([["id", "=", "7"]], 1, _FIELDS[entity], [sale]),
        _asked([["reference", "=", "70007"], states], 10, _FIELDS[entity], [sale]),
        LOGOUT,
    )
    async with connected(tryton) as connector:
        assert await connector.ids(entity) == {"2", "7"}
        assert await connector.one(entity, "7") == [sale]
        assert await connector.find(entity, "70007") == [sale]
    assert (tryton.unexpected, tryton.left) == ([], [])
