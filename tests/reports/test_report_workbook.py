"""The XLSX report, read back by another library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from reconciler.model.findings import SideValue
from reconciler.reports.cells import COLUMNS
from reconciler.reports.languages import texts_of
from reconciler.reports.report import EntityReport, Report, RunEnding
from reconciler.reports.sheets import MAX_CELL_CHARACTERS
from reconciler.reports.workbook import write_xlsx
from tests.reports.report_samples import CUSTOMERS, FINDING, entity_of, explain, report_of, stream_of, usual_report

Sheets = dict[str, list[list[object]]]


async def _written(report: Report, path: Path, *, sheet_rows: int | None = None) -> Sheets:
    if sheet_rows is None:
        await write_xlsx(report, path, explain)
    else:
        await write_xlsx(report, path, explain, sheet_rows=sheet_rows)
    workbook = CalamineWorkbook.from_path(str(path))
    return {name: [list(row) for row in workbook.get_sheet_by_name(name).to_python()] for name in workbook.sheet_names}


def _cells(row: list[object]) -> dict[str, object]:
    return dict(zip(COLUMNS, [*row, *[""] * (len(COLUMNS) - len(row))], strict=True))


async def test_the_workbook_has_a_summary_the_decisions_and_a_sheet_for_each_entity(tmp_path: Path) -> None:
    sheets = await _written(usual_report(), tmp_path / "report.xlsx")
    assert list(sheets) == ["Summary", "Decisions", "Customers", "Products"]
    assert [row[0] for row in sheets["Customers"]] == ["Finding", *(finding.id for finding in CUSTOMERS)]


async def test_words_are_in_the_language_of_the_report_and_values_are_not_touched(tmp_path: Path) -> None:
    sheets = await _written(usual_report("pt-BR"), tmp_path / "report.xlsx")
    head, row = sheets["Produtos"]
    assert head == [texts_of("pt-BR").columns[name] for name in COLUMNS][: len(head)]
    cells = _cells(row)
    assert (cells["kind"], cells["cause"], cells["status"]) == ("Diverge", "Arredondamento", "Em aberto")
    assert (cells["crm_value"], cells["erp_value"]) == ("4928.84", "4928.8")
    assert cells["first_seen"] == "2026-11-20T06:02:03Z"


async def test_the_summary_accounts_for_every_record(tmp_path: Path) -> None:
    rows = (await _written(usual_report(), tmp_path / "report.xlsx"))["Summary"]
    assert ["Customers", "CRM", 120.0, 111.0, 6.0, 2.0, 1.0, "adds up"] in rows
    assert ["Products", "ERP", 12_339.0, 12_336.0, 3.0, 0.0, 0.0, "adds up"] in rows


async def test_the_summary_says_what_went_wrong(tmp_path: Path) -> None:
    failed = EntityReport("orders", None, stream_of(()), failure="erp: no answer.")
    suspicious = replace(entity_of("customers", ()), suspicious="The CRM came back empty.")
    report = replace(report_of(failed, suspicious), status=RunEnding.PARTIAL, warnings=("Read in full.",))
    rows = (await _written(report, tmp_path / "report.xlsx"))["Summary"]
    words = "\n".join(str(cell) for row in rows for cell in row)
    for said in ("Partial. ", "Not compared in this run. erp: no answer.", "The CRM came back empty.", "Read in full."):
        assert said in words


async def test_the_workbook_is_dated_by_its_run_and_not_by_the_clock(tmp_path: Path) -> None:
    await write_xlsx(usual_report(), tmp_path / "report.xlsx", explain)
    with ZipFile(tmp_path / "report.xlsx") as archive:
        assert b">2026-11-22T06:02:03Z</dcterms:created>" in archive.read("docProps/core.xml")


async def test_decisions_come_with_their_size_and_first_example(tmp_path: Path) -> None:
    rows = (await _written(usual_report(), tmp_path / "report.xlsx"))["Decisions"]
    assert rows[1] == [
        2.0,
        "Accents",
        "Differs",
        "Customers",
        "legal_name",
        "ERP",
        "Explained: accents of legal_name.",
        "12ABC34501DE35",
        "Indústria São João Ltda",
        "INDUSTRIA SAO JOAO LTDA",
    ]


async def test_texts_stay_texts_exactly_as_given(tmp_path: Path) -> None:
    crm = SideValue("007", "0012.50", "  two  spaces ")
    erp = SideValue("1E5", "-3.140", "_x0041_\nsecond line")
    report = report_of(entity_of("customers", [replace(FINDING, key="00000000000191", crm=crm, erp=erp)]))
    cells = _cells((await _written(report, tmp_path / "report.xlsx"))["Customers"][1])
    assert cells["key"] == "00000000000191"
    assert (cells["crm_id"], cells["crm_value"], cells["crm_raw"]) == ("007", "0012.50", "  two  spaces ")
    assert (cells["erp_id"], cells["erp_value"], cells["erp_raw"]) == ("1E5", "-3.140", "_x0041_\nsecond line")


async def test_no_cell_is_a_formula_a_link_or_a_control_character(tmp_path: Path) -> None:
    evil = ["=1+1", "+1 2", "-x", "@x", "\t=1", "{=1}", "\x1b[31m", "http://evil.example"]
    findings = [replace(FINDING, key=text, crm=SideValue(text, text, text), owner=text) for text in evil]
    report = replace(report_of(entity_of("customers", findings), findings=findings[:1]), project="=1+1")
    sheets = await _written(report, tmp_path / "report.xlsx")
    keys = [row[2] for row in sheets["Customers"][1:]]
    assert keys == ["'=1+1", "'+1 2", "'-x", "'@x", "'\t'=1", "{=1}", "\\x1b[31m", "http://evil.example"]
    assert sheets["Summary"][0][1] == "'=1+1"
    with ZipFile(tmp_path / "report.xlsx") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert b"<f>" not in content
            assert b"<hyperlink" not in content


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, [2]), (3, [4]), (4, [4, 2]), (7, [4, 4, 2])],
    ids=["none", "just-full", "one-over", "three-sheets"],
)
async def test_an_entity_takes_further_sheets_when_one_is_full(tmp_path: Path, count: int, sizes: list[int]) -> None:
    findings = [replace(FINDING, id=f"{number:016x}") for number in range(count)]
    report = report_of(entity_of("customers", findings))
    sheets = await _written(report, tmp_path / "report.xlsx", sheet_rows=4)
    names = ["Customers", "Customers (2)", "Customers (3)"][: len(sizes)]
    assert list(sheets) == ["Summary", "Decisions", *names]
    assert [len(sheets[name]) for name in names] == sizes
    assert all(sheets[name][0][0] == "Finding" for name in names)
    if count:
        assert [row[0] for name in names for row in sheets[name][1:]] == [finding.id for finding in findings]


async def test_an_entity_without_findings_says_so(tmp_path: Path) -> None:
    sheets = await _written(report_of(entity_of("customers", ())), tmp_path / "report.xlsx")
    assert sheets["Customers"][1][0] == "No open findings."


async def test_a_text_too_long_for_excel_is_cut_and_says_so(tmp_path: Path) -> None:
    long = "😀" * (MAX_CELL_CHARACTERS + 5)
    report = report_of(entity_of("customers", [replace(FINDING, crm=SideValue("1", long, None))]))
    cell = _cells((await _written(report, tmp_path / "report.xlsx"))["Customers"][1])["crm_value"]
    assert cell == "😀" * MAX_CELL_CHARACTERS + "… (+5)"


@pytest.mark.parametrize(
    ("entity", "sheet"),
    [
        ("a/b:c[d]*?", "a_b_c_d___"),
        ("'quoted'", "_quoted_"),
        ("x" * 40, "x" * 31),
        ("History", "History (2)"),
        ("summary", "summary (2)"),
        ("\x1b\u202e", "_"),
    ],
    ids=["forbidden", "apostrophes", "long", "reserved", "taken", "invisible"],
)
async def test_any_entity_name_makes_a_sheet_name_that_excel_allows(tmp_path: Path, entity: str, sheet: str) -> None:
    sheets = await _written(report_of(entity_of(entity, ())), tmp_path / "report.xlsx")
    assert list(sheets)[2] == sheet


async def test_a_sheet_needs_room_for_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="room"):
        await write_xlsx(usual_report(), tmp_path / "report.xlsx", explain, sheet_rows=1)
