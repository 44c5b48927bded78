"""The file port to one system: takes in the files of a listing, and gives their records page by page."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, TracebackType
from typing import Final, NoReturn, Self

import orjson
from pydantic import JsonValue

from reconciler.errors import (
    ConfigurationError,
    RefusedError,
    ResponseNotUnderstoodError,
    StateError,
    VendorFaultError,
)
from reconciler.logs import keep_out_of_logs
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.archive import FileArchive
from reconciler.ports.files.connecting import connect_to
from reconciler.ports.files.encoding_check import encoding_problem
from reconciler.ports.files.folder import DeniedError, FolderEntry
from reconciler.ports.files.in_force import (
    dispensable,
    files_in_force,
    nothing_arrived,
    refuse_stale,
    refuse_troubles,
)
from reconciler.ports.files.intake import Intake
from reconciler.ports.files.ledger import FileLedger
from reconciler.ports.files.lookout import Lookout, Role
from reconciler.ports.files.names import is_safe_folder, is_safe_name, joined, suffix_of, unfinished_name
from reconciler.ports.files.session import ChangedMeanwhileError, FolderSession
from reconciler.ports.files.settings import FileListing, FileSettings
from reconciler.ports.files.shaping import BrokenFileError, FilesInForce, ReceivedFile, Record, batches_in_force
from reconciler.ports.files.worker import iterate_in_thread
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request
from reconciler.ports.listing import RecordListing

_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FilePort:
    """One system that exchanges files. An async context manager; listings may be read concurrently inside it.

    The files of a listing are taken in once in its life, so that everything read through it is of one moment.

    Args:
        system: `crm` or `erp`, for messages.
        credentials, context: what the settings refer to.
        project_folder: relative paths of the settings start there.
        ledger: remembers what was taken in.
        archive: folder of the copies of this system's files.
        take_in: False only looks: nothing is claimed, noted, archived or moved, here or on the server.
        clock: aware current time.

    Raises:
        ConfigurationError: a credential or a file that is named cannot be used.
    """

    def __init__(
        self,
        system: str,
        settings: FileSettings,
        *,
        address: FolderAddress,
        credentials: Mapping[str, str],
        context: Mapping[str, JsonValue],
        project_folder: Path,
        ledger: FileLedger,
        archive: Path,
        take_in: bool = True,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        for secret in credentials.values():
            keep_out_of_logs(secret)
        self._system = system
        self._settings = settings
        self._address = address
        self._connect = connect_to(
            system, settings, address, credentials=credentials, context=context, project_folder=project_folder
        )
        self._ledger = ledger
        self._archive = FileArchive(archive)
        self._take_in = take_in
        self._clock = clock
        self._connections = asyncio.Semaphore(settings.concurrency)
        # Two listings may read the same files of a folder; they must not claim them at the same time.
        self._locks: dict[str, asyncio.Lock] = {}
        self._known: dict[tuple[str, str, str | None], FilesInForce] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._take_in:
            await asyncio.to_thread(self._archive.prepare)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def pages(self, listing: RecordListing, values: Mapping[str, Value] = _NOTHING) -> AsyncGenerator[RecordPage]:
        """The records of the newest full file, with later changes laid over them.

        Raises:
            SystemReadError: the folder cannot be reached, no file has arrived, the newest one is too old or broken.
            StateError: the ledger or the archive cannot be used.
        """
        if not isinstance(listing, FileListing):
            raise TypeError("files are read by listings of files")
        files = await self._files(listing)
        number = 0
        try:
            async with aclosing(iterate_in_thread(lambda: batches_in_force(files, listing))) as batches:
                async for batch in batches:
                    yield self._page(number, files, batch)
                    number += 1
        except BrokenFileError as error:
            raise self._broken(error) from error
        except OSError as error:
            raise StateError(
                phrase("the copy of {full} cannot be read: {reason}.", full=files.full.shown, reason=error.strerror)
            ) from error
        if not number:
            yield RecordPage(0, b"[]", [], None)

    async def call(
        self, request: Request, values: Mapping[str, Value] = _NOTHING, *, safe_to_repeat: bool = True
    ) -> Reply:
        """Always raises ConfigurationError: a folder answers no requests."""
        raise ConfigurationError(
            phrase(
                "{system}: a system that exchanges files cannot be asked for {method} {path}.",
                system=self._system,
                method=request.method,
                path=request.path,
            ),
            hint=phrase("Only whole listings can be read from files."),
        )

    def forget_answers(self) -> None:
        """Nothing to forget: what was taken in stays what this port reads."""

    async def put(self, path: str, content: bytes) -> None:
        """Send a file. It goes up under another name and gets its own when it is whole.

        Raises:
            RefusedError: a file of that name is there and was not taken yet: it is never overwritten.
            ConfigurationError: the path leaves the folder, or holds characters that no name may have.
            SystemReadError: the folder cannot be reached, or does not take the file.
        """
        folder, _, name = path.rpartition("/")
        if not (is_safe_folder(folder) and is_safe_name(name)):
            raise ConfigurationError(phrase("{system}: a file cannot be called that way.", system=self._system))
        unfinished = unfinished_name(name, secrets.token_hex(4))
        async with self._session() as session:
            try:
                if await session.entries(folder, lambda found: found == name):
                    raise RefusedError(
                        phrase(
                            "{system}: {path} is there already and was not taken yet.", system=self._system, path=path
                        )
                    )
                await session.put(joined(folder, unfinished), content)
                await self._check_whole(session, folder, unfinished, len(content))
                await session.rename(joined(folder, unfinished), path)
            except DeniedError as error:
                self._denied(path, error)

    async def _check_whole(self, session: FolderSession, folder: str, name: str, size_bytes: int) -> None:
        found = await session.entries(folder, lambda entry: entry == name)
        if not found or found[0].size_bytes != size_bytes:
            raise VendorFaultError(
                self._system,
                phrase("{folder}: the server did not keep the whole file.", folder=joined(folder, name)),
                "size",
            )

    async def _files(self, listing: FileListing) -> FilesInForce:
        place = (listing.folder, listing.pattern, listing.changes)
        async with self._locks.setdefault(listing.folder, asyncio.Lock()):
            if place not in self._known:
                async with self._session() as session:
                    try:
                        self._known[place] = await (self._taken_in if self._take_in else self._looked)(session, listing)
                    except DeniedError as error:
                        self._denied(listing.folder or "the folder itself", error)
            return self._known[place]

    async def _taken_in(self, session: FolderSession, listing: FileListing) -> FilesInForce:
        intake = Intake(session, self._settings, listing, self._ledger, self._archive, self._clock)
        met = await intake.take_in()
        records = await self._ledger.archived(listing.folder)
        role_of = Lookout(session, self._settings, listing, self._ledger).role_of
        files = files_in_force(records, role_of, self._archive)
        refuse_troubles(self._system, met.troubles)
        if files is None:
            raise nothing_arrived(self._system, listing, met.left)
        refuse_stale(self._system, listing, files.full, self._clock())
        if surplus := dispensable(records, role_of, self._settings.keep_files):
            await self._ledger.drop_archives([record.number for record in surplus])
            await asyncio.to_thread(self._archive.remove, [record.archive for record in surplus if record.archive])
        return files

    async def _looked(self, session: FolderSession, listing: FileListing) -> FilesInForce:
        """What a run would read now, as far as one full file tells. The file is fetched to a passing place."""
        lookout = Lookout(session, self._settings, listing, self._ledger)
        sighted = await lookout.new_files()
        new = [entry for entry in sighted.ready if lookout.role_of(entry.name) is Role.FULL]
        records = [
            record
            for record in await self._ledger.archived(listing.folder)
            if record.archive is not None and self._archive.holds(record.archive)
        ]
        files = files_in_force(records, lookout.role_of, self._archive)
        if new and (files is None or _delivered(new[-1], self._clock) >= files.full.delivered_at):
            files = FilesInForce(await self._fetched_for_a_look(session, listing, new[-1]))
        if files is None:
            raise nothing_arrived(self._system, listing, sighted.left)
        refuse_stale(self._system, listing, files.full, self._clock())
        wrong = await asyncio.to_thread(encoding_problem, files.full.path, listing.format)
        if wrong is not None:
            raise ResponseNotUnderstoodError(
                self._system,
                phrase("{full}: {problem}.", full=files.full.shown, problem=wrong.problem),
                hint=wrong.hint,
            )
        return files

    async def _fetched_for_a_look(
        self, session: FolderSession, listing: FileListing, entry: FolderEntry
    ) -> ReceivedFile:
        shown = joined(listing.folder, entry.name)
        if entry.size_bytes > self._settings.max_file_mib * 2**20:
            raise self._broken(BrokenFileError(shown, f"it is larger than {self._settings.max_file_mib} MiB."))
        folder = self._stack.enter_context(TemporaryDirectory(prefix="reconciler-"))
        path = Path(folder) / f"file{suffix_of(entry.name)}"
        try:
            await session.fetch(shown, path, entry.size_bytes)
        except ChangedMeanwhileError:
            raise nothing_arrived(self._system, listing, {entry.name: "it changed while it was fetched"}) from None
        return ReceivedFile(shown, path, _delivered(entry, self._clock))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[FolderSession]:
        async with self._connections, FolderSession(self._system, self._connect, self._settings) as session:
            yield session

    def _page(self, number: int, files: FilesInForce, batch: list[Record]) -> RecordPage:
        records: list[JsonValue] = [*batch]
        try:
            return RecordPage(number, orjson.dumps(records), records, None)
        except orjson.JSONEncodeError as error:
            raise BrokenFileError(files.full.shown, f"a value cannot be kept: {error}.") from error

    def _broken(self, error: BrokenFileError) -> ResponseNotUnderstoodError:
        return ResponseNotUnderstoodError(
            self._system, str(error), hint=phrase("Correct the description, or have the sender write the file again.")
        )

    def _denied(self, path: str, error: DeniedError) -> NoReturn:
        raise VendorFaultError(
            self._system,
            phrase(
                "{address}: the server refuses {path}: {error}.", address=self._address.shown, path=path, error=error
            ),
            "denied",
            hint=phrase("Check the folder, and the rights of the user on it."),
        ) from error


def _delivered(entry: FolderEntry, clock: Callable[[], datetime]) -> datetime:
    return entry.modified_at or clock()
