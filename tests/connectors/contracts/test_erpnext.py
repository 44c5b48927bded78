"""ERPNext: exchanges as the documentation of Frappe's REST API describes them, with invented values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import BlockedError, CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {"credentials": {"api_key": "made-up-key", "api_secret": "made-up-secret"}}
HEADERS = {"Authorization": "token made-up-key:made-up-secret"}
CUSTOMER_FIELDS = '["name", "customer_name", "tax_id", "email_id", "mobile_no", "disabled", "modified"]'
ITEM_FIELDS = (
    '["name", "item_code", "item_name", "stock_uom", "standard_rate", "customs_tariff_number", "disabled", "modified"]'
)
NAME = '["name"]'
FIRST = '[["name", ">", ""]'
SUBMITTED = ', ["docstatus", "=", "1"]]'
SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)


def listing(doctype: str, fields: str, filters: str, records: Sequence[JsonValue], size: int = 500) -> Exchange:
    query = {"fields": fields, "filters": filters, "order_by": "name asc", "limit_page_length": str(size)}
    return Exchange("GET", f"/api/resource/{doctype}", Answer({"data": list(records)}), query=query, headers=HEADERS)


def customer(name: str, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "name": name,
        "customer_name": f"{name} Ltda",
        "tax_id": "11.222.333/0001-81",
        "email_id": "fiscal@example.com",
        "mobile_no": "(11) 98888-7777",
        "disabled": 0,
        "modified": "2026-11-22 03:03:35.577890",
        **changes,
    }


def document_of(name: str, limits: Sequence[JsonValue]) -> Exchange:
    answer = Answer({"message": {"name": name, "credit_limits": list(limits)}})
    query = {"doctype": "Customer", "name": name}
    return Exchange("GET", "/api/method/frappe.client.get", answer, query=query, headers=HEADERS)


def sale(name: str, **changes: JsonValue) -> dict[str, JsonValue]:
    item: JsonValue = {
        "name": "row-1",
        "item_code": "P0004",
        "qty": 10.0,
        "rate": 4682.4,
        "discount_percentage": 5.0,
        "amount": 46824.0,
    }
    return {
        "name": name,
        "docstatus": 1,
        "tax_id": "11222333000181",
        "transaction_date": "2026-11-21",
        "status": "To Deliver and Bill",
        "grand_total": 55252.3,
        "modified": "2026-11-22 03:03:35.577890",
        "items": [item],
        **changes,
    }


def document(doctype: str, record: dict[str, JsonValue]) -> Exchange:
    return Exchange("GET", f"/api/resource/{doctype}/{record['name']}", Answer({"data": record}), headers=HEADERS)


LINE: dict[str, Any] = {
    "_id": "row-1",
    "sku": "P0004",
    "quantity": Decimal(10),
    "unit_price": Decimal("4682.4"),
    "discount": Decimal(5),
    "total": Decimal(46824),
}


async def test_customers_are_read_by_name_with_the_credit_limit_of_their_document() -> None:
    """Names are whatever people type: they travel as parameters, never inside a path or a filter unescaped."""
    first = [customer(f"C{number:03d}") for number in range(1, 500)]
    last = 'Silva "Zé" & Filhos, Irmãos / Cia'
    after_last = '[["name", ">", "Silva \\"Zé\\" & Filhos, Irmãos / Cia"]]'
    exchanges = [
        listing("Customer", CUSTOMER_FIELDS, f"{FIRST}]", [*first, customer(last)]),
        listing("Customer", CUSTOMER_FIELDS, after_last, [customer("T1")]),
        *[document_of(str(each["name"]), []) for each in first],
        document_of(last, [{"company": "Acme", "credit_limit": 185000.1}]),
        document_of("T1", [{"company": "Acme", "credit_limit": 5}]),
    ]
    async with connected("erpnext", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages))
    assert (len(customers), customers[0]["credit_limit"], customers[500]["credit_limit"]) == (501, None, Decimal(5))
    assert customers[499] == {
        "_id": last,
        "tax_id": "11222333000181",
        "legal_name": f"{last} Ltda",
        "email": "fiscal@example.com",
        "phone": "11988887777",
        "credit_limit": Decimal("185000.1"),
        "active": True,
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, 577890, tzinfo=UTC),
    }


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = listing("Item", ITEM_FIELDS, f"{FIRST}]", [])
    async with connected("erpnext", exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "products")).records == []


async def test_items_are_products() -> None:
    item: JsonValue = {
        "name": "P0004",
        "item_code": "P0004",
        "item_name": "Parafuso sextavado",
        "stock_uom": "Nos",
        "standard_rate": 4928.84,
        "customs_tariff_number": "7318.15.00",
        "disabled": 1,
        "modified": "2026-11-22 03:03:35",
    }
    async with connected("erpnext", listing("Item", ITEM_FIELDS, f"{FIRST}]", [item]), **ACCESS) as connector:
        pages = await pulled(connector, "products")
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "P0004",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "unit": "UN",
            "ncm": "73181500",
            "price": Decimal("4928.84"),
            "active": False,
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_changes_are_asked_for_in_the_time_of_the_site_and_a_cancelled_order_leaves() -> None:
    """The site's clock is São Paulo's: three hours behind."""
    filters = f'{FIRST}, ["modified", ">=", "2026-11-22 00:04:05"]]'
    cancelled = sale("SAL-ORD-2026-00002", docstatus=2, status="Cancelled")
    exchanges = (
        listing("Sales Order", NAME, filters, [{"name": "SAL-ORD-2026-00001"}, {"name": "SAL-ORD-2026-00002"}]),
        document("Sales Order", sale("SAL-ORD-2026-00001")),
        document("Sales Order", cancelled),
    )
    async with connected("erpnext", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders", SINCE))
    assert [row["number"] for row in rows(page)] == ["SAL-ORD-2026-00001"]
    assert page.left == ["SAL-ORD-2026-00002"]


async def test_orders_are_submitted_documents_with_their_items() -> None:
    exchanges = (
        listing("Sales Order", NAME, FIRST + SUBMITTED, [{"name": "SAL-ORD-2026-00001"}, {"name": "GONE"}]),
        document("Sales Order", sale("SAL-ORD-2026-00001")),
        Exchange("GET", "/api/resource/Sales Order/GONE", Answer({"exc_type": "DoesNotExistError"}, status=404)),
    )
    async with connected("erpnext", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
    assert rows(page) == [
        {
            "_id": "SAL-ORD-2026-00001",
            "number": "SAL-ORD-2026-00001",
            "customer": "11222333000181",
            "date": date(2026, 11, 21),
            "status": "OPEN",
            "total": Decimal("55252.3"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, 577890, tzinfo=UTC),
        }
    ]
    assert lines(page) == [{**LINE, "_parent": "SAL-ORD-2026-00001"}]


async def test_quotations_are_quotes() -> None:
    name = "SAL-QTN-2026-00001"
    quotation = sale(name, status="Open", valid_till="2026-12-22", total_taxes_and_charges=8428.3)
    exchanges = (
        listing("Quotation", NAME, FIRST + SUBMITTED, [{"name": name}]),
        document("Quotation", quotation),
    )
    async with connected("erpnext", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    row = rows(page)[0]
    assert (row["number"], row["status"], row["valid_until"]) == (name, "OPEN", date(2026, 12, 22))
    assert (row["total"], row["taxes"]) == (Decimal("55252.3"), Decimal("8428.3"))
    assert lines(page) == [{**LINE, "_parent": name}]


async def test_one_find_and_keys() -> None:
    exchanges = (
        listing("Customer", CUSTOMER_FIELDS, '[["name", "=", "Acme"]]', [customer("Acme")], size=1),
        document_of("Acme", []),
        listing("Customer", CUSTOMER_FIELDS, '[["tax_id", "=", "11222333000181"]]', [], size=10),
        listing("Customer", CUSTOMER_FIELDS, '[["tax_id", "=", "11222333000181"]]', [], size=10),
        listing("Customer", NAME, f"{FIRST}]", [{"name": "Acme"}, {"name": "Zeta"}], size=5000),
    )
    async with connected("erpnext", *exchanges, **ACCESS) as connector:
        (one,) = await connector.one("customers", "Acme")
        assert isinstance(one, dict)
        assert (one["customer_name"], one["document"]) == ("Acme Ltda", {"name": "Acme", "credit_limits": []})
        assert await connector.find("customers", "11222333000181") == []
        assert await connector.ids("customers") == {"Acme", "Zeta"}


_ERRORS = {
    "a failed check": (417, "ValidationError"),
    "no permission": (403, "PermissionError"),
    "no such doctype": (404, "DoesNotExistError"),
}


@pytest.mark.parametrize(("status", "kind"), _ERRORS.values(), ids=_ERRORS)
async def test_an_error_surfaces_with_its_own_words(status: int, kind: str) -> None:
    body: JsonValue = {"exception": f"frappe.exceptions.{kind}: Item P1 has been disabled", "exc_type": kind}
    exchange = listing("Item", ITEM_FIELDS, f"{FIRST}]", [])
    failing = Exchange("GET", exchange.path, Answer(body, status=status), query=exchange.query, headers=HEADERS)
    async with connected("erpnext", failing, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Item P1 has been disabled") as failed:
            await pulled(connector, "products")
    assert failed.value.vendor_code == kind


async def test_a_long_throttle_ends_the_pull_with_the_moment_it_is_over() -> None:
    exchange = listing("Item", ITEM_FIELDS, f"{FIRST}]", [])
    throttled = Answer({"exc_type": "RateLimitExceededError"}, status=429, headers={"Retry-After": "3600"})
    failing = Exchange("GET", exchange.path, throttled, query=exchange.query, headers=HEADERS)
    async with connected("erpnext", failing, **ACCESS) as connector:
        with pytest.raises(BlockedError):
            await pulled(connector, "products")


async def test_a_refused_key_is_not_tried_again() -> None:
    refused = Answer({"exc_type": "AuthenticationError"}, status=401)
    probe = Exchange("GET", "/api/method/frappe.auth.get_logged_user", refused, headers=HEADERS)
    async with connected("erpnext", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
