"""A folder of this machine, or one that the operating system has mounted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from reconciler.ports.files.folder import CHUNK_BYTES, MOST_ENTRIES, CutError, DeniedError, FolderEntry, shown_words
from reconciler.ports.files.names import is_safe_name

T = TypeVar("T")


class LocalFolder:
    """A `RemoteFolder` on the local disk. Links are never followed: they could lead anywhere.

    Args:
        timeout_s: for one operation. A network drive may hang; nothing can be done about the thread that waits for it.
    """

    def __init__(self, root: Path, timeout_s: float = 60.0) -> None:
        self._root = root
        self._timeout_s = timeout_s

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        """The files of a folder whose names are safe and `wanted`, by name."""
        return await self._in_thread(partial(self._entries, self._root / folder, wanted))

    def _entries(self, folder: Path, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        found: list[FolderEntry] = []
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_ENTRIES:
                    raise DeniedError(f"the folder holds more than {MOST_ENTRIES} files")
                if is_safe_name(entry.name) and wanted(entry.name) and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    stamp = f"{status.st_mtime_ns}-{status.st_ino}"
                    modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
                    found.append(FolderEntry(entry.name, status.st_size, stamp, modified_at))
        return sorted(found, key=lambda entry: entry.name)

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        """The content from an offset on, in chunks."""
        descriptor = await self._in_thread(
            partial(os.open, self._root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        )
        try:
            while True:
                chunk = await self._in_thread(partial(os.pread, descriptor, CHUNK_BYTES, offset_bytes))
                if not chunk:
                    return
                offset_bytes += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    async def put(self, path: str, content: bytes) -> None:
        """Write a file under exactly this name, durably."""

        def write() -> None:
            with (self._root / path).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

        await self._in_thread(write)

    async def rename(self, source: str, target: str) -> None:
        """Give a file another name, perhaps in another folder."""
        await self._in_thread(partial((self._root / source).rename, self._root / target))

    async def delete(self, path: str) -> None:
        """Remove a file."""
        await self._in_thread((self._root / path).unlink)

    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there."""
        await self._in_thread(partial((self._root / folder).mkdir, parents=True, exist_ok=True))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        with _translated():
            return await asyncio.wait_for(asyncio.to_thread(work), self._timeout_s)


@asynccontextmanager
async def open_local_folder(root: Path, timeout_s: float) -> AsyncIterator[LocalFolder]:
    """The folder. Nothing has to be opened, and nothing closed."""
    yield LocalFolder(root, timeout_s)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise CutError("the disk does not answer in time") from error
    except OSError as error:
        raise DeniedError(shown_words(error.strerror or type(error).__name__)) from error
