"""Real FTP, FTPS and SFTP servers over loopback, that can misbehave as real ones do."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import trustme
from OpenSSL import SSL

with warnings.catch_warnings():
    # It is built on asyncore, which Python 3.11 announces to leave.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

HOST = "127.0.0.1"
USER = "integracao"
PASSWORD = "made-up-password"
_READ_ONLY = "elr"
_EVERYTHING = "elradfmwMT"


@dataclass
class Behaviour:
    """What a server does wrong, and what it counts.

    Attributes:
        cuts: transfers still to be cut off after `cut_after_bytes`.
        without: commands that the server does not know.
        commands: verbs that came in, in order.
        stored_as: names that files were sent under.
    """

    read_only: bool = False
    cuts: int = 0
    cut_after_bytes: int = 0
    without: frozenset[str] = frozenset()
    commands: list[str] = field(default_factory=list)
    stored_as: list[str] = field(default_factory=list)


@contextmanager
def ftp_server(root: Path, behaviour: Behaviour | None = None, tls: SSL.Context | None = None) -> Iterator[int]:
    """The port of an FTP server in a thread of its own. With `tls` it is as strict as vsftpd: TLS is required, starts
    on a data connection only after the command, and must resume the session of the control connection."""
    handler = _handler(root, behaviour or Behaviour(), tls)
    loop = IOLoop()
    server = FTPServer((HOST, 0), handler, ioloop=loop)
    stop = threading.Event()

    def serve() -> None:
        try:
            while not stop.is_set():
                loop.loop(timeout=0.01, blocking=False)
        finally:
            server.close_all()
            loop.close()

    thread = threading.Thread(target=serve, name="ftp-server")
    thread.start()
    try:
        yield server.address[1]
    finally:
        stop.set()
        thread.join()


def _handler(root: Path, behaviour: Behaviour, tls: SSL.Context | None) -> type[FTPHandler]:
    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(root), perm=_READ_ONLY if behaviour.read_only else _EVERYTHING)
    base: type[FTPHandler] = FTPHandler if tls is None else TLS_FTPHandler
    members: dict[str, Any] = {
        "authorizer": users,
        "banner": "Serviço de arquivos",
        "encoding": "latin-1",
        "auth_failed_timeout": 0,
        "use_sendfile": False,
        "dtp_handler": _data_handler(behaviour, protected=tls is not None),
        "proto_cmds": {verb: facts for verb, facts in base.proto_cmds.items() if verb not in behaviour.without},
        "pre_process_command": _noting(base, behaviour),
    }
    if tls is not None:
        members |= {"ssl_context": tls, "tls_control_required": True, "tls_data_required": True}
    return type("Handler", (base,), members)


def _noting(base: type[FTPHandler], behaviour: Behaviour) -> Any:
    def pre_process_command(handler: Any, line: str, verb: str, argument: str) -> None:
        behaviour.commands.append(verb)
        if verb == "STOR":
            behaviour.stored_as.append(Path(argument).name)
        base.pre_process_command(handler, line, verb, argument)

    return pre_process_command


def _data_handler(behaviour: Behaviour, *, protected: bool) -> type[DTPHandler]:
    base: type[DTPHandler] = _LateTls if protected else DTPHandler

    class Data(base):  # type: ignore[misc]  # the class to cut is chosen above
        def send(self, data: bytes) -> int:
            if behaviour.cuts and self.tot_bytes_sent >= behaviour.cut_after_bytes:
                behaviour.cuts -= 1
                self.cmd_channel.close()
                return 0
            sent: int = super().send(data[:4096])
            return sent

    return Data


class _LateTls(TLS_DTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
    """A data connection as vsftpd has it."""

    def __init__(self, connection: Any, control: Any) -> None:
        protected, control._prot = control._prot, False
        try:
            super().__init__(connection, control)
        finally:
            control._prot = protected

    def _start_tls(self) -> None:
        if not self._ssl_requested:
            self.secure_connection(self.cmd_channel.ssl_context)

    def handle_ssl_established(self) -> None:
        if self.socket.master_key() != self.cmd_channel.socket.master_key():
            self.cmd_channel.respond("522 SSL connection failed: session reuse required")
            self.close()

    def push(self, data: bytes) -> None:
        self._start_tls()
        super().push(data)

    def push_with_producer(self, producer: Any) -> None:
        self._start_tls()
        super().push_with_producer(producer)

    def enable_receiving(self, kind: str, verb: str) -> None:
        self._start_tls()
        super().enable_receiving(kind, verb)


@dataclass(frozen=True)
class Certificate:
    """A server certificate for loopback, and the authority that signed it."""

    server: SSL.Context
    authority: Path


def certificate(folder: Path, *names: str) -> Certificate:
    """A certificate for these names, or for the loopback address."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    issued = authority.issue_cert(*(names or (HOST,)))
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate_chain_file(str(folder / "server.pem"))
    context.use_privatekey_file(str(folder / "server.pem"))
    context.set_session_id(b"files")
    return Certificate(context, folder / "authority.pem")


class _Server(asyncssh.SSHServer):
    def __init__(self, key: asyncssh.SSHKey | None) -> None:
        self._key = key

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return self._key is None

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return self._key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._key is not None and username == USER and key.public_data == self._key.public_data


@dataclass
class SftpServer:
    """A running server. `cuts` transfers are still to be cut off after `cut_after_bytes`."""

    port: int
    host_key: asyncssh.SSHKey

    @property
    def fingerprint(self) -> str:
        return self.host_key.get_fingerprint()


@asynccontextmanager
async def sftp_server(
    root: Path, *, user_key: asyncssh.SSHKey | None = None, behaviour: Behaviour | None = None
) -> AsyncIterator[SftpServer]:
    """An SFTP server whose root is the folder."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    asked = behaviour or Behaviour()

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(channel, chroot=str(root).encode())
            self._channel = channel

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            if asked.cuts and offset >= asked.cut_after_bytes:
                asked.cuts -= 1
                self._channel.get_connection().abort()
            found = super().read(file_obj, offset, min(size, 4096))
            assert isinstance(found, bytes)
            return found

        def rename(self, oldpath: bytes, newpath: bytes) -> None:
            if asked.read_only:
                raise asyncssh.SFTPPermissionDenied("read only")
            super().rename(oldpath, newpath)

    server = await asyncssh.create_server(
        lambda: _Server(user_key), HOST, 0, server_host_keys=[host_key], sftp_factory=Files, login_timeout=10
    )
    try:
        yield SftpServer(server.get_port(), host_key)
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)
