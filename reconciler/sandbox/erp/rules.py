"""What the ERP accepts in each member of a record, and how it keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from stdnum.br import cnpj

from reconciler.sandbox.amounts import comma_decimal, from_comma_decimal
from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.generator.documents import is_valid, masked
from reconciler.sandbox.generator.words import places
from reconciler.sandbox.tax_rules import tax_table

Check = Callable[[Any, str], Any]
"""Gives what is kept of a value, from the value and the member's name for the message; raises `Refusal` 422."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Member:
    """One member that callers may write."""

    check: Check
    required: bool = False


def refuse(code: str, message: str, member: str) -> NoReturn:
    """Refuse a value.

    Raises:
        Refusal: 422, naming the member.
    """
    raise Refusal(422, message, code=code, member=member)


def text(longest: int) -> Check:
    """Text of at most that many characters; nothing is kept as an empty text."""

    def check(value: Any, name: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            refuse("TIPO_INVALIDO", f"{name} deve ser texto.", name)
        if len(value) > longest:
            refuse("TAMANHO_EXCEDIDO", f"{name} aceita no máximo {longest} caracteres.", name)
        return value

    return check


def document(value: Any, name: str) -> str:
    """A CNPJ or CPF, bare or masked, with right check digits; kept masked."""
    if not isinstance(value, str) or not is_valid(bare_document(value)):
        refuse("CPF_CNPJ_INVALIDO", f"{name} não é um CPF ou CNPJ válido.", name)
    return masked(bare_document(value))


def bare_document(value: str) -> str:
    """Letters and digits of a document, upper case."""
    return str(cnpj.compact(value))


def email(value: Any, name: str) -> str:
    """An e-mail address, or nothing."""
    written = text(120)(value, name)
    if written and not _EMAIL.fullmatch(written):
        refuse("EMAIL_INVALIDO", f"{name} não é um endereço de e-mail.", name)
    return str(written)


def digits(fewest: int, most: int, *, mask: Callable[[str], str] = str, empty: bool = True) -> Check:
    """A number of some digits, with or without punctuation; kept as `mask` writes it, nothing as an empty text."""

    def check(value: Any, name: str) -> str:
        written = text(40)(value, name)
        bare = re.sub(r"[\s().+-]", "", written)
        if not bare and empty:
            return ""
        if not (bare.isascii() and bare.isdigit() and fewest <= len(bare) <= most):
            refuse("NUMERO_INVALIDO", f"{name} deve ter de {fewest} a {most} dígitos.", name)
        return mask(bare)

    return check


def state(value: Any, name: str) -> str:
    """The two letters of a state."""
    if not isinstance(value, str) or value not in places().state_ids:
        refuse("UF_INVALIDA", f"{name} não é uma UF.", name)
    return value


def amount(places_kept: int = 2, *, negative: bool = True, empty: bool = True) -> Check:
    """A decimal with a comma and at most that many decimals; kept with at least two, nothing as null."""

    def check(value: Any, name: str) -> str | None:
        if value is None and empty:
            return None
        found = from_comma_decimal(value)
        if found is None or found != found.quantize(Decimal(1).scaleb(-places_kept)):
            refuse("VALOR_INVALIDO", f"{name} deve ser um decimal com vírgula e até {places_kept} casas.", name)
        if found < 0 and not negative:
            refuse("VALOR_INVALIDO", f"{name} não pode ser negativo.", name)
        return comma_decimal(found)

    return check


def whole(value: Any, name: str) -> int:
    """A whole number from zero up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        refuse("TIPO_INVALIDO", f"{name} deve ser um número inteiro.", name)
    return value


def day(value: Any, name: str) -> str | None:
    """A date as dd/mm/yyyy, or null."""
    if value is None:
        return None
    if not isinstance(value, str) or parse_local(f"{value} 00:00:00") is None:
        refuse("DATA_INVALIDA", f"{name} deve ser uma data dd/mm/aaaa.", name)
    return value


def one_of(*allowed: str) -> Check:
    """One of a few codes."""

    def check(value: Any, name: str) -> str:
        if value not in allowed:
            refuse("CODIGO_INVALIDO", f"{name} deve ser um destes: {', '.join(allowed)}.", name)
        return str(value)

    return check


def parse_local(written: str) -> datetime | None:
    """`dd/mm/yyyy hh:mm:ss` as a naive local time; None for any other text."""
    try:
        found = datetime.strptime(written, "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 - compared with local times only
    except ValueError:
        return None
    return found if f"{found:%d/%m/%Y %H:%M:%S}" == written else None


def checked(value: Any, members: Mapping[str, Member], place: str, *, whole_record: bool) -> dict[str, Any]:
    """The members of an object that may be written, each as it is kept.

    Args:
        value: what the caller sent.
        members: what may be in it.
        place: prefix of member names in messages, "" at the top.
        whole_record: every member must be there; otherwise only what is given is checked.

    Raises:
        Refusal: 422, naming the member.
    """
    if not isinstance(value, dict):
        refuse("TIPO_INVALIDO", f"{place or 'registro'} deve ser um objeto.", place)
    for name in value:
        if name not in members:
            refuse("CAMPO_DESCONHECIDO", f"O campo {place}{name[:60]} não existe.", f"{place}{name[:60]}")
    for name, member in members.items():
        missing = name not in value if whole_record else False
        if missing or (member.required and name in value and value[name] in (None, "")):
            refuse("CAMPO_OBRIGATORIO", f"O campo {place}{name} é obrigatório.", f"{place}{name}")
    return {name: members[name].check(given, f"{place}{name}") for name, given in value.items()}


def address(*, whole_record: bool) -> Check:
    """The address of a customer; a part of it is enough for a partial update."""
    members = {
        "logradouro": Member(text(80)),
        "cidade": Member(text(60)),
        "uf": Member(state, required=True),
        "cep": Member(digits(8, 8, mask=lambda bare: f"{bare[:5]}-{bare[5:]}")),
    }
    return lambda value, name: checked(value, members, f"{name}.", whole_record=whole_record)


def client_members(*, whole_record: bool) -> dict[str, Member]:
    """Members of `clientes`."""
    return {
        "razao_social": Member(text(60), required=True),
        "nome_fantasia": Member(text(60)),
        "cpf_cnpj": Member(document, required=True),
        "inscricao_estadual": Member(text(20)),
        "email": Member(email),
        "telefone": Member(digits(10, 13, mask=_phone)),
        "endereco": Member(address(whole_record=whole_record), required=True),
        "limite_credito": Member(amount()),
        "desconto_especial": Member(amount()),
        "volume_vendas": Member(amount()),
        "ativo": Member(one_of("S", "N"), required=True),
    }


def product_members() -> dict[str, Member]:
    """Members of `produtos`, but for the code."""
    return {
        "descricao": Member(text(120), required=True),
        "unidade": Member(text(6), required=True),
        "ncm": Member(digits(8, 8)),
        "preco_venda": Member(amount(4, negative=False, empty=False), required=True),
        "classe": Member(one_of(*tax_table().classes), required=True),
        "origem": Member(one_of(*"012345678"), required=True),
        "ativo": Member(one_of("S", "N"), required=True),
    }


def order_members(items: Check) -> dict[str, Member]:
    """Members of `pedidos`."""
    return {
        "cliente_cpf_cnpj": Member(document, required=True),
        "emissao": Member(day, required=True),
        "situacao": Member(one_of("A", "F", "C"), required=True),
        "valor_total": Member(amount(empty=False), required=True),
        "itens": Member(items, required=True),
    }


def quote_members(items: Check) -> dict[str, Member]:
    """Members of `orcamentos`."""
    return {
        **order_members(items),
        "revisao": Member(whole),
        "validade": Member(day),
        "valor_impostos": Member(amount()),
    }


def item_members(product: Check, *, taxes: bool) -> dict[str, Member]:
    """Members of one line of an order or, with `taxes`, of a quote."""
    return {
        "sequencia": Member(whole, required=True),
        "produto": Member(product, required=True),
        "quantidade": Member(amount(3, negative=False, empty=False), required=True),
        "preco_unitario": Member(amount(4, negative=False, empty=False), required=True),
        "desconto": Member(amount()),
        "total": Member(amount(empty=False), required=True),
        **({"valor_impostos": Member(amount())} if taxes else {}),
    }


def _phone(bare: str) -> str:
    return f"({bare[:2]}) {bare[2:-4]}-{bare[-4:]}"
