"""When a request may be sent: several rates at once, calls in flight, waits the system asked for, the day budget.

A call takes its place in every rate when it is sent and keeps it until a whole period after its answer began. The
system counts the call somewhere between those two moments, so no window it can look at ever holds more than the rate
allows, however long connections or answers take. Callers pass one by one, in the order they came.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Final, Self

from asyncio_throttle.throttler import Throttler

from reconciler.errors import BlockedError
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import Traffic
from reconciler.ports.http.outcome import next_utc_midnight
from reconciler.ports.http.settings import Rate

_TIMER_SLACK_S: Final = 0.001
"""Timers may fire a little early; without it a caller would look at the clock several times in a row."""


class _Bucket(Throttler):
    """One rate. The log of the throttler holds answered calls; unanswered ones are counted beside it."""

    def __init__(self, rate: Rate) -> None:
        super().__init__(rate_limit=rate.calls, period=rate.per_s)
        self._unanswered = 0

    def wait_s(self) -> float:
        """Until there may be room: 0 when there is, infinite when only an answer can make room."""
        self.flush()  # type: ignore[no-untyped-call]  # asyncio-throttle is typed in part
        if len(self._task_logs) + self._unanswered < self.rate_limit:
            return 0.0
        if not self._task_logs:
            return math.inf
        return float(self._task_logs[0] + self.period - time.monotonic()) + _TIMER_SLACK_S

    def take(self) -> None:
        self._unanswered += 1

    async def answered(self) -> None:
        """Never waits: the place that `take` kept is the place the log uses now."""
        self._unanswered -= 1
        await self.acquire()  # type: ignore[no-untyped-call]  # asyncio-throttle is typed in part


class Turn:
    """The right to send one request: waited for by `async with`, and lasting until its end.

    It costs nothing until `begin`, which must come before anything is awaited.
    """

    __slots__ = ("_buckets", "_enter", "_leave", "_spend", "_unanswered", "_wake")

    def __init__(
        self,
        buckets: Sequence[_Bucket],
        spend: Callable[[], None],
        wake: asyncio.Event,
        enter: Callable[[], Awaitable[None]],
        leave: Callable[[], None],
    ) -> None:
        self._buckets = buckets
        self._spend = spend
        self._wake = wake
        self._enter = enter
        self._leave = leave
        self._unanswered = False

    async def __aenter__(self) -> Self:
        await self._enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.answered()
        finally:
            self._leave()

    def begin(self) -> None:
        """Take a place in every rate, and a call of the day."""
        self._unanswered = True
        self._spend()
        for bucket in self._buckets:
            bucket.take()

    async def answered(self) -> None:
        """The system has begun to answer, or the request has failed. Told twice, the first time counts."""
        if self._unanswered:
            self._unanswered = False
            for bucket in self._buckets:
                await bucket.answered()
            self._wake.set()


class Throttle:
    """Lets requests to one system pass, first come first served.

    Args:
        spent_today: calls already made in the current UTC day, by earlier runs.
        clock: aware current time.
    """

    def __init__(
        self,
        system: str,
        rates: Sequence[Rate],
        concurrency: int,
        day_budget: int | None,
        traffic: Traffic,
        clock: Callable[[], datetime],
        spent_today: int = 0,
    ) -> None:
        self._system = system
        self._buckets = [_Bucket(rate) for rate in rates]
        self._in_flight = asyncio.Semaphore(concurrency)
        self._gate = asyncio.Lock()
        self._wake = asyncio.Event()
        self._held_until_s = 0.0
        self._blocked_until: datetime | None = None
        self._blocked_because = ""
        self._day_budget = day_budget
        self._traffic = traffic
        self._clock = clock
        self._day: date = self._today()
        self._spent_today = spent_today

    @property
    def spent_today(self) -> int:
        """Calls made in the current UTC day."""
        return self._spent_today if self._day == self._today() else 0

    @property
    def blocked_until(self) -> datetime | None:
        """Until when every call is refused; None when calls may be made."""
        until = self._blocked_until
        return until if until is not None and self._clock() < until else None

    def hold(self, wait_s: float) -> None:
        """Nobody sends for this long: the system asked for a pause, and it means all of us."""
        self._held_until_s = max(self._held_until_s, time.monotonic() + wait_s)

    def block(self, until: datetime, because: str) -> None:
        """Refuse every further call until then (aware)."""
        self._blocked_until = until
        self._blocked_because = because

    def refusal(self, until: datetime, because: str, hint: str = "") -> BlockedError:
        """The error of a call that may not be made."""
        message = phrase(
            "{because}; no calls until {astimezone} UTC.",
            because=because,
            astimezone=f"{until.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        )
        return BlockedError(self._system, message, until, hint=hint)

    def turn(self) -> Turn:
        """Wait for the right to send; it lasts until the context ends, which should be when the body has been read.

        Raises:
            BlockedError: on entering: calls are forbidden for now, or the day budget is spent.
        """
        return Turn(self._buckets, self._spend, self._wake, self._enter, self._in_flight.release)

    async def _enter(self) -> None:
        began_s = time.monotonic()
        await self._in_flight.acquire()
        try:
            async with self._gate:
                await self._until_allowed()
        except BaseException:
            self._in_flight.release()
            raise
        self._traffic.waited_s += time.monotonic() - began_s

    async def _until_allowed(self) -> None:
        while True:
            self._refuse_when_blocked()
            held_s = self._held_until_s - time.monotonic()
            wait_s = max([held_s, *(bucket.wait_s() for bucket in self._buckets)])
            if wait_s <= 0:
                return
            if math.isinf(wait_s):
                self._wake.clear()
                await self._wake.wait()
            else:
                await asyncio.sleep(wait_s)

    def _refuse_when_blocked(self) -> None:
        now = self._clock()
        if self._blocked_until is not None and now < self._blocked_until:
            raise self.refusal(self._blocked_until, self._blocked_because)
        if self._day_budget is not None and self.spent_today >= self._day_budget:
            raise self.refusal(
                next_utc_midnight(now),
                phrase("the day budget of {day_budget} calls is spent", day_budget=self._day_budget),
                phrase("Run again after that, or raise day_budget in the description if the contract allows more."),
            )

    def _spend(self) -> None:
        today = self._today()
        if today != self._day:
            self._day, self._spent_today = today, 0
        self._spent_today += 1

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()
