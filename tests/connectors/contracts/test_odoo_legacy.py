"""Odoo 17 and 18, JSON-RPC: exchanges as documentation and source describe them, with invented values."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.contracts.odoo_records import (
    ALL,
    ORDER,
    PARTNER,
    QUOTE,
    SINCE,
    TOP,
    VARIANT,
    expected_customer,
    expected_lines,
    order,
    page_of,
    partner,
)
from tests.connectors.strict_server import Answer, Exchange

PASSWORD = "made-up-password"
ACCESS: dict[str, Any] = {
    "credentials": {"login": "integration", "password": PASSWORD},
    "context": {"database": "acme"},
}


def rpc(params: JsonValue, answer: Answer) -> Exchange:
    body: JsonValue = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
    return Exchange("POST", "/jsonrpc", answer, body=body)


def result(value: JsonValue) -> Answer:
    return Answer({"jsonrpc": "2.0", "id": 1, "result": value})


def error(code: int, name: str, message: str) -> Answer:
    data: JsonValue = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": "Traceback"}
    return Answer({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "Odoo Server Error", "data": data}})


def login(uid: JsonValue = 7) -> Exchange:
    args: JsonValue = ["acme", "integration", PASSWORD, {}]
    return rpc({"service": "common", "method": "authenticate", "args": args}, result(uid))


def execute(model: str, method: str, arguments: JsonValue, answer: Answer, uid: int = 7) -> Exchange:
    args: JsonValue = ["acme", uid, PASSWORD, model, method, [], arguments]
    return rpc({"service": "object", "method": "execute_kw", "args": args}, answer)


def search_read(
    model: str, domain: JsonValue, specification: JsonValue, answer: Answer, limit: int = 500, uid: int = 7
) -> Exchange:
    arguments: JsonValue = {
        "domain": domain,
        "specification": specification,
        "limit": limit,
        "order": "id",
        "context": ALL,
    }
    return execute(model, "web_search_read", arguments, answer, uid)


def found(*records: JsonValue, length: int | None = None) -> Answer:
    return result(page_of(*records, length=length))


CUSTOMERS: JsonValue = [["id", ">", 0], TOP]


async def test_customers_are_read_page_after_page() -> None:
    first = [partner(identity) for identity in range(1, 501)]
    exchanges = (
        login(),
        search_read("res.partner", CUSTOMERS, PARTNER, found(*first, length=501)),
        search_read("res.partner", [["id", ">", 500], TOP], PARTNER, found(partner(777))),
    )
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages))
    assert (len(customers), customers[-1]) == (501, expected_customer(777))


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = search_read("res.partner", CUSTOMERS, PARTNER, found())
    async with connected("odoo_legacy", login(), exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_orders_and_quotes_are_told_apart_by_their_state() -> None:
    confirmed: JsonValue = [["id", ">", 0], ["state", "=", "sale"]]
    open_ones: JsonValue = [["id", ">", 0], ["state", "in", ["draft", "sent"]]]
    quote = order(id=78, name="S00078", state="draft", validity_date=False, amount_tax=8428.32)
    exchanges = (
        login(),
        search_read("sale.order", confirmed, ORDER, found(order())),
        search_read("sale.order", open_ones, QUOTE, found(quote)),
    )
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        orders = mapped(connector, "orders", await pulled(connector, "orders"))
        quotes = mapped(connector, "quotes", await pulled(connector, "quotes"))
    assert [(row["number"], row["date"], row["status"]) for row in rows(orders)] == [
        ("S00077", date(2026, 11, 21), "OPEN")
    ]
    assert lines(orders) == expected_lines()
    assert [(row["number"], row["valid_until"], row["status"]) for row in rows(quotes)] == [("S00078", None, "OPEN")]


async def test_products_are_asked_for_by_changes_of_their_template_too() -> None:
    stamp = "2026-11-22 03:04:05"
    domain: JsonValue = [
        ["id", ">", 0],
        "|",
        ["write_date", ">=", stamp],
        ["product_tmpl_id.write_date", ">=", stamp],
    ]
    variant: JsonValue = {"id": 4, "default_code": "P0004", "name": "Parafuso", "lst_price": 1.5, "active": True}
    exchanges = (login(), search_read("product.product", domain, VARIANT, found(variant)))
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "products", SINCE)
    assert [row["sku"] for row in rows(mapped(connector, "products", pages))] == ["P0004"]


async def test_one_find_and_keys() -> None:
    keys: JsonValue = {"domain": CUSTOMERS, "limit": 10000, "order": "id", "context": ALL}
    exchanges = (
        login(),
        search_read("res.partner", [["id", "=", 7], TOP], PARTNER, found(partner(7)), limit=1),
        search_read("res.partner", [["vat", "=", "11222333000181"], TOP], PARTNER, found(partner(7)), limit=10),
        execute("res.partner", "search", keys, result([7, 9])),
    )
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        assert await connector.one("customers", "7") == [partner(7)]
        assert await connector.find("customers", "11222333000181") == [partner(7)]
        assert await connector.ids("customers") == {"7", "9"}


async def test_an_error_inside_a_success_surfaces() -> None:
    """Trap 2: errors come with HTTP 200."""
    denied = error(0, "odoo.exceptions.AccessError", "You are not allowed to access 'Contact' records.")
    exchanges = (login(), search_read("res.partner", CUSTOMERS, PARTNER, denied))
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="not allowed to access 'Contact'") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "odoo.exceptions.AccessError"
    assert PASSWORD not in str(failed.value)


@pytest.mark.parametrize(
    "lost",
    [
        error(100, "odoo.http.SessionExpiredException", "Session expired"),
        error(0, "odoo.exceptions.AccessDenied", "Access Denied"),
    ],
    ids=["session expired", "access denied"],
)
async def test_a_lost_session_is_opened_again_and_the_same_page_asked_for(lost: Answer) -> None:
    """Code 100 is a session that is over, inside HTTP 200."""
    first = [partner(identity) for identity in range(1, 501)]
    second: JsonValue = [["id", ">", 500], TOP]
    exchanges = (
        login(),
        search_read("res.partner", CUSTOMERS, PARTNER, found(*first, length=501)),
        search_read("res.partner", second, PARTNER, lost),
        login(uid=8),
        search_read("res.partner", second, PARTNER, found(partner(501)), uid=8),
    )
    async with connected("odoo_legacy", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert [len(page.records) for page in pages.pages] == [500, 1]


async def test_a_wrong_password_is_answered_with_false_and_not_tried_again() -> None:
    async with connected("odoo_legacy", login(uid=False), **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
