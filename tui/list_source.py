"""A list in memory as the source of a virtual table."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.table_rows import TableRow


class ListSource:
    """Rows that are all there."""

    def __init__(self, rows: Sequence[TableRow]) -> None:
        self._rows = rows
        self._positions = {row.id: position for position, row in enumerate(rows)}

    @property
    def count(self) -> int:
        """Rows there are."""
        return len(self._rows)

    async def page(self, offset: int, limit: int) -> Sequence[TableRow]:
        """Rows from a position on."""
        return self._rows[offset : offset + limit]

    async def position(self, row_id: str) -> int | None:
        """Where a row is."""
        return self._positions.get(row_id)

    async def ids_between(self, first: int, last: int) -> Sequence[tuple[str, str]]:
        """Id and section of each row, both ends included."""
        return [(row.id, row.section) for row in self._rows[first : last + 1]]
