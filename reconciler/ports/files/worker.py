"""An iterator that blocks, run in a worker thread a few items ahead of its reader."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final, TypeVar, cast

T = TypeVar("T")

_AHEAD: Final = 2
"""Items that wait to be read. Two at least: after the reader has gone, the item under way and the end fit."""


class _End:
    """Nothing comes any more."""


async def iterate_in_thread(make: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
    """The items of `make()`, which is called and iterated in one worker thread. Errors come out here.

    Closing the generator early ends the iteration after the item under way, and waits for that.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[T | type[_End]] = asyncio.Queue(_AHEAD)
    stopped = threading.Event()

    def hand_over(item: T | type[_End]) -> None:
        asyncio.run_coroutine_threadsafe(waiting.put(item), loop).result()

    def work() -> None:
        try:
            with closing(cast("Generator[T]", make())) as items:
                for item in items:
                    if stopped.is_set():
                        return
                    hand_over(item)
        finally:
            hand_over(_End)

    # A thread of its own: readers use the common ones to stage what comes out here, and there are only a few of them.
    executor = ThreadPoolExecutor(1, thread_name_prefix="file-reader")
    working = loop.run_in_executor(executor, work)
    try:
        while not isinstance(item := await waiting.get(), type):
            yield item
        await working
    finally:
        stopped.set()
        while not waiting.empty():
            waiting.get_nowait()
        await asyncio.wait([working])
        executor.shutdown(wait=False)
        if not working.cancelled():
            working.exception()
