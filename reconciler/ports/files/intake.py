"""The way of a file into the archive: claim, fetch, verify, read through, archive, move away.

Every step is noted in the ledger before or after it in such an order that a crash between any two loses nothing and
takes nothing in twice: the next intake finds what is unsettled and goes on from there.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from reconciler.ports.files.archive import Digests, FileArchive, digests_of
from reconciler.ports.files.folder import DeniedError, FolderEntry
from reconciler.ports.files.ledger import FileLedger, FileRecord, FileState, Sighting
from reconciler.ports.files.lookout import Lookout, Role
from reconciler.ports.files.names import claimed_name, done_name, joined
from reconciler.ports.files.session import ChangedMeanwhileError, FolderSession
from reconciler.ports.files.settings import FileListing, FileSettings
from reconciler.ports.files.shaping import BrokenFileError, ReceivedFile, batches_of

_LARGEST_CHECKSUM_BYTES: Final = 4096
_DIGEST_DIGITS: Final = {"md5": 32, "sha256": 64}

_log = structlog.get_logger("reconciler.files")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why one file could not be taken in."""

    record: FileRecord
    file: str
    problem: str


@dataclass(slots=True)
class TakenIn:
    """What an intake met.

    Attributes:
        troubles: of files that no newer full file makes up for.
        left: names of files that were left alone, with the reason.
    """

    troubles: list[Trouble] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class Intake:
    """Takes in the files of one listing, once. Used by one task."""

    def __init__(
        self,
        session: FolderSession,
        settings: FileSettings,
        listing: FileListing,
        ledger: FileLedger,
        archive: FileArchive,
        clock: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._settings = settings
        self._listing = listing
        self._ledger = ledger
        self._archive = archive
        self._clock = clock
        self._lookout = Lookout(session, settings, listing, ledger)
        self._met = TakenIn()

    async def take_in(self) -> TakenIn:
        """Finish what an earlier intake left, then take in what is new and complete.

        Raises:
            DeniedError: the folder cannot be listed.
            SystemReadError: the folder cannot be reached.
            StateError: the ledger or the archive cannot be used.
        """
        await self._forget_lost_copies()
        await self._go_on()
        sighted = await self._lookout.new_files()
        self._met.left |= sighted.left
        for entry in sighted.ready:
            record = await self._ledger.claim(self._listing.folder, self._sighting(entry, entry.name))
            await self._take(record, await self._claimed(record))
        await self._give_up_superseded()
        return self._met

    async def _forget_lost_copies(self) -> None:
        """A copy that somebody deleted can be fetched again, if the file is still there."""
        for record in await self._ledger.archived(self._listing.folder):
            if record.archive is not None and not await asyncio.to_thread(self._archive.holds, record.archive):
                _log.warning("copy_of_file_is_missing", file=self._shown(record))
                await self._ledger.settle(record.number, FileState.GONE)

    async def _go_on(self) -> None:
        unsettled = [
            record
            for record in await self._ledger.unsettled(self._listing.folder)
            if self._lookout.role_of(record.name) is not None
        ]
        if not unsettled:
            return
        entries = await self._lookout.look()
        for record in unsettled:
            if record.state is FileState.CLAIMED:
                await self._go_on_with_claimed(record, entries)
            elif record.state is FileState.REFUSED and record.archive is not None:
                await self._go_on_with_refused(record, record.archive)
            else:
                await self._move_away(record)

    async def _go_on_with_claimed(self, record: FileRecord, entries: Mapping[str, FolderEntry]) -> None:
        if record.claimed_as is not None and record.claimed_as in entries:
            await self._take(record, record.claimed_as)
            return
        entry = entries.get(record.name)
        if entry is not None and (entry.size_bytes, entry.stamp) == (record.size_bytes, record.stamp):
            await self._take(record, await self._claimed(record))
            return
        await self._vanished(record)

    async def _go_on_with_refused(self, record: FileRecord, archive: str) -> None:
        """The description may have been corrected since."""
        if await asyncio.to_thread(self._archive.holds, archive):
            await self._accept(record, self._archive.path(archive))
        else:
            await self._vanished(record)

    async def _claimed(self, record: FileRecord) -> str | None:
        """Give the file its claim name where it may be touched; the name it has now, or None when it is gone."""
        if self._settings.done is None:
            return record.name
        wanted = claimed_name(record.name, secrets.token_hex(4))
        await self._ledger.renamed(record.number, wanted)
        try:
            await self._session.rename(self._path(record.name), self._path(wanted))
        except DeniedError as error:
            await self._ledger.renamed(record.number, None)
            if record.name not in await self._lookout.look():
                return None
            _log.warning("file_cannot_be_renamed", file=self._shown(record), reason=str(error))
            return record.name
        return wanted

    async def _take(self, record: FileRecord, name: str | None) -> None:
        """Fetch and verify a claimed file that is called `name` on the server now."""
        if name is None:
            await self._vanished(record)
            return
        part = await asyncio.to_thread(self._archive.part, record)
        try:
            complete = await self._fetched(record, name, part)
        except DeniedError as error:
            self._trouble(record, f"the server does not give it: {error}.")
            return
        if complete:
            await self._accept(record, part)

    async def _fetched(self, record: FileRecord, name: str, part: Path) -> bool:
        """Whether the whole file is in `part`, and is the one that was listed."""
        if record.size_bytes > self._settings.max_file_mib * 2**20:
            self._trouble(record, f"it is larger than {self._settings.max_file_mib} MiB.")
            return False
        try:
            await self._session.fetch(self._path(name), part, record.size_bytes)
        except ChangedMeanwhileError:
            await self._changed(record, name, part)
            return False
        entry = (await self._lookout.look()).get(name)
        if entry is None or (entry.size_bytes, entry.stamp) != (record.size_bytes, record.stamp):
            await self._changed(record, name, part)
            return False
        return await self._has_its_checksum(record, part)

    async def _has_its_checksum(self, record: FileRecord, part: Path) -> bool:
        kind = self._settings.checksum
        if kind is None:
            return True
        beside = f"{record.name}.{kind}"
        try:
            written = await self._session.content(self._path(beside), _LARGEST_CHECKSUM_BYTES)
        except (DeniedError, ChangedMeanwhileError):
            self._trouble(record, f"its checksum {beside} cannot be read.")
            return False
        digits = re.search(rf"\b[0-9a-fA-F]{{{_DIGEST_DIGITS[kind]}}}\b", written.decode("latin-1"))
        found = await asyncio.to_thread(digests_of, part)
        if digits is None or digits[0].lower() != (found.md5 if kind == "md5" else found.sha256):
            await asyncio.to_thread(self._archive.discard, part)
            self._trouble(record, f"its content does not have the checksum in {beside}.")
            return False
        return True

    async def _accept(self, record: FileRecord, content: Path) -> None:
        """Read a complete file through, archive it, and move it away; a broken one is refused."""
        received = ReceivedFile(self._shown(record), content, record.delivered_at)
        digests: Digests = await asyncio.to_thread(digests_of, content)
        try:
            await asyncio.to_thread(_read_through, received, self._listing)
        except BrokenFileError as error:
            archive = await asyncio.to_thread(self._archive.adopt, content, record, digests.sha256)
            await self._ledger.refuse(record.number, archive, error.problem)
            self._trouble(replace(record, archive=archive), error.problem)
            return
        archive = await asyncio.to_thread(self._archive.adopt, content, record, digests.sha256)
        # A full file says what holds as of its delivery, also when it says the same as before. Changes happen once.
        renew = self._lookout.role_of(record.name) is Role.FULL
        if not await self._ledger.take(record.number, digests.sha256, archive, renew=renew):
            _log.info("file_came_again", file=self._shown(record))
            await self._drop_copy_nobody_names(archive)
        await self._move_away(record)

    async def _drop_copy_nobody_names(self, archive: str) -> None:
        kept = {record.archive for record in await self._ledger.archived(self._listing.folder)}
        if archive not in kept:
            await asyncio.to_thread(self._archive.remove, [archive])

    async def _give_up_superseded(self) -> None:
        """A broken file that came before the newest full one changes nothing any more."""
        archived = await self._ledger.archived(self._listing.folder)
        full = [each.delivered_at for each in archived if self._lookout.role_of(each.name) is Role.FULL]
        mattering: list[Trouble] = []
        for trouble in self._met.troubles:
            record = trouble.record
            if not full or record.delivered_at >= max(full):
                mattering.append(trouble)
                continue
            _log.warning("broken_file_was_followed_by_a_good_one", file=trouble.file, problem=trouble.problem)
            await self._discard_part(record)
            await self._ledger.refuse(record.number, None, trouble.problem)
            if record.archive is not None:
                await asyncio.to_thread(self._archive.remove, [record.archive])
            await self._move_away(record)
        self._met.troubles = mattering

    async def _move_away(self, record: FileRecord) -> None:
        """Move a file that needs no more work, with what came beside it, to those that are done."""
        same_name = await self._ledger.of_names(record.folder, [record.name])
        now = next(each for each in same_name if each.number == record.number)
        if self._settings.done is not None and now.claimed_as is not None:
            await self._moved(now, now.claimed_as, self._settings.done)
        if now.state is FileState.REFUSED:
            await self._ledger.renamed(now.number, None)
        else:
            ended = FileState.REPEATED if now.state is FileState.REPEATED else FileState.DONE
            await self._ledger.settle(now.number, ended)

    async def _moved(self, record: FileRecord, source: str, done: str) -> None:
        entries = await self._lookout.look()
        moves = {source: record.name}
        if record.name not in entries:
            # Otherwise they may belong to the next delivery of that name.
            moves = {companion: companion for companion in self._lookout.companions_of(record.name)} | moves
        try:
            await self._session.make_folder(done)
            for name, wanted in moves.items():
                if name in entries:
                    target = joined(done, done_name(wanted, record.delivered_at, record.number))
                    await self._session.rename(self._path(name), target)
        except DeniedError as error:
            _log.warning("file_cannot_be_moved", file=self._shown(record), folder=done, reason=str(error))

    async def _changed(self, record: FileRecord, name: str, part: Path) -> None:
        await asyncio.to_thread(self._archive.discard, part)
        self._met.left[record.name] = "it changed while it was fetched"
        _log.info("file_left_alone", file=self._shown(record), reason="it changed while it was fetched")
        entry = (await self._lookout.look()).get(name)
        if name == record.name or entry is None:
            await self._ledger.settle(record.number, FileState.GONE)
        else:
            await self._ledger.noticed_again(record.number, self._sighting(entry, record.name))

    async def _vanished(self, record: FileRecord) -> None:
        _log.warning("claimed_file_is_gone", file=self._shown(record))
        await self._discard_part(record)
        await self._ledger.settle(record.number, FileState.GONE)

    async def _discard_part(self, record: FileRecord) -> None:
        await asyncio.to_thread(lambda: self._archive.discard(self._archive.part(record)))

    def _sighting(self, entry: FolderEntry, name: str) -> Sighting:
        return Sighting(name, entry.size_bytes, entry.stamp, entry.modified_at or self._clock())

    def _trouble(self, record: FileRecord, problem: str) -> None:
        self._met.troubles.append(Trouble(record, self._shown(record), problem))

    def _shown(self, record: FileRecord) -> str:
        return self._path(record.name)

    def _path(self, name: str) -> str:
        return joined(self._listing.folder, name)


def _read_through(file: ReceivedFile, listing: FileListing) -> None:
    for _ in batches_of(file, listing):
        pass
