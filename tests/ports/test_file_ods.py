"""`.ods`: what cells become, repeated rows and cells, and workbooks that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ports.layout_reading import records, refusal
from tests.ports.workbook_files import ods, ods_parts, zipped


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.ods"


def _text(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def _shown(attributes: str, text: str) -> str:
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def _row(*cells: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


def _table(*rows: str, name: str = "Plan1") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


_DIVISION = {"#error": "#DIV/0!"}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (_text("00012"), "00012"),
        ('<table:table-cell office:value-type="float" office:value="15.0"/>', 15),
        ('<table:table-cell office:value-type="currency" office:currency="BRL" office:value="1.37"/>', 1.37),
        ('<table:table-cell office:value-type="percentage" office:value="0.18"/>', 0.18),
        ('<table:table-cell office:value-type="date" office:date-value="2026-05-31"/>', "2026-05-31"),
        ('<table:table-cell office:value-type="date" office:date-value="2026-05-31T10:00:00"/>', "2026-05-31T10:00:00"),
        ('<table:table-cell office:value-type="time" office:time-value="PT07H08M09S"/>', "07:08:09"),
        ('<table:table-cell office:value-type="time" office:time-value="PT30H00M00.500S"/>', "30:00:00.5"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"/>', True),
        (_shown('office:string-value="kept"', "x"), "kept"),
        ('<table:table-cell table:formula="of:=A1" office:value-type="float" office:value="0"/>', 0),
        ('<table:table-cell table:formula="of:=A1" office:value-type="string"><text:p/></table:table-cell>', ""),
        ('<table:table-cell table:formula="of:=SUM(A1)"/>', {"#formula": ""}),
        ('<table:table-cell table:formula="of:=SUM(A1)" office:value-type="float"/>', {"#formula": ""}),
        (_shown('table:formula="of:=1/0" office:string-value="" calcext:value-type="error"', "#DIV/0!"), _DIVISION),
        (_shown('table:formula="of:=1/0"', "#DIV/0!"), _DIVISION),
        (_shown('table:formula="of:=X"', "Err:508"), {"#error": "Err:508"}),
        (_text("#REF!"), "#REF!"),
        ("<table:table-cell/>", None),
        ("<table:covered-table-cell office:value-type='float' office:value='1'/>", None),
    ],
)
def test_cell(path: Path, cell: str, value: object) -> None:
    table = _table(_row(_text("x"), _text("y")), _row(cell, _text("1")))
    found = records(path, ods(table), kind="workbook")[0]["x"]
    assert (found, type(found)) == (value, type(value))


def test_text_with_spans_spaces_breaks_and_a_comment(path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a comment</text:p></office:annotation>'
        '<text:p>A<text:s text:c="2"/>b\n  <text:span>ção</text:span><text:tab/>c<text:line-break/>d</text:p>'
        "<text:p>e</text:p></table:table-cell>"
    )
    assert records(path, ods(_table(_row(_text("x")), _row(cell))), kind="workbook") == [{"x": "A  b ção\tc\nd\ne"}]


def test_repeated_cells_and_rows_are_given_as_often(path: Path) -> None:
    twice = '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="7"/>'
    gap = '<table:table-cell table:number-columns-repeated="2"/>'
    table = _table(_row(_text("a"), _text("b"), _text("c"), _text("d")), _row(twice, times=2), _row(gap, twice))
    assert records(path, ods(table), kind="workbook") == [
        {"a": 7, "b": 7, "c": None, "d": None},
        {"a": 7, "b": 7, "c": None, "d": None},
        {"a": None, "b": None, "c": 7, "d": 7},
    ]


def test_a_million_empty_rows_and_columns_cost_nothing_and_keep_the_count(path: Path) -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    table = _table(_row(empty, times=999_998), _row(_text("x")), _row(_text("1")), _row(empty, times=40_000))
    assert records(path, ods(table), kind="workbook", header_row=999_999) == [{"x": "1"}]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_row(_text("x")) + _row(_text("1"), times=1_048_576), "more rows than a sheet can"),
        ('<table:table-row table:number-rows-repeated="-1"/>', "unknown number of times"),
        (_row(_text("x")) + _row('<table:table-cell office:value-type="float" office:value="1,5"/>'), "column 1"),
        (_row(_text("x")) + _row('<table:table-cell office:value-type="odd" office:value="1"/>'), "column 1"),
    ],
    ids=["rows", "repetition", "number", "kind"],
)
def test_what_no_program_writes_is_an_error(path: Path, rows: str, said: str) -> None:
    assert said in str(refusal(path, ods(_table(rows)), kind="workbook"))


def test_header_rows_in_a_group_are_rows(path: Path) -> None:
    group = f"<table:table-header-rows>{_row(_text('x'))}</table:table-header-rows>"
    assert records(path, ods(_table(group, _row(_text("1")))), kind="workbook") == [{"x": "1"}]


_SHEETS = {"Capa": "one", "D": "two"}


def test_sheet_by_name_or_position(path: Path) -> None:
    first, second = (_table(_row(_text("x")), _row(_text(text)), name=name) for name, text in _SHEETS.items())
    content = ods(first + second)
    found = [records(path, content, kind="workbook", sheet=sheet)[0]["x"] for sheet in (1, 2, "D")]
    assert found == ["one", "two", "two"]
    assert "it has 'Capa', 'D'" in str(refusal(path, content, kind="workbook", sheet="E"))
    assert records(path, ods(_table(name="vazia")), kind="workbook", header_row=0, columns=["x"]) == []


def test_entities_passwords_and_bombs_are_refused(path: Path) -> None:
    parts = ods_parts(_table(_row(_text("&b;"))))
    entities = {**parts, "content.xml": '<!DOCTYPE x [<!ENTITY b "bbb">]>' + parts["content.xml"]}
    assert "document type" in str(refusal(path, zipped(entities), kind="workbook"))
    manifest = parts["META-INF/manifest.xml"].replace("/>", "><manifest:encryption-data/></manifest:manifest>")
    locked = {**parts, "META-INF/manifest.xml": manifest, "content.xml": "x"}
    assert "password" in str(refusal(path, zipped(locked), kind="workbook"))
    bomb = ods(_table(_row(_text("x" * 2_000_000))))
    assert "1048576 are allowed" in str(refusal(path, bomb, kind="workbook", max_unpacked_mib=1))
