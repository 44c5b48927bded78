"""The one engine behind every look-up of taxes: in time or not at all, asked once, checked, labelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from reconciler.errors import (
    SystemReadError,
    WrongQuoteError,
)
from reconciler.mapping.canonical_plain import code_plain
from reconciler.model.taxes import ReportedTaxes, TaxQuestion
from reconciler.taxes.answer import Delivery, Note, Source, Unavailable
from reconciler.taxes.breaker import BreakerSettings, CircuitBreaker, Trial
from reconciler.taxes.cache import AnswerCache, Kept, RecordName, question_key
from reconciler.taxes.checks import CheckPolicy, checked, stated_rates
from reconciler.taxes.failures import reason_of, says_nothing
from reconciler.taxes.observer import (
    ANSWERED,
    BROKEN_OFF,
    DEFECT,
    WRONG_QUOTE,
    LookupLoad,
    LookupObserver,
    NobodyWatches,
)

_log = structlog.get_logger("reconciler.taxes")


class TaxSource(Protocol):
    """An ERP that can be asked for taxes."""

    async def ask(self, question: TaxQuestion) -> ReportedTaxes:
        """What it reports, unchecked.

        Raises:
            WrongQuoteError: the quote names a customer or product it does not know, or lacks something it needs.
            TaxAnswerError: its answer cannot be read.
            SystemReadError: it did not answer.
        """
        ...

    async def warm_up(self) -> None:
        """Connect and log in. Raises SystemReadError."""
        ...

    def forget(self, records: Collection[RecordName]) -> None:
        """Drop what is remembered of these records."""
        ...

    def forget_all(self) -> None:
        """Drop what is remembered of any record."""
        ...


@dataclass(frozen=True, slots=True)
class LookupSettings:
    """Bounds of one engine.

    Attributes:
        deadline_s: from the question to the answer, waiting for a place included.
        cache_ttl_s: how long an answer is given again; 0 asks every time.
        concurrency: conversations with the ERP at once.
        queue: questions that may wait for a place; more are turned away at once.
        yields_rates: the ERP gives rates and no amounts.
    """

    deadline_s: float = 2.0
    cache_ttl_s: float = 900.0
    concurrency: int = 8
    queue: int = 64
    yields_rates: bool = False
    breaker: BreakerSettings = field(default_factory=BreakerSettings)


@dataclass(slots=True, eq=False)
class _Flight:
    """One question on its way, for everybody who asks it meanwhile.

    Attributes:
        told: whether everybody has heard what came of it.
        changed: records that changed since it began: an answer that depends on one of them may not be kept.
        outdated: anything may have changed since: whatever comes may not be kept.
    """

    key: bytes
    waiting: list[asyncio.Future[Kept | Unavailable]] = field(default_factory=list)
    told: bool = False
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    trial: Trial | None = None
    changed: set[RecordName] = field(default_factory=set)
    outdated: bool = False

    async def outcome(self) -> Kept | Unavailable:
        """What comes of it. Whoever waits may go away; the others, and the cache, still want the answer."""
        waiter: asyncio.Future[Kept | Unavailable] = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        return await waiter

    def tell(self, result: Kept | Unavailable | BaseException) -> None:
        """Everybody who waits hears this; later results are nobody's."""
        self.told = True
        for waiter in self.waiting:
            if waiter.done():
                continue
            if isinstance(result, BaseException):
                waiter.set_exception(result)
            else:
                waiter.set_result(result)

    def may_be_kept(self, kept: Kept) -> bool:
        """Whether nothing it depends on changed while it was on its way."""
        return not self.outdated and self.changed.isdisjoint(kept.records)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TaxLookup:
    """Looks taxes up in one ERP. For one event loop; `close` at the end.

    Args:
        fingerprint: of everything beside a question that can change its answer: system, description, ERP context.
        now, monotonic_s: the wall clock (aware), and one that never goes back.
        observer: told what happens.
    """

    def __init__(
        self,
        source: TaxSource,
        policy: CheckPolicy,
        settings: LookupSettings,
        *,
        fingerprint: str,
        now: Callable[[], datetime] = _utc_now,
        monotonic_s: Callable[[], float] = time.monotonic,
        observer: LookupObserver | None = None,
    ) -> None:
        self._observer: LookupObserver = observer or NobodyWatches()
        self._source = source
        self._policy = policy
        self._settings = settings
        self._fingerprint = fingerprint
        self._now = now
        self._monotonic_s = monotonic_s
        self._lasts = timedelta(seconds=settings.cache_ttl_s)
        self._cache = AnswerCache(settings.cache_ttl_s, monotonic_s)
        self._breaker = CircuitBreaker(settings.breaker, monotonic_s)
        self._places = asyncio.Semaphore(settings.concurrency)
        self._flights: dict[bytes, _Flight] = {}
        self._airborne: dict[asyncio.Task[None], _Flight] = {}
        self._closing = False

    @property
    def breaker(self) -> CircuitBreaker:
        """Whether the ERP is asked at all now; to look at."""
        return self._breaker

    def key_of(self, question: TaxQuestion) -> bytes:
        """What `taxes_of` knows the question by; for whoever asks it again and again."""
        return question_key(question, self._fingerprint)

    async def taxes_of(self, question: TaxQuestion, *, allow_stale: bool = False, key: bytes | None = None) -> Delivery:
        """The taxes, or why there are none; always within the deadline.

        Args:
            allow_stale: an old answer, labelled as such, is better than none.
            key: of this question, where `key_of` was asked before.

        Raises:
            WrongQuoteError: the quote cannot be asked about.
            ConfigurationError: the description or the project lacks something.
        """
        began_s = self._monotonic_s()
        if key is None:
            key = self.key_of(question)
        known = self.kept(key)
        if known is not None:
            return known
        flight = self._flights.get(key) or self._started(key, question)
        result = await flight.outcome() if isinstance(flight, _Flight) else flight
        if isinstance(result, Kept):
            return self._delivered(result, began_s, Source.LIVE)
        old = self._cache.stale(key) if allow_stale else None
        if old is not None:
            return self._delivered(old, began_s, Source.CACHED, instead_of=result)
        return self._refused(result, began_s)

    def kept(self, key: bytes) -> Delivery | None:
        """The answer that is given again, where there is one: as `taxes_of` gives it, without waiting."""
        began_s = self._monotonic_s()
        kept = self._cache.fresh(key)
        return None if kept is None else self._delivered(kept, began_s, Source.CACHED)

    async def warm_up(self) -> None:
        """Connect and log in before the first question does; a failure is left to that one."""
        failure: str | None = None
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                await self._source.warm_up()
        except TimeoutError:
            failure = "deadline"
        except SystemReadError as error:
            failure = reason_of(error).code
        if failure is not None:
            _log.info("warm_up_failed", reason=failure)
        self._observer.warmed_up(failure)

    def forget(self, records: Collection[RecordName]) -> None:
        """Drop what depends on these records of the ERP, each named by entity and id or key: they changed."""
        self._cache.forget(records)
        self._source.forget(records)
        for flight in self._airborne.values():
            flight.changed.update(records)
        # On which ids an answer depends is known when it is there: until then nobody new may wait for it.
        self._flights.clear()

    def forget_all(self) -> None:
        """Drop every answer: anything may have changed in the ERP."""
        self._cache.forget_all()
        self._source.forget_all()
        for flight in self._airborne.values():
            flight.outdated = True
        self._flights.clear()

    @property
    def load(self) -> LookupLoad:
        """How it stands now."""
        return LookupLoad(self._breaker.circuit, self._cache.answers, self._cache.lines, len(self._airborne))

    async def close(self) -> None:
        """Take no more questions, and wait for those under way: each ends by its deadline."""
        self._closing = True
        while self._airborne:
            await asyncio.wait(self._airborne)

    def _started(self, key: bytes, question: TaxQuestion) -> _Flight | Unavailable:
        if self._closing:
            return Unavailable(Note("closing"))
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        if len(self._airborne) >= self._settings.concurrency + self._settings.queue:
            return Unavailable(Note("overloaded"))
        loop = asyncio.get_running_loop()
        flight = _Flight(key)
        flight.task = loop.create_task(self._flown(flight, question))
        flight.timer = loop.call_later(self._settings.deadline_s, self._expire, flight)
        self._flights[key] = flight
        self._airborne[flight.task] = flight
        flight.task.add_done_callback(partial(self._landed, flight))
        return flight

    def _refusal(self) -> Unavailable | None:
        retry_in_s = self._breaker.retry_in_s()
        if retry_in_s is None:
            return None
        failures = str(self._breaker.failures)
        return Unavailable(Note("circuit_open", {"failures": failures, "retry_in_s": f"{retry_in_s:.0f}"}))

    async def _flown(self, flight: _Flight, question: TaxQuestion) -> None:
        result = await self._fly(flight, question)
        if flight.told:
            return
        # At once, and not when the task has ended: answers that come together would all go out with the last of them.
        self._forget_flight(flight)
        flight.tell(result)
        if isinstance(result, Kept) and flight.may_be_kept(result):
            self._cache.keep(flight.key, result)

    async def _fly(self, flight: _Flight, question: TaxQuestion) -> Kept | Unavailable:
        async with self._places:
            trial = self._breaker.admit()
            if trial is None:
                # The circuit opened while this question waited for its place.
                return self._refusal() or Unavailable(Note("overloaded"))
            flight.trial = trial
            try:
                return await self._asked(question, trial)
            finally:
                trial.ended()

    async def _asked(self, question: TaxQuestion, trial: Trial) -> Kept | Unavailable:
        try:
            reported = await self._conversation(question)
            as_of, as_of_s = self._now(), self._monotonic_s()
            trial.succeeded()
            if self._settings.yields_rates:
                return Unavailable(Note("rates_only"), stated_rates(question, reported, self._policy))
            result = checked(question, reported, self._policy)
        except SystemReadError as error:
            if says_nothing(error):
                trial.failed()
            else:
                trial.succeeded()
            return Unavailable(reason_of(error))
        return Kept(result, as_of, as_of_s, as_of + self._lasts, reported.records | _named_records(question))

    async def _conversation(self, question: TaxQuestion) -> ReportedTaxes:
        """What the ERP reports; its observer hears how long that took, however it ends."""
        began_s, outcome = self._monotonic_s(), DEFECT
        try:
            reported = await self._source.ask(question)
            outcome = ANSWERED
        except asyncio.CancelledError:
            outcome = BROKEN_OFF
            raise
        except WrongQuoteError:
            outcome = WRONG_QUOTE
            raise
        except SystemReadError as error:
            outcome = reason_of(error).code
            raise
        finally:
            self._observer.asked(outcome, self._monotonic_s() - began_s)
        return reported

    def _expire(self, flight: _Flight) -> None:
        """The deadline: everybody hears it now, however long it takes to break the conversation off."""
        if not flight.told:
            flight.tell(Unavailable(Note("deadline", {"deadline_s": f"{self._settings.deadline_s:g}"})))
        self._forget_flight(flight)
        if flight.trial is not None:
            flight.trial.failed()
        if flight.task is not None:
            flight.task.cancel()

    def _landed(self, flight: _Flight, task: asyncio.Task[None]) -> None:
        del self._airborne[task]
        if flight.timer is not None:
            flight.timer.cancel()
        self._forget_flight(flight)
        if task.cancelled():
            if not flight.told:
                flight.tell(Unavailable(Note("closing")))
            return
        error = task.exception()
        if error is not None and not flight.told:
            flight.tell(error)

    def _forget_flight(self, flight: _Flight) -> None:
        """Nobody new may wait for it."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    def _delivered(
        self, kept: Kept, began_s: float, source: Source, *, instead_of: Unavailable | None = None
    ) -> Delivery:
        now_s = self._monotonic_s()
        delivery = Delivery(
            kept.result,
            source,
            kept.as_of,
            max(0.0, now_s - kept.as_of_s),
            kept.expires_at if instead_of is None else None,
            round((now_s - began_s) * 1000),
            instead_of is not None,
            () if instead_of is None else (Note("stale", {"reason": instead_of.reason.code}),),
        )
        self._observer.delivered(delivery, now_s - began_s)
        return delivery

    def _refused(self, result: Unavailable, began_s: float) -> Delivery:
        elapsed_s = self._monotonic_s() - began_s
        delivery = Delivery(result, Source.LIVE, self._now(), 0.0, None, round(elapsed_s * 1000))
        self._observer.delivered(delivery, elapsed_s)
        return delivery


def _named_records(question: TaxQuestion) -> frozenset[RecordName]:
    """The records a question names by key, as it writes them and in their canonical form."""
    products = {("products", sku) for line in question.lines for sku in (line.sku, code_plain(line.sku))}
    tax_id = question.customer.tax_id
    return frozenset(products if tax_id is None else {*products, ("customers", tax_id)})
