"""Which files of a folder belong to a listing, and which of them are complete."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import structlog

from reconciler.ports.files.folder import FolderEntry
from reconciler.ports.files.ledger import FileLedger, FileState
from reconciler.ports.files.names import is_claimed_name, matches, ready_name
from reconciler.ports.files.session import FolderSession
from reconciler.ports.files.settings import FileListing, FileSettings

_log = structlog.get_logger("reconciler.files")


class Role(Enum):
    """What a file is to a listing."""

    FULL = "full"
    CHANGES = "changes"


@dataclass(slots=True)
class Sighted:
    """What a look at a folder gave.

    Attributes:
        ready: new and complete, the one delivered first first.
        left: names of new files that were left alone, with the reason.
    """

    ready: list[FolderEntry] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class Lookout:
    """Looks at the folder of one listing."""

    def __init__(
        self, session: FolderSession, settings: FileSettings, listing: FileListing, ledger: FileLedger
    ) -> None:
        self._session = session
        self._settings = settings
        self._listing = listing
        self._ledger = ledger

    def role_of(self, name: str) -> Role | None:
        """What a file of that name is to the listing, or None."""
        if is_claimed_name(name) or self._is_companion(name):
            return None
        if self._listing.changes is not None and matches(name, self._listing.changes):
            return Role.CHANGES
        return Role.FULL if matches(name, self._listing.pattern) else None

    def companions_of(self, name: str) -> list[str]:
        """Names of the files that come with it: its checksum, its marker."""
        found = [] if self._settings.checksum is None else [f"{name}.{self._settings.checksum}"]
        return found if self._settings.ready is None else [*found, ready_name(self._settings.ready, name)]

    async def look(self) -> dict[str, FolderEntry]:
        """Every file that the listing could have to do with, by name."""
        return {entry.name: entry for entry in await self._session.entries(self._listing.folder, self._is_relevant)}

    async def new_files(self) -> Sighted:
        """Files that were never taken in, as they are now. Waits `settle_s` when there are any.

        Raises:
            DeniedError: the folder cannot be listed.
        """
        entries = await self.look()
        fresh = await self._unknown(entries)
        if not fresh:
            return Sighted()
        if self._settings.ready is None and self._settings.settle_s:
            await asyncio.sleep(self._settings.settle_s)
            entries = await self.look()
        sighted = Sighted()
        for entry in fresh:
            reason = self._incomplete(entry, entries)
            if reason is None:
                sighted.ready.append(entry)
            else:
                _log.info("file_left_alone", file=entry.name, reason=reason)
                sighted.left[entry.name] = reason
        return sighted

    async def _unknown(self, entries: Mapping[str, FolderEntry]) -> list[FolderEntry]:
        found = [entry for entry in entries.values() if self.role_of(entry.name) is not None]
        records = await self._ledger.of_names(self._listing.folder, [entry.name for entry in found]) if found else []
        known = {(each.name, each.size_bytes, each.stamp) for each in records if each.state is not FileState.GONE}
        fresh = [entry for entry in found if (entry.name, entry.size_bytes, entry.stamp) not in known]
        return sorted(fresh, key=lambda entry: (entry.modified_at is None, entry.modified_at or 0, entry.name))

    def _incomplete(self, entry: FolderEntry, entries: Mapping[str, FolderEntry]) -> str | None:
        """Why a file is left alone for now, or None."""
        if entries.get(entry.name) != entry:
            return "it is still being written"
        for companion in self.companions_of(entry.name):
            if companion not in entries:
                return f"{companion} is not there yet"
        if self._settings.ready is not None:
            marked_at = entries[ready_name(self._settings.ready, entry.name)].modified_at
            if marked_at is not None and entry.modified_at is not None and marked_at < entry.modified_at:
                return "its marker is older than the file"
        return None

    def _is_relevant(self, name: str) -> bool:
        return self.role_of(name) is not None or is_claimed_name(name) or self._is_companion(name)

    def _is_companion(self, name: str) -> bool:
        checksum, ready = self._settings.checksum, self._settings.ready
        if checksum is not None and name.endswith(f".{checksum}"):
            return True
        return ready is not None and matches(name, ready.replace("{name}", "*").replace("{stem}", "*"))
