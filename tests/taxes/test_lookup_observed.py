"""What an engine tells while it works, and that nothing it remembers outlives a change of anything."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.errors import ConfigurationError, TaxAnswerError, UnreachableError, WrongQuoteError
from reconciler.taxes.answer import Delivery, Source, Unavailable
from reconciler.taxes.breaker import Circuit
from reconciler.taxes.observer import LookupLoad
from tests.taxes.asking import line, quote
from tests.taxes.engine import (
    EVERYTHING,
    Clock,
    Gate,
    answers_at_once,
    engine,
    fails_with,
    hangs,
)
from tests.taxes.engine import Source as Erp

QUESTION = quote(line("a-1", "2", "50.00"), tax_id="11222333000181")


class Seen:
    """An observer that remembers what it was told, without times."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[str, str]] = []
        self.outcomes: list[str] = []
        self.warm_ups: list[str | None] = []

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        assert elapsed_s >= 0
        result = delivery.result
        self.deliveries.append((delivery.source.value, result.reason.code if isinstance(result, Unavailable) else ""))

    def asked(self, outcome: str, elapsed_s: float) -> None:
        assert elapsed_s >= 0
        self.outcomes.append(outcome)

    def warmed_up(self, failure: str | None) -> None:
        self.warm_ups.append(failure)


async def test_every_answer_and_every_conversation_is_told_once() -> None:
    seen, clock = Seen(), Clock()
    lookup = engine(Erp(), clock, observer=seen)
    await lookup.warm_up()
    await asyncio.gather(*(lookup.taxes_of(QUESTION) for _ in range(3)))
    await lookup.taxes_of(QUESTION)
    assert seen.outcomes == ["answered"]
    assert seen.deliveries == [(Source.LIVE.value, "")] * 3 + [(Source.CACHED.value, "")]
    assert seen.warm_ups == [None]
    assert lookup.load == LookupLoad(Circuit.CLOSED, answers=1, lines=1, conversations=0)


FAILURES = {
    "unreachable": (UnreachableError("erp", "no connection."), "unreachable"),
    "sum_differs": (TaxAnswerError("erp", "sum_differs", items="1", answered="2", member="total"), "sum_differs"),
    "wrong_quote": (WrongQuoteError("no such customer.", place="customer.tax_id"), "wrong_quote"),
    "defect": (ConfigurationError("something lacks."), "defect"),
}


@pytest.mark.parametrize(("error", "outcome"), FAILURES.values(), ids=FAILURES)
async def test_how_a_conversation_failed_is_told_by_its_code(error: Exception, outcome: str) -> None:
    seen = Seen()
    lookup = engine(Erp(fails_with(error)), Clock(), observer=seen)
    await asyncio.gather(lookup.taxes_of(QUESTION), return_exceptions=True)
    assert seen.outcomes == [outcome]


async def test_a_conversation_broken_off_at_the_deadline_is_told_as_that() -> None:
    seen = Seen()
    lookup = engine(Erp(hangs), Clock(), observer=seen, deadline_s=0.02)
    await lookup.taxes_of(QUESTION)
    await lookup.close()
    assert (seen.outcomes, seen.deliveries) == (["broken_off"], [("live", "deadline")])


async def test_when_anything_may_have_changed_everything_is_asked_again() -> None:
    erp = Erp()
    lookup = engine(erp, Clock())
    await lookup.taxes_of(QUESTION)
    lookup.forget_all()
    assert lookup.load.answers == 0
    assert (await lookup.taxes_of(QUESTION)).source is Source.LIVE
    assert (erp.asked, erp.forgotten) == (2, {EVERYTHING})


async def test_an_answer_on_its_way_when_anything_may_have_changed_is_neither_kept_nor_shared() -> None:
    gate = Gate()
    erp = Erp(gate)
    lookup = engine(erp, Clock())
    first = asyncio.create_task(lookup.taxes_of(QUESTION))
    await gate.reached.wait()
    lookup.forget_all()
    erp.behaviour = answers_at_once
    second = await lookup.taxes_of(QUESTION)
    lookup.forget_all()
    gate.open.set()
    assert [(await first).source, second.source] == [Source.LIVE] * 2
    assert (erp.asked, lookup.load.answers) == (2, 0)


async def test_a_product_is_forgotten_by_its_canonical_key_too() -> None:
    """A run names records by canonical keys; the quote says a-1."""
    lookup = engine(Erp(), Clock())
    await lookup.taxes_of(QUESTION)
    lookup.forget({("products", "A-1")})
    assert lookup.load.answers == 0
