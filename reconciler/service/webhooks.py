"""`POST /v1/webhooks/{crm|erp}`: bounded in size, time and number, and answered only when the work is durable."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
import structlog
from aiohttp import web

from reconciler.app.webhooks.intake import Refusal, Taken, WebhookIntake
from reconciler.model.entities import Side
from reconciler.ports.webhook.delivery import Delivery
from reconciler.service.bodies import Bodies
from reconciler.service.callers import open_to_all
from reconciler.service.problems import problem, unavailable

_log = structlog.get_logger("reconciler.service")

_BYTES_PER_KIB: Final = 1024
_QUEUED_WITHIN_S: Final = 5.0
_AT_ONCE: Final = 64

_REFUSED: Final = {
    Refusal.SIGNATURE_MISSING: (401, "The delivery carries no proof of who sends it."),
    Refusal.SIGNATURE_WRONG: (401, "The proof of who sends this delivery is wrong."),
    Refusal.TIMESTAMP: (401, "The delivery was signed too long ago, or in the future."),
    Refusal.NOT_JSON: (400, "The body is not JSON."),
    Refusal.NOT_UNDERSTOOD: (400, "The payload does not have the described form."),
}


class WebhookEndpoint:
    """Takes deliveries over HTTP.

    Args:
        public_url: how senders call this service; None takes what each request says.
        queued_within_s: a sender is not kept waiting longer for the state.
    """

    def __init__(
        self,
        intake: WebhookIntake,
        bodies: Bodies,
        public_url: str | None = None,
        queued_within_s: float = _QUEUED_WITHIN_S,
    ) -> None:
        self._queued_within_s = queued_within_s
        self._bodies = bodies
        self._intake = intake
        self._public_url = None if public_url is None else public_url.rstrip("/")
        self._in_hand = 0
        self._taking: set[asyncio.Task[Taken | Refusal]] = set()

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_post("/v1/webhooks/{side}", self._post)
        application.on_cleanup.append(self._finish)

    async def _finish(self, _application: web.Application) -> None:
        """Let what the state keeps waiting end before the state is closed."""
        if self._taking:
            await asyncio.wait(self._taking)

    @open_to_all
    async def _post(self, request: web.Request) -> web.StreamResponse:
        if max(self._in_hand, len(self._taking)) >= _AT_ONCE:
            return unavailable("busy", "Too many deliveries at once.")
        self._in_hand += 1
        try:
            return await self._take(request)
        finally:
            self._in_hand -= 1

    async def _take(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["side"]
        if name not in [side.value for side in Side] or Side(name) not in self._intake.receivers:
            return problem(404, "webhooks_not_configured", "No webhooks are taken at this address.")
        side = Side(name)
        unsupported = _unsupported(request)
        if unsupported is not None:
            return unsupported
        limit_bytes = self._intake.receivers[side].settings.max_body_kib * _BYTES_PER_KIB
        body = await self._bodies.read(request, limit_bytes)
        if isinstance(body, web.Response):
            return body
        return await self._queued(side, self._delivery(request, body))

    async def _queued(self, side: Side, delivery: Delivery) -> web.StreamResponse:
        """A writer elsewhere may hold the state for long, and a database call cannot be taken back: it goes on, and
        the sender is told to come again. What was taken after all is then a repetition."""
        taking = asyncio.create_task(self._intake.take(side, delivery))
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)
        done, _ = await asyncio.wait([taking], timeout=self._queued_within_s)
        if done:
            return _answer(taking.result())
        taking.add_done_callback(_tell_failure)
        return unavailable("state_busy", "The state is busy; send the delivery again.")

    def _delivery(self, request: web.Request, body: bytes) -> Delivery:
        url = str(request.url) if self._public_url is None else f"{self._public_url}{request.raw_path}"
        headers: dict[str, str] = {}
        for header, value in request.headers.items():
            headers.setdefault(header.lower(), value)
        query: dict[str, str] = {}
        for name, value in request.query.items():
            query.setdefault(name, value)
        return Delivery(request.method, url, headers, query, body)


def _tell_failure(taking: asyncio.Task[Taken | Refusal]) -> None:
    """Nobody waits for the result any more."""
    if not taking.cancelled() and (error := taking.exception()) is not None:
        _log.warning("late_delivery_not_taken", error=type(error).__name__)


def _unsupported(request: web.Request) -> web.Response | None:
    kind = request.content_type
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        return problem(415, "not_json_type", "A delivery is application/json.")
    # What is signed is what was sent: a body that has to be unpacked first is not that.
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return problem(415, "encoded_body", "A delivery is sent without content encoding.")
    return None


def _answer(taken: Taken | Refusal) -> web.Response:
    if isinstance(taken, Refusal):
        status, title = _REFUSED[taken]
        return problem(status, taken.value, title)
    return web.Response(status=200, body=orjson.dumps(taken.answer), content_type="application/json")
