"""The one task that works off the queue: groups what waits, checks it, and decides what to do when that fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from reconciler.app.webhooks.record_check import CheckResult, RecordChecker
from reconciler.errors import (
    BlockedError,
    ConfigurationError,
    CredentialsRefusedError,
    ReconcilerError,
    StateError,
    UnreachableError,
)
from reconciler.model.entities import Side
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import PendingHint

_log = structlog.get_logger("reconciler.webhooks")

_AT_ONCE: Final = 50
_FORGET_EVERY: Final = timedelta(hours=1)
_SYSTEM_IS_AWAY: Final = (UnreachableError, CredentialsRefusedError, BlockedError)
"""Asking for the records one by one would only fail as many times."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a record is tried.

    Attributes:
        first_s: wait after the first failure; it doubles each time up to `longest_s`, plus up to a quarter by chance.
        attempts: failures after which a record is given up; about three hours with these numbers.
        step_s: one group of records may take this long.
        poll_s: the queue is looked at this often even when nobody says that something came.
    """

    first_s: float = 2.0
    longest_s: float = 1800.0
    attempts: int = 15
    step_s: float = 180.0
    poll_s: float = 1.0

    def wait(self, attempts: int) -> timedelta:
        """The wait after that many failures."""
        seconds = min(self.first_s * 2 ** min(attempts, 30), self.longest_s)
        return timedelta(seconds=seconds * random.uniform(1.0, 1.25))  # noqa: S311  # spreads load, hides nothing


@dataclass(slots=True)
class WebhookWorker:
    """Works off the queue of one state, for as long as `run` is awaited.

    Attributes:
        wake: set when something was queued.
    """

    state: State
    checker: RecordChecker
    wake: asyncio.Event
    patience: Patience = Patience()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _forgot_at: datetime = field(default=datetime(1970, 1, 1, tzinfo=UTC), init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the step in hand is finished first. One process at a time does; others wait here.

        What was queued before this began is worked off too.
        """
        while not stop.is_set():
            if not await self._is_ours():
                await self._pause(stop)
                continue
            try:
                # On a server the lock goes with its connection: then another process works them off.
                await self._work_off(stop)
            finally:
                await self.state.webhook_lock.release()

    async def _is_ours(self) -> bool:
        try:
            return await self.state.webhook_lock.acquire()
        except StateError as error:
            _log.warning("webhook_queue_unusable", code=error.code, problem=error.message)
            return False

    async def _work_off(self, stop: asyncio.Event) -> None:
        while not stop.is_set() and not self.state.webhook_lock.lost:
            self.wake.clear()
            try:
                worked = await self.step()
                await self._forget_old()
            except StateError as error:
                _log.warning("webhook_queue_unusable", code=error.code, problem=error.message)
                worked = False
            if not worked:
                await self._pause(stop)

    async def step(self) -> bool:
        """Take what is due and check it; False when nothing was, or when it has to wait for a run.

        Raises:
            StateError: the state cannot be used.
        """
        if await self.state.runs.horizon() is None:
            return False
        hints = await self.state.webhooks.due(_AT_ONCE)
        going_on = True
        for entity in sorted({hint.entity for hint in hints}):
            group = [hint for hint in hints if hint.entity == entity]
            going_on = await self._check_group(entity, group) and going_on
        return bool(hints) and going_on

    async def _check_group(self, entity: str, hints: Sequence[PendingHint]) -> bool:
        """Check records together; one by one when that fails, so that a bad one keeps nobody else waiting."""
        problem = await self._check(entity, hints)
        if problem is None:
            return True
        if isinstance(problem, CheckResult):
            return False
        if len(hints) > 1 and not isinstance(problem, _SYSTEM_IS_AWAY):
            results = [await self._check_group(entity, [hint]) for hint in hints]
            return all(results)
        for hint in hints:
            await self._failed(hint, problem)
        return True

    async def _check(self, entity: str, hints: Sequence[PendingHint]) -> Exception | CheckResult | None:
        """None when it is done; OVERTAKEN when it has to be done again; or why it failed."""
        if entity not in self.checker.plans:
            await self.state.webhooks.done(hints)
            return None
        hinted = {side: {hint.record_id for hint in hints if hint.side is side} for side in Side}
        try:
            async with asyncio.timeout(self.patience.step_s):
                result = await self.checker.check(entity, hinted)
        except (ReconcilerError, TimeoutError) as error:
            return error
        except Exception as error:  # noqa: BLE001  # a defect that one record brings to light must not stop the others
            # Without the traceback: what libraries say of a failure may hold values of the record.
            _log.error("check_broke", entity=entity, error=type(error).__name__)
            return error
        if result is CheckResult.OVERTAKEN:
            return result
        _log.info("checked", entity=entity, records=len(hints), result=result.value)
        await self.state.webhooks.done(hints)
        return None

    async def _failed(self, hint: PendingHint, error: Exception) -> None:
        problem = _told(error)
        hopeless = isinstance(error, ConfigurationError)
        if hopeless or hint.attempts + 1 >= self.patience.attempts:
            _log.warning("hint_given_up", side=hint.side.value, entity=hint.entity, problem=problem)
            await self.state.webhooks.give_up(hint, problem=problem)
            return
        wait = self.patience.wait(hint.attempts)
        if isinstance(error, BlockedError):
            wait = max(wait, error.until - self.clock())
        await self.state.webhooks.postpone(hint, by=wait, problem=problem)

    async def _forget_old(self) -> None:
        now = self.clock()
        if now - self._forgot_at >= _FORGET_EVERY:
            await self.state.webhooks.forget_old()
            self._forgot_at = now

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until something comes, something falls due, or it is time to look again."""
        if stop.is_set():
            return
        wait_s = self.patience.poll_s
        # A state that cannot be used is said where something is taken from it.
        with suppress(StateError):
            due_at = await self.state.webhooks.next_due_at()
            if due_at is not None and due_at > self.clock():
                wait_s = min(wait_s, (due_at - self.clock()).total_seconds())
        waits = [asyncio.ensure_future(self.wake.wait()), asyncio.ensure_future(stop.wait())]
        try:
            await asyncio.wait(waits, timeout=max(wait_s, 0.0), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()
            await asyncio.wait(waits)


def _told(error: Exception) -> str:
    """Why it failed, for people: never a value of a record."""
    if isinstance(error, ReconcilerError):
        return f"{error.code}: {error.message}"
    return "the check took too long" if isinstance(error, TimeoutError) else f"a defect ({type(error).__name__})"
