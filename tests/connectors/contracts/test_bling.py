"""Bling v3: exchanges as a copy of the vendor's OpenAPI describes them, with invented values."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.errors import BlockedError, CredentialsRefusedError, VendorFaultError
from reconciler.ports.http.oauth2 import REFRESH_TOKEN
from reconciler.ports.http.settings import OAuth2Auth
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

CREDENTIALS = {
    "client_id": "made-up-client",
    "client_secret": "made-up-secret",
    "refresh_token": "made-up-first-refresh",
}
BASIC = "Basic bWFkZS11cC1jbGllbnQ6bWFkZS11cC1zZWNyZXQ="
GONE = Answer({"error": {"type": "RESOURCE_NOT_FOUND", "message": "x", "description": "não encontrado"}}, status=404)
SINCE = datetime(2026, 5, 2, 2, 30, tzinfo=UTC)
"""Half past eleven of the day before in São Paulo."""


class Tokens:
    """Keeps tokens, and remembers in which order things happened."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def load(self, name: str) -> str | None:
        return self.kept.get(name)

    async def save(self, name: str, token: str) -> None:
        await asyncio.sleep(0)
        self.kept[name] = token


def bling(*exchanges: Exchange, tokens: Tokens | None = None, **more: Any) -> AbstractAsyncContextManager[Connector]:
    """Connected, with the token host moved to the stand-in."""
    described = load_description("bling", Path()).http
    assert described is not None
    assert isinstance(described.auth, OAuth2Auth)
    auth = described.auth.model_copy(update={"token_path": "/oauth/token"})
    store = tokens or Tokens()
    return connected("bling", *exchanges, credentials=CREDENTIALS, tokens=store, auth=auth, concurrency=1, **more)


def token(used: str = "made-up-first-refresh", number: int = 1) -> Exchange:
    """The exchange of a refresh token for an access token and the next refresh token."""
    given = {"access_token": f"made-up-access-{number}", "refresh_token": f"made-up-refresh-{number}"}
    return Exchange(
        "POST",
        "/oauth/token",
        Answer({**given, "expires_in": 21600, "token_type": "Bearer"}),
        headers={"Authorization": BASIC, "enable-jwt": "1"},
        body=f"grant_type=refresh_token&refresh_token={used}",
    )


def get(path: str, answer: Answer, query: Mapping[str, str] | None = None, number: int = 1) -> Exchange:
    headers = {"Authorization": f"Bearer made-up-access-{number}", "enable-jwt": "1"}
    return Exchange("GET", path, answer, query=query, headers=headers)


def contacts(page: int, *records: JsonValue, **more: str) -> Exchange:
    query = {"pagina": str(page), "limite": "100", "criterio": "1", **more}
    return get("/contatos", Answer({"data": list(records)}), query)


def summary(identity: int) -> dict[str, JsonValue]:
    return {
        "id": identity,
        "nome": f"Distribuidora {identity} Ltda",
        "codigo": "",
        "situacao": "A",
        "numeroDocumento": "11222333000181",
        "telefone": "(11) 3333-2222",
        "celular": "",
    }


def contact(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        **summary(identity),
        "fantasia": "Distribuidora",
        "tipo": "J",
        "ie": "110042490114",
        "email": "fiscal@example.com",
        "endereco": {
            "geral": {
                "endereco": "Rua das Flores",
                "numero": "10",
                "municipio": "São Paulo",
                "uf": "SP",
                "cep": "01310-100",
            }
        },
        "financeiro": {"limiteCredito": 50000, "condicaoPagamento": "30"},
        **changes,
    }


def detail(identity: int, number: int = 1, **changes: JsonValue) -> Exchange:
    return get(f"/contatos/{identity}", Answer({"data": contact(identity, **changes)}), number=number)


def order(identity: int) -> dict[str, JsonValue]:
    head: dict[str, JsonValue] = {"id": identity, "numero": 12, "data": "2026-11-22", "total": 55252.3}
    buyer: JsonValue = {"id": 7, "nome": "Distribuidora 7 Ltda", "tipoPessoa": "J", "numeroDocumento": "11222333000181"}
    return {**head, "contato": buyer, "situacao": {"id": 6, "valor": 0}}


GOODS: JsonValue = {
    "id": 9001,
    "codigo": "P0004",
    "unidade": "UN",
    "quantidade": 10,
    "desconto": 5,
    "valor": 4928.84,
    "produto": {"id": 31},
}


async def test_each_contact_of_a_list_is_asked_for_itself() -> None:
    """The credit limit is in the contact only."""
    async with bling(token(), contacts(1, summary(7), summary(8)), detail(7), detail(8)) as connector:
        page = mapped(connector, "customers", await pulled(connector, "customers"))
    assert rows(page)[0] == {
        "_id": "7",
        "tax_id": "11222333000181",
        "legal_name": "Distribuidora 7 Ltda",
        "trade_name": "Distribuidora",
        "state_registration": "110042490114",
        "email": "fiscal@example.com",
        "phone": "1133332222",
        "street": "Rua das Flores",
        "city": "São Paulo",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal(50000),
        "active": True,
    }
    assert [row["_id"] for row in rows(page)] == ["7", "8"]


async def test_the_first_short_page_ends_and_pages_are_counted_from_one() -> None:
    """There is no total: the ids are read again, twice, before the scan is believed."""
    full = [summary(identity) for identity in range(1, 101)]
    listings = [contacts(1, *full), contacts(2, summary(101))] * 3
    details = [detail(identity) for identity in range(1, 102)]
    async with bling(token(), *listings, *details) as connector:
        pages = await pulled(connector, "customers")
    assert [record["id"] for record in pages.records] == list(range(1, 102))


async def test_an_empty_list_is_believed_when_it_comes_twice() -> None:
    async with bling(token(), contacts(1), contacts(1)) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_a_contact_deleted_while_the_list_was_read_is_left_out() -> None:
    listing = contacts(1, summary(7), summary(8))
    async with bling(token(), listing, detail(7), get("/contatos/8", GONE)) as connector:
        pages = await pulled(connector, "customers")
    assert [record["id"] for record in pages.records] == [7]


async def test_changes_are_asked_for_by_day_of_sao_paulo() -> None:
    day = {"dataAlteracaoInicial": "2026-05-01"}
    products = {"pagina": "1", "limite": "100", "criterio": "5", **day}
    sales = {"pagina": "1", "limite": "100", **day}
    exchanges = (
        contacts(1, summary(7), **day),
        detail(7),
        *[get("/produtos", Answer({"data": []}), products)] * 2,
        *[get("/pedidos/vendas", Answer({"data": []}), sales)] * 2,
    )
    async with bling(token(), *exchanges) as connector:
        found = {entity: await pulled(connector, entity, SINCE) for entity in ("customers", "products", "orders")}
        assert not connector.capabilities("quotes").changed
    assert [len(pages.records) for pages in found.values()] == [1, 0, 0]


async def test_one_contact_and_one_that_is_gone() -> None:
    async with bling(token(), detail(7), get("/contatos/8", GONE)) as connector:
        assert await connector.one("customers", "7") == [contact(7)]
        assert await connector.one("customers", "8") == []


async def test_a_contact_is_found_by_its_document_and_then_read() -> None:
    async with bling(token(), contacts(1, summary(7), numeroDocumento="11222333000181"), detail(7)) as connector:
        assert await connector.find("customers", "11222333000181") == [contact(7)]


async def test_products_of_every_state_are_read() -> None:
    listed: dict[str, JsonValue] = {
        "id": 31,
        "nome": "Parafuso sextavado",
        "codigo": "P0004",
        "preco": 4928.84,
        "situacao": "I",
    }
    whole: JsonValue = {**listed, "unidade": "UN", "tributacao": {"ncm": "7318.15.00"}}
    query = {"pagina": "1", "limite": "100", "criterio": "5"}
    exchanges = (get("/produtos", Answer({"data": [listed]}), query), get("/produtos/31", Answer({"data": whole})))
    async with bling(token(), *exchanges) as connector:
        page = mapped(connector, "products", await pulled(connector, "products"))
    assert rows(page) == [
        {
            "_id": "31",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "unit": "UN",
            "ncm": "73181500",
            "price": Decimal("4928.84"),
            "active": False,
        }
    ]


async def test_orders_have_their_items_in_the_order_only() -> None:
    query = {"pagina": "1", "limite": "100"}
    whole = {**order(77), "itens": [GOODS]}
    exchanges = (
        get("/pedidos/vendas", Answer({"data": [order(77)]}), query),
        get("/pedidos/vendas", Answer({"data": [order(77)]}), {**query, "numero": "12"}),
        *[get("/pedidos/vendas/77", Answer({"data": whole}))] * 2,
    )
    async with bling(token(), *exchanges) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
        assert await connector.find("orders", "12") == [whole]
    head = {"_id": "77", "number": "12", "customer": "11222333000181"}
    assert rows(page) == [{**head, "date": date(2026, 11, 22), "total": Decimal("55252.3")}]
    line = {"_id": "9001", "_parent": "77", "sku": "P0004"}
    assert lines(page) == [{**line, "quantity": Decimal(10), "unit_price": Decimal("4928.84")}]


async def test_a_proposal_comes_bare_and_its_contact_is_asked_for_once() -> None:
    def head(identity: int) -> dict[str, JsonValue]:
        return {"id": identity, "numero": identity, "data": "2026-11-22", "total": 55252.3, "contato": {"id": 7}}

    query = {"pagina": "1", "limite": "100"}
    exchanges = (
        get("/propostas-comerciais", Answer({"data": [head(5), head(6)]}), query),
        get("/propostas-comerciais/5", Answer({**head(5), "itens": [GOODS]})),
        get("/propostas-comerciais/6", Answer({**head(6), "itens": [GOODS]})),
        detail(7),
    )
    async with bling(token(), *exchanges) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    assert [(row["number"], row["customer"], row["date"]) for row in rows(page)] == [
        ("5", "11222333000181", date(2026, 11, 22)),
        ("6", "11222333000181", date(2026, 11, 22)),
    ]
    assert [(line["_id"], line["sku"]) for line in lines(page)] == [("5#0", "P0004"), ("6#0", "P0004")]


async def test_the_next_refresh_token_is_kept_before_the_access_token_is_used() -> None:
    """Trap 8: it can be used once, and a crash in between would end the grant."""
    tokens = Tokens()
    async with bling(token(), detail(7), tokens=tokens) as connector:
        await connector.one("customers", "7")
    assert tokens.kept == {REFRESH_TOKEN: "made-up-refresh-1"}
    async with bling(token("made-up-refresh-1", 2), detail(7, number=2), tokens=tokens) as connector:
        await connector.one("customers", "7")
    assert tokens.kept == {REFRESH_TOKEN: "made-up-refresh-2"}


async def test_however_many_records_find_the_token_ended_one_refresh_follows() -> None:
    """Trap 8: two at once would use the same refresh token twice, and the second ends the grant."""
    ended = Answer({"error": {"type": "invalid_token"}}, status=401)
    tokens = Tokens()
    exchanges = (
        token(),
        contacts(1, summary(7), summary(8)),
        get("/contatos/7", ended),
        get("/contatos/8", ended),
        token("made-up-refresh-1", 2),
        detail(7, number=2),
        detail(8, number=2),
    )
    async with bling(*exchanges, tokens=tokens) as connector:
        pages = await pulled(connector, "customers")
    assert [record["id"] for record in pages.records] == [7, 8]
    assert tokens.kept == {REFRESH_TOKEN: "made-up-refresh-2"}


async def test_a_refresh_token_that_is_not_accepted_is_told() -> None:
    refused = Exchange(
        "POST",
        "/oauth/token",
        Answer({"error": {"type": "invalid_grant", "message": "Invalid refresh token"}}, status=400),
        body="grant_type=refresh_token&refresh_token=made-up-first-refresh",
    )
    async with bling(refused) as connector:
        with pytest.raises(CredentialsRefusedError, match="no access token is given"):
            await connector.probe()


def _limit(period: str, **headers: str) -> Answer:
    error = {"type": "TOO_MANY_REQUESTS", "message": "x", "description": "O limite de requisições foi atingido."}
    return Answer({"error": {**error, "period": period}}, status=429, headers=headers)


async def test_too_fast_passes_by_waiting() -> None:
    """Trap 18: a full second."""
    async with bling(token(), get("/contatos/7", _limit("second", **{"Retry-After": "0"})), detail(7)) as connector:
        assert await connector.one("customers", "7") == [contact(7)]


@pytest.mark.parametrize("period", ["day", "DAY", "dia"])
async def test_a_spent_day_is_over_until_midnight(period: str) -> None:
    """Trap 18: the same status, and asking again would not help; nothing more is sent."""
    async with bling(token(), get("/contatos/7", _limit(period))) as connector:
        with pytest.raises(BlockedError, match="limite de requisições") as blocked:
            await connector.one("customers", "7")
        with pytest.raises(BlockedError):
            await connector.one("customers", "8")
    assert (blocked.value.until.hour, blocked.value.until.minute) == (0, 0)


async def test_our_own_budget_of_the_day_stops_before_the_vendor_does() -> None:
    """Trap 18: the requests of details count like all others."""
    described = load_description("bling", Path()).http
    assert described is not None
    assert described.day_budget == 120_000
    listing = contacts(1, summary(7), summary(8))
    async with bling(token(), listing, detail(7), day_budget=3) as connector:
        with pytest.raises(BlockedError, match="day budget of 3 calls is spent"):
            await pulled(connector, "customers")


async def test_an_error_surfaces_with_its_own_words() -> None:
    error: JsonValue = {"type": "insufficient_scope", "message": "x", "description": "O escopo não permite o acesso."}
    async with bling(token(), get("/contatos/7", Answer({"error": error}, status=403))) as connector:
        with pytest.raises(VendorFaultError, match="O escopo não permite") as failed:
            await connector.one("customers", "7")
    assert failed.value.vendor_code == "insufficient_scope"


async def test_alerts_inside_a_success_are_an_error() -> None:
    """Trap 2: a deletion of several answers 200, with what was not done in `alertas`."""
    alert: JsonValue = {"error": {"type": "VALIDATION_ERROR", "description": "O contato possui vendas."}}
    async with bling(token(), get("/contatos/7", Answer({"data": {"alertas": [alert]}}))) as connector:
        with pytest.raises(VendorFaultError, match="O contato possui vendas"):
            await connector.one("customers", "7")


def test_the_token_host_is_the_vendors() -> None:
    described = load_description("bling", Path()).http
    assert described is not None
    assert isinstance(described.auth, OAuth2Auth)
    assert described.auth.token_path == "https://bling.com.br/Api/v3/oauth/token"
    assert [(rate.calls, rate.per_s) for rate in described.rates] == [(3, 1.0)]
