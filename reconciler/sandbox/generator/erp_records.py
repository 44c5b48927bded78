"""Records as the ERP keeps them: Portuguese names, decimals with a comma, dates as dd/mm/yyyy, "S" and "N"."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.sandbox.amounts import comma_decimal
from reconciler.sandbox.generator.customers import BRASILIA
from reconciler.sandbox.generator.documents import masked
from reconciler.sandbox.generator.records import Customer, Document, Line, Product

Record = dict[str, Any]
"""A JSON object."""

_SITUATIONS = {"open": "A", "invoiced": "F", "cancelled": "C"}


def change_members(moment: datetime) -> Record:
    """`data_alteracao` and `hora_alteracao` of a moment, local time."""
    local = moment.astimezone(BRASILIA)
    return {"data_alteracao": f"{local:%d/%m/%Y}", "hora_alteracao": f"{local:%H:%M:%S}"}


def client(record: Customer) -> Record:
    """A row of `clientes`."""
    return {
        "codigo": record.erp_code,
        "razao_social": record.legal_name,
        "nome_fantasia": record.trade_name,
        "cpf_cnpj": masked(record.tax_id or ""),
        "inscricao_estadual": record.state_registration or "",
        "email": record.email or "",
        "telefone": "" if record.phone is None else f"({record.phone[:2]}) {record.phone[2:6]}-{record.phone[6:]}",
        "endereco": {
            "logradouro": record.street,
            "cidade": record.erp_city_name,
            "uf": record.city.state,
            "cep": f"{record.zip[:-3]}-{record.zip[-3:]}",
        },
        "limite_credito": _amount(record.credit_limit),
        "desconto_especial": _amount(record.special_discount),
        "volume_vendas": _amount(record.sales_volume),
        "ativo": "S" if record.active else "N",
        **change_members(record.updated_at),
        "versao": 1,
    }


def product(record: Product) -> Record:
    """A row of `produtos`."""
    return {
        "codigo": record.sku,
        "descricao": record.name,
        "unidade": record.unit,
        "ncm": record.ncm,
        "preco_venda": comma_decimal(record.price),
        "classe": record.product_class,
        "origem": record.origin,
        "ativo": "S" if record.active else "N",
        **change_members(record.updated_at),
        "versao": 1,
    }


def order(record: Document) -> Record:
    """A row of `pedidos`."""
    return {
        "numero": str(record.number),
        "cliente_cpf_cnpj": masked(record.customer.tax_id or ""),
        "emissao": _day(record.date),
        "situacao": _SITUATIONS.get(record.status or "", record.status),
        "valor_total": comma_decimal(record.total),
        "itens": [_line(line, position) for position, line in enumerate(record.lines, start=1)],
        **change_members(record.updated_at),
        "versao": 1,
    }


def quote(record: Document) -> Record:
    """A row of `orcamentos`."""
    return {
        **order(record),
        "revisao": record.revision,
        "validade": None if record.valid_until is None else _day(record.valid_until),
        "valor_impostos": _amount(record.taxes),
        "itens": [
            {**_line(line, position), "valor_impostos": _amount(line.taxes_total)}
            for position, line in enumerate(record.lines, start=1)
        ],
    }


def _line(line: Line, position: int) -> Record:
    return {
        "sequencia": position,
        "produto": line.sku,
        "quantidade": comma_decimal(line.quantity, 3),
        "preco_unitario": comma_decimal(line.unit_price),
        "desconto": comma_decimal(line.discount),
        "total": comma_decimal(line.total),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else comma_decimal(amount)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
