"""One cause of the review list with the order of its findings, which is read while the first of them are shown."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from reconciler.app.review.causes import CauseGroup
from reconciler.store.state.finding_lists import FindingLists
from reconciler.store.state.records import FindingFilter, FindingSort

_BEGINNING_ROWS: Final = 512


class Section:
    """Findings under one heading, or all of a list without headings.

    Attributes:
        id: names the section in its list.
        filter: which findings it holds.
        group: what heads it; None in a list without headings.
        size: lines beneath the heading.
        is_open: whether they are shown.
    """

    def __init__(self, section_id: str, filter_: FindingFilter, size: int, group: CauseGroup | None = None) -> None:
        self.id = section_id
        self.filter = filter_
        self.group = group
        self.size = size
        self.is_open = group is None
        self._numbers: array[int] = array("q")
        self._complete = False
        self._grown = asyncio.Condition()
        self._error: BaseException | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the whole order is known."""
        return self._complete

    async def read(self, lists: FindingLists, sort: FindingSort, changed: Callable[[], None]) -> None:
        """Read the order. What waits for a part of it goes on as soon as that part is there.

        Args:
            changed: told when the section turns out to have another size than was counted.
        """
        try:
            beginning = await lists.beginning(self.filter, sort, _BEGINNING_ROWS)
            if beginning is not None:
                await self._put(beginning)
            whole: array[int] = array("q")
            async with aclosing(lists.order(self.filter, sort)) as parts:
                async for part in parts:
                    whole.extend(part)
                    if len(whole) > len(self._numbers):
                        await self._put(whole)
            self._complete = True
            await self._put(whole)
            if self.size != len(whole):
                self.size = len(whole)
                changed()
        except BaseException as error:
            self._error = error
            await self._put(self._numbers)
            raise

    async def _put(self, numbers: array[int]) -> None:
        async with self._grown:
            self._numbers = numbers
            self._grown.notify_all()

    async def numbers(self, first: int, last: int) -> array[int]:
        """Row numbers from one place to another, the latter exclusive; waits until they are known."""
        async with self._grown:
            await self._grown.wait_for(lambda: len(self._numbers) >= last or self._complete or self._error is not None)
        if self._error is not None and len(self._numbers) < last:
            raise self._error
        return self._numbers[first:last]

    def place_of(self, row_number: int) -> int | None:
        """Where a finding is, among those whose place is known already."""
        try:
            return self._numbers.index(row_number)
        except ValueError:
            return None
