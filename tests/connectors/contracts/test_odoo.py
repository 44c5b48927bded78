"""Odoo 19, JSON-2: exchanges as its documentation and source describe them, with invented values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import ConfigurationError, CredentialsRefusedError, PageDriftError, VendorFaultError
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

ACCESS: dict[str, Any] = {"credentials": {"api_key": "made-up-key"}, "context": {"database": "acme"}}
HEADERS = {"Authorization": "bearer made-up-key", "X-Odoo-Database": "acme", "Content-Type": "application/json"}


def search_read(model: str, domain: JsonValue, specification: JsonValue, answer: Answer, limit: int = 500) -> Exchange:
    body = {"domain": domain, "specification": specification, "limit": limit, "order": "id", "context": ALL}
    return Exchange("POST", f"/json/2/{model}/web_search_read", answer, headers=HEADERS, body=body)


def found(*records: JsonValue, length: int | None = None) -> Answer:
    return Answer(page_of(*records, length=length))


async def test_customers_are_read_page_after_page() -> None:
    first = [partner(identity) for identity in range(1, 501)]
    exchanges = (
        search_read("res.partner", [["id", ">", 0], TOP], PARTNER, found(*first, length=501)),
        search_read("res.partner", [["id", ">", 500], TOP], PARTNER, found(partner(777))),
    )
    async with connected("odoo", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages))
    assert (len(customers), customers[-1]) == (501, expected_customer(777))


async def test_a_field_without_value_is_false_and_means_nothing() -> None:
    names = ("email", "phone", "street", "city", "zip", "state_id")
    bare = partner(5, active=False, credit_limit=0.0, vat="11144477735", **dict.fromkeys(names, False))
    exchange = search_read("res.partner", [["id", ">", 0], TOP], PARTNER, found(bare))
    async with connected("odoo", exchange, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    nothing = dict.fromkeys(("email", "phone", "street", "city", "state", "zip"), None)
    changes = {"tax_id": "11144477735", "credit_limit": Decimal(0), "active": False}
    assert rows(mapped(connector, "customers", pages)) == [{**expected_customer(5), **nothing, **changes}]


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = search_read("res.partner", [["id", ">", 0], TOP], PARTNER, found())
    async with connected("odoo", exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_fewer_records_than_announced_are_not_believed() -> None:
    exchange = search_read("res.partner", [["id", ">", 0], TOP], PARTNER, found(partner(1), length=2))
    rest = search_read("res.partner", [["id", ">", 1], TOP], PARTNER, found())
    async with connected("odoo", *[exchange, rest] * 3, **ACCESS) as connector:
        with pytest.raises(PageDriftError, match="1 records came and 2 were announced"):
            await pulled(connector, "customers")


async def test_changes_are_asked_for_in_utc_and_never_too_late() -> None:
    stamp: JsonValue = ["write_date", ">=", "2026-11-22 03:04:05"]
    variants: list[JsonValue] = ["|", stamp, ["product_tmpl_id.write_date", ">=", "2026-11-22 03:04:05"]]
    sales: list[JsonValue] = ["|", stamp, ["order_line.write_date", ">=", "2026-11-22 03:04:05"]]
    exchanges = (
        search_read("res.partner", [["id", ">", 0], TOP, stamp], PARTNER, found(partner(3))),
        search_read("product.product", [["id", ">", 0], *variants], VARIANT, found({"id": 4, "default_code": "P0004"})),
        search_read("sale.order", [["id", ">", 0], *sales], ORDER, found(order())),
        search_read("sale.order", [["id", ">", 0], *sales], QUOTE, found(order())),
    )
    async with connected("odoo", *exchanges, **ACCESS) as connector:
        pages = {entity: await pulled(connector, entity, SINCE) for entity in connector.description.entities}
    staged = {entity: mapped(connector, entity, found_pages) for entity, found_pages in pages.items()}
    assert {entity: page.records.height for entity, page in staged.items()} == {
        "customers": 1,
        "products": 1,
        "orders": 1,
        "quotes": 0,
    }
    assert staged["quotes"].left == ["77"]


async def test_products_are_variants_with_the_price_of_the_list() -> None:
    variant: JsonValue = {
        "id": 4,
        "default_code": "P0004",
        "name": "Parafuso sextavado",
        "uom_id": {"id": 1, "name": "Unidades"},
        "lst_price": 4928.84,
        "active": False,
        "write_date": "2026-11-22 06:03:35",
    }
    exchange = search_read("product.product", [["id", ">", 0]], VARIANT, found(variant))
    async with connected("odoo", exchange, **ACCESS) as connector:
        pages = await pulled(connector, "products")
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "4",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "unit": "UN",
            "price": Decimal("4928.84"),
            "active": False,
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_orders_are_confirmed_sales_with_their_lines() -> None:
    domain: JsonValue = [["id", ">", 0], ["state", "=", "sale"]]
    async with connected("odoo", search_read("sale.order", domain, ORDER, found(order())), **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
    assert rows(page) == [
        {
            "_id": "77",
            "number": "S00077",
            "customer": "11222333000181",
            "date": date(2026, 11, 21),
            "status": "OPEN",
            "total": Decimal("55252.3"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]
    assert lines(page) == expected_lines()


async def test_quotes_are_sales_not_confirmed_yet_with_their_taxes() -> None:
    quote = order(state="sent", validity_date="2026-12-22", amount_tax=8428.32)
    domain: JsonValue = [["id", ">", 0], ["state", "in", ["draft", "sent"]]]
    async with connected("odoo", search_read("sale.order", domain, QUOTE, found(quote)), **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    row = rows(page)[0]
    assert (row["number"], row["status"], row["valid_until"]) == ("S00077", "OPEN", date(2026, 12, 22))
    assert (row["total"], row["taxes"]) == (Decimal("55252.3"), Decimal("8428.32"))
    assert lines(page) == expected_lines(taxes=Decimal("8428.32"))


async def test_keys_are_bare_numbers() -> None:
    def search(after: int, *ids: int) -> Exchange:
        body: JsonValue = {"domain": [["id", ">", after], TOP], "limit": 10000, "order": "id", "context": ALL}
        return Exchange("POST", "/json/2/res.partner/search", Answer(list(ids)), headers=HEADERS, body=body)

    many = range(1, 10_001)
    async with connected("odoo", search(0, *many), search(10_000, 20_000), **ACCESS) as connector:
        assert await connector.ids("customers") == {*map(str, many), "20000"}


async def test_one_is_asked_for_by_number_and_by_key_as_text() -> None:
    exchanges = (
        search_read("res.partner", [["id", "=", 7], TOP], PARTNER, found(partner(7)), limit=1),
        search_read("res.partner", [["vat", "=", "11222333000181"], TOP], PARTNER, found(partner(7)), limit=10),
    )
    async with connected("odoo", *exchanges, **ACCESS) as connector:
        assert await connector.one("customers", "7") == [partner(7)]
        assert await connector.find("customers", "11222333000181") == [partner(7)]


async def test_an_id_that_is_no_number_is_never_sent() -> None:
    async with connected("odoo", **ACCESS) as connector:
        with pytest.raises(ConfigurationError, match=r"id\.number"):
            await connector.one("customers", "7 or 8")


async def test_an_error_surfaces_with_its_own_words() -> None:
    """Trap 2 turned round: JSON-2 uses real status codes, and says more in the body."""
    error: JsonValue = {
        "name": "odoo.exceptions.AccessError",
        "message": "You are not allowed to access 'Contact' records.",
        "arguments": [],
        "context": {},
        "debug": "Traceback",
    }
    exchange = search_read("res.partner", [["id", ">", 0], TOP], PARTNER, Answer(error, status=403))
    async with connected("odoo", exchange, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="not allowed to access 'Contact'") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "odoo.exceptions.AccessError"


async def test_a_key_that_is_refused_is_not_tried_again() -> None:
    body: JsonValue = {"domain": [], "limit": 1}
    refused = Answer({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}, status=401)
    probe = Exchange("POST", "/json/2/res.partner/search", refused, headers=HEADERS, body=body)
    async with connected("odoo", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
