"""Worksheets that hold text as text: nothing is calculated, converted or silently cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reconciler.reports.cells import safe_cell

MAX_CELL_CHARACTERS: Final = 16_000
"""Excel holds 32,767 UTF-16 units in a cell, and a character takes up to two. A longer text is cut and says so."""

_MAX_NAME_CHARACTERS: Final = 31
_FORBIDDEN_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


class Book:
    """A workbook being written; sheets are filled one after the other, rows from top to bottom."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._text = workbook.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        self._head = workbook.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True})
        self._number = workbook.add_format({"num_format": "#,##0", "valign": "top"})
        self._names: set[str] = set()

    def add_sheet(self, title: str) -> Sheet:
        """A new last sheet, with a name that Excel allows and no other sheet has."""
        sheet = self._workbook.add_worksheet(self._free_name(title))
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return Sheet(sheet, self._text, self._head, self._number)

    def _free_name(self, title: str) -> str:
        plain = "".join(filter(str.isprintable, title)).translate(_FORBIDDEN_IN_NAMES).strip() or "_"
        name, part = plain[:_MAX_NAME_CHARACTERS], 1
        # Excel keeps the name "History" for itself.
        while name.casefold() in self._names or name.casefold() == "history":
            part += 1
            ending = f" ({part})"
            name = plain[: _MAX_NAME_CHARACTERS - len(ending)] + ending
        self._names.add(name.casefold())
        return name


class Sheet:
    """A worksheet that grows by rows."""

    def __init__(self, sheet: Any, text: Any, head: Any, number: Any) -> None:
        self._sheet = sheet
        self._text = text
        self._head = head
        self._number = number
        self._columns = 0
        self.rows = 0
        """Rows so far, header included."""

    def set_width(self, column: int, characters: int) -> None:
        """Width of a column, counted from 0. Before its first row is written."""
        self._sheet.set_column(column, column, characters)

    def add_header(self, names: Sequence[str]) -> None:
        """A bold row. The first row stays in sight when it is a header."""
        if self.rows == 0:
            self._sheet.freeze_panes(1, 0)
            self._columns = len(names)
        for column, name in enumerate(names):
            self._write(column, name, self._head)
        self.rows += 1

    def add_texts(self, cells: Sequence[str]) -> None:
        """A row of texts, each as given."""
        for column, cell in enumerate(cells):
            if cell:
                self._write(column, cell, self._text)
        self.rows += 1

    def add_row(self, cells: Sequence[str | int]) -> None:
        """A row of texts, and of whole numbers that can be summed."""
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                self._sheet.write_number(self.rows, column, cell, self._number)
            elif cell:
                self._write(column, cell, self._text)
        self.rows += 1

    def filter_columns(self) -> None:
        """Offer a filter on every column of the header in the first row."""
        self._sheet.autofilter(0, 0, self.rows - 1, self._columns - 1)

    def _write(self, column: int, text: str, style: Any) -> None:
        self._sheet.write_string(self.rows, column, _fitting(safe_cell(text)), style)


def _fitting(text: str) -> str:
    if len(text) <= MAX_CELL_CHARACTERS:
        return text
    return f"{text[:MAX_CELL_CHARACTERS]}… (+{len(text) - MAX_CELL_CHARACTERS})"
