"""Tryton's conversation about taxes: three steps, parallel lines, and no answer where a place is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.tax.hook import Talk
from reconciler.connectors.vendors import HOOKS
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Destination
from reconciler.ports.http.references import Value
from tests.connectors.contracts.tax_contracts import refusal, sale, shown
from tests.connectors.contracts.tryton_taxes import (
    ADDRESS,
    ELSEWHERE,
    ICMS,
    ICMS_INSIDE,
    IPI,
    PIS,
    about_taxes,
    amounts,
    discount,
    element,
    head,
    known,
    place,
    product_line,
    totals,
    tryton,
)
from tests.connectors.strict_server import Exchange
from tests.taxes.asking import description_of, line

ONE = line("P4", "2", "4928.84", label="1")


def one_line(*, tax: str = "1675.81", untaxed: str = "9857.68", total: str = "11533.49") -> list[Exchange]:
    """All of a document of one line that goes to another state, from the product on."""
    found = {ICMS: ("9857.68", "1182.93"), IPI: ("9857.68", "492.88")}
    return [
        product_line(4, 2.0, [ICMS, IPI]),
        amounts(found, "4928.84", "2"),
        totals([element(4, 2.0, "4928.84", "9857.68", [ICMS, IPI])], untaxed, tax, total),
        *about_taxes(ICMS, IPI),
    ]


async def test_tryton_taxes_are_those_of_each_line_and_the_totals_those_of_the_document() -> None:
    priced: JsonValue = {"unit_price": {"__class__": "Decimal", "decimal": "30.8303"}}
    assert isinstance(priced, dict)
    exchanges = [
        *known(P4=4, P6=6),
        *head(),
        product_line(4, 2.0, [ICMS, IPI]),
        product_line(6, 3.0, [PIS]),
        discount("33.33", "0.075", 3.0, {**priced, "amount": {"__class__": "Decimal", "decimal": "92.49"}}),
        amounts({ICMS: ("9857.68", "1182.93"), IPI: ("9857.68", "492.88")}, "4928.84", "2"),
        amounts({PIS: ("92.49", "1.53")}, "30.8303", "3"),
        totals(
            [
                element(4, 2.0, "4928.84", "9857.68", [ICMS, IPI]),
                element(6, 3.0, "30.8303", "92.49", [PIS]),
            ],
            "9950.17",
            "1677.34",
            "11627.51",
        ),
        *about_taxes(ICMS, IPI, PIS),
    ]
    async with tryton(*exchanges) as erp:
        answer = await erp.taxes(sale(ONE, line("P6", "3", "33.33", "7.5", label="2")))
    assert shown(answer) == [
        [
            ("icms", "0.12", "9857.68", "1182.93", "added"),
            ("ipi", "0.05", "9857.68", "492.88", "added"),
        ],
        [("pis", "0.0165", "92.49", "1.53", "added")],
    ]
    assert answer["totals"]["total"] == "11627.51"
    assert answer["warnings"] == []


@pytest.mark.parametrize(
    ("begun", "reason"),
    [
        (head(shipment=None), "delivery_address_missing"),
        (head(places=[place(ADDRESS, None)]), "delivery_address_missing"),
        (head(places=[place(ELSEWHERE, "PR")]), "delivery_address_missing"),
        (head(warehouse=None), "warehouse_missing"),
        (head(warehouse_state=None), "warehouse_missing"),
    ],
    ids=["no address", "address without a state", "somebody else's address", "no warehouse", "warehouse nowhere"],
)
async def test_tryton_is_not_believed_where_a_place_is_missing(begun: list[Exchange], reason: str) -> None:
    """It would answer with the taxes of its own state, and status 200."""
    async with tryton(*known(P4=4), *begun) as erp:
        assert refusal(await erp.taxes(sale(ONE))) == reason


async def test_tryton_goods_go_to_the_customers_address_in_the_state_that_the_quote_names() -> None:
    places: JsonValue = [
        place(ADDRESS, "PR"),
        place(32, "BA", delivery=False),
        place(ELSEWHERE, "BA"),
    ]
    exchanges = [product_line(4, 2.0, [ICMS, IPI], address=ELSEWHERE), *one_line()[1:]]
    async with tryton(*known(P4=4), *head(places=places), *exchanges) as erp:
        answer = await erp.taxes(sale(ONE, ship_to=Destination("BA")))
    assert answer["status"] == "calculated"


async def test_tryton_has_no_taxes_for_a_state_where_the_customer_has_no_address() -> None:
    async with tryton(*known(P4=4), *head()) as erp:
        answer = await erp.taxes(sale(ONE, ship_to=Destination("BA")))
    assert refusal(answer) == "no_address_in_state"
    assert "BA" in answer["message"]


async def test_tryton_cents_of_a_rounded_document_go_where_base_times_rate_asks_for_them() -> None:
    async with tryton(*known(P4=4), *head(), *one_line(tax="1675.80", total="11533.48")) as erp:
        answer = await erp.taxes(sale(ONE))
    assert [tax["amount"] for tax in answer["lines"][0]["taxes"]] == ["1182.92", "492.88"]
    assert answer["totals"]["taxes_added"] == "1675.80"
    assert [note["code"] for note in answer["warnings"]] == ["rounded_by_document"]


async def test_tryton_totals_that_no_rounding_explains_are_refused() -> None:
    async with tryton(*known(P4=4), *head(), *one_line(tax="1675.79", total="11533.47")) as erp:
        assert refusal(await erp.taxes(sale(ONE))) == "sum_differs"


async def test_tryton_customers_whose_rule_takes_every_tax_away_pay_none() -> None:
    exchanges = [
        product_line(4, 2.0, []),
        product_line(4, 2.0, [ICMS_INSIDE], customer=False),
        totals([element(4, 2.0, "4928.84", "9857.68", [])], "9857.68", "0.00", "9857.68"),
        *about_taxes(),
    ]
    async with tryton(*known(P4=4), *head(), *exchanges) as erp:
        answer = await erp.taxes(sale(ONE))
    assert answer["totals"]["total"] == "9857.68"
    assert [note["code"] for note in answer["warnings"]] == ["every_amount_zero"]


async def test_tryton_products_whose_taxes_were_forgotten_are_no_exemption() -> None:
    exchanges = [product_line(4, 2.0, []), product_line(4, 2.0, [], customer=False)]
    async with tryton(*known(P4=4), *head(), *exchanges) as erp:
        assert refusal(await erp.taxes(sale(ONE))) == "no_taxes"


async def test_tryton_taxes_without_a_group_are_named_for_whoever_describes_them() -> None:
    exchanges = [*one_line()[:-2], *about_taxes(ICMS, IPI, changes={"group.": None, "name": "Taxa nova"})]
    async with tryton(*known(P4=4), *head(), *exchanges) as erp:
        answer = await erp.taxes(sale(ONE))
    assert refusal(answer) == "kind_unknown"
    assert "“Taxa nova”" in answer["message"]


async def test_tryton_amounts_in_another_currency_are_refused() -> None:
    exchanges = [*one_line()[:-2], *about_taxes(ICMS, IPI, currency="USD")]
    async with tryton(*known(P4=4), *head(), *exchanges) as erp:
        assert refusal(await erp.taxes(sale(ONE))) == "currency"


async def test_tryton_is_asked_once_for_what_is_the_same_in_every_quote() -> None:
    of_company = ("default_get", "stock.location.read", "currency.currency.read")
    all_of_it = [*head(), *one_line()]
    again = [each for each in all_of_it if not any(name in str(each.body) for name in of_company)]
    assert len(all_of_it) - len(again) == len(of_company)
    async with tryton(*known(P4=4), *all_of_it, *again) as erp:
        first, second = [await erp.reader.ask(sale(ONE)) for _ in range(2)]
    assert first == second


async def test_tryton_is_asked_anew_when_anything_may_have_changed() -> None:
    exchanges = [*known(P4=4), *head(), *one_line()]
    async with tryton(*exchanges, *exchanges) as erp:
        await erp.reader.ask(sale(ONE))
        erp.reader.forget_all()
        await erp.reader.ask(sale(ONE))


async def test_tryton_is_not_asked_about_a_price_it_cannot_keep() -> None:
    async with tryton() as erp:
        with pytest.raises(WrongQuoteError, match="4 decimals") as wrong:
            await erp.taxes(sale(line("P4", "2", "4928.84001")))
    assert wrong.value.place == "line 1"


async def test_tryton_lines_are_asked_about_at_once() -> None:
    """Each answer about a product waits until the other line's question is there, too."""
    call = description_of("tryton").taxes
    assert call is not None
    both = asyncio.Barrier(2)

    async def ask(step: str, values: Mapping[str, Value]) -> JsonValue:
        if step == "product":
            await both.wait()
        return {"id": 1, "result": _ANSWERS[step]}

    question = sale(ONE, line("P6", "3", "33.33", label="2"))
    lines: list[dict[str, Value]] = [{"line.product_id": str(number), "line.number": number} for number in (4, 6)]
    element_values: dict[str, Value] = dict.fromkeys(("sale.company", "customer.erp_id.number"))
    talk = Talk("erp", call.model_copy(update={"line": {}}), question, element_values, lines, ask)
    async with asyncio.timeout(20):
        conversed = await HOOKS["tryton"].converse(talk)
    document: Any = conversed.document
    assert [each["product"] for each in document["lines"]] == ["4", "6"]


def _number(text: str) -> JsonValue:
    return {"__class__": "Decimal", "decimal": str(Decimal(text))}


_ANSWERS: dict[str, JsonValue] = {
    "defaults": {"company": 1, "currency": 7, "warehouse": 5},
    "places": [place(ADDRESS, "PR")],
    "customer": {"shipment_address": ADDRESS},
    "warehouse": [{"address.": place(1, "SP")}],
    "product": {"unit": 1, "taxes": {"add": [[0, {"id": IPI}]]}},
    "amounts": {"result": {"add": [[0, {"tax": IPI, "base": _number("100"), "amount": _number("5.00")}]]}},
    "taxes": [{"id": IPI, "rate": _number("0.05"), "group.": {"code": "IPI"}}],
    "currency": [{"code": "BRL"}],
    "": {"untaxed_amount": _number("200"), "tax_amount": _number("10.00"), "total_amount": _number("210")},
}
