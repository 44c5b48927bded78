"""How much is done at once: some work goes on, some more waits for its turn, and the rest is turned away at once."""

from __future__ import annotations

import asyncio
from types import TracebackType


class BusyError(Exception):
    """There is no room to wait in."""


class Gate:
    """Enter it with `async with`; `BusyError` is raised when nobody more may wait.

    Args:
        at_once: pieces of work that go on.
        waiting: pieces of work that wait.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._inside = 0

    async def __aenter__(self) -> None:
        if self._inside >= self._room:
            raise BusyError
        self._inside += 1
        try:
            await self._places.acquire()
        except BaseException:
            self._inside -= 1
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._places.release()
        self._inside -= 1
