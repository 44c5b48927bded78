"""RD Station CRM: exchanges as its documentation describes them, with invented values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.errors import ResponseNotUnderstoodError, VendorFaultError
from tests.connectors.contract_reading import connected, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)


class Tokens:
    """Keeps a rotated token, as the store of a project does."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def load(self, name: str) -> str | None:
        return self.kept.get(name)

    async def save(self, name: str, token: str) -> None:
        self.kept[name] = token


def access(tokens: Tokens | None = None) -> dict[str, Any]:
    credentials = {
        "client_id": "made-up-client",
        "client_secret": "made-up-secret",
        "refresh_token": "made-up-refresh-1",
    }
    context = {"tax_id_field": "cnpj"}
    return {"credentials": credentials, "context": context, "system": "crm", "tokens": tokens or Tokens()}


HEADERS = {"Authorization": "Bearer made-up-token"}


def token() -> Exchange:
    form = (
        "grant_type=refresh_token&refresh_token=made-up-refresh-1&client_id=made-up-client&client_secret=made-up-secret"
    )
    answer: JsonValue = {"access_token": "made-up-token", "refresh_token": "made-up-refresh-2", "expires_in": 86400}
    return Exchange("POST", "/oauth2/token", Answer(answer), body=form)


def listing(answer: Answer, number: int = 1, size: int = 100, **more: str) -> Exchange:
    query = {"page[number]": str(number), "page[size]": str(size), **more}
    return Exchange("GET", "/crm/v2/organizations", answer, query=query, headers=HEADERS)


def organization(identity: int) -> dict[str, JsonValue]:
    return {
        "id": f"6500000000000000000{identity:05d}",
        "name": f"Distribuidora {identity} Ltda",
        "custom_fields": {"cnpj": "11.222.333/0001-81"},
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-11-22T06:03:35.000Z",
    }


def data(*records: JsonValue) -> Answer:
    """Links of the answers name an internal address, which nobody follows."""
    following = "https://internal.example.com/api/v2/organizations?page[number]=2"
    return Answer({"data": list(records), "links": {"next": following}})


async def test_organizations_are_customers_read_until_a_short_page() -> None:
    """Pages by position shift and no total is told: two further readings of the ids must agree."""
    first = [organization(number) for number in range(1, 101)]
    scan = (listing(data(*first)), listing(data(organization(200)), number=2))
    tokens = Tokens()
    async with connected("rd_station_crm", token(), *scan, *scan, *scan, **access(tokens)) as connector:
        pages = await pulled(connector, "customers")
    assert (len(pages.records), pages.restarts) == (101, 0)
    assert list(tokens.kept.values()) == ["made-up-refresh-2"]


async def test_an_organization_means() -> None:
    async with connected("rd_station_crm", token(), listing(data(organization(3))), **access()) as connector:
        pages = await pulled(connector, "customers")
    assert rows(mapped(connector, "customers", pages, own={"tax_id": "custom_fields.cnpj"})) == [
        {
            "_id": organization(3)["id"],
            "tax_id": "11222333000181",
            "legal_name": "Distribuidora 3 Ltda",
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    async with connected("rd_station_crm", token(), listing(data()), listing(data()), **access()) as connector:
        assert (await pulled(connector, "customers")).records == []


def with_ceiling(connector: Connector, ceiling: int) -> Connector:
    """The same connector, to a system that gives no more records than so many."""
    source = connector.description.entities["customers"]
    changed = source.model_copy(update={"full": source.full.model_copy(update={"ceiling": ceiling})})
    connector.description = connector.description.model_copy(update={"entities": {"customers": changed}})
    return connector


@pytest.mark.parametrize("ceiling", [1, 2])
async def test_a_listing_that_may_have_been_cut_is_refused(ceiling: int) -> None:
    """Only the first 10,000 rows are given, without a word."""
    exchanges = (token(), listing(data(organization(1), organization(2))))
    async with connected("rd_station_crm", *exchanges, **access()) as connector:
        assert connector.description.entities["customers"].full.ceiling == 10_000
        with pytest.raises(ResponseNotUnderstoodError, match=f"no more than {ceiling} records"):
            await pulled(with_ceiling(connector, ceiling), "customers")


async def test_changes_one_and_find() -> None:
    identity = str(organization(7)["id"])
    found = Answer({"data": organization(7)})
    gone = Answer({"errors": [{"title": "Not found"}]}, status=404)
    exchanges = (
        token(),
        listing(data(organization(1)), filter='updated_at:>="2026-11-22 03:04:05"'),
        Exchange("GET", f"/crm/v2/organizations/{identity}", found, headers=HEADERS),
        Exchange("GET", "/crm/v2/organizations/gone", gone, headers=HEADERS),
        listing(data(organization(7)), size=10, filter='@cnpj:"11222333000181"'),
    )
    async with connected("rd_station_crm", *exchanges, **access()) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 1
        assert await connector.one("customers", identity) == [organization(7)]
        assert await connector.one("customers", "gone") == []
        assert await connector.find("customers", "11222333000181") == [organization(7)]


async def test_a_throttled_call_is_made_again_after_the_wait_that_is_told() -> None:
    throttled = Answer({"errors": []}, status=429, headers={"Retry-After": "0"})
    exchanges = (token(), listing(throttled), listing(data(organization(1))))
    async with connected("rd_station_crm", *exchanges, **access()) as connector:
        assert len((await pulled(connector, "customers")).records) == 1


async def test_a_missing_right_is_an_error() -> None:
    denied = Answer({"errors": [{"title": "Forbidden"}]}, status=403)
    async with connected("rd_station_crm", token(), listing(denied), **access()) as connector:
        with pytest.raises(VendorFaultError, match="forbidden"):
            await pulled(connector, "customers")
