"""Connections: how many, of which patience, over TLS, and what happens to those in hand when the service stops."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
import trustme
from aiohttp import web

from reconciler.errors import ConfigurationError
from reconciler.service.access_log import AccessLog
from reconciler.service.application import application
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck, open_to_all
from reconciler.service.exposure import Exposure
from reconciler.service.listening import GuardedSite, Patience, address_of, bound_socket, runner_for
from reconciler.service.rate_limit import RateLimit

LOCAL = Exposure("127.0.0.1", None, True, None)
_PATIENCE_S = 20.0
_GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Slow:
    """A room that answers when it is told to, with so many bytes."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    size_bytes: int = 4

    def add_to(self, application: web.Application) -> None:
        application.router.add_get("/", self._get)

    @open_to_all
    async def _get(self, _request: web.Request) -> web.Response:
        self.asked.set()
        await self.answer.wait()
        return web.Response(body=b"x" * self.size_bytes)


class Echo(Slow):
    """A room that gives back what it is sent, as soon as it may."""

    def add_to(self, application: web.Application) -> None:
        application.router.add_post("/", self._post)

    @open_to_all
    async def _post(self, request: web.Request) -> web.Response:
        await self.answer.wait()
        return web.Response(body=await request.read())


@dataclass
class Served:
    url: str
    port: int
    runner: web.AppRunner
    room: Slow

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def served(patience: Patience, exposure: Exposure = LOCAL, room: Slow | None = None) -> AsyncIterator[Served]:
    room = room or Slow()
    check = CallerCheck(None, None, BrowserGuard(), RateLimit(1_000_000), anybody_here=True)
    runner = runner_for(application([room], check, AccessLog(None)), patience)
    await runner.setup()
    with bound_socket("127.0.0.1", 0) as bound:
        await GuardedSite(runner, bound, exposure, patience).start()
        try:
            yield Served(address_of(bound, exposure), bound.getsockname()[1], runner, room)
        finally:
            room.answer.set()
            await runner.cleanup()


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "], ids=["none", "half", "most"]
)
async def test_a_head_that_does_not_come_is_not_waited_for(sent: bytes) -> None:
    async with served(Patience(head_s=0.1)) as service, service.connected() as (reader, writer):
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), _PATIENCE_S) == b""


async def drip(writer: asyncio.StreamWriter) -> None:
    """One byte after the other, for as long as somebody listens."""
    while True:
        writer.write(b"X")
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for() -> None:
    async with served(Patience(head_s=0.1)) as service, service.connected() as (_, writer):
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(drip(writer), _PATIENCE_S)
        assert not service.room.asked.is_set()


async def test_an_idle_connection_is_closed() -> None:
    async with served(Patience(head_s=0.1)) as service, service.connected() as (reader, writer):
        service.room.answer.set()
        writer.write(_GET)
        answer = await asyncio.wait_for(reader.read(), _PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 200 ")


async def connections(service: Served, count: int) -> None:
    """Wait until so many are open."""
    server = service.runner.server
    assert server is not None
    async with asyncio.timeout(_PATIENCE_S):
        while len(server.connections) != count:  # noqa: ASYNC110  # the operating system sets no event
            await asyncio.sleep(0.01)


async def test_connections_beyond_the_limit_are_told_so() -> None:
    async with served(Patience(connections=2)) as service:
        async with service.connected() as (first, one), service.connected() as (second, other):
            one.write(_GET)
            other.write(_GET)
            await connections(service, 2)
            async with service.connected() as (reader, _):
                refused = await asyncio.wait_for(reader.read(), _PATIENCE_S)
            head, _, body = refused.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert f"Content-Length: {len(body)}".encode() in head
            assert b'"code":"too_many_connections"' in body
            service.room.answer.set()
            for kept in (first, second):
                assert (await asyncio.wait_for(kept.readline(), _PATIENCE_S)).startswith(b"HTTP/1.1 200 ")
        await connections(service, 0)
        async with service.connected() as (reader, writer):
            writer.write(_GET)
            assert (await asyncio.wait_for(reader.readline(), _PATIENCE_S)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the operating system cannot tell")
async def test_whoever_takes_nothing_of_an_answer_is_let_go() -> None:
    room = Slow(size_bytes=32 * 1024 * 1024)
    async with served(Patience(untaken_s=0.3), room=room) as service, service.connected() as (_, writer):
        room.answer.set()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of a socket can
        writer.write(_GET)
        await asyncio.wait_for(room.asked.wait(), _PATIENCE_S)
        await connections(service, 0)


async def refuses(service: Served) -> None:
    """Wait until nobody can connect any more."""
    with suppress(ConnectionError):
        while True:
            async with service.connected():
                await asyncio.sleep(0.01)


async def test_what_is_in_hand_is_finished_and_nothing_new_is_taken() -> None:
    async with served(Patience()) as service, service.connected() as (reader, writer):
        writer.write(_GET)
        await asyncio.wait_for(service.room.asked.wait(), _PATIENCE_S)
        stopping = asyncio.create_task(service.runner.cleanup())
        await asyncio.wait_for(refuses(service), _PATIENCE_S)
        assert not stopping.done()
        service.room.answer.set()
        answer = await asyncio.wait_for(reader.read(), _PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\nxxxx")
        await asyncio.wait_for(stopping, _PATIENCE_S)


async def test_stopping_does_not_wait_for_ever() -> None:
    async with served(Patience(finish_s=0.1)) as service, service.connected() as (reader, writer):
        writer.write(_GET)
        await asyncio.wait_for(service.room.asked.wait(), _PATIENCE_S)
        await asyncio.wait_for(service.runner.cleanup(), _PATIENCE_S)
        assert await asyncio.wait_for(reader.read(), _PATIENCE_S) == b""


async def test_it_speaks_tls() -> None:
    authority = trustme.CA()
    trusting, speaking = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(trusting)
    authority.issue_cert("127.0.0.1").configure_cert(speaking)
    exposure = Exposure("127.0.0.1", None, True, speaking)
    async with served(Patience(), exposure) as service, aiohttp.ClientSession() as session:
        service.room.answer.set()
        assert service.url.startswith("https://127.0.0.1:")
        async with session.get(service.url, ssl=trusting) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await session.get(service.url.replace("https", "http"))


async def test_a_request_that_is_no_http_leaves_nothing_of_it_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    async with served(Patience()) as service, service.connected() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer geheim\x00\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), _PATIENCE_S)
        assert b" 400 " in answer.splitlines()[0]
        assert b"Content-Type: application/problem+json" in answer
        assert b'"code":"not_http"' in answer
        assert b"geheim" not in answer
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "connection_trouble" in said
    assert "geheim" not in said
    assert "127.0.0.1" not in said


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host.example"])
def test_an_address_of_another_machine_is_refused_with_a_sentence(host: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot listen") as refused, bound_socket(host, 0):
        pass
    assert "--port" in refused.value.hint


@pytest.mark.parametrize("size_bytes", [5, 100_000], ids=["small", "larger than is read ahead"])
async def test_requests_sent_ahead_are_all_answered_whole_and_in_their_order(size_bytes: int) -> None:
    """Reading stops while too much waits, and goes on afterwards, also where more connections are open."""
    bodies = [f"{number:05}".encode() * (size_bytes // 5) for number in range(300 if size_bytes == 5 else 12)]
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size_bytes}\r\n\r\n".encode()
    async with served(Patience(), room=Echo()) as service, service.connected() as (reader, writer), service.connected():
        writer.writelines(head + body for body in bodies)
        await asyncio.sleep(0)
        service.room.answer.set()
        for body in bodies:
            async with asyncio.timeout(_PATIENCE_S):
                answered = await reader.readuntil(b"\r\n\r\n")
                assert answered.startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(size_bytes) == body
