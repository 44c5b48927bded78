"""The records of an `.xls` workbook ([MS-XLS]): what has to be known of them before a library reads their values."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.compound_file import CompoundFile, CompoundFileError

DAMAGED: Final = "the workbook is damaged or was cut off"

_STREAMS: Final = ("Workbook", "Book")
_ENCRYPTED_STREAM: Final = "EncryptedPackage"

_FORMULA: Final = 0x0006
_END: Final = 0x000A
_PROTECTED: Final = 0x002F
_SHEET: Final = 0x0085
_NUMBERS: Final = 0x00BD
"""Several numbers one after another; the last column is at its end."""
_TEXTS: Final = 0x00FC
_EXTENT: Final = 0x0200
_EXTENT_BYTES: Final = 14
_ERROR_OR_BOOLEAN: Final = 0x0205
_CELLS: Final = frozenset({_FORMULA, _NUMBERS, 0x00D6, 0x00FD, 0x0203, 0x0204, _ERROR_OR_BOOLEAN, 0x027E})

_MOST_ROWS: Final = 65_536
_MOST_COLUMNS: Final = 256
_MOST_CELLS: Final = 4_000_000
"""Cells of the rectangle around all that is written in a sheet: the library holds every one of them, empty or not."""

_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


class _Record(NamedTuple):
    kind: int
    place: int
    size: int


def workbook_stream(content: bytes) -> bytes:
    """The stream of a compound file that holds the records of the workbook.

    Raises:
        FileLayoutError: the file is damaged, protected by a password, or another kind of document.
    """
    try:
        container = CompoundFile(content)
        if _ENCRYPTED_STREAM in container.names:
            raise protected()
        stream = next((container.stream(name) for name in _STREAMS if name in container.names), None)
    except (CompoundFileError, struct.error):
        raise FileLayoutError(DAMAGED) from None
    if stream is None:
        raise FileLayoutError("the file is no workbook, but another kind of document")
    if any(record.kind == _PROTECTED for record in _records(stream, 0)):
        raise protected()
    return stream


def protected() -> FileLayoutError:
    """The error for a workbook with a password."""
    return FileLayoutError("the workbook is protected by a password", hint="Save it without one.")


def check_extents(stream: bytes) -> None:
    """Make sure that the library can hold what the records announce: it reserves the memory without asking.

    Raises:
        FileLayoutError: more rows, columns or texts than such a file can have, or a sheet that is too sparse.
    """
    for record in _records(stream, 0):
        if record.kind == _TEXTS and _integers(stream, record, "<I", 4)[0] > len(stream):
            raise FileLayoutError(DAMAGED)
    for start in _sheet_starts(stream):
        _check_extent(stream, start)


def _check_extent(stream: bytes, start: int) -> None:
    rows, columns = set(), set()
    for record in _records(stream, start):
        if record.kind == _EXTENT:
            # Older versions have rows of 16 bits.
            layout = "<IIHH" if record.size >= _EXTENT_BYTES else "<HHHH"
            first_row, end_row, first_column, end_column = _integers(stream, record, layout, 0)
            if not (first_row <= end_row <= _MOST_ROWS and first_column <= end_column <= _MOST_COLUMNS):
                raise FileLayoutError(DAMAGED)
        elif record.kind in _CELLS:
            row, column = _integers(stream, record, "<HH", 0)
            rows.add(row)
            columns.add(column)
            if record.kind == _NUMBERS:
                columns.add(_integers(stream, record, "<H", record.size - 2)[0])
    if not rows:
        return
    if max(columns) >= _MOST_COLUMNS:
        raise FileLayoutError(DAMAGED)
    if (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1) > _MOST_CELLS:
        raise FileLayoutError("a sheet with cells too far apart for an .xls workbook", hint="Save it as .xlsx.")


def error_cells(stream: bytes, position: int) -> dict[int, dict[int, str]]:
    """Row (from 0) to column (from 0) to error, of the sheet at a position (from 0).

    Raises:
        FileLayoutError: a record is shorter than its kind is.
    """
    found: dict[int, dict[int, str]] = {}
    for record in _records(stream, _sheet_starts(stream)[position]):
        code = _error_code(stream, record)
        if code is not None:
            row, column = _integers(stream, record, "<HH", 0)
            found.setdefault(row, {})[column] = _ERRORS.get(code, "#ERROR!")
    return found


def _sheet_starts(stream: bytes) -> list[int]:
    return [_integers(stream, record, "<I", 0)[0] for record in _records(stream, 0) if record.kind == _SHEET]


def _records(stream: bytes, place: int) -> Iterator[_Record]:
    """The records from `place` on, up to the one that ends the sheet or the head of the workbook."""
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        if kind == _END:
            return
        if place + 4 + size > len(stream):
            raise FileLayoutError(DAMAGED)
        yield _Record(kind, place + 4, size)
        place += 4 + size


def _integers(stream: bytes, record: _Record, layout: str, offset: int) -> tuple[int, ...]:
    if not 0 <= offset <= record.size - struct.calcsize(layout):
        raise FileLayoutError(DAMAGED)
    return struct.unpack_from(layout, stream, record.place + offset)


def _error_code(stream: bytes, record: _Record) -> int | None:
    """The code of an error cell, or None for anything else."""
    if record.kind == _ERROR_OR_BOOLEAN:
        code, is_error = _integers(stream, record, "<BB", 6)
        return code if is_error else None
    if record.kind == _FORMULA:
        # A result that is no number has FFFF at its end and its kind at its beginning: 2 is an error.
        kind, _, code, _, _, _, mark = _integers(stream, record, "<BBBBBBH", 6)
        return code if mark == 0xFFFF and kind == 2 else None
    return None
