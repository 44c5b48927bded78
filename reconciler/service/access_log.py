"""What every answer has, and one line for each: never an address as called, a query, a body, a token, an IP address."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple

import orjson
from aiohttp import hdrs, web
from multidict import CIMultiDict, istr

from reconciler.service import request_id
from reconciler.service.problems import route_of

_COMMON: Final = ((istr("X-Content-Type-Options"), "nosniff"), (hdrs.SERVER, "reconciler"))
_COMMON_AND_PRIVATE: Final = (*_COMMON, (hdrs.CACHE_CONTROL, "no-store"))
_TOLD_AFTER_S: Final = 0.2

PRIVATE_JSON: Final = CIMultiDict([(hdrs.CONTENT_TYPE, "application/json"), *_COMMON_AND_PRIVATE])
"""All headers of a JSON answer but its id, to be copied: adding them one by one takes several times as long."""


Begun = tuple[str, float]
"""The id of a request, and when it began."""


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
    """Gives each request its id, and tells how it ended.

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

    def begun(self, request: web.Request) -> Begun:
        """Give a request its id."""
        return request_id.begin(request.headers.get(request_id.HEADER)), time.perf_counter()

    def ended(self, request: web.Request, answer: web.StreamResponse, begun: Begun) -> None:
        """Complete the headers of its answer, and remember what to tell of it."""
        identity, begun_s = begun
        headers = answer.headers
        if hdrs.SERVER not in headers:
            headers.extend(_COMMON if hdrs.CACHE_CONTROL in headers else _COMMON_AND_PRIVATE)
        headers.add(request_id.HEADER, identity)
        elapsed_s = time.perf_counter() - begun_s
        self._waiting.append(Ended(time.time(), request.method, route_of(request), answer.status, elapsed_s, identity))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TOLD_AFTER_S, self.tell)

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

    async def _finish(self, _application: web.Application) -> None:
        self.tell()


def _line(ended: Ended) -> bytes:
    """Past the logging library: all of it is ours, so that nothing has to be looked for and masked."""
    second, millionths = divmod(int(ended.at_s * 1_000_000), 1_000_000)
    tenths_ms = round(ended.elapsed_s * 10_000)
    return b'{"timestamp":"%b.%06d+00:00"%b,"ms":%d.%d,"request_id":"%b"}\n' % (
        _written_second(second),
        millionths,
        _written_request(ended.method, ended.route, ended.status),
        tenths_ms // 10,
        tenths_ms % 10,
        ended.request_id.encode(),
    )


@lru_cache(maxsize=8)
def _written_second(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


@lru_cache(maxsize=512)
def _written_request(method: str, route: str, status: int) -> bytes:
    """The members about it, in the middle of its line."""
    said = {"event": "request", "method": method, "route": route, "status": status}
    return b"," + orjson.dumps(said)[1:-1]
