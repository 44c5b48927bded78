"""SAP Business One Service Layer: exchanges as guides to its manual describe them, with invented values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {
    "credentials": {"company_db": "SBO_ACME", "user": "made-up-user", "password": "made-up-password"},
    "below": "/b1s/v2",
}
SINCE = datetime(2026, 5, 2, 2, 30, tzinfo=UTC)
"""Half past eleven of the day before in São Paulo."""

LOGIN_BODY: JsonValue = {"CompanyDB": "SBO_ACME", "UserName": "made-up-user", "Password": "made-up-password"}
ENDED = Answer({"error": {"code": "301", "message": "Invalid session or session already timeout."}}, status=401)


def cookies(number: int = 1) -> str:
    return f"B1SESSION=made-up-session-{number}; ROUTEID=.node{number}"


def login(number: int = 1) -> Exchange:
    answer = Answer(
        {"SessionId": f"made-up-session-{number}", "Version": "1000230", "SessionTimeout": 30},
        cookies={"B1SESSION": f"made-up-session-{number}", "ROUTEID": f".node{number}"},
    )
    return Exchange("POST", "/b1s/v2/Login", answer, body=LOGIN_BODY)


def logout(number: int = 1) -> Exchange:
    return Exchange("POST", "/b1s/v2/Logout", Answer(status=204), headers={"Cookie": cookies(number)})


def session(*exchanges: Exchange) -> tuple[Exchange, ...]:
    return (login(), *exchanges, logout())


def get(path: str, answer: Answer, wanted: str, order: str | None = None, select: str | None = None) -> Exchange:
    """One list, in a session, with the size of its pages."""
    query = {"$filter": wanted, "$orderby": order, "$select": select}
    headers = {"Cookie": cookies(), "Prefer": "odata.maxpagesize=100"}
    given = {name: value for name, value in query.items() if value is not None}
    return Exchange("GET", f"/b1s/v2{path}", answer, query=given, headers=headers)


def found(*records: JsonValue) -> Answer:
    return Answer({"@odata.context": "$metadata#x", "value": list(records)})


def partners(after: str, *records: JsonValue, changed: str = "") -> Exchange:
    wanted = f"CardType eq 'cCustomer' and {changed}CardCode gt '{after}'"
    return get("/BusinessPartners", found(*records), wanted, "CardCode")


def orders(after: int, *records: JsonValue, of: str = "/Orders") -> Exchange:
    return get(of, found(*records), f"DocEntry gt {after}", "DocEntry")


def partner(code: str, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "@odata.etag": 'W/"1F2E"',
        "CardCode": code,
        "CardName": f"Distribuidora {code} Ltda",
        "CardForeignName": "Distribuidora",
        "CardType": "cCustomer",
        "Phone1": "(11) 3333-2222",
        "EmailAddress": "fiscal@example.com",
        "CreditLimit": 185000.1,
        "DiscountPercent": 2.5,
        "FederalTaxID": None,
        "Valid": "tYES",
        "BPAddresses": [{"Street": "Rua das Flores", "City": "São Paulo", "State": "SP", "ZipCode": "01310-100"}],
        "BPFiscalTaxIDCollection": [{"TaxId0": "11.222.333/0001-81", "TaxId1": "110.042.490.114", "TaxId4": None}],
        **changes,
    }


def expected_customer(code: str) -> dict[str, Any]:
    return {
        "_id": code,
        "tax_id": "11222333000181",
        "legal_name": f"Distribuidora {code} Ltda",
        "trade_name": "Distribuidora",
        "state_registration": "110042490114",
        "email": "fiscal@example.com",
        "phone": "1133332222",
        "street": "Rua das Flores",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("185000.1"),
        "special_discount": Decimal("2.5"),
        "active": True,
    }


def document(entry: int) -> dict[str, JsonValue]:
    goods: JsonValue = {
        "LineNum": 0,
        "ItemCode": "P0004",
        "Quantity": 10.0,
        "UnitPrice": 4928.84,
        "DiscountPercent": 5.0,
        "LineTotal": 46823.98,
    }
    return {
        "DocEntry": entry,
        "DocNum": 1000 + entry,
        "CardCode": "C0001",
        "DocDate": "2026-11-22T00:00:00Z",
        "DocDueDate": "2026-12-22T00:00:00Z",
        "DocTotal": 55252.3,
        "TaxExtension": {"TaxId0": "11.222.333/0001-81", "TaxId4": None},
        "DocumentLines": [goods],
    }


async def test_customers_are_read_after_the_last_code_until_a_page_is_empty() -> None:
    """A short page is no end: a server that ignores the size asked for gives 20 records and has more."""
    first = [partner(f"C{number:04d}") for number in range(20)]
    exchanges = (partners("", *first), partners("C0019", partner("C0777")), partners("C0777"))
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages))
    assert (len(customers), customers[-1]) == (21, expected_customer("C0777"))


async def test_a_session_that_ends_in_the_middle_of_a_pull_costs_one_login_and_no_page() -> None:
    """Trap 9: the same page is asked again, in the new session."""
    renewed = {"Cookie": cookies(2), "Prefer": "odata.maxpagesize=100"}
    second = partners("C0001", partner("C0002"))
    exchanges = (
        login(),
        partners("", partner("C0001")),
        replace(second, answer=ENDED),
        login(2),
        replace(second, headers=renewed),
        replace(partners("C0002"), headers=renewed),
        logout(2),
    )
    async with connected("sap_b1", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert [row["_id"] for row in rows(mapped(connector, "customers", pages))] == ["C0001", "C0002"]


async def test_the_end_of_a_session_is_known_by_its_code_whatever_the_status() -> None:
    """Trap 2 with trap 9."""
    ended = Answer({"error": {"code": 301, "message": {"lang": "en-us", "value": "Invalid session."}}}, status=403)
    renewed = {"Cookie": cookies(2)}
    exchange = get("/BusinessPartners", found(), "CardType eq 'cCustomer' and CardCode eq 'C0001'")
    answered = replace(exchange, answer=found(partner("C0001")), headers=renewed)
    other = get("/Items", found({"ItemCode": "P1"}), "ItemCode eq 'P1'")
    exchanges = (login(), other, replace(exchange, answer=ended), login(2), answered, logout(2))
    async with connected("sap_b1", *exchanges, **ACCESS) as connector:
        await connector.one("products", "P1")
        assert await connector.one("customers", "C0001") == [partner("C0001")]


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    async with connected("sap_b1", *session(partners(""), partners("")), **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_changes_are_asked_for_by_day() -> None:
    day = "UpdateDate ge '2026-05-01' and "
    exchanges = (
        partners("", partner("C0001"), changed=day),
        partners("C0001", changed=day),
        *[get("/Items", found(), f"{day}ItemCode gt ''", "ItemCode")] * 2,
        *[get("/Orders", found(), f"{day}DocEntry gt 0", "DocEntry")] * 2,
        *[get("/Quotations", found(), f"{day}DocEntry gt 0", "DocEntry")] * 2,
    )
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        pages = {entity: await pulled(connector, entity, SINCE) for entity in connector.description.entities}
    assert [len(each.records) for each in pages.values()] == [1, 0, 0, 0]


_VALUES: dict[str, tuple[dict[str, JsonValue], dict[str, Any]]] = {
    "a person": (
        {"BPFiscalTaxIDCollection": [{"TaxId0": "", "TaxId1": "Isento", "TaxId4": "111.444.777-35"}]},
        {"tax_id": "11144477735", "state_registration": "ISENTO"},
    ),
    "CNPJ with letters": (
        {"BPFiscalTaxIDCollection": [{"TaxId0": "12.ABC.345/01DE-35"}]},
        {"tax_id": "12ABC34501DE35", "state_registration": None},
    ),
    "the field for other countries": (
        {"BPFiscalTaxIDCollection": [], "FederalTaxID": "11.222.333/0001-81"},
        {"state_registration": None},
    ),
    "not valid": ({"Valid": "tNO"}, {"active": False}),
    "no address": ({"BPAddresses": []}, dict.fromkeys(("street", "city", "state", "zip"), None)),
}


@pytest.mark.parametrize(("sent", "meant"), _VALUES.values(), ids=_VALUES)
async def test_values_are_read_as_sap_writes_them(sent: dict[str, JsonValue], meant: dict[str, Any]) -> None:
    """Trap 13."""
    exchanges = (partners("", partner("C0001", **sent)), partners("C0001"))
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        page = mapped(connector, "customers", await pulled(connector, "customers"))
    assert rows(page) == [{**expected_customer("C0001"), **meant}]


async def test_a_code_cannot_change_the_question() -> None:
    """A quote in a code is doubled, as OData wants it."""
    wanted = "CardType eq 'cCustomer' and CardCode eq 'D''OR'"
    exchange = get("/BusinessPartners", found(partner("D'OR")), wanted)
    async with connected("sap_b1", *session(exchange), **ACCESS) as connector:
        assert await connector.one("customers", "D'OR") == [partner("D'OR")]


async def test_items_are_found_by_their_code() -> None:
    item: JsonValue = {"ItemCode": "P0004", "ItemName": "Parafuso sextavado", "SalesUnit": "UN", "Valid": "tYES"}
    exchanges = (
        get("/Items", found(item), "ItemCode gt ''", "ItemCode"),
        get("/Items", found(), "ItemCode gt 'P0004'", "ItemCode"),
        *[get("/Items", found(item), "ItemCode eq 'P0004'")] * 2,
    )
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        page = mapped(connector, "products", await pulled(connector, "products"))
        assert await connector.one("products", "P0004") == await connector.find("products", "P0004") == [item]
    expected = {"_id": "P0004", "sku": "P0004", "name": "Parafuso sextavado"}
    assert rows(page) == [{**expected, "unit": "UN", "active": True}]


@pytest.mark.parametrize(("entity", "path"), [("orders", "/Orders"), ("quotes", "/Quotations")])
async def test_documents_carry_the_tax_id_of_their_customer_and_their_lines(entity: str, path: str) -> None:
    exchanges = (
        orders(0, document(77), of=path),
        orders(77, of=path),
        get(path, found(document(77)), "DocEntry eq 77"),
        get(path, found(document(77)), "DocNum eq 1077"),
    )
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        page = mapped(connector, entity, await pulled(connector, entity))
        assert await connector.one(entity, "77") == await connector.find(entity, "1077") == [document(77)]
    expected: dict[str, Any] = {"_id": "77", "number": "1077", "customer": "11222333000181", "date": date(2026, 11, 22)}
    until = {"valid_until": date(2026, 12, 22)} if entity == "quotes" else {}
    assert rows(page) == [{**expected, **until, "total": Decimal("55252.3")}]
    line = {"_id": "77#0", "_parent": "77", "sku": "P0004", "quantity": Decimal(10), "unit_price": Decimal("4928.84")}
    assert lines(page) == [{**line, "discount": Decimal(5), "total": Decimal("46823.98")}]


async def test_ids_alone_are_a_light_list() -> None:
    wanted = "CardType eq 'cCustomer' and CardCode gt "
    exchanges = (
        get("/BusinessPartners", found({"CardCode": "C0001"}), f"{wanted}''", "CardCode", "CardCode"),
        get("/BusinessPartners", found(), f"{wanted}'C0001'", "CardCode", "CardCode"),
    )
    async with connected("sap_b1", *session(*exchanges), **ACCESS) as connector:
        assert await connector.ids("customers") == {"C0001"}


_ERRORS: dict[str, JsonValue] = {
    "an object": {"code": -5006, "message": {"lang": "en-us", "value": "The company is closed."}},
    "a text": {"code": "-5006", "message": "The company is closed."},
}


@pytest.mark.parametrize("error", _ERRORS.values(), ids=_ERRORS)
async def test_an_error_surfaces_with_its_own_words(error: JsonValue) -> None:
    exchange = replace(partners(""), answer=Answer({"error": error}, status=400))
    async with connected("sap_b1", *session(exchange), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="The company is closed") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "-5006"


async def test_a_login_that_is_refused_is_not_tried_again() -> None:
    refused = Answer({"error": {"code": "-304", "message": "Fail to get DB Credentials"}}, status=401)
    async with connected("sap_b1", replace(login(), answer=refused), **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
