"""Reads the cells of a row of an `.xlsx` sheet."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.shared_texts import SharedTexts, text_of, unescaped
from reconciler.ports.files.workbooks.sheet_values import (
    Shown,
    error_value,
    formula_without_value,
    moment_text,
    number_value,
    whole,
)

_MOST_COLUMNS: Final = 16_384
_REFERENCE: Final = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")
_DAMAGED: Final = "the workbook is damaged: a cell that is not written as one"


class CellFacts(NamedTuple):
    """What the cells of a sheet need of their workbook.

    Attributes:
        formats: what each cell style makes of a number.
        uncalculated: whether the program that wrote it leaves the calculation to the one that opens it. Its formulas
            carry a zero then that nobody calculated (XlsxWriter and others do so).
    """

    texts: SharedTexts
    formats: list[Shown]
    from_1904: bool
    uncalculated: bool


class CellReader:
    """Reads the rows of one sheet."""

    def __init__(self, facts: CellFacts) -> None:
        self._facts = facts
        self._positions: dict[str, int] = {}

    def of_row(self, row: etree._Element, number: int) -> list[JsonValue]:
        """The cells of a row from the first column on, as far as they are written.

        Raises:
            FileLayoutError: with row and column, for what no spreadsheet program writes.
        """
        cells: list[JsonValue] = []
        try:
            for cell in row:
                if not str(cell.tag).endswith("}c"):
                    continue
                reference = cell.get("r")
                if reference is not None:
                    position = self._position(reference)
                    if position != len(cells):
                        _leave_out(cells, position)
                cells.append(self._value(cell))
        except FileLayoutError as error:
            raise FileLayoutError(error.problem, row=number, column=len(cells) + 1) from None
        return cells

    def _position(self, reference: str) -> int:
        """Position of a column, from 0, by the letters of a reference such as `AB12`."""
        letters = reference.rstrip("0123456789")
        position = self._positions.get(letters)
        if position is None:
            if not _REFERENCE.fullmatch(reference):
                raise FileLayoutError(_DAMAGED)
            position = -1
            for letter in letters:
                position = (position + 1) * 26 + ord(letter) - ord("A")
            if position >= _MOST_COLUMNS:
                raise FileLayoutError(_DAMAGED)
            self._positions[letters] = position
        return position

    def _value(self, cell: etree._Element) -> JsonValue:
        kind = cell.get("t")
        content: str | None = None
        has_formula = False
        for child in cell:
            tag = str(child.tag)
            if tag.endswith("}v"):
                content = child.text or ""
            elif tag.endswith("}f"):
                has_formula = True
            elif tag.endswith("}is"):
                return text_of(child)
        if kind == "s" and content:
            return self._facts.texts[content]
        if content is None or (content == "" and kind != "str"):
            # A calculated empty text is `t="str"` with an empty value, and is something else.
            return formula_without_value() if has_formula else None
        if kind is None or kind == "n":
            return self._number(content, cell.get("s"), has_formula=has_formula)
        return _other(kind, content)

    def _number(self, content: str, style: str | None, *, has_formula: bool) -> JsonValue:
        number = number_value(content)
        if number is None:
            raise FileLayoutError(_DAMAGED)
        if number == 0 and has_formula and self._facts.uncalculated:
            return formula_without_value()
        formats = self._facts.formats
        position = whole(style) if style else None
        shown = formats[position] if position is not None and position < len(formats) else Shown.NUMBER
        if shown is Shown.NUMBER:
            return number
        return moment_text(number, shown, from_1904=self._facts.from_1904) or number


def _leave_out(cells: list[JsonValue], position: int) -> None:
    if position < len(cells):
        raise FileLayoutError("the workbook is damaged: its cells are not in order")
    cells.extend([None] * (position - len(cells)))


def _other(kind: str, content: str) -> JsonValue:
    match kind:
        case "str":
            return unescaped(content)
        case "b" if content in ("0", "1"):
            return content == "1"
        case "e":
            return error_value(content)
        case "d":
            return content
        case _:
            raise FileLayoutError(_DAMAGED)
