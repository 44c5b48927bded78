"""Everything the ERP holds, and what writing does to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.clock import ChangeClock
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.erp import rules
from reconciler.sandbox.erp.rules import Check, Member, bare_document, checked, refuse
from reconciler.sandbox.erp.webhooks import ErpWebhooks
from reconciler.sandbox.generator.customers import BRASILIA
from reconciler.sandbox.generator.documents import masked, with_check_digits
from reconciler.sandbox.generator.erp_records import change_members

ID_MEMBERS: Final[Mapping[str, str]] = {
    "clientes": "codigo",
    "produtos": "codigo",
    "pedidos": "numero",
    "orcamentos": "numero",
}
"""The collections, and the member that identifies their records."""

_OWN_MEMBERS: Final = frozenset({"codigo", "numero", "data_alteracao", "hora_alteracao", "versao"})
"""Written by the ERP: a caller may send them back as they were read, and they are ignored."""
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,11}")
_DOCUMENT_MEMBERS: Final = {"clientes": "cpf_cnpj", "pedidos": "cliente_cpf_cnpj", "orcamentos": "cliente_cpf_cnpj"}


class ErpStore:
    """The collections of the ERP. `records` by collection; one that is not given is empty."""

    def __init__(self, records: Mapping[str, Sequence[Any]]) -> None:
        self.collections = {name: Collection(member, records.get(name, ())) for name, member in ID_MEMBERS.items()}
        self._clock = ChangeClock(_stamps(records), timedelta(0))
        self.webhooks = ErpWebhooks(ID_MEMBERS)

    def state(self) -> dict[str, list[Any]]:
        """All records by collection."""
        return {name: list(collection.records) for name, collection in self.collections.items()}

    def by_document(self, name: str, number: str) -> list[Record]:
        """Records of a customer, by CNPJ or CPF, bare or masked."""
        member = _DOCUMENT_MEMBERS[name]
        index = self.collections[name].view("by document", lambda records: _by_document(records, member))
        return index.get(bare_document(number), [])

    def create(self, name: str, body: Mapping[str, Any]) -> Record:
        """Add a record; the ERP gives it a number, except for products, whose code the caller chooses.

        An order that was made elsewhere keeps its number, where no other has it.

        Raises:
            Refusal: 422, the body is wrong.
        """
        members = self._checked(name, body, whole_record=True)
        self._refuse_second_customer(name, members, None)
        collection = self.collections[name]
        record_id = self._chosen_code(body) if name == "produtos" else _number(name, collection, body)
        record = {ID_MEMBERS[name]: record_id, **members, **change_members(self._clock.next()), "versao": 1}
        collection.add(record)
        self.webhooks.announce(name, record_id, "incluido")
        return record

    def update(
        self, name: str, record_id: str, body: Mapping[str, Any], *, whole_record: bool, version: int | None
    ) -> Record | None:
        """Change a record, wholly or only the members that are given; None when there is no such record.

        Raises:
            Refusal: 412, `version` is not the record's; 422, the body is wrong.
        """
        collection = self.collections[name]
        record = collection.get(record_id)
        if record is None:
            return None
        if version is not None and version != record.get("versao"):
            raise Refusal(412, "O registro foi alterado por outra pessoa.", code="VERSAO_DIVERGENTE")
        members = self._checked(name, body, whole_record=whole_record)
        self._refuse_second_customer(name, members, record)
        if "endereco" in members:
            members["endereco"] = {**record.get("endereco", {}), **members["endereco"]}
        version_after = record["versao"] + 1 if isinstance(record.get("versao"), int) else 1
        changed = {**members, **change_members(self._clock.next()), "versao": version_after}
        self.webhooks.announce(name, record_id, "alterado")
        return collection.change(record_id, changed)

    def delete(self, name: str, record_id: str) -> bool:
        """Take a record out; False when there is none."""
        removed = self.collections[name].remove(record_id) is not None
        if removed:
            self.webhooks.announce(name, record_id, "excluido")
        return removed

    def _checked(self, name: str, body: Mapping[str, Any], *, whole_record: bool) -> dict[str, Any]:
        given = {member: value for member, value in body.items() if member not in _OWN_MEMBERS}
        return checked(given, self._members(name, whole_record=whole_record), "", whole_record=whole_record)

    def _members(self, name: str, *, whole_record: bool) -> dict[str, Member]:
        match name:
            case "clientes":
                return rules.client_members(whole_record=whole_record)
            case "produtos":
                return rules.product_members()
            case "pedidos":
                return rules.order_members(self._items(taxes=False))
            case _:
                return rules.quote_members(self._items(taxes=True))

    def _items(self, *, taxes: bool) -> Check:
        members = rules.item_members(self._known_product, taxes=taxes)

        def check(value: Any, name: str) -> list[Record]:
            if not isinstance(value, list):
                refuse("TIPO_INVALIDO", f"{name} deve ser uma lista.", name)
            return [
                checked(item, members, f"{name}[{position}].", whole_record=True) for position, item in enumerate(value)
            ]

        return check

    def _known_product(self, value: Any, name: str) -> str:
        if not isinstance(value, str) or self.collections["produtos"].get(value) is None:
            refuse("PRODUTO_NAO_ENCONTRADO", f"O produto {str(value)[:40]} não está cadastrado.", name)
        return value

    def _chosen_code(self, body: Mapping[str, Any]) -> str:
        code = body.get("codigo")
        if not isinstance(code, str) or not code.strip() or len(code) > 20:
            refuse("CAMPO_OBRIGATORIO", "O campo codigo é obrigatório, com até 20 caracteres.", "codigo")
        if self.collections["produtos"].get(code) is not None:
            refuse("CODIGO_JA_CADASTRADO", f"O produto {code} já está cadastrado.", "codigo")
        return code

    def _refuse_second_customer(self, name: str, members: Mapping[str, Any], itself: Record | None) -> None:
        if name != "clientes" or "cpf_cnpj" not in members:
            return
        if any(other is not itself for other in self.by_document(name, members["cpf_cnpj"])):
            refuse("CPF_CNPJ_JA_CADASTRADO", "Já existe um cliente com este CPF ou CNPJ.", "cpf_cnpj")


def phantom(name: str, collection: Collection) -> Record | None:
    """A record that sorts first by code: the first one's copy, under a code and a document nobody has."""
    first = collection.records[0] if collection.records else None
    first_id = collection.first_id()
    code = next((code for code in ("000000", "0", "!") if isinstance(first_id, str) and code < first_id), None)
    if not isinstance(first, dict) or code is None:
        return None
    own = {"cpf_cnpj": masked(with_check_digits("ZZZZZZZZ0001"))} if name == "clientes" else {}
    return {**first, **own, ID_MEMBERS[name]: code, "data_alteracao": "01/01/2000", "hora_alteracao": "00:00:00"}


def change_order(record: Any) -> str:
    """The change stamp of a record as text that sorts by time; "" where there is none."""
    if not isinstance(record, dict):
        return ""
    day, hour = record.get("data_alteracao"), record.get("hora_alteracao")
    return f"{day[6:]}{day[3:5]}{day[:2]}{hour}" if isinstance(day, str) and isinstance(hour, str) else ""


def _number(name: str, collection: Collection, body: Mapping[str, Any]) -> str:
    asked = body.get("numero")
    if name == "pedidos" and isinstance(asked, str) and _NUMBER.fullmatch(asked) and collection.get(asked) is None:
        return asked
    return _next_number(name, collection)


def _next_number(name: str, collection: Collection) -> str:
    def largest(records: Sequence[Any]) -> int:
        ids = (record.get(collection.id_member) for record in records if isinstance(record, dict))
        return max((int(found) for found in ids if isinstance(found, str) and found.isdecimal()), default=0)

    number = collection.view("largest number", largest) + 1
    return f"{number:06d}" if name == "clientes" else str(number)


def _by_document(records: Sequence[Any], member: str) -> dict[str, list[Record]]:
    index: dict[str, list[Record]] = {}
    for record in records:
        written = record.get(member) if isinstance(record, dict) else None
        if isinstance(written, str):
            index.setdefault(bare_document(written), []).append(record)
    return index


def _stamps(records: Mapping[str, Sequence[Any]]) -> list[datetime]:
    rows = [record for collection in records.values() for record in collection if isinstance(record, dict)]
    newest = max(rows, key=change_order, default={})
    moment = rules.parse_local(f"{newest.get('data_alteracao')} {newest.get('hora_alteracao')}")
    return [] if moment is None else [moment.replace(tzinfo=BRASILIA)]
