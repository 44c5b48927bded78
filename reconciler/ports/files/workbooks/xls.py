"""Reads a sheet of an `.xls` workbook: values by python-calamine, error cells by looking at the records themselves.

python-calamine gives the empty text for an error cell. A formula that was never calculated cannot be told in this kind
of file: its format has no place for "no value", and programs that do not calculate write a zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.choosing import position_of
from reconciler.ports.files.workbooks.sheet_values import Row, Shown, error_value, moment_text
from reconciler.ports.files.workbooks.xls_records import (
    DAMAGED,
    check_extents,
    error_cells,
    protected,
    workbook_stream,
)

_MOST_BYTES: Final = 256 * 1024 * 1024
_WHOLE_FLOATS: Final = 2**53


def xls_rows(path: Path, sheet: str | int) -> Iterator[Row]:
    """The rows of a sheet.

    Args:
        sheet: name, or position from 1, hidden ones included.

    Raises:
        FileLayoutError: no such sheet, a password, larger than 256 MiB, cells too far apart, or damaged.
        OSError: it cannot be read.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise FileLayoutError(f"an .xls workbook of more than {_MOST_BYTES} bytes")
    stream = workbook_stream(path.read_bytes())
    check_extents(stream)
    position, found = _chosen(path, sheet)
    errors = error_cells(stream, position)
    # Rows come from the first of the sheet on, cells from the first column with a value on.
    first_column = found.start[1] if found.start else 0
    for number, values in enumerate(found.iter_rows()):
        cells: list[JsonValue] = [None] * first_column + [_json(value) for value in values]
        for column, code in errors.get(number, {}).items():
            cells[column] = error_value(code)
        yield Row(number + 1, cells)


def _chosen(path: Path, sheet: str | int) -> tuple[int, CalamineSheet]:
    """The wanted sheet and its position, from 0."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            position = position_of(sheet, workbook.sheet_names)
            return position, workbook.get_sheet_by_index(position)
    except PasswordError:
        raise protected() from None
    except CalamineError:
        raise FileLayoutError(DAMAGED) from None
    except BaseException as error:
        # Some damage makes the library panic. The class of that cannot be imported and is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise FileLayoutError(DAMAGED) from None


def _json(value: object) -> JsonValue:
    match value:
        case "":
            return None
        case str() | bool() | int():
            return value
        case float():
            return int(value) if value.is_integer() and abs(value) < _WHOLE_FLOATS else value
        case datetime():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return moment_text(value / timedelta(days=1), Shown.ELAPSED)
        case _:
            raise FileLayoutError("the workbook has a cell of an unknown kind")
