"""Ploomes: exchanges as its own n8n node and integrators' clients describe them, with invented values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

KEY = "made-up-user-key"
ACCESS: dict[str, Any] = {"credentials": {"user_key": KEY}, "system": "crm"}
HEADERS = {"User-Key": KEY}
EXPANDED = "City,State,Phones,OtherProperties"
SINCE = datetime(2026, 4, 30, 3, 0, 0, tzinfo=UTC)
CREDIT_LIMIT = "contact_00000000-0000-0000-0000-000000000001"


def value(*records: JsonValue, count: int | None = None) -> Answer:
    """The envelope; `count` is that of all records the filter lets through."""
    return Answer(
        {
            "@odata.context": "{server}/$metadata",
            "@odata.count": len(records) if count is None else count,
            "value": list(records),
        }
    )


def listing(path: str, answer: Answer, **query: str) -> Exchange:
    return Exchange("GET", path, answer, query={f"${name}": text for name, text in query.items()}, headers=HEADERS)


def contacts(answer: Answer, where: str = "Id gt 0") -> Exchange:
    return listing("/Contacts", answer, filter=where, orderby="Id", top="300", count="true", expand=EXPANDED)


def contact(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "Id": identity,
        "TypeId": 1,
        "Name": "Acme",
        "LegalName": "Acme Indústria Ltda",
        "CNPJ": "11222333000181",
        "CPF": None,
        "Email": "fiscal@example.com",
        "Phones": [{"PhoneNumber": "(11) 4002-8922"}],
        "StreetAddress": "Rua das Flores, 10",
        "City": {"Name": "São Paulo"},
        "State": {"Short": "SP"},
        "ZipCode": "01310-100",
        "LastUpdateDate": "2026-05-02T10:11:12.3-03:00",
        "OtherProperties": [{"FieldKey": CREDIT_LIMIT, "DecimalValue": 50000.5}],
        **changes,
    }


async def test_customers_are_read_after_the_last_id_with_a_custom_field() -> None:
    exchanges = (contacts(value(contact(401), count=2)), contacts(value(contact(402)), "Id gt 401"))
    async with connected("ploomes", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    own = {"credit_limit": f"OtherProperties[{CREDIT_LIMIT}].DecimalValue"}
    read = rows(mapped(connector, "customers", pages, own=own))
    assert [each["_id"] for each in read] == ["401", "402"]
    assert read[0] == {
        "_id": "401",
        "tax_id": "11222333000181",
        "legal_name": "Acme Indústria Ltda",
        "trade_name": "Acme",
        "email": "fiscal@example.com",
        "phone": "1140028922",
        "street": "Rua das Flores, 10",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("50000.5"),
        "updated_at": datetime(2026, 5, 2, 13, 11, 12, 300_000, tzinfo=UTC),
    }


async def test_a_person_is_known_by_the_cpf() -> None:
    person = contact(403, TypeId=2, CNPJ=None, CPF="529.982.247-25")
    async with connected("ploomes", contacts(value(person)), **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert rows(mapped(connector, "customers", pages))[0]["tax_id"] == "52998224725"


async def test_nothing_is_believed_when_the_count_says_so() -> None:
    exchange = contacts(value())
    async with connected("ploomes", exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_changes_are_asked_for_with_an_offset_and_in_the_order_of_ids() -> None:
    where = "LastUpdateDate ge 2026-04-30T00:00:00-03:00 and Id gt 0"
    async with connected("ploomes", contacts(value(contact(401)), where), **ACCESS) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 1


async def test_one_record_and_one_key_are_asked_for_by_filter() -> None:
    one = listing("/Contacts", value(contact(401)), filter="Id eq 401", top="1", count="true", expand=EXPANDED)
    where = "CNPJ eq '11222333000181' or CPF eq '11222333000181'"
    by_key = listing("/Contacts", value(contact(401)), filter=where, top="10", count="true", expand=EXPANDED)
    async with connected("ploomes", one, by_key, **ACCESS) as connector:
        assert await connector.one("customers", "401") == [contact(401)]
        assert await connector.find("customers", "11222333000181") == [contact(401)]


async def test_only_ids_are_asked_for_to_see_deletions() -> None:
    ids = value({"Id": 401}, {"Id": 402})
    light = listing("/Contacts", ids, filter="Id gt 0", orderby="Id", top="300", count="true", select="Id")
    async with connected("ploomes", light, **ACCESS) as connector:
        assert await connector.ids("customers") == {"401", "402"}


async def test_a_wrong_key_is_told_as_such() -> None:
    refused = contacts(Answer({"Message": "Authorization has been denied."}, status=401))
    async with connected("ploomes", refused, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await pulled(connector, "customers")


async def test_the_systems_own_words_come_with_an_error() -> None:
    """Trap 2 has no part here: Ploomes is not known to put an error into a 200."""
    wrong = contacts(Answer({"error": {"message": "Could not find a property named 'LegalName'."}}, status=400))
    async with connected("ploomes", wrong, **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Could not find a property"):
            await pulled(connector, "customers")


_WITH_LINES = "OtherProperties,Contact($select=CNPJ,CPF),Products($expand=Product($select=Code),OtherProperties)"


async def test_quotes_are_the_latest_reviews_with_their_lines() -> None:
    quote: JsonValue = {
        "Id": 77,
        "QuoteNumber": 1203,
        "ReviewNumber": 2,
        "LastReview": True,
        "Date": "2026-05-02T23:30:00-03:00",
        "ExpirationDate": "2026-06-01T00:00:00-03:00",
        "Amount": 1500.0,
        "Contact": {"CNPJ": "11222333000181", "CPF": None},
        "Products": [
            {
                "Id": 9,
                "Product": {"Code": "P0004"},
                "Quantity": 10,
                "UnitPrice": 150.0,
                "Discount": 0,
                "Total": 1500.0,
                "OtherProperties": [],
            }
        ],
        "LastUpdateDate": "2026-05-02T10:11:12-03:00",
        "OtherProperties": [],
    }
    where = "LastReview eq true and Id gt 0"
    asked = listing("/Quotes", value(quote), filter=where, orderby="Id", top="300", count="true", expand=_WITH_LINES)
    async with connected("ploomes", asked, **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    (read,) = rows(page)
    assert (read["number"], read["revision"], read["customer"]) == ("1203", Decimal(2), "11222333000181")
    assert (read["date"], read["valid_until"]) == (date(2026, 5, 2), date(2026, 6, 1))
    (line,) = lines(page)
    assert (line["sku"], line["quantity"], line["unit_price"], line["total"]) == (
        "P0004",
        Decimal(10),
        Decimal(150),
        Decimal(1500),
    )
