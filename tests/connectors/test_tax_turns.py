"""Answers that come together are read a few in each round of the loop, in the order they came."""

from __future__ import annotations

import asyncio

from reconciler.connectors.tax.turns import Turns


async def rounds_of(turns: Turns, callers: int, *, gone: frozenset[int] = frozenset()) -> dict[int, int]:
    """The round in which each of several callers had its turn; those who are gone went away while they waited."""
    had: dict[int, int] = {}
    now = 0

    async def call(caller: int) -> None:
        await turns.mine()
        had[caller] = now

    tasks = [asyncio.create_task(call(caller)) for caller in range(callers)]
    await asyncio.sleep(0)
    for caller in gone:
        tasks[caller].cancel()
    while any(not task.done() for task in tasks):
        now += 1
        await asyncio.sleep(0)
    return had


async def test_two_in_each_round_in_the_order_they_came() -> None:
    had = await rounds_of(Turns(2), 7)
    places = sorted(set(had.values()))
    assert [places.index(had[caller]) for caller in range(7)] == [0, 0, 1, 1, 2, 2, 3]


async def test_whoever_went_away_takes_no_turn() -> None:
    had = await rounds_of(Turns(1), 5, gone=frozenset({1, 2}))
    assert list(had) == [0, 3, 4]
    assert had[4] - had[3] == 1


async def test_later_callers_find_it_as_the_first_did() -> None:
    turns = Turns(1)
    first = await rounds_of(turns, 3)
    await asyncio.sleep(0)
    assert await rounds_of(turns, 3) == first


async def test_nobody_waits_who_comes_alone() -> None:
    turns = Turns(1)
    for _ in range(3):
        coroutine = turns.mine()
        try:
            coroutine.send(None)
        except StopIteration:
            await asyncio.sleep(0)
        else:
            raise AssertionError("waited")
