"""How lines of a virtual table are drawn: gutter, columns, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.status import Tone
from tui.text import sign
from tui.widgets.table_rows import Cell, Column, TableRow, column_widths, drawn

GUTTER_CELLS: Final = 3
_GAP: Final = "  "


@dataclass(frozen=True, slots=True)
class Signs:
    """What is drawn in the gutter and for a line that is still being read."""

    cursor: str = "▌"
    mark: str = "●"
    waiting: str = "·  ·  ·"


ASCII_SIGNS: Final = Signs(">", "*", ".  .  .")


def sign_set() -> Signs:
    """Those of the session."""
    return ASCII_SIGNS if sign("", "ascii") else Signs()


STYLES: Final = ("header", "heading", "cursor", "marked", "faded", "muted", "inform", "good", "caution", "bad")
"""Names of the component classes `virtual-table--…`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line is: under the cursor, marked, of a width."""

    width: int
    under_cursor: bool
    marked: bool


class Drawing:
    """Draws lines.

    Args:
        style: the partial style of one of `STYLES`.
    """

    def __init__(self, columns: Sequence[Column], signs: Signs, style: Callable[[str], Style]) -> None:
        self._columns = columns
        self._signs = signs
        self._style = style

    def header(self, width: int, basis: Style) -> Strip:
        """The titles of the columns."""
        style = basis + self._style("header")
        widths = column_widths(self._columns, width - GUTTER_CELLS)
        titles = [drawn(column.title, cells) for column, cells in zip(self._columns, widths, strict=True) if cells]
        return Strip([Segment(" " * GUTTER_CELLS + _GAP.join(titles), style)]).adjust_cell_length(width, style)

    def waiting(self, place: Place, basis: Style) -> Strip:
        """A line that is still being read."""
        style = basis + self._style("muted")
        return Strip([Segment(self._gutter(place) + self._signs.waiting, style)]).adjust_cell_length(place.width, style)

    def row(self, row: TableRow, place: Place, basis: Style) -> Strip:
        """A line."""
        if row.heading is not None:
            basis += self._style("heading")
        if row.faded:
            basis += self._style("faded")
        if place.under_cursor:
            basis += self._style("cursor")
        gutter = Segment(self._gutter(place), basis + self._style("marked"))
        room = max(1, place.width - GUTTER_CELLS)
        body = self._cells(row, room, basis) if row.heading is None else self._heading(row.heading, room, basis)
        return Strip([gutter, *body]).adjust_cell_length(place.width, basis)

    def _gutter(self, place: Place) -> str:
        return f"{self._signs.cursor if place.under_cursor else ' '}{self._signs.mark if place.marked else ' '} "

    def _heading(self, heading: Cell, room: int, basis: Style) -> list[Segment]:
        return [Segment(drawn(heading.text, room), basis + self._tone(heading.tone))]

    def _cells(self, row: TableRow, room: int, basis: Style) -> list[Segment]:
        segments: list[Segment] = []
        for cells, cell in zip(column_widths(self._columns, room), row.cells, strict=False):
            if not cells:
                continue
            if segments:
                segments.append(Segment(_GAP, basis))
            style = basis if row.faded else basis + self._tone(cell.tone)
            segments.append(Segment(drawn(cell.text, cells, right=cell.right, focus=cell.focus), style))
        return segments

    def _tone(self, tone: Tone) -> Style:
        return Style.null() if tone is Tone.NEUTRAL else self._style(tone.name.lower())
