"""Asks what the page was asked: the same engine, limits and refusals as behind the JSON routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from aiohttp import hdrs, web

from reconciler.app.quote_reading import QuoteReader
from reconciler.app.tax_drift import QuoteTaxes, quote_taxes
from reconciler.app.taxes import TaxDesk
from reconciler.errors import ConfigurationError, RefusedError, SystemReadError, WrongQuoteError
from reconciler.model.taxes import TaxQuestion, can_be_quote_number
from reconciler.service import request_id
from reconciler.service.gate import BusyError, Gate
from reconciler.service.taxes import Absent
from reconciler.taxes.answer import Delivery, Unavailable

_log = structlog.get_logger("reconciler.service")

_NOT_ASKED: Final = frozenset({"overloaded", "closing"})
_COME_AGAIN_S: Final = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """What the engine gave, calculated or not.

    Attributes:
        currency: ISO 4217 code.
        quote: of the CRM, where one was asked about.
        keeps_taxes: whether it is known where quotes carry taxes.
    """

    question: TaxQuestion
    delivery: Delivery
    system: str
    currency: str
    quote: QuoteTaxes | None = None
    keeps_taxes: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no answer, and why.

    Attributes:
        status: of HTTP.
        code: stable, as in problem documents.
        retry_after_s: when to come again; None where that would not help.
        place, detail: what is wrong in the quote, in the words of `WrongQuoteError`.
        others: what else is wrong in it.
    """

    status: int
    code: str
    retry_after_s: int | None = None
    place: str = ""
    detail: str = ""
    others: tuple[Refused, ...] = ()

    @classmethod
    def of_wrong(cls, error: WrongQuoteError) -> Refused:
        """The refusal of a quote that is wrong in one or several places."""
        status = 404 if error.code == "unknown_quote" else 422
        others = tuple(map(cls.of_wrong, error.others))
        return cls(status, error.code, place=error.place, detail=error.message, others=others)

    @classmethod
    def told_by(cls, answer: web.Response) -> Refused:
        """The refusal in a problem document of ours."""
        told = orjson.loads(answer.body if isinstance(answer.body, bytes) else b"{}")
        wait_s = answer.headers.get(hdrs.RETRY_AFTER)
        return cls(answer.status, str(told.get("code", "")), None if wait_s is None else int(wait_s))


Outcome = Answered | Refused


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the engine for the page.

    Attributes:
        desk, quotes: or the problem that is told instead.
        quote_within_s: how long the CRM may take.
        reading: lets so many readings of quotes go on.
    """

    desk: TaxDesk | Absent
    quotes: QuoteReader | Absent
    quote_within_s: float
    reading: Gate

    async def would_be(self, document: dict[str, Any], *, allow_stale: bool) -> Outcome:
        """The taxes of a would-be quote."""
        desk = self.desk
        if isinstance(desk, Absent):
            return Refused.told_by(desk.answer())
        try:
            question = desk.question(document)
            delivery = await desk.lookup.taxes_of(question, allow_stale=allow_stale)
        except WrongQuoteError as error:
            return Refused.of_wrong(error)
        except ConfigurationError as error:
            return _not_configured(error)
        return _told(Answered(question, delivery, desk.system, _currency(desk)))

    async def of_quote(self, number: str, *, allow_stale: bool) -> Outcome:
        """The taxes of a quote of the CRM, beside those it carries."""
        desk, quotes = self.desk, self.quotes
        if isinstance(desk, Absent) or isinstance(quotes, Absent):
            absent = desk if isinstance(desk, Absent) else quotes
            return Refused.told_by(absent.answer()) if isinstance(absent, Absent) else Refused(501, "no_quotes")
        if not can_be_quote_number(number):
            return Refused(404, "unknown_quote")
        try:
            async with self.reading:
                found = await quote_taxes(
                    desk, quotes, number, allow_stale=allow_stale, read_within_s=self.quote_within_s
                )
        except (TimeoutError, BusyError) as error:
            code = "overloaded" if isinstance(error, BusyError) else "crm_unavailable"
            return Refused(503, code, _COME_AGAIN_S)
        except WrongQuoteError as error:
            return Refused.of_wrong(error)
        except (ConfigurationError, RefusedError) as error:
            return _not_configured(error)
        except SystemReadError as error:
            _log.warning("quote_not_read", error=error.code, request_id=request_id.current.get())
            return Refused(503, "crm_unavailable", _COME_AGAIN_S)
        answer = found.answer
        return _told(
            Answered(answer.question, answer.delivery, desk.system, _currency(desk), found, quotes.keeps_taxes)
        )


def _told(answered: Answered) -> Outcome:
    """An answer that says nothing of the ERP, because it was not asked, is a refusal of ours."""
    result = answered.delivery.result
    if isinstance(result, Unavailable) and result.reason.code in _NOT_ASKED:
        return Refused(503, result.reason.code, _COME_AGAIN_S)
    return answered


def _currency(desk: TaxDesk) -> str:
    return desk.project.file.project.currency


def _not_configured(error: ConfigurationError | RefusedError) -> Refused:
    _log.error("taxes_not_configured", problem=error.message, request_id=request_id.current.get())
    return Refused(501, "taxes_not_configured")
