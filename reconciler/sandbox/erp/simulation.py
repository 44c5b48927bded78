"""The tax simulation of the ERP: what a sale would pay, by the rule table. Nothing is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciler.sandbox.amounts import comma_decimal, from_comma_decimal, line_total
from reconciler.sandbox.erp import rules
from reconciler.sandbox.erp.rules import Member, bare_document, checked, refuse
from reconciler.sandbox.erp.store import ErpStore
from reconciler.sandbox.tax_rules import ADDED_TO_PRICE, Destination, Goods, Tax, sum_by_kind, tax_table

_MOST_ITEMS = 1_000
_LONGEST_SEQUENCE = 20


@dataclass(frozen=True, slots=True)
class _Item:
    sequence: int | str
    product: str
    goods: Goods


def simulate(store: ErpStore, body: Mapping[str, Any]) -> dict[str, Any]:
    """The taxes of every item and their totals; totals are the sums of the items, to the cent.

    Raises:
        Refusal: 422, the request is wrong or names an unknown customer or product.
    """
    for name in body:
        if name not in ("cliente", "destino", "natureza", "itens"):
            refuse("CAMPO_DESCONHECIDO", f"O campo {name[:60]} não existe.", name[:60])
    nature = body.get("natureza", "VENDA")
    if not isinstance(nature, str) or nature not in tax_table().natures:
        refuse("NATUREZA_INVALIDA", f"A natureza {str(nature)[:40]} não existe.", "natureza")
    destination = _destination(store, body)
    items = _items(store, body.get("itens"))
    taxes = [tax_table().taxes(item.goods, destination, nature) for item in items]
    return {
        "natureza": nature,
        "destino": {"uf": destination.state},
        "itens": [_item_answer(item, found) for item, found in zip(items, taxes, strict=True)],
        "totais": _totals(items, taxes),
    }


def _destination(store: ErpStore, body: Mapping[str, Any]) -> Destination:
    client = body.get("cliente")
    if not isinstance(client, dict) or not (("cpf_cnpj" in client) ^ ("uf" in client)):
        refuse("CLIENTE_INVALIDO", "Informe cliente com cpf_cnpj ou com uf.", "cliente")
    if "cpf_cnpj" in client:
        number = client["cpf_cnpj"]
        known = store.by_document("clientes", number) if isinstance(number, str) else []
        if not known:
            message = f"O cliente {str(number)[:40]} não está cadastrado."
            refuse("CLIENTE_NAO_ENCONTRADO", message, "cliente.cpf_cnpj")
        place = known[0].get("endereco")
        state = place.get("uf") if isinstance(place, dict) else None
        final_consumer = len(bare_document(number)) == 11
    else:
        state, final_consumer = client["uf"], False
    if "consumidor_final" in client:
        final_consumer = rules.one_of("S", "N")(client["consumidor_final"], "cliente.consumidor_final") == "S"
    ship_to = body.get("destino")
    if ship_to is not None:
        state = checked(ship_to, {"uf": Member(rules.state)}, "destino.", whole_record=True)["uf"]
    return Destination(rules.state(state, "cliente.uf"), final_consumer)


def _items(store: ErpStore, value: Any) -> list[_Item]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_ITEMS:
        refuse("ITENS_INVALIDOS", f"itens deve ser uma lista de 1 a {_MOST_ITEMS} itens.", "itens")
    items = [_item(store, item, f"itens[{position}]") for position, item in enumerate(value)]
    if len({item.sequence for item in items}) < len(items):
        refuse("SEQUENCIA_REPETIDA", "Cada item deve ter a sua própria sequencia.", "itens")
    return items


def _item(store: ErpStore, value: Any, place: str) -> _Item:
    if not isinstance(value, dict):
        refuse("TIPO_INVALIDO", f"{place} deve ser um objeto.", place)
    sequence = value.get("sequencia")
    if not isinstance(sequence, (int, str)) or len(str(sequence)) > _LONGEST_SEQUENCE:
        refuse("SEQUENCIA_INVALIDA", f"{place}.sequencia identifica o item.", f"{place}.sequencia")
    code = value.get("produto")
    product = store.collections["produtos"].get(code) if isinstance(code, str) else None
    if product is None:
        message = f"O produto {str(code)[:40]} não está cadastrado."
        refuse("PRODUTO_NAO_ENCONTRADO", message, f"{place}.produto")
    if str(product.get("classe")) not in tax_table().classes:
        refuse("CLASSE_SEM_REGRA", f"O produto {code} não tem classe fiscal.", f"{place}.produto")
    quantity = _positive(value, "quantidade", place)
    price = _positive(value, "preco_unitario", place)
    discount = from_comma_decimal(value.get("desconto", "0"))
    if discount is None or not 0 <= discount <= 100:
        refuse("VALOR_INVALIDO", f"{place}.desconto é um percentual de 0 a 100.", f"{place}.desconto")
    goods = Goods(line_total(quantity, price, discount), str(product["classe"]), str(product.get("origem")))
    return _Item(sequence, str(code), goods)


def _positive(value: Mapping[str, Any], name: str, place: str) -> Decimal:
    found = from_comma_decimal(value.get(name))
    if found is None or found <= 0:
        refuse("VALOR_INVALIDO", f"{place}.{name} deve ser um decimal com vírgula, maior que zero.", f"{place}.{name}")
    return found


def _item_answer(item: _Item, taxes: Sequence[Tax]) -> dict[str, Any]:
    return {
        "sequencia": item.sequence,
        "produto": item.product,
        "valor_mercadoria": comma_decimal(item.goods.amount),
        "impostos": [
            {
                "tributo": tax.kind,
                "base": comma_decimal(tax.base),
                "aliquota": comma_decimal(tax.rate),
                "deducao": comma_decimal(tax.deduction),
                "valor": comma_decimal(tax.amount),
                "incluso": "S" if tax.in_price else "N",
            }
            for tax in taxes
        ],
        "valor_impostos": comma_decimal(sum((tax.amount for tax in taxes), Decimal(0))),
    }


def _totals(items: Sequence[_Item], taxes: Sequence[Sequence[Tax]]) -> dict[str, Any]:
    by_kind = sum_by_kind(taxes)
    goods = sum((item.goods.amount for item in items), Decimal(0))
    added = sum((amount for kind, amount in by_kind.items() if kind in ADDED_TO_PRICE), Decimal(0))
    every = sum(by_kind.values(), Decimal(0))
    return {
        "valor_mercadoria": comma_decimal(goods),
        "impostos": [{"tributo": kind, "valor": comma_decimal(amount)} for kind, amount in by_kind.items()],
        "valor_impostos": comma_decimal(every),
        "impostos_adicionados": comma_decimal(added),
        "impostos_inclusos": comma_decimal(every - added),
        "valor_total": comma_decimal(goods + added),
    }
