"""Salesforce: exchanges as its documentation describes them, with invented values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import BlockedError, CredentialsRefusedError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {
    "credentials": {"client_id": "made-up-client", "client_secret": "made-up-secret"},
    "context": {"tax_id_field": "CNPJ__c"},
    "system": "crm",
}
QUERY = "/services/data/v62.0/query"
ACCOUNT = (
    "SELECT Id, Name, Phone, BillingStreet, BillingCity, BillingState, BillingPostalCode, SystemModstamp, CNPJ__c "
    "FROM Account"
)
PRODUCT = (
    "SELECT Id, ProductCode, Name, QuantityUnitOfMeasure, IsActive, SystemModstamp, "
    "(SELECT UnitPrice FROM PricebookEntries WHERE Pricebook2.IsStandard = true) FROM Product2"
)
ORDER = (
    "SELECT Id, OrderNumber, EffectiveDate, Status, TotalAmount, SystemModstamp, Account.CNPJ__c, "
    "(SELECT Id, Product2.ProductCode, Quantity, UnitPrice, TotalPrice FROM OrderItems) FROM Order"
)
QUOTE = (
    "SELECT Id, QuoteNumber, CreatedDate, ExpirationDate, Status, GrandTotal, Tax, SystemModstamp, Account.CNPJ__c, "
    "(SELECT Id, Product2.ProductCode, Quantity, UnitPrice, Discount, TotalPrice FROM QuoteLineItems) FROM Quote"
)
SINCE = datetime(2026, 11, 22, 3, 4, 5, 999, tzinfo=UTC)
CUSTOMER_OF_SALE = {"customer": "Account.CNPJ__c"}


def token(number: int = 1) -> Exchange:
    form = "grant_type=client_credentials&client_id=made-up-client&client_secret=made-up-secret"
    answer = Answer({"access_token": f"made-up-token-{number}", "token_type": "Bearer", "instance_url": "https://x"})
    return Exchange("POST", "/services/oauth2/token", answer, body=form)


def bearer(number: int = 1) -> dict[str, str]:
    return {"Authorization": f"Bearer made-up-token-{number}"}


def query(text: str, answer: Answer, number: int = 1) -> Exchange:
    return Exchange("GET", QUERY, answer, query={"q": text}, headers=bearer(number))


def records(*found: JsonValue, total: int | None = None, following: str | None = None) -> Answer:
    size = len(found) if total is None else total
    document: dict[str, JsonValue] = {"totalSize": size, "done": following is None, "records": list(found)}
    return Answer(document if following is None else {**document, "nextRecordsUrl": following})


def account(identity: int) -> dict[str, JsonValue]:
    return {
        "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/001{identity}"},
        "Id": f"001{identity:015d}",
        "Name": f"Distribuidora {identity} Ltda",
        "Phone": "(11) 98888-7777",
        "BillingStreet": "Rua das Flores, 10",
        "BillingCity": "São Paulo",
        "BillingState": "SP",
        "BillingPostalCode": "01310-100",
        "SystemModstamp": "2026-11-22T06:03:35.000+0000",
        "CNPJ__c": "11.222.333/0001-81",
    }


def items(**more: JsonValue) -> dict[str, JsonValue]:
    item: JsonValue = {
        "Id": "802000000000001",
        "Product2": {"ProductCode": "P0004"},
        "Quantity": 10.0,
        "UnitPrice": 4928.84,
        "TotalPrice": 46823.98,
        **more,
    }
    return {"totalSize": 1, "done": True, "records": [item]}


async def test_accounts_are_customers_and_pages_follow_the_links() -> None:
    following = f"{QUERY}/01g000000000001-2"
    exchanges = (
        token(),
        query(f"{ACCOUNT} ORDER BY Id", records(account(1), account(2), total=3, following=following)),
        Exchange("GET", following, records(account(3), total=3), headers=bearer()),
    )
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    customers = rows(mapped(connector, "customers", pages, own={"tax_id": "CNPJ__c"}))
    assert [row["legal_name"] for row in customers] == [f"Distribuidora {number} Ltda" for number in (1, 2, 3)]


async def test_records_that_are_deleted_between_pages_are_noticed() -> None:
    """A result is kept by Salesforce while it is read, but for what is deleted."""
    following = f"{QUERY}/01g000000000001-2"
    first = query(f"{ACCOUNT} ORDER BY Id", records(account(1), account(2), total=3, following=following))
    second = Exchange("GET", following, records(total=3), headers=bearer())
    whole = query(f"{ACCOUNT} ORDER BY Id", records(account(1), account(2)))
    async with connected("salesforce", token(), first, *[second] * 4, whole, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert (pages.restarts, len(pages.records)) == (1, 2)


async def test_an_account_means() -> None:
    exchanges = (token(), query(f"{ACCOUNT} ORDER BY Id", records(account(3))))
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert rows(mapped(connector, "customers", pages, own={"tax_id": "CNPJ__c"})) == [
        {
            "_id": f"001{3:015d}",
            "tax_id": "11222333000181",
            "legal_name": "Distribuidora 3 Ltda",
            "phone": "11988887777",
            "street": "Rua das Flores, 10",
            "city": "São Paulo",
            "state": "SP",
            "zip": "01310100",
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_nothing_at_all_is_asked_twice_and_believed() -> None:
    exchange = query(f"{ACCOUNT} ORDER BY Id", records())
    async with connected("salesforce", token(), exchange, exchange, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_products_have_the_price_of_the_standard_price_book() -> None:
    product: dict[str, JsonValue] = {
        "Id": "01t1",
        "ProductCode": "P0004",
        "Name": "Parafuso sextavado",
        "QuantityUnitOfMeasure": "UN",
        "IsActive": False,
        "SystemModstamp": "2026-11-22T06:03:35.000+0000",
        "PricebookEntries": {"totalSize": 1, "done": True, "records": [{"UnitPrice": 4928.84}]},
    }
    without = {**product, "Id": "01t2", "ProductCode": "P0005", "PricebookEntries": None}
    exchanges = (token(), query(f"{PRODUCT} ORDER BY Id", records(product, without)))
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "products")
    expected = {
        "_id": "01t1",
        "sku": "P0004",
        "name": "Parafuso sextavado",
        "unit": "UN",
        "price": Decimal("4928.84"),
        "active": False,
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }
    assert rows(mapped(connector, "products", pages)) == [
        expected,
        {**expected, "_id": "01t2", "sku": "P0005", "price": None},
    ]


async def test_orders_come_with_their_items() -> None:
    sale: JsonValue = {
        "Id": "801000000000001",
        "OrderNumber": "00000101",
        "EffectiveDate": "2026-11-21",
        "Status": "Activated",
        "TotalAmount": 46823.98,
        "SystemModstamp": "2026-11-22T06:03:35.000+0000",
        "Account": {"CNPJ__c": "11222333000181"},
        "OrderItems": items(),
    }
    exchanges = (token(), query(f"{ORDER} ORDER BY Id", records(sale)))
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"), own=CUSTOMER_OF_SALE)
    assert rows(page) == [
        {
            "_id": "801000000000001",
            "number": "00000101",
            "customer": "11222333000181",
            "date": date(2026, 11, 21),
            "status": "OPEN",
            "total": Decimal("46823.98"),
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]
    assert lines(page) == [
        {
            "_id": "802000000000001",
            "_parent": "801000000000001",
            "sku": "P0004",
            "quantity": Decimal(10),
            "unit_price": Decimal("4928.84"),
            "total": Decimal("46823.98"),
        }
    ]


async def test_quotes_come_with_their_items() -> None:
    quote: JsonValue = {
        "Id": "0Q0000000000001",
        "QuoteNumber": "00001203",
        "CreatedDate": "2026-11-22T01:30:00.000+0000",
        "ExpirationDate": "2026-12-22",
        "Status": "Presented",
        "GrandTotal": 55252.3,
        "Tax": 8428.32,
        "SystemModstamp": "2026-11-22T06:03:35.000+0000",
        "Account": None,
        "QuoteLineItems": items(Discount=5.0),
    }
    exchanges = (token(), query(f"{QUOTE} ORDER BY Id", records(quote)))
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"), own=CUSTOMER_OF_SALE)
    row = rows(page)[0]
    assert (row["number"], row["customer"], row["date"]) == ("00001203", None, date(2026, 11, 21))
    assert (row["valid_until"], row["status"], row["taxes"]) == (date(2026, 12, 22), "OPEN", Decimal("8428.32"))
    assert lines(page)[0]["discount"] == Decimal(5)


async def test_changes_one_find_and_keys() -> None:
    key = "11222333000181"
    exchanges = (
        token(),
        query(f"{ACCOUNT} WHERE SystemModstamp >= 2026-11-22T03:04:05Z ORDER BY Id", records(account(1))),
        query(f"{ACCOUNT} WHERE Id = '001000000000000007'", records(account(7))),
        query(f"{ACCOUNT} WHERE CNPJ__c = '{key}' LIMIT 10", records(account(7))),
        query("SELECT Id FROM Account ORDER BY Id", records({"Id": "0017"})),
    )
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers", SINCE)).records) == 1
        assert await connector.one("customers", "001000000000000007") == [account(7)]
        assert await connector.find("customers", key) == [account(7)]
        assert await connector.ids("customers") == {"0017"}


async def test_a_key_that_would_change_the_query_is_never_sent() -> None:
    """The key is refused when the request is composed, which is after the token was asked for."""
    async with connected("salesforce", token(), **ACCESS) as connector:
        assert await connector.find("products", "P1' OR Name != '") == []


def error(status: int, code: str, message: str) -> Answer:
    return Answer([{"message": message, "errorCode": code}], status=status)


async def test_errors_are_a_list() -> None:
    wrong = error(400, "INVALID_FIELD", "No such column 'CNPJ__c' on entity 'Account'.")
    async with connected("salesforce", token(), query(f"{ACCOUNT} ORDER BY Id", wrong), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="No such column") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "INVALID_FIELD"


async def test_a_spent_limit_stops_at_once_and_says_so() -> None:
    """Trap 18: 403 is a missing right elsewhere."""
    spent = error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    async with connected("salesforce", token(), query(f"{ACCOUNT} ORDER BY Id", spent), **ACCESS) as connector:
        with pytest.raises(BlockedError, match="TotalRequests Limit exceeded"):
            await pulled(connector, "customers")


async def test_a_session_that_is_over_is_opened_again_and_the_same_page_asked_for() -> None:
    over = error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    following = f"{QUERY}/01g000000000001-1"
    exchanges = (
        token(),
        query(f"{ACCOUNT} ORDER BY Id", records(account(1), total=2, following=following)),
        Exchange("GET", following, over, headers=bearer()),
        token(2),
        Exchange("GET", following, records(account(2), total=2), headers=bearer(2)),
    )
    async with connected("salesforce", *exchanges, **ACCESS) as connector:
        assert len((await pulled(connector, "customers")).records) == 2


async def test_a_refused_client_is_not_tried_again() -> None:
    refused = Answer({"error": "invalid_client", "error_description": "invalid client credentials"}, status=400)
    exchange = Exchange("POST", "/services/oauth2/token", refused, body=token().body)
    async with connected("salesforce", exchange, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
