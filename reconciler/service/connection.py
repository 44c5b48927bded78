"""One connection. What cannot be read as HTTP is answered as every other error is, and nothing of it is repeated."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import structlog
from aiohttp import web

from reconciler.service import request_id
from reconciler.service.outbox import GatheringTransport, Outbox
from reconciler.service.problems import problem

_log = structlog.get_logger("reconciler.service")


class Connection(web.RequestHandler):
    """Reads requests and writes answers."""

    __slots__ = ("_outbox",)

    def __init__(self, manager: web.Server, outbox: Outbox, **options: Any) -> None:
        super().__init__(manager, **options)
        self._outbox = outbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let its answers leave with those of other connections."""
        self._outbox.connections += 1
        if isinstance(transport, asyncio.Transport):
            transport = GatheringTransport(transport, self._outbox)
        super().connection_made(transport)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on where reading was stopped. The library asks for it after each piece, and looks for more each time."""
        if not isinstance(self.transport, GatheringTransport) or self.transport.stopped:
            super().resume_reading(resume_parser)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it no more."""
        self._outbox.connections -= 1
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that never reached a handler, or broke out of one; the connection ends with it."""
        _log.warning("connection_trouble", error="-" if exc is None else type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer was begun and cannot be taken back")
        identity = request_id.begin(None)
        if status == 400:
            answer = problem(400, "not_http", "The head of the request cannot be read, or is too large.")
        else:
            answer = problem(500, "internal_error", "Something went wrong here that should not.")
        answer.headers[request_id.HEADER] = identity
        answer.force_close()
        return answer


class _NameOnly(logging.Handler):
    """What the HTTP library reports of requests that it cannot read holds parts of them, and who sent them."""

    def emit(self, record: logging.LogRecord) -> None:
        error: Any = record.exc_info[1] if record.exc_info else None
        _log.warning("connection_trouble", error="-" if error is None else type(error).__name__)


def quiet_logger() -> logging.Logger:
    """For the HTTP library."""
    logger = logging.Logger("reconciler.service.http", logging.WARNING)
    logger.addHandler(_NameOnly())
    return logger
