"""The report of a pilot as an XLSX workbook."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

from reconciler.reports.cells import safe_cell
from reconciler.reports.pilot_report import PilotCell, PilotNote, PilotReport, PilotRow, PilotWords, pilot_words
from reconciler.reports.sheets import Book

_TITLE_WIDTH = 44
_WIDTH = 16
_MARKS = {True: " ✓", False: " ✕", None: ""}


def pilot_workbook(report: PilotReport) -> bytes:
    """The workbook: the scorecard, and a sheet each of what was said, stopped, declared and signed."""
    words, file = pilot_words(report.locale), io.BytesIO()
    workbook = xlsxwriter.Workbook(file, {"in_memory": True})
    workbook.set_properties({"title": safe_cell(report.project)})
    book = Book(workbook)
    _scorecard(book, report, words)
    _scenarios(book, report, words)
    for title, notes in (
        (words.feedback, report.feedback),
        (words.freezes, report.freezes),
        (words.declarations, report.declarations),
        (words.signatures, report.signatures),
    ):
        _notes(book, title, notes, words)
    workbook.close()
    return file.getvalue()


def _scorecard(book: Book, report: PilotReport, words: PilotWords) -> None:
    sheet = book.add_sheet(words.scorecard)
    sheet.set_width(0, _TITLE_WIDTH)
    for column in range(1, len(report.days) + 2):
        sheet.set_width(column, _WIDTH)
    sheet.add_header([words.measure, words.criterion, *report.days])
    for row in report.rows:
        sheet.add_texts([row.title, _criterion(row, words), *(_cell(each) for each in row.cells)])
    sheet.add_texts([])
    sheet.add_texts([words.verdicts[report.verdict]])
    for reason in report.reasons:
        sheet.add_texts([reason])
    sheet.add_texts([words.content, report.content])


def _criterion(row: PilotRow, words: PilotWords) -> str:
    if row.criterion is None:
        return ""
    return f"{words.at_most if row.good == 'at_most' else words.at_least} {row.criterion} {row.unit}".rstrip()


def _cell(cell: PilotCell) -> str:
    if cell.sample is None:
        return ""
    return f"{'–' if cell.value is None else cell.value}{_MARKS[cell.met]}"


def _scenarios(book: Book, report: PilotReport, words: PilotWords) -> None:
    sheet = book.add_sheet(words.scenarios)
    for column in (0, 4, 5):
        sheet.set_width(column, _TITLE_WIDTH)
    sheet.add_header([words.what, words.outcome, words.when, words.who, words.expected, words.seen, words.evidence])
    for each in report.scenarios:
        when, outcome = each.at.isoformat(timespec="seconds"), words.statuses[each.status]
        sheet.add_texts([each.title, outcome, when, each.who, each.expected, each.seen, each.digest])


def _notes(book: Book, title: str, notes: Sequence[PilotNote], words: PilotWords) -> None:
    sheet = book.add_sheet(title)
    sheet.set_width(2, _TITLE_WIDTH)
    sheet.add_header([words.when, words.who, words.what, words.outcome])
    for note in notes:
        sheet.add_texts([note.at.isoformat(timespec="seconds"), note.who, note.what, note.outcome])
