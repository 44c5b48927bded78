"""Tax calls of Omie (own line ids), Bling (one call per item) and SAP Business One (preview of an order)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.connectors.tax.call import ListedKind
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Buyer, Charge, Destination, TaxKind
from reconciler.ports.http.settings import OAuth2Auth
from tests.connectors.contracts.tax_contracts import LastRead, erp_of, refusal, sale, shown
from tests.connectors.contracts.test_sap_b1 import LOGIN_BODY, cookies, login, logout
from tests.connectors.omie_exchanges import KEYS, by_filter, call, customer, fault, listed
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import Erp, line

Change = Callable[[Any], None]


# Omie


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


# Bling


class Tokens:
    """Keeps nothing for longer than a test."""

    async def load(self, name: str) -> str | None:
        return None

    async def save(self, name: str, token: str) -> None:
        """Part of the protocol."""


def bling_description() -> Description:
    """The shipped one, with the token host moved to the stand-in."""
    description = load_description("bling", Path())
    assert description.http is not None
    assert isinstance(description.http.auth, OAuth2Auth)
    auth = description.http.auth.model_copy(update={"token_path": "/oauth/token"})
    return description.model_copy(update={"http": description.http.model_copy(update={"auth": auth})})


def bling(*exchanges: Exchange) -> AbstractAsyncContextManager[Erp]:
    """With a token, where anything is asked at all."""
    token = Exchange(
        "POST",
        "/oauth/token",
        Answer({"access_token": "made-up-access", "refresh_token": "made-up-next", "expires_in": 21600}),
        body="grant_type=refresh_token&refresh_token=made-up-first-refresh",
    )
    credentials = {"client_id": "c", "client_secret": "s", "refresh_token": "made-up-first-refresh"}
    context: dict[str, JsonValue] = {"natureza": 15, "loja": 77}
    asked = (token, *exchanges) if exchanges else ()
    return erp_of(bling_description(), *asked, credentials=credentials, context=context, tokens=Tokens())


def bling_product(code: str, number: int, origin: int) -> list[Exchange]:
    query = {"pagina": "1", "limite": "100", "criterio": "5", "codigo": code}
    detail: JsonValue = {"data": {"id": number, "codigo": code, "tributacao": {"origem": origin}}}
    found: JsonValue = {"data": [{"id": number, "codigo": code}]}
    return [
        Exchange("GET", "/produtos", Answer(found), query=query),
        Exchange("GET", f"/produtos/{number}", Answer(detail)),
    ]


def bling_item(number: int, price: float, quantity: int, origin: int, answer: Answer) -> Exchange:
    product: JsonValue = {
        "id": number,
        "valorUnitario": price,
        "quantidade": quantity,
        "cupomFiscal": 0,
        "origem": origin,
    }
    body: JsonValue = {"tipoNota": 1, "uf": "PR", "municipio": {"id": 4106902}, "loja": {"id": 77}, "produto": product}
    return Exchange("POST", "/naturezas-operacoes/15/obter-tributacao", answer, body=body)


def bling_taxes(base: float, amount: float, **icms: JsonValue) -> Answer:
    known: JsonValue = {"cst": "00", "aliquota": 12, "valorBaseCalculo": base, "valorImposto": amount, **icms}
    data: JsonValue = {"cfop": 6102, "icms": known, "ipi": {"aliquota": 0, "valorImposto": 0}}
    return Answer({"data": data})


CURITIBA = Destination("PR", "4106902")


async def test_bling_is_asked_once_for_each_item_with_the_origin_of_its_product() -> None:
    exchanges = [
        *bling_product("A-1", 11, 0),
        *bling_product("B-2", 22, 1),
        bling_item(11, 150, 10, 0, bling_taxes(1500.0, 180.0)),
        bling_item(22, 29.997, 3, 1, bling_taxes(89.99, 10.8)),
    ]
    async with bling(*exchanges) as erp:
        answer = await erp.taxes(sale(ship_to=CURITIBA))
    assert shown(answer) == [
        [("icms", "0.12", "1500.00", "180.00", "in price")],
        [("icms", "0.12", "89.99", "10.80", "in price")],
    ]
    assert (answer["totals"]["goods"], answer["totals"]["taxes_in_price"]) == ("1589.99", "190.80")
    assert answer["warnings"] == []


async def test_bling_tells_no_amount_of_difal_and_an_incomplete_answer_is_none() -> None:
    exchanges = [
        *bling_product("A-1", 11, 0),
        *bling_product("B-2", 22, 1),
        bling_item(11, 150, 10, 0, bling_taxes(1500.0, 180.0)),
        bling_item(22, 29.997, 3, 1, bling_taxes(89.99, 10.8, porcentagemIcmsUfDestino=19.5)),
    ]
    async with bling(*exchanges) as erp:
        answer = await erp.taxes(sale(ship_to=CURITIBA))
    assert refusal(answer) == "value_missing"
    assert "icms.valorIcmsUfDestino" in answer["message"]


@pytest.mark.parametrize(
    ("fcp", "outcome"),
    [
        ({"porcentagemFcp": 2, "valorFcpEfetivo": 30.0}, "calculated"),
        ({"porcentagemFcp": 2, "valorFcpEfetivo": 0}, "arithmetic"),
        ({"porcentagemFcp": 2}, "value_missing"),
    ],
    ids=["told", "something else", "not told"],
)
async def test_bling_fcp_is_in_the_answer_or_there_is_none(fcp: dict[str, JsonValue], outcome: str) -> None:
    exchanges = [*bling_product("A-1", 11, 0), bling_item(11, 150, 10, 0, bling_taxes(1500.0, 180.0, **fcp))]
    async with bling(*exchanges) as erp:
        answer = await erp.taxes(sale(line("A-1", "10", "150.00"), ship_to=CURITIBA))
    assert answer.get("reason", "calculated") == outcome
    if outcome == "calculated":
        assert ("fcp", "0.02", "1500.00", "30.00", "in price") in shown(answer)[0]


async def test_bling_must_know_where_the_goods_go() -> None:
    async with bling() as erp:
        with pytest.raises(WrongQuoteError, match=r"ship_to\.state"):
            await erp.taxes(sale())


# SAP Business One


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
