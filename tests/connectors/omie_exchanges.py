"""Exchanges of Omie, as a client library made of its own pages describes them, with invented values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from tests.connectors.strict_server import Answer, Exchange

KEYS = {"app_key": "made-up-key", "app_secret": "made-up-secret"}
ACCESS: dict[str, Any] = {"credentials": KEYS, "concurrency": 1}
PATHS = {"Cliente": "/geral/clientes/", "Produto": "/geral/produtos/", "Pedido": "/produtos/pedido/"}


def call(operation: str, answer: Answer, **parameters: JsonValue) -> Exchange:
    """One call, with the secret in its body."""
    body: dict[str, JsonValue] = {"call": operation, "param": [dict(parameters)], **KEYS}
    path = next(path for name, path in PATHS.items() if name in operation)
    return Exchange("POST", path, answer, body=body)


def customers(answer: Answer, page: int = 1, /, **more: JsonValue) -> Exchange:
    """One page of customers."""
    paging: dict[str, JsonValue] = {"pagina": page, "registros_por_pagina": 500, "apenas_importado_api": "N"}
    return call("ListarClientes", answer, **paging, **more)


def orders(answer: Answer, page: int = 1, /, **more: JsonValue) -> Exchange:
    """One page of orders."""
    paging: dict[str, JsonValue] = {"pagina": page, "registros_por_pagina": 100, "apenas_importado_api": "N"}
    return call("ListarPedidos", answer, **paging, **more)


def listed(name: str, *records: Mapping[str, JsonValue], page: int = 1, pages: int = 1, total: int = 0) -> Answer:
    """A page, with what it says of the others."""
    counts = {"pagina": page, "total_de_paginas": pages, "registros": len(records)}
    total = total or len(records)
    return Answer({**counts, "total_de_registros": total, name: [dict(record) for record in records]})


def fault(code: str, words: str, status: int = 500) -> Answer:
    """An error, as Omie words it."""
    return Answer({"faultstring": f"ERROR: {words}", "faultcode": f"SOAP-ENV:{code}"}, status=status)


NOTHING = fault("Client-5113", "Não existem registros para a página [1]!")

NOTICE = fault("Client-6", "Consumo redundante detectado. Aguarde 0 segundos para tentar novamente")


def customer(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    """A customer."""
    return {
        "codigo_cliente_omie": identity,
        "codigo_cliente_integracao": "CRM-401",
        "razao_social": f"DISTRIBUIDORA {identity} LTDA",
        "nome_fantasia": "Distribuidora",
        "cnpj_cpf": "11.222.333/0001-81",
        "inscricao_estadual": "110.042.490.114",
        "email": "fiscal@example.com",
        "telefone1_ddd": "11",
        "telefone1_numero": "98888-7777",
        "endereco": "RUA DAS FLORES",
        "estado": "SP",
        "cep": "01310-100",
        "valor_limite_credito": 185000.1,
        "inativo": "N",
        "info": {"dInc": "01/02/2026", "hInc": "08:00:00", "dAlt": "02/05/2026", "hAlt": "10:11:12"},
        **changes,
    }


def expected_customer(identity: int) -> dict[str, Any]:
    """What a customer means."""
    return {
        "_id": str(identity),
        "tax_id": "11222333000181",
        "legal_name": f"DISTRIBUIDORA {identity} LTDA",
        "trade_name": "Distribuidora",
        "state_registration": "110042490114",
        "email": "fiscal@example.com",
        "phone": "11988887777",
        "street": "RUA DAS FLORES",
        "state": "SP",
        "zip": "01310100",
        "credit_limit": Decimal("185000.1"),
        "active": True,
        "updated_at": datetime(2026, 5, 2, 13, 11, 12, tzinfo=UTC),
    }


def order(identity: int, **changes: JsonValue) -> dict[str, JsonValue]:
    """An order with one line."""
    return {
        "cabecalho": {
            "codigo_pedido": identity,
            "numero_pedido": f"{identity:015d}",
            "codigo_cliente": 123,
            "etapa": "20",
            "data_previsao": "10/12/2026",
        },
        "det": [
            {
                "ide": {"codigo_item": 9001},
                "produto": {
                    "codigo": "P0004",
                    "quantidade": 10,
                    "valor_unitario": 4928.84,
                    "percentual_desconto": 5,
                    "valor_total": 46823.98,
                },
            }
        ],
        "total_pedido": {"valor_total_pedido": 55252.3},
        "infoCadastro": {
            "dInc": "20/11/2026",
            "hInc": "08:00:00",
            "dAlt": "22/11/2026",
            "hAlt": "03:03:35",
            "cancelado": "N",
            "faturado": "N",
        },
        **changes,
    }


def by_filter(**wanted: JsonValue) -> dict[str, JsonValue]:
    """Parameters of a search among customers."""
    return {"pagina": 1, "registros_por_pagina": 50, "clientesFiltro": dict(wanted)}
