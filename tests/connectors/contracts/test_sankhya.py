"""Sankhya: exchanges as a client library's measurements on the vendor's sandbox describe them, with invented values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, PageDriftError, ResponseNotUnderstoodError, VendorFaultError
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.strict_server import Answer, Exchange

ACCESS: dict[str, Any] = {
    "credentials": {"client_id": "made-up-client", "client_secret": "made-up-secret", "x_token": "made-up-gateway"},
    "context": {"codigo_empresa": 1},
    "concurrency": 1,
}
SINCE = datetime(2026, 5, 2, 13, 11, 12, 999, tzinfo=UTC)
TOKEN = Exchange(
    "POST",
    "/authenticate",
    Answer({"access_token": "made-up-access", "expires_in": 300, "token_type": "Bearer"}),
    headers={"X-Token": "made-up-gateway"},
    body="grant_type=client_credentials&client_id=made-up-client&client_secret=made-up-secret",
)
NOTHING = Answer(
    {"error": {"code": "RESOURCE_NOT_FOUND", "message": "Nenhum registro da entidade Parceiro"}},
    status=404,
)


def get(path: str, answer: Answer, /, **query: str) -> Exchange:
    return Exchange("GET", path, answer, query=query, headers={"Authorization": "Bearer made-up-access"})


def listed(name: str, *records: JsonValue, page: int = 0, more: bool = False) -> Answer:
    """A list, as it is written: one record alone stands without the list, and everything else is text."""
    found: JsonValue = records[0] if len(records) == 1 else list(records)
    paging: JsonValue = {
        "page": str(page),
        "offset": str(page * 50),
        "total": str(len(records)),
        "hasMore": "true" if more else "false",
    }
    return Answer({name: found, "pagination": paging})


def customers(answer: Answer, page: int = 0, /, **more: str) -> Exchange:
    return get("/v1/parceiros/clientes", answer, page=str(page), **more)


def customer(code: int, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "codigoCliente": str(code),
        "tipo": "J",
        "cnpjCpf": "11222333000181",
        "nome": "Distribuidora",
        "razao": f"DISTRIBUIDORA {code} LTDA",
        "ieRg": "110042490114",
        "email": "fiscal@example.com",
        "telefoneDdd": "11",
        "telefoneNumero": "33332222",
        "limiteCredito": "50000.50",
        "ativo": "true",
        "endereco": {"logradouro": "RUA DAS FLORES", "cidade": "SAO PAULO", "uf": "SP", "cep": "01310100"},
        **changes,
    }


def expected_customer(code: int) -> dict[str, Any]:
    return {
        "_id": str(code),
        "tax_id": "11222333000181",
        "legal_name": f"DISTRIBUIDORA {code} LTDA",
        "trade_name": "Distribuidora",
        "state_registration": "110042490114",
        "email": "fiscal@example.com",
        "phone": "1133332222",
        "street": "RUA DAS FLORES",
        "city": "SAO PAULO",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("50000.5"),
        "active": True,
    }


async def test_no_page_is_skipped_and_none_is_doubled() -> None:
    """Traps 10 and 20: the first page is 0, and "false" is a text. Without a total the ids are read twice more."""
    first = customers(listed("clientes", *map(customer, range(50)), more=True))
    last = customers(listed("clientes", customer(777), page=1), 1)
    async with connected("sankhya", TOKEN, *[first, last] * 3, **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    found = rows(mapped(connector, "customers", pages))
    assert [row["_id"] for row in found] == [*map(str, range(50)), "777"]
    assert found[-1] == expected_customer(777)


async def test_a_vendor_that_counts_from_one_after_all_is_noticed() -> None:
    """Trap 10: page 0 and page 1 are then the same. Read from 1, a vendor counting from 0 would lose a page unseen."""
    same = [customer(number) for number in range(50)]
    exchanges = [
        customers(listed("clientes", *same, more=True)),
        customers(listed("clientes", *same, page=1), 1),
    ]
    async with connected("sankhya", TOKEN, *exchanges * 3, **ACCESS) as connector:
        with pytest.raises(PageDriftError, match="a record came twice"):
            await pulled(connector, "customers")


async def test_one_record_alone_stands_without_a_list() -> None:
    async with connected("sankhya", TOKEN, customers(listed("clientes", customer(7))), **ACCESS) as connector:
        pages = await pulled(connector, "customers")
    assert rows(mapped(connector, "customers", pages)) == [expected_customer(7)]


async def test_nothing_is_a_404_with_a_code_of_its_own() -> None:
    async with connected("sankhya", TOKEN, customers(NOTHING), **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


async def test_another_404_is_a_wrong_address_and_not_an_empty_list() -> None:
    wrong = Answer({"error": {"code": "NOT_FOUND", "message": "Rota inexistente"}}, status=404)
    async with connected("sankhya", TOKEN, customers(wrong), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Rota inexistente") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "NOT_FOUND"


async def test_a_list_without_its_member_is_not_an_empty_list() -> None:
    degraded = Answer({"pagination": {"page": "0", "offset": "0", "total": "0", "hasMore": "false"}})
    async with connected("sankhya", TOKEN, customers(degraded), **ACCESS) as connector:
        with pytest.raises(ResponseNotUnderstoodError, match="nothing at `clientes`"):
            await pulled(connector, "customers")


_VALUES: dict[str, tuple[dict[str, JsonValue], dict[str, Any]]] = {
    "wrapped": ({"razao": {"$": "X LTDA"}, "limiteCredito": {"$": "7"}}, {"legal_name": "X LTDA", "credit_limit": 7}),
    "false is a text": ({"ativo": "false"}, {"active": False}),
    "a number": ({"limiteCredito": 50000}, {"credit_limit": Decimal(50000)}),
    "no legal name": ({"razao": ""}, {"legal_name": "Distribuidora"}),
    "CNPJ with letters": ({"cnpjCpf": "12ABC34501DE35"}, {"tax_id": "12ABC34501DE35"}),
    "masked CPF": ({"cnpjCpf": "111.444.777-35"}, {"tax_id": "11144477735"}),
}


@pytest.mark.parametrize(("sent", "meant"), _VALUES.values(), ids=_VALUES)
async def test_values_are_read_as_sankhya_writes_them(sent: dict[str, JsonValue], meant: dict[str, Any]) -> None:
    """Traps 13 and 20: texts for everything, `{"$": value}`, empty texts for null."""
    exchange = customers(listed("clientes", customer(7, **sent)))
    async with connected("sankhya", TOKEN, exchange, **ACCESS) as connector:
        page = mapped(connector, "customers", await pulled(connector, "customers"))
    assert rows(page) == [{**expected_customer(7), **meant}]


async def test_changes_are_asked_for_in_local_time_and_none_are_a_404() -> None:
    moment = "02/05/2026 10:11:12"
    exchanges = (
        customers(listed("clientes", customer(3)), dataHoraAlteracao=moment),
        get("/v1/produtos", NOTHING, page="0", modifiedSince=moment),
        get("/v1/vendas/pedidos", NOTHING, page="0", codigoEmpresa="1", modifiedSince=moment),
    )
    async with connected("sankhya", TOKEN, *exchanges, **ACCESS) as connector:
        found = {entity: await pulled(connector, entity, SINCE) for entity in connector.description.entities}
    assert {entity: len(pages.records) for entity, pages in found.items()} == {
        "customers": 1,
        "products": 0,
        "orders": 0,
    }


async def test_a_product_is_read_by_its_code() -> None:
    product: JsonValue = {
        "codigoProduto": "31",
        "nome": "Parafuso sextavado",
        "volume": "UN",
        "ncm": "7318.15.00",
        "ativo": "false",
        "dataAlteracao:": "x",
    }
    exchanges = (
        get("/v1/produtos", listed("produtos", product), page="0"),
        *[get("/v1/produtos/31", Answer({"produtos": product}))] * 2,
        get("/v1/produtos/32", NOTHING),
    )
    async with connected("sankhya", TOKEN, *exchanges, **ACCESS) as connector:
        page = mapped(connector, "products", await pulled(connector, "products"))
        assert await connector.one("products", "31") == await connector.find("products", "31") == [product]
        assert await connector.one("products", "32") == []
    expected = {"_id": "31", "sku": "31", "name": "Parafuso sextavado", "unit": "UN"}
    assert rows(page) == [{**expected, "ncm": "73181500", "active": False}]


async def test_orders_of_one_company_with_their_lines() -> None:
    goods: dict[str, JsonValue] = {"codigoProduto": "31", "quantidade": "10", "valorUnitario": "4928.84"}
    order: JsonValue = {
        "codigoNota": "77",
        "numeroNota": "12",
        "cliente": {"codigo": "7", "nome": "Distribuidora", "cnpjCpf": "11222333000181"},
        "confirmada": "true",
        "pendente": "false",
        "valorNota": "55252.30",
        "itens": {**goods, "valorTotal": "49288.40"},
    }
    company = {"page": "0", "codigoEmpresa": "1"}
    exchanges = (
        get("/v1/vendas/pedidos", listed("pedido", order), **company),
        get("/v1/vendas/pedidos", listed("pedido", order), **company, codigoNota="77"),
        get("/v1/vendas/pedidos", listed("pedido", order), **company, numeroNota="12"),
    )
    async with connected("sankhya", TOKEN, *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
        assert await connector.one("orders", "77") == await connector.find("orders", "12") == [order]
    expected = {"_id": "77", "number": "12", "customer": "11222333000181", "total": Decimal("55252.3")}
    assert rows(page) == [expected]
    line = {"_id": "77#0", "_parent": "77", "sku": "31", "quantity": Decimal(10), "unit_price": Decimal("4928.84")}
    assert lines(page) == [{**line, "total": Decimal("49288.4")}]


async def test_an_error_of_the_gateway_inside_200_surfaces() -> None:
    """Trap 2: status "0" in the body."""
    error: JsonValue = {
        "serviceName": "CRUDServiceProvider.loadRecords",
        "status": "0",
        "statusMessage": "Entidade 'Parceiroo' não encontrada",
        "tsError": {"tsErrorCode": "CORE_E00899", "tsErrorLevel": "ERROR"},
    }
    async with connected("sankhya", TOKEN, customers(Answer(error)), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="Entidade 'Parceiroo' não encontrada") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "CORE_E00899"


async def test_a_token_that_ended_is_asked_for_anew_and_the_same_page_again() -> None:
    given = Answer({"access_token": "made-up-second", "expires_in": 300})
    second = Exchange("POST", "/authenticate", given, body=TOKEN.body)
    first = customers(listed("clientes", *map(customer, range(50)), more=True))
    last = customers(listed("clientes", customer(777), page=1), 1)
    ended = replace(last, answer=Answer({"error": {"code": "UNAUTHORIZED"}}, status=401))
    renewed = {"Authorization": "Bearer made-up-second"}
    again = [replace(exchange, headers=renewed) for exchange in (last, first, last, first, last)]
    async with connected("sankhya", TOKEN, first, ended, second, *again, **ACCESS) as connector:
        assert len((await pulled(connector, "customers")).records) == 51


async def test_a_wrong_gateway_token_is_told_once() -> None:
    refused = Exchange("POST", "/authenticate", Answer({}, status=401), body=TOKEN.body)
    async with connected("sankhya", refused, **ACCESS) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
