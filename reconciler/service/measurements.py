"""`GET /metrics`, for callers with the role `metrics`."""

from __future__ import annotations

from aiohttp import web

from reconciler.errors import StateError
from reconciler.service.access_log import AccessLog
from reconciler.service.callers import Role, allows
from reconciler.service.metrics import CONTENT_TYPE, ServiceMetrics
from reconciler.store.state.state import State


class MetricsRoom:
    """Gives the numbers away."""

    def __init__(self, metrics: ServiceMetrics, state: State, log: AccessLog) -> None:
        self._metrics = metrics
        self._state = state
        self._log = log

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get("/metrics", self._scraped, allow_head=False)

    @allows(Role.METRICS)
    async def _scraped(self, _request: web.Request) -> web.Response:
        try:
            queue = await self._state.webhooks.length()
        except StateError:
            # The other numbers are what shows the trouble.
            queue = None
        self._log.tell()
        return web.Response(body=self._metrics.exposition(queue), headers={"Content-Type": CONTENT_TYPE})
