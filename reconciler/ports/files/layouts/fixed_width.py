"""Reads text files with columns at fixed places (`FixedWidthFormat`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from reconciler.ports.files.formats import FixedWidthFormat, FixedWidthTrailer
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.lines import END_OF_LINE, Lines, skip
from reconciler.ports.files.layouts.trailer import Completeness

_PADDING: Final = " "
_TRIMS: Final[dict[str, Callable[[str], str]]] = {
    "both": lambda cell: cell.strip(_PADDING),
    "right": lambda cell: cell.rstrip(_PADDING),
    "none": lambda cell: cell,
}


def read_fixed_width(path: Path, file_format: FixedWidthFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a file: texts by column name.

    Raises:
        FileLayoutError: the file is not as described. Records before that place have been given by then.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        lines = Lines(stream, file_format.encoding, file_format.max_record_kib)
        line_texts = iter(lines)
        skipped = skip(line_texts, file_format.skip_rows)
        yield from _records(lines, line_texts, skipped, file_format)


def _records(
    lines: Lines, line_texts: Iterator[str], skipped: int, file_format: FixedWidthFormat
) -> Iterator[dict[str, JsonValue]]:
    trailer, selector, trim = file_format.trailer, file_format.only_lines_starting, _TRIMS[file_format.trim]
    completeness = Completeness(trailer.counts) if trailer else None
    if completeness:
        completeness.lines = skipped
    slices = [(column.name, slice(column.start - 1, column.start - 1 + column.width)) for column in file_format.columns]
    lines.begin_record()
    for text in line_texts:
        lines.begin_record()
        line = text.rstrip(END_OF_LINE)
        if not line or line.isspace():
            continue
        if completeness and trailer and _passes_trailer(completeness, trailer, line, lines.number):
            continue
        if not line.startswith(selector):
            continue
        _check_length(line, lines.number, file_format)
        yield {name: trim(line[place]) for name, place in slices}
        if completeness:
            completeness.records += 1
    if completeness:
        completeness.check_at_end()


def _passes_trailer(completeness: Completeness, trailer: FixedWidthTrailer, line: str, row: int) -> bool:
    """Whether the line is the trailer; also counts it."""
    completeness.check_before_row(row)
    completeness.lines += 1
    if not line.startswith(trailer.marker):
        return False
    completeness.trailer(row, _count_of(line, trailer, row))
    return True


def _count_of(line: str, trailer: FixedWidthTrailer, row: int) -> str | None:
    """The text of the count in a trailer line, or None when it is to have none.

    Raises:
        FileLayoutError: the line is too short for it.
    """
    if trailer.count_start is None or trailer.count_width is None:
        return None
    end = trailer.count_start - 1 + trailer.count_width
    if len(line) < end:
        raise FileLayoutError(f"the trailer has {len(line)} characters, and its count ends at {end}", row=row)
    return line[trailer.count_start - 1 : end]


def _check_length(line: str, row: int, file_format: FixedWidthFormat) -> None:
    wanted = file_format.line_length
    if wanted is not None and len(line) != wanted:
        raise FileLayoutError(f"{len(line)} characters, where the description has {wanted}", row=row)
    if wanted is None and not file_format.short_lines and len(line) < file_format.reach:
        raise FileLayoutError(f"{len(line)} characters, and the last column ends at {file_format.reach}", row=row)
