"""A door in front of a Tryton server: every call goes through, and somebody may act right before or after it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

_TIMEOUT_S: Final = 120.0
_OURS: Final = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


class WatchedDoor:
    """What passes.

    Attributes:
        url: as a project's `base_url`.
        before, after: acts of the next call of a method, each made once. What `after` does happens when the server is
            done and nobody was answered yet; when it returns False, nobody ever is.
        calls: how often each method was called.
    """

    def __init__(self, url: str) -> None:
        self.before: dict[str, Callable[[], Any]] = {}
        self.after: dict[str, Callable[[], bool]] = {}
        self.calls: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, url))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{urlsplit(url).path}"

    @contextmanager
    def open(self) -> Iterator[WatchedDoor]:
        """Let calls through until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, name="watched door")
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _handler(door: WatchedDoor, url: str) -> type[BaseHTTPRequestHandler]:
    address = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        """One call after the other of one connection."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Pass the call on, and its answer back."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            method = str(orjson.loads(body)["method"])
            door.calls[method] += 1
            door.before.pop(method, lambda: None)()
            status, headers, content = self._answer_of_the_server(body)
            if not door.after.pop(method, lambda: True)():
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OURS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _answer_of_the_server(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
            try:
                passed = {name: value for name, value in self.headers.items() if name.lower() not in {*_OURS, "host"}}
                connection.request("POST", self.path, body, passed)
                response = connection.getresponse()
                return response.status, response.getheaders(), response.read()
            finally:
                connection.close()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing is logged: calls hold passwords."""

    return Handler
