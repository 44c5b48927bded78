"""`/healthz` says that the process answers; `/readyz` whether it can do its work, and which system it cannot reach.

A system that is down makes the service `degraded`, with status 200: taxes are then unavailable with their reason, kept
answers, webhooks and findings go on, and no other process could do better. 503 is for this process alone: it is being
stopped, or cannot use its state.
"""

from __future__ import annotations

import orjson
from aiohttp import web

from reconciler.errors import StateError
from reconciler.service.callers import open_to_all
from reconciler.service.problems import unavailable
from reconciler.service.watching import Watch
from reconciler.store.state.state import State


class Health:
    """Answers probes. `closing` is set when the service stops: it is not ready any more."""

    def __init__(self, state: State, watch: Watch | None = None) -> None:
        self._state = state
        self._watch = watch
        self.closing = False

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._ready)

    @open_to_all
    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(body=b'{"status":"ok"}', content_type="application/json")

    @open_to_all
    async def _ready(self, _request: web.Request) -> web.Response:
        if self.closing:
            return unavailable("closing", "The service is being stopped.")
        try:
            length = await self._state.webhooks.length()
        except StateError:
            return unavailable("state_unavailable", "The state cannot be used now.")
        systems = {} if self._watch is None else await self._watch.standings()
        degraded = any(standing["status"] == "down" for standing in systems.values())
        document = {
            "status": "degraded" if degraded else "ready",
            "webhooks": {"pending": length.pending, "dead": length.dead},
            "systems": systems,
        }
        return web.Response(body=orjson.dumps(document), content_type="application/json")
