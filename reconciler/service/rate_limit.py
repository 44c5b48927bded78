"""How often a caller may ask: a bucket of tokens each, which fills evenly and holds ten seconds' worth."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_HELD_S: Final = 10.0
_PER_MINUTE: Final = 60.0


class RateLimit:
    """A bucket for every caller, in this process. Callers are those of the configuration, so their number is bounded.

    Instead of a level the bucket keeps the moment at which it will be full again, which needs no refilling.
    """

    def __init__(self, per_minute: float, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._each_s = _PER_MINUTE / per_minute
        self._held_s = max(_HELD_S, self._each_s)
        self._monotonic_s = monotonic_s
        self._full_at_s: dict[str, float] = {}

    def take(self, name: str) -> float:
        """Take one of this caller's; 0.0 when there was one, otherwise in how many seconds there will be."""
        now_s = self._monotonic_s()
        full_at_s = max(self._full_at_s.get(name, now_s), now_s) + self._each_s
        too_early_s = full_at_s - now_s - self._held_s
        # Sums of fractions of a second: a hair over the brim is the brim.
        if too_early_s > 1e-9:
            return too_early_s
        self._full_at_s[name] = full_at_s
        return 0.0
