"""Where the service listens, and how many connections of which patience it keeps."""

from __future__ import annotations

import asyncio
import resource
import socket
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from reconciler.errors import ConfigurationError
from reconciler.service.connection import Connection, quiet_logger
from reconciler.service.exposure import Exposure
from reconciler.service.outbox import Outbox

_BACKLOG: Final = 1024
_LONGEST_LINE_BYTES: Final = 16 * 1024
"""Of a head. Most of it is the address with its query."""

_OTHER_FILES: Final = 256
"""Connections to the systems, the state, and what libraries open."""

_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 110\r\n\r\n"
    b'{"type":"about:blank","status":503,"code":"too_many_connections","title":"Too many connections at the moment"}'
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the service waits for slow callers, and for how many at once.

    Attributes:
        head_s: from the beginning of a connection, or the last answer on it, to the whole head of the next request.
        untaken_s: for the other end to take what was sent to it, where the operating system can tell.
        finish_s: for requests in hand when the service stops.
        connections: open ones.
        taken_at_once: connections let in before anything else is done; 1 where processes share the socket, so that none
            takes them all.
    """

    head_s: float = 30.0
    untaken_s: float = 30.0
    handshake_s: float = 10.0
    finish_s: float = 10.0
    lingering_s: float = 2.0
    connections: int = 2000
    read_bytes: int = 16 * 1024
    taken_at_once: int = _BACKLOG

    def within_limits(self) -> Patience:
        """With as many connections as this process may have files open, less those it needs itself.

        The process is given more files first, where the system lets it.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.connections + _OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            return replace(self, connections=max(1, min(self.connections, soft - _OTHER_FILES)))
        return self


def runner_for(application: web.Application, patience: Patience) -> web.AppRunner:
    """What answers on the connections that are let in."""
    return web.AppRunner(application, shutdown_timeout=patience.finish_s, **_options(patience))


def _options(patience: Patience) -> dict[str, Any]:
    """What aiohttp is told about each connection."""
    return {
        "access_log": None,
        "logger": quiet_logger(),
        "keepalive_timeout": patience.head_s,
        "lingering_time": patience.lingering_s,
        "max_line_size": _LONGEST_LINE_BYTES,
        "read_bufsize": patience.read_bytes,
    }


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at that address, not listening yet.

    Args:
        port: 0 lets the operating system choose.

    Raises:
        ConfigurationError: the address cannot be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(host, port, error) from error
    bound.setblocking(False)
    return bound


def address_of(bound: socket.socket, exposure: Exposure) -> str:
    """How the service is called from this machine."""
    scheme = "http" if exposure.tls is None else "https"
    host = f"[{exposure.host}]" if ":" in exposure.host else exposure.host
    return f"{scheme}://{host}:{bound.getsockname()[1]}"


class GuardedSite(web.BaseSite):
    """Lets connections in, as long as there are not too many."""

    def __init__(self, runner: web.AppRunner, bound: socket.socket, exposure: Exposure, patience: Patience) -> None:
        super().__init__(runner, ssl_context=exposure.tls, backlog=_BACKLOG)
        self._bound = bound
        self._exposure = exposure
        self._patience = patience
        self._options = _options(patience)
        self._outbox = Outbox()

    @property
    def name(self) -> str:
        """The address."""
        return address_of(self._bound, self._exposure)

    async def start(self) -> None:
        """Begin to listen."""
        await super().start()
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it: whoever takes nothing of an answer cannot keep it in our memory.
            untaken_ms = int(self._patience.untaken_s * 1000)
            self._bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, untaken_ms)
        handshake_s = None if self._exposure.tls is None else self._patience.handshake_s
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=self._bound,
            ssl=self._exposure.tls,
            backlog=self._patience.taken_at_once,
            ssl_handshake_timeout=handshake_s,
        )
        # The loop takes one number for two things: how many it lets in at once, and how many may wait for that.
        self._bound.listen(_BACKLOG)

    def _protocol(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None or len(server.connections) >= self._patience.connections:
            return _TurnedAway()
        return Connection(server, self._outbox, loop=asyncio.get_running_loop(), **self._options)


class _TurnedAway(asyncio.Protocol):
    """A connection too many: told so, and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(_TOO_MANY)
            transport.close()


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the service cannot listen on {host}, port {port}: {error.strerror or 'not an address of this machine'}.",
        hint="Another process may use it; name another one with --port or under [service].",
    )
