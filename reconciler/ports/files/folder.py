"""The one small agreement that local folders, FTP, FTPS and SFTP are read and written through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

CHUNK_BYTES: Final = 256 * 1024
MOST_ENTRIES: Final = 100_000
"""A folder with more of them is not listed to its end."""


class CutError(Exception):
    """The connection broke or fell silent; what was asked may have happened. Opening it again may help."""


class DeniedError(Exception):
    """The server answered that it does not do this. The text is the server's own, shortened and printable."""


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A plain file in a folder; links and folders are left out.

    Attributes:
        name: safe (`names.is_safe_name`).
        stamp: opaque; changes when the file is written again.
        modified_at: aware, by the server's clock; None where the server does not say in which zone.
    """

    name: str
    size_bytes: int
    stamp: str
    modified_at: datetime | None


class RemoteFolder(Protocol):
    """An open connection to a folder. Used by one task at a time.

    Paths are relative to the address, with `/` between parts. Every method raises CutError when the connection is lost
    or nothing moves for the time allowed, and DeniedError when the server refuses.
    """

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        """The files of a folder whose names are safe and `wanted`, by name."""
        ...

    def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        """The content from an offset on, in chunks. Close the generator to stop early."""
        ...

    async def put(self, path: str, content: bytes) -> None:
        """Write a file under exactly this name."""
        ...

    async def rename(self, source: str, target: str) -> None:
        """Give a file another name, perhaps in another folder."""
        ...

    async def delete(self, path: str) -> None:
        """Remove a file."""
        ...

    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there."""
        ...


def shown_words(words: str) -> str:
    """What a server said, as it may stand in a message."""
    plain = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(plain.split())[:200]
