"""The pages of a list that are kept, and which one is to be read next. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from tui.widgets.table_rows import TableRow

PAGE_ROWS: Final = 64
MOST_PAGES: Final = 48


class Pages:
    """A bounded number of pages of one state of a list.

    Attributes:
        generation: grows whenever the list is to be read again: a page asked for before must not be kept after.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Sequence[TableRow]] = OrderedDict()
        self.generation = 0

    def forget(self) -> None:
        """The list is another one now."""
        self.generation += 1
        self._kept.clear()

    def outdate(self) -> None:
        """What is on its way is out of date; what is kept is shown until something newer comes."""
        self.generation += 1

    def row(self, position: int) -> TableRow | None:
        """The line there, where its page is kept."""
        rows = self._kept.get(position // PAGE_ROWS)
        place = position % PAGE_ROWS
        return rows[place] if rows is not None and place < len(rows) else None

    def wanted(self, in_sight: Sequence[int], last: int) -> int | None:
        """The page to read next: those in sight first, then the one below and the one above; None when all are kept.

        Args:
            last: number of the last page there is.
        """
        if not in_sight:
            return None
        around = [page for page in (in_sight[-1] + 1, in_sight[0] - 1) if 0 <= page <= last]
        return next((page for page in (*in_sight, *around) if page not in self._kept), None)

    def keep(self, page: int, rows: Sequence[TableRow], in_sight: Sequence[int]) -> None:
        """Keep a page; when there are too many, those go that were kept first and are out of sight."""
        self._kept[page] = rows
        self._kept.move_to_end(page)
        for old in list(self._kept):
            if len(self._kept) <= MOST_PAGES:
                break
            if old not in in_sight:
                del self._kept[old]

    def keep_only(self, pages: Sequence[int]) -> None:
        """Forget the other ones."""
        for page in [page for page in self._kept if page not in pages]:
            del self._kept[page]

    def __len__(self) -> int:
        return len(self._kept)
