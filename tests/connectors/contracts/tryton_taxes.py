"""A conversation about taxes with Tryton, request for request as with a running trytond 8.2.1; made-up data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from pydantic import JsonValue

from tests.connectors.contracts.tax_contracts import TAX_ID, erp_of
from tests.connectors.strict_server import Answer, Exchange
from tests.connectors.tryton_stand_in import PARTY_FIELDS, PRODUCT_FIELDS
from tests.taxes.asking import Erp

PARTY: Final = 3
ADDRESS: Final = 30
ELSEWHERE: Final = 31
WAREHOUSE: Final = 5
_CONTEXT: Final[Mapping[str, JsonValue]] = {"company": 1, "companies": [1]}
_DAY: Final[Mapping[str, JsonValue]] = {"__class__": "date", "year": 2026, "month": 11, "day": 22}
_TOKEN: Final = "0f" * 32
ICMS, ICMS_INSIDE, IPI, PIS = 2, 1, 4, 5
TAXES: Final = {
    ICMS_INSIDE: ("ICMS", "0.18"),
    ICMS: ("ICMS", "0.12"),
    IPI: ("IPI", "0.05"),
    PIS: ("PIS", "0.0165"),
}
"""Group and rate of each."""


def decimal(text: str) -> JsonValue:
    return {"__class__": "Decimal", "decimal": text}


def rpc(method: str, *params: JsonValue, result: JsonValue, context: Mapping[str, JsonValue] = _CONTEXT) -> Exchange:
    """A call inside the session, and its result."""
    session = base64.b64encode(f"crm:2:{_TOKEN}".encode()).decode()
    body: JsonValue = {"id": 1, "method": method, "params": [*params, dict(context)]}
    headers = {"Authorization": f"Session {session}", "Accept-Encoding": "gzip"}
    return Exchange("POST", "/rig/rpc/", Answer({"id": 1, "result": result}), headers=headers, body=body)


def session() -> list[Exchange]:
    """Log-in and log-out."""
    given: JsonValue = {"id": 1, "method": "common.db.login", "params": ["crm", {"password": "made-up-password"}]}
    left: JsonValue = {"id": 1, "method": "common.db.logout", "params": []}
    logged: JsonValue = {"id": 1, "result": [2, _TOKEN, None]}
    return [
        Exchange("POST", "/rig/rpc/", Answer(logged), body=given),
        rpc("model.res.user.get_preferences", True, result=dict(_CONTEXT), context={}),
        Exchange("POST", "/rig/rpc/", Answer({"id": 1, "result": None}), body=left),
    ]


def known(**products: int) -> list[Exchange]:
    """The look-ups of the customer and of products by code."""

    def read(model: str, domain: JsonValue, fields: Sequence[str], found: JsonValue, **more: JsonValue) -> Exchange:
        params: list[JsonValue] = [domain, 0, 10, [["id", "ASC"]], [*fields]]
        return rpc(f"model.{model}.search_read", *params, result=found, context={**_CONTEXT, **more})

    party: JsonValue = [{"id": PARTY, "identifiers.": [{"type": "br_vat", "code_compact": TAX_ID}]}]
    by_tax_id: JsonValue = [["identifiers.code_compact", "=", TAX_ID], ["active", "in", [True, False]]]
    return [
        read("party.party", by_tax_id, PARTY_FIELDS, party),
        *(
            read(
                "product.product",
                [["code", "=", code]],
                PRODUCT_FIELDS,
                [{"id": number, "code": code}],
                active_test=False,
            )
            for code, number in products.items()
        ),
    ]


def place(identity: int, state: str | None, *, delivery: bool = True) -> JsonValue:
    subdivision: JsonValue = None if state is None else {"id": 1, "code": f"BR-{state}"}
    return {"id": identity, "delivery": int(delivery), "subdivision.": subdivision}


def head(
    *,
    warehouse: int | None = WAREHOUSE,
    warehouse_state: str | None = "SP",
    shipment: int | None = ADDRESS,
    places: JsonValue = None,
) -> list[Exchange]:
    """What the sale begins with: defaults, addresses, the customer's choices, where the goods are."""
    known_places = [place(ADDRESS, "PR")] if places is None else places
    defaults: JsonValue = {"company": 1, "currency": 7, "warehouse": warehouse}
    asked: list[JsonValue] = [[["party", "=", PARTY]], 0, 1000, [["id", "ASC"]], ["delivery", "subdivision.code"]]
    exchanges = [
        rpc("model.sale.sale.default_get", ["company", "currency", "warehouse"], False, result=defaults),
        rpc("model.party.address.search_read", *asked, result=known_places),
    ]
    if warehouse is None:
        return exchanges
    sale: JsonValue = {"id": -1, "company": 1, "currency": 7, "warehouse": warehouse, "party": PARTY, "lines": []}
    chosen: JsonValue = {"shipment_address": shipment, "price_list": 1, "invoice_party": None}
    address = None if warehouse_state is None else place(1, warehouse_state)
    return [
        *exchanges,
        rpc("model.sale.sale.on_change", sale, ["party"], result=chosen),
        rpc(
            "model.stock.location.read",
            [warehouse],
            ["address.subdivision.code"],
            result=[{"id": warehouse, "address.": address}],
        ),
    ]


def product_line(
    product: int, quantity: float, taxes: Sequence[int], *, address: int = ADDRESS, customer: bool = True
) -> Exchange:
    """The product of a line decides its taxes; the price that comes with it is not the quote's."""
    line: dict[str, JsonValue] = {
        "id": -1,
        "type": "line",
        "product": product,
        "quantity": quantity,
        "taxes": [],
        "company": 1,
        "warehouse": WAREHOUSE,
        "sale": -1,
        "_parent_sale.shipment_address": address,
        "_parent_sale.currency": 7,
        "_parent_sale.company": 1,
        **({"_parent_sale.party": PARTY} if customer else {}),
    }
    found: dict[str, JsonValue] = {"unit": 1, "unit_price": decimal("1.0000"), "amount": decimal("1.00")}
    if taxes:
        found["taxes"] = {"add": [[place, {"id": tax}] for place, tax in enumerate(taxes)]}
    return rpc("model.sale.line.on_change", line, ["product"], result=found)


def discount(price: str, rate: str, quantity: float, result: JsonValue) -> Exchange:
    """The price less the discount, as the ERP rounds it."""
    line: JsonValue = {
        "id": -1,
        "type": "line",
        "sale": -1,
        "_parent_sale.currency": 7,
        "base_price": decimal(price),
        "unit_price": decimal(price),
        "discount_rate": decimal(rate),
        "quantity": quantity,
    }
    return rpc("model.sale.line.on_change", line, ["discount_rate"], result=result)


def amounts(taxes: Mapping[int, tuple[str, str]], price: str, quantity: str) -> Exchange:
    """Base and amount of each tax of a line."""
    asked: JsonValue = {
        "id": -1,
        "tax_date": dict(_DAY),
        "taxes": [*taxes],
        "unit_price": decimal(price),
        "quantity": decimal(quantity),
        "currency": 7,
        "result": [],
    }
    added: JsonValue = [
        [place, {"id": None, "tax": tax, "base": decimal(base), "amount": decimal(amount)}]
        for place, (tax, (base, amount)) in enumerate(taxes.items())
    ]
    return rpc("model.account.tax.test.on_change_with", asked, ["result"], result={"result": {"add": added}})


def totals(lines: Sequence[JsonValue], untaxed: str, tax: str, total: str) -> Exchange:
    """The totals of the whole document."""
    sale: JsonValue = {"id": -1, "company": 1, "currency": 7, "party": PARTY, "lines": [*lines]}
    found: JsonValue = {
        "untaxed_amount": decimal(untaxed),
        "tax_amount": decimal(tax),
        "total_amount": decimal(total),
    }
    return rpc("model.sale.sale.on_change", sale, ["lines"], result=found)


def element(product: int, quantity: float, price: str, amount: str, taxes: Sequence[int]) -> JsonValue:
    """A line of the document."""
    return {
        "id": -1,
        "type": "line",
        "product": product,
        "quantity": quantity,
        "unit": 1,
        "unit_price": decimal(price),
        "amount": decimal(amount),
        "taxes": [{"id": tax} for tax in taxes],
    }


def about_taxes(*taxes: int, currency: str = "BRL", changes: Mapping[str, JsonValue] | None = None) -> list[Exchange]:
    """What the taxes are, and the currency."""
    fields: list[JsonValue] = ["name", "rate", "group.code"]
    domain: JsonValue = ["OR", ["id", "in", [*taxes]], ["parent", "child_of", [*taxes]]]
    found: JsonValue = [
        {
            "id": tax,
            "name": f"{TAXES[tax][0]} {TAXES[tax][1]}",
            "rate": decimal(TAXES[tax][1]),
            "group.": {"id": 1, "code": TAXES[tax][0]},
            **(changes or {}),
        }
        for tax in taxes
    ]
    return [
        rpc("model.account.tax.search_read", domain, 0, 1000, [["id", "ASC"]], fields, result=found),
        rpc("model.currency.currency.read", [7], ["code"], result=[{"id": 7, "code": currency}]),
    ]


def tryton(*exchanges: Exchange) -> AbstractAsyncContextManager[Erp]:
    """The ERP behind a strict server; without exchanges it is never asked."""
    talked = (*session(), *exchanges) if exchanges else ()
    credentials = {"login": "crm", "password": "made-up-password"}
    return erp_of("tryton", *talked, credentials=credentials, context={}, below="/rig")
