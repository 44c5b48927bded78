"""Rates, concurrency, pauses and the day budget, measured by what the system sees."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from reconciler.errors import BlockedError
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings, Outcome, Rate, Request
from tests.ports.stand_in import QUICK, THING, StandIn, always, in_turn, ok, status


def _most_in_a_window(moments_s: Sequence[float], window_s: float) -> int:
    """The most requests in any window of that length, wherever it begins."""
    ordered = sorted(moments_s)
    return max(sum(1 for other in ordered if 0 <= other - begin < window_s) for begin in ordered)


async def _call_all(port: HttpPort, count: int) -> None:
    await asyncio.gather(*(port.call(Request(path=f"/thing/{number}")) for number in range(count)))


@pytest.mark.parametrize(
    "rates",
    [
        [Rate(calls=3, per_s=0.1)],
        [Rate(calls=2, per_s=0.05), Rate(calls=5, per_s=0.4)],
        [Rate(calls=5, per_s=0.4), Rate(calls=1, per_s=0.02)],
    ],
    ids=["one rate", "two rates", "the longer one first"],
)
@pytest.mark.parametrize("slow_s", [0.0, 0.03], ids=["quick answers", "slow answers"])
async def test_no_window_ever_holds_more_than_the_rate(rates: list[Rate], slow_s: float) -> None:
    """By the system's own log, in every window, with several rates at once and connections that must be made."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(slow_s)
        return web.json_response({})

    settings = HttpSettings(retry=QUICK, rates=rates, concurrency=4)
    async with StandIn(answer) as system, system.port(settings) as port:
        await _call_all(port, 11)
        moments_s = [asked.at_s for asked in system.asked]
        assert len(moments_s) == 11
        for rate in rates:
            assert _most_in_a_window(moments_s, rate.per_s) <= rate.calls


async def test_requests_leave_in_the_order_they_came() -> None:
    settings = HttpSettings(retry=QUICK, rates=[Rate(calls=1, per_s=0.005)], concurrency=3)
    async with StandIn(always(ok())) as system, system.port(settings) as port:
        await _call_all(port, 12)
        assert [asked.path for asked in system.asked] == [f"/thing/{number}" for number in range(12)]


async def test_no_more_than_the_allowed_number_are_in_flight() -> None:
    three_are_here = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        if system.most_at_once == 3:
            three_are_here.set()
        async with asyncio.timeout(10):
            await three_are_here.wait()
        await asyncio.sleep(0)
        return web.json_response({})

    settings = HttpSettings(retry=QUICK, concurrency=3)
    async with StandIn(answer) as system, system.port(settings) as port:
        await _call_all(port, 15)
        assert system.most_at_once == 3


async def test_a_pause_that_the_system_asks_for_holds_everybody() -> None:
    asked_for_pause = False

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal asked_for_pause
        if not asked_for_pause:
            asked_for_pause = True
            return web.json_response({}, status=429, headers={"Retry-After": "0.2"})
        return web.json_response({})

    settings = HttpSettings(retry=QUICK, concurrency=1)
    async with StandIn(answer) as system, system.port(settings) as port:
        await _call_all(port, 4)
        first, *others = [asked.at_s for asked in system.asked]
        assert len(others) == 4
        assert min(others) - first >= 0.2
        assert port.traffic.retries == 1
        assert port.traffic.waited_s > 0


async def test_a_call_that_is_cancelled_while_it_waits_lets_the_others_pass() -> None:
    settings = HttpSettings(retry=QUICK, rates=[Rate(calls=1, per_s=0.05)], concurrency=1)
    async with StandIn(always(ok())) as system, system.port(settings) as port:
        await port.call(THING)
        waiting = asyncio.create_task(port.call(Request(path="/never")))
        await asyncio.sleep(0)
        following = asyncio.create_task(port.call(Request(path="/after")))
        waiting.cancel()
        await following
        assert [asked.path for asked in system.asked] == ["/thing", "/after"]


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def test_the_day_budget_stops_calls_until_the_next_utc_day() -> None:
    """Trap 18: a spent day is told with the moment it ends, and no further request leaves."""
    clock = _Clock(datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    settings = HttpSettings(retry=QUICK, day_budget=3)
    async with StandIn(always(ok())) as system, system.port(settings, spent_today=1, clock=clock) as port:
        await _call_all(port, 2)
        assert port.spent_today == 3
        with pytest.raises(
            BlockedError, match=r"day budget of 3 calls is spent; no calls until 2026-11-23 00:00"
        ) as caught:
            await port.call(THING)
        assert caught.value.until == datetime(2026, 11, 23, tzinfo=UTC)
        assert len(system.asked) == 2
        clock.now += timedelta(minutes=2)
        await port.call(THING)
        assert port.spent_today == 1


async def test_repetitions_are_calls_of_the_day_too() -> None:
    settings = HttpSettings(retry=QUICK, day_budget=2)
    async with StandIn(always(status(503))) as system, system.port(settings) as port:
        with pytest.raises(BlockedError):
            await port.call(THING)
        assert len(system.asked) == 2


async def test_after_a_block_nothing_is_sent_until_it_ends() -> None:
    clock = _Clock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    blocked = status(425, {"m": "bloqueada. Tente em 1800 segundos"})
    rule = Outcome(status=[425], then="blocked", at="m", wait_pattern=r"(\d+) segundos", message="m")
    settings = HttpSettings(retry=QUICK, outcomes=[rule])
    async with StandIn(in_turn(blocked, ok())) as system, system.port(settings, clock=clock) as port:
        for _ in range(2):
            with pytest.raises(
                BlockedError, match=r"erp: GET /thing: .*no calls until 2026-11-22 12:30:00 UTC"
            ) as caught:
                await port.call(THING)
            assert caught.value.until == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
        assert len(system.asked) == 1
        clock.now += timedelta(minutes=30)
        assert (await port.call(THING)).document == {"ok": True}


async def test_a_wait_beyond_our_patience_blocks_instead_of_hanging() -> None:
    async with StandIn(always(status(429, Retry_After="3600"))) as system, system.port() as port:
        with pytest.raises(BlockedError):
            await port.call(THING)
        assert len(system.asked) == 1
