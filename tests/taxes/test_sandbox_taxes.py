"""The tax call of the stand-in ERP, from question to answer over real HTTP, against its rule table."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import QuoteLine
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultKind, FaultPlan
from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.start import served
from reconciler.sandbox.tax_rules import Destination, Goods, Tax, tax_table
from tests.taxes.asking import Erp, asked, line, quote

CNPJ = with_check_digits("12ABC3450001")
CPF = "12345678909"
ACCESS = {"user": "tester", "password": "password-of-the-test"}
CLIENTS = [
    {"codigo": "1", "cpf_cnpj": CNPJ, "endereco": {"uf": "PR"}},
    {"codigo": "2", "cpf_cnpj": CPF, "endereco": {"uf": "BA"}},
]
PRODUCTS = [
    {"codigo": name.upper()[:4] + origin, "classe": name, "origem": origin}
    for name in tax_table().classes
    for origin in "01"
]
_KINDS = {"ICMS-ST": "icms_st"}


@asynccontextmanager
async def erp(plan: FaultPlan | None = None, **options: Any) -> AsyncIterator[Erp]:
    server = ErpServer({"clientes": CLIENTS, "produtos": PRODUCTS}, **ACCESS, plan=plan)
    async with (
        served(server.application()) as url,
        asked("sandbox_erp", f"{url}/api", credentials=ACCESS, **options) as found,
    ):
        yield found


async def test_taxes_of_an_interstate_sale_in_the_shape_of_the_contract() -> None:
    """2 × 4,928.84 from SP to PR: ICMS 12 %, IPI 5 %, PIS 1.65 %, COFINS 7.6 %."""
    async with erp() as found:
        answer = await found.taxes(quote(line("MAQU0", "2", "4928.84"), tax_id=CNPJ))
    assert answer["status"] == "calculated"
    assert (answer["source"], answer["stale"], answer["system"]) == ("live", False, "sandbox_erp")
    assert answer["lines"] == [
        {
            "line": "1",
            "goods": "9857.68",
            "taxes": [
                _tax("icms", "0.12", "9857.68", "1182.92"),
                _tax("ipi", "0.05", "9857.68", "492.88", in_price=False),
                _tax("pis", "0.0165", "9857.68", "162.65"),
                _tax("cofins", "0.076", "9857.68", "749.18"),
            ],
            "taxes_total": "2587.63",
        }
    ]
    assert answer["totals"] == {
        "goods": "9857.68",
        "taxes_added": "492.88",
        "taxes_in_price": "2094.75",
        "taxes_informative": "0.00",
        "total": "10350.56",
    }
    assert answer["warnings"] == []


def _tax(kind: str, rate: str, base: str, amount: str, *, in_price: bool = True) -> dict[str, Any]:
    return {
        "kind": kind,
        "rate": rate,
        "base": base,
        "deduction": "0.00",
        "amount": amount,
        "in_price": in_price,
        "informative": False,
        "code": None,
    }


async def test_totals_of_random_quotes_are_those_of_the_rule_table_to_the_cent() -> None:
    """40 quotes over states, classes, origins, discounts, resellers and final consumers."""
    chance = random.Random(20261122)
    async with erp() as found:
        for _ in range(40):
            lines = [_random_line(chance) for _ in range(chance.randint(1, 6))]
            state, consumer = chance.choice(sorted(tax_table().internal)), chance.choice([True, False])
            answer = await found.taxes(quote(*lines, tax_id=CNPJ, state=state, final_consumer=consumer))
            taxes = _by_the_table(lines, Destination(state, consumer))
            assert [[tax["amount"] for tax in each["taxes"]] for each in answer["lines"]] == [
                [str(tax.amount) for tax in each] for each in taxes
            ]
            every = [tax for each in taxes for tax in each]
            assert answer["totals"]["taxes_added"] == _sum(tax.amount for tax in every if not tax.in_price)
            assert answer["totals"]["taxes_in_price"] == _sum(tax.amount for tax in every if tax.in_price)


def _random_line(chance: random.Random) -> QuoteLine:
    price = Decimal(chance.randint(1, 900_000)) / 100
    discount = chance.choice(["0", "0", "5", "7.25", "33.3333"])
    return line(chance.choice(PRODUCTS)["codigo"], str(chance.randint(1, 40)), str(price), discount)


def _by_the_table(lines: Sequence[QuoteLine], to: Destination) -> list[list[Tax]]:
    products = {product["codigo"]: product for product in PRODUCTS}
    return [
        tax_table().taxes(
            Goods(each.goods.quantize(Decimal("0.01"), "ROUND_HALF_UP"), products[each.sku]["classe"], each.sku[-1]), to
        )
        for each in lines
    ]


def _sum(amounts: Any) -> str:
    return str(sum(amounts, Decimal("0.00")))


async def test_what_lessens_tax_substitution_is_shown() -> None:
    """1,000.00 of materials to PR: 1,466.15 × 19.5 % − 120.00 = 165.90."""
    async with erp() as found:
        answer = await found.taxes(quote(line("MATE0", "10"), tax_id=CNPJ))
    st = next(tax for tax in answer["lines"][0]["taxes"] if tax["kind"] == "icms_st")
    assert (st["base"], st["rate"], st["deduction"], st["amount"]) == ("1466.15", "0.195", "120.00", "165.90")
    assert not st["in_price"]


async def test_without_a_destination_the_address_of_the_customer_decides() -> None:
    async with erp() as found:
        answers = [await found.taxes(quote(line("MAQU0"), tax_id=CNPJ, state=state)) for state in (None, "PR", "SP")]
    rates = [answer["lines"][0]["taxes"][0]["rate"] for answer in answers]
    assert rates == ["0.12", "0.12", "0.18"]


async def test_the_erp_context_travels_and_may_be_left_out() -> None:
    async with erp(context={"natureza": "REMESSA"}) as found:
        answer = await found.taxes(quote(line("MAQU0"), tax_id=CNPJ))
    assert {tax["kind"] for tax in answer["lines"][0]["taxes"]} == {"icms", "ipi"}


async def test_a_buyer_the_erp_does_not_know_must_be_meant() -> None:
    stranger = with_check_digits("999999990001")
    async with erp() as found:
        with pytest.raises(WrongQuoteError, match=stranger) as wrong:
            await found.taxes(quote(line("MAQU0"), tax_id=stranger, state="BA"))
        prospect = await found.taxes(quote(line("MAQU0"), tax_id=stranger, state="BA", prospect=True))
        with pytest.raises(WrongQuoteError, match=r"ship_to\.state") as nowhere:
            await found.taxes(quote(line("MAQU0"), prospect=True))
    assert (wrong.value.code, wrong.value.place) == ("unknown_customer", "customer.tax_id")
    assert prospect["lines"][0]["taxes"][0]["rate"] == "0.07"
    assert nowhere.value.place == "ship_to.state"


async def test_an_unknown_product_is_named() -> None:
    async with erp() as found:
        with pytest.raises(WrongQuoteError, match="P9999") as wrong:
            await found.taxes(quote(line("MAQU0"), line("P9999"), tax_id=CNPJ))
    assert wrong.value.code == "unknown_product"


async def test_another_refusal_is_told_in_the_words_of_the_erp() -> None:
    async with erp(context={"natureza": "DOACAO"}) as found:
        answer = await found.taxes(quote(line("MAQU0"), tax_id=CNPJ))
    assert (answer["status"], answer["reason"]) == ("unavailable", "refused_by_erp")
    assert "A natureza DOACAO não existe" in answer["message"]
    assert not {"lines", "totals"} & answer.keys()


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.DROP, FaultKind.TRUNCATE, FaultKind.LOST], ids=str)
async def test_garbage_and_lost_connections_give_no_amounts(kind: FaultKind) -> None:
    """Trap 16: what fails is unavailable; no number, no zero."""
    async with erp(FaultPlan(kind, every=1)) as found:
        answer = await found.taxes(quote(line("MAQU0"), tax_id=CNPJ))
    assert answer["status"] == "unavailable"
    assert answer["reason"] in {"unreachable", "not_understood", "refused_by_erp"}
    assert not {"lines", "totals"} & answer.keys()


async def test_one_failure_in_between_costs_a_repetition_and_nothing_else() -> None:
    async with erp(FaultPlan(FaultKind.DROP, every=2)) as found:
        answers = [await found.taxes(quote(line("MAQU0", str(count)), tax_id=CNPJ)) for count in (1, 2, 3)]
    assert [answer["status"] for answer in answers] == ["calculated"] * 3


async def test_warming_up_logs_in_before_the_first_question() -> None:
    async with erp() as found:
        await found.lookup.warm_up()
        assert (await found.taxes(quote(line("MAQU0"), tax_id=CNPJ)))["status"] == "calculated"
