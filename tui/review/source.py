"""The review list as a table asks for it: headings of causes, findings beneath those that are open."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from reconciler.app.review.conflicts import Seen
from reconciler.model.findings import Finding
from reconciler.store.state.finding_lists import CorrectionMark, FindingLists, finding_id_of, row_number_of
from tui.review.sections import Section
from tui.widgets.table_rows import TableRow

HEADING: Final = "§"
"""Begins the id of a heading; no id of a finding does."""
_MOST_SEEN: Final = 20_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A finding as it is listed. `mark` is how far its correction is, if it has one."""

    finding: Finding
    mark: CorrectionMark | None


@dataclass(frozen=True, slots=True)
class _Part:
    """Findings of a section from `first` to `last`, the latter exclusive, and whether its heading is before them."""

    section: Section
    with_heading: bool
    first: int
    last: int


class FindingSource:
    """A `RowSource` over sections. What is closed or changed meanwhile keeps its place until the list is made anew.

    Attributes:
        sections: in their order.
        seen: what was shown of findings, by id; the latest ones.
    """

    def __init__(
        self,
        lists: FindingLists,
        sections: Sequence[Section],
        row_of: Callable[[Listed, Section], TableRow],
        heading_of: Callable[[Section], TableRow],
    ) -> None:
        self._lists = lists
        self._row_of = row_of
        self._heading_of = heading_of
        self.sections = list(sections)
        self.seen: OrderedDict[str, Seen] = OrderedDict()
        self._starts: list[int] = []
        self.arrange()

    def arrange(self) -> None:
        """Count the lines anew, after a section was opened, closed or counted otherwise."""
        self._starts = [0, *accumulate(map(_lines, self.sections))]

    @property
    def count(self) -> int:
        """Lines, headings too."""
        return self._starts[-1]

    @property
    def sizes(self) -> dict[str, int]:
        """Findings of each section."""
        return {section.id: section.size for section in self.sections}

    def section(self, section_id: str) -> Section | None:
        """The section of that id."""
        return next((each for each in self.sections if each.id == section_id), None)

    async def page(self, offset: int, limit: int) -> list[TableRow]:
        """Lines from a position on; reads the findings among them from the store, together."""
        parts = self._parts(offset, min(offset + limit, self.count))
        numbers = [await part.section.numbers(part.first, part.last) for part in parts]
        listed = iter(await self._listed([number for some in numbers for number in some]))
        rows: list[TableRow] = []
        for part, some in zip(parts, numbers, strict=True):
            if part.with_heading:
                rows.append(self._heading_of(part.section))
            rows += [self._row(next(listed), number, part.section) for number in some]
        return rows

    def _parts(self, start: int, end: int) -> list[_Part]:
        """What is between two lines, the latter exclusive."""
        parts = []
        for at in range(max(0, bisect_right(self._starts, start) - 1), len(self.sections)):
            section, begins = self.sections[at], self._starts[at]
            if begins >= end:
                break
            heading = int(section.group is not None)
            first = max(0, start - begins - heading)
            last = max(first, min(section.size if section.is_open else 0, end - begins - heading))
            parts.append(_Part(section, bool(heading) and start <= begins, first, last))
        return parts

    async def _listed(self, numbers: Sequence[int]) -> list[Listed | None]:
        if not numbers:
            return []
        window = await self._lists.window(numbers)
        findings = [each for each in window if each is not None]
        marks = await self._lists.corrections_of(findings)
        for each in findings:
            self._see(each)
        return [None if each is None else Listed(each, marks.get(each.id)) for each in window]

    def _row(self, listed: Listed | None, number: int, section: Section) -> TableRow:
        if listed is None:
            return TableRow(finding_id_of(number), (), section.id, faded=True)
        return self._row_of(listed, section)

    def _see(self, finding: Finding) -> None:
        """The digest of a proposal that was shown whole is kept as long as the values are the same."""
        before = self.seen.get(finding.id)
        if before is None or (before.crm, before.erp) != (finding.crm.value, finding.erp.value):
            self.seen[finding.id] = Seen(finding.crm.value, finding.erp.value)
        self.seen.move_to_end(finding.id)
        while len(self.seen) > _MOST_SEEN:
            self.seen.popitem(last=False)

    async def position(self, row_id: str) -> int | None:
        """Where a heading, or a finding of an open section, is."""
        if row_id.startswith(HEADING):
            wanted = row_id.removeprefix(HEADING)
            return next((self._starts[at] for at, each in enumerate(self.sections) if each.id == wanted), None)
        number = row_number_of(row_id)
        for at, section in enumerate(self.sections):
            place = section.place_of(number) if section.is_open else None
            if place is not None:
                return self._starts[at] + place + (section.group is not None)
        return None

    async def ids_between(self, first: int, last: int) -> list[tuple[str, str]]:
        """Id and section of every finding from one line to another, both inclusive."""
        found: list[tuple[str, str]] = []
        for part in self._parts(first, last + 1):
            numbers = await part.section.numbers(part.first, part.last)
            found += [(finding_id_of(number), part.section.id) for number in numbers]
        return found

    def next_finding(self, position: int, step: int) -> int | None:
        """The line of the next finding that is shown, in a direction; None at the end."""
        headings = {begins for begins, each in zip(self._starts, self.sections, strict=False) if each.group is not None}
        place = position + step
        while 0 <= place < self.count:
            if place not in headings:
                return place
            place += step
        return None


def _lines(section: Section) -> int:
    return (section.group is not None) + (section.size if section.is_open else 0)
