"""The columns of a table with a header: their names, checked once, and records out of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.ports.files.layout_error import FileLayoutError


@dataclass(frozen=True, slots=True)
class Columns:
    """Named columns of a table.

    Attributes:
        width: cells of the header row.
        places: position (from 0) and name of every column that has one.
        nameless: positions of the others.
    """

    width: int
    places: tuple[tuple[int, str], ...]
    nameless: tuple[int, ...] = ()


def declared(names: Sequence[str]) -> Columns:
    """Columns of a description, which has checked them."""
    return Columns(len(names), tuple(enumerate(names)))


def of_header(cells: Sequence[str], required: Sequence[str], row: int, sheet: str | None = None) -> Columns:
    """Columns of a header row. Names are taken without outer spaces.

    Raises:
        FileLayoutError: no name at all, a name that comes twice, or a required one that is not there.
    """
    places: dict[str, int] = {}
    for position, name in enumerate(map(str.strip, cells)):
        if name in places:
            raise FileLayoutError(
                f"the header names columns {places[name] + 1} and {position + 1} alike", sheet=sheet, row=row
            )
        if name:
            places[name] = position
    if not places:
        raise FileLayoutError("the header row is empty", sheet=sheet, row=row)
    missing = [name for name in required if name not in places]
    if missing:
        raise FileLayoutError(f"the header lacks {', '.join(missing)}", sheet=sheet, row=row)
    named = set(places.values())
    nameless = tuple(position for position in range(len(cells)) if position not in named)
    return Columns(len(cells), tuple((position, name) for name, position in places.items()), nameless)
