"""A process that dies between any two steps of an intake loses no file and takes none in twice."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.ports.files.archive import FileArchive
from reconciler.ports.files.folder import RemoteFolder
from reconciler.ports.files.intake import Intake
from reconciler.ports.files.ledger import FileLedger, FileRecord, FileState, Sighting
from reconciler.ports.files.local_folder import LocalFolder
from reconciler.ports.files.session import FolderSession
from tests.ports.files.receiving import NOW, listing, names_of, port_on, settings, write


class _DiedError(Exception):
    """The process is gone."""


class _Death:
    """Comes at the `at`th boundary: before or after each step that leaves a trace."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.steps = 0

    def boundary(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise _DiedError


class _DyingFolder(LocalFolder):
    def __init__(self, root: Path, death: _Death) -> None:
        super().__init__(root)
        self._death = death

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        async for chunk in super().fetch(path, offset_bytes):
            half = len(chunk) // 2
            yield chunk[:half]
            self._death.boundary()
            yield chunk[half:]

    async def rename(self, source: str, target: str) -> None:
        self._death.boundary()
        await super().rename(source, target)
        self._death.boundary()

    async def make_folder(self, folder: str) -> None:
        await super().make_folder(folder)
        self._death.boundary()


class _DyingLedger:
    """A ledger that dies before and after it has noted something."""

    def __init__(self, ledger: FileLedger, death: _Death) -> None:
        self._ledger = ledger
        self._death = death

    async def unsettled(self, folder: str) -> list[FileRecord]:
        return await self._ledger.unsettled(folder)

    async def of_names(self, folder: str, names: Collection[str]) -> list[FileRecord]:
        return await self._ledger.of_names(folder, names)

    async def archived(self, folder: str) -> list[FileRecord]:
        return await self._ledger.archived(folder)

    async def claim(self, folder: str, sighting: Sighting) -> FileRecord:
        self._death.boundary()
        record = await self._ledger.claim(folder, sighting)
        self._death.boundary()
        return record

    async def noticed_again(self, number: int, sighting: Sighting) -> None:
        await self._ledger.noticed_again(number, sighting)

    async def renamed(self, number: int, claimed_as: str | None) -> None:
        await self._ledger.renamed(number, claimed_as)
        self._death.boundary()

    async def take(self, number: int, digest: str, archive: str, *, renew: bool) -> bool:
        self._death.boundary()
        new = await self._ledger.take(number, digest, archive, renew=renew)
        self._death.boundary()
        return new

    async def refuse(self, number: int, archive: str | None, problem: str) -> None:
        await self._ledger.refuse(number, archive, problem)

    async def settle(self, number: int, state: FileState) -> None:
        self._death.boundary()
        await self._ledger.settle(number, state)
        self._death.boundary()

    async def drop_archives(self, numbers: Collection[int]) -> None:
        await self._ledger.drop_archives(numbers)


_READY: Final[dict[str, Any]] = {"done": "done", "ready": "{name}.ok"}


async def _take_in(remote: RemoteFolder, folder: str, tmp_path: Path, ledger: FileLedger) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[RemoteFolder]:
        yield remote

    archive = FileArchive(tmp_path / "received")
    archive.prepare()
    chosen = settings(**_READY)
    async with FolderSession("erp", connect, chosen) as session:
        await Intake(session, chosen, listing(folder=folder), ledger, archive, lambda: NOW).take_in()


async def _dies(at: int, folder: str, tmp_path: Path, ledger: FileLedger) -> bool:
    """Whether an intake died at that boundary; False when it had ended before."""
    death = _Death(at)
    try:
        await _take_in(_DyingFolder(tmp_path / "remote", death), folder, tmp_path, _DyingLedger(ledger, death))
    except _DiedError:
        return True
    return False


def _deliver(folder: Path, name: str, hours: int) -> None:
    write(folder / "customers.csv", f"1;{name}", at=NOW + timedelta(hours=hours))
    (folder / "customers.csv.ok").touch()


async def _check_nothing_was_lost_or_doubled(folder: str, tmp_path: Path, ledger: FileLedger) -> None:
    remote = tmp_path / "remote"
    async with port_on(remote, tmp_path, ledger, **_READY) as port:
        assert await names_of(port, listing(folder=folder)) == {"1": "Beta"}
    states = [record.state for record in await ledger.of_names(folder, ["customers.csv"])]
    assert sorted(state for state in states if state is not FileState.GONE) == [FileState.DONE, FileState.DONE]
    assert not await ledger.unsettled(folder)
    assert not list((remote / folder).iterdir())
    moved = [path.read_bytes() for path in (remote / "done").iterdir() if path.name.endswith("-customers.csv")]
    assert sorted(moved) == [b"code;name\n1;Acme\n", b"code;name\n1;Beta\n"]
    shutil.rmtree(remote / "done")


async def test_dying_at_any_boundary_loses_nothing_and_doubles_nothing(tmp_path: Path, ledger: FileLedger) -> None:
    """After the crash the sender goes on too: a file of the same name may be there before the next intake."""
    at = 1
    while True:
        folder = f"in{at}"
        _deliver(tmp_path / "remote" / folder, "Acme", 0)
        died = await _dies(at, folder, tmp_path, ledger)
        if died and (tmp_path / "remote" / folder / "customers.csv").exists():
            # The sender of a real folder would overwrite its file; here it waits, to see that none is lost.
            assert not await _dies(10_000, folder, tmp_path, ledger)
        _deliver(tmp_path / "remote" / folder, "Beta", 1)
        await _check_nothing_was_lost_or_doubled(folder, tmp_path, ledger)
        if not died:
            break
        at += 1
    assert at > 12


class _Fetching(LocalFolder):
    """Notes from where it fetches, and dies half-way while it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.dies = True
        self.offsets: list[int] = []

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        self.offsets.append(offset_bytes)
        async for chunk in super().fetch(path, offset_bytes):
            yield chunk[: len(chunk) // 2]
            if self.dies:
                raise _DiedError
            yield chunk[len(chunk) // 2 :]


async def test_what_had_arrived_before_the_crash_is_not_fetched_again(tmp_path: Path, ledger: FileLedger) -> None:
    _deliver(tmp_path / "remote", "Acme", 0)
    fetching = _Fetching(tmp_path / "remote")
    with pytest.raises(_DiedError):
        await _take_in(fetching, "", tmp_path, ledger)
    fetching.dies = False
    await _take_in(fetching, "", tmp_path, ledger)
    assert fetching.offsets == [0, len(b"code;name\n1;Acme\n") // 2]
    (record,) = await ledger.archived("")
    assert (tmp_path / "received" / str(record.archive)).read_bytes() == b"code;name\n1;Acme\n"
