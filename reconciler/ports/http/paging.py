"""How pages follow one another: what to ask for the next one, and when there is no next one. Pure.

`Positions` (offset, number, range) can ask for any page at any time, so pages are read concurrently. A `Chain` (cursor,
link, keyset, single) learns from each answer how to ask for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pydantic import JsonValue

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import Following
from reconciler.ports.http.json_path import value_at
from reconciler.ports.http.page_facts import PageRead, Place, RecordPage
from reconciler.ports.http.settings import (
    CursorPaging,
    KeysetPaging,
    LinkPaging,
    NumberPaging,
    OffsetPaging,
    Outcome,
    Paging,
    RangePaging,
    SinglePage,
    Stop,
)

__all__ = ["Chain", "Extent", "PageRequest", "Positions", "RecordPage", "chain_of", "page_names", "rules_of"]

_EMPTY_PAGES_IN_A_ROW: Final = 100
"""Pages that are empty and yet name a next one (OData allows it); with more, nobody is answering the question."""

_PAST_THE_RANGE: Final = (Outcome(status=[416], then="empty"),)
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "single": (),
    "offset": ("offset", "last", "size"),
    "number": ("number", "size"),
    "range": ("offset", "last", "size"),
    "cursor": ("cursor", "size"),
    "link": ("size",),
    "keyset": ("after", "size"),
}


def page_names(paging: Paging) -> tuple[str, ...]:
    """The `page.<name>` references that requests of this paging may use, without `page.`."""
    return _NAMES[paging.kind]


def rules_of(paging: Paging) -> tuple[Outcome, ...]:
    """What further answers mean: past the end of a range, 416."""
    return _PAST_THE_RANGE if isinstance(paging, RangePaging) else ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What to ask for one page.

    Attributes:
        number: from 0.
        values: of `page.<name>` references.
        headers: of this request only.
        following: a link to follow instead of the described address.
    """

    number: int
    values: Mapping[str, JsonValue]
    headers: Mapping[str, str] = field(default_factory=dict)
    following: Following | None = None


class Positions:
    """Pages asked for by where they begin."""

    def __init__(self, paging: OffsetPaging | NumberPaging | RangePaging) -> None:
        self._paging = paging

    @property
    def size(self) -> int:
        """Records asked for in a page."""
        return self._paging.size

    def request(self, number: int, size: int) -> PageRequest:
        """Page `number` (from 0), when every page before it has `size` records."""
        match self._paging:
            case NumberPaging(first=first, size=asked):
                # The asked size stays the same: a system that gives fewer cuts every page in the same way.
                return PageRequest(number, {"number": first + number, "size": asked})
            case paging:
                offset = number * size
                last = offset + size - 1
                headers = {"Range": f"{paging.unit}={offset}-{last}"} if isinstance(paging, RangePaging) else {}
                return PageRequest(number, {"offset": offset, "last": last, "size": size}, headers)


class Extent:
    """What is known of where a listing ends, while its pages are read in any order.

    The most exact sign that is declared decides: a flag, then the number of pages, then the total, then a short page.
    """

    def __init__(self, stop: Stop, positions: Positions, first: PageRead) -> None:
        self._stop = stop
        self._known_pages: int | None = None
        self._promised = 0
        self._end: int | None = None
        self.size = positions.size
        count = len(first.records)
        goes_on = first.more is True or (first.pages or 0) > 1 or (first.total or 0) > count
        if 0 < count < positions.size and goes_on:
            # The system gives fewer records a page than asked (Ploomes: 300), without a word. Keeping to the asked size
            # would skip the difference on every page.
            self.size = count
        self.learn(first)

    @property
    def is_known(self) -> bool:
        """Whether the system says how many pages there are."""
        return self._known_pages is not None

    def learn(self, read: PageRead) -> None:
        """Take in what a page says."""
        number = read.page.number
        pages = read.pages
        if pages is None and read.total is not None:
            pages = -(-read.total // self.size)
        if pages is not None:
            self._known_pages = max(pages, self._known_pages or 0)
        if not read.records:
            self.ends_before(number)
        elif read.more is not None:
            if read.more:
                self._promised = max(self._promised, number + 1)
            else:
                self.ends_before(number + 1)
        elif self._known_pages is None and self._stop.short_page and len(read.records) < self.size:
            self.ends_before(number + 1)

    def ends_before(self, number: int) -> None:
        """There is no page `number`."""
        self._end = number if self._end is None else min(self._end, number)

    def holds(self, number: int) -> bool:
        """Whether page `number` exists, or may exist."""
        if self._end is not None and number >= self._end:
            return False
        return self._known_pages is None or self.is_sure_of(number)

    def is_sure_of(self, number: int) -> bool:
        """Whether the system said that page `number` exists."""
        return number <= self._promised or (self._known_pages is not None and number < self._known_pages)


class Chain(Protocol):
    """Pages that lead to one another."""

    def first(self) -> PageRequest:
        """The first page."""
        ...

    def following(self, read: PageRead) -> PageRequest | None:
        """The page after this one, or None at the end.

        Raises:
            ResponseNotUnderstoodError: the answer does not lead on as described, or leads in a circle.
        """
        ...


def chain_of(paging: SinglePage | CursorPaging | LinkPaging | KeysetPaging, stop: Stop, place: Place) -> Chain:
    """For paging from answer to answer."""
    match paging:
        case SinglePage():
            return _Single()
        case CursorPaging():
            return _Cursor(paging, place)
        case LinkPaging():
            return _Link(paging, place)
        case KeysetPaging():
            return _Keyset(paging, stop, place)


class _Single:
    def first(self) -> PageRequest:
        return PageRequest(0, {})

    def following(self, read: PageRead) -> PageRequest | None:
        return None


class _Circles:
    """Notices when a chain comes back to where it was, or goes on without records."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._seen: set[str] = set()
        self._empty_in_a_row = 0

    def check(self, mark: str, records: Sequence[JsonValue]) -> None:
        if mark in self._seen:
            raise self._place.not_understood(phrase("the pages lead in a circle"))
        self._seen.add(mark)
        self._empty_in_a_row = 0 if records else self._empty_in_a_row + 1
        if self._empty_in_a_row >= _EMPTY_PAGES_IN_A_ROW:
            raise self._place.not_understood(
                phrase(
                    "{empty_pages_in_a_row} empty pages in a row name a next one",
                    empty_pages_in_a_row=_EMPTY_PAGES_IN_A_ROW,
                )
            )


class _Cursor:
    def __init__(self, paging: CursorPaging, place: Place) -> None:
        self._paging = paging
        self._place = place
        self._circles = _Circles(place)

    def first(self) -> PageRequest:
        return self._request(0, None)

    def following(self, read: PageRead) -> PageRequest | None:
        cursor = read.at(self._paging.cursor)
        if cursor is None or cursor == "" or read.more is False:
            return None
        if not isinstance(cursor, str | int):
            raise self._place.not_understood(
                phrase("the cursor at `{cursor}` is not text or a number", cursor=self._paging.cursor)
            )
        self._circles.check(str(cursor), read.records)
        return self._request(read.page.number + 1, cursor)

    def _request(self, number: int, cursor: str | int | None) -> PageRequest:
        return PageRequest(number, {"cursor": cursor, "size": self._paging.size})


class _Link:
    def __init__(self, paging: LinkPaging, place: Place) -> None:
        self._paging = paging
        self._place = place
        self._circles = _Circles(place)

    def first(self) -> PageRequest:
        return PageRequest(0, {"size": self._paging.size})

    def following(self, read: PageRead) -> PageRequest | None:
        link = read.reply.next_link if self._paging.link is None else read.at(self._paging.link)
        if link is None or link == "" or read.more is False:
            return None
        if not isinstance(link, str):
            raise self._place.not_understood(phrase("the next link at `{link}` is not text", link=self._paging.link))
        self._circles.check(link, read.records)
        following = Following(link, read.reply.url)
        return PageRequest(read.page.number + 1, {"size": self._paging.size}, following=following)


class _Keyset:
    def __init__(self, paging: KeysetPaging, stop: Stop, place: Place) -> None:
        self._paging = paging
        self._stop = stop
        self._place = place
        self._after: int | str = paging.start
        self._seen: set[int | str] = set()

    def first(self) -> PageRequest:
        return self._request(0)

    def following(self, read: PageRead) -> PageRequest | None:
        if not read.records or not self._goes_on(read):
            return None
        last = value_at(read.records[-1], self._paging.after)
        if not isinstance(last, int | str) or isinstance(last, bool):
            raise self._place.not_understood(
                phrase("the last record of a page has no key at `{after}`", after=self._paging.after)
            )
        backwards = isinstance(last, int) and isinstance(self._after, int) and last <= self._after
        if backwards or last in self._seen:
            raise self._place.not_understood(
                phrase("the key `{after}` does not grow from page to page", after=self._paging.after),
                phrase("The listing must be ordered by it, and ask for records after page.after."),
            )
        self._seen.add(last)
        self._after = last
        return self._request(read.page.number + 1)

    def _goes_on(self, read: PageRead) -> bool:
        if read.more is not None:
            return read.more
        # A total counts all records, or only those after the key. Taking it for the latter loses none in either case;
        # where all are counted it costs one more request at the end.
        more_are_counted = read.total is not None and read.total > len(read.records)
        return len(read.records) >= self._paging.size or more_are_counted or not self._stop.short_page

    def _request(self, number: int) -> PageRequest:
        return PageRequest(number, {"after": self._after, "size": self._paging.size})
