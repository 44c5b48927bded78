"""What a description says of the layout of a file, as strict types. Pure data.

Names and counts are given as people see them: rows, columns, characters and sheets are counted from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from reconciler.ports.http.settings import Strict

TextEncoding = Literal["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "cp850"]
"""How characters are written as bytes. `utf-8` and `utf-8-sig` both read a file with or without a byte order mark;
`utf-16` needs one, the two others name the order. `cp850` is what DOS programs wrote in Brazil."""

ColumnNames = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class DelimitedTrailer(Strict):
    """The last row of a file, which is not a record. A file without it was cut off.

    Attributes:
        marker: text of its first cell, outer spaces apart.
        count_cell: which of its cells holds a count, from 1; None when it holds none.
        counts: what is counted: the records of the file, or all lines that are not blank, with skipped rows, header
            and trailer.
    """

    marker: Annotated[str, Field(min_length=1)]
    count_cell: PositiveInt | None = None
    counts: Literal["records", "lines"] = "records"


class DelimitedFormat(Strict):
    """Cells with a character between them: `.csv`, and most `.txt`.

    Blank lines, and rows of blank cells only, carry no record. Cells are texts as written, so leading zeros live.

    Attributes:
        encoding: how characters are written. Another encoding is an error; it is never guessed while reading.
        delimiter: the character between cells, often `;` in Brazil, or a tab.
        quote: the character around cells that hold the delimiter, quotes (doubled) or line breaks; "" for none.
        skip_rows: lines before the header, or before the first record when `columns` is given.
        columns: names of the columns, for a file without header; None takes them from the header.
        required_columns: names that must be in the header, so that a renamed one is not a missing value.
        ragged_end: whether a row may leave out empty cells at its end or have further empty ones.
        trailer: the last row, or None when a record is last.
        max_record_kib: a longer record is an error, in thousands (1024) of characters.
    """

    kind: Literal["delimited"]
    encoding: TextEncoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)]
    quote: Annotated[str, Field(max_length=1)] = '"'
    skip_rows: NonNegativeInt = 0
    columns: ColumnNames | None = None
    required_columns: list[str] = Field(default=[])
    ragged_end: bool = False
    trailer: DelimitedTrailer | None = None
    max_record_kib: PositiveInt = 1024

    @model_validator(mode="after")
    def _is_readable(self) -> DelimitedFormat:
        _unlike(self.columns or (), "columns")
        if self.delimiter in '\r\n\0 "' or self.quote in ("\r", "\n", "\0", " ", self.delimiter):
            raise ValueError("delimiter and quote must be two characters, neither a space nor the end of a line")
        return self


class FixedWidthColumn(Strict):
    """One column: `width` characters (not bytes) from the `start`th on, counted from 1."""

    name: Annotated[str, Field(min_length=1)]
    start: PositiveInt
    width: PositiveInt


class FixedWidthTrailer(Strict):
    """The last line of a file, which is not a record. A file without it was cut off.

    Attributes:
        marker: how the line begins.
        count_start, count_width: characters that hold a count; both or neither.
        counts: what is counted: the records of the file, or all lines that are not blank, trailer and header too.
    """

    marker: Annotated[str, Field(min_length=1)]
    count_start: PositiveInt | None = None
    count_width: PositiveInt | None = None
    counts: Literal["records", "lines"] = "records"

    @model_validator(mode="after")
    def _has_both_or_neither(self) -> FixedWidthTrailer:
        if (self.count_start is None) != (self.count_width is None):
            raise ValueError("count_start and count_width go together")
        return self


class FixedWidthFormat(Strict):
    """Columns at fixed places of a line.

    Attributes:
        encoding: as for delimited files.
        columns: may leave parts of the line out, and may overlap.
        trim: which outer spaces of a cell are padding: `both`, `right` or `none`.
        skip_rows: lines before the first record.
        only_lines_starting: a line that begins otherwise is no record of this kind (several record types in a file);
            "" takes every line.
        line_length: length every record's line must have, in characters; None wants them to reach the last column.
        short_lines: whether a line may end early, as when an editor took off the spaces; what is missing reads as "".
        trailer: the last line, or None when a record is last.
        max_record_kib: a longer line is an error, in thousands (1024) of characters.
    """

    kind: Literal["fixed_width"]
    encoding: TextEncoding = "utf-8"
    columns: Annotated[list[FixedWidthColumn], Field(min_length=1)]
    trim: Literal["both", "right", "none"] = "both"
    skip_rows: NonNegativeInt = 0
    only_lines_starting: str = ""
    line_length: PositiveInt | None = None
    short_lines: bool = False
    trailer: FixedWidthTrailer | None = None
    max_record_kib: PositiveInt = 64

    @property
    def reach(self) -> int:
        """Position of the last character that any column needs, from 1."""
        return max(column.start + column.width - 1 for column in self.columns)

    @model_validator(mode="after")
    def _is_readable(self) -> FixedWidthFormat:
        _unlike([column.name for column in self.columns], "columns")
        if self.line_length is not None and self.reach > self.line_length:
            raise ValueError(f"a column ends at {self.reach}, after the line_length of {self.line_length}")
        if self.line_length is not None and self.short_lines:
            raise ValueError("line_length and short_lines contradict each other")
        return self


class WorkbookFormat(Strict):
    """One sheet of a workbook: `.xlsx`, `.xls` or `.ods`; which of them is told from the file's content.

    Text cells are texts (leading zeros live), numbers are JSON numbers (whole ones without a fraction), dates are
    `2026-05-31` or `2026-05-31T23:59:59`, times `23:59:59`, an empty cell is null. An error cell is
    `{"#error": "#REF!"}` and a formula that was never calculated `{"#formula": ""}`, so that mapping reports it.

    Attributes:
        sheet: name, or position from 1.
        header_row: row that names the columns; rows above it are skipped. 0: there is none.
        columns: names of the columns from the first on, instead of those in the header row.
        required_columns: names that must be in the header.
        max_unpacked_mib: a part of the workbook that is larger than this when unpacked is refused.
    """

    kind: Literal["workbook"]
    sheet: Annotated[str, Field(min_length=1)] | PositiveInt = 1
    header_row: NonNegativeInt = 1
    columns: ColumnNames | None = None
    required_columns: list[str] = Field(default=[])
    max_unpacked_mib: PositiveInt = 2048

    @model_validator(mode="after")
    def _is_readable(self) -> WorkbookFormat:
        _unlike(self.columns or (), "columns")
        if self.header_row == 0 and self.columns is None:
            raise ValueError("columns must be given where there is no header_row")
        return self


class XmlFormat(Strict):
    """A repeated XML element is a record, as the tree that answers in XML become (`reconciler.ports.xml`).

    Attributes:
        records: local names from the root to the repeated element, joined by dots: `clientes.cliente`.
        lists: local names of elements inside a record that are a list even when there is only one.
        encoding: replaces the one the file declares, for files that declare a wrong one.
        max_record_kib: a longer record, or as much without one, is an error, in KiB.
    """

    kind: Literal["xml"]
    records: Annotated[str, Field(min_length=1)]
    lists: list[str] = Field(default=[])
    encoding: TextEncoding | None = None
    max_record_kib: PositiveInt = 16_384


class JsonFormat(Strict):
    """A JSON document with a list of records in it.

    Attributes:
        records: path of the list, names joined by dots; "" when the document is the list.
        encoding: as for delimited files.
        max_record_kib: a longer record, or a longer value beside them, is an error, in thousands (1024) of characters.
    """

    kind: Literal["json"]
    records: str = ""
    encoding: TextEncoding = "utf-8"
    max_record_kib: PositiveInt = 16_384


class JsonLinesFormat(Strict):
    """One JSON object per line. Blank lines carry no record.

    Attributes:
        encoding: as for delimited files.
        max_record_kib: a longer line is an error, in thousands (1024) of characters.
    """

    kind: Literal["jsonl"]
    encoding: TextEncoding = "utf-8"
    max_record_kib: PositiveInt = 1024


FileFormat = Annotated[
    DelimitedFormat | FixedWidthFormat | WorkbookFormat | XmlFormat | JsonFormat | JsonLinesFormat,
    Field(discriminator="kind"),
]


def _unlike(names: Sequence[str], what: str) -> None:
    if any(first == second for first, second in pairwise(sorted(names))):
        raise ValueError(f"{what} must have different names")
