"""The queue of webhooks: durable, coalesced, tried again with a bound, and never a lost second change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from reconciler.model.entities import Side
from reconciler.store.state.state import State
from reconciler.store.state.webhook_queue import REMEMBERED_FOR
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice, PendingHint
from tests.store.state_cases import Clock

ACME = HintedRecord("customers", "401", "updated")
OTHER = HintedRecord("customers", "402", "updated")


def notice(*hints: HintedRecord, identity: str = "id:1", told: bool = True) -> IncomingNotice:
    return IncomingNotice(identity, told, hints or (ACME,))


async def _due(state: State) -> list[PendingHint]:
    return await state.webhooks.due(100)


async def test_what_was_accepted_is_there_after_opening_again(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        accepted = await state.webhooks.accept(Side.CRM, [notice(ACME, OTHER)])
        assert (accepted.queued, accepted.repeated) == (2, 0)
    async with State.open(state_url, tmp_path) as state:
        assert [(hint.side, hint.entity, hint.record_id) for hint in await _due(state)] == [
            (Side.CRM, "customers", "401"),
            (Side.CRM, "customers", "402"),
        ]


async def test_an_event_whose_id_is_known_is_taken_once_even_when_its_work_is_done(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    await state.webhooks.done(await _due(state))
    accepted = await state.webhooks.accept(Side.CRM, [notice()])
    assert (accepted.queued, accepted.repeated) == (0, 1)
    assert await _due(state) == []


async def test_the_same_id_from_the_other_side_is_another_event(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    assert (await state.webhooks.accept(Side.ERP, [notice()])).repeated == 0
    assert {hint.side for hint in await _due(state)} == {Side.CRM, Side.ERP}


async def test_an_equal_body_after_the_work_was_done_may_be_a_second_change(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice(identity="body:ab", told=False)])
    await state.webhooks.done(await _due(state))
    accepted = await state.webhooks.accept(Side.CRM, [notice(identity="body:ab", told=False)])
    assert (accepted.queued, accepted.repeated) == (1, 1)
    assert len(await _due(state)) == 1


async def test_a_storm_about_one_record_waits_once(state: State) -> None:
    for number in range(30):
        await state.webhooks.accept(Side.CRM, [notice(identity=f"id:{number}")])
    (hint,) = await _due(state)
    assert hint.deliveries == 30


async def test_a_notice_that_comes_while_its_record_is_read_is_not_lost(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice(), notice(OTHER, identity="id:2")])
    taken = await _due(state)
    await state.webhooks.accept(Side.CRM, [notice(identity="id:3")])
    await state.webhooks.done(taken)
    assert [hint.record_id for hint in await _due(state)] == ["401"]


async def test_a_postponed_record_waits_and_counts_its_attempts(state: State, clock: Clock) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    (hint,) = await _due(state)
    await state.webhooks.postpone(hint, by=timedelta(seconds=8), problem="unreachable")
    assert await _due(state) == []
    assert await state.webhooks.next_due_at() == clock.now + timedelta(seconds=8)
    clock.move(seconds=8)
    (again,) = await _due(state)
    assert (again.attempts, again.problem) == (1, "unreachable")


async def test_a_new_notice_does_not_shorten_a_back_off(state: State, clock: Clock) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    (hint,) = await _due(state)
    await state.webhooks.postpone(hint, by=timedelta(seconds=60), problem="unreachable")
    await state.webhooks.accept(Side.CRM, [notice(identity="id:2")])
    assert await _due(state) == []
    clock.move(seconds=60)
    assert [each.attempts for each in await _due(state)] == [1]


async def test_what_was_given_up_is_seen_and_comes_back_when_asked(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice(), notice(OTHER, identity="id:2")])
    first, second = await _due(state)
    await state.webhooks.give_up(first, problem="vendor_fault")
    length = await state.webhooks.length()
    assert (length.pending, length.dead) == (1, 1)
    assert [(hint.record_id, hint.dead) for hint in await state.webhooks.waiting(9)] == [("401", True), ("402", False)]
    assert [hint.record_id for hint in await _due(state)] == [second.record_id]
    assert await state.webhooks.revive() == 1
    assert {hint.record_id: hint.attempts for hint in await _due(state)} == {"401": 0, "402": 0}


async def test_a_new_notice_brings_back_what_was_given_up(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    (hint,) = await _due(state)
    await state.webhooks.give_up(hint, problem="vendor_fault")
    await state.webhooks.accept(Side.CRM, [notice(identity="id:2")])
    assert [(each.dead, each.attempts) for each in await _due(state)] == [(False, 0)]


async def test_nothing_is_given_up_that_was_asked_for_again_meanwhile(state: State) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    (hint,) = await _due(state)
    await state.webhooks.accept(Side.CRM, [notice(identity="id:2")])
    await state.webhooks.give_up(hint, problem="vendor_fault")
    assert (await state.webhooks.length()).dead == 0


async def test_deliveries_are_forgotten_when_nobody_repeats_them_any_more(state: State, clock: Clock) -> None:
    await state.webhooks.accept(Side.CRM, [notice()])
    clock.move(seconds=REMEMBERED_FOR.total_seconds())
    await state.webhooks.forget_old()
    assert (await state.webhooks.accept(Side.CRM, [notice()])).repeated == 1
    clock.move(seconds=REMEMBERED_FOR.total_seconds() + 1)
    await state.webhooks.forget_old()
    assert (await state.webhooks.accept(Side.CRM, [notice()])).repeated == 0


async def test_an_empty_queue_has_nothing_due(state: State) -> None:
    length = await state.webhooks.length()
    assert (length.pending, length.dead, length.oldest_at) == (0, 0, None)
    assert await state.webhooks.next_due_at() is None


async def test_ids_are_data(state: State) -> None:
    texts = ["4'01; --", "Ação 401", "a" * 200]
    await state.webhooks.accept(Side.ERP, [notice(*(HintedRecord("orders", text) for text in texts))])
    assert [hint.record_id for hint in await _due(state)] == texts


async def test_one_process_at_a_time_works_off_the_queue(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as one, State.open(state_url, tmp_path) as two:
        assert await one.webhook_lock.acquire()
        assert not await two.webhook_lock.acquire()
        run = await two.runs.start(["customers"], full=False)
        assert run
        await one.webhook_lock.release()
        assert await two.webhook_lock.acquire()
