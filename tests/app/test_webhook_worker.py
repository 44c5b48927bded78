"""The worker: nothing is lost, nothing is done twice for nothing, and what fails is tried again with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.app.webhooks.record_check import CheckResult, RecordChecker
from reconciler.app.webhooks.worker import Patience, WebhookWorker
from reconciler.errors import BlockedError, ConfigurationError, StateError, UnreachableError, VendorFaultError
from reconciler.model.entities import Side
from reconciler.store.state.records import RunStatus
from reconciler.store.state.runlock import Holder
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.store.state_cases import Clock

PATIENCE = Patience(first_s=2.0, longest_s=60.0, attempts=4, step_s=20.0, poll_s=0.01)


@dataclass
class Checker:
    """Stands in for the comparison: remembers what it was asked, and does as it is told."""

    does: Callable[[str, Mapping[Side, set[str]]], Any] = lambda entity, hinted: CheckResult.RECORDED
    plans: dict[str, object] = field(default_factory=lambda: {"customers": object(), "orders": object()})
    asked: list[tuple[str, set[str]]] = field(default_factory=list)

    async def check(self, entity: str, hinted: Mapping[Side, set[str]]) -> CheckResult:
        self.asked.append((entity, set().union(*hinted.values())))
        result = self.does(entity, hinted)
        return cast("CheckResult", await result if asyncio.iscoroutine(result) else result)


def worker_of(state: State, checker: Checker, clock: Clock, patience: Patience = PATIENCE) -> WebhookWorker:
    return WebhookWorker(state, cast("RecordChecker", checker), asyncio.Event(), patience, clock)


@asynccontextmanager
async def opened(folder: Path, clock: Clock) -> AsyncIterator[State]:
    async with State.open("sqlite:///state.db", folder, clock=clock) as state:
        yield state


async def queue(state: State, *record_ids: str, entity: str = "customers", side: Side = Side.CRM) -> None:
    for record_id in record_ids:
        stamp = f"id:{entity}-{record_id}-{datetime.now(UTC).timestamp()}"
        await state.webhooks.accept(side, [IncomingNotice(stamp, True, (HintedRecord(entity, record_id),))])


def raising(error: Exception, only: str = "") -> Callable[[str, Mapping[Side, set[str]]], CheckResult]:
    def does(_entity: str, hinted: Mapping[Side, set[str]]) -> CheckResult:
        if not only or only in set().union(*hinted.values()):
            raise error
        return CheckResult.RECORDED

    return does


async def test_what_was_accepted_before_a_restart_is_worked_off_after_it(tmp_path: Path) -> None:
    clock, checker = Clock(), Checker()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
    async with opened(tmp_path, clock) as state:
        assert await worker_of(state, checker, clock).step()
        assert (await state.webhooks.length()).pending == 0
    assert checker.asked == [("customers", {"401"})]


async def test_records_of_an_entity_are_checked_together_from_both_sides(tmp_path: Path) -> None:
    clock, checker = Clock(), Checker()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401", "402", "401")
        await queue(state, "2", side=Side.ERP)
        await queue(state, "9", entity="orders")
        await worker_of(state, checker, clock).step()
    assert checker.asked == [("customers", {"401", "402", "2"}), ("orders", {"9"})]


async def test_a_record_that_fails_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    clock = Clock()
    checker = Checker(raising(VendorFaultError("crm", "no", "500"), only="bad"))
    async with opened(tmp_path, clock) as state:
        await queue(state, "401", "bad", "402")
        await worker_of(state, checker, clock).step()
        (left,) = await state.webhooks.waiting(9)
    assert (left.record_id, left.attempts, left.dead) == ("bad", 1, False)
    assert left.problem.startswith("vendor_fault")
    assert left.due_at >= clock.now + timedelta(seconds=2)


async def test_a_system_that_is_away_is_asked_once_for_all(tmp_path: Path) -> None:
    clock = Clock()
    checker = Checker(raising(UnreachableError("erp", "no connection")))
    async with opened(tmp_path, clock) as state:
        await queue(state, "401", "402", "403")
        await worker_of(state, checker, clock).step()
        assert len(checker.asked) == 1
        assert [hint.attempts for hint in await state.webhooks.waiting(9)] == [1, 1, 1]


async def test_attempts_are_bounded_waits_grow_and_the_end_is_visible(tmp_path: Path) -> None:
    clock = Clock()
    checker = Checker(raising(UnreachableError("erp", "no connection")))
    waits = []
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        worker = worker_of(state, checker, clock)
        for _ in range(PATIENCE.attempts - 1):
            await worker.step()
            (hint,) = await state.webhooks.waiting(9)
            waits.append((hint.due_at - clock.now).total_seconds())
            assert not await worker.step()
            clock.now = hint.due_at
        await worker.step()
        (hint,) = await state.webhooks.waiting(9)
        assert hint.dead
        assert not await worker.step()
    assert all(base <= wait <= base * 1.25 for base, wait in zip((2, 4, 8), waits, strict=True))
    assert len(checker.asked) == PATIENCE.attempts


async def test_a_wait_the_system_asks_for_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    until = clock.now + timedelta(hours=2)
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        await worker_of(state, Checker(raising(BlockedError("crm", "blocked", until))), clock).step()
        assert await state.webhooks.next_due_at() == until


async def test_what_can_never_be_asked_for_is_given_up_at_once(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        await queue(state, "4' or 1 eq 1")
        await worker_of(state, Checker(raising(ConfigurationError("the value of id cannot stand here"))), clock).step()
        assert (await state.webhooks.length()).dead == 1


async def test_a_defect_stops_one_record_and_tells_no_values(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401", "bad")
        await worker_of(state, Checker(raising(KeyError("Fulano de Tal"), only="bad")), clock).step()
        (left,) = await state.webhooks.waiting(9)
    assert (left.record_id, left.problem) == ("bad", "a defect (KeyError)")


async def test_a_check_that_never_ends_is_ended(tmp_path: Path) -> None:
    clock = Clock()
    checker = Checker(lambda entity, hinted: asyncio.Event().wait())
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        await worker_of(state, checker, clock, Patience(step_s=0.01)).step()
        (left,) = await state.webhooks.waiting(9)
    assert (left.attempts, left.problem) == (1, "the check took too long")


async def test_an_overtaken_check_is_done_again_and_counts_no_failure(tmp_path: Path) -> None:
    clock = Clock()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        assert not await worker_of(state, Checker(lambda entity, hinted: CheckResult.OVERTAKEN), clock).step()
        assert [hint.attempts for hint in await state.webhooks.due(9)] == [0]


async def test_while_a_run_is_going_on_nothing_is_asked(tmp_path: Path) -> None:
    clock, checker = Clock(), Checker()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        run_id = await state.runs.start(["customers"], full=False)
        assert not await worker_of(state, checker, clock).step()
        assert checker.asked == []
        await state.runs.finish(run_id, RunStatus.COMPLETE, {})
        assert await worker_of(state, checker, clock).step()


async def test_hints_about_what_is_not_in_scope_any_more_are_dropped(tmp_path: Path) -> None:
    clock, checker = Clock(), Checker(plans={})
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        assert await worker_of(state, checker, clock).step()
        assert (await state.webhooks.length()).pending == 0
    assert checker.asked == []


async def test_notices_during_a_check_lead_to_exactly_one_more(tmp_path: Path) -> None:
    clock, checker, begun, go_on = Clock(), Checker(), asyncio.Event(), asyncio.Event()

    async def slowly() -> CheckResult:
        begun.set()
        await go_on.wait()
        return CheckResult.RECORDED

    checker.does = lambda entity, hinted: slowly()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        worker = worker_of(state, checker, clock)
        step = asyncio.create_task(worker.step())
        await begun.wait()
        await queue(state, *["401"] * 20)
        go_on.set()
        await step
        while await worker.step():
            pass
    assert len(checker.asked) == 2


async def test_stopping_finishes_the_step_in_hand_and_begins_no_other(tmp_path: Path) -> None:
    clock, checker, begun, go_on, stop = Clock(), Checker(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slowly() -> CheckResult:
        begun.set()
        await go_on.wait()
        return CheckResult.RECORDED

    checker.does = lambda entity, hinted: slowly()
    async with opened(tmp_path, clock) as state:
        await queue(state, "401")
        working = asyncio.create_task(worker_of(state, checker, clock).run(stop))
        await begun.wait()
        stop.set()
        await queue(state, "402")
        go_on.set()
        await asyncio.wait_for(working, 10)
        assert [hint.record_id for hint in await state.webhooks.waiting(9)] == ["402"]
        assert await state.webhook_lock.acquire()


async def test_a_running_worker_is_woken_and_survives_a_state_that_fails(tmp_path: Path) -> None:
    clock, stop, done = Clock(), asyncio.Event(), asyncio.Event()
    failures = [StateError("the state is in use.")]

    def does(_entity: str, _hinted: Mapping[Side, set[str]]) -> CheckResult:
        if failures:
            raise failures.pop()
        done.set()
        return CheckResult.RECORDED

    async with opened(tmp_path, clock) as state:
        worker = worker_of(state, Checker(does), clock, Patience(first_s=0.0, longest_s=0.0, poll_s=5.0))
        working = asyncio.create_task(worker.run(stop))
        await queue(state, "401")
        worker.wake.set()
        await asyncio.wait_for(done.wait(), 10)
        stop.set()
        await asyncio.wait_for(working, 10)
        assert (await state.webhooks.length()).pending == 0


@dataclass
class Lock:
    """Stands in for the lock of another process; counts how often it is asked for."""

    held_elsewhere: bool = True
    asked_again: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    taken: bool = False
    _asked: int = 0

    async def acquire(self) -> bool:
        self._asked += 1
        if self._asked > 1:
            self.asked_again.set()
        return not self.held_elsewhere

    async def is_held(self) -> bool:
        return self.held_elsewhere

    async def holder(self) -> Holder | None:
        return None

    async def is_ours(self, connection: AsyncConnection) -> bool:
        return not self.held_elsewhere

    async def release(self) -> None:
        """Part of the protocol."""


async def test_a_second_worker_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    clock, stop, done, lock = Clock(), asyncio.Event(), asyncio.Event(), Lock()

    def does(_entity: str, _hinted: Mapping[Side, set[str]]) -> CheckResult:
        done.set()
        return CheckResult.RECORDED

    async with opened(tmp_path, clock) as state:
        state.webhook_lock = lock
        await queue(state, "401")
        working = asyncio.create_task(worker_of(state, Checker(does), clock).run(stop))
        await asyncio.wait_for(lock.asked_again.wait(), 10)
        assert not done.is_set()
        lock.held_elsewhere = False
        await asyncio.wait_for(done.wait(), 10)
        stop.set()
        await asyncio.wait_for(working, 10)
