"""`.xlsx`: what cells become, which sheet and columns are read, and workbooks that are refused."""

from __future__ import annotations

import struct
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import orjson
import pytest
import xlsxwriter

from reconciler.mapping.page import map_page
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.model.entities import FieldType
from tests.ports.layout_reading import records, records_at, refusal
from tests.ports.workbook_files import xlsx, xlsx_parts, zipped


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.xlsx"


def _cell(path: Path, cell: str, **options: str) -> object:
    """What a cell becomes; the column is called `x`."""
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c><c r="B1" t="inlineStr"><is><t>y</t></is></c></row>'
    row = f'<row r="2">{cell}<c r="B2"><v>1</v></c></row>'
    return records(path, xlsx(head + row, **options), kind="workbook")[0]["x"]


def test_values_as_a_library_writes_them(path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Clientes")
    day, moment, clock, money = (
        book.add_format({"num_format": code})
        for code in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm", "hh:mm", "R$ #,##0.00;[Red]-0")
    )
    sheet.write_row(0, 0, ["cnpj", "limite", "qtd", "dia", "quando", "hora", "ativo", "nada", "nome"])
    sheet.write_string(1, 0, "00012345000195")
    sheet.write_number(1, 1, 0.1 + 0.2, money)
    sheet.write_number(1, 2, 15.0)
    sheet.write_datetime(1, 3, date(2026, 5, 31), day)
    sheet.write_datetime(1, 4, datetime.fromisoformat("2026-05-31T23:59:59"), moment)
    sheet.write_datetime(1, 5, time(7, 8), clock)
    sheet.write_boolean(1, 6, True)
    sheet.write_rich_string(1, 8, "Ação ", book.add_format({"bold": True}), "Ltda", " <&>")
    book.close()
    assert records_at(path, kind="workbook") == [
        {
            "cnpj": "00012345000195",
            "limite": 0.3,
            "qtd": 15,
            "dia": "2026-05-31",
            "quando": "2026-05-31T23:59:59",
            "hora": "07:08:00",
            "ativo": True,
            "nada": None,
            "nome": "Ação Ltda <&>",
        }
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<c r='A2'><v>12</v></c>", 12),
        ("<c r='A2' t='n'><v>12.0</v></c>", 12),
        ("<c r='A2'><v>1.37</v></c>", 1.37),
        ("<c r='A2'><v>1.3700000000000001</v></c>", 1.37),
        ("<c r='A2'><v>-5E-2</v></c>", -0.05),
        ("<c r='A2'><v>83101222000128</v></c>", 83101222000128),
        ("<c r='A2'><v>123456789012345678</v></c>", 123456789012345678),
        ("<c r='A2'><v>1.2345678901234568E+19</v></c>", 1.2345678901234568e19),
        ("<c r='A2' t='str'><f>A1</f><v>007</v></c>", "007"),
        ("<c r='A2' t='str'><f>A1</f><v></v></c>", ""),
        ("<c r='A2' t='b'><v>0</v></c>", False),
        ("<c r='A2' t='d'><v>2026-05-31</v></c>", "2026-05-31"),
        ("<c r='A2' t='inlineStr'><is><t xml:space='preserve'> a </t></is></c>", " a "),
        ("<c r='A2' t='inlineStr'><is><t>a_x000D_b_x005F_x000D_</t></is></c>", "a\rb_x000D_"),
        ("<c r='A2' t='inlineStr'><is><t>_xD83D_</t></is></c>", "_xD83D_"),
        ("<c r='A2' t='inlineStr'><is><t>=1+1</t></is></c>", "=1+1"),
        ("<c r='A2' s='0'/>", None),
        ("", None),
        ("<c r='A2' t='e'><v>#REF!</v></c>", {"#error": "#REF!"}),
        ("<c r='A2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", {"#error": "#DIV/0!"}),
        ("<c r='A2'><f>SUM(B2)</f></c>", {"#formula": ""}),
        ("<c r='A2'><f>SUM(B2)</f><v></v></c>", {"#formula": ""}),
        ("<c r='A2' t='str'><f>A1</f></c>", {"#formula": ""}),
        ("<c r='A2'><f t='shared' si='0'/></c>", {"#formula": ""}),
        ("<c r='A2'><f>SUM(B2)</f><v>0</v></c>", 0),
    ],
)
def test_cell(path: Path, cell: str, value: object) -> None:
    found = _cell(path, cell)
    assert (found, type(found)) == (value, type(value))


def test_zero_of_a_formula_that_nobody_calculated_is_no_value(path: Path) -> None:
    """XlsxWriter and others write a zero and ask for a calculation when the workbook is opened."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["x", "y"])
    sheet.write_formula(1, 0, "=1+1")
    sheet.write_formula(1, 1, "=2+2", value=4)
    book.close()
    assert records_at(path, kind="workbook") == [{"x": {"#formula": ""}, "y": 4}]


def test_shared_texts_are_found_by_number_without_their_phonetic_reading(path: Path) -> None:
    texts = "<si><t>zero</t></si><si><r><t>A</t></r><r><t>ção</t></r><rPh><t>leitura</t></rPh></si><si/>"
    cells = [_cell(path, f"<c r='A2' t='s'><v>{number}</v></c>", texts=texts) for number in range(3)]
    assert cells == ["zero", "Ação", ""]


@pytest.mark.parametrize(
    ("code", "serial", "value"),
    [
        ("dd/mm/yyyy", "46173", "2026-05-31"),
        ("d mmm", "46173", "2026-05-31"),
        ("mmmm", "46173", "2026-05-31"),
        ("dd/mm/yyyy", "46173.5", "2026-05-31T12:00:00"),
        ("yyyy-mm-dd hh:mm:ss", "46173", "2026-05-31T00:00:00"),
        ("[$-416]dd/mm/yy h:mm AM/PM;@", "46173.4166666666642", "2026-05-31T10:00:00"),
        ("h:mm", "46173.25", "2026-05-31T06:00:00"),
        ("hh:mm:ss.000", "0.5000000115740741", "12:00:00.001"),
        ("[h]:mm", "1.25", "30:00:00"),
        ("0.00E+00", "46173", 46173),
        ('#,##0.00 "dias"', "46173", 46173),
        (r"\d0", "46173", 46173),
        ("[Red]0;[Blue]-0", "46173", 46173),
        ("General", "46173", 46173),
        ("dd/mm/yyyy", "1", "1900-01-01"),
        ("dd/mm/yyyy", "59", "1900-02-28"),
        ("dd/mm/yyyy", "60", 60),
        ("dd/mm/yyyy", "61", "1900-03-01"),
        ("dd/mm/yyyy", "0", 0),
        ("dd/mm/yyyy", "-1", -1),
        ("dd/mm/yyyy", "2958465", "9999-12-31"),
        ("dd/mm/yyyy", "2958466", 2958466),
        ("dd/mm/yyyy", "1E+300", 1e300),
    ],
)
def test_number_format_makes_a_day_or_a_time_of_a_number(path: Path, code: str, serial: str, value: object) -> None:
    formats = f'<numFmt numFmtId="164" formatCode="{code.replace(chr(34), "&quot;")}"/>'
    found = _cell(path, f"<c r='A2' s='1'><v>{serial}</v></c>", formats=formats, styles='<xf numFmtId="164"/>')
    assert found == value


def test_built_in_formats_and_the_1904_system(path: Path) -> None:
    assert _cell(path, "<c r='A2' s='1'><v>46173</v></c>", styles='<xf numFmtId="14"/>') == "2026-05-31"
    assert _cell(path, "<c r='A2' s='1'><v>46173.5</v></c>", styles='<xf numFmtId="22"/>') == "2026-05-31T12:00:00"
    mac = '<workbookPr date1904="1"/>'
    assert _cell(path, "<c r='A2' s='1'><v>44711</v></c>", styles='<xf numFmtId="14"/>', book=mac) == "2026-05-31"
    assert _cell(path, "<c r='A2' s='1'><v>0</v></c>", styles='<xf numFmtId="14"/>', book=mac) == "1904-01-01"


def _text(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_gaps_blank_rows_notes_aside_and_missing_references(path: Path) -> None:
    rows = (
        f'<row r="2">{_text("B2", "Report")}</row>'
        f'<row r="4">{_text("A4", "a")}{_text("C4", " c ")}</row>'
        f'<row r="5"><c r="C5"><v>1</v></c>{_text("F5", "a note")}</row>'
        f'<row r="6">{_text("A6", "  ")}</row>'
        '<row r="900"><c><v>7</v></c><c/><c><v>8</v></c></row>'
        "<row><c><v>9</v></c></row>"
    )
    assert records(path, xlsx(rows), kind="workbook", header_row=4) == [
        {"a": None, "c": 1},
        {"a": 7, "c": 8},
        {"a": 9, "c": None},
    ]


def test_columns_of_the_description(path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2"><v>2</v></c></row>'
    both = [{"x": 1, "y": None}, {"x": None, "y": 2}]
    assert records(path, xlsx(rows), kind="workbook", header_row=0, columns=["x", "y"]) == both
    assert records(path, xlsx(rows), kind="workbook", header_row=1, columns=["x", "y"]) == both[1:]


@pytest.mark.parametrize(
    ("rows", "settings", "said"),
    [
        (f'<row r="1">{_text("A1", "a")}{_text("C1", " a")}</row>', {}, "columns 1 and 3 alike"),
        (f'<row r="1">{_text("A1", "a")}</row>', {"required_columns": ["a", "cnpj"]}, "lacks cnpj"),
        (f'<row r="2">{_text("A2", "a")}</row>', {}, "header row is empty"),
        ("", {}, "header row is empty"),
        ('<row r="1"><c t="e"><v>#N/A</v></c></row>', {}, "error or an uncalculated formula"),
    ],
    ids=["names alike", "required column", "header elsewhere", "no rows", "error"],
)
def test_unusable_header_is_an_error(path: Path, rows: str, settings: dict[str, Any], said: str) -> None:
    error = refusal(path, xlsx(rows), kind="workbook", **settings)
    assert said in str(error)
    assert (error.sheet, error.row) == ("1", 1)


def test_sheet_by_name_or_position(path: Path) -> None:
    book = xlsxwriter.Workbook(str(path))
    for name in ("Capa", "P&D", "2"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["x"])
        sheet.write_row(1, 0, [name])
    book.worksheets()[0].hide()
    book.worksheets()[1].activate()
    book.add_chartsheet("Grafico")
    book.close()
    found = [records_at(path, kind="workbook", sheet=sheet)[0]["x"] for sheet in (1, 2, "P&D", "2")]
    assert found == ["Capa", "P&D", "P&D", "2"]
    content = path.read_bytes()
    assert "'Capa', 'P&D', '2', 'Grafico'" in str(refusal(path, content, kind="workbook", sheet="p&d"))
    assert "no sheet 5" in str(refusal(path, content, kind="workbook", sheet=5))
    assert "holds no cells" in str(refusal(path, content, kind="workbook", sheet="Grafico"))


def test_mapping_reports_error_cells_and_uncalculated_formulas_as_invalid(path: Path) -> None:
    header = "".join(_text(f"{letter}1", name) for letter, name in zip("ABCD", _FIELDS, strict=True))
    cells = '<c><v>1</v></c><c t="e"><v>#REF!</v></c><c><f>A1</f></c><c t="e"><v>#N/A</v></c>'
    found = records(path, xlsx(f'<row r="1">{header}</row><row r="2">{cells}</row>'), kind="workbook")
    fields = tuple(FieldMapping(name, type_, (parse_path(name),), codec) for name, (type_, codec) in _FIELDS.items())
    staged = map_page(EntityMapping("orders", parse_path("k"), ("k",), fields), found, 0).records
    assert sorted(orjson.loads(staged["_invalid"][0])) == ["d", "n", "t"]


_FIELDS = {
    "k": (FieldType.CODE, "text"),
    "n": (FieldType.DECIMAL, "decimal"),
    "d": (FieldType.DATE, "date"),
    "t": (FieldType.TEXT, "text"),
}


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("<c r='A2'><v>1,5</v></c>", 1),
        ("<c r='A2'><v>nan</v></c>", 1),
        ("<c r='A2'><v>1_0</v></c>", 1),
        ("<c r='A2' t='s'><v>9</v></c>", 1),
        ("<c r='A2' t='b'><v>2</v></c>", 1),
        ("<c r='A2' t='zz'><v>2</v></c>", 1),
        ("<c r='a2'><v>2</v></c>", 1),
        ("<c r='ZZZ2'><v>2</v></c>", 1),
        ("<c r='C2'><v>2</v></c>", 4),
    ],
    ids=["comma", "nan", "underscore", "text number", "flag", "kind", "place", "far column", "order"],
)
def test_cell_that_no_program_writes_is_an_error_with_its_place(path: Path, cell: str, column: int) -> None:
    with pytest.raises(ValueError) as caught:
        _cell(path, cell)
    assert str(caught.value).startswith(f"sheet 1, row 2, column {column}: the workbook is damaged")


def test_rows_out_of_order_are_an_error(path: Path) -> None:
    rows = '<row r="3"><c r="A3"><v>1</v></c></row><row r="3"/>'
    assert "not in order" in str(refusal(path, xlsx(rows), kind="workbook", header_row=0, columns=["a"]))


_DTD = '<!DOCTYPE worksheet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_entities_are_refused_in_every_part(path: Path, part: str) -> None:
    parts = xlsx_parts('<row r="1"><c t="s"><v>0</v></c></row>', texts="<si><t>x</t></si>")
    hurt = _DTD + parts[part].replace("<v>0<", "<v>&b;<").replace("<t>x<", "<t>&b;<")
    error = refusal(path, zipped({**parts, part: hurt}), kind="workbook")
    assert "document type" in str(error)


def test_external_parts_are_not_followed(path: Path, tmp_path: Path) -> None:
    """A sheet that is a file outside the package is no sheet, and no part leaves the package by its name."""
    (tmp_path / "sheet.xml").write_text(xlsx_parts('<row r="1"/>')["xl/worksheets/sheet1.xml"])
    parts = xlsx_parts("")
    links = parts["xl/_rels/workbook.xml.rels"]
    outside = links.replace("/xl/worksheets/sheet1.xml", f'{tmp_path}/sheet.xml" TargetMode="External')
    above = links.replace("/xl/worksheets/sheet1.xml", "../../../../sheet.xml")
    for changed, said in ((outside, "holds no cells"), (above, "has no part sheet.xml")):
        content = zipped({**parts, "xl/_rels/workbook.xml.rels": changed})
        assert said in str(refusal(path, content, kind="workbook"))


def test_part_larger_than_allowed_is_refused_before_it_is_unpacked(path: Path) -> None:
    bomb = xlsx(f'<row r="1">{_text("A1", "x" * 3_000_000)}</row>')
    assert len(bomb) < 10_000
    error = refusal(path, bomb, kind="workbook", max_unpacked_mib=1)
    assert "1048576 are allowed" in str(error)


def test_part_that_lies_about_its_size_is_not_unpacked_further(path: Path) -> None:
    content = bytearray(xlsx(f'<row r="1">{_text("A1", "x" * 3_000_000)}</row>'))
    name = b"xl/worksheets/sheet1.xml"
    struct.pack_into("<I", content, content.rindex(name) - 46 + 24, 1000)
    assert "damaged" in str(refusal(path, bytes(content), kind="workbook", max_unpacked_mib=1))


def test_endless_row_does_not_fill_the_memory(path: Path) -> None:
    rows = '<row r="1">' + f"<!--{'x' * 6_000_000}-->" * 4 + "</row>"
    assert "without the end of a record" in str(refusal(path, xlsx(rows), kind="workbook"))


def test_password_is_named(path: Path) -> None:
    content = bytearray(xlsx('<row r="1"/>'))
    for place in _places(bytes(content), b"PK\x01\x02"):
        content[place + 8] |= 1
    assert "password" in str(refusal(path, bytes(content), kind="workbook"))


def _places(content: bytes, wanted: bytes) -> list[int]:
    return [place for place in range(len(content)) if content.startswith(wanted, place)]


def test_damage_anywhere_is_an_error_and_never_a_crash(path: Path) -> None:
    whole = xlsx('<row r="1">' + "".join(_text(f"{letter}1", letter * 9) for letter in "ABCDEF") + "</row>")
    for cut in range(0, len(whole), 97):
        refusal(path, whole[:cut], kind="workbook")
    compressed = zipfile.ZipFile(_written(path, whole)).getinfo("xl/worksheets/sheet1.xml")
    hurt = bytearray(whole)
    hurt[compressed.header_offset + 90] ^= 0x55
    assert "damaged" in str(refusal(path, bytes(hurt), kind="workbook"))


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html><table>", "web page"),
        (b"a;b\n1;2\n", "describe it as delimited"),
        (zipped({"a.txt": "x"}), "no workbook"),
        (zipped({"_rels/.rels": "<Relationships/>"}), "no main part"),
        (zipped({"_rels/.rels": "<Relationships"}), "not well-formed"),
        (
            zipped({"_rels/.rels": xlsx_parts("")["_rels/.rels"].replace("workbook.xml", "workbook.bin")}),
            ".xlsb",
        ),
    ],
    ids=["empty", "web page", "text", "other archive", "no main part", "damaged", "binary workbook"],
)
def test_file_that_is_no_workbook_is_named_for_what_it_is(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, kind="workbook"))
