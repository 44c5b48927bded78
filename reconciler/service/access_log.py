"""What every answer has, and one line for each: never an address as called, a query, a body, a token, an IP address."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import BinaryIO, Final, NamedTuple

import orjson
from aiohttp import hdrs, web

from reconciler.service import request_id
from reconciler.service.problems import Handler, route_of

_COMMON: Final = (("X-Content-Type-Options", "nosniff"), (hdrs.SERVER, "reconciler"))
_COMMON_AND_PRIVATE: Final = (*_COMMON, (hdrs.CACHE_CONTROL, "no-store"))
_TOLD_AFTER_S: Final = 0.2


class Ended(NamedTuple):
    """A request that was answered.

    Attributes:
        at_s: when, in seconds since 1970.
        route: as `route_of` has it.
        elapsed_s: from its head to its answer.
    """

    at_s: float
    method: str
    route: str
    status: int
    elapsed_s: float
    request_id: str


class AccessLog:
    """The outermost middleware: gives each request its id, and tells how it ended.

    What is told waits some tenths of a second for company: to write and count each request by itself would take longer
    than to look an answer up.

    Args:
        target: where the lines go; None writes none.
        counts: told of every request.
    """

    def __init__(self, target: BinaryIO | None, counts: Callable[[Sequence[Ended]], None] | None = None) -> None:
        self._target = target
        self._counts = counts
        self._waiting: list[Ended] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def to_stderr(cls, counts: Callable[[Sequence[Ended]], None] | None = None) -> AccessLog:
        """Lines beside what the service narrates."""
        return cls(sys.stderr.buffer, counts)

    def add_to(self, application: web.Application) -> None:
        """Let nothing be lost when the service stops."""
        application.on_cleanup.append(self._finish)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer, with the id of the request on the answer."""
        begun_s = time.perf_counter()
        identity = request_id.begin(request.headers.get(request_id.HEADER))
        try:
            answer = await handler(request)
        except web.HTTPException as redirect:
            self._ended(request, redirect, identity, begun_s)
            raise
        self._ended(request, answer, identity, begun_s)
        return answer

    def tell(self) -> None:
        """Tell what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        ended, self._waiting = self._waiting, []
        if self._counts is not None:
            self._counts(ended)
        if self._target is not None and ended:
            self._target.write(b"".join(map(_line, ended)))
            self._target.flush()

    def _ended(self, request: web.Request, answer: web.StreamResponse, identity: str, begun_s: float) -> None:
        headers = answer.headers
        headers.extend(_COMMON if hdrs.CACHE_CONTROL in headers else _COMMON_AND_PRIVATE)
        headers.add(request_id.HEADER, identity)
        elapsed_s = time.perf_counter() - begun_s
        self._waiting.append(Ended(time.time(), request.method, route_of(request), answer.status, elapsed_s, identity))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TOLD_AFTER_S, self.tell)

    async def _finish(self, _application: web.Application) -> None:
        self.tell()


def _line(ended: Ended) -> bytes:
    """Past the logging library: all of it is ours, so that nothing has to be looked for and masked."""
    line = {
        "timestamp": datetime.fromtimestamp(ended.at_s, UTC),
        "event": "request",
        "method": ended.method,
        "route": ended.route,
        "status": ended.status,
        "ms": round(ended.elapsed_s * 1000, 1),
        "request_id": ended.request_id,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
