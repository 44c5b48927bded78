"""Reads a listing page by page: one after another where each page leads to the next, several at once where not.

Memory is bounded: pages being read and pages waiting for the consumer are together at most `concurrency`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Final

from pydantic import JsonValue

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.page_facts import PageRead, Place, RecordPage, read_page
from reconciler.ports.http.paging import Chain, Extent, PageRequest, Positions
from reconciler.ports.http.settings import KeysetPaging, Listing

_CONFIRMATIONS: Final = 3
_REPEATED_PAGES: Final = 3

Ask = Callable[[PageRequest], Awaitable[Reply]]


class PageSource:
    """Gets single pages of one listing, and believes an empty one only when there is reason to.

    Args:
        ask: gives the answer for one page, after all retries.
        hold: pauses every call to the system for so many seconds.
        pause_s: pause before a doubtful page is asked again, when the listing names none.
        tasks: where running tasks are registered, so that the port can end those of a reader that nobody closed.
    """

    def __init__(
        self,
        listing: Listing,
        place: Place,
        ask: Ask,
        hold: Callable[[float], None],
        pause_s: float,
        tasks: set[asyncio.Task[PageRead]],
    ) -> None:
        self.listing = listing
        self.place = place
        self._ask = ask
        self._hold = hold
        self._pause_s = listing.confirm_empty_s or pause_s
        self._tasks = tasks

    def start(self, request: PageRequest, records_before: int) -> asyncio.Task[PageRead]:
        """Begin to read a page. `records_before` is how many records the pages before it hold."""
        task = asyncio.create_task(self._confirmed(request, records_before))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _confirmed(self, request: PageRequest, records_before: int) -> PageRead:
        read = await self._read(request)
        for _ in range(_CONFIRMATIONS):
            if not self._is_doubtful(read, records_before):
                return read
            self._hold(self._pause_s)
            read = await self._read(request)
        if self._lacks_total(read):
            raise self.place.not_understood(
                phrase(
                    "an empty list came {value} times without the number at `{total}`",
                    value=_CONFIRMATIONS + 1,
                    total=self.listing.stop.total,
                ),
                phrase("Systems that are asked too fast answer so. Lower the rates, or do not declare a total."),
            )
        return read

    async def _read(self, request: PageRequest) -> PageRead:
        return read_page(self.listing, request.number, await self._ask(request), self.place)

    def _is_doubtful(self, read: PageRead, records_before: int) -> bool:
        """Whether "nothing" may mean "too fast" (Ploomes). A total that agrees proves that it was a real answer."""
        if read.records or read.reply.empty:
            return False
        if read.total is not None:
            if isinstance(self.listing.paging, KeysetPaging):
                # It counts all records, or only those after the key; there is no telling which.
                return read.total not in {0, records_before}
            return read.total > records_before
        return self._lacks_total(read) or self.listing.confirm_empty_s is not None

    def _lacks_total(self, read: PageRead) -> bool:
        nothing = not read.records and not read.reply.empty
        return nothing and self.listing.stop.total is not None and read.total is None


async def chained_pages(source: PageSource, chain: Chain) -> AsyncGenerator[RecordPage]:
    """Pages that lead to one another. The next one is on its way while the consumer works on this one."""
    records_before = 0
    task: asyncio.Task[PageRead] | None = source.start(chain.first(), 0)
    try:
        while task is not None:
            read = await task
            records_before += len(read.records)
            following = chain.following(read)
            task = source.start(following, records_before) if following is not None else None
            if read.records or read.page.number == 0:
                yield read.page
    finally:
        await _end([task] if task is not None else [])


async def positioned_pages(source: PageSource, positions: Positions, concurrency: int) -> AsyncGenerator[RecordPage]:
    """Pages asked for by position, several at once. The first one comes first, the others as they arrive."""
    first = await source.start(positions.request(0, positions.size), 0)
    extent = Extent(source.listing.stop, positions, first)
    # Pages beyond the end are empty, and each would have to be confirmed.
    looks_ahead = extent.is_known or source.listing.confirm_empty_s is None
    window = _Window(source, positions, extent, concurrency if looks_ahead else 1, first)
    try:
        window.fill()
        yield first.page
        del first
        while not window.ended():
            read = await window.next()
            window.fill()
            if read is not None and read.records:
                yield read.page
    finally:
        await _end(window.running)


class _Window:
    """The pages that are being read, or read and not handed over yet."""

    def __init__(self, source: PageSource, positions: Positions, extent: Extent, width: int, first: PageRead) -> None:
        self._source = source
        self._positions = positions
        self._extent = extent
        self._width = width
        self._first = _ends_of(first)
        self._repeated = 0
        self._number = 1
        self._failed: tuple[int, BaseException] | None = None
        self.running: dict[asyncio.Task[PageRead], int] = {}

    def fill(self) -> None:
        """Ask for as many further pages as fit."""
        size = self._extent.size
        while len(self.running) < self._width and self._wants(self._number):
            task = self._source.start(self._positions.request(self._number, size), self._number * size)
            self.running[task] = self._number
            self._number += 1

    def ended(self) -> bool:
        """Whether nothing more will come.

        Raises the failure of a page that was asked for without knowing whether it exists, once nothing says that it
        does not.
        """
        if self.running:
            return False
        if self._failed is not None and self._extent.holds(self._failed[0]):
            raise self._failed[1]
        return True

    async def next(self) -> PageRead | None:
        """The page that arrives next, or None when one of them turned out not to exist."""
        done, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
        task = min(done, key=self.running.__getitem__)
        number = self.running.pop(task)
        if task.cancelled():
            if self._wants(number):
                raise RuntimeError("the port was closed while a listing was being read")
            return None
        error = task.exception()
        if error is not None:
            self._failed_at(number, error)
            return None
        read = task.result()
        self._extent.learn(read)
        self._check_repetition(read)
        self._drop_unwanted()
        return read

    def _wants(self, number: int) -> bool:
        return self._extent.holds(number) and (self._failed is None or number < self._failed[0])

    def _failed_at(self, number: int, error: BaseException) -> None:
        if self._extent.is_sure_of(number):
            raise error
        # Beyond the end some systems answer with an error: it counts only if no earlier page turns out to be the last.
        if self._failed is None or number < self._failed[0]:
            self._failed = (number, error)
        self._drop_unwanted()

    def _drop_unwanted(self) -> None:
        for task, number in self.running.items():
            if not self._wants(number) and not self._extent.is_sure_of(number):
                task.cancel()

    def _check_repetition(self, read: PageRead) -> None:
        """A system that does not know the paging parameters gives the first page for ever."""
        self._repeated += bool(read.records) and _ends_of(read) == self._first
        if self._repeated >= _REPEATED_PAGES:
            raise self._source.place.not_understood(
                "page after page is the same as the first",
                "The system does not obey the paging parameters of the description.",
            )


def _ends_of(read: PageRead) -> tuple[int, list[JsonValue]]:
    """Enough to recognise a page, without keeping it: how many records, the first and the last."""
    return len(read.records), [*read.records[:1], *read.records[-1:]]


async def _end(tasks: Iterable[asyncio.Task[PageRead]]) -> None:
    """Cancel what still runs and wait until it has ended."""
    running = list(tasks)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
