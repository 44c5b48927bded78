"""A session that survives cuts: what was interrupted is asked again, and a transfer goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeVar

import structlog

from reconciler.errors import ResponseTimeoutError, UnreachableError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.folder import CutError, DeniedError, FolderEntry, RemoteFolder
from reconciler.ports.files.settings import FileSettings

Connect = Callable[[], AbstractAsyncContextManager[RemoteFolder]]

_LONGEST_WAIT_S: Final = 30.0
_MOST_CUTS: Final = 100
"""Of one transfer, however much moved between them."""

_log = structlog.get_logger("reconciler.files")
T = TypeVar("T")


class ChangedMeanwhileError(Exception):
    """A file is not the one that was listed: it grew, shrank or was written again while it was fetched."""


class FolderSession:
    """One folder, reached through one connection at a time. An async context manager, used by one task.

    Every method raises DeniedError when the server refuses, and SystemReadError when it cannot be reached.
    """

    def __init__(self, system: str, connect: Connect, settings: FileSettings) -> None:
        self._system = system
        self._connect = connect
        self._settings = settings
        self._ever_connected = False
        self._open: AsyncExitStack | None = None
        self._folder: RemoteFolder | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        """As `RemoteFolder.entries`."""
        return await self._ask(lambda remote: remote.entries(folder, wanted))

    async def rename(self, source: str, target: str) -> None:
        """As `RemoteFolder.rename`. Done once, also when the answer got lost."""
        cut = False

        async def rename(remote: RemoteFolder) -> None:
            nonlocal cut
            try:
                await remote.rename(source, target)
            except CutError:
                cut = True
                raise
            except DeniedError:
                if not (cut and await _is_there(remote, target)):
                    raise

        await self._ask(rename)

    async def put(self, path: str, content: bytes) -> None:
        """As `RemoteFolder.put`."""
        await self._ask(lambda remote: remote.put(path, content))

    async def delete(self, path: str) -> None:
        """As `RemoteFolder.delete`, once: a lost answer is an error."""
        await (await self._connected()).delete(path)

    async def make_folder(self, folder: str) -> None:
        """As `RemoteFolder.make_folder`."""
        await self._ask(lambda remote: remote.make_folder(folder))

    async def content(self, path: str, most_bytes: int) -> bytes:
        """A small file.

        Raises:
            ChangedMeanwhileError: it is larger than `most_bytes`.
        """

        async def read(remote: RemoteFolder) -> bytes:
            content = b""
            async with aclosing(remote.fetch(path, 0)) as chunks:
                async for chunk in chunks:
                    content += chunk
                    if len(content) > most_bytes:
                        raise ChangedMeanwhileError(f"{path} is larger than {most_bytes} bytes")
            return content

        return await self._ask(read)

    async def fetch(self, path: str, part: Path, size_bytes: int) -> None:
        """Add to `part` what it lacks of the file, going on after cuts where the last one stopped.

        Raises:
            ChangedMeanwhileError: the file has another size than `size_bytes`.
        """
        failures = 0
        for _ in range(_MOST_CUTS):
            before = _size_of(part)
            if before >= size_bytes:
                break
            try:
                await _append(await self._connected(), path, part, before, size_bytes)
            except CutError as error:
                failures = 1 if _size_of(part) > before else failures + 1
                await self._after_cut(failures, error)
            else:
                break
        if _size_of(part) != size_bytes:
            raise ChangedMeanwhileError(f"{path} was listed with {size_bytes} bytes and has {_size_of(part)}")

    async def _ask(self, question: Callable[[RemoteFolder], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                return await question(await self._connected())
            except CutError as error:
                failures += 1
                await self._after_cut(failures, error)

    async def _after_cut(self, failures: int, error: CutError) -> None:
        await self._hang_up()
        if failures >= self._settings.attempts:
            raise UnreachableError(
                self._system,
                phrase(
                    "the connection to the files was lost {failures} times in a row: {error}.",
                    failures=failures,
                    error=error,
                ),
            ) from error
        wait_s = min(self._settings.first_wait_s * 2 ** (failures - 1), _LONGEST_WAIT_S)
        _log.info("file_connection_lost", system=self._system, reason=str(error), wait_s=wait_s)
        await asyncio.sleep(wait_s)

    async def _connected(self) -> RemoteFolder:
        if self._folder is None:
            async with AsyncExitStack() as stack:
                self._folder = await stack.enter_async_context(self._connect_again())
                self._open = stack.pop_all()
                self._ever_connected = True
        return self._folder

    @asynccontextmanager
    async def _connect_again(self) -> AsyncIterator[RemoteFolder]:
        """A server that was reached before may be away for a moment; one that never was is most likely misspelt."""
        try:
            async with self._connect() as remote:
                yield remote
        except (UnreachableError, ResponseTimeoutError) as error:
            if not self._ever_connected:
                raise
            raise CutError(error.message) from error

    async def _hang_up(self) -> None:
        if self._open is not None:
            stack, self._open, self._folder = self._open, None, None
            await stack.aclose()


async def _append(remote: RemoteFolder, path: str, part: Path, offset_bytes: int, size_bytes: int) -> None:
    file = await asyncio.to_thread(part.open, "ab")
    try:
        async with aclosing(remote.fetch(path, offset_bytes)) as chunks:
            await _write_all(chunks, file, offset_bytes, size_bytes, path)
    finally:
        await asyncio.to_thread(file.close)


async def _write_all(
    chunks: AsyncGenerator[bytes], file: BinaryIO, offset_bytes: int, size_bytes: int, path: str
) -> None:
    async for chunk in chunks:
        offset_bytes += len(chunk)
        if offset_bytes > size_bytes:
            raise ChangedMeanwhileError(f"{path} was listed with {size_bytes} bytes and has more")
        await asyncio.to_thread(file.write, chunk)


async def _is_there(remote: RemoteFolder, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return bool(await remote.entries(folder, lambda found: found == name))


def _size_of(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0
