"""`/healthz` says that the process answers; `/readyz` that it can do its work, and how much waits."""

from __future__ import annotations

import orjson
from aiohttp import web

from reconciler.errors import StateError
from reconciler.service.problems import unavailable
from reconciler.store.state.state import State


class Health:
    """Answers probes. `closing` is set when the service stops: it is not ready any more."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.closing = False

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._ready)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(body=b'{"status":"ok"}', content_type="application/json")

    async def _ready(self, _request: web.Request) -> web.Response:
        if self.closing:
            return unavailable("closing", "The service is being stopped.")
        try:
            length = await self._state.webhooks.length()
        except StateError:
            return unavailable("state_unavailable", "The state cannot be used now.")
        document = {"status": "ready", "webhooks": {"pending": length.pending, "dead": length.dead}}
        return web.Response(body=orjson.dumps(document), content_type="application/json")
