"""Omie: what travels is told in `omie_exchanges`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from structlog.testing import capture_logs

from reconciler.connectors.load import load_description
from reconciler.errors import BlockedError, VendorFaultError
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.json_path import value_at
from reconciler.ports.http.settings import Request, Retry
from tests.connectors.contract_reading import connected, lines, mapped, pulled, rows
from tests.connectors.omie_exchanges import (
    ACCESS,
    KEYS,
    NOTHING,
    NOTICE,
    by_filter,
    call,
    customer,
    customers,
    expected_customer,
    fault,
    listed,
    order,
    orders,
)
from tests.connectors.strict_server import Answer, strict_server

QUICK = {"retry": Retry(first_s=0.001, longest_s=0.002), "rates": []}
SINCE = datetime(2026, 5, 2, 13, 11, 12, 999, tzinfo=UTC)
"""10:11:12 in São Paulo."""


async def test_customers_are_read_and_mapped() -> None:
    async with connected("omie", customers(listed("clientes_cadastro", customer(7))), **ACCESS) as connector:
        page = mapped(connector, "customers", await pulled(connector, "customers"))
    assert rows(page) == [expected_customer(7)]


async def test_pages_are_read_to_the_last_one_announced() -> None:
    exchanges = (
        orders(listed("pedido_venda_produto", *map(order, range(1, 101)), pages=2, total=101)),
        orders(listed("pedido_venda_produto", order(777), page=2, pages=2, total=101), 2),
        call("ConsultarCliente", Answer(customer(123)), codigo_cliente_omie=123),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "orders")
    assert [row["_id"] for row in rows(mapped(connector, "orders", pages))] == [*map(str, range(1, 101)), "777"]


async def test_an_entity_without_records_is_empty_although_the_status_is_500() -> None:
    """Trap 1: one answer is enough, since it says so in words; asking again would only bring the notice."""
    async with connected("omie", customers(NOTHING), **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == []


@pytest.mark.parametrize("status", [200, 500])
async def test_a_fault_surfaces_whatever_the_status(status: int) -> None:
    """Trap 2."""
    answer = fault("Client-8020", "Tag [PAGINA] não faz parte da estrutura", status)
    async with connected("omie", customers(answer), **ACCESS) as connector:
        with pytest.raises(VendorFaultError, match="não faz parte da estrutura") as failed:
            await pulled(connector, "customers")
    assert failed.value.vendor_code == "SOAP-ENV:Client-8020"


async def test_a_repeated_pull_and_a_second_look_get_data_and_not_the_notice() -> None:
    """Trap 4: asked twice within a minute, the system would give the notice; it is asked once."""
    exchanges = (
        customers(listed("clientes_cadastro", customer(7))),
        call("ListarClientes", listed("clientes_cadastro", customer(7)), **by_filter(codigo_cliente_omie=7)),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        pulls = [(await pulled(connector, "customers")).records for _ in range(2)]
        looks = [await connector.one("customers", "7") for _ in range(2)]
    assert [*pulls, *looks] == [[customer(7)]] * 4


async def test_the_notice_is_waited_for_where_memory_does_not_help() -> None:
    """Trap 4: another process may have asked a moment ago."""
    exchanges = (customers(NOTICE), customers(listed("clientes_cadastro", customer(7))))
    async with connected("omie", *exchanges, **ACCESS) as connector:
        assert (await pulled(connector, "customers")).records == [customer(7)]


async def test_after_a_write_the_system_is_asked_and_the_notice_is_waited_for() -> None:
    """Trap 4: a read-back must not come from memory."""
    parameters = by_filter(codigo_cliente_omie=7)
    renamed: dict[str, JsonValue] = {"codigo_cliente_omie": 7, "razao_social": "NOVA RAZAO LTDA"}
    exchanges = [
        call("ListarClientes", listed("clientes_cadastro", customer(7)), **parameters),
        call("AlterarCliente", Answer({"codigo_status": "0"}), **renamed),
        call("ListarClientes", NOTICE, **parameters),
        call("ListarClientes", listed("clientes_cadastro", customer(7, **renamed)), **parameters),
    ]
    write = Request(method="POST", path="/geral/clientes/", body={"call": "AlterarCliente", "param": [renamed]})
    read = Request(method="POST", path="/geral/clientes/", body={"call": "ListarClientes", "param": [parameters]})
    settings = load_description("omie", Path()).http
    assert settings is not None
    async with (
        strict_server(*exchanges) as server,
        HttpPort("erp", settings.model_copy(update=QUICK), base_url=server, credentials=KEYS, context={}) as port,
    ):
        before = await port.call(read)
        await port.call(write, safe_to_repeat=False)
        after = await port.call(read)
    assert [value_at(reply.document, "clientes_cadastro.0.razao_social") for reply in (before, after)] == [
        "DISTRIBUIDORA 7 LTDA",
        "NOVA RAZAO LTDA",
    ]


async def test_a_scan_that_moved_is_not_repeated_from_memory() -> None:
    """Trap 4 with paging: the same pages again from memory would show the same gap again, for ever."""
    first = [order(identity) for identity in range(1, 101)]
    rest = listed("pedido_venda_produto", order(777), order(778), page=2, pages=2, total=102)
    exchanges = [
        orders(listed("pedido_venda_produto", *first, pages=2, total=101)),
        orders(rest, 2),
        orders(listed("pedido_venda_produto", *first, pages=2, total=102)),
        orders(rest, 2),
        *[call("ConsultarCliente", Answer(customer(123)), codigo_cliente_omie=123)] * 2,
    ]
    async with connected("omie", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "orders")
    assert (len(pages.records), pages.restarts) == (102, 1)


async def test_nine_errors_in_a_row_end_it_before_the_tenth_locks_the_application_out() -> None:
    """Trap 5: no tenth request leaves."""
    broken = fault("Client-8020", "Tag inválida")
    exchanges = [call("ListarClientes", broken, **by_filter(codigo_cliente_omie=number)) for number in range(9)]
    async with connected("omie", *exchanges, **ACCESS) as connector:
        for number in range(9):
            with pytest.raises(VendorFaultError):
                await connector.one("customers", str(number))
        with pytest.raises(BlockedError, match="9 errors in a row"):
            await connector.one("customers", "9")


async def test_a_lock_lasts_as_long_as_it_says_and_nothing_more_is_asked() -> None:
    """Trap 5: what happens when it was too late."""
    words = "API bloqueada por consumo indevido. Tente novamente em 1741 segundos."
    locked = Answer({"faultstring": f"ERROR: {words}", "faultcode": "MISUSE_API_PROCESS"}, status=425)
    async with connected("omie", customers(locked), **ACCESS) as connector:
        with pytest.raises(BlockedError, match="consumo indevido") as blocked:
            await pulled(connector, "customers")
        with pytest.raises(BlockedError):
            await connector.one("customers", "1")
    left = blocked.value.until - datetime.now(UTC)
    assert timedelta(seconds=1700) < left <= timedelta(seconds=1741)


_CODES: dict[str, tuple[dict[str, JsonValue], dict[str, Any]]] = {
    "masked CPF": ({"cnpj_cpf": "111.444.777-35"}, {"tax_id": "11144477735"}),
    "CNPJ with letters": ({"cnpj_cpf": "12.ABC.345/01DE-35"}, {"tax_id": "12ABC34501DE35"}),
    "inactive": ({"inativo": "S"}, {"active": False}),
    "a whole number": ({"valor_limite_credito": 50000}, {"credit_limit": Decimal(50000)}),
    "no stamp": ({"info": {}}, {"updated_at": None}),
}


@pytest.mark.parametrize(("sent", "meant"), _CODES.values(), ids=_CODES)
async def test_values_are_read_as_omie_writes_them(sent: dict[str, JsonValue], meant: dict[str, Any]) -> None:
    """Trap 13."""
    async with connected("omie", customers(listed("clientes_cadastro", customer(7, **sent))), **ACCESS) as connector:
        page = mapped(connector, "customers", await pulled(connector, "customers"))
    assert rows(page) == [{**expected_customer(7), **meant}]


async def test_changes_are_asked_for_by_day_and_time_of_sao_paulo() -> None:
    moment: dict[str, JsonValue] = {"filtrar_por_data_de": "02/05/2026", "filtrar_por_hora_de": "10:11:12"}
    products: dict[str, JsonValue] = {
        "pagina": 1,
        "registros_por_pagina": 500,
        "apenas_importado_api": "N",
        "filtrar_apenas_omiepdv": "N",
    }
    exchanges = (
        customers(listed("clientes_cadastro", customer(3)), **moment),
        call("ListarProdutos", NOTHING, **products, **moment),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        assert (await pulled(connector, "customers", SINCE)).records == [customer(3)]
        assert (await pulled(connector, "products", SINCE)).records == []
        assert [connector.capabilities(entity).changed for entity in ("orders", "quotes")] == [False, False]


async def test_products_of_all_kinds_are_read_and_mapped() -> None:
    product: dict[str, JsonValue] = {
        "codigo_produto": 31,
        "codigo": "P0004",
        "descricao": "Parafuso sextavado",
        "unidade": "UN",
        "ncm": "7318.15.00",
        "valor_unitario": 4928.84,
        "inativo": "S",
        "info": {"dAlt": "22/11/2026", "hAlt": "03:03:35"},
    }
    paging: dict[str, JsonValue] = {"pagina": 1, "registros_por_pagina": 500}
    exchanges = (
        call(
            "ListarProdutos",
            listed("produto_servico_cadastro", product),
            **paging,
            apenas_importado_api="N",
            filtrar_apenas_omiepdv="N",
        ),
        call("ConsultarProduto", Answer(product), codigo_produto=31),
        call("ConsultarProduto", Answer(product), codigo="P0004"),
        call("ConsultarProduto", fault("Client-105", "Produto não cadastrado"), codigo="P0005"),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        pages = await pulled(connector, "products")
        assert await connector.one("products", "31") == [product]
        assert await connector.find("products", "P0004") == [product]
        assert await connector.find("products", "P0005") == []
    assert rows(mapped(connector, "products", pages)) == [
        {
            "_id": "31",
            "sku": "P0004",
            "name": "Parafuso sextavado",
            "unit": "UN",
            "ncm": "73181500",
            "price": Decimal("4928.84"),
            "active": False,
            "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
        }
    ]


async def test_orders_know_their_customer_by_one_further_request_for_all_of_them() -> None:
    quote = order(79, cabecalho={"codigo_pedido": 79, "numero_pedido": "79", "codigo_cliente": 123, "etapa": "00"})
    exchanges = (
        orders(listed("pedido_venda_produto", order(77), order(78), quote)),
        call("ConsultarCliente", Answer(customer(123)), codigo_cliente_omie=123),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "orders", await pulled(connector, "orders"))
    assert rows(page)[0] == {
        "_id": "77",
        "number": "000000000000077",
        "customer": "11222333000181",
        "date": date(2026, 11, 20),
        "status": "OPEN",
        "total": Decimal("55252.3"),
        "updated_at": datetime(2026, 11, 22, 6, 3, 35, tzinfo=UTC),
    }
    line = {"_id": "9001", "_parent": "77", "sku": "P0004", "quantity": Decimal(10), "unit_price": Decimal("4928.84")}
    assert lines(page)[0] == {**line, "discount": Decimal(5), "total": Decimal("46823.98")}
    assert ([row["_id"] for row in rows(page)], page.left) == (["77", "78"], ["79"])


@pytest.mark.parametrize(
    ("cancelled", "invoiced", "status"),
    [("N", "S", "INVOICED"), ("S", "N", "CANCELLED"), ("S", "S", "CANCELLED")],
    ids=["invoiced", "cancelled", "cancelled after invoicing"],
)
async def test_the_status_is_made_of_two_flags(cancelled: str, invoiced: str, status: str) -> None:
    sent = order(77, infoCadastro={"dInc": "20/11/2026", "cancelado": cancelled, "faturado": invoiced})
    exchanges = (
        orders(listed("pedido_venda_produto", sent)),
        call("ConsultarCliente", fault("Client-105", "Cliente não cadastrado"), codigo_cliente_omie=123),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        row = rows(mapped(connector, "orders", await pulled(connector, "orders")))[0]
    assert (row["status"], row["customer"]) == (status, None)


async def test_quotes_are_orders_of_stage_00() -> None:
    head: JsonValue = {"codigo_pedido": 79, "numero_pedido": "79", "codigo_cliente": 123, "etapa": "00"}
    exchanges = (
        orders(listed("pedido_venda_produto", order(79, cabecalho=head), order(77)), etapa="00"),
        call("ConsultarCliente", Answer(customer(123)), codigo_cliente_omie=123),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        page = mapped(connector, "quotes", await pulled(connector, "quotes"))
    assert [(row["number"], row["customer"]) for row in rows(page)] == [("79", "11222333000181")]
    assert [line["_parent"] for line in lines(page)] == ["79"]


async def test_one_order_is_an_object_and_has_its_customer_too() -> None:
    exchanges = (
        call("ConsultarPedido", Answer({"pedido_venda_produto": order(77)}), codigo_pedido=77),
        call("ConsultarPedido", Answer({"pedido_venda_produto": order(77)}), numero_pedido="000000000000077"),
        call("ConsultarPedido", fault("Client-105", "Pedido não cadastrado"), codigo_pedido=78),
        call("ConsultarCliente", Answer(customer(123)), codigo_cliente_omie=123),
    )
    async with connected("omie", *exchanges, **ACCESS) as connector:
        expected = {**order(77), "cliente": customer(123)}
        assert await connector.one("orders", "77") == [expected]
        assert await connector.find("orders", "000000000000077") == [expected]
        assert await connector.one("orders", "78") == []


async def test_a_customer_is_found_by_its_document() -> None:
    exchange = call("ListarClientes", listed("clientes_cadastro", customer(7)), **by_filter(cnpj_cpf="11222333000181"))
    nobody = call("ListarClientes", NOTHING, **by_filter(cnpj_cpf="11144477735"))
    async with connected("omie", exchange, nobody, **ACCESS) as connector:
        assert await connector.find("customers", "11222333000181") == [customer(7)]
        assert await connector.find("customers", "11144477735") == []


async def test_the_secret_in_the_body_reaches_no_log() -> None:
    """Trap 21: every call carries it, and a fault may quote it."""
    quoted = fault("Client-101", "A chave de acesso made-up-key com made-up-secret está inválida")
    with capture_logs() as logs:
        async with connected("omie", customers(quoted), **ACCESS) as connector:
            with pytest.raises(VendorFaultError, match="A chave de acesso") as failed:
                await pulled(connector, "customers")
    said = f"{logs} {failed.value!r} {failed.value} {failed.value.detail}"
    assert "http_call" in said
    assert not [word for word in ("made-up-secret", "made-up-key", "ListarClientes") if word in said]
