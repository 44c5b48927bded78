"""EspoCRM: exchanges as its documentation describes them, with invented values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, mapped, pulled, rows
from tests.connectors.strict_server import ANYTHING, Answer, Exchange

BASE = "/api/v1"
ACCESS: dict[str, Any] = {
    "credentials": {"api_key": "made-up-key"},
    "context": {"tax_id_field": "cCnpj"},
    "system": "crm",
    "below": BASE,
}
HEADERS = {"X-Api-Key": "made-up-key"}
SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)


def page(*records: JsonValue, total: int | None = None) -> Answer:
    return Answer({"total": len(records) if total is None else total, "list": list(records)})


def listing(answer: Answer, offset: str = "0", **more: str) -> Exchange:
    query = {"offset": offset, "maxSize": "200", "orderBy": "createdAt", "order": "asc", **more}
    return Exchange("GET", f"{BASE}/Account", answer, query=query, headers=HEADERS)


def where(kind: str, attribute: str, value: str) -> dict[str, str]:
    return {"where[0][type]": kind, "where[0][attribute]": attribute, "where[0][value]": value}


def account(identity: int) -> dict[str, JsonValue]:
    return {
        "id": f"5f0000000000000{identity:02d}",
        "name": f"Distribuidora {identity} Ltda",
        "emailAddress": "fiscal@example.com",
        "phoneNumber": "+5511988887777",
        "billingAddressStreet": "Rua das Flores, 10",
        "billingAddressCity": "São Paulo",
        "billingAddressState": "SP",
        "billingAddressPostalCode": "01310-100",
        "cCnpj": "11.222.333/0001-81",
        "modifiedAt": "2026-11-22 06:03:35",
    }


async def test_accounts_are_customers_read_by_position_and_the_total_checked() -> None:
    """Pages by position shift: what changed while they were read is asked for, and there is nothing."""
    first = [account(1) | {"id": f"5e{number:015d}"} for number in range(200)]
    exchanges = (
        listing(page(*first, total=201)),
        listing(page(account(3), total=201), offset="200"),
        *[listing(page(), **where("after", "modifiedAt", ANYTHING))] * 2,
    )
    async with connected("espocrm", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages, own={"tax_id": "cCnpj"}))
    assert len(customers) == 201
    assert customers[200] == {
        "_id": account(3)["id"],
        "tax_id": "11222333000181",
        "legal_name": "Distribuidora 3 Ltda",
        "email": "fiscal@example.com",
        "phone": "5511988887777",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    async with connected("espocrm", listing(page()), listing(page()), **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_changes_one_find_and_keys() -> None:
    identity = str(account(7)["id"])

    def few(answer: Answer, *condition: str) -> Exchange:
        query = {"maxSize": "10", **where(*condition)}
        return Exchange("GET", f"{BASE}/Account", answer, query=query, headers=HEADERS)

    exchanges = (
        listing(page(account(1)), **where("after", "modifiedAt", "2026-11-22 03:04:05")),
        few(page(account(7)), "equals", "id", identity),
        few(page(account(7)), "equals", "cCnpj", "11222333000181"),
        listing(page({"id": "a"}, {"id": "b"}), select="id"),
    )
    async with connected("espocrm", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 1
        assert await connector.one("customers", identity) == [account(7)]
        assert await connector.find("customers", "11222333000181") == [account(7)]
        assert await connector.ids("customers") == {"a", "b"}


@pytest.mark.parametrize("body", [Answer(text=""), Answer({"messageTranslation": None})], ids=["no body", "a body"])
async def test_the_reason_of_an_error_is_in_a_header(body: Answer) -> None:
    reason = "No read access for scope Account."
    failing = Answer(body.document, text=body.text, status=403, headers={"X-Status-Reason": reason})
    async with connected("espocrm", listing(failing), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="No read access for scope Account"):
            await pulled(connector, "customers")


async def test_an_error_without_a_reason_is_named_by_its_status() -> None:
    async with connected("espocrm", listing(Answer(text="", status=403)), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="HTTP 403"):
            await pulled(connector, "customers")


async def test_a_refused_key_is_not_tried_again() -> None:
    probe = Exchange("GET", f"{BASE}/App/user", Answer(text="", status=401), headers=HEADERS)
    async with connected("espocrm", probe, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
