"""An engine over an ERP that does what a test tells it, and clocks that stand still until they are moved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.model.taxes import Charge, ReportedLine, ReportedTax, ReportedTaxes, TaxKind, TaxQuestion
from reconciler.taxes.answer import Calculated, Delivery, Unavailable
from reconciler.taxes.breaker import BreakerSettings
from reconciler.taxes.checks import CheckPolicy
from reconciler.taxes.lookup import LookupSettings, TaxLookup
from reconciler.taxes.observer import LookupObserver

POLICY = CheckPolicy("erp", "half_up")
EVERYTHING = ("every entity", "every record")


class Clock:
    """Two clocks that agree."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def monotonic_s(self) -> float:
        return 1000.0 + self.passed_s

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC) + timedelta(seconds=self.passed_s)


def reported(question: TaxQuestion, rate: str = "0.12") -> ReportedTaxes:
    """ICMS in the price of every line."""
    lines = []
    for line in question.lines:
        goods = line.goods.quantize(Decimal("0.01"), "ROUND_HALF_UP")
        amount = (goods * Decimal(rate)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        tax = ReportedTax(TaxKind.ICMS, Charge.IN_PRICE, Decimal(rate), goods, amount)
        lines.append(ReportedLine(None, {}, goods, (tax,)))
    records = frozenset({("customers", "erp-501"), *(("products", f"erp-{line.sku}") for line in question.lines)})
    return ReportedTaxes(tuple(lines), tuple({} for _ in lines), by_id=False, records=records)


async def answers_at_once(question: TaxQuestion) -> ReportedTaxes:
    return reported(question)


async def hangs(question: TaxQuestion) -> ReportedTaxes:
    await asyncio.Event().wait()
    return reported(question)


def fails_with(error: Exception) -> Callable[[TaxQuestion], Awaitable[ReportedTaxes]]:
    async def fail(_: TaxQuestion) -> ReportedTaxes:
        raise error

    return fail


class Source:
    """Answers as `behaviour` does, which may be exchanged; counts conversations, and how many there are at once."""

    def __init__(self, behaviour: Callable[[TaxQuestion], Awaitable[ReportedTaxes]] = answers_at_once) -> None:
        self.behaviour = behaviour
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.forgotten: set[tuple[str, str]] = set()

    async def ask(self, question: TaxQuestion) -> ReportedTaxes:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self.behaviour(question)
        finally:
            self.at_once -= 1

    async def warm_up(self) -> None:
        self.asked += 1

    def forget(self, records: Collection[tuple[str, str]]) -> None:
        self.forgotten.update(records)

    def forget_all(self) -> None:
        self.forgotten.add(EVERYTHING)


class Gate:
    """A behaviour that waits until it is opened."""

    def __init__(self, rate: str = "0.12") -> None:
        self.open = asyncio.Event()
        self.reached = asyncio.Event()
        self._rate = rate

    async def __call__(self, question: TaxQuestion) -> ReportedTaxes:
        self.reached.set()
        await self.open.wait()
        return reported(question, self._rate)


def engine(
    source: Source,
    clock: Clock,
    *,
    policy: CheckPolicy = POLICY,
    observer: LookupObserver | None = None,
    **settings: Any,
) -> TaxLookup:
    chosen = {
        "deadline_s": 30.0,
        "breaker": BreakerSettings(failures=3, pause_s=10.0, longest_pause_s=25.0),
        **settings,
    }
    return TaxLookup(
        source,
        policy,
        LookupSettings(**chosen),
        fingerprint="description 1",
        now=clock.now,
        monotonic_s=clock.monotonic_s,
        observer=observer,
    )


def reason(delivery: Delivery) -> str:
    assert isinstance(delivery.result, Unavailable)
    return delivery.result.reason.code


def rate(delivery: Delivery) -> Decimal | None:
    assert isinstance(delivery.result, Calculated)
    return delivery.result.lines[0].taxes[0].rate
