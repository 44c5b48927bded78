"""The stand-in ERP as a system that only exports files: CSV as Brazilian systems write it, in a folder."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from reconciler.errors import ConfigurationError
from reconciler.sandbox.erp.store import ErpStore

ENCODING: Final = "cp1252"
_DELIMITER: Final = ";"

_CHANGE: Final = ("data_alteracao", "hora_alteracao")
_DOCUMENT: Final = ("numero", "cliente_cpf_cnpj", "emissao", "situacao", "valor_total")
_ITEM: Final = ("sequencia", "produto", "quantidade", "preco_unitario", "desconto", "total")
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "clientes": (
        *("codigo", "razao_social", "nome_fantasia", "cpf_cnpj", "inscricao_estadual", "email", "telefone"),
        *("endereco.logradouro", "endereco.cidade", "endereco.uf", "endereco.cep"),
        *("limite_credito", "desconto_especial", "volume_vendas", "ativo"),
        *_CHANGE,
    ),
    "produtos": ("codigo", "descricao", "unidade", "ncm", "preco_venda", "ativo", *_CHANGE),
    "pedidos": (*_DOCUMENT, *_CHANGE),
    "orcamentos": (*_DOCUMENT, "revisao", "validade", "valor_impostos", *_CHANGE),
}
_ITEM_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {"pedidos": _ITEM, "orcamentos": (*_ITEM, "valor_impostos")}


class ErpFiles:
    """Exports of everything the ERP holds: one file for each collection, documents with a row for each item.

    A file appears under its name only when it is whole.
    """

    def __init__(self, store: ErpStore) -> None:
        self._store = store
        self._folder: Path | None = None

    def export_to(self, folder: Path) -> None:
        """Export there, now and whenever it is asked for.

        Raises:
            ConfigurationError: the folder cannot be written.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.export()
        except OSError as error:
            raise ConfigurationError(f"{folder}: cannot be written: {error.strerror}.") from error

    def export(self) -> list[str]:
        """Write every file again; their names, or nothing when no folder was ever named."""
        if self._folder is None:
            return []
        for name, collection in self._store.collections.items():
            _replace(self._folder / f"{name}.csv", file_content(name, collection.records))
        return [f"{name}.csv" for name in self._store.collections]


def file_content(name: str, records: Sequence[Any]) -> bytes:
    """A whole file. What is no object cannot be a row and is left out; a character the file cannot hold becomes `?`."""
    members, of_items = _MEMBERS[name], _ITEM_MEMBERS.get(name, ())
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=_DELIMITER, lineterminator="\r\n")
    writer.writerow([*map(_column, members), *(f"ITEM_{_column(member)}" for member in of_items)])
    for record in records:
        if isinstance(record, dict):
            writer.writerows(_rows(record, members, of_items))
    return text.getvalue().encode(ENCODING, "replace")


def _rows(record: Mapping[str, Any], members: Sequence[str], of_items: Sequence[str]) -> Iterator[list[str]]:
    head = [_text(record, member) for member in members]
    items = record.get("itens") if of_items else None
    if not isinstance(items, list) or not items:
        yield [*head, *("" for _ in of_items)]
        return
    for item in items:
        yield [*head, *(_text(item if isinstance(item, dict) else {}, member) for member in of_items)]


def _column(member: str) -> str:
    return member.rpartition(".")[2].upper()


def _text(record: Mapping[str, Any], member: str) -> str:
    value: Any = record
    for part in member.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
