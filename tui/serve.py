"""The terminal UI in a browser: textual-serve on loopback, with a token.

textual-serve starts one process of the application for each visitor and asks nobody who they are. Here every request,
that of the websocket included, needs the cookie that the link with the token gives. Whoever has the link is the user of
this process: it is meant for one person, or for a reverse proxy that lets in only people who may be that user.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

HOST: Final = "127.0.0.1"
PORT: Final = 8760
TOKEN_VARIABLE: Final = "RECONCILER_TUI_TOKEN"  # noqa: S105 - the name of a variable, not a secret
SHORTEST_TOKEN_CHARACTERS: Final = 16
MOST_VISITORS: Final = 8
_COOKIE: Final = "reconciler-tui"
_TOKEN_BYTES: Final = 32
_QUIT_S: Final = 5.0
_SHUTDOWN_S: Final = 2 * _QUIT_S
_HEARTBEAT_S: Final = 15.0
_LARGEST_CELLS: Final = 1000
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The page would fetch a font from another company's server.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
    ),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Visitor(AppService):
    """The process of one visitor. It never outlives the visit."""

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """As textual-serve does, without a shell."""
        self._process = await asyncio.create_subprocess_exec(
            *shlex.split(self.command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._build_environment(width=width, height=height),
        )
        self._stdin = self._process.stdin
        return self._process

    async def stop(self) -> None:
        """Ask it to end, and end it where it does not."""
        try:
            async with asyncio.timeout(_QUIT_S):
                await super().stop()
        except TimeoutError:
            sys.stderr.write("a session did not end by itself and was ended.\n")
        finally:
            if self._process is not None:
                if self._process.returncode is None:
                    with suppress(ProcessLookupError):
                        self._process.kill()
                await self._process.wait()


class TokenServer(Server):
    """textual-serve behind a token.

    Args:
        command: words of the command that one visitor gets.
        public_url: how browsers reach it, where a proxy stands before it.
    """

    def __init__(self, command: list[str], token: str, *, port: int, title: str, public_url: str | None = None) -> None:
        super().__init__(shlex.join(command), host=HOST, port=port, title=title, public_url=public_url)
        self._token = token
        self._own_address = public_url is None
        self._visitors = 0

    @property
    def link(self) -> str:
        """What to open; it holds the token."""
        return f"{self.public_url}/?token={self._token}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen until the block ends; `link` is right inside it, also for port 0."""
        app = await self._make_app()
        app.middlewares.append(self._guard)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            self.port = int(runner.addresses[0][1])
            if self._own_address:
                self.public_url = f"http://{self.host}:{self.port}"
            yield
        finally:
            await runner.cleanup()

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed; whoever starts it says where it is."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One visitor. A page of somebody else may not connect, and there is an end to the number of processes."""
        if request.headers.get("Origin") != _origin(self.public_url):
            raise web.HTTPForbidden(text="Another page may not connect here.")
        if self._visitors >= MOST_VISITORS:
            raise web.HTTPServiceUnavailable(text="There are too many sessions. Close one.")
        self._visitors += 1
        try:
            return await self._visit(request)
        finally:
            self._visitors -= 1

    async def _visit(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S)
        await websocket.prepare(request)
        visitor = Visitor(
            self.command,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=_closing(websocket),
            download_manager=self.download_manager,
        )
        try:
            await visitor.start(_cells(request, "width", 80), _cells(request, "height", 24))
            await self._process_messages(websocket, visitor)
        finally:
            await visitor.stop()
        return websocket

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/" and "token" in request.query:
            return self._enter(request.query["token"])
        if not self._knows(request.cookies.get(_COOKIE, "")):
            return web.Response(
                status=HTTPStatus.UNAUTHORIZED, text="Open the link that holds the token.", headers=_HEADERS
            )
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _enter(self, token: str) -> web.Response:
        """From the link to a cookie, so that the token stays in no history and no log of a proxy."""
        if not self._knows(token):
            return _refused("This is not the token.")
        location = f"{urlsplit(self.public_url).path}/"
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={**_HEADERS, "Location": location})
        secure = self.public_url.startswith("https://")
        response.set_cookie(_COOKIE, self._token, httponly=True, samesite="Strict", secure=secure, path="/")
        return response

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())


def _refused(why: str) -> web.Response:
    return web.Response(status=HTTPStatus.UNAUTHORIZED, text=why, headers=_HEADERS)


def _closing(websocket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await websocket.close()

    return close


def _cells(request: web.Request, name: str, usual: int) -> int:
    """A size the page asks for, within reason."""
    text = request.query.get(name, "")
    return min(max(int(text), 1), _LARGEST_CELLS) if text.isascii() and text.isdigit() else usual


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; the options it does not know are those of the terminal UI."""
    parser = argparse.ArgumentParser(prog="reconciler tui --serve")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--public-url")
    given, session = parser.parse_known_args(arguments)
    token = os.environ.pop(TOKEN_VARIABLE, "") or secrets.token_urlsafe(_TOKEN_BYTES)
    if len(token) < SHORTEST_TOKEN_CHARACTERS:
        sys.stderr.write(f"error: {TOKEN_VARIABLE} has fewer than {SHORTEST_TOKEN_CHARACTERS} characters.\n")
        return 2
    command = [sys.executable, "-m", "tui", *session]
    public_url = given.public_url.rstrip("/") if given.public_url else None
    server = TokenServer(command, token, port=given.port, title="reconciler", public_url=public_url)
    try:
        asyncio.run(_serve(server))
    except OSError as error:
        sys.stderr.write(f"error: port {given.port} cannot be listened on: {error.strerror}.\n")
        return 2
    return 0


async def _serve(server: TokenServer) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server.open():
        sys.stdout.write(orjson.dumps({"url": server.link}).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
