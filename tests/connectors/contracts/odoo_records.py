"""Records of Odoo as it writes them, what is asked of them, and what they mean. Invented companies and values."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)
TOP: JsonValue = ["parent_id", "=", False]
ALL: JsonValue = {"active_test": False}
PARTNER: JsonValue = {
    "name": {},
    "vat": {},
    "email": {},
    "phone": {},
    "street": {},
    "city": {},
    "state_id": {"fields": {"code": {}}},
    "zip": {},
    "credit_limit": {},
    "active": {},
    "write_date": {},
}
VARIANT: JsonValue = {
    "default_code": {},
    "name": {},
    "uom_id": {"fields": {"name": {}}},
    "lst_price": {},
    "active": {},
    "write_date": {},
}


def line_specification(**more: JsonValue) -> JsonValue:
    """What is asked of a line."""
    product: JsonValue = {"fields": {"default_code": {}}}
    wanted: dict[str, JsonValue] = {"display_type": {}, "product_id": product, "product_uom_qty": {}, "price_unit": {}}
    return {"fields": {**wanted, "discount": {}, "price_subtotal": {}, **more}}


ORDER: JsonValue = {
    "name": {},
    "partner_id": {"fields": {"vat": {}}},
    "date_order": {},
    "state": {},
    "invoice_status": {},
    "amount_total": {},
    "write_date": {},
    "order_line": line_specification(),
}
QUOTE: JsonValue = {
    "name": {},
    "partner_id": {"fields": {"vat": {}}},
    "date_order": {},
    "validity_date": {},
    "state": {},
    "amount_total": {},
    "amount_tax": {},
    "write_date": {},
    "order_line": line_specification(price_tax={}),
}


def partner(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    """A made-up customer."""
    return {
        "id": identity,
        "name": f"Distribuidora {identity} Ltda",
        "vat": "11.222.333/0001-81",
        "email": "fiscal@example.com",
        "phone": "+55 11 98888-7777",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state_id": {"id": 95, "code": "SP"},
        "zip": "01310-100",
        "credit_limit": 185000.1,
        "active": True,
        "write_date": "2026-11-22 06:03:35",
        **changes,
    }


def order(**changes: JsonValue) -> dict[str, JsonValue]:
    """A made-up sale: a heading and a line of goods."""
    heading: JsonValue = {"id": 1, "display_type": "line_section", "product_id": False, "product_uom_qty": 0.0}
    goods: JsonValue = {
        "id": 2,
        "display_type": False,
        "product_id": {"id": 4, "default_code": "P0004"},
        "product_uom_qty": 10.0,
        "price_unit": 4928.84,
        "discount": 5.0,
        "price_subtotal": 46823.98,
        "price_tax": 8428.32,
    }
    return {
        "id": 77,
        "name": "S00077",
        "partner_id": {"id": 7, "vat": "11222333000181"},
        "date_order": "2026-11-22 01:30:00",
        "state": "sale",
        "invoice_status": "to invoice",
        "amount_total": 55252.3,
        "write_date": "2026-11-22 06:03:35",
        "order_line": [heading, goods],
        **changes,
    }


def expected_customer(identity: int) -> dict[str, Any]:
    """What a partner means."""
    return {
        "_id": str(identity),
        "tax_id": "11222333000181",
        "legal_name": f"Distribuidora {identity} Ltda",
        "email": "fiscal@example.com",
        "phone": "5511988887777",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("185000.1"),
        "active": True,
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }


def expected_lines(**more: Decimal) -> list[dict[str, Any]]:
    """What the lines of an order mean: the heading is none."""
    line = {"_id": "2", "_parent": "77", "sku": "P0004", "quantity": Decimal(10), "unit_price": Decimal("4928.84")}
    return [{**line, "discount": Decimal(5), "total": Decimal("46823.98"), **more}]


def page_of(*records: JsonValue, length: int | None = None) -> dict[str, JsonValue]:
    """What `web_search_read` gives."""
    return {"length": len(records) if length is None else length, "records": list(records)}
