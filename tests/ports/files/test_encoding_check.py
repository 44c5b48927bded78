"""`check` tells which encoding a file has before anything is read with the wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.ports.files.encoding_check import encoding_problem
from reconciler.ports.files.formats import DelimitedFormat, FileFormat, WorkbookFormat

_PORTUGUESE = "CODIGO;NOME\n1;Indústria São João de Iguaçu\n" * 20


def _delimited(encoding: str) -> DelimitedFormat:
    return DelimitedFormat.model_validate({"kind": "delimited", "delimiter": ";", "encoding": encoding})


@pytest.mark.parametrize(
    ("written", "declared", "proposed"),
    [
        pytest.param("cp1252", "utf-8", "cp1252", id="Windows file declared UTF-8"),
        pytest.param("utf-8", "cp1252", "utf-8", id="UTF-8 file declared Windows"),
        pytest.param("cp850", "cp1252", "cp850", id="DOS file declared Windows"),
        pytest.param("utf-16", "utf-8", "utf-16", id="byte order mark"),
        pytest.param("cp1252", "cp1252", None, id="as declared"),
        pytest.param("latin-1", "cp1252", None, id="alike"),
        pytest.param("utf-8-sig", "utf-8", None, id="a mark makes no other encoding"),
    ],
)
def test_another_encoding_than_the_declared_one_is_told_with_what_to_write(
    written: str, declared: str, proposed: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(_PORTUGUESE.encode(written))
    found = encoding_problem(path, _delimited(declared))
    assert (None if found is None else found.hint.split('"')[1]) == proposed


def test_a_file_without_accents_speaks_against_no_encoding(tmp_path: Path) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(b"CODIGO;NOME\n1;Acme\n")
    assert encoding_problem(path, _delimited("cp850")) is None


@pytest.mark.parametrize(
    ("file_format", "told"),
    [
        pytest.param(_delimited("cp1252"), True, id="text"),
        pytest.param(WorkbookFormat.model_validate({"kind": "workbook"}), False, id="a workbook has its own"),
    ],
)
def test_what_is_no_text_is_told_where_text_is_wanted(file_format: FileFormat, told: bool, tmp_path: Path) -> None:
    path = tmp_path / "clientes.csv"
    path.write_bytes(bytes(range(256)) * 10)
    assert (encoding_problem(path, file_format) is not None) is told
