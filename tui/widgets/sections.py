"""A titled block of lines, and aligned columns in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content
from textual.widgets import Static

from tui.text import amount, fitted, lines, plain, truncated, width

_GAP: Final = "  "
_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = "_.-=+*#@"


class Section(Static):
    """A title with lines below it."""

    DEFAULT_CSS = """
    Section {
        height: auto; padding: 0 1; margin-bottom: 1; text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def show(self, title: str, rows: Iterable[Content], *, beside: str = "") -> None:
        """Show these lines.

        Args:
            beside: what stands after the title, such as a total.
        """
        heading = Content.assemble(plain(title, "bold $text-primary"), plain(f"  {beside}" if beside else "", "bold"))
        self.update(lines(heading, *rows))


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), room: int) -> list[str]:
    """Rows as aligned lines of at most `room` cells. The last column is cut where there is no room.

    Args:
        right: positions of columns of numbers. They are never cut.
    """
    if not rows:
        return []
    widths = [max(width(row[position]) for row in rows) for position in range(len(rows[0]))]
    return [truncated(_GAP.join(_cells(row, widths, right)).rstrip(), room) for row in rows]


def _cells(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> list[str]:
    return [
        amount(cell, widths[position]) if position in right else fitted(cell, widths[position])
        for position, cell in enumerate(row)
    ]


def trend_line(values: Sequence[int], *, ascii_only: bool) -> str:
    """The values as bars, the oldest first. A picture beside the numbers, never instead of them."""
    bars = _ASCII_BARS if ascii_only else _BARS
    highest = max(values, default=0)
    return "".join(bars[value * (len(bars) - 1) // highest if highest else 0] for value in values)


def bar(value: int, highest: int, cells: int, *, ascii_only: bool) -> str:
    """A bar of at most `cells` cells."""
    return ("#" if ascii_only else "█") * (max(1, value * cells // highest) if value and highest and cells else 0)
