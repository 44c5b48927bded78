"""Which day it is where the company is, for those who ask it in every request."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo


class Calendar:
    """The calendar day of one time zone, worked out once a day.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, zone: tzinfo, clock: Callable[[], float] = time.time) -> None:
        self._zone = zone
        self._clock = clock
        self._begins = self._ends = 0.0
        self._day = date.min

    def today(self) -> date:
        """The day that it is now."""
        now = self._clock()
        if not self._begins <= now < self._ends:
            self._day = datetime.fromtimestamp(now, self._zone).date()
            self._begins, self._ends = (self._midnight(self._day + timedelta(days=more)) for more in (0, 1))
        return self._day

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()
