"""What a virtual table shows and where it comes from: cells, columns, rows, and the source that gives them in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len

from tui.status import Tone
from tui.text import amount, ellipsis, fitted

_GAP_CELLS = 2
_LONGEST_CHARACTERS_A_CELL = 8
_AFTER_FOCUS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, as outside text: it is made visible when it is drawn.

    Attributes:
        right: for amounts: aligned to the right, and shown as `#` where it does not fit, never cut.
        focus: place of the character that matters most; where the beginning would hide it, the beginning is cut.
    """

    text: str
    tone: Tone = Tone.NEUTRAL
    right: bool = False
    focus: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: ours, not from outside.
        least: cells it takes at least.
        share: how much of the room that is left it takes, against the others; 0 keeps it at `least`.
        order: columns of a higher number are left out first where there is no room.
    """

    title: str
    least: int
    share: int = 0
    order: int = 0


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a table.

    Attributes:
        cells: one for each column; none where there is nothing to show any more.
        id: stable; names the same thing as long as it is in the list.
        section: the part of the list it belongs to.
        heading: text of a line that heads its section, over the whole width; None for a row of cells.
        faded: whether it is no longer what the list is about, such as a closed one.
    """

    id: str
    cells: tuple[Cell, ...] = ()
    section: str = ""
    heading: Cell | None = None
    faded: bool = False


class RowSource(Protocol):
    """A list that is read in pages. Positions count from 0, headings too.

    Attributes:
        count: lines there are now.
    """

    @property
    def count(self) -> int: ...

    async def page(self, offset: int, limit: int) -> Sequence[TableRow]:
        """Lines from a position on, at most `limit`; fewer only at the end."""

    async def position(self, row_id: str) -> int | None:
        """Where a line is now; None when it is nowhere."""

    async def ids_between(self, first: int, last: int) -> Sequence[tuple[str, str]]:
        """Id and section of every row (no heading) from one position to another, both inclusive."""


def column_widths(columns: Sequence[Column], room: int) -> list[int]:
    """Cells of each column within a room; 0 for one that is left out. Between two columns are two cells."""
    shown = list(range(len(columns)))
    while len(shown) > 1 and _taken(columns, shown) > room:
        shown.remove(max(shown, key=lambda number: (columns[number].order, number)))
    widths = [columns[number].least if number in shown else 0 for number in range(len(columns))]
    spare = room - _taken(columns, shown)
    if spare < 0:
        widths[shown[0]] = max(1, room)
        return widths
    shares = sum(columns[number].share for number in shown)
    given = 0
    for number in shown:
        if shares:
            widths[number] += (extra := spare * columns[number].share // shares)
            given += extra
    last = next((number for number in reversed(shown) if columns[number].share), None)
    if last is not None:
        widths[last] += spare - given
    return widths


def _taken(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[number].least for number in shown) + _GAP_CELLS * (len(shown) - 1)


def drawn(text: str, cells: int, *, right: bool = False, focus: int = 0) -> str:
    """Outside text in exactly that many cells. However long it is, only as much as could be seen is looked at."""
    longest = cells * _LONGEST_CHARACTERS_A_CELL
    if not right and len(text) > cells and focus > cells - _AFTER_FOCUS:
        text = ellipsis() + text[focus - cells // 2 : focus + longest]
    if right:
        return amount(text, cells) if len(text) <= longest else "#" * cells
    if len(text) <= longest:
        return fitted(text, cells)
    cut = fitted(text[:longest] + ellipsis(), cells)
    # Marks without width could fill the beginning: it must still say that something was cut.
    return cut if cell_len(cut.rstrip()) >= cells else fitted(cut.rstrip() + ellipsis(), cells)
