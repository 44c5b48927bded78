"""Reads delimited text files (`DelimitedFormat`)."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from reconciler.ports.files.formats import DelimitedFormat, DelimitedTrailer
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.columns import Columns, declared, of_header
from reconciler.ports.files.layouts.lines import Lines, skip
from reconciler.ports.files.layouts.trailer import Completeness


class _Row(NamedTuple):
    """Cells of a row, the line on which it begins, and how many lines it has."""

    cells: list[str]
    number: int
    lines: int


def read_delimited(path: Path, file_format: DelimitedFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a file: texts by column name.

    Raises:
        FileLayoutError: the file is not as described. Records before that place have been given by then.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        lines = Lines(stream, file_format.encoding, file_format.max_record_kib)
        line_texts = iter(lines)
        skipped = skip(line_texts, file_format.skip_rows)
        with closing(_rows(lines, line_texts, file_format)) as rows:
            yield from _records(rows, skipped, file_format)


def _records(rows: Iterator[_Row], skipped: int, file_format: DelimitedFormat) -> Iterator[dict[str, JsonValue]]:
    trailer = file_format.trailer
    completeness = Completeness(trailer.counts) if trailer else None
    columns, header_lines = _columns(rows, file_format)
    if completeness:
        completeness.lines = skipped + header_lines
    plain, ragged = not columns.nameless, file_format.ragged_end
    for row in rows:
        if completeness and trailer and _passes_trailer(completeness, trailer, row):
            continue
        cells = row.cells
        if not plain or len(cells) != columns.width:
            cells = _fitting(row, columns, ragged=ragged)
        yield {name: cells[position] for position, name in columns.places}
        if completeness:
            completeness.records += 1
    if completeness:
        completeness.check_at_end()


def _columns(rows: Iterator[_Row], file_format: DelimitedFormat) -> tuple[Columns, int]:
    """The columns, and how many lines the header has."""
    if file_format.columns is not None:
        return declared(file_format.columns), 0
    header = next(rows, None)
    if header is None:
        raise FileLayoutError("the file has no header row: it holds nothing")
    other = next((found for found in ",;\t|" if found in header.cells[0]), None) if len(header.cells) == 1 else None
    if other is not None:
        raise FileLayoutError(
            f"the header is one cell, with {other!r} in it", hint="Is that the delimiter?", row=header.number
        )
    return of_header(header.cells, file_format.required_columns, header.number), header.lines


def _passes_trailer(completeness: Completeness, trailer: DelimitedTrailer, row: _Row) -> bool:
    """Whether the row is the trailer; also counts its lines."""
    completeness.check_before_row(row.number)
    completeness.lines += row.lines
    if row.cells[0].strip() != trailer.marker:
        return False
    completeness.trailer(row.number, _count_of(row.cells, trailer, row.number))
    return True


def _count_of(cells: list[str], trailer: DelimitedTrailer, row: int) -> str | None:
    """The text of the count in a trailer row, or None when it is to have none.

    Raises:
        FileLayoutError: the row is too short for it.
    """
    if trailer.count_cell is None:
        return None
    if len(cells) < trailer.count_cell:
        raise FileLayoutError(
            f"the trailer has {len(cells)} cells, and its count is cell {trailer.count_cell}", row=row
        )
    return cells[trailer.count_cell - 1]


def _rows(lines: Lines, line_texts: Iterator[str], file_format: DelimitedFormat) -> Generator[_Row, None, None]:
    """Rows with something in them."""
    reader = csv.reader(
        line_texts,
        delimiter=file_format.delimiter,
        quotechar=file_format.quote or None,
        quoting=csv.QUOTE_MINIMAL if file_format.quote else csv.QUOTE_NONE,
        doublequote=True,
        strict=True,
    )
    while True:
        lines.begin_record()
        before = lines.number
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _quoting_error(str(error), before + 1) from None
        if cells is None:
            return
        if any(cells) and any(map(str.strip, cells)):
            yield _Row(cells, before + 1, lines.number - before)


def _quoting_error(message: str, row: int) -> FileLayoutError:
    # The module's messages hold no content; only what can be explained better is put in other words.
    if "unexpected end of data" in message:
        return FileLayoutError("a quote is opened and never closed", row=row)
    if "field larger than field limit" in message:
        return FileLayoutError(
            f"a cell of more than {csv.field_size_limit()} characters", hint="Is a quote never closed?", row=row
        )
    return FileLayoutError(
        "something follows the quote that ends a cell, other than a delimiter",
        hint='Quotes inside a quoted cell are doubled; a file that does not use quotes has quote = "".',
        row=row,
    )


def _fitting(row: _Row, columns: Columns, *, ragged: bool) -> list[str]:
    """The cells, as many as the header has: with `ragged`, empty ones at the end are added or taken off.

    Raises:
        FileLayoutError: another number of cells, or a value that no column name goes with.
    """
    cells, width = row.cells, columns.width
    if len(cells) != width:
        if not ragged or any(map(str.strip, cells[width:])):
            raise FileLayoutError(
                f"{len(cells)} cells, where the header or the description has {width}", row=row.number
            )
        cells = cells[:width] + [""] * (width - len(cells))
    for position in columns.nameless:
        if cells[position].strip():
            raise FileLayoutError("a value in a column without a name", row=row.number, column=position + 1)
    return cells
