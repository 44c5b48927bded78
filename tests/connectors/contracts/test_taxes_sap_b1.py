"""Tax calls of SAP Business One: the preview of an order."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.connectors.tax.call import ListedKind
from reconciler.model.taxes import Charge, Destination, TaxKind
from tests.connectors.contracts.tax_contracts import LastRead, erp_of, refusal, sale, shown
from tests.connectors.contracts.test_sap_b1 import LOGIN_BODY, cookies, login, logout
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import Erp

CURITIBA = Destination("PR", "4106902")


def sap_description(**kinds: ListedKind) -> Description:
    """The shipped one, or a copy in which a company has named its types of jurisdiction."""
    description = load_description("sap_b1", Path())
    call = description.taxes
    assert call is not None
    assert call.answer.listed is not None
    listed_kinds = call.answer.listed.model_copy(update={"kinds": kinds})
    answer = call.answer.model_copy(update={"listed": listed_kinds})
    return description.model_copy(update={"taxes": call.model_copy(update={"answer": answer})})


def sap_answer() -> Any:
    def found(number: int, code: str, quantity: float, price: float, total: float, *taxes: JsonValue) -> JsonValue:
        known: dict[str, JsonValue] = {
            "LineNum": number,
            "ItemCode": code,
            "Quantity": quantity,
            "UnitPrice": price,
            "LineTotal": total,
        }
        return {**known, "LineTaxJurisdictions": list(taxes)}

    icms: JsonValue = {"JurisdictionCode": "IC12", "JurisdictionType": 10, "TaxAmount": 180.0, "TaxRate": 12.0}
    ipi: JsonValue = {"JurisdictionCode": "IPI5", "JurisdictionType": 16, "TaxAmount": 4.5, "TaxRate": 5.0}
    return {
        "DocEntry": None,
        "DocCurrency": "R$",
        "DocumentLines": [found(0, "A-1", 10, 150.0, 1500.0, icms), found(1, "B-2", 3, 33.33, 89.99, ipi)],
    }


def sap(description: Description, document: JsonValue) -> AbstractAsyncContextManager[Erp]:
    def item(code: str) -> Exchange:
        query = {"$filter": f"ItemCode eq '{code}'"}
        return Exchange("GET", "/b1s/v2/Items", Answer({"value": [{"ItemCode": code}]}), query=query)

    lines: JsonValue = [
        {"ItemCode": "A-1", "Quantity": 10, "UnitPrice": 150, "DiscountPercent": 0},
        {"ItemCode": "B-2", "Quantity": 3, "UnitPrice": 33.33, "DiscountPercent": 10},
    ]
    body: JsonValue = {
        "Document": {"CardCode": "C001", "DocDate": "2026-11-22", "DocDueDate": "2026-11-22", "DocumentLines": lines}
    }
    preview = Exchange(
        "POST", "/b1s/v2/OrdersService_Preview", Answer(document), headers={"Cookie": cookies()}, body=body
    )
    credentials = {"company_db": "SBO_ACME", "user": "made-up-user", "password": "made-up-password"}
    assert isinstance(LOGIN_BODY, dict)
    return erp_of(
        description,
        login(),
        item("A-1"),
        item("B-2"),
        preview,
        logout(),
        credentials=credentials,
        context={},
        known=LastRead("C001"),
        below="/b1s/v2",
    )


NAMED = {
    "10": ListedKind(kind=TaxKind.ICMS, charge=Charge.IN_PRICE),
    "16": ListedKind(kind=TaxKind.IPI, charge=Charge.ADDED),
}


async def test_sap_previews_the_quote_as_an_order() -> None:
    async with sap(sap_description(**NAMED), sap_answer()) as erp:
        answer = await erp.taxes(sale())
    assert shown(answer) == [
        [("icms", "0.12", None, "180.00", "in price")],
        [("ipi", "0.05", None, "4.50", "added")],
    ]
    assert (answer["totals"]["goods"], answer["totals"]["total"]) == ("1589.99", "1594.49")
    assert "destination_not_sent" not in [note["code"] for note in answer["warnings"]]


async def test_sap_is_not_told_where_the_goods_go_and_the_answer_says_so() -> None:
    async with sap(sap_description(**NAMED), sap_answer()) as erp:
        answer = await erp.taxes(sale(ship_to=CURITIBA))
    assert "destination_not_sent" in [note["code"] for note in answer["warnings"]]


async def test_sap_as_shipped_names_the_jurisdiction_that_nobody_has_named_yet() -> None:
    async with sap(sap_description(), sap_answer()) as erp:
        answer = await erp.taxes(sale())
    assert refusal(answer) == "kind_unknown"
    assert "“10”" in answer["message"]


async def test_sap_amounts_in_another_currency_are_refused() -> None:
    async with sap(sap_description(**NAMED), {**sap_answer(), "DocCurrency": "US$"}) as erp:
        answer = await erp.taxes(sale())
    assert refusal(answer) == "currency"
    assert "US$" in answer["message"]
