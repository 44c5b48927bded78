"""Tax calls of Sankhya and Protheus: lines without an id of ours, matched by position and proved by what comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import ConfigurationError, WrongQuoteError
from reconciler.model.taxes import TaxQuestion
from tests.connectors.contracts.tax_contracts import LastRead, erp_of, refusal, sale, shown
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import Erp, line

Change = Callable[[Any], None]

SANKHYA: dict[str, Any] = {
    "credentials": {"client_id": "made-up-client", "client_secret": "made-up-secret", "x_token": "made-up-gateway"},
    "context": {"codigo_empresa": 1, "nota_modelo": 898},
}
TOKEN = Exchange(
    "POST",
    "/authenticate",
    Answer({"access_token": "made-up-access", "expires_in": 300, "token_type": "Bearer"}),
    headers={"X-Token": "made-up-gateway"},
    body="grant_type=client_credentials&client_id=made-up-client&client_secret=made-up-secret",
)


def product(code: int) -> Exchange:
    """The product is read once to know that there is one."""
    return Exchange("GET", f"/v1/produtos/{code}", Answer({"produtos": {"codigoProduto": str(code), "nome": "Eixo"}}))


def sankhya_answer() -> Any:
    """1,500.00 of 1001 and 89.99 of 1002, to a reseller in another state."""
    return {
        "produtos": [
            {
                "codigoProduto": 1001,
                "quantidade": 10,
                "valorUnitario": 150.0,
                "valorTotal": 1500.0,
                "impostos": [
                    _listed("icms", 12, 1500.0, 180.0, cst="00", percentualFCP=0, valorFCP=0),
                    _listed("st", 18, 2145.0, 206.1, cst="10", percentualFCP=2, valorFCP=42.9),
                    _listed("ipi", 5, 1500.0, 75.0),
                    # Not the base that was calculated with: 1,320.00 was.
                    _listed("pis", 1.65, 1500.0, 21.78),
                    _listed("cbs", 0.9, 1500.0, 13.5),
                ],
            },
            {
                "codigoProduto": 1002,
                "quantidade": 3,
                "valorUnitario": 33.33,
                "valorTotal": 99.99,
                "impostos": [_listed("icms", 12, 89.99, 10.8, cst="00", percentualFCP=0, valorFCP=0)],
            },
        ]
    }


def _listed(kind: str, rate: float, base: float, amount: float, **more: JsonValue) -> dict[str, JsonValue]:
    return {"tipo": kind, "aliquota": rate, "valorBase": base, "valorImposto": amount, **more}


def sankhya(*documents: JsonValue, **changes: Any) -> AbstractAsyncContextManager[Erp]:
    body: JsonValue = {
        "notaModelo": 898,
        "codigoCliente": 501,
        "codigoEmpresa": 1,
        "produtos": [
            {"codigoProduto": 1001, "quantidade": 10, "valorUnitario": 150, "valorDesconto": 0},
            {"codigoProduto": 1002, "quantidade": 3, "valorUnitario": 33.33, "valorDesconto": 10},
        ],
    }
    headers = {"Authorization": "Bearer made-up-access"}
    calls = [
        Exchange("POST", "/v1/fiscal/impostos/calculo", Answer(document), headers=headers, body=body)
        for document in documents
    ]
    found = {"known": LastRead("501"), **SANKHYA, **changes}
    return erp_of("sankhya", TOKEN, product(1001), product(1002), *calls, **found)


def sankhya_sale() -> TaxQuestion:
    return sale(line("1001", "10", "150.00", label="1"), line("1002", "3", "33.33", "10", label="2"))


async def test_sankhya_gives_a_list_of_kinds_with_fcp_inside_and_bases_that_cannot_be_trusted() -> None:
    async with sankhya(sankhya_answer()) as erp:
        answer = await erp.taxes(sankhya_sale())
    assert shown(answer) == [
        [
            ("icms", "0.12", "1500.00", "180.00", "in price"),
            ("icms_st", "0.18", "2145.00", "206.10", "added"),
            ("fcp_st", "0.02", "2145.00", "42.90", "added"),
            ("ipi", "0.05", "1500.00", "75.00", "added"),
            ("pis", "0.0165", None, "21.78", "in price"),
            ("cbs", "0.009", "1500.00", "13.50", "informative"),
        ],
        [("icms", "0.12", "89.99", "10.80", "in price")],
    ]
    assert answer["totals"] == {
        "goods": "1589.99",
        "taxes_added": "324.00",
        "taxes_in_price": "212.58",
        "taxes_informative": "13.50",
        "total": "1913.99",
    }
    assert [(each["code"], each["message"]) for each in answer["warnings"]] == [
        ("base_not_given", "The ERP does not tell the base of pis: base × rate was not checked.")
    ]


def _swap(lines: Any) -> None:
    lines.reverse()


def _drop(lines: Any) -> None:
    lines.pop()


def _add(lines: Any) -> None:
    lines.append(lines[0])


def _other_product(lines: Any) -> None:
    lines[1]["codigoProduto"] = 1001


def _other_quantity(lines: Any) -> None:
    lines[1]["quantidade"] = 30


def _other_price(lines: Any) -> None:
    lines[1]["valorUnitario"] = 3.33


def _no_product(lines: Any) -> None:
    del lines[0]["codigoProduto"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_swap, "line_differs"),
        (_drop, "line_count"),
        (_add, "line_count"),
        (_other_product, "line_differs"),
        (_other_quantity, "line_differs"),
        (_other_price, "line_differs"),
        (_no_product, "line_differs"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_sankhya_lines_in_another_order_or_number_are_refused(change: Change, reason: str) -> None:
    """Trap 17: never guessed which line is which."""
    document = sankhya_answer()
    change(document["produtos"])
    async with sankhya(document) as erp:
        assert refusal(await erp.taxes(sankhya_sale())) == reason


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("valorImposto",), 180.02, "arithmetic"),
        (("valorImposto",), -1, "negative"),
        (("valorImposto",), None, "value_missing"),
        (("valorImposto",), "abc", "value_unreadable"),
        (("valorImposto",), 179.995, "not_in_cents"),
        (("tipo",), "difal", "kind_unknown"),
    ],
    ids=str,
)
async def test_sankhya_amounts_that_do_not_hold_are_refused(path: tuple[str], value: JsonValue, reason: str) -> None:
    document = sankhya_answer()
    document["produtos"][0]["impostos"][0][path[0]] = value
    async with sankhya(document) as erp:
        assert refusal(await erp.taxes(sankhya_sale())) == reason


async def test_a_missing_list_of_taxes_is_not_taken_for_none() -> None:
    """A failure that looks like zero tax is the harm users report."""
    missing, empty = sankhya_answer(), sankhya_answer()
    del missing["produtos"][0]["impostos"]
    empty["produtos"][0]["impostos"] = []
    async with sankhya(missing, empty) as erp:
        reasons = [refusal(await erp.taxes(sankhya_sale())) for _ in range(2)]
    assert reasons == ["value_missing", "no_taxes"]


PROTHEUS: dict[str, Any] = {
    "credentials": {"user": "made-up-user", "password": "made-up-password"},
    "context": {"customer_branch": "D MG    ", "tes": "501", "payment": "001", "customer_type": "R"},
    "known": LastRead("000001|01"),
    "below": "/rest",
}


def item(code: str, quantity: float, goods: float, **columns: JsonValue) -> dict[str, JsonValue]:
    """An item as the vendor's own source writes it: every column is there, zero where nothing applies."""
    taxes: dict[str, JsonValue] = {
        f"{what}_{kind}": 0 for what in ("aliquota", "valor") for kind in ("icms", "st", "ipi", "pis", "cofins", "csll")
    }
    others = ("valor_pis_apur", "valor_pis_st", "valor_cofins_apur", "valor_cofins_st")
    known: dict[str, JsonValue] = {**taxes, **dict.fromkeys(others, 0)}
    # Codes are as wide as their column.
    said: dict[str, JsonValue] = {"codigo_produto": code.ljust(15), "quantidade": quantity, "valor_mercadoria": goods}
    return {"produto": {**said, **known, **columns}}


def protheus_answer() -> Any:
    return {
        "valor_contabil": 1664.99,
        "valor_mercadoria": 1589.99,
        "total_impostos": 281.53,
        "total_impostos_embutidos": 206.53,
        "total_impostos_sem_incidencia": 75.0,
        "TaxesDetail": [
            {"imposto": "ICM", "descricao": "ICMS", "base_calculo": 1589.99, "aliquota": 12, "valor": 190.8}
        ],
        "itens": [
            item("A-1", 10, 1500.0, aliquota_icms=12, valor_icms=180.0, aliquota_ipi=5, valor_ipi=75.0),
            item("B-2", 3, 89.99, aliquota_icms=12, valor_icms=10.8, valor_pis_apur=15.73),
        ],
    }


def protheus(document: JsonValue) -> AbstractAsyncContextManager[Erp]:
    body: JsonValue = {
        "SalesType": "N",
        "CustomerId": "000001",
        "CustomerUnit": "01",
        "CustomerIdDelivery": "000001",
        "CustomerUnitDelivery": "01",
        "CustomerType": "R",
        "Payment": "001",
        "Currency": 1,
        "ListofProducts": [
            {"ItemId": "01", "ProductId": "A-1", "Quantity": 10, "UnitaryValue": 150, "TotalValue": 1500, "TES": "501"},
            {
                "ItemId": "02",
                "ProductId": "B-2",
                "Quantity": 3,
                "UnitaryValue": 29.997,
                "TotalValue": 89.99,
                "TES": "501",
            },
        ],
    }
    headers = {"Authorization": "Basic bWFkZS11cC11c2VyOm1hZGUtdXAtcGFzc3dvcmQ="}
    call = Exchange("POST", "/rest/api/fat/v1/SalesTaxes", Answer(document), headers=headers, body=body)
    return erp_of("protheus", call, **PROTHEUS)


async def test_protheus_gives_columns_and_its_totals_are_the_sums_of_the_items() -> None:
    async with protheus(protheus_answer()) as erp:
        answer = await erp.taxes(sale())
    assert shown(answer) == [
        [("icms", "0.12", None, "180.00", "in price"), ("ipi", "0.05", None, "75.00", "added")],
        [("icms", "0.12", None, "10.80", "in price"), ("pis", None, None, "15.73", "in price")],
    ]
    assert answer["totals"]["total"] == "1664.99"
    assert [each["code"] for each in answer["warnings"]] == ["base_not_given"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda document: document["itens"].reverse(), "line_differs"),
        (lambda document: document["itens"].pop(), "line_count"),
        (lambda document: document.update(total_impostos_embutidos=206.54), "sum_differs"),
        (lambda document: document.update(valor_mercadoria=1599.99), "sum_differs"),
        (lambda document: document["itens"][1]["produto"].update(valor_mercadoria=99.99), "goods_differ"),
        (lambda document: document["itens"][1]["produto"].update(valor_cofins_st=1.5), "sum_differs"),
        (lambda document: document["itens"][1]["produto"].pop("valor_icms"), "value_missing"),
    ],
    ids=["order", "count", "total", "goods", "price", "a tax outside the totals", "a column"],
)
async def test_protheus_answers_that_do_not_hold_are_refused(change: Change, reason: str) -> None:
    """Trap 17, and the arithmetic."""
    document = protheus_answer()
    change(document)
    async with protheus(document) as erp:
        assert refusal(await erp.taxes(sale())) == reason


class Nobody:
    """Customers were read, and this one was not among them."""

    async def ids(self, entity: str, key: str) -> list[str]:
        return []


async def test_a_customer_that_was_never_read_is_named_and_without_any_reading_it_says_what_to_do() -> None:
    async with erp_of("protheus", **{**PROTHEUS, "known": Nobody()}) as erp:
        with pytest.raises(WrongQuoteError, match="11222333000181") as unknown:
            await erp.taxes(sale())
    async with erp_of("protheus", **{**PROTHEUS, "known": None}) as erp:
        with pytest.raises(ConfigurationError, match="reconciler run customers"):
            await erp.taxes(sale())
    assert unknown.value.code == "unknown_customer"
