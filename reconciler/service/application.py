"""Puts the service together: rooms, each with its routes, behind a few middlewares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from reconciler.service.access_log import AccessLog
from reconciler.service.callers import CallerCheck
from reconciler.service.problems import errors_as_problems

_LARGEST_BODY_BYTES: Final = 256 * 1024
"""For handlers that let aiohttp read a body; ours say it themselves."""


class Room(Protocol):
    """Some routes that belong together. Each handler says for whom it is (`callers.allows`, `callers.open_to_all`)."""

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""


def application(rooms: Iterable[Room], check: CallerCheck, log: AccessLog) -> web.Application:
    """The whole service."""
    middlewares: list[Middleware] = [log.middleware, errors_as_problems, check.middleware]
    app = web.Application(middlewares=middlewares, client_max_size=_LARGEST_BODY_BYTES)
    log.add_to(app)
    for room in rooms:
        room.add_to(app)
    return app
