"""TOTVS Protheus: exchanges as the vendor's message schemas and own sources describe them, with invented values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {
    "credentials": {"user": "made-up-user", "password": "made-up-password"},
    "context": {"customer_branch": "D MG    "},
    "concurrency": 1,
    "below": "/rest",
}
HEADERS = {"Authorization": "Basic bWFkZS11cC11c2VyOm1hZGUtdXAtcGFzc3dvcmQ="}
LIMIT: JsonValue = {"CustomerInternalId": "D MG    00000101", "CreditLimit": 123.45, "TotalCreditLimit": 50000.0}
GONE = Answer({"errorCode": 404, "errorMessage": "Cliente não encontrado"}, status=404)


def get(path: str, answer: Answer, /, **query: str) -> Exchange:
    return Exchange("GET", f"/rest{path}", answer, query=query, headers=HEADERS)


def customers(page: int, *records: JsonValue, more: bool = False, **query: str) -> Exchange:
    answer = Answer({"items": list(records), "hasNext": more})
    return get("/api/crm/v1/customerVendor/1", answer, page=str(page), pageSize="100", **query)


def credit(key: str, answer: Answer | None = None, limit: float = 50000.0) -> Exchange:
    """The limit of one customer: branch, code and unit in one text of fixed width."""
    found: JsonValue = {"CustomerInternalId": key, "CreditLimit": 123.45, "TotalCreditLimit": limit}
    return get(f"/api/fat/v1/CustomerCreditLimit/{key}", answer or Answer(found))


def customer(code: str, unit: str = "01", **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "branchId": "D MG",
        "code": code,
        "storeId": unit,
        "name": f"DISTRIBUIDORA {code} LTDA",
        "shortName": "DISTRIBUIDORA",
        "registerSituation": "2",
        "GovernmentalInformation": [
            {"id": "110042490114", "name": "INSCRICAO ESTADUAL"},
            {"id": "11222333000181", "name": "CPF|CNPJ"},
        ],
        "address": {
            "address": "RUA DAS FLORES, 10",
            "zipCode": "01310100",
            "state": {"stateId": "SP"},
            "city": {"cityCode": "50308", "cityDescription": "SAO PAULO"},
        },
        "listOfCommunicationInformation": [
            {"diallingCode": "11", "phoneNumber": "33332222", "email": "fiscal@example.com"}
        ],
        **changes,
    }


EXPECTED: dict[str, Any] = {
    "_id": "000001|01",
    "tax_id": "11222333000181",
    "legal_name": "DISTRIBUIDORA 000001 LTDA",
    "trade_name": "DISTRIBUIDORA",
    "state_registration": "110042490114",
    "email": "fiscal@example.com",
    "phone": "1133332222",
    "street": "RUA DAS FLORES, 10",
    "city": "SAO PAULO",
    "state": "SP",
    "zip": "01310100",
    "credit_limit": Decimal(50000),
    "active": True,
}


async def test_a_customer_is_code_and_unit_and_its_limit_is_asked_for_by_both() -> None:
    """The limit is the whole one (TotalCreditLimit); CreditLimit is what is left of it."""
    listing = customers(1, customer("000001"), customer("000001", "02"))
    exchanges = (listing, credit("D MG    00000101"), credit("D MG    00000102", limit=7.5))
    async with connected("protheus", *exchanges, **ACCESS) as connector:
        found = rows(mapped(connector, "customers", await pulled(connector, "customers")))
    assert found == [EXPECTED, {**EXPECTED, "_id": "000001|02", "credit_limit": Decimal("7.5")}]


async def test_a_customer_without_a_limit_of_its_own_shows_that_of_its_record() -> None:
    kept = customer("000001", creditInformation={"creditLimit": 100.5})
    exchanges = (customers(1, kept), credit("D MG    00000101", GONE))
    async with connected("protheus", *exchanges, **ACCESS) as connector:
        found = rows(mapped(connector, "customers", await pulled(connector, "customers")))
    assert found == [{**EXPECTED, "credit_limit": Decimal("100.5")}]


async def test_pages_go_on_while_the_vendor_says_so_and_ids_are_read_again() -> None:
    full = [customer(f"{number:06d}") for number in range(100)]
    keys: list[JsonValue] = [{"code": f"{number:06d}", "storeId": "01"} for number in range(100)]
    last: JsonValue = {"code": "000777", "storeId": "01"}
    exchanges = (
        customers(1, *full, more=True),
        customers(2, customer("000777")),
        *[customers(1, *keys, more=True, fields="code,storeId"), customers(2, last, fields="code,storeId")] * 2,
        *[credit(f"D MG    {number:06d}01") for number in (*range(100), 777)],
    )
    async with connected("protheus", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    found = rows(mapped(connector, "customers", pages))
    assert [row["_id"] for row in found] == [*(f"{number:06d}|01" for number in range(100)), "000777|01"]


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    async with connected("protheus", customers(1), customers(1), **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_changes_cannot_be_asked_for_and_keys_are_light() -> None:
    keys: list[JsonValue] = [{"code": "000001", "storeId": "01"}, {"code": "000001", "storeId": "02"}]
    async with connected("protheus", customers(1, *keys, fields="code,storeId"), **ACCESS) as connector:
        assert await connector.ids("customers") == {"000001|01", "000001|02"}
        can = connector.capabilities("customers")
    assert (can.changed, can.find, can.one) == (False, False, True)


async def test_one_customer_is_an_object_at_an_address_of_both_members() -> None:
    exchanges = (
        get("/api/crm/v1/customerVendor/1/00000101", Answer(customer("000001"))),
        credit("D MG    00000101"),
        get("/api/crm/v1/customerVendor/1/XW100101", GONE),
    )
    async with connected("protheus", *exchanges, **ACCESS) as connector:
        one = await connector.one("customers", "000001|01")
        assert await connector.one("customers", "XW1001|01") == []
        assert await connector.one("customers", "000001") == []
    assert one == [{**customer("000001"), "credit": LIMIT}]


_ERRORS: dict[str, tuple[JsonValue, str, str]] = {
    "of the service": ({"errorCode": 400, "errorMessage": "Chave menor que 8"}, "Chave menor que 8", "400"),
    "of the message": (
        {"code": "FE002", "message": "Parâmetro inválido", "detailedMessage": "x"},
        "Parâmetro inválido",
        "FE002",
    ),
}


@pytest.mark.parametrize(("body", "words", "code"), _ERRORS.values(), ids=_ERRORS)
async def test_an_error_surfaces_with_its_own_words(body: JsonValue, words: str, code: str) -> None:
    exchange = get("/api/crm/v1/customerVendor/1", Answer(body, status=400), page="1", pageSize="100")
    async with connected("protheus", exchange, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match=words) as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == code


async def test_an_unknown_address_is_not_an_empty_list() -> None:
    exchange = get("/api/crm/v1/customerVendor/1", GONE, page="1", pageSize="100")
    async with connected("protheus", exchange, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Cliente não encontrado"):
            await pulled(connector, "customers")


async def test_a_wrong_password_is_told_once() -> None:
    refused = get("/api/crm/v1/customerVendor/1", Answer({}, status=401), page="1", pageSize="1")
    async with connected("protheus", refused, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
