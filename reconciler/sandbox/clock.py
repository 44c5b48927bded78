"""When records change: the wall clock, but never before a stamp that is already in the data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta


class ChangeClock:
    """Gives the stamps of writes. They never go back, so that "changed since the last stamp" misses no write.

    Args:
        known: stamps in the data already, aware; the clock starts no earlier.
        step: the smallest difference a stamp of this system can show; two writes are at least that far apart.
    """

    def __init__(self, known: Iterable[datetime], step: timedelta) -> None:
        self._step = step
        self._last = max(known, default=datetime(2000, 1, 1, tzinfo=UTC))

    def next(self) -> datetime:
        """The stamp of a write that happens now, aware."""
        self._last = max(datetime.now(UTC), self._last + self._step)
        return self._last
