"""HubSpot: exchanges as its documentation describes them, with invented values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import BlockedError, CredentialsRefusedError, PageDriftError, VendorFaultError
from tests.connectors.contract_reading import connected, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {
    "credentials": {"token": "made-up-token"},
    "context": {"tax_id_property": "cnpj"},
    "system": "crm",
}
HEADERS = {"Authorization": "Bearer made-up-token"}
COMPANY = ["name", "phone", "address", "city", "state", "zip", "hs_lastmodifieddate", "cnpj"]
PRODUCT = ["name", "hs_sku", "price", "hs_lastmodifieddate"]
QUOTE = [
    "hs_title",
    "hs_quote_number",
    "hs_expiration_date",
    "hs_quote_amount",
    "hs_status",
    "hs_lastmodifieddate",
]
SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)


def results(*records: JsonValue, after: str | None = None, **more: JsonValue) -> Answer:
    paging: JsonValue = {} if after is None else {"paging": {"next": {"after": after, "link": "https://example.com/"}}}
    assert isinstance(paging, dict)
    return Answer({"results": list(records), **paging, **more})


def listing(kind: str, properties: Sequence[str], answer: Answer, after: str | None = None) -> Exchange:
    query = {"limit": "100", "archived": "false", "properties": ",".join(properties)}
    cursor = {} if after is None else {"after": after}
    return Exchange("GET", f"/crm/v3/objects/{kind}", answer, query={**query, **cursor}, headers=HEADERS)


def changed(kind: str, properties: Sequence[str], answer: Answer, after: str | None = None) -> Exchange:
    since: JsonValue = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1795316645000"}
    body: dict[str, JsonValue] = {
        "filterGroups": [{"filters": [since]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(properties),
        "limit": 100,
    }
    if after is not None:
        body["after"] = after
    return Exchange("POST", f"/crm/v3/objects/{kind}/search", answer, headers=HEADERS, body=body)


def company(identity: int) -> dict[str, JsonValue]:
    return {
        "id": str(identity),
        "properties": {
            "name": f"Distribuidora {identity} Ltda",
            "phone": "+55 11 98888-7777",
            "address": "Rua das Flores, 10",
            "city": "São Paulo",
            "state": "SP",
            "zip": "01310-100",
            "cnpj": "11.222.333/0001-81",
            "hs_object_id": str(identity),
        },
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-11-22T06:03:35.577Z",
        "archived": False,
    }


async def test_companies_are_customers_read_by_cursor() -> None:
    exchanges = (
        listing("companies", COMPANY, results(company(1), company(2), after="2")),
        listing("companies", COMPANY, results(company(3)), after="2"),
    )
    async with connected("hubspot", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages, own={"tax_id": "properties.cnpj"}))
    assert len(customers) == 3
    assert customers[2] == {
        "_id": "3",
        "tax_id": "11222333000181",
        "legal_name": "Distribuidora 3 Ltda",
        "phone": "5511988887777",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, 577000, tzinfo=UTC),
    }


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = listing("companies", COMPANY, results())
    async with connected("hubspot", exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_products() -> None:
    product: JsonValue = {
        "id": "31",
        "properties": {"name": "Parafuso sextavado", "hs_sku": "p0004", "price": "4928.84"},
        "updatedAt": "2026-11-22T06:03:35Z",
    }
    async with connected("hubspot", listing("products", PRODUCT, results(product)), **ACCESS) as connector:
        pages = await pulled(connector, "products")
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "31",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "price": Decimal("4928.84"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_quotes() -> None:
    quote: JsonValue = {
        "id": "77",
        "properties": {
            "hs_title": "Parafusos",
            "hs_quote_number": "20261122-1203",
            "hs_expiration_date": "2026-12-22T15:00:00Z",
            "hs_quote_amount": "55252.30",
            "hs_status": "APPROVAL_NOT_NEEDED",
        },
        "updatedAt": "2026-11-22T06:03:35Z",
    }
    async with connected("hubspot", listing("quotes", QUOTE, results(quote)), **ACCESS) as connector:
        pages = await pulled(connector, "quotes")
    assert rows(mapped(connector, "quotes", pages)) == [
        {
            "_id": "77",
            "number": "20261122-1203",
            "valid_until": date(2026, 12, 22),
            "status": "OPEN",
            "total": Decimal("55252.3"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_changes_are_searched_for_in_milliseconds() -> None:
    exchanges = (
        changed("companies", COMPANY, results(company(1), after="1", total=2)),
        changed("companies", COMPANY, results(company(2), total=2), after="1"),
    )
    async with connected("hubspot", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 2


async def test_a_search_that_gives_fewer_than_it_announces_is_not_believed() -> None:
    """A search ends at 10,000 records."""
    cut = changed("companies", COMPANY, results(company(1), total=10_001))
    async with connected("hubspot", cut, cut, cut, **ACCESS) as connector:
        with pytest.raises(PageDriftError, match="1 records came and 10001 were announced"):
            await pulled(connector, "customers", SINCE)


async def test_one_find_and_keys() -> None:
    read: JsonValue = {"inputs": [{"id": "7"}], "properties": list(COMPANY)}
    by_key: JsonValue = {
        "filterGroups": [{"filters": [{"propertyName": "cnpj", "operator": "EQ", "value": "11222333000181"}]}],
        "properties": list(COMPANY),
        "limit": 10,
    }
    gone = Answer({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": []}, status=207)
    exchanges = (
        Exchange("POST", "/crm/v3/objects/companies/batch/read", results(company(7)), headers=HEADERS, body=read),
        Exchange("POST", "/crm/v3/objects/companies/batch/read", gone, headers=HEADERS, body=read),
        Exchange("POST", "/crm/v3/objects/companies/batch/read", gone, headers=HEADERS, body=read),
        Exchange("POST", "/crm/v3/objects/companies/search", results(company(7)), headers=HEADERS, body=by_key),
        listing("companies", ["hs_object_id"], results({"id": "7"}, after="7")),
        listing("companies", ["hs_object_id"], results({"id": "9"}), after="7"),
    )
    async with connected("hubspot", *exchanges, **ACCESS) as connector:
        assert await connector.one("customers", "7") == [company(7)]
        assert await connector.one("customers", "7") == []
        assert await connector.find("customers", "11222333000181") == [company(7)]
        assert await connector.ids("customers") == {"7", "9"}


def throttled(policy: str) -> Answer:
    body: JsonValue = {
        "status": "error",
        "message": "You have reached your limit.",
        "errorType": "RATE_LIMIT",
        "policyName": policy,
    }
    return Answer(body, status=429, headers={"Retry-After": "0"})


async def test_too_many_calls_in_a_moment_are_asked_again() -> None:
    """Trap 18, the first half."""
    exchanges = (
        listing("companies", COMPANY, throttled("TEN_SECONDLY_ROLLING")),
        listing("companies", COMPANY, results(company(1))),
    )
    async with connected("hubspot", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers")).records) == 1


async def test_a_spent_day_stops_at_once_and_says_so() -> None:
    """Trap 18, the second half: nothing is asked again, though the answer names a short wait."""
    async with connected("hubspot", listing("companies", COMPANY, throttled("DAILY")), **ACCESS) as connector:
        with pytest.raises(BlockedError, match="reached your limit"):
            await pulled(connector, "customers")
        with pytest.raises(BlockedError):
            await pulled(connector, "products")


async def test_an_error_surfaces_with_its_category() -> None:
    body: JsonValue = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes.",
        "correlationId": "00000000-0000-0000-0000-000000000000",
        "category": "MISSING_SCOPES",
    }
    exchange = listing("companies", COMPANY, Answer(body, status=403))
    async with connected("hubspot", exchange, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="required scopes") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "MISSING_SCOPES"


async def test_a_refused_token_is_not_tried_again() -> None:
    refused = Answer({"status": "error", "message": "invalid", "category": "INVALID_AUTHENTICATION"}, status=401)
    probe = Exchange("GET", "/crm/v3/objects/companies", refused, query={"limit": "1"}, headers=HEADERS)
    async with connected("hubspot", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
