"""Tax calls of Bling: one for each item, with the origin of its product."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Destination
from reconciler.ports.http.settings import OAuth2Auth
from tests.connectors.contracts.tax_contracts import erp_of, refusal, sale, shown
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import Erp, line


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
