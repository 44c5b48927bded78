"""What a report says of the taxes of open quotes, in every format."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from reconciler.reports.documents import run_document
from reconciler.reports.languages import texts_of
from reconciler.reports.report import TaxReport
from reconciler.reports.workbook import write_xlsx
from tests.reports.page_reading import page_of
from tests.reports.report_samples import explain, usual_report

COMPARED = TaxReport(1025, 1023, 2, 7, Decimal("4638.22"), reasons={"deadline": 2})


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "1,025 open quotes: 1,023 compared with the ERP's answers of today, 2 without an answer. "
               "7 carry other taxes; 4,638.22 BRL are at stake."),
        ("pt-BR", "1.025 orçamentos abertos: 1.023 comparados com as respostas do ERP de hoje, 2 sem resposta. "
                  "7 trazem outros impostos; 4.638,22 BRL em jogo."),
    ],
)  # fmt: skip
async def test_the_page_says_it_in_one_sentence(locale: str, words: str) -> None:
    page = await page_of(replace(usual_report(locale), taxes=COMPARED))
    (section,) = [each for each in page.all("section") if each.attributes.get("id") == "taxes"]
    assert words in section.words
    assert "deadline: 2" in section.words


async def test_a_run_that_did_not_ask_says_nothing_and_one_that_could_not_says_so(tmp_path: Path) -> None:
    texts = texts_of("en")
    assert texts.taxes not in (await page_of(usual_report())).words
    assert "taxes" not in run_document(usual_report())
    failed = replace(usual_report(), taxes=TaxReport())
    assert texts.taxes_not_read in (await page_of(failed)).words
    assert run_document(failed)["taxes"]["quotes"] is None


async def test_the_workbook_and_the_document_have_the_same_numbers(tmp_path: Path) -> None:
    report = replace(usual_report(), taxes=COMPARED)
    await write_xlsx(report, tmp_path / "report.xlsx", explain)
    summary = CalamineWorkbook.from_path(tmp_path / "report.xlsx").get_sheet_by_index(0).to_python()
    (told,) = [row[1] for row in summary if row and row[0] == texts_of("en").taxes]
    assert "1025 open quotes: 1023 compared" in str(told)
    assert "4638.22 BRL" in str(told)
    assert run_document(report)["taxes"] == {
        "quotes": 1025,
        "calculated": 1023,
        "unavailable": 2,
        "drifted": 7,
        "value_at_stake": "4638.22",
        "currency": "BRL",
        "reasons": {"deadline": 2},
    }
