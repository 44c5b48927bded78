"""Puts the service together: rooms, each with its routes, behind what every request passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from reconciler.service.access_log import AccessLog
from reconciler.service.callers import WAIT, CallerCheck
from reconciler.service.problems import Handler, problem_of

_LARGEST_BODY_BYTES: Final = 256 * 1024
"""For handlers that let aiohttp read a body; ours say it themselves."""


class Room(Protocol):
    """Some routes that belong together. Each handler says for whom it is (`callers.allows`, `callers.open_to_all`)."""

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""


def application(rooms: Iterable[Room], check: CallerCheck, log: AccessLog) -> web.Application:
    """The whole service."""
    app = web.Application(middlewares=[_front(check, log)], client_max_size=_LARGEST_BODY_BYTES)
    log.add_to(app)
    for room in rooms:
        room.add_to(app)
    return app


def _front(check: CallerCheck, log: AccessLog) -> Middleware:
    """What every request passes: it gets its id, its caller is known, errors become problems, and how it ended is told.

    One middleware, and not one for each: every layer of waiting takes as long as the work that it does.
    """

    @web.middleware
    async def front(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun = log.begun(request)
        try:
            refusal = check.at_once(request)
            if refusal is WAIT:
                refusal = await check.refusal(request)
            answer = await handler(request) if refusal is None else refusal
        except web.HTTPException as error:
            if error.status < 400:
                log.ended(request, error, begun)
                raise
            answer = problem_of(request, error)
        except Exception as error:  # noqa: BLE001  # the caller gets an answer, and the service goes on for all others
            answer = problem_of(request, error)
        log.ended(request, answer, begun)
        return answer

    return front
