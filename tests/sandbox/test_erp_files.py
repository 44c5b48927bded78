"""What the stand-in ERP exports: CSV as Brazilian systems write it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ConfigurationError
from reconciler.sandbox.erp.files import ErpFiles, file_content
from reconciler.sandbox.erp.store import ErpStore

_ITEM = {"sequencia": 1, "produto": "P1", "quantidade": "2,000", "preco_unitario": "1,50", "desconto": "0,00"}


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode("cp1252").splitlines(), delimiter=";"))


def test_texts_dates_and_amounts_are_as_the_erp_writes_them() -> None:
    customer: dict[str, Any] = {
        "codigo": "000007",
        "razao_social": 'Fundição "Ipê"; Filhos',
        "endereco": {"cidade": "São José"},
        "limite_credito": "1234,50",
        "desconto_especial": None,
        "data_alteracao": "31/08/2026",
    }
    (row,) = _rows(file_content("clientes", [customer, "no object"]))
    assert (row["CODIGO"], row["RAZAO_SOCIAL"], row["CIDADE"]) == ("000007", 'Fundição "Ipê"; Filhos', "São José")
    assert (row["LIMITE_CREDITO"], row["DESCONTO_ESPECIAL"], row["DATA_ALTERACAO"]) == ("1234,50", "", "31/08/2026")


def test_a_document_has_a_row_for_each_item_and_one_without_items_has_one() -> None:
    orders = [
        {"numero": "1", "valor_total": "6,00", "itens": [_ITEM, {**_ITEM, "produto": "P2"}]},
        {"numero": "2", "itens": []},
    ]
    rows = _rows(file_content("pedidos", orders))
    assert [(row["NUMERO"], row["VALOR_TOTAL"], row["ITEM_PRODUTO"]) for row in rows] == [
        ("1", "6,00", "P1"),
        ("1", "6,00", "P2"),
        ("2", "", ""),
    ]


def test_a_character_that_the_file_cannot_hold_is_lost_as_in_real_exports() -> None:
    (row,) = _rows(file_content("produtos", [{"codigo": "P1", "descricao": "Ω 10 mm²"}]))
    assert row["DESCRICAO"] == "? 10 mm²"


def test_nothing_is_exported_before_a_folder_is_named_and_nothing_unfinished_is_left(tmp_path: Path) -> None:
    files = ErpFiles(ErpStore({"produtos": [{"codigo": "P1"}]}))
    assert files.export() == []
    files.export_to(tmp_path / "new" / "folder")
    names = ["clientes.csv", "orcamentos.csv", "pedidos.csv", "produtos.csv"]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    assert sorted(files.export()) == names


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ErpFiles(ErpStore({})).export_to(tmp_path / "file")
