"""The stand-in ERP: sessions, pages by number, filters, validation and versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from reconciler.sandbox.erp.sessions import LIFETIME_S, Sessions
from reconciler.sandbox.generator.documents import masked, with_check_digits
from tests.sandbox.calling import PASSWORD, USER, Caller, erp_of


def number_of(position: int) -> str:
    return with_check_digits(f"{position:08d}0001")


def client(position: int) -> dict[str, Any]:
    return {
        "codigo": f"{position:06d}",
        "razao_social": f"Comercial Serra {position} Ltda",
        "nome_fantasia": f"Serra {position}",
        "cpf_cnpj": masked(number_of(position)),
        "inscricao_estadual": "ISENTO",
        "email": f"compras{position}@example.com",
        "telefone": "(11) 5555-0001",
        "endereco": {"logradouro": "Rua do Porto, 1", "cidade": "São Paulo", "uf": "SP", "cep": "01310-100"},
        "limite_credito": "50000,00",
        "desconto_especial": None,
        "volume_vendas": "123456,78",
        "ativo": "S",
        "data_alteracao": f"{position:02d}/05/2026",
        "hora_alteracao": "10:11:12",
        "versao": 3,
    }


PRODUCT: dict[str, Any] = {
    "codigo": "P0004",
    "descricao": "Furadeira",
    "unidade": "UN",
    "ncm": "84592900",
    "preco_venda": "4928,84",
    "classe": "maquinas",
    "origem": "0",
    "ativo": "S",
    "data_alteracao": "01/05/2026",
    "hora_alteracao": "00:00:00",
    "versao": 1,
}
ORDER: dict[str, Any] = {
    "numero": "50001",
    "cliente_cpf_cnpj": masked(number_of(1)),
    "emissao": "22/11/2026",
    "situacao": "A",
    "valor_total": "9857,68",
    "itens": [
        {
            "sequencia": 1,
            "produto": "P0004",
            "quantidade": "2,000",
            "preco_unitario": "4928,84",
            "desconto": "0,00",
            "total": "9857,68",
        }
    ],
    "data_alteracao": "22/11/2026",
    "hora_alteracao": "08:00:00",
    "versao": 1,
}


@pytest.fixture
async def erp() -> AsyncIterator[Caller]:
    """Nine customers, a product and an order."""
    clients = [client(position) for position in range(9, 0, -1)]
    async with erp_of({"clientes": clients, "produtos": [dict(PRODUCT)], "pedidos": [dict(ORDER)]}) as caller:
        yield caller


def codes(answer: Any) -> list[int]:
    return [int(row["codigo"]) for row in answer.json["clientes"]]


async def test_pages_are_ordered_by_code_and_say_how_many_there_are(erp: Caller) -> None:
    first = await erp.get("/clientes", pagina="1", tamanho="4")
    assert codes(first) == [1, 2, 3, 4]
    envelope = {name: value for name, value in first.json.items() if name != "clientes"}
    assert envelope == {"pagina": 1, "tamanho": 4, "total_paginas": 3, "total_registros": 9}
    assert codes(await erp.get("/clientes", pagina="3", tamanho="4")) == [9]
    beyond = (await erp.get("/clientes", pagina="4", tamanho="4")).json
    assert (beyond["clientes"], beyond["total_registros"]) == ([], 9)


async def test_nothing_is_an_empty_list_and_not_an_error(erp: Caller) -> None:
    answer = await erp.get("/orcamentos")
    assert answer.status == 200
    empty = {"pagina": 1, "tamanho": 100, "total_paginas": 0, "total_registros": 0, "orcamentos": []}
    assert answer.json == empty


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"alterado_desde": "08/05/2026 10:11:12"}, [8, 9]),
        ({"alterado_desde": "08/05/2026 10:11:13"}, [9]),
        ({"alterado_desde": "01/01/2027 00:00:00"}, []),
        ({"codigo": "000003"}, [3]),
        ({"codigo": "3"}, []),
        ({"cpf_cnpj": number_of(5)}, [5]),
        ({"cpf_cnpj": masked(number_of(5))}, [5]),
        ({"cpf_cnpj": number_of(50)}, []),
        ({"cpf_cnpj": number_of(5), "codigo": "000005"}, [5]),
        ({"cpf_cnpj": number_of(5), "codigo": "000006"}, []),
        ({"cpf_cnpj": number_of(5), "alterado_desde": "06/05/2026 00:00:00"}, []),
        ({"codigo": "000005", "alterado_desde": "06/05/2026 00:00:00"}, []),
    ],
    ids=str,
)
async def test_filters(erp: Caller, options: dict[str, str], wanted: list[int]) -> None:
    answer = await erp.get("/clientes", **options)
    assert answer.status == 200
    assert codes(answer) == wanted
    assert answer.json["total_registros"] == len(wanted)


async def test_orders_are_found_by_number_and_customer(erp: Caller) -> None:
    assert len((await erp.get("/pedidos", numero="50001")).json["pedidos"]) == 1
    assert len((await erp.get("/pedidos", cpf_cnpj=number_of(1))).json["pedidos"]) == 1
    assert len((await erp.get("/pedidos", cpf_cnpj=number_of(2))).json["pedidos"]) == 0


async def test_only_the_wanted_members_are_sent(erp: Caller) -> None:
    rows = (await erp.get("/clientes", campos="codigo, versao", tamanho="2")).json["clientes"]
    assert rows == [{"codigo": "000001", "versao": 3}, {"codigo": "000002", "versao": 3}]


@pytest.mark.parametrize(
    "options",
    [
        {"tamanho": "501"},
        {"tamanho": "0"},
        {"pagina": "0"},
        {"pagina": "-1"},
        {"pagina": "um"},
        {"alterado_desde": "2026-05-08 10:11:12"},
        {"alterado_desde": "31/02/2026 10:11:12"},
        {"alterado_desde": "8/5/2026 10:11:12"},
        {"alterado_desde": "08/05/2026"},
        {"pagian": "1"},
        {"numero": "1"},
    ],
    ids=str,
)
async def test_a_parameter_that_is_not_understood_is_refused(erp: Caller, options: dict[str, str]) -> None:
    answer = await erp.get("/clientes", **options)
    assert answer.status == 400
    assert answer.json["erro"]["codigo"] == "PARAMETRO_INVALIDO"
    assert answer.json["erro"]["campo"] == next(iter(options))


async def test_the_largest_page_is_five_hundred() -> None:
    rows = [{"codigo": f"{position:06d}"} for position in range(1, 702)]
    async with erp_of({"clientes": rows}) as erp:
        assert len((await erp.get("/clientes", tamanho="500")).json["clientes"]) == 500
        assert len((await erp.get("/clientes")).json["clientes"]) == 100


async def test_one_record_by_its_address(erp: Caller) -> None:
    answer = await erp.get("/clientes/000005")
    assert answer.json == client(5)
    assert answer.headers["ETag"] == '"3"'
    missing = await erp.get("/clientes/5")
    assert (missing.status, missing.json["erro"]["codigo"]) == (404, "NAO_ENCONTRADO")


@pytest.mark.parametrize(
    "body",
    [{"usuario": USER, "senha": "wrong"}, {"usuario": "x", "senha": PASSWORD}, {"senha": PASSWORD}, {"usuario": 1}],
    ids=["password", "user", "no user", "types"],
)
async def test_wrong_credentials_open_no_session(erp: Caller, body: dict[str, Any]) -> None:
    answer = await erp.call("POST", "/sessao", body)
    assert answer.status == 401
    assert answer.json["erro"]["codigo"] == "CREDENCIAIS_INVALIDAS"


@pytest.mark.parametrize("token", [None, "", "0" * 48], ids=["absent", "empty", "unknown"])
async def test_without_a_session_nothing_is_served(erp: Caller, token: str | None) -> None:
    erp.headers = {} if token is None else {"X-Sessao": token}
    for method, path in (("GET", "/clientes"), ("POST", "/simulacao-impostos"), ("PATCH", "/clientes/000001")):
        answer = await erp.call(method, path, {})
        assert answer.status == 401
        assert answer.json["erro"]["codigo"] == "SESSAO_EXPIRADA"


async def test_a_closed_session_is_lost(erp: Caller) -> None:
    assert (await erp.call("DELETE", "/sessao")).status == 204
    assert (await erp.get("/clientes")).status == 401


async def test_the_answer_to_a_login_says_how_long_it_lasts(erp: Caller) -> None:
    answer = await erp.call("POST", "/sessao", {"usuario": USER, "senha": PASSWORD})
    assert answer.json["expira_em_s"] == 1800


def test_a_session_ends_after_its_time() -> None:
    now = 100.0
    sessions = Sessions(USER, PASSWORD, lambda: now)
    token = sessions.open(USER, PASSWORD)
    now += LIFETIME_S - 1
    assert sessions.is_open(token)
    now += 1
    assert not sessions.is_open(token)


def test_the_oldest_of_too_many_sessions_goes() -> None:
    sessions = Sessions(USER, PASSWORD)
    tokens = [sessions.open(USER, PASSWORD) for _ in range(1_001)]
    assert not sessions.is_open(tokens[0])
    assert sessions.is_open(tokens[1])


async def test_a_partial_update_sticks_and_moves_stamp_and_version(erp: Caller) -> None:
    answer = await erp.call("PATCH", "/clientes/000005", {"limite_credito": "1,5", "endereco": {"cep": "20000000"}})
    assert answer.status == 200
    kept = (await erp.get("/clientes/000005")).json
    assert kept == answer.json
    assert kept["limite_credito"] == "1,50"
    assert kept["endereco"] == {**client(5)["endereco"], "cep": "20000-000"}
    assert kept["razao_social"] == client(5)["razao_social"]
    assert kept["versao"] == 4
    assert kept["data_alteracao"] != client(5)["data_alteracao"]
    changed = await erp.get("/clientes", alterado_desde="10/05/2026 00:00:00")
    assert codes(changed) == [5]


async def test_a_full_update_needs_every_member(erp: Caller) -> None:
    whole = (await erp.get("/clientes/000005")).json
    assert (await erp.call("PUT", "/clientes/000005", {**whole, "email": ""})).json["email"] == ""
    del whole["email"]
    answer = await erp.call("PUT", "/clientes/000005", whole)
    assert answer.status == 422
    assert answer.json["erro"]["campo"] == "email"


@pytest.mark.parametrize("version", ["2", '"2"'])
async def test_a_stale_version_is_refused(erp: Caller, version: str) -> None:
    answer = await erp.call("PATCH", "/clientes/000005", {"email": ""}, headers={"If-Match": version})
    assert (answer.status, answer.json["erro"]["codigo"]) == (412, "VERSAO_DIVERGENTE")
    assert (await erp.get("/clientes/000005")).json == client(5)


async def test_the_right_version_is_accepted(erp: Caller) -> None:
    assert (await erp.call("PATCH", "/clientes/000005", {"email": ""}, headers={"If-Match": '"3"'})).status == 200


async def test_a_created_customer_gets_the_next_code(erp: Caller) -> None:
    body = {name: value for name, value in client(77).items() if name != "codigo"}
    answer = await erp.call("POST", "/clientes", {**body, "cpf_cnpj": number_of(77)})
    assert answer.status == 201
    assert (answer.json["codigo"], answer.json["versao"]) == ("000010", 1)
    assert answer.json["cpf_cnpj"] == masked(number_of(77))
    assert codes(await erp.get("/clientes", cpf_cnpj=number_of(77))) == [10]
    again = await erp.call("POST", "/clientes", body)
    assert (again.status, again.json["erro"]["codigo"]) == (422, "CPF_CNPJ_JA_CADASTRADO")


@pytest.mark.parametrize(
    ("change", "code", "member"),
    [
        ({"cpf_cnpj": "12.345.678/0001-00"}, "CPF_CNPJ_INVALIDO", "cpf_cnpj"),
        ({"cpf_cnpj": 5}, "CPF_CNPJ_INVALIDO", "cpf_cnpj"),
        ({"cpf_cnpj": None}, "CAMPO_OBRIGATORIO", "cpf_cnpj"),
        ({"razao_social": ""}, "CAMPO_OBRIGATORIO", "razao_social"),
        ({"razao_social": "x" * 61}, "TAMANHO_EXCEDIDO", "razao_social"),
        ({"nome_fantasia": ["x"]}, "TIPO_INVALIDO", "nome_fantasia"),
        ({"email": "ninguem"}, "EMAIL_INVALIDO", "email"),
        ({"telefone": "12"}, "NUMERO_INVALIDO", "telefone"),
        ({"endereco": {"uf": "XX"}}, "UF_INVALIDA", "endereco.uf"),
        ({"endereco": {"uf": ["SP"]}}, "UF_INVALIDA", "endereco.uf"),
        ({"endereco": {"cep": "123"}}, "NUMERO_INVALIDO", "endereco.cep"),
        ({"endereco": {"bairro": "x"}}, "CAMPO_DESCONHECIDO", "endereco.bairro"),
        ({"endereco": "x"}, "TIPO_INVALIDO", "endereco."),
        ({"limite_credito": "50000.00"}, "VALOR_INVALIDO", "limite_credito"),
        ({"limite_credito": "50.000,00"}, "VALOR_INVALIDO", "limite_credito"),
        ({"limite_credito": 50000}, "VALOR_INVALIDO", "limite_credito"),
        ({"limite_credito": "1,234"}, "VALOR_INVALIDO", "limite_credito"),
        ({"ativo": True}, "CODIGO_INVALIDO", "ativo"),
        ({"limite": "1,00"}, "CAMPO_DESCONHECIDO", "limite"),
    ],
    ids=str,
)
async def test_a_wrong_value_is_refused_by_name(erp: Caller, change: dict[str, Any], code: str, member: str) -> None:
    answer = await erp.call("PATCH", "/clientes/000005", change)
    assert answer.status == 422
    assert (answer.json["erro"]["codigo"], answer.json["erro"]["campo"]) == (code, member)
    assert answer.json["erro"]["mensagem"]
    assert (await erp.get("/clientes/000005")).json == client(5)


async def test_another_customers_number_cannot_be_taken(erp: Caller) -> None:
    answer = await erp.call("PATCH", "/clientes/000005", {"cpf_cnpj": number_of(6)})
    assert answer.json["erro"]["codigo"] == "CPF_CNPJ_JA_CADASTRADO"
    assert (await erp.call("PATCH", "/clientes/000005", {"cpf_cnpj": number_of(5)})).status == 200


async def test_products_and_orders_are_written_too(erp: Caller) -> None:
    assert (await erp.call("POST", "/produtos", PRODUCT)).json["erro"]["codigo"] == "CODIGO_JA_CADASTRADO"
    assert (await erp.call("POST", "/produtos", {**PRODUCT, "codigo": "P0005"})).status == 201
    created = await erp.call("POST", "/pedidos", {**ORDER, "situacao": "F"})
    assert (created.status, created.json["numero"]) == (201, "50002")
    kept = await erp.call("POST", "/pedidos", {**ORDER, "numero": "77001"})
    assert (kept.status, kept.json["numero"]) == (201, "77001")
    unknown = {**ORDER, "itens": [{**ORDER["itens"][0], "produto": "P9999"}]}
    refused = await erp.call("POST", "/pedidos", unknown)
    assert (refused.status, refused.json["erro"]["campo"]) == (422, "itens[0].produto")
    assert "P9999" in refused.json["erro"]["mensagem"]
    assert (await erp.call("PATCH", "/pedidos/50001", {"situacao": "B"})).status == 422
    assert (await erp.call("PATCH", "/pedidos/50001", {"situacao": "C"})).json["versao"] == 2
    quote = {**ORDER, "revisao": 1, "validade": "22/12/2026", "valor_impostos": "1,00"}
    quote["itens"] = [{**ORDER["itens"][0], "valor_impostos": "1,00"}]
    assert (await erp.call("POST", "/orcamentos", quote)).json["numero"] == "1"
    assert (await erp.call("DELETE", "/pedidos/50001")).status == 204
    assert (await erp.get("/pedidos", numero="50001")).json["pedidos"] == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/clientes", 405),
        ("POST", "/clientes/000005", 405),
        ("GET", "/simulacao-impostos", 405),
        ("PUT", "/sessao", 405),
        ("GET", "/fornecedores", 404),
        ("GET", "/clientes/1/2", 404),
        ("GET", "/_sandbox/state", 404),
    ],
)
async def test_what_is_not_there_is_refused_in_the_same_words(erp: Caller, method: str, path: str, status: int) -> None:
    answer = await erp.call(method, path, {} if method != "GET" else None)
    assert answer.status == status
    assert set(answer.json["erro"]) == {"codigo", "mensagem"}


async def test_loaded_records_are_served_whatever_they_are() -> None:
    hostile = [{"codigo": "1", "razao_social": "\x1b[31m=1+1"}, "text", None, {"codigo": 5}, {"data_alteracao": 7}]
    async with erp_of({"clientes": hostile}) as erp:
        answer = await erp.get("/clientes")
        assert answer.json["total_registros"] == 5
        assert {"codigo": "1", "razao_social": "\x1b[31m=1+1"} in answer.json["clientes"]
        assert (await erp.get("/clientes", alterado_desde="01/01/2026 00:00:00")).json["clientes"] == []
        assert (await erp.get("/clientes", cpf_cnpj="x")).status == 200
        assert (await erp.get("/clientes", campos="codigo")).status == 200
        assert len((await erp.call("POST", "/_sandbox/state")).json["clientes"]) == 5
