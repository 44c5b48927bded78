"""Tax calls of Omie: lines with ids of our own, and scenarios that tell rates alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.load import load_description
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Buyer, Destination
from tests.connectors.contracts.tax_contracts import erp_of, refusal, sale, shown
from tests.connectors.omie_exchanges import KEYS, by_filter, call, customer, fault, listed
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import Erp, line

Change = Callable[[Any], None]


def omie_found() -> list[Exchange]:
    """The customer and the products, looked up once each."""
    products = [
        call("ConsultarProduto", Answer({"codigo_produto": number, "codigo": code}), codigo=code)
        for code, number in (("A-1", 11), ("B-2", 22))
    ]
    return [
        call("ListarClientes", listed("clientes_cadastro", customer(7)), **by_filter(cnpj_cpf="11222333000181")),
        *products,
    ]


def omie_items() -> JsonValue:
    return [
        {
            "produto_simul": {
                "codigo_produto": 11,
                "codigo_item_integracao": 1,
                "quantidade": 10,
                "valor_unitario": 150,
                "valor_desconto": 0,
            }
        },
        {
            "produto_simul": {
                "codigo_produto": 22,
                "codigo_item_integracao": 2,
                "quantidade": 3,
                "valor_unitario": 33.33,
                "valor_desconto": 10,
            }
        },
    ]


def omie_answer() -> Any:
    def found(item: int, code: int, quantity: float, price: float, **taxes: JsonValue) -> dict[str, JsonValue]:
        known: JsonValue = {
            "codigo_produto": code,
            "codigo_item_integracao": item,
            "quantidade": quantity,
            "valor_unitario": price,
        }
        return {"produto_simul_resp": known, "imposto": {**taxes}}

    nothing: dict[str, JsonValue] = {"aliq_ipi": 0, "base_ipi": 0, "valor_ipi": 0}
    return {
        "codigo_cliente": 7,
        "det_simul_resp": [
            found(2, 22, 3, 33.33, icms={"aliq_icms": 18, "base_icms": 89.99, "valor_icms": 16.2}, ipi=nothing),
            found(
                1,
                11,
                10,
                150,
                icms={"cod_sit_trib_icms": "10", "aliq_icms": 18, "base_icms": 1500, "valor_icms": 270},
                icms_st={"aliq_icms_st": 18, "base_icms_st": 2100, "valor_icms_st": 108},
                icms_ie={"valor_icms_uf_dest": 30},
                cbs={"aliquota_cbs": 0.9, "valor_cbs": 13.5},
            ),
        ],
    }


def omie(*exchanges: Exchange, **context: JsonValue) -> AbstractAsyncContextManager[Erp]:
    return erp_of("omie", *exchanges, credentials=KEYS, context=context)


def simulation(answer: Answer, **parameters: JsonValue) -> Exchange:
    body: JsonValue = {"call": "SimularImpostos", "param": [parameters], **KEYS}
    return Exchange("POST", "/produtos/pedido/", answer, body=body)


async def test_omie_lines_are_matched_by_our_own_id_in_whatever_order_they_come() -> None:
    question = simulation(Answer(omie_answer()), codigo_cliente=7, consumidor_final="N", det_simul=omie_items())
    async with omie(*omie_found(), question, consumidor_final="N") as erp:
        answer = await erp.taxes(sale())
    assert shown(answer) == [
        [
            ("icms", "0.18", "1500.00", "270.00", "in price"),
            ("icms_st", "0.18", "2100.00", "108.00", "added"),
            ("difal", None, None, "30.00", "in price"),
            ("cbs", "0.009", None, "13.50", "informative"),
        ],
        [("icms", "0.18", "89.99", "16.20", "in price")],
    ]
    assert answer["lines"][0]["taxes"][0]["code"] == "10"
    assert answer["lines"][0]["taxes"][1]["deduction"] == "270.00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[0]["produto_simul_resp"].update(codigo_item_integracao=3), "line_unknown"),
        (lambda lines: lines[0]["produto_simul_resp"].update(codigo_item_integracao=1), "line_repeated"),
        (lambda lines: lines[0]["produto_simul_resp"].update(codigo_produto=33), "line_differs"),
        (
            lambda lines: lines.append({"produto_simul_resp": {"codigo_item_integracao": ""}, "imposto": {}}),
            "value_missing",
        ),
        (lambda lines: lines[0].pop("imposto"), "no_taxes"),
    ],
    ids=["unknown", "repeated", "another product", "component of a kit", "nothing"],
)
async def test_omie_lines_that_cannot_be_matched_are_refused(change: Change, reason: str) -> None:
    """Trap 17, with ids."""
    document = omie_answer()
    change(document["det_simul_resp"])
    question = simulation(Answer(document), codigo_cliente=7, consumidor_final="N", det_simul=omie_items())
    async with omie(*omie_found(), question, consumidor_final="N") as erp:
        assert refusal(await erp.taxes(sale())) == reason


async def test_omie_calculates_for_prospects_whose_profile_is_given() -> None:
    profile: JsonValue = {"clientes_contribuinte": "S", "clientes_estado": "PR"}
    question = simulation(Answer(omie_answer()), cliente_simul=profile, consumidor_final="N", det_simul=omie_items())
    prospect = Buyer(None, prospect=True, final_consumer=False, taxpayer=True)
    async with omie(*omie_found()[1:], question) as erp:
        answer = await erp.taxes(sale(buyer=prospect, ship_to=Destination("PR")))
    assert answer["status"] == "calculated"


async def test_omie_must_be_told_whether_the_buyer_is_a_final_consumer() -> None:
    async with omie() as erp:
        with pytest.raises(WrongQuoteError, match="final_consumer") as wrong:
            await erp.taxes(sale())
    assert wrong.value.place == "customer.final_consumer"


async def test_omie_faults_are_told_in_its_own_words() -> None:
    broken = fault("Client-8020", "Cenário de impostos não cadastrado")
    question = simulation(broken, codigo_cliente=7, consumidor_final="N", det_simul=omie_items())
    async with omie(*omie_found(), question, consumidor_final="N") as erp:
        answer = await erp.taxes(sale())
    assert refusal(answer) == "refused_by_erp"
    assert "Cenário de impostos não cadastrado" in answer["message"]


async def test_omie_is_asked_itself_and_not_the_memory_for_repeated_questions() -> None:
    """Trap 4 has the port remember answers; one of a minute ago must not pass for one of now (trap 16)."""
    question = simulation(Answer(omie_answer()), codigo_cliente=7, consumidor_final="N", det_simul=omie_items())
    async with omie(*omie_found(), question, question, consumidor_final="N") as erp:
        for _ in range(2):
            await erp.reader.ask(sale())


def omie_scenario(product: int, **rates: JsonValue) -> Exchange:
    asked: JsonValue = {
        "codigo_cliente_omie": 7,
        "consumo_final": "N",
        "codigo_produto": product,
        "codigo_cenario": 99,
    }
    body: JsonValue = {"call": "ListarImpostosCenario", "param": [asked], **KEYS}
    found: JsonValue = {"uf_cliente": "PR", "uf_empresa": "SP", "ncm": "84818099", "impostos": {**rates}}
    return Exchange("POST", "/geral/cenarios/", Answer(found), body=body)


def omie_by_scenario(*exchanges: Exchange) -> AbstractAsyncContextManager[Erp]:
    """With the second call instead of the first."""
    description = load_description("omie", Path())
    chosen = description.model_copy(update={"taxes": description.other_taxes["cenario"]})
    return erp_of(chosen, *exchanges, credentials=KEYS, context={"consumidor_final": "N", "cenario": 99})


async def test_omie_scenarios_tell_rates_and_no_amount_is_made_of_them() -> None:
    exchanges = [
        *omie_found(),
        omie_scenario(11, cfop="6102", cst_icms="00", aliquota_icms=12, aliquota_ipi=5, aliquota_cofins=0),
        omie_scenario(22, aliquota_icms=7.5, aliquota_cbs=0.9),
    ]
    async with omie_by_scenario(*exchanges) as erp:
        answer = await erp.taxes(sale())
    assert refusal(answer) == "rates_only"
    assert [{each["kind"]: each["rate"] for each in line["rates"]} for line in answer["rates"]] == [
        {"icms": "0.12", "ipi": "0.05"},
        {"icms": "0.075", "cbs": "0.009"},
    ]


async def test_omie_scenarios_are_asked_once_for_a_product_that_is_in_two_lines() -> None:
    """Trap 4: the same question again would be answered with a notice."""
    found = [each for each in omie_found() if "B-2" not in str(each.body)]
    lines = [line("A-1", quantity, "150.00", label=label) for label, quantity in (("1", "2"), ("2", "3"))]
    async with omie_by_scenario(*found, omie_scenario(11, aliquota_icms=12)) as erp:
        answer = await erp.taxes(sale(*lines))
    assert [len(line["rates"]) for line in answer["rates"]] == [1, 1]
