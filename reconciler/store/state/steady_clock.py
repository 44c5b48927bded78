"""Time that never goes back within a process: what ends by the clock must not last longer because it was set back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def never_back(
    clock: Callable[[], datetime], monotonic_s: Callable[[], float] = time.monotonic
) -> Callable[[], datetime]:
    """The clock; while it is behind what it said before, that and the time that has passed since.

    Args:
        monotonic_s: goes on evenly, whatever happens to the clock.
    """
    latest, at_s, is_behind = clock(), monotonic_s(), False

    def now() -> datetime:
        nonlocal latest, at_s, is_behind
        shown, passed_s = clock(), monotonic_s()
        is_behind = is_behind or shown < latest
        if is_behind:
            steady = latest + timedelta(seconds=passed_s - at_s)
            if shown < steady:
                return steady
        latest, at_s, is_behind = shown, passed_s, False
        return shown

    return now
