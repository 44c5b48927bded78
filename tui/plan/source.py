"""A list of corrections as the source of a table, in sections under headings: of the list, or of each plan."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from reconciler.app.correct import Acting
from reconciler.corrections.approval import Missing
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.store.state.correction_lists import (
    CorrectionLists,
    PlanLine,
    correction_id_of,
    correction_number_of,
)
from tui.widgets.table_rows import TableRow

HEADING: Final = "heading:"


@dataclass(frozen=True, slots=True)
class Part:
    """One section.

    Attributes:
        id: names it in its list: the digest of its plan, or the name of the list.
        filter: chooses its corrections.
        numbers: of its corrections, as they were when the list was read.
        plan: None outside the list of plans.
    """

    id: str
    filter: CorrectionFilter
    numbers: array[int]
    plan: PlanLine | None = None

    @property
    def ids(self) -> list[str]:
        """Of its corrections."""
        return [correction_id_of(number) for number in self.numbers]


RowOf = Callable[[Correction, Missing, Part, bool], TableRow]
"""Makes a line; the last is whether it is another content than the one that was looked at."""


@dataclass
class CorrectionSource:
    """A `RowSource`. What moves on meanwhile keeps its place until the list is read anew.

    Attributes:
        seen: digest of the content that was on the screen first, or in the panel last, by id.
        states: of what was on the screen, as it was read last, by id.
    """

    acting: Acting
    lists: CorrectionLists
    parts: Sequence[Part]
    row_of: RowOf
    heading_of: Callable[[Part], TableRow]
    seen: dict[str, str] = field(default_factory=dict)
    states: dict[str, CorrectionState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = [0, *accumulate(len(part.numbers) + 1 for part in self.parts)]

    @property
    def count(self) -> int:
        """Lines, headings too."""
        return self._starts[-1]

    @property
    def sizes(self) -> dict[str, int]:
        """Corrections of each section."""
        return {part.id: len(part.numbers) for part in self.parts}

    def part(self, part_id: str) -> Part | None:
        """The section of that id."""
        return next((each for each in self.parts if each.id == part_id), None)

    async def page(self, offset: int, limit: int) -> list[TableRow]:
        """Lines from a position on."""
        end = min(offset + limit, self.count)
        places = [(self._part_at(position), position) for position in range(offset, end)]
        numbers = [self._number(part, position) for part, position in places]
        found = await self.lists.window([number for number in numbers if number is not None])
        corrections = {each.id: each for each in found if each is not None}
        missing = await self.acting.missing(corrections.values())
        rows = []
        for (part, _), number in zip(places, numbers, strict=True):
            if number is None:
                rows.append(self.heading_of(part))
                continue
            correction = corrections.get(correction_id_of(number))
            if correction is None:
                rows.append(TableRow(correction_id_of(number), (), part.id, faded=True))
                continue
            self.states[correction.id] = correction.state
            digest = self.seen.setdefault(correction.id, correction.digest)
            rows.append(self.row_of(correction, missing[correction.id], part, digest != correction.digest))
        return rows

    async def position(self, row_id: str) -> int | None:
        """Where a heading or a correction is."""
        if row_id.startswith(HEADING):
            wanted = row_id.removeprefix(HEADING)
            return next((self._starts[at] for at, part in enumerate(self.parts) if part.id == wanted), None)
        number = correction_number_of(row_id)
        for part, start in zip(self.parts, self._starts, strict=False):
            try:
                return start + 1 + part.numbers.index(number)
            except ValueError:
                continue
        return None

    async def ids_between(self, first: int, last: int) -> list[tuple[str, str]]:
        """Id and section of every correction from one line to another, both inclusive."""
        found = []
        for position in range(first, last + 1):
            part = self._part_at(position)
            number = self._number(part, position)
            if number is not None:
                found.append((correction_id_of(number), part.id))
        return found

    def _part_at(self, position: int) -> Part:
        return self.parts[bisect_right(self._starts, position) - 1]

    def _number(self, part: Part, position: int) -> int | None:
        """None for a heading."""
        place = position - self._starts[bisect_right(self._starts, position) - 1]
        return None if place == 0 else part.numbers[place - 1]
