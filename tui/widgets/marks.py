"""Which rows somebody marked: single ones, and whole sections of a list but for some of their rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping


class Marks:
    """Marked rows of a list that may have a million.

    A section that was marked whole costs nothing, however long it is; only what was taken out of it again is kept.

    Attributes:
        single: rows that were marked one by one: the section of each, by its id.
        whole: sections marked whole, each with the ids of its rows that are not marked.
    """

    def __init__(self) -> None:
        self.single: dict[str, str] = {}
        self.whole: dict[str, set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self.single or self.whole)

    def holds(self, row_id: str, section: str) -> bool:
        """Whether a row is marked."""
        left_out = self.whole.get(section)
        return row_id in self.single if left_out is None else row_id not in left_out

    def holds_all(self, section: str) -> bool:
        """Whether a section was marked whole, and nothing of it taken out."""
        return self.whole.get(section) == set()

    def put(self, row_id: str, section: str, *, marked: bool) -> None:
        """Mark a row, or take its mark away."""
        left_out = self.whole.get(section)
        if left_out is not None:
            (left_out.discard if marked else left_out.add)(row_id)
        elif marked:
            self.single[row_id] = section
        else:
            self.single.pop(row_id, None)

    def put_section(self, section: str, *, marked: bool) -> None:
        """Mark a section whole, or take all its marks away."""
        self.single = {row_id: owner for row_id, owner in self.single.items() if owner != section}
        if marked:
            self.whole[section] = set()
        else:
            self.whole.pop(section, None)

    def clear(self) -> None:
        """Take every mark away."""
        self.single.clear()
        self.whole.clear()

    def count(self, sizes: Mapping[str, int]) -> int:
        """How many rows are marked.

        Args:
            sizes: rows of each section.
        """
        return len(self.single) + sum(
            max(0, sizes.get(section, 0) - len(left_out)) for section, left_out in self.whole.items()
        )
