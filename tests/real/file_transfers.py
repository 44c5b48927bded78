"""The file port against vsftpd and OpenSSH: what it promises, through each door, over real connections."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from reconciler.errors import CredentialsRefusedError, ReconcilerError, RefusedError, UnreachableError
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.connecting import connect_to
from reconciler.ports.files.folder import CutError, DeniedError
from reconciler.ports.files.formats import DelimitedFormat
from reconciler.ports.files.port import FilePort
from reconciler.ports.files.session import FolderSession
from reconciler.ports.files.settings import FileAuth, FileListing, FileSettings
from reconciler.store.state.state import State
from tests.real.debian_file_servers import PASSWORD, FileServers

_ROWS: Final = 60_000
_EXPORTS: Final = "exportar"
_NAME: Final = "clientes-20261122.csv"
_LISTING: Final = FileListing(
    folder=_EXPORTS,
    pattern="clientes-*.csv",
    format=DelimitedFormat(kind="delimited", delimiter=";", encoding="cp1252"),
)


class NotAsPromisedError(AssertionError):
    """A check failed; the text says what was seen."""


@dataclass(frozen=True, slots=True)
class Door:
    """One way to the files.

    Attributes:
        name: `ftp`, `ftps` or `sftp`; also the folder below the served one that it uses.
        served: that folder, on this machine's own disk.
    """

    name: str
    address: str
    settings: FileSettings
    credentials: Mapping[str, str]
    served: Path

    def session(self) -> FolderSession:
        """A session as the port opens it."""
        address = FolderAddress.parse(self.address, self.served)
        connect = connect_to(
            "erp", self.settings, address, credentials=self.credentials, context={}, project_folder=self.served
        )
        return FolderSession("erp", connect, self.settings)

    def port(self, state: State, archive: Path) -> FilePort:
        """A port that takes files in."""
        return FilePort(
            "erp",
            self.settings,
            address=FolderAddress.parse(self.address, self.served),
            credentials=self.credentials,
            context={},
            project_folder=self.served,
            ledger=state.file_ledger(self.name),
            archive=archive,
        )


def doors(servers: FileServers) -> list[Door]:
    """All three, each with a folder of its own."""
    anonymous = FileAuth(password="{credentials.password}")
    common = {"settle_s": 0.05, "first_wait_s": 0.05, "attempts": 2, "done": "processados"}
    with_key = FileAuth(username=servers.sftp_user, private_key="{credentials.private_key}")
    password = {"password": PASSWORD}
    return [
        Door(
            "ftp",
            f"ftp://127.0.0.1:{servers.ftp}/ftp",
            FileSettings(auth=anonymous, **common),
            password,
            servers.folder / "ftp",
        ),
        Door(
            "ftps",
            f"ftps://127.0.0.1:{servers.ftps}/ftps",
            FileSettings(auth=anonymous, ca_file=str(servers.authority), **common),
            password,
            servers.folder / "ftps",
        ),
        Door(
            "sftp",
            f"sftp://127.0.0.1:{servers.sftp}/~/sftp",
            FileSettings(auth=with_key, host_key=servers.host_key, **common),
            {"private_key": servers.client_key},
            servers.folder / "sftp",
        ),
    ]


async def check_doors(servers: FileServers, folder: Path) -> dict[str, Any]:
    """Every check through every door: `"ok"` or what went wrong, and the seconds all of a door took."""
    results: dict[str, Any] = {}
    for door in doors(servers):
        started = time.monotonic()
        own = folder / door.name
        own.mkdir()
        found = {}
        for check in (_makes_folders, _delivers, _resumes, _renames_and_deletes, _takes_in_once, *_REFUSALS[door.name]):
            found[check.__name__.strip("_")] = await _outcome(check(door, own))
        results[door.name] = {**found, "seconds": round(time.monotonic() - started, 2)}
    return results


async def _outcome(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(60):
            await check
    except (NotAsPromisedError, ReconcilerError, CutError, DeniedError, TimeoutError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


def _content() -> bytes:
    rows = (f"{number:06};Comércio São João {number} Ltda;1.234,{number % 100:02}\r\n" for number in range(_ROWS))
    return ("codigo;nome;limite\r\n" + "".join(rows)).encode("cp1252")


def _must(condition: bool, seen: object) -> None:
    if not condition:
        raise NotAsPromisedError(str(seen)[:300])


async def _makes_folders(door: Door, own: Path) -> None:
    async with door.session() as session:
        for folder in (door_folder := f"{_EXPORTS}/sub", _EXPORTS):
            await session.make_folder(folder)
    _must((door.served / door_folder).is_dir(), f"{door_folder} is not there")


async def _delivers(door: Door, own: Path) -> None:
    """A file appears under its name only when it is whole, and is never overwritten."""
    content = _content()
    async with State.open("sqlite:///put.db", own) as state, door.port(state, own / "archive-put") as port:
        await port.put(f"{_EXPORTS}/{_NAME}", content)
        refused = False
        try:
            await port.put(f"{_EXPORTS}/{_NAME}", b"another one")
        except RefusedError:
            refused = True
    _must(refused, "a file that was not taken yet was overwritten")
    files = {path.name: path.read_bytes() for path in (door.served / _EXPORTS).iterdir() if path.is_file()}
    _must(files == {_NAME: content}, {name: len(found) for name, found in files.items()})


async def _resumes(door: Door, own: Path) -> None:
    """A transfer that was cut in the middle goes on where it stopped, over a new connection."""
    part, size = own / "part", (door.served / _EXPORTS / _NAME).stat().st_size
    address = FolderAddress.parse(door.address, door.served)
    connect = connect_to(
        "erp", door.settings, address, credentials=door.credentials, context={}, project_folder=door.served
    )
    async with connect() as remote, aclosing(remote.fetch(f"{_EXPORTS}/{_NAME}", 0)) as chunks:
        part.write_bytes(await anext(chunks))
    begun = part.stat().st_size
    _must(0 < begun < size, f"{begun} of {size} bytes came before the cut")
    began_with = part.read_bytes()
    part.write_bytes(b"\0" * begun)
    async with door.session() as session:
        await session.fetch(f"{_EXPORTS}/{_NAME}", part, size)
    whole = part.read_bytes()
    # What was there already must not travel again: it is still the zeros that were put in its place.
    _must(whole[:begun] == b"\0" * begun, "the beginning was fetched once more")
    _must(_digest(began_with + whole[begun:]) == _digest(_content()), "the parts do not make the file")


async def _renames_and_deletes(door: Door, own: Path) -> None:
    async with door.session() as session:
        await session.put(f"{_EXPORTS}/pedido ação.txt", b"one")
        await session.rename(f"{_EXPORTS}/pedido ação.txt", f"{_EXPORTS}/sub/pedido 2.txt")
        found = await session.entries(f"{_EXPORTS}/sub", lambda name: True)
        await session.delete(f"{_EXPORTS}/sub/pedido 2.txt")
        left = await session.entries(f"{_EXPORTS}/sub", lambda name: True)
    _must([(each.name, each.size_bytes) for each in found] == [("pedido 2.txt", 3)], found)
    _must(left == [], left)


async def _takes_in_once(door: Door, own: Path) -> None:
    """Claimed, fetched, archived, moved away; a second run has the same records and takes nothing in."""
    async with State.open("sqlite:///state.db", own) as state:
        first, second = [await _names(door, state, own / "archive") for _ in range(2)]
        records = await state.file_ledger(door.name).archived(_EXPORTS)
    _must(len(first) == _ROWS and first[7] == "Comércio São João 7 Ltda", (len(first), first[:8]))
    _must(first == second, (len(first), len(second)))
    _must([(each.name, each.state.value) for each in records] == [(_NAME, "done")], records)
    places = sorted(str(path.relative_to(door.served)) for path in door.served.rglob("*.csv"))
    _must(len(places) == 1 and places[0].startswith("processados/"), places)


async def _names(door: Door, state: State, archive: Path) -> list[Any]:
    names = []
    async with door.port(state, archive) as port, aclosing(port.pages(_LISTING)) as pages:
        async for page in pages:
            names += [record["nome"] for record in page.records if isinstance(record, dict)]
    return names


async def _refuses_an_unknown_host_key(door: Door, own: Path) -> None:
    for key in (None, "SHA256:" + "A" * 43):
        await _must_refuse(door, UnreachableError, host_key=key)


async def _refuses_an_unknown_certificate(door: Door, own: Path) -> None:
    await _must_refuse(door, UnreachableError, ca_file=None)


async def _tells_wrong_credentials(door: Door, own: Path) -> None:
    await _must_refuse(replace(door, credentials={"password": "wrong"}), CredentialsRefusedError)


async def _tells_a_wrong_key(door: Door, own: Path) -> None:
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    await _must_refuse(replace(door, credentials={"private_key": other}), CredentialsRefusedError)


async def _must_refuse(door: Door, wanted: type[ReconcilerError], **changes: Any) -> None:
    changed = replace(door, settings=door.settings.model_copy(update=changes))
    try:
        async with changed.session() as session:
            await session.entries("", lambda name: True)
    except wanted:
        return
    raise NotAsPromisedError("the server was accepted")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


Check = Callable[[Door, Path], Awaitable[None]]
_REFUSALS: Final[Mapping[str, tuple[Check, ...]]] = {
    "ftp": (_tells_wrong_credentials,),
    "ftps": (_tells_wrong_credentials, _refuses_an_unknown_certificate),
    "sftp": (_tells_a_wrong_key, _refuses_an_unknown_host_key),
}
