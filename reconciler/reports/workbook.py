"""The report as an XLSX workbook: a summary, the decisions, and the findings of each entity, streamed to disk."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import BinaryIO, Final

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from reconciler.model.findings import Finding
from reconciler.reports.cells import COLUMNS, row_of, safe_cell
from reconciler.reports.files import batches, in_thread, replacing
from reconciler.reports.languages import texts_of
from reconciler.reports.report import EntityReport, Explain, Report
from reconciler.reports.sheets import Book, Sheet
from reconciler.reports.summary_sheets import add_accepted, add_decisions, add_summary
from reconciler.reports.texts import Texts
from reconciler.whole_file import write_failures

MAX_SHEET_ROWS: Final = 1_048_576
"""Rows of a worksheet, header included: Excel's own limit."""

_WIDTHS: Final = {"key": 20, "explanation": 60, "kind": 18, "cause": 24, "field": 18, "accepted_reason": 30}
_VALUE_WIDTH: Final = 32
_OTHER_WIDTH: Final = 14


async def write_xlsx(report: Report, path: Path, explain: Explain, *, sheet_rows: int = MAX_SHEET_ROWS) -> None:
    """Write the workbook. An entity with more findings than `sheet_rows` (header included) takes further sheets.

    Kind, cause and state are words in the language of the report; every other cell is the exact text of the finding,
    made safe. Cancelling waits for the step at hand; packing a workbook of a million rows is one step.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    texts = texts_of(report.locale)
    async with replacing(path) as file, _open_book(path, file, report) as book:
        with write_failures(path):
            await in_thread(add_summary, book, report, texts)
            await in_thread(add_decisions, book, report, texts, explain)
            await in_thread(add_accepted, book, report, texts)
        for entity in report.entities:
            await _add_entity(book, path, entity, _RowWriter(book, entity, texts, explain, sheet_rows))


@asynccontextmanager
async def _open_book(path: Path, file: BinaryIO, report: Report) -> AsyncIterator[Book]:
    """A workbook that is packed into `file` when the block ends well. Its rows wait in a private folder beside it."""
    with write_failures(path):
        scratch = tempfile.TemporaryDirectory(prefix=".", suffix=".unfinished", dir=path.parent)
    with scratch as folder:
        options = {"constant_memory": True, "tmpdir": folder, "use_zip64": True}
        workbook = xlsxwriter.Workbook(file, options)
        created = report.started_at.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties({"title": safe_cell(report.project), "created": created})
        try:
            yield Book(workbook)
            with write_failures(path):
                await in_thread(_pack, workbook)
        finally:
            for sheet in workbook.worksheets():
                # On a full disk closing fails too; the rows are thrown away and the first error is the one to tell.
                with suppress(OSError):
                    sheet.row_data_fh.close()


def _pack(workbook: xlsxwriter.Workbook) -> None:
    try:
        workbook.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error


async def _add_entity(book: Book, path: Path, entity: EntityReport, writer: _RowWriter) -> None:
    async with aclosing(batches(entity.findings())) as found:
        async for batch in found:
            with write_failures(path):
                await in_thread(writer.add, batch)
    writer.finish()


class _RowWriter:
    """Writes the findings of one entity, beginning a further sheet when one is full."""

    def __init__(self, book: Book, entity: EntityReport, texts: Texts, explain: Explain, sheet_rows: int) -> None:
        if sheet_rows < 2:
            raise ValueError("a sheet has room for the header and one finding at least")
        self._book = book
        self._title = texts.entity_label(entity.name)
        self._texts = texts
        self._explain = explain
        self._sheet_rows = sheet_rows
        self._sheet = self._begin()

    def add(self, batch: Sequence[Finding]) -> None:
        """Append one row for each finding."""
        for finding in batch:
            if self._sheet.rows == self._sheet_rows:
                self._sheet.filter_columns()
                self._sheet = self._begin()
            self._sheet.add_texts(self._cells(finding))

    def finish(self) -> None:
        """Make the last sheet ready."""
        if self._sheet.rows == 1:
            self._sheet.add_texts([self._texts.no_findings])
        else:
            self._sheet.filter_columns()

    def _begin(self) -> Sheet:
        sheet = self._book.add_sheet(self._title)
        for place, name in enumerate(COLUMNS):
            value = name.endswith(("_value", "_raw"))
            sheet.set_width(place, _VALUE_WIDTH if value else _WIDTHS.get(name, _OTHER_WIDTH))
        sheet.add_header([self._texts.columns[name] for name in COLUMNS])
        return sheet

    def _cells(self, finding: Finding) -> list[str]:
        words = {
            "kind": self._texts.kinds[finding.kind],
            "cause": self._texts.causes[finding.cause],
            "status": self._texts.statuses[finding.status],
        }
        row = row_of(finding, self._explain)
        return [words.get(name, cell) for name, cell in zip(COLUMNS, row, strict=True)]
