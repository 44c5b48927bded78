"""Dolibarr: exchanges as its source describes them, with invented values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

BASE = "/api/index.php"
ACCESS: dict[str, Any] = {"credentials": {"api_key": "made-up-key"}, "below": BASE}
HEADERS = {"DOLAPIKEY": "made-up-key"}
SINCE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def nothing(what: str) -> Answer:
    return Answer({"error": {"code": 404, "message": f"Not Found: {what}"}}, status=404)


def listing(path: str, filters: str, answer: Answer, size: int = 100, **more: str) -> Exchange:
    query = {"sortfield": "t.rowid", "sortorder": "ASC", "limit": str(size), "sqlfilters": filters, **more}
    return Exchange("GET", f"{BASE}{path}", answer, query=query, headers=HEADERS)


def after(identity: int) -> str:
    return f"(t.rowid:>:'{identity}')"


def customer(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "id": str(identity),
        "name": f"Distribuidora {identity} Ltda",
        "name_alias": "Distribuidora",
        "idprof1": "11.222.333/0001-81",
        "idprof2": "ISENTO",
        "idprof4": "",
        "email": "fiscal@example.com",
        "phone": "(11) 98888-7777",
        "address": "Rua das Flores, 10",
        "town": "São Paulo",
        "state_code": "SP",
        "zip": "01310-100",
        "outstanding_limit": "185000.10000000",
        "remise_percent": "2.5",
        "status": "1",
        **changes,
    }


def sale(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    goods: JsonValue = {
        "id": "9",
        "product_ref": "P0004",
        "qty": "10",
        "subprice": "4928.84000000",
        "remise_percent": "5",
        "total_ht": "46823.98000000",
        "total_tva": "8428.32000000",
    }
    return {
        "id": str(identity),
        "ref": f"CO2611-{identity:04d}",
        "socid": "7",
        "date": 1795230000,
        "statut": "1",
        "total_ttc": "55252.30000000",
        "total_tva": "8428.32000000",
        "lines": [goods],
        **changes,
    }


def thirdparty(identity: int = 7, answer: Answer | None = None) -> Exchange:
    return Exchange("GET", f"{BASE}/thirdparties/{identity}", answer or Answer(customer(identity)), headers=HEADERS)


async def test_customers_are_read_until_a_page_is_empty_since_short_ones_are_not_the_last() -> None:
    """Records that cannot be loaded are left out of a page, so that it may be short before the end."""
    exchanges = (
        listing("/thirdparties", after(0), Answer([customer(1), customer(4)]), mode="1"),
        listing("/thirdparties", after(4), Answer([customer(9, idprof1="", idprof4="11144477735")]), mode="1"),
        listing("/thirdparties", after(9), nothing("Thirdparties not found"), mode="1"),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages))
    assert [row["tax_id"] for row in customers] == ["11222333000181", "11222333000181", "11144477735"]
    assert customers[0] == {
        "_id": "1",
        "tax_id": "11222333000181",
        "legal_name": "Distribuidora 1 Ltda",
        "trade_name": "Distribuidora",
        "state_registration": "ISENTO",
        "email": "fiscal@example.com",
        "phone": "11988887777",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("185000.10"),
        "special_discount": Decimal("2.5"),
        "active": True,
    }


_NOTHING: dict[str, tuple[str, str, dict[str, Any]]] = {
    "customers": ("/thirdparties", "Thirdparties not found", {"mode": "1"}),
    "products": ("/products", "No product found", {}),
    "orders": ("/orders", "No order found", {}),
    "quotes": ("/proposals", "No proposal found", {}),
}


@pytest.mark.parametrize("entity", _NOTHING)
async def test_404_means_an_empty_list(entity: str) -> None:
    """Trap 19."""
    path, words, more = _NOTHING[entity]
    async with connected("dolibarr", listing(path, after(0), nothing(words), **more), **ACCESS) as connector:
        assert (await pulled(connector, entity)).records == []


async def test_newer_versions_answer_with_an_empty_list() -> None:
    exchange = listing("/products", after(0), Answer([]))
    async with connected("dolibarr", exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "products")).records == []


async def test_404_of_a_path_that_does_not_exist_stays_an_error() -> None:
    """Trap 19 turned round: a wrong base_url must not look like an empty system."""
    unknown = Answer({"error": {"code": 404, "message": "Not Found"}}, status=404)
    async with connected("dolibarr", listing("/products", after(0), unknown), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Not Found"):
            await pulled(connector, "products")


async def test_products() -> None:
    product: JsonValue = {
        "id": "4",
        "ref": "P0004",
        "label": "Parafuso sextavado",
        "customcode": "73181500",
        "price": "4928.84000000",
        "status": "0",
    }
    exchanges = (
        listing("/products", after(0), Answer([product])),
        listing("/products", after(4), nothing("No product found")),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "products")
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "4",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "ncm": "73181500",
            "price": Decimal("4928.84"),
            "active": False,
        }
    ]


async def test_orders_come_with_their_lines_and_their_customer_is_read_once() -> None:
    exchanges = (
        listing("/orders", after(0), Answer([sale(77), sale(78, statut="3")])),
        listing("/orders", after(78), nothing("No order found")),
        thirdparty(),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
    found = rows(page)
    assert found[0] == {
        "_id": "77",
        "number": "CO2611-0077",
        "customer": "11222333000181",
        "date": date(2026, 11, 21),
        "status": "OPEN",
        "total": Decimal("55252.3"),
    }
    assert [row["status"] for row in found] == ["OPEN", "CLOSED"]
    assert lines(page)[0] == {
        "_id": "9",
        "_parent": "77",
        "sku": "P0004",
        "quantity": Decimal(10),
        "unit_price": Decimal("4928.84"),
        "discount": Decimal(5),
        "total": Decimal("46823.98"),
    }


async def test_proposals_are_quotes_and_a_customer_that_is_gone_is_none() -> None:
    exchanges = (
        listing("/proposals", after(0), Answer([sale(5, ref="PR2611-0005", statut="2", fin_validite=1797908400)])),
        listing("/proposals", after(5), nothing("No proposal found")),
        thirdparty(answer=nothing("Thirdparty not found")),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    row = rows(page)[0]
    assert (row["number"], row["customer"], row["status"]) == ("PR2611-0005", None, "SIGNED")
    assert (row["date"], row["valid_until"]) == (date(2026, 11, 21), date(2026, 12, 22))
    assert (row["total"], row["taxes"], lines(page)[0]["taxes"]) == (
        Decimal("55252.3"),
        Decimal("8428.32"),
        Decimal("8428.32"),
    )


async def test_changes_are_asked_for_from_the_beginning_of_a_day() -> None:
    filters = "(t.rowid:>:'0') and (t.tms:>=:'20261122')"
    exchanges = (
        listing("/thirdparties", filters, Answer([customer(3)]), mode="1"),
        listing("/thirdparties", filters.replace("'0'", "'3'"), nothing("Thirdparties not found"), mode="1"),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 1


async def test_one_and_find() -> None:
    by_key = "(t.siren:=:'11222333000181') or (t.idprof4:=:'11222333000181')"
    exchanges = (
        listing("/thirdparties", "(t.rowid:=:'7')", Answer([customer(7)]), size=10, mode="1"),
        listing("/thirdparties", by_key, nothing("Thirdparties not found"), size=10, mode="1"),
    )
    async with connected("dolibarr", *exchanges, **ACCESS) as connector:
        assert await connector.one("customers", "7") == [customer(7)]
        assert await connector.find("customers", "11222333000181") == []


async def test_a_key_that_would_change_the_filter_is_never_sent() -> None:
    async with connected("dolibarr", **ACCESS) as connector:
        assert await connector.find("products", "P1') or (t.rowid:>:'0") == []


async def test_a_refused_filter_is_not_asked_again() -> None:
    """It comes as 503, which means a passing trouble elsewhere."""
    words = "Service Unavailable: Error when validating parameter sqlfilters -> Bad syntax of the search string"
    refused = Answer({"error": {"code": 503, "message": words}}, status=503)
    async with connected("dolibarr", listing("/products", after(0), refused), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Bad syntax"):
            await pulled(connector, "products")


async def test_a_refused_key_is_not_tried_again() -> None:
    refused = Answer({"error": {"code": 401, "message": "Unauthorized"}}, status=401)
    probe = Exchange("GET", f"{BASE}/thirdparties", refused, query={"limit": "1"}, headers=HEADERS)
    async with connected("dolibarr", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
