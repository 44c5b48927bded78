"""Whether a system is up is known from what was heard of it; it is asked rarely, by one, and never for long."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.errors import UnreachableError
from reconciler.service.systems import Caution, SystemWatch
from tests.taxes.engine import Clock


class System:
    """Counts who asks for a sign of life, and does as told."""

    def __init__(self) -> None:
        self.asked = 0
        self.trouble: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def probe(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.trouble is not None:
            raise self.trouble


def watch(system: System, clock: Clock, **caution: float) -> SystemWatch:
    chosen = Caution(quiet_s=100.0, longest_s=300.0, **caution)
    return SystemWatch("erp", system.probe, chosen, clock.monotonic_s, clock.now)


async def test_it_is_asked_once_and_then_left_alone_for_a_while() -> None:
    system, clock = System(), Clock()
    watched = watch(system, clock)
    for _ in range(3):
        standing = await watched.standing()
    assert standing == {"status": "up", "problem": None, "last_contact_at": "2026-11-22T12:00:00+00:00"}
    clock.passed_s = 99.0
    watched.heard(None)
    clock.passed_s = 198.0
    await watched.standing()
    assert system.asked == 1
    clock.passed_s = 199.0
    await watched.standing()
    assert system.asked == 2


async def test_one_that_is_down_is_asked_ever_more_rarely() -> None:
    system, clock = System(), Clock()
    watched = watch(system, clock)
    system.trouble = UnreachableError("erp", "no connection.")
    asked_at = []
    for second in range(0, 1300, 50):
        clock.passed_s = float(second)
        before = system.asked
        standing = await watched.standing()
        asked_at += [second] * (system.asked - before)
    assert (standing["status"], standing["problem"], standing["last_contact_at"]) == ("down", "unreachable", None)
    assert asked_at == [0, 100, 300, 600, 900, 1200]


async def test_whoever_wants_to_know_does_not_wait_for_a_system_that_hangs() -> None:
    system, clock = System(), Clock()
    system.answers.clear()
    watched = watch(system, clock, waited_s=0.01)
    async with asyncio.timeout(10):
        many = await asyncio.gather(*(watched.standing() for _ in range(20)))
        assert {standing["status"] for standing in many} == {"unknown"}
        assert system.asked == 1
        await watched.close()


@pytest.mark.parametrize(("trouble", "problem"), [(TimeoutError(), "deadline"), (ValueError("x"), "defect")], ids=str)
async def test_a_probe_that_breaks_tells_what_kind_of_trouble_it_is(trouble: Exception, problem: str) -> None:
    system = System()
    system.trouble = trouble
    assert (await watch(system, Clock()).standing())["problem"] == problem
