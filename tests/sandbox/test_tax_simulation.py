"""The tax simulation of the stand-in ERP, against amounts worked out by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.tax_rules import Destination, Goods, tax_table
from tests.sandbox.calling import Answer, Caller, erp_of

CNPJ = with_check_digits("12ABC3450001")
CPF = "12345678909"


def product(code: str, product_class: str, origin: str = "0") -> dict[str, Any]:
    return {"codigo": code, "classe": product_class, "origem": origin}


@pytest.fixture
async def erp() -> AsyncIterator[Caller]:
    clients = [
        {"codigo": "1", "cpf_cnpj": CNPJ, "endereco": {"uf": "PR"}},
        {"codigo": "2", "cpf_cnpj": CPF, "endereco": {"uf": "BA"}},
        {"codigo": "3", "cpf_cnpj": with_check_digits("000000010001"), "endereco": None},
    ]
    products = [
        product("MAQ", "maquinas"),
        product("MAT", "materiais"),
        product("AUTO", "autopecas"),
        product("FOOD", "alimentos"),
        product("IMP", "maquinas", "1"),
        product("NONE", "nenhuma"),
    ]
    async with erp_of({"clientes": clients, "produtos": products}) as caller:
        yield caller


async def simulate(erp: Caller, *items: tuple[str, str, str, str], **members: Any) -> Answer:
    body = {
        "cliente": {"cpf_cnpj": CNPJ},
        "itens": [
            {"sequencia": place, "produto": code, "quantidade": quantity, "preco_unitario": price, "desconto": discount}
            for place, (code, quantity, price, discount) in enumerate(items, start=1)
        ],
        **members,
    }
    return await erp.call("POST", "/simulacao-impostos", body)


def taxes(item: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {tax["tributo"]: (tax["base"], tax["aliquota"], tax["valor"]) for tax in item["impostos"]}


async def test_an_interstate_sale_to_a_reseller(erp: Caller) -> None:
    """2 × 4,928.84 = 9,857.68 from SP to PR: ICMS 12 %, IPI 5 %, PIS 1.65 %, COFINS 7.6 %."""
    answer = await simulate(erp, ("MAQ", "2", "4928,84", "0"))
    assert answer.status == 200
    item = answer.json["itens"][0]
    assert (item["sequencia"], item["produto"], item["valor_mercadoria"]) == (1, "MAQ", "9857,68")
    assert taxes(item) == {
        "ICMS": ("9857,68", "12,00", "1182,92"),
        "IPI": ("9857,68", "5,00", "492,88"),
        "PIS": ("9857,68", "1,65", "162,65"),
        "COFINS": ("9857,68", "7,60", "749,18"),
    }
    assert item["valor_impostos"] == "2587,63"
    assert answer.json["totais"] == {
        "valor_mercadoria": "9857,68",
        "impostos": [
            {"tributo": "ICMS", "valor": "1182,92"},
            {"tributo": "IPI", "valor": "492,88"},
            {"tributo": "PIS", "valor": "162,65"},
            {"tributo": "COFINS", "valor": "749,18"},
        ],
        "valor_impostos": "2587,63",
        "impostos_adicionados": "492,88",
        "impostos_inclusos": "2094,75",
        "valor_total": "10350,56",
    }
    assert {tax["tributo"]: tax["incluso"] for tax in item["impostos"]} == {
        "ICMS": "S",
        "IPI": "N",
        "PIS": "S",
        "COFINS": "S",
    }


async def test_tax_substitution(erp: Caller) -> None:
    """1,000.00 to PR: (1,000 + 32.50 IPI) × 1.42 = 1,466.15; × 19.5 % = 285.90; − 120 ICMS = 165.90."""
    item = (await simulate(erp, ("MAT", "10", "100,00", "0"))).json["itens"][0]
    found = {tax["tributo"]: tax for tax in item["impostos"]}
    assert found["ICMS-ST"] == {
        "tributo": "ICMS-ST",
        "base": "1466,15",
        "aliquota": "19,50",
        "deducao": "120,00",
        "valor": "165,90",
        "incluso": "N",
    }


async def test_a_final_consumer_in_another_state(erp: Caller) -> None:
    """100.00 to a person in BA: base 105.00 with IPI; ICMS 7 % = 7.35; DIFAL 20.5 − 7 = 13.5 % = 14.175, so 14.18."""
    item = (await simulate(erp, ("MAQ", "1", "100,00", "0"), cliente={"cpf_cnpj": CPF})).json["itens"][0]
    assert taxes(item) == {
        "ICMS": ("105,00", "7,00", "7,35"),
        "DIFAL": ("105,00", "13,50", "14,18"),
        "IPI": ("100,00", "5,00", "5,00"),
        "PIS": ("100,00", "1,65", "1,65"),
        "COFINS": ("100,00", "7,60", "7,60"),
    }


@pytest.mark.parametrize(
    ("code", "members", "rate"),
    [
        ("MAQ", {"destino": {"uf": "SP"}}, "18,00"),
        ("MAQ", {"destino": {"uf": "RJ"}}, "12,00"),
        ("MAQ", {"destino": {"uf": "AM"}}, "7,00"),
        ("IMP", {"destino": {"uf": "AM"}}, "4,00"),
        ("IMP", {"destino": {"uf": "SP"}}, "18,00"),
        ("MAQ", {"cliente": {"uf": "ES"}}, "7,00"),
        ("MAQ", {"cliente": {"uf": "SC"}, "destino": {"uf": "SP"}}, "18,00"),
    ],
    ids=str,
)
async def test_the_rate_depends_on_product_origin_and_destination(
    erp: Caller, code: str, members: dict[str, Any], rate: str
) -> None:
    item = (await simulate(erp, (code, "1", "100,00", "0"), **members)).json["itens"][0]
    assert taxes(item)["ICMS"][1] == rate


async def test_inside_the_state_of_origin_nothing_is_shared_with_another(erp: Caller) -> None:
    person = {"uf": "SP", "consumidor_final": "S"}
    found = taxes((await simulate(erp, ("AUTO", "1", "100,00", "0"), cliente=person)).json["itens"][0])
    assert "DIFAL" not in found
    assert "ICMS-ST" not in found
    reseller = taxes((await simulate(erp, ("AUTO", "1", "100,00", "0"), cliente={"uf": "SP"})).json["itens"][0])
    assert "ICMS-ST" in reseller


async def test_the_nature_of_operation_decides_what_is_charged(erp: Caller) -> None:
    item = (await simulate(erp, ("MAQ", "1", "100,00", "0"), natureza="REMESSA")).json["itens"][0]
    assert set(taxes(item)) == {"ICMS", "IPI"}


async def test_the_discount_is_a_percentage(erp: Caller) -> None:
    """3 × 33.33 = 99.99 less 7.25 % = 92.740725."""
    item = (await simulate(erp, ("FOOD", "3", "33,33", "7,25"))).json["itens"][0]
    assert item["valor_mercadoria"] == "92,74"


async def test_halves_are_rounded_up(erp: Caller) -> None:
    """0.50 × 5 % = 0.025; 10.00 × 1.65 % = 0.165."""
    found = taxes((await simulate(erp, ("MAQ", "1", "0,50", "0"))).json["itens"][0])
    assert found["IPI"][2] == "0,03"
    assert taxes((await simulate(erp, ("MAQ", "1", "10,00", "0"))).json["itens"][0])["PIS"][2] == "0,17"


async def test_totals_are_the_sums_of_rounded_items(erp: Caller) -> None:
    """Three lines of 0.50: three times 0.03 of IPI, not 0.08."""
    answer = await simulate(erp, *[("MAQ", "1", "0,50", "0")] * 3)
    assert [item["sequencia"] for item in answer.json["itens"]] == [1, 2, 3]
    assert {"tributo": "IPI", "valor": "0,09"} in answer.json["totais"]["impostos"]


@pytest.mark.parametrize(
    ("members", "code", "named"),
    [
        ({"cliente": {"cpf_cnpj": "99999999000191"}}, "CLIENTE_NAO_ENCONTRADO", "99999999000191"),
        ({"cliente": {"cpf_cnpj": 5}}, "CLIENTE_NAO_ENCONTRADO", "5"),
        ({"cliente": {}}, "CLIENTE_INVALIDO", "cliente"),
        ({"cliente": {"uf": "SP", "cpf_cnpj": CNPJ}}, "CLIENTE_INVALIDO", "cliente"),
        ({"cliente": {"uf": "XX"}}, "UF_INVALIDA", "UF"),
        ({"cliente": {"cpf_cnpj": with_check_digits("000000010001")}}, "UF_INVALIDA", "UF"),
        ({"cliente": {"uf": "SP", "consumidor_final": "yes"}}, "CODIGO_INVALIDO", "S, N"),
        ({"destino": {"uf": ["SP"]}}, "UF_INVALIDA", "UF"),
        ({"destino": {}}, "CAMPO_OBRIGATORIO", "destino.uf"),
        ({"natureza": "DOACAO"}, "NATUREZA_INVALIDA", "DOACAO"),
        ({"natureza": ["VENDA"]}, "NATUREZA_INVALIDA", "VENDA"),
        ({"itens": []}, "ITENS_INVALIDOS", "itens"),
        ({"itens": "x"}, "ITENS_INVALIDOS", "itens"),
        ({"itens": ["x"]}, "TIPO_INVALIDO", "itens[0]"),
        ({"frete": "1,00"}, "CAMPO_DESCONHECIDO", "frete"),
    ],
    ids=str,
)
async def test_a_wrong_request_is_refused_by_name(erp: Caller, members: dict[str, Any], code: str, named: str) -> None:
    answer = await simulate(erp, ("MAQ", "1", "100,00", "0"), **members)
    assert answer.status == 422
    assert answer.json["erro"]["codigo"] == code
    assert named in answer.json["erro"]["mensagem"]


@pytest.mark.parametrize(
    ("item", "code", "named"),
    [
        (("P9999", "1", "1,00", "0"), "PRODUTO_NAO_ENCONTRADO", "P9999"),
        (("NONE", "1", "1,00", "0"), "CLASSE_SEM_REGRA", "NONE"),
        (("MAQ", "0", "1,00", "0"), "VALOR_INVALIDO", "quantidade"),
        (("MAQ", "1", "1.00", "0"), "VALOR_INVALIDO", "preco_unitario"),
        (("MAQ", "1", "1,00", "101"), "VALOR_INVALIDO", "desconto"),
    ],
    ids=str,
)
async def test_a_wrong_item_is_refused_by_name(
    erp: Caller, item: tuple[str, str, str, str], code: str, named: str
) -> None:
    answer = await simulate(erp, ("MAQ", "1", "1,00", "0"), item)
    assert answer.status == 422
    assert answer.json["erro"]["codigo"] == code
    assert named in answer.json["erro"]["mensagem"]
    assert answer.json["erro"]["campo"].startswith("itens[1].")


async def test_two_items_cannot_share_a_sequence(erp: Caller) -> None:
    item = {"sequencia": "a", "produto": "MAQ", "quantidade": "1", "preco_unitario": "1,00"}
    answer = await simulate(erp, itens=[item, item])
    assert answer.json["erro"]["codigo"] == "SEQUENCIA_REPETIDA"


async def test_nothing_is_saved(erp: Caller) -> None:
    before = (await erp.call("POST", "/_sandbox/state")).json
    await simulate(erp, ("MAQ", "1", "100,00", "0"))
    assert (await erp.call("POST", "/_sandbox/state")).json == before


@given(
    cents=st.integers(min_value=1, max_value=10**11),
    product_class=st.sampled_from(sorted(tax_table().classes)),
    origin=st.sampled_from("0123"),
    state=st.sampled_from(sorted(tax_table().internal)),
    final_consumer=st.booleans(),
)
def test_every_amount_is_its_base_times_its_rate_less_its_deduction(
    cents: int, product_class: str, origin: str, state: str, final_consumer: bool
) -> None:
    """Within half a cent, for every goods value, class, origin and destination; and nothing is negative."""
    goods = Goods(Decimal(cents) / 100, product_class, origin)
    found = tax_table().taxes(goods, Destination(state, final_consumer))
    assert found[0].kind == "ICMS"
    for tax in found:
        assert abs(tax.base * tax.rate / 100 - tax.deduction - tax.amount) <= Decimal("0.005")
        assert tax.amount == tax.amount.quantize(Decimal("0.01"))
        assert tax.amount >= Decimal(0)
