"""Notices records that move between the pages of a scan: skipped or doubled ones are never taken for the truth.

Pages by position (offset, number, range, and links that hide an offset) shift when records come or go: a deletion on
a page already read makes the next page skip a record, an insertion makes it repeat one. Pages after a key or a cursor
do not shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from pydantic import JsonValue

from reconciler.mapping.composite import IdPath, paths_of
from reconciler.mapping.extract import Extraction
from reconciler.mapping.identifiers import id_column, identifier_column
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.settings import LinkPaging, Paging

_SHIFTING: Final = frozenset({"offset", "number", "range", "link"})


def shifts(paging: Paging) -> bool:
    """Whether records that come or go while pages are read can move others to another page."""
    return paging.kind in _SHIFTING and not (isinstance(paging, LinkPaging) and paging.snapshot)


class ScanWatch:
    """Watches one scan. Keeps the ids of its records and nothing else of them.

    Attributes:
        ids: of all records seen, as they are staged.
        trouble: why the scan cannot be believed, as soon as that is sure; None so far.
        pages: pages seen.
    """

    def __init__(self, paging: Paging, id_path: IdPath) -> None:
        self._shifts = shifts(paging)
        self._id_path = id_path
        self._extraction = Extraction(paths_of(id_path))
        self.ids: set[str] = set()
        self._without_id = 0
        self._totals: list[tuple[int, int]] = []
        self.trouble: str | None = None
        self.pages = 0

    @property
    def records(self) -> int:
        """Different records seen; one without id counts as different from all others."""
        return len(self.ids) + self._without_id

    @property
    def told_a_total(self) -> bool:
        """Whether the system said how many records there are."""
        return bool(self._totals)

    @property
    def may_have_shifted(self) -> bool:
        """Whether a deletion and an insertion that happened together could have gone unnoticed."""
        return self._shifts and self.pages > 1

    def see(self, page: RecordPage) -> None:
        """Take in a page, in whatever order pages arrive."""
        before = len(self.ids)
        if page.total is not None:
            self._see_total(self.records, page.total)
        self.pages += 1
        ids = self._ids_of(page.records)
        different = set(ids)
        self.ids |= different
        self._without_id += len(page.records) - len(ids)
        if len(different) != len(ids):
            self._doubt("one page holds two records with the same id")
        elif len(self.ids) != before + len(ids):
            self._doubt("a record came twice, on two pages")

    def finish(self) -> None:
        """The scan is over: compare what came with what was announced."""
        if not self._totals or self.trouble is not None:
            return
        announced = self._announced()
        if self.records < announced or (self._shifts and self.records != announced):
            self._doubt(f"{self.records} records came and {announced} were announced")

    def _see_total(self, before: int, total: int) -> None:
        self._totals.append((before, total))
        first = self._totals[0][1]
        if self._shifts and total != first:
            self._doubt(f"the number of records changed from {first} to {total}")

    def _announced(self) -> int:
        """How many records there should be, by the last page that says.

        A total after a key may count all records or only those still to come: whichever it is nearer to.
        """
        first = self._totals[0][1]
        before, last = self._totals[-1]
        counts_the_rest = not self._shifts and abs(last - (first - before)) < abs(last - first)
        return before + last if counts_the_rest else last

    def _ids_of(self, records: Sequence[JsonValue]) -> list[str]:
        """The ids there are, as they are staged. A listing of keys may hold bare ids."""
        if set(map(type, records)) <= {dict}:
            ids, _, _ = id_column(self._id_path, self._extraction.columns(records))
        else:
            ids, _ = identifier_column(
                [self._id_path.read(record) if isinstance(record, dict) else record for record in records]
            )
        return [identity for identity in ids if identity is not None] if None in ids else cast("list[str]", ids)

    def _doubt(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble
