"""Reads one sheet of a workbook (`WorkbookFormat`), whichever kind of workbook the file is."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from reconciler.ports.files.formats import WorkbookFormat
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.columns import Columns, declared, of_header
from reconciler.ports.files.workbooks.compound_file import SIGNATURE
from reconciler.ports.files.workbooks.ods import CONTENT_PART, ods_rows
from reconciler.ports.files.workbooks.package import Package, opened_package
from reconciler.ports.files.workbooks.sheet_values import Row
from reconciler.ports.files.workbooks.xlsx import ROOT_RELATIONS, xlsx_rows

_ZIP: Final = b"PK"
_MIB: Final = 1024 * 1024


def read_workbook(path: Path, file_format: WorkbookFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a sheet: cells by column name, None for an empty one. Rows without a value are passed over.

    Raises:
        FileLayoutError: the file is no workbook, is damaged or protected, or the sheet is not as described. Records
            before that place have been given by then.
        OSError: it cannot be read.
    """
    sheet = str(file_format.sheet)
    try:
        with closing(_rows(path, file_format)) as rows:
            yield from _records(rows, file_format)
    except FileLayoutError as error:
        raise FileLayoutError(error.problem, hint=error.hint, sheet=sheet, row=error.row, column=error.column) from None


def _rows(path: Path, file_format: WorkbookFormat) -> Generator[Row, None, None]:
    with path.open("rb") as stream:
        beginning = stream.read(len(SIGNATURE))
    if beginning.startswith(_ZIP):
        with opened_package(path, file_format.max_unpacked_mib * _MIB) as package:
            yield from _package_rows(package, file_format.sheet)
    elif beginning == SIGNATURE:
        from reconciler.ports.files.workbooks.xls import xls_rows

        yield from xls_rows(path, file_format.sheet)
    else:
        raise _no_workbook(beginning)


def _package_rows(package: Package, sheet: str | int) -> Iterator[Row]:
    if CONTENT_PART in package:
        return ods_rows(package, sheet)
    if ROOT_RELATIONS in package:
        return xlsx_rows(package, sheet)
    raise FileLayoutError("the file is a ZIP archive, and no workbook")


def _no_workbook(beginning: bytes) -> FileLayoutError:
    if not beginning:
        return FileLayoutError("the file is empty")
    if beginning.lstrip().startswith(b"<"):
        return FileLayoutError(
            "the file is no workbook, but a web page (HTML) or XML with the name of one",
            hint="Many systems export that as .xls; open it in a spreadsheet program and save it as .xlsx.",
        )
    return FileLayoutError(
        "the file is no workbook (.xlsx, .xls or .ods)", hint="If it is text, describe it as delimited."
    )


def _records(rows: Iterator[Row], file_format: WorkbookFormat) -> Iterator[dict[str, JsonValue]]:
    columns = declared(file_format.columns) if file_format.columns is not None else None
    least = max((position for position, _ in columns.places), default=0) + 1 if columns else 0
    for number, cells in rows:
        if number < file_format.header_row:
            continue
        if columns is None:
            columns = _header(number, cells, file_format)
            least = columns.width
            continue
        if number == file_format.header_row or _is_blank(cells):
            continue
        if len(cells) < least:
            cells += [None] * (least - len(cells))
        yield {name: cells[position] for position, name in columns.places}
    if columns is None:
        raise _no_header(file_format)


def _header(number: int, cells: list[JsonValue], file_format: WorkbookFormat) -> Columns:
    if number != file_format.header_row:
        raise _no_header(file_format)
    if any(isinstance(cell, dict) for cell in cells):
        raise FileLayoutError("an error or an uncalculated formula in the header", row=number)
    return of_header(["" if cell is None else str(cell) for cell in cells], file_format.required_columns, number)


def _no_header(file_format: WorkbookFormat) -> FileLayoutError:
    return FileLayoutError("the header row is empty", row=file_format.header_row)


def _is_blank(cells: list[JsonValue]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)
