"""Files are taken in once, whole, and in order; what is not complete is left alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ResponseNotUnderstoodError, SystemReadError
from reconciler.ports.files.archive import FileArchive
from reconciler.ports.files.folder import FolderEntry, RemoteFolder
from reconciler.ports.files.intake import Intake, TakenIn
from reconciler.ports.files.ledger import FileLedger, FileState
from reconciler.ports.files.local_folder import LocalFolder
from reconciler.ports.files.session import FolderSession
from tests.ports.files.file_servers import HOST, PASSWORD, USER, Behaviour, ftp_server
from tests.ports.files.receiving import NOW, listing, names_of, port_on, settings, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOUR = timedelta(hours=1)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


async def _take_in(
    remote: RemoteFolder, tmp_path: Path, ledger: FileLedger, *, of: dict[str, Any] | None = None, **options: Any
) -> TakenIn:
    """One intake from a folder object; the archive is the one of `port_on`."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[RemoteFolder]:
        yield remote

    opening: Callable[[], AbstractAsyncContextManager[RemoteFolder]] = connect
    archive = FileArchive(tmp_path / "received")
    archive.prepare()
    chosen = settings(**options)
    async with FolderSession("erp", opening, chosen) as session:
        return await Intake(session, chosen, listing(**(of or {})), ledger, archive, lambda: NOW).take_in()


async def _states(ledger: FileLedger, *names: str) -> list[FileState]:
    return [record.state for record in await ledger.of_names("", names)]


class _Growing(LocalFolder):
    """The sender goes on writing after every look."""

    def __init__(self, root: Path, looks: int) -> None:
        super().__init__(root)
        self._folder = root
        self._looks = looks

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        found = await super().entries(folder, wanted)
        if self._looks:
            self._looks -= 1
            with (self._folder / "customers.csv").open("a") as file:
                file.write("2;Beta\n")
        return found


async def test_a_file_that_grows_between_two_looks_is_left_alone(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    met = await _take_in(_Growing(remote, 2), tmp_path, ledger, settle_s=0.001)
    assert met.left == {"customers.csv": "it is still being written"}
    assert not await ledger.of_names("", ["customers.csv"])


@pytest.mark.parametrize("done", [None, "done"], ids=["read only", "moved away"])
async def test_a_file_that_grows_while_it_is_fetched_is_left_alone_and_taken_later(
    done: str | None, remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    met = await _take_in(_Growing(remote, 1), tmp_path, ledger, done=done)
    assert met.left == {"customers.csv": "it changed while it was fetched"}
    assert not await ledger.archived("")
    async with port_on(remote, tmp_path, ledger, done=done) as port:
        assert await names_of(port, listing()) == {"1": "Acme", "2": "Beta"}


class _Rewriting(LocalFolder):
    """The sender writes the file again, as long as before, while it is fetched."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._folder = root

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        async for chunk in super().fetch(path, offset_bytes):
            yield chunk
        write(self._folder / path, "1;Beta", at=NOW + HOUR)


async def test_a_file_that_was_written_again_with_the_same_size_is_not_believed(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    met = await _take_in(_Rewriting(remote), tmp_path, ledger)
    assert met.left == {"customers.csv": "it changed while it was fetched"}
    assert not await ledger.archived("")


async def test_without_a_done_folder_nothing_on_the_server_is_touched(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    content = write(remote / "customers.csv", "1;Acme")
    for _ in range(2):
        async with port_on(remote, tmp_path, ledger) as port:
            assert await names_of(port, listing()) == {"1": "Acme"}
    assert {path.name: path.read_bytes() for path in remote.iterdir()} == {"customers.csv": content}
    assert await _states(ledger, "customers.csv") == [FileState.DONE]


async def test_a_file_is_moved_away_once_it_is_in_the_archive(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    content = write(remote / "customers.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger, done="out/done") as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    (moved,) = (remote / "out" / "done").iterdir()
    assert moved.name.endswith("-customers.csv")
    assert moved.read_bytes() == content
    async with port_on(remote, tmp_path, ledger, done="out/done") as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    (copy,) = (path for path in (tmp_path / "received").iterdir() if path.is_file())
    assert copy.read_bytes() == content
    assert copy.stat().st_mode & 0o077 == 0


async def test_the_same_file_delivered_again_is_not_taken_again(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    for hours in range(2):
        write(remote / "customers.csv", "1;Acme", at=NOW + hours * HOUR)
        async with port_on(remote, tmp_path, ledger, done="done") as port:
            assert await names_of(port, listing()) == {"1": "Acme"}
    assert await _states(ledger, "customers.csv") == [FileState.DONE, FileState.REPEATED]
    assert len(list((remote / "done").iterdir())) == 2
    assert len([path for path in (tmp_path / "received").iterdir() if path.is_file()]) == 1


async def test_a_full_file_with_the_content_of_an_earlier_one_holds_from_its_delivery_on(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    """Three nights: a name, another, and back again. Taking the third for the first would leave the second in force."""
    for hours, name in enumerate(("Acme", "Beta", "Acme")):
        write(remote / "customers.csv", f"1;{name}", at=NOW + hours * HOUR)
        async with port_on(remote, tmp_path, ledger) as port:
            assert await names_of(port, listing()) == {"1": name}


async def test_a_change_file_delivered_again_changes_nothing_again(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    wanted = listing(changes="changes*.csv")
    write(remote / "customers.csv", "1;Acme")
    for hours, name in enumerate(("Beta", "Gamma", "Beta"), start=1):
        write(remote / "changes.csv", f"1;{name}", at=NOW + hours * HOUR)
        async with port_on(remote, tmp_path, ledger) as port:
            found = await names_of(port, wanted)
    assert found == {"1": "Gamma"}


@pytest.mark.parametrize(("kind", "digest"), [("md5", hashlib.md5), ("sha256", hashlib.sha256)], ids=["md5", "sha256"])
async def test_a_file_waits_for_its_checksum_and_must_have_it(
    kind: str, digest: Callable[..., Any], remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    content = write(remote / "customers.csv", "1;Acme")
    beside = remote / f"customers.csv.{kind}"
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, checksum=kind)
    assert met.left == {"customers.csv": f"customers.csv.{kind} is not there yet"}
    beside.write_text(f"{digest(b'something else').hexdigest()}  customers.csv\n")
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, checksum=kind, done="done")
    assert [trouble.problem for trouble in met.troubles] == [
        f"its content does not have the checksum in customers.csv.{kind}."
    ]
    assert not await ledger.archived("")
    beside.write_text(f"{digest(content).hexdigest().upper()} *customers.csv\n")
    async with port_on(remote, tmp_path, ledger, checksum=kind, done="done") as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    assert [path.name for path in remote.iterdir()] == ["done"]
    assert len(list((remote / "done").iterdir())) == 2


async def test_a_file_waits_for_its_marker_and_takes_it_along(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    options: dict[str, Any] = {"ready": "{stem}.ok", "done": "done"}
    write(remote / "customers.csv", "1;Acme")
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, **options)
    assert met.left == {"customers.csv": "customers.ok is not there yet"}
    (remote / "customers.ok").touch()
    async with port_on(remote, tmp_path, ledger, **options) as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    assert [path.name for path in remote.iterdir()] == ["done"]
    write(remote / "customers.csv", "1;Beta", at=NOW + HOUR)
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, **options)
    assert met.left == {"customers.csv": "customers.ok is not there yet"}


async def test_the_marker_of_the_file_before_does_not_count_for_the_next(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    (remote / "customers.csv.ok").touch()
    os.utime(remote / "customers.csv.ok", (NOW.timestamp(), NOW.timestamp()))
    write(remote / "customers.csv", "1;Acme", at=NOW + HOUR)
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, ready="{name}.ok")
    assert met.left == {"customers.csv": "its marker is older than the file"}


async def test_a_broken_file_is_refused_kept_and_tried_again_when_the_description_is_corrected(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme;too much")
    for _ in range(2):
        async with port_on(remote, tmp_path, ledger, done="done") as port:
            with pytest.raises(ResponseNotUnderstoodError, match=r"customers\.csv: row 2") as refused:
                await names_of(port, listing())
    assert "too much" not in str(refused.value)
    assert await _states(ledger, "customers.csv") == [FileState.REFUSED]
    corrected = listing().format.model_copy(update={"columns": ["code", "name", "more"], "skip_rows": 1})
    async with port_on(remote, tmp_path, ledger, done="done") as port:
        assert await names_of(port, listing(format=corrected)) == {"1": "Acme"}
    assert await _states(ledger, "customers.csv") == [FileState.DONE]
    assert [path.name for path in remote.iterdir()] == ["done"]


async def test_a_good_full_file_makes_up_for_a_broken_one_before_it(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers1.csv", "1;Acme;too much")
    write(remote / "customers2.csv", "1;Beta", at=NOW + HOUR)
    async with port_on(remote, tmp_path, ledger, done="done") as port:
        assert await names_of(port, listing()) == {"1": "Beta"}
    assert [path.name for path in remote.iterdir()] == ["done"]
    assert not await ledger.unsettled("")
    assert len([path for path in (tmp_path / "received").iterdir() if path.is_file()]) == 1


async def test_a_broken_file_after_the_good_one_is_never_skipped_in_silence(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers1.csv", "1;Acme")
    write(remote / "customers2.csv", "1;Beta;too much", at=NOW + HOUR)
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ResponseNotUnderstoodError, match=r"customers2\.csv"):
            await names_of(port, listing())


async def test_a_file_larger_than_allowed_is_not_fetched(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv", "1;Acme")
    with (remote / "customers.csv").open("r+b") as file:
        file.truncate(3 * 2**20)
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, max_file_mib=2)
    assert [trouble.problem for trouble in met.troubles] == ["it is larger than 2 MiB."]
    assert [path.stat().st_size for path in (tmp_path / "received" / "incoming").iterdir()] == [0]


async def test_names_of_claimed_files_and_companions_are_no_files_of_a_listing(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    for name in ("customers.csv.claimed-0011aabb", "customers.csv.sha256", "CUSTOMERS.CSV", "orders.csv"):
        write(remote / name, "1;Acme")
    options: dict[str, Any] = {"of": {"pattern": "customers*"}, "checksum": "sha256"}
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, **options)
    assert (met.left, met.troubles, await ledger.archived("")) == ({}, [], [])


async def test_a_server_that_allows_no_renaming_is_read_all_the_same(tmp_path: Path, ledger: FileLedger) -> None:
    root = tmp_path / "served"
    write(root / "customers.csv", "1;Acme")
    auth: dict[str, Any] = {"auth": {"username": USER, "password": PASSWORD}}
    with ftp_server(root, Behaviour(read_only=True)) as port:
        for _ in range(2):
            async with port_on(f"ftp://{HOST}:{port}", tmp_path, ledger, done="done", **auth) as files:
                assert await names_of(files, listing()) == {"1": "Acme"}
    assert [path.name for path in root.iterdir()] == ["customers.csv"]
    assert await _states(ledger, "customers.csv") == [FileState.DONE]


async def test_a_copy_that_was_deleted_is_fetched_again_while_the_file_is_there(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger) as port:
        await names_of(port, listing())
    for copy in (tmp_path / "received").glob("*.csv"):
        copy.unlink()
    async with port_on(remote, tmp_path, ledger) as port:
        assert await names_of(port, listing()) == {"1": "Acme"}


async def test_only_the_newest_full_files_are_kept(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    wanted = listing(changes="changes*.csv")
    write(remote / "changes0.csv", "1;Old", at=NOW - HOUR)
    for hours in range(4):
        write(remote / f"customers{hours}.csv", f"1;Acme {hours}", at=NOW + hours * HOUR)
    async with port_on(remote, tmp_path, ledger, keep_files=2) as port:
        assert await names_of(port, wanted) == {"1": "Acme 3"}
    kept = await ledger.archived("")
    assert [record.name for record in kept] == ["customers3.csv", "customers2.csv"]
    copies = {path.name for path in (tmp_path / "received").glob("*.csv")}
    assert copies == {record.archive for record in kept}
    async with port_on(remote, tmp_path, ledger, keep_files=2) as port:
        assert await names_of(port, wanted) == {"1": "Acme 3"}
    assert len(await ledger.archived("")) == 2


async def test_a_file_that_vanished_after_it_was_claimed_is_forgotten(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    beside: dict[str, Any] = {"checksum": "md5", "done": "done"}
    (remote / "customers.csv.md5").write_text("0" * 32)
    assert (await _take_in(LocalFolder(remote), tmp_path, ledger, **beside)).troubles
    (claimed,) = remote.glob("*.claimed-*")
    claimed.unlink()
    met = await _take_in(LocalFolder(remote), tmp_path, ledger, **beside)
    assert (met.troubles, met.left) == ([], {})
    assert await _states(ledger, "customers.csv") == [FileState.GONE]
    assert not list((tmp_path / "received" / "incoming").iterdir())


async def test_a_file_without_a_single_byte_is_broken_and_not_an_empty_list(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    (remote / "customers.csv").touch()
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ResponseNotUnderstoodError, match=r"customers\.csv"):
            await names_of(port, listing())


async def test_a_folder_that_is_not_there_is_told_with_a_hint(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(SystemReadError, match="No such file") as refused:
            await names_of(port, listing(folder="nowhere"))
    assert refused.value.hint
