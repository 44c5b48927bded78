"""Writing a report so that its name always shows a whole report: the earlier one, or the new one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from reconciler.model.findings import Finding
from reconciler.whole_file import WholeFile, write_failures

P = ParamSpec("P")
T = TypeVar("T")

BATCH_FINDINGS = 500
"""Findings held at a time while a report is written."""


@asynccontextmanager
async def replacing(path: Path) -> AsyncIterator[BinaryIO]:
    """A new file, readable by its owner only, that takes the name `path` when the block ends well.

    When the block raises or is cancelled the new file is removed, and what was at `path` stays as it was.

    Raises:
        StateError: the file cannot be written: no room, no permission, not a folder.
    """
    with write_failures(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    made = WholeFile(path, replaces=True)
    try:
        yield made.file
        await in_thread(made.finish)
    finally:
        made.discard()


async def write_content(path: Path, content: bytes) -> None:
    """Write all of it to `path`, as `replacing` does.

    Raises:
        StateError: the file cannot be written.
    """
    async with replacing(path) as file:
        with write_failures(path):
            await in_thread(file.write, content)


async def write_chunks(path: Path, chunks: AsyncGenerator[bytes, None]) -> None:
    """Write every chunk to `path`, as `replacing` does. The generator is closed in any case.

    Raises:
        StateError: the file cannot be written.
    """
    async with aclosing(chunks), replacing(path) as file:
        async for chunk in chunks:
            with write_failures(path):
                await in_thread(file.write, chunk)


async def batches(findings: AsyncIterator[Finding], size: int = BATCH_FINDINGS) -> AsyncGenerator[list[Finding], None]:
    """The findings in lists of `size`, the last one shorter, never empty. Closes `findings` in any case."""
    batch: list[Finding] = []
    try:
        async for finding in findings:
            batch.append(finding)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
    finally:
        await close_stream(findings)


async def close_stream(findings: AsyncIterator[Finding]) -> None:
    """End a stream that may not have been read to its end, so that what it reads from is released now."""
    if isinstance(findings, AsyncGenerator):
        await findings.aclose()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work beside the event loop, and when cancelled wait until the thread is out of it.

    Without that wait the thread would go on writing to a file that is being closed and removed.
    """
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        # Asked for so that the loop does not report it as lost: the cancellation is what the caller gets to know.
        work.exception()
        raise
