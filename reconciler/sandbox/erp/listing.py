"""Lists of the ERP: pages by number, filters, and the members that are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.erp.rules import parse_local
from reconciler.sandbox.erp.store import ID_MEMBERS, ErpStore, change_order

LARGEST_PAGE: Final = 500
_DEFAULT_PAGE: Final = 100


def list_page(store: ErpStore, name: str, options: Mapping[str, str]) -> dict[str, Any]:
    """One page of a collection, in order of its codes.

    Raises:
        Refusal: 400, an option is unknown or malformed.
    """
    known = {"pagina", "tamanho", "alterado_desde", "campos", ID_MEMBERS[name]}
    if name != "produtos":
        known.add("cpf_cnpj")
    for option in options:
        if option not in known:
            _refuse(option, f"O parâmetro {option[:60]} não existe aqui.")
    number = _whole(options, "pagina", 1, None)
    size = _whole(options, "tamanho", _DEFAULT_PAGE, LARGEST_PAGE)
    found = _found(store, name, options)
    rows = found[(number - 1) * size : number * size]
    return page(name, number, size, len(found), [_only(row, options.get("campos")) for row in rows])


def page(name: str, number: int, size: int, total: int, rows: list[Any]) -> dict[str, Any]:
    """The envelope of a page. No records: no pages."""
    return {
        "pagina": number,
        "tamanho": size,
        "total_paginas": -(-total // size),
        "total_registros": total,
        name: rows,
    }


def _found(store: ErpStore, name: str, options: Mapping[str, str]) -> Sequence[Any]:
    collection = store.collections[name]
    rows: Sequence[Any] = collection.records
    since = options.get("alterado_desde")
    if since is not None:
        mark = _mark(since)
        rows = collection.view(("since", mark), lambda records: [row for row in records if change_order(row) >= mark])
    record_id = options.get(ID_MEMBERS[name])
    if record_id is not None:
        record = collection.get(record_id)
        rows = [
            row for row in ([] if record is None else [record]) if since is None or change_order(row) >= _mark(since)
        ]
    number = options.get("cpf_cnpj")
    if number is not None:
        rows = [row for row in store.by_document(name, number) if record_id is None or row in rows]
        rows = [row for row in rows if since is None or change_order(row) >= _mark(since)]
    return rows


def _mark(since: str) -> str:
    moment = parse_local(since)
    if moment is None:
        _refuse("alterado_desde", "alterado_desde deve ser dd/mm/aaaa hh:mm:ss.")
    return f"{moment:%Y%m%d%H:%M:%S}"


def _only(row: Any, wanted: str | None) -> Any:
    if wanted is None or not isinstance(row, dict):
        return row
    names = [name.strip() for name in wanted.split(",")]
    return {name: row[name] for name in names if name in row}


def _whole(options: Mapping[str, str], name: str, default: int, largest: int | None) -> int:
    text = options.get(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if value < 1 or (largest is not None and value > largest):
        _refuse(name, f"{name} deve ser um número inteiro a partir de 1" + (f" até {largest}." if largest else "."))
    return value


def _refuse(option: str, message: str) -> Any:
    raise Refusal(400, message, code="PARAMETRO_INVALIDO", member=option[:60])
