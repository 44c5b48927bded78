"""`POST /v1/taxes` and `GET /v1/quotes/{number}/taxes`: what the ERP says, in time, or that it said nothing."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson
import structlog
from aiohttp import web

from reconciler.app.quote_reading import QuoteReader
from reconciler.app.tax_drift import quote_taxes
from reconciler.app.taxes import TaxDesk
from reconciler.connectors.tax.turns import Turns
from reconciler.errors import ConfigurationError, RefusedError, SystemReadError, WrongQuoteError
from reconciler.model.taxes import can_be_quote_number
from reconciler.service import request_id
from reconciler.service.access_log import PRIVATE_JSON
from reconciler.service.bodies import Bodies, decoded, not_plain_json
from reconciler.service.callers import Role, allows
from reconciler.service.gate import Gate
from reconciler.service.problems import problem, unavailable
from reconciler.service.queries import Query, WrongQueryError
from reconciler.service.remembered import Asked, AskedBefore
from reconciler.taxes.answer import Calculated, Delivery, Unavailable

_log = structlog.get_logger("reconciler.service")

LARGEST_QUOTE_BYTES: Final = 256 * 1024
_OVERLOADED: Final = frozenset({"overloaded", "closing"})
"""Reasons that are ours and not the ERP's: it was not asked."""

_QUOTES_AT_ONCE: Final = 64
"""Quotes being read and asked about; nobody waits for one of these places, so nobody waits past the two deadlines."""


class TaxRoom:
    """Answers about taxes.

    Args:
        desk: what answers, or the problem that it tells instead.
        quotes: what reads quotes, or the problem.
        quote_within_s: how long the CRM may take.
    """

    def __init__(
        self, desk: TaxDesk | Absent, quotes: QuoteReader | Absent, bodies: Bodies, *, quote_within_s: float
    ) -> None:
        self._desk = desk
        self._quotes = quotes
        self._bodies = bodies
        self._quote_within_s = quote_within_s
        self._before = AskedBefore()
        self._turns = Turns()
        self._reading = Gate(_QUOTES_AT_ONCE, waiting=0)

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_post("/v1/taxes", self._would_be)
        application.router.add_get("/v1/quotes/{number}/taxes", self._of_quote, allow_head=False)

    @allows(Role.SALES, Role.REVIEWER)
    async def _would_be(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        if isinstance(desk, Absent):
            return desk.answer()
        try:
            allow_stale = _allows_stale(request)
        except WrongQueryError as error:
            return error.answer()
        body = not_plain_json(request) or self._bodies.arrived(request, LARGEST_QUOTE_BYTES)
        if body is None:
            body = await self._bodies.read(request, LARGEST_QUOTE_BYTES)
        if not isinstance(body, bytes):
            return body
        try:
            asked = await self._asked(desk, body)
            if not isinstance(asked, Asked):
                return asked
            delivery = desk.lookup.kept(asked.key)
            if delivery is not None:
                body = asked.again(delivery, partial(_document, desk, asked, delivery))
                return web.Response(body=body, headers=PRIVATE_JSON)
            delivery = await desk.lookup.taxes_of(asked.question, allow_stale=allow_stale, key=asked.key)
            return _answer(delivery, _document(desk, asked, delivery))
        except WrongQuoteError as error:
            return _wrong(error)
        except ConfigurationError as error:
            return _not_configured(error)

    @allows(Role.SALES, Role.REVIEWER)
    async def _of_quote(self, request: web.Request) -> web.StreamResponse:
        desk, quotes = self._desk, self._quotes
        if isinstance(desk, Absent):
            return desk.answer()
        if isinstance(quotes, Absent):
            return quotes.answer()
        number = request.match_info["number"]
        try:
            allow_stale = _allows_stale(request)
        except WrongQueryError as error:
            return error.answer()
        if not can_be_quote_number(number):
            return problem(404, "unknown_quote", "No quote has such a number.", place="number")
        try:
            async with self._reading:
                found = await quote_taxes(
                    desk, quotes, number, allow_stale=allow_stale, read_within_s=self._quote_within_s
                )
            return _answer(found.answer.delivery, found.document)
        except TimeoutError:
            return unavailable("crm_unavailable", "The CRM did not answer in time.")
        except WrongQuoteError as error:
            return _wrong(error)
        except (ConfigurationError, RefusedError) as error:
            return _not_configured(error)
        except SystemReadError as error:
            _log.warning("quote_not_read", error=error.code, request_id=request_id.current.get())
            return unavailable("crm_unavailable", "The quote could not be read from the CRM.")

    async def _asked(self, desk: TaxDesk, body: bytes) -> Asked | web.Response:
        """The question in a body; of many that come together the first go out before the last are read.

        Raises WrongQuoteError.
        """
        today = desk.today()
        asked = self._before.get(body, today)
        if asked is None:
            await self._turns.mine()
            document = decoded(body)
            if isinstance(document, web.Response):
                return document
            question = desk.question(document)
            asked = Asked(question, desk.lookup.key_of(question), today)
            self._before.keep(body, asked)
        return asked


class Absent:
    """Stands where something could not be opened, and tells so to everybody who asks for it."""

    def __init__(self, status: int, code: str, title: str) -> None:
        self._told = (status, code, title)

    def answer(self) -> web.Response:
        """The problem, always the same."""
        return problem(*self._told)


def _allows_stale(request: web.Request) -> bool:
    if not request.query_string:
        return False
    query = Query(request, {"allow_stale"})
    return query.flag("allow_stale")


def _document(desk: TaxDesk, asked: Asked, delivery: Delivery) -> dict[str, Any]:
    result = delivery.result
    return desk.document(asked.question, delivery, asked.amounts(result) if isinstance(result, Calculated) else None)


def _answer(delivery: Delivery, document: dict[str, Any]) -> web.Response:
    result = delivery.result
    if isinstance(result, Unavailable) and result.reason.code in _OVERLOADED:
        return unavailable(result.reason.code, "Too many questions are on their way to the ERP.")
    return web.Response(body=orjson.dumps(document), headers=PRIVATE_JSON)


def _wrong(error: WrongQuoteError) -> web.Response:
    status = 404 if error.code == "unknown_quote" else 422
    mistakes = [{"place": each.place, "detail": each.message} for each in (error, *error.others)]
    return problem(
        status,
        error.code,
        "Taxes cannot be asked of this quote.",
        detail=error.message,
        place=error.place,
        mistakes=mistakes if error.others else (),
    )


def _not_configured(error: ConfigurationError | RefusedError) -> web.Response:
    # What is wrong names files and keys of this installation: it is for its operators.
    _log.error("taxes_not_configured", problem=error.message, request_id=request_id.current.get())
    return problem(
        501, "taxes_not_configured", "The project lacks something that this needs; its operators can see what."
    )
