"""Writing a report so that its name always shows a whole report: the earlier one, or the new one."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from reconciler.errors import StateError
from reconciler.model.findings import Finding

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
    unfinished = path.with_name(f".{uuid.uuid4().hex}.unfinished")
    with write_failures(path):
        file = _create(unfinished)
    try:
        yield file
        with write_failures(path):
            await in_thread(_finish, file, unfinished, path)
    finally:
        # On a full disk closing fails again; the file is thrown away and the first error is the one to tell.
        with suppress(OSError):
            file.close()
        unfinished.unlink(missing_ok=True)


async def write_chunks(path: Path, chunks: AsyncGenerator[bytes, None]) -> None:
    """Write every chunk to `path`, as `replacing` does. The generator is closed in any case.

    Raises:
        StateError: the file cannot be written.
    """
    async with aclosing(chunks), replacing(path) as file:
        async for chunk in chunks:
            with write_failures(path):
                await in_thread(file.write, chunk)


@contextmanager
def write_failures(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a file being written into a StateError about the report."""
    try:
        yield
    except OSError as error:
        raise StateError(
            f"the report {path} cannot be written: {error.strerror or error}.",
            hint="Check the room on the disk and the permissions of the folder, then run again.",
        ) from error


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


def _create(unfinished: Path) -> BinaryIO:
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    return os.fdopen(descriptor, "wb")


def _finish(file: BinaryIO, unfinished: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    unfinished.replace(path)
