"""Reads a file as its description lays it out: the one entrance to all layouts.

Plain generators, meant for a worker thread. What is read is data: no formula is calculated, no link or path in a file
is followed, nothing is fetched, nothing is written to disk. Memory is bounded by one record (and for `.xlsx` by its
distinct texts), whatever the size of the file; `.xls`, of at most 65,536 rows, is the exception.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from reconciler.ports.files.formats import (
    DelimitedFormat,
    FileFormat,
    FixedWidthFormat,
    JsonFormat,
    JsonLinesFormat,
    WorkbookFormat,
    XmlFormat,
)
from reconciler.ports.files.layout_error import FileLayoutError

__all__ = ["FileLayoutError", "read_batches"]


def read_batches(path: Path, file_format: FileFormat, *, batch_size: int) -> Iterator[list[dict[str, JsonValue]]]:
    """The records of a file, in order, in lists of `batch_size` of which the last may be shorter.

    Every record of a table has every column; texts stay texts. A file without records gives no list.

    Raises:
        FileLayoutError: the file is not as described, at whatever place; lists before that place have been given by
            then and must not be used, since the file may be cut off.
        OSError: it cannot be read.
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError("batch_size must be at least 1")
    with closing(_records(path, file_format)) as records:
        while batch := list(islice(records, batch_size)):
            yield batch


def _records(path: Path, file_format: FileFormat) -> Generator[dict[str, JsonValue], None, None]:
    # Imported here because each brings a library that the others do not need.
    match file_format:
        case DelimitedFormat():
            from reconciler.ports.files.layouts.delimited import read_delimited

            return read_delimited(path, file_format)
        case FixedWidthFormat():
            from reconciler.ports.files.layouts.fixed_width import read_fixed_width

            return read_fixed_width(path, file_format)
        case WorkbookFormat():
            from reconciler.ports.files.workbooks.workbook import read_workbook

            return read_workbook(path, file_format)
        case XmlFormat():
            from reconciler.ports.files.layouts.xml_records import read_xml

            return read_xml(path, file_format)
        case JsonFormat():
            from reconciler.ports.files.layouts.json_records import read_json

            return read_json(path, file_format)
        case JsonLinesFormat():
            from reconciler.ports.files.layouts.json_lines import read_json_lines

            return read_json_lines(path, file_format)
