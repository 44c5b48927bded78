"""A folder on an FTP server, in the clear or with explicit TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import aioftp
import structlog

from reconciler.errors import CredentialsRefusedError, ResponseTimeoutError, UnreachableError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.folder import CHUNK_BYTES, MOST_ENTRIES, CutError, DeniedError, FolderEntry, shown_words
from reconciler.ports.files.ftp_client import BYTES, FtpClient
from reconciler.ports.files.names import is_safe_name, joined

_NOT_IMPLEMENTED: Final = "50x"
_PASSING: Final = ("421", "425", "426", "450", "451")
"""Answers of a server that could not go on just now."""

_log = structlog.get_logger("reconciler.files")


@dataclass(frozen=True, slots=True)
class FtpLogin:
    """How to log in.

    Attributes:
        tls: protects the session when given; it must check certificates.
        names: character set of file names.
    """

    username: str
    password: str
    tls: ssl.SSLContext | None
    names: str
    connect_timeout_s: float
    timeout_s: float


@asynccontextmanager
async def open_ftp_folder(system: str, address: FolderAddress, login: FtpLogin) -> AsyncIterator[FtpFolder]:
    """A session on the server, closed at the end.

    Raises:
        UnreachableError: no connection, or a certificate that is not accepted.
        ResponseTimeoutError: the server took the connection and did not greet in time.
        CredentialsRefusedError: it does not accept user or password.
    """
    client = FtpClient(connect_timeout_s=login.connect_timeout_s, timeout_s=login.timeout_s)
    try:
        await _begin(system, client, address, login)
        yield FtpFolder(client, address.path, login)
    finally:
        await _end(client)


async def _begin(system: str, client: FtpClient, address: FolderAddress, login: FtpLogin) -> None:
    place = f"{address.scheme}://{address.host}:{address.port}"
    try:
        async with asyncio.timeout(login.connect_timeout_s + login.timeout_s):
            await client.connect(address.host, address.port)
            if login.tls is not None:
                await client.protect(login.tls)
            await _log_in(system, place, client, login)
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            system,
            phrase(
                "{place}: the certificate of the server is not accepted: {verify_message}.",
                place=place,
                verify_message=error.verify_message,
            ),
            hint=phrase("Name the PEM file of its authority as ca_file, or correct the host in base_url."),
        ) from error
    except TimeoutError as error:
        raise ResponseTimeoutError(
            system, phrase("{place}: the server does not answer in time.", place=place)
        ) from error
    except aioftp.StatusCodeError as error:
        code, words = _answer(error)
        raise UnreachableError(
            system,
            phrase("{place}: the server refuses the session: {code} {words}.", place=place, code=code, words=words),
        ) from None
    except (OSError, EOFError, ValueError) as error:
        words = shown_words(str(error) or type(error).__name__)
        raise UnreachableError(
            system,
            phrase("{place}: no connection: {words}.", place=place, words=words),
            hint=phrase("Check base_url, and whether a firewall is between."),
        ) from error


async def _log_in(system: str, place: str, client: FtpClient, login: FtpLogin) -> None:
    try:
        await client.login(_sent(login.username, "utf-8"), _sent(login.password, "utf-8"))
    except aioftp.StatusCodeError as error:
        code, words = _answer(error)
        if not code.startswith("53"):
            raise
        raise CredentialsRefusedError(
            system,
            phrase("{place}: the server does not accept the user or the password.", place=place),
            detail=f"{code} {words}",
        ) from None


async def _end(client: FtpClient) -> None:
    """Say goodbye if anybody is there to hear it, and close the connection in any case."""
    if client.over:
        return
    with contextlib.suppress(TimeoutError, OSError, EOFError, aioftp.AIOFTPException):
        async with asyncio.timeout(2.0):
            await client.command("QUIT", "2xx")
    client.close()


class FtpFolder:
    """A `RemoteFolder` over one session."""

    def __init__(self, client: FtpClient, root: str, login: FtpLogin) -> None:
        self._client = client
        self._root = root
        self._names = login.names
        self._timeout_s = login.timeout_s

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        """The files of a folder whose names are safe and `wanted`, by name."""
        try:
            lines, parse = await self._lines("MLSD", folder), _machine_entry
        except _NotImplementedHere:
            lines, parse = await self._lines("LIST", folder), self._listed_entry
        found = [entry for line in lines if (entry := self._entry(line, parse)) is not None and wanted(entry.name)]
        if parse is not _machine_entry:
            found = [await self._with_stamp(folder, entry) for entry in found]
        return sorted(found, key=lambda entry: entry.name)

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        """The content from an offset on, in chunks. Stopping early ends the session."""
        try:
            with self._translated():
                async with self._client.get_stream(f"RETR {self._path(path)}", "1xx", offset=offset_bytes) as stream:
                    while chunk := await stream.read(CHUNK_BYTES):
                        yield chunk
        except (GeneratorExit, asyncio.CancelledError):
            # The server still has to say how the transfer ended; the next command would take that for its answer.
            self._client.close()
            raise

    async def put(self, path: str, content: bytes) -> None:
        """Write a file under exactly this name."""
        with self._translated():
            async with self._client.get_stream(f"STOR {self._path(path)}", "1xx") as stream:
                for start in range(0, len(content), CHUNK_BYTES):
                    await stream.write(content[start : start + CHUNK_BYTES])

    async def rename(self, source: str, target: str) -> None:
        """Give a file another name, perhaps in another folder."""
        await self._command(f"RNFR {self._path(source)}", "350")
        await self._command(f"RNTO {self._path(target)}", "2xx")

    async def delete(self, path: str) -> None:
        """Remove a file."""
        await self._command(f"DELE {self._path(path)}", "2xx")

    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there. Servers give no code of its own to "it is there"."""
        parts = folder.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            try:
                await self._command(f"MKD {self._path(path)}", "2xx")
            except DeniedError:
                await self._lines("LIST", path)

    async def _command(self, command: str, expected: str) -> str:
        with self._translated():
            async with asyncio.timeout(self._timeout_s):
                _, lines = await self._client.command(command, expected)
        return str(lines[-1]).strip()

    async def _lines(self, verb: str, folder: str) -> list[bytes]:
        lines: list[bytes] = []
        path = self._path(folder)
        with self._translated():
            stream = await self._client.get_stream(f"{verb} {path}".strip(), "1xx")
            async with stream:
                while line := await stream.readline():
                    lines.append(line)
                    if len(lines) > MOST_ENTRIES:
                        raise DeniedError(f"the folder holds more than {MOST_ENTRIES} files")
        return lines

    def _entry(self, line: bytes, parse: Callable[[str], FolderEntry | None]) -> FolderEntry | None:
        """The plain file a line tells of; None for folders, links, unsafe names and lines that are something else."""
        try:
            entry = parse(line.decode(BYTES).rstrip("\r\n"))
            if entry is None:
                return None
            name = entry.name.encode(BYTES).decode(self._names)
        except (ValueError, KeyError, IndexError):
            _log.info("line_of_listing_not_understood", length=len(line))
            return None
        return replace(entry, name=name) if is_safe_name(name) else None

    def _listed_entry(self, line: str) -> FolderEntry | None:
        """A line of LIST, in the manner of Unix or Windows."""
        if line.startswith("total ") or not line.strip():
            return None
        path, facts = self._client.parse_list_line(line.encode(BYTES))
        if facts["type"] != "file" or "link_dst" in facts:
            return None
        return FolderEntry(str(path), int(facts["size"]), str(facts["modify"]), None)

    async def _with_stamp(self, folder: str, entry: FolderEntry) -> FolderEntry:
        """LIST tells minutes at best, in a zone that it does not name; MDTM tells UTC."""
        try:
            told = await self._command(f"MDTM {self._path(joined(folder, entry.name))}", "213")
            return replace(entry, stamp=told, modified_at=_moment(told))
        except DeniedError:
            return entry

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the library as ours. A session that was cut is over: nobody knows which answer would come next."""
        try:
            with _as_transfer_error():
                yield
        except CutError:
            self._client.close()
            raise

    def _path(self, path: str) -> str:
        separator = "" if not self._root or self._root.endswith("/") or not path else "/"
        return _sent(f"{self._root}{separator}{path}", self._names)


class _NotImplementedHere(DeniedError):
    """The server does not know the command."""


def _sent(text: str, encoding: str) -> str:
    """Text whose bytes come out right although aioftp writes everything as Latin-1."""
    return text.encode(encoding, "strict").decode(BYTES)


def _machine_entry(line: str) -> FolderEntry | None:
    """A line of MLSD: `fact=value;fact=value; name`."""
    facts_text, _, name = line.partition(" ")
    facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in facts_text.split(";"))}
    if facts["type"].lower() != "file":
        return None
    modified = facts.get("modify", "")
    return FolderEntry(name, int(facts["size"]), modified, _moment(modified))


def _moment(text: str) -> datetime | None:
    """A moment of MLSD or MDTM, always UTC (RFC 3659), with or without a fraction."""
    try:
        return datetime.strptime(text.partition(".")[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _answer(error: aioftp.StatusCodeError) -> tuple[str, str]:
    lines = [error.info] if isinstance(error.info, str) else list(error.info)
    return str(error.received_codes[-1]), shown_words(" ".join(lines))


@contextmanager
def _as_transfer_error() -> Iterator[None]:
    try:
        yield
    except aioftp.StatusCodeError as error:
        code, words = _answer(error)
        if error.received_codes[-1].matches(_NOT_IMPLEMENTED):
            raise _NotImplementedHere(f"{code} {words}") from None
        if code in _PASSING:
            raise CutError(f"{code} {words}") from None
        raise DeniedError(f"{code} {words}") from None
    except TimeoutError as error:
        raise CutError("the server fell silent") from error
    except (OSError, EOFError, ValueError) as error:
        # ssl.SSLError is an OSError; a reply longer than any line, or without a code, is a ValueError.
        raise CutError(shown_words(str(error) or type(error).__name__)) from error
