"""When and how a stand-in system misbehaves: each fault hits every N-th data request, and a retry gets through.

A request is known by its method and address. After one fault it is spared once, so that however many requests are under
way, one retry is enough; with `every = 1` nothing is spared, and the system is simply down.

Writes: 429, HTML and `lost` refuse or end before anything is written; `drop` and `truncate` lose the answer of a write
that was done, `late` does it some time after the caller was left alone. `empty200` and `shift` concern reads only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from aiohttp import web

from reconciler.errors import ConfigurationError
from reconciler.sandbox.answers import Refusal


class FaultKind(StrEnum):
    """What goes wrong."""

    NONE = "none"
    TOO_MANY = "429"
    """Refused with `Retry-After`: one second the first time, zero afterwards."""
    EMPTY = "empty200"
    """Status 200 and an empty list, as when throttled in silence."""
    SLOW = "slow"
    """Half a second late, or dribbled over half a second, by turns."""
    DROP = "drop"
    """The connection closes without an answer, or in the middle of the headers, by turns."""
    LOST = "lost"
    """The connection closes before the request is looked at."""
    LATE = "late"
    """The connection closes, and what the request asked for is done `LATE_S` later."""
    TRUNCATE = "truncate"
    """The body ends before its `Content-Length`, or is a cut document of the right length, by turns."""
    HTML = "html502"
    """An HTML page with status 502, or with status 200, by turns."""
    SHIFT = "shift"
    """A record that sorts first comes and goes while pages are read; at most a few times per collection."""
    EXPIRE = "expire"
    """The session is lost; the CRM has none."""
    MIXED = "mixed"
    """429, `html502`, `lost`, `drop`, `late` and `truncate`, by turns."""


SLOW_S: Final = 0.5
LATE_S: Final = 0.3
_DRIBBLES: Final = 5
_HTML: Final = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    "<body><h1>502 Bad Gateway</h1><p>upstream prematurely closed connection</p></body></html>"
)
_READ_METHODS: Final = frozenset({"GET", "HEAD"})
_MIXTURE: Final = (
    FaultKind.TOO_MANY,
    FaultKind.HTML,
    FaultKind.LOST,
    FaultKind.DROP,
    FaultKind.LATE,
    FaultKind.TRUNCATE,
)


def fault_kind(name: str) -> FaultKind:
    """The fault of that name.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return FaultKind(name)
    except ValueError:
        known = ", ".join(kind.value for kind in FaultKind)
        raise ConfigurationError(f"There is no fault “{name[:40]}”.", hint=f"Choose one of {known}.") from None


@dataclass(slots=True)
class FaultPlan:
    """Counts data requests and says which of them are hit."""

    kind: FaultKind = FaultKind.NONE
    every: int = 3
    _requests: int = 0
    _hits: int = 0
    _spared: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ConfigurationError("A fault hits every N-th request, N from 1.")

    def hit(self, request_name: str) -> int | None:
        """The number of the fault this request gets, from 0, or None."""
        self._requests += 1
        if self._requests % self.every:
            self._spared.discard(request_name)
            return None
        if request_name in self._spared:
            self._spared.discard(request_name)
            return None
        if self.every > 1:
            self._spared.add(request_name)
        self._hits += 1
        return self._hits - 1


Serve = Callable[[], web.Response]
"""Does what the request asks and makes the answer."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Makes faulty answers in a system's own words.

    Attributes:
        refused: the error answer of the system.
        empty: the answer that says there is nothing, for reads of lists; None for other requests.
    """

    refused: Callable[[Refusal], web.Response]
    empty: Callable[[web.Request], web.Response | None]

    async def answer(
        self,
        plan: FaultPlan,
        request: web.Request,
        serve: Serve,
        *,
        name: str | None = None,
        nothing: Serve | None = None,
    ) -> web.StreamResponse:
        """The answer to a data request, faulty when it is its turn.

        Args:
            name: tells the request from others; None takes its method and address.
            nothing: the answer that says there is nothing, where method and address do not tell what is asked.
        """
        turn = plan.hit(f"{request.method} {request.raw_path}" if name is None else name)
        if turn is None:
            return serve()
        kind, turn = _unmixed(plan.kind, turn)
        odd = turn % 2 == 1
        match kind:
            case FaultKind.TOO_MANY:
                response = self.refused(Refusal(429, "Too many requests.", code="LIMITE_EXCEDIDO"))
                response.headers["Retry-After"] = "0" if turn else "1"
                return response
            case FaultKind.EMPTY:
                if nothing is not None:
                    return nothing()
                empty = self.empty(request) if request.method in _READ_METHODS else None
                return serve() if empty is None else empty
            case FaultKind.SLOW:
                return await (_dribbled(request, serve()) if odd else _late(serve))
            case FaultKind.DROP:
                return _dropped(request, serve(), in_headers=odd)
            case FaultKind.LOST | FaultKind.LATE:
                return _left_alone(request, serve if kind is FaultKind.LATE else None)
            case FaultKind.TRUNCATE:
                return _cut_document(serve()) if odd else _cut_body(request, serve())
            case FaultKind.HTML:
                return web.Response(text=_HTML, content_type="text/html", status=200 if odd else 502)
            case FaultKind.NONE | FaultKind.SHIFT | FaultKind.EXPIRE | FaultKind.MIXED:
                return serve()


async def _late(serve: Serve) -> web.Response:
    await asyncio.sleep(SLOW_S)
    return serve()


async def _dribbled(request: web.Request, whole: web.Response) -> web.StreamResponse:
    body = _body(whole)
    response = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    response.content_length = len(body)
    await response.prepare(request)
    step = max(1, -(-len(body) // _DRIBBLES))
    for start in range(0, len(body), step):
        await asyncio.sleep(SLOW_S / _DRIBBLES)
        await response.write(body[start : start + step])
    await response.write_eof()
    return response


def _dropped(request: web.Request, whole: web.Response, *, in_headers: bool) -> web.Response:
    if request.transport is not None:
        if in_headers:
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: applica")
        request.transport.close()
    return whole


def _unmixed(kind: FaultKind, turn: int) -> tuple[FaultKind, int]:
    """The kind that has its turn, and its own number."""
    if kind is not FaultKind.MIXED:
        return kind, turn
    return _MIXTURE[turn % len(_MIXTURE)], turn // len(_MIXTURE)


def _left_alone(request: web.Request, later: Serve | None) -> web.Response:
    if later is not None and request.method not in _READ_METHODS:
        asyncio.get_running_loop().call_later(LATE_S, _for_nobody, later)
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _for_nobody(serve: Serve) -> None:
    # Who asked is gone: there is nobody to tell that it was refused.
    with suppress(Refusal):
        serve()


def _cut_body(request: web.Request, whole: web.Response) -> web.Response:
    body = _body(whole)
    if request.transport is not None:
        fields = f"Content-Type: {whole.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        head = f"HTTP/1.1 {whole.status} OK\r\n{fields}"
        request.transport.write(head.encode("ascii") + body[: len(body) // 2])
        request.transport.close()
    return whole


def _cut_document(whole: web.Response) -> web.Response:
    return web.Response(body=_body(whole)[: len(_body(whole)) // 2], content_type=whole.content_type)


def _body(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""
