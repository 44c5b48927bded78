"""Errors in a row: one call at a time asks again while a system fails, and all stop before it locks us out.

Some systems lock a client out for half an hour after ten errors in a row (Omie). With several calls in flight, each
with its own retries, that is soon reached although no single call asked too often.
"""

from __future__ import annotations

import asyncio
from typing import Final

ERRORS_IN_A_ROW: Final = 9
"""The breaker opens with this error, before the tenth."""


class Breaker:
    """Shared by all calls to one system."""

    def __init__(self) -> None:
        self._errors = 0
        self._asking_again = asyncio.Lock()

    @property
    def errors_in_a_row(self) -> int:
        """By the latest answers."""
        return self._errors

    @property
    def in_trouble(self) -> bool:
        """Whether the last answer was an error."""
        return self._errors > 0

    @property
    def open(self) -> bool:
        """Whether there were too many errors in a row."""
        return self._errors >= ERRORS_IN_A_ROW

    def close(self) -> None:
        """Start counting again."""
        self._errors = 0

    def failed(self) -> None:
        self._errors += 1

    def succeeded(self) -> None:
        self._errors = 0

    def call(self) -> Trial:
        """The part of one call, with all its repetitions, in this."""
        return Trial(self, self._asking_again)


class Trial:
    """One call. While the system fails, only the call that holds the lock sends, until it succeeds or gives up."""

    def __init__(self, breaker: Breaker, asking_again: asyncio.Lock) -> None:
        self._breaker = breaker
        self._asking_again = asking_again
        self._holds = False

    async def admitted(self) -> None:
        """Return when this call may send: at once, or in its turn when the system is failing."""
        if self._breaker.in_trouble and not self._holds:
            await self._asking_again.acquire()
            self._holds = True
            if not self._breaker.in_trouble:
                self.ended()

    @property
    def may_send(self) -> bool:
        """Whether this is still so, after waiting for something else."""
        return self._holds or not self._breaker.in_trouble

    def succeeded(self) -> None:
        """The system works: let the others go on."""
        self._breaker.succeeded()
        self.ended()

    def failed(self) -> None:
        self._breaker.failed()

    def ended(self) -> None:
        """Leave. Safe to call twice."""
        if self._holds:
            self._holds = False
            self._asking_again.release()
