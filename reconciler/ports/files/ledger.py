"""The durable memory of the file port: which files were noticed, taken in, and what became of them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class FileState(StrEnum):
    """What became of a file. A file goes claimed → taken → done, or ends in one of the others."""

    CLAIMED = "claimed"
    """Ours to take in; its content is not in the archive yet."""
    TAKEN = "taken"
    """Verified and in the archive; the remote file may still have to be moved away."""
    DONE = "done"
    """In the archive, and nothing is left to do where it came from."""
    REPEATED = "repeated"
    """Its name and content are those of a file taken before: not taken in again."""
    REFUSED = "refused"
    """Its content is broken. A copy is kept, and tried again when the description has changed."""
    GONE = "gone"
    """It vanished before it was fetched."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as its folder lists it.

    Attributes:
        stamp: opaque; another one means that the file was written again.
        delivered_at: aware, when the system wrote it, or when it was first seen where the folder does not say.
    """

    name: str
    size_bytes: int
    stamp: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file in the ledger.

    Attributes:
        number: of the record, growing.
        claimed_as: the name it was given on the server while it is ours; None when it kept its own.
        digest: SHA-256 of the content, 64 hexadecimal digits; None until it is taken.
        archive: name of the copy in the archive; None before there is one, and after it was dropped.
        problem: why it was refused, or None. Holds no content.
    """

    number: int
    folder: str
    name: str
    size_bytes: int
    stamp: str
    delivered_at: datetime
    claimed_as: str | None
    state: FileState
    digest: str | None
    archive: str | None
    problem: str | None


class FileLedger(Protocol):
    """The ledger of one system. What a method has written survives a crash when it returns.

    `folder` is a folder as the description names it. Every method raises StateError when the state cannot be used.
    """

    async def unsettled(self, folder: str) -> list[FileRecord]:
        """Files that something is left to do for, oldest first: claimed and taken ones, refused ones whose copy is
        kept, and whatever still has another name on the server."""
        ...

    async def of_names(self, folder: str, names: Collection[str]) -> list[FileRecord]:
        """Every record of files with these names, oldest first."""
        ...

    async def archived(self, folder: str) -> list[FileRecord]:
        """Files that were taken and whose copy is still kept, the one delivered last first."""
        ...

    async def claim(self, folder: str, sighting: Sighting) -> FileRecord:
        """Note that a file is ours from now on."""
        ...

    async def noticed_again(self, number: int, sighting: Sighting) -> None:
        """Note that a claimed file is another one by now: it grew or was written again."""
        ...

    async def renamed(self, number: int, claimed_as: str | None) -> None:
        """Note the name that a claimed file is given on the server, before it is given; None once it is moved away."""
        ...

    async def take(self, number: int, digest: str, archive: str, *, renew: bool) -> bool:
        """Note that the content is in the archive.

        Args:
            renew: when the same name and content were taken before: whether this delivery counts for the earlier
                record, which then is as new as this one.

        Returns:
            False when the same name and content were taken before: the file is `REPEATED` then.
        """
        ...

    async def refuse(self, number: int, archive: str | None, problem: str) -> None:
        """Note that the content is broken. `archive` is the copy to try again."""
        ...

    async def settle(self, number: int, state: FileState) -> None:
        """Note the end: `DONE`, `GONE` (its content is not here and may be taken again), or `REPEATED` once more for a
        repeated file that was moved away."""
        ...

    async def drop_archives(self, numbers: Collection[int]) -> None:
        """Note that the copies of these files are not kept any more."""
        ...
