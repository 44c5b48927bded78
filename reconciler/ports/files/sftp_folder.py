"""A folder on an SFTP server. A server whose host key is not known is refused: it could be anybody."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

import asyncssh

from reconciler.errors import ConfigurationError, CredentialsRefusedError, ResponseTimeoutError, UnreachableError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.address import FolderAddress
from reconciler.ports.files.folder import CHUNK_BYTES, MOST_ENTRIES, CutError, DeniedError, FolderEntry, shown_words
from reconciler.ports.files.names import is_safe_name, joined

_LOST: Final = (asyncssh.FX_NO_CONNECTION, asyncssh.FX_CONNECTION_LOST)


@dataclass(frozen=True, slots=True)
class SftpLogin:
    """How to log in, and how to know the server.

    Attributes:
        password, private_key, passphrase: whichever there are; the key is its text.
        host_key: fingerprint of the server's key, `SHA256:…`, or None.
        known_hosts: text of a file in OpenSSH format, or None.
    """

    username: str
    password: str | None
    private_key: str | None
    passphrase: str | None
    host_key: str | None
    known_hosts: str | None
    connect_timeout_s: float
    timeout_s: float


class _KnownServer(asyncssh.SSHClient):
    """Accepts the declared fingerprint, and remembers which one was seen."""

    def __init__(self, host_key: str | None) -> None:
        self._host_key = host_key
        self.seen: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Called for keys that no known_hosts entry vouches for."""
        self.seen = f"{key.get_fingerprint()} ({key.get_algorithm()})"
        return self._host_key is not None and key.get_fingerprint() == self._host_key.strip()


@asynccontextmanager
async def open_sftp_folder(system: str, address: FolderAddress, login: SftpLogin) -> AsyncIterator[SftpFolder]:
    """A session on the server, closed at the end.

    Raises:
        UnreachableError: no connection, or a server whose host key is not known; the message tells the one seen.
        ResponseTimeoutError: the server did not answer in time.
        CredentialsRefusedError: it does not accept user, password or key.
        ConfigurationError: the private key or the known_hosts entries cannot be read.
    """
    async with AsyncExitStack() as stack:
        connection = await _connected(system, address, login)
        stack.push_async_callback(_end, connection)
        with _translated():
            async with asyncio.timeout(login.timeout_s):
                client = await connection.start_sftp_client()
        yield SftpFolder(client, address.path, login.timeout_s)


async def _connected(system: str, address: FolderAddress, login: SftpLogin) -> asyncssh.SSHClientConnection:
    place = f"sftp://{address.host}:{address.port}"
    server = _KnownServer(login.host_key)
    keys, known = _private_keys(login), _known_hosts(login)
    try:
        async with asyncio.timeout(login.connect_timeout_s + login.timeout_s):
            return await asyncssh.connect(
                address.host,
                address.port,
                client_factory=lambda: server,
                username=login.username,
                password=login.password,
                client_keys=keys,
                known_hosts=known,
                # Nothing of the person who runs this: no ~/.ssh/config, agent, keys or trusted certificates.
                config=None,
                agent_path=None,
                x509_trusted_certs=None,
                gss_host=None,
                connect_timeout=login.connect_timeout_s,
                login_timeout=login.timeout_s,
                keepalive_interval=login.timeout_s,
            )
    except asyncssh.HostKeyNotVerifiable:
        raise _unknown_server(system, place, server.seen, declared=login.host_key is not None) from None
    except asyncssh.PermissionDenied as error:
        raise CredentialsRefusedError(
            system,
            phrase("{place}: the server does not accept the user, the password or the key.", place=place),
            detail=error.reason,
        ) from None
    except TimeoutError as error:
        raise ResponseTimeoutError(
            system, phrase("{place}: the server does not answer in time.", place=place)
        ) from error
    except (OSError, asyncssh.Error) as error:
        words = shown_words(str(error) or type(error).__name__)
        raise UnreachableError(
            system,
            phrase("{place}: no connection: {words}.", place=place, words=words),
            hint=phrase("Check base_url, and whether a firewall is between."),
        ) from error


def _unknown_server(system: str, place: str, seen: str | None, *, declared: bool) -> UnreachableError:
    reason = "is not the declared one" if declared else "is not known"
    return UnreachableError(
        system,
        phrase(
            "{place}: the host key of the server {reason}; it shows {seen}.",
            place=place,
            reason=reason,
            seen=seen or "none that can be read",
        ),
        hint=phrase(
            "Ask the people who run the server for its fingerprint, and only if it is this one write it as host_key."
        ),
    )


def _private_keys(login: SftpLogin) -> list[asyncssh.SSHKey] | None:
    if login.private_key is None:
        return None
    try:
        return [asyncssh.import_private_key(login.private_key, login.passphrase)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise ConfigurationError(
            phrase("the private key for SFTP cannot be read."),
            hint=phrase(
                "Give the whole file and its passphrase. A key with a passphrase must be in PKCS #8 "
                "form: ssh-keygen -p -m PKCS8."
            ),
        ) from None


def _known_hosts(login: SftpLogin) -> asyncssh.SSHKnownHosts:
    try:
        return asyncssh.import_known_hosts(login.known_hosts or "")
    except ValueError:
        raise ConfigurationError(
            phrase("the known_hosts file cannot be read."), hint=phrase("It must be in OpenSSH format.")
        ) from None


async def _end(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    try:
        async with asyncio.timeout(2.0):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()


class SftpFolder:
    """A `RemoteFolder` over one session."""

    def __init__(self, client: asyncssh.SFTPClient, root: str, timeout_s: float) -> None:
        self._client = client
        self._root = root
        self._timeout_s = timeout_s

    async def entries(self, folder: str, wanted: Callable[[str], bool]) -> list[FolderEntry]:
        """The files of a folder whose names are safe and `wanted`, by name."""
        found: list[FolderEntry] = []
        count = 0
        async with self._asked():
            async for name in self._client.scandir(self._path(folder) or "."):
                count += 1
                if count > MOST_ENTRIES:
                    raise DeniedError(f"the folder holds more than {MOST_ENTRIES} files")
                entry = _entry(name)
                if entry is not None and wanted(entry.name):
                    found.append(entry)
        return sorted(found, key=lambda entry: entry.name)

    async def fetch(self, path: str, offset_bytes: int) -> AsyncGenerator[bytes]:
        """The content from an offset on, in chunks."""
        async with self._asked():
            file = await self._client.open(self._path(path), "rb", encoding=None)
        try:
            while True:
                async with self._asked():
                    chunk = await file.read(CHUNK_BYTES, offset_bytes)
                if not chunk:
                    return
                offset_bytes += len(chunk)
                yield cast("bytes", chunk)
        finally:
            async with self._asked():
                await file.close()

    async def put(self, path: str, content: bytes) -> None:
        """Write a file under exactly this name."""
        async with self._asked():
            file = await self._client.open(self._path(path), "wb", encoding=None)
        try:
            for start in range(0, len(content), CHUNK_BYTES):
                async with self._asked():
                    await file.write(content[start : start + CHUNK_BYTES], start)
        finally:
            async with self._asked():
                await file.close()

    async def rename(self, source: str, target: str) -> None:
        """Give a file another name, perhaps in another folder."""
        async with self._asked():
            await self._client.rename(self._path(source), self._path(target))

    async def delete(self, path: str) -> None:
        """Remove a file."""
        async with self._asked():
            await self._client.remove(self._path(path))

    async def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there."""
        async with self._asked():
            await self._client.makedirs(self._path(folder), exist_ok=True)

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[None]:
        with _translated():
            async with asyncio.timeout(self._timeout_s):
                yield

    def _path(self, path: str) -> str:
        return joined(self._root.removesuffix("/"), path) if path and self._root != "/" else f"{self._root}{path}"


def _entry(name: asyncssh.SFTPName) -> FolderEntry | None:
    """A plain file; None for folders, links and unsafe names."""
    attributes = name.attrs
    plain = attributes.type == asyncssh.FILEXFER_TYPE_REGULAR or (
        attributes.type == asyncssh.FILEXFER_TYPE_UNKNOWN and stat.S_ISREG(attributes.permissions or 0)
    )
    text = name.filename if isinstance(name.filename, str) else name.filename.decode("utf-8", "replace")
    if not plain or attributes.size is None or not is_safe_name(text):
        return None
    modified_at = None if attributes.mtime is None else datetime.fromtimestamp(attributes.mtime, UTC)
    return FolderEntry(text, attributes.size, f"{attributes.mtime}.{attributes.mtime_ns}", modified_at)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncssh.SFTPError as error:
        if error.code in _LOST:
            raise CutError(shown_words(error.reason)) from error
        raise DeniedError(shown_words(error.reason)) from None
    except TimeoutError as error:
        raise CutError("the server fell silent") from error
    except (OSError, asyncssh.Error) as error:
        raise CutError(shown_words(str(error) or type(error).__name__)) from error
