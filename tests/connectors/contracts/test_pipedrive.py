"""Pipedrive: exchanges as its documentation describes them, with invented values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import BlockedError, CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {"credentials": {"api_token": "made-up-token"}, "system": "crm"}
HEADERS = {"x-api-token": "made-up-token"}
TAX_ID_FIELD = "0123456789abcdef0123456789abcdef01234567"
SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)


def data(*records: JsonValue, cursor: str | None = None) -> Answer:
    return Answer({"success": True, "data": list(records), "additional_data": {"next_cursor": cursor}})


def listing(kind: str, answer: Answer, **more: str) -> Exchange:
    query = {"limit": "500", "sort_by": "id", **more}
    return Exchange("GET", f"/api/v2/{kind}", answer, query=query, headers=HEADERS)


def organization(identity: int) -> dict[str, JsonValue]:
    address: JsonValue = {
        "value": "Rua das Flores, 10, São Paulo",
        "route": "Rua das Flores",
        "street_number": "10",
        "locality": "São Paulo",
        "admin_area_level_1": "SP",
        "postal_code": "01310-100",
    }
    return {
        "id": identity,
        "name": f"Distribuidora {identity} Ltda",
        "address": address,
        "custom_fields": {TAX_ID_FIELD: "11.222.333/0001-81"},
        "update_time": "2026-11-22T06:03:35Z",
    }


def deal(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "id": identity,
        "title": "Parafusos",
        "org_id": 7,
        "value": 55252.3,
        "status": "won",
        "won_time": "2026-11-22T01:30:00Z",
        "update_time": "2026-11-22T06:03:35Z",
        **changes,
    }


async def test_organizations_are_customers_read_by_cursor() -> None:
    exchanges = (
        listing("organizations", data(organization(1), cursor="made-up-cursor=")),
        listing("organizations", data(organization(3)), cursor="made-up-cursor="),
    )
    async with connected("pipedrive", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages, own={"tax_id": f"custom_fields.{TAX_ID_FIELD}"}))
    assert len(customers) == 2
    assert customers[1] == {
        "_id": "3",
        "tax_id": "11222333000181",
        "legal_name": "Distribuidora 3 Ltda",
        "street": "Rua das Flores 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = listing("organizations", data())
    async with connected("pipedrive", exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_products_cannot_be_asked_for_by_change() -> None:
    product: JsonValue = {
        "id": 31,
        "code": "P0004",
        "name": "Parafuso sextavado",
        "unit": "un",
        "prices": [{"price": 4928.84, "currency": "BRL"}],
        "update_time": "2026-11-22T06:03:35Z",
    }
    async with connected("pipedrive", listing("products", data(product)), **ACCESS) as connector:
        pages = await pulled(connector, "products")
        assert connector.capabilities("products").changed is False
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "31",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "unit": "UN",
            "price": Decimal("4928.84"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_won_deals_are_orders_and_their_organization_is_read_once() -> None:
    exchanges = (
        listing("deals", data(deal(77), deal(78), deal(79, org_id=None)), status="won"),
        Exchange("GET", "/api/v2/organizations/7", Answer({"success": True, "data": organization(7)}), headers=HEADERS),
    )
    own = {"customer": f"organization.custom_fields.{TAX_ID_FIELD}"}
    async with connected("pipedrive", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"), own=own)
    found = rows(page)
    assert found[0] == {
        "_id": "77",
        "number": "77",
        "customer": "11222333000181",
        "date": date(2026, 11, 21),
        "status": "OPEN",
        "total": Decimal("55252.3"),
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }
    assert [row["customer"] for row in found[1:]] == ["11222333000181", None]


async def test_a_deal_that_is_not_won_any_more_leaves_the_orders() -> None:
    exchanges = (
        listing("deals", data(deal(77, status="lost", org_id=None)), updated_since="2026-11-22T03:04:05Z"),
        listing("organizations", data(organization(3)), updated_since="2026-11-22T03:04:05Z"),
    )
    async with connected("pipedrive", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders", SINCE))
        assert len((await pulled(connector, "customers", SINCE)).records) == 1
    assert (rows(page), page.left) == ([], ["77"])


async def test_one_and_find() -> None:
    single = {"ids": "7"}
    exchanges = (
        Exchange("GET", "/api/v2/organizations", data(organization(7)), query=single, headers=HEADERS),
        Exchange("GET", "/api/v2/deals", data(), query={"ids": "7", "status": "won"}, headers=HEADERS),
        Exchange("GET", "/api/v2/deals", data(), query={"ids": "7", "status": "won"}, headers=HEADERS),
    )
    async with connected("pipedrive", *exchanges, **ACCESS) as connector:
        assert await connector.one("customers", "7") == [organization(7)]
        assert await connector.find("orders", "7") == []


def failure(status: int, words: str, **headers: str) -> Answer:
    body: JsonValue = {"success": False, "error": words, "code": "MADE_UP_CODE", "data": None}
    return Answer(body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("status", [200, 403])
async def test_success_false_is_an_error_whatever_the_status(status: int) -> None:
    """Trap 2."""
    exchange = listing("organizations", failure(status, "Requested service is not available"))
    async with connected("pipedrive", exchange, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Requested service is not available") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "MADE_UP_CODE"


async def test_too_many_calls_in_a_moment_are_asked_again() -> None:
    """Trap 18, the first half."""
    burst = failure(429, "Rate limit exceeded", retry_after="0", x_daily_ratelimit_token_remaining="1200")
    exchanges = (listing("organizations", burst), listing("organizations", data(organization(1))))
    async with connected("pipedrive", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers")).records) == 1


async def test_a_spent_day_stops_at_once_and_says_so() -> None:
    """Trap 18, the second half: the answer looks the same, but for a header."""
    spent = failure(429, "Rate limit exceeded", x_daily_ratelimit_token_remaining="0")
    async with connected("pipedrive", listing("organizations", spent), **ACCESS) as connector:
        with pytest.raises(BlockedError, match="Rate limit exceeded"):
            await pulled(connector, "customers")


async def test_a_refused_token_is_not_tried_again() -> None:
    probe = Exchange(
        "GET", "/api/v2/organizations", failure(401, "unauthorized access"), query={"limit": "1"}, headers=HEADERS
    )
    async with connected("pipedrive", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
