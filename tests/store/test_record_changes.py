"""Changes of records: told once, read by each process that remembers something, and never missed without a word."""

from __future__ import annotations

import asyncio

from reconciler.model.entities import Side
from reconciler.store.state import record_changes
from reconciler.store.state.record_changes import MOST_AT_ONCE, Changes
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.store.state_cases import Clock

ACME = ("customers", "11222333000181")
PRODUCT = ("products", "P0001")


async def test_each_reader_hears_of_each_change_once(state: State) -> None:
    early = await state.changes.position()
    await state.changes.tell({ACME})
    late = await state.changes.position()
    await state.changes.tell({PRODUCT, ACME})
    first = await state.changes.since(early)
    assert first.records == {ACME, PRODUCT}
    assert not first.everything
    assert (await state.changes.since(late)).records == {PRODUCT, ACME}
    assert await state.changes.since(first.position) == Changes(first.position)


async def test_writers_at_once_lose_nothing(state: State) -> None:
    names = {("customers", str(number)) for number in range(12)}
    begun = await state.changes.position()
    await asyncio.gather(*(state.changes.tell({name}) for name in names))
    assert (await state.changes.since(begun)).records == names


async def test_more_than_is_worth_naming_is_everything(state: State) -> None:
    begun = await state.changes.position()
    await state.changes.tell({("customers", str(number)) for number in range(MOST_AT_ONCE + 1)})
    found = await state.changes.since(begun)
    assert found == Changes(begun + 1, everything=True)


async def test_a_reader_that_lags_behind_what_is_kept_is_told_so(state: State, clock: Clock) -> None:
    begun = await state.changes.position()
    await state.changes.tell({ACME})
    clock.now += record_changes.KEPT_FOR
    clock.move(seconds=1)
    await state.changes.tell({PRODUCT})
    assert (await state.changes.since(begun)).everything
    assert (await state.changes.since(begun + 1)).records == {PRODUCT}
    clock.now += record_changes.KEPT_FOR * 2
    await state.changes.tell(None)
    assert await state.changes.since(begun + 2) == Changes(begun + 3, everything=True)


async def test_the_list_is_bounded_in_number(state: State) -> None:
    begun = await state.changes.position()
    for block in range(record_changes.KEPT // MOST_AT_ONCE + 1):
        await state.changes.tell({("products", f"{block}-{number}") for number in range(MOST_AT_ONCE)})
    assert (await state.changes.since(begun)).everything
    kept = await state.changes.since(begun + MOST_AT_ONCE)
    assert (len(kept.records), kept.everything) == (record_changes.KEPT, False)


async def test_a_delivery_and_what_it_says_changed_are_taken_together(state: State) -> None:
    begun = await state.changes.position()
    notice = IncomingNotice("id:1", told=True, hints=(HintedRecord("customers", "2"),))
    await state.webhooks.accept(Side.ERP, [notice], changed={("customers", "2")})
    assert (await state.changes.since(begun)).records == {("customers", "2")}
