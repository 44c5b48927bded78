"""A system over real HTTP on loopback that answers as a test tells it, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import JsonValue

from reconciler.ports.http.client import HttpPort, RecordPage, TokenStore
from reconciler.ports.http.settings import HttpSettings, Listing, Request, Retry

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

QUICK = Retry(attempts=4, first_s=0.001, longest_s=0.004, patience_s=5.0)
THING = Request(path="/thing")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at_s: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class StandIn:
    """The system. `most_at_once` is the largest number of requests it ever had in hand."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._arrived = asyncio.Condition()
        self._answer = answer
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._server.close()

    @property
    def base_url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    def port(
        self,
        settings: HttpSettings | None = None,
        *,
        credentials: Mapping[str, str] | None = None,
        context: Mapping[str, JsonValue] | None = None,
        tokens: TokenStore | None = None,
        **more: Any,
    ) -> HttpPort:
        """A port to it."""
        return HttpPort(
            "erp",
            settings or HttpSettings(retry=QUICK),
            base_url=self.base_url,
            credentials=credentials or {},
            context=context or {},
            tokens=tokens,
            **more,
        )

    async def has_been_asked(self, times: int) -> None:
        """Return when so many requests have arrived."""
        async with asyncio.timeout(10), self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= times)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        at_s = time.monotonic()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            body = await request.read()
            self.asked.append(
                Asked(request.method, request.path, request.raw_path, dict(request.query), request.headers, body, at_s)
            )
            async with self._arrived:
                self._arrived.notify_all()
            return await self._answer(request)
        finally:
            self._at_once -= 1


def always(response: Callable[[], web.StreamResponse]) -> Answer:
    """Answers the same to everything."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return response()

    return answer


def in_turn(*responses: Callable[[], web.StreamResponse]) -> Answer:
    """Answers one after the other; the last one for ever."""
    left = list(responses)

    async def answer(_request: web.Request) -> web.StreamResponse:
        return (left.pop(0) if len(left) > 1 else left[0])()

    return answer


def ok(document: Any = None, **headers: str) -> Callable[[], web.StreamResponse]:
    """200 with JSON."""
    return lambda: web.json_response({"ok": True} if document is None else document, headers=headers)


def status(code: int, document: Any = None, **headers: str) -> Callable[[], web.StreamResponse]:
    """An error with a JSON body. Underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(document if document is not None else {}, status=code, headers=named)


def raw(body: bytes, content_type: str = "application/json") -> Callable[[], web.StreamResponse]:
    """200 with these bytes."""
    return lambda: web.Response(body=body, content_type=content_type)


async def pages_of(port: HttpPort, listing: Listing, values: Mapping[str, Any] | None = None) -> list[RecordPage]:
    """Every page of a listing, in the order they came."""
    async with aclosing(port.pages(listing, values or {})) as pages:
        return [page async for page in pages]


def ids(pages: list[RecordPage]) -> list[Any]:
    """The ids of the records, by page number."""
    in_order = sorted(pages, key=lambda page: page.number)
    return [record["id"] for page in in_order for record in page.records if isinstance(record, dict)]
