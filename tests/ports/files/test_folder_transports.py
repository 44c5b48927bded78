"""Every way to a folder does the same: lists, fetches from any offset, puts, renames, and survives cuts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UnreachableError
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.connecting import connect_to
from reconciler.ports.files.folder import DeniedError
from reconciler.ports.files.session import ChangedMeanwhileError, FolderSession
from reconciler.ports.files.settings import FileAuth
from tests.ports.files.file_servers import HOST, PASSWORD, USER, Behaviour, certificate, ftp_server, sftp_server
from tests.ports.files.receiving import settings

CONTENT = bytes(range(256)) * 800


@asynccontextmanager
async def reached(
    kind: str, root: Path, outside: Path, behaviour: Behaviour | None = None, **options: Any
) -> AsyncIterator[FolderSession]:
    """A session on `root`, over a server of that kind."""
    asked = behaviour or Behaviour()
    with_cleanup = AsyncExitStack()
    async with with_cleanup:
        if kind == "local":
            url = f"file://{root}"
        elif kind == "sftp":
            server = await with_cleanup.enter_async_context(sftp_server(root, behaviour=asked))
            url, options["host_key"] = f"sftp://{HOST}:{server.port}/", server.fingerprint
        elif kind == "ftps":
            issued = certificate(outside)
            port = with_cleanup.enter_context(ftp_server(root, asked, issued.server))
            url, options["ca_file"] = f"ftps://{HOST}:{port}", str(issued.authority)
        else:
            asked.without = frozenset({"MLSD"}) if kind == "ftp with LIST" else frozenset()
            url = f"ftp://{HOST}:{with_cleanup.enter_context(ftp_server(root, asked))}"
        chosen = settings(auth=FileAuth(username=USER, password="{credentials.password}"), **options)
        connect = connect_to(
            "erp",
            chosen,
            FolderAddress.parse(url, outside),
            credentials={"password": PASSWORD},
            context={},
            project_folder=outside,
        )
        yield await with_cleanup.enter_async_context(FolderSession("erp", connect, chosen))


KINDS = ["local", "ftp", "ftp with LIST", "ftps", "sftp"]
REMOTE = KINDS[1:]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "pedidos 1.csv").write_bytes(CONTENT)
    return folder


@pytest.mark.parametrize("kind", KINDS)
async def test_a_folder_is_listed_with_sizes_and_moments(kind: str, root: Path, tmp_path: Path) -> None:
    (root / "out" / "note.txt").touch()
    (root / "out" / "folder.csv").mkdir()
    async with reached(kind, root, tmp_path) as session:
        (entry,) = await session.entries("out", lambda name: name.endswith(".csv"))
    assert (entry.name, entry.size_bytes) == ("pedidos 1.csv", len(CONTENT))
    assert entry.modified_at is not None
    written_at = (root / "out" / "pedidos 1.csv").stat().st_mtime
    assert abs(entry.modified_at.timestamp() - written_at) < 1


@pytest.mark.parametrize("kind", KINDS)
async def test_names_that_could_lead_elsewhere_are_never_listed(kind: str, root: Path, tmp_path: Path) -> None:
    hostile = ["escape\x1b[31m.csv", "back\\slash.csv", "tab\t.csv"]
    if kind in ("local", "sftp"):
        # The listing of an FTP server has one name a line, in its own character set.
        hostile += ["line\nend.csv", "right\u202eleft.csv"]
    for name in (*hostile, "preço nº 1.csv"):
        (root / "out" / name).touch()
    async with reached(kind, root, tmp_path, names="latin-1") as session:
        names = [entry.name for entry in await session.entries("out", lambda name: True)]
    assert names == ["pedidos 1.csv", "preço nº 1.csv"]


@pytest.mark.parametrize("kind", ["local", "ftp with LIST", "sftp"])
async def test_links_are_never_listed(kind: str, root: Path, tmp_path: Path) -> None:
    (root / "out" / "link.csv").symlink_to(root / "out" / "pedidos 1.csv")
    async with reached(kind, root, tmp_path) as session:
        names = [entry.name for entry in await session.entries("out", lambda name: True)]
    assert names == ["pedidos 1.csv"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_is_sent_under_another_name_and_moved(kind: str, root: Path, tmp_path: Path) -> None:
    async with reached(kind, root, tmp_path) as session:
        await session.put("out/.up.part", CONTENT)
        await session.make_folder("done/2026")
        await session.make_folder("done/2026")
        await session.rename("out/.up.part", "done/2026/up.csv")
        assert (root / "done" / "2026" / "up.csv").read_bytes() == CONTENT
        await session.delete("done/2026/up.csv")
    assert [path.name for path in (root / "out").iterdir()] == ["pedidos 1.csv"]
    assert not list((root / "done" / "2026").iterdir())


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_server_refuses_is_told_and_the_session_goes_on(kind: str, root: Path, tmp_path: Path) -> None:
    async with reached(kind, root, tmp_path) as session:
        for refused in (session.content("out/none.csv", 10), session.rename("out/none.csv", "out/other.csv")):
            with pytest.raises(DeniedError):
                await refused
        with pytest.raises(DeniedError):
            await session.entries("nowhere", lambda name: True)
        assert await session.content("out/pedidos 1.csv", len(CONTENT)) == CONTENT


@pytest.mark.parametrize("kind", REMOTE)
async def test_a_transfer_that_was_cut_goes_on_where_it_stopped(kind: str, root: Path, tmp_path: Path) -> None:
    behaviour = Behaviour(cuts=2, cut_after_bytes=40_000)
    part = tmp_path / "part"
    async with reached(kind, root, tmp_path, behaviour) as session:
        await session.fetch("out/pedidos 1.csv", part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert behaviour.cuts == 0
    if kind != "sftp":
        assert behaviour.commands.count("REST") == 2


@pytest.mark.parametrize("kind", ["ftp", "sftp"])
async def test_a_server_that_always_cuts_is_given_up(kind: str, root: Path, tmp_path: Path) -> None:
    behaviour = Behaviour(cuts=1000, cut_after_bytes=0)
    async with reached(kind, root, tmp_path, behaviour) as session:
        with pytest.raises(UnreachableError, match="4 times in a row"):
            await session.fetch("out/pedidos 1.csv", tmp_path / "part", len(CONTENT))
    assert behaviour.cuts == 996


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listed", [len(CONTENT) - 1, len(CONTENT) + 1], ids=["grew", "shrank"])
async def test_a_file_of_another_size_than_listed_is_not_believed(
    kind: str, listed: int, root: Path, tmp_path: Path
) -> None:
    async with reached(kind, root, tmp_path) as session:
        with pytest.raises(ChangedMeanwhileError):
            await session.fetch("out/pedidos 1.csv", tmp_path / "part", listed)
        assert len(await session.entries("out", lambda name: True)) == 1


async def test_a_protected_session_sends_no_password_and_no_data_in_the_clear(root: Path, tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with reached("ftps", root, tmp_path, behaviour) as session:
        await session.content("out/pedidos 1.csv", len(CONTENT))
    before_login = behaviour.commands[: behaviour.commands.index("USER")]
    assert before_login == ["AUTH", "PBSZ", "PROT"]
