"""Taxes of quotes of the CRM beside what the quotes carry: of one quote for whoever looks at it, of all open ones.

A difference counts only when it is still there after the quote was read once more: what somebody changed between two
readings is no drift.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reconciler.app.concurrently import all_of
from reconciler.app.quote_reading import Quote, QuoteReader, UnusableQuote
from reconciler.app.taxes import TaxAnswer, TaxDesk
from reconciler.errors import SystemReadError, WrongQuoteError
from reconciler.model.taxes import NOTHING
from reconciler.taxes.answer import Calculated, Unavailable
from reconciler.taxes.drift import QuoteDrift, drift_of
from reconciler.taxes.drift_document import carried_document, drift_document

_READINGS: Final = 3
"""Answers that are compared with a quote that changes all the while."""

_NOT_ANSWERED: Final = frozenset(
    {
        "deadline",
        "unreachable",
        "credentials_refused",
        "blocked",
        "not_understood",
        "circuit_open",
        "overloaded",
        "closing",
        "crm_unreadable",
    }
)
"""Reasons that speak of a system. With any other the ERP was asked, and what it said is about the quote."""


@dataclass(frozen=True, slots=True)
class QuoteTaxes:
    """The taxes of a quote of the CRM, and what it carries.

    Attributes:
        drift: None where the answer is unavailable, or what the quote carries cannot be read or is kept nowhere.
        document: the answer as of `TaxAnswer`, with three more members: `quote` (`number`, `revision`, and `id` in the
            CRM), and `carried` and `drift` (`taxes.drift_document`), each null where there is nothing to say.
    """

    quote: Quote
    answer: TaxAnswer
    drift: QuoteDrift | None
    document: dict[str, Any]


async def quote_taxes(
    desk: TaxDesk,
    quotes: QuoteReader,
    number: str,
    *,
    allow_stale: bool = False,
    read_within_s: float | None = None,
) -> QuoteTaxes:
    """The taxes of a quote as it is now, latest revision, with what it carries and how the two differ.

    The quote is read once: whoever asked looks at it. Nothing here waits longer than the CRM takes and the desk's
    deadline.

    Args:
        desk: `open_taxes`; may be shared by everybody who asks.
        quotes: `open_quote_reader`; may be shared too.
        read_within_s: how long the CRM may take; None for as long as it does.

    Raises:
        TimeoutError: the CRM took longer.
        WrongQuoteError: there is no such quote (`code` is `unknown_quote`), one of its values cannot be read, or it
            names a customer or product the ERP does not know.
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for a quote by its number.
        ConfigurationError: the description or the project lacks something.
    """
    async with asyncio.timeout(read_within_s):
        quote = await quotes.quote(number)
    answer = await desk.look_up(quote.would_be, allow_stale=allow_stale)
    drift = _drift(quote, answer, quotes)
    return QuoteTaxes(quote, answer, drift, {**answer.document, **_beside(quote, drift, quotes)})


@dataclass(frozen=True, slots=True)
class ComparedQuote:
    """What became of one open quote.

    Attributes:
        drift: None where it could not be compared.
        reason: why not, as a stable code; None where it was.
        message: the same for people, or "".
    """

    quote: Quote | UnusableQuote
    drift: QuoteDrift | None
    reason: str | None = None
    message: str = ""

    @property
    def drifted(self) -> bool:
        """Whether it carries other taxes than the ERP answers."""
        return self.drift is not None and bool(self.drift.differences)

    @property
    def a_system_failed(self) -> bool:
        """Whether it was not compared because the ERP, or the CRM, gave no answer at all."""
        return self.reason in _NOT_ANSWERED


@dataclass(frozen=True, slots=True)
class ComparedQuotes:
    """What became of all of them, in the order of the CRM. Quotes that were closed meanwhile are not among them."""

    quotes: tuple[ComparedQuote, ...]

    @property
    def calculated(self) -> int:
        """How many were compared."""
        return sum(each.drift is not None for each in self.quotes)

    @property
    def unavailable(self) -> int:
        """How many could not be. Each of them may have drifted or not."""
        return len(self.quotes) - self.calculated

    @property
    def drifted(self) -> int:
        """How many carry other taxes than the ERP answers."""
        return sum(each.drifted for each in self.quotes)

    @property
    def at_stake(self) -> Decimal:
        """The value at stake in all of them."""
        return sum((each.drift.at_stake for each in self.quotes if each.drift is not None), NOTHING)

    @property
    def systems_failed(self) -> int:
        """How many could not be compared because a system gave no answer."""
        return sum(each.a_system_failed for each in self.quotes)


async def compare_quotes(
    desk: TaxDesk,
    quotes: QuoteReader,
    chosen: Sequence[Quote | UnusableQuote],
    *,
    at_once: int,
    only_open: bool = True,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ComparedQuotes:
    """Ask the ERP about each of these quotes and compare what they carry.

    Args:
        desk: opened with `nobody_waits`.
        at_once: quotes that are asked about at the same time.
        only_open: leave out those that were closed meanwhile.
        on_progress: told how many of all quotes are done.

    Raises:
        ConfigurationError: the description or the project lacks something.
    """
    gate, done = asyncio.Semaphore(at_once), 0

    async def compared(quote: Quote | UnusableQuote) -> ComparedQuote | None:
        nonlocal done
        async with gate:
            found = await _compared(desk, quotes, quote, only_open=only_open)
        done += 1
        on_progress(done, len(chosen))
        return found

    found = await all_of(compared(quote) for quote in chosen)
    return ComparedQuotes(tuple(each for each in found if each is not None))


async def _compared(
    desk: TaxDesk, quotes: QuoteReader, quote: Quote | UnusableQuote, *, only_open: bool
) -> ComparedQuote | None:
    """None when the quote is not there any more."""
    if isinstance(quote, UnusableQuote):
        return ComparedQuote(quote, None, quote.problem.code, quote.problem.message)
    try:
        for _ in range(_READINGS):
            found = await _compared_once(desk, quotes, quote)
            if not found.drifted or not quotes.can_read_again:
                return found
            again = await quotes.again(quote, only_open=only_open)
            if again is None or again == quote:
                return None if again is None else found
            quote = again
    except SystemReadError as error:
        return ComparedQuote(quote, None, "crm_unreadable", error.message)
    return ComparedQuote(quote, None, "quote_changes", "the quote was changed again and again while it was compared.")


async def _compared_once(desk: TaxDesk, quotes: QuoteReader, quote: Quote) -> ComparedQuote:
    if isinstance(quote.carried, str):
        message = f"the quote in the CRM has a tax that cannot be read: {quote.carried}."
        return ComparedQuote(quote, None, "wrong_quote", message)
    try:
        answer = await desk.look_up(quote.would_be)
    except WrongQuoteError as problem:
        return ComparedQuote(quote, None, problem.code, problem.message)
    if isinstance(answer.delivery.result, Unavailable):
        return ComparedQuote(quote, None, answer.delivery.result.reason.code, str(answer.document["message"]))
    return ComparedQuote(quote, _drift(quote, answer, quotes))


def _drift(quote: Quote, answer: TaxAnswer, quotes: QuoteReader) -> QuoteDrift | None:
    result = answer.delivery.result
    if not isinstance(result, Calculated) or isinstance(quote.carried, str) or not quotes.keeps_taxes:
        return None
    return drift_of(quote.carried, answer.question, result, quotes.carried.places)


def _beside(quote: Quote, drift: QuoteDrift | None, quotes: QuoteReader) -> dict[str, Any]:
    carried = None if isinstance(quote.carried, str) or not quotes.keeps_taxes else carried_document(quote.carried)
    return {
        "quote": {"number": quote.number, "revision": quote.revision, "id": quote.id},
        "carried": carried,
        "drift": None if drift is None else drift_document(drift),
    }
