"""The limit on calls per minute and key, and the two ways the CRM says that it is spent."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 60.0


@dataclass(slots=True)
class CallBudget:
    """At most `calls` in any window of a minute. `now` is a monotonic clock in seconds."""

    calls: int
    now: Callable[[], float] = time.monotonic
    _times: deque[float] = field(default_factory=deque)
    _refused: int = 0

    def wait_s(self) -> int | None:
        """None when the call is within the budget (then it counts), otherwise the whole seconds until one will be."""
        now = self.now()
        while self._times and self._times[0] <= now - WINDOW_S:
            self._times.popleft()
        if len(self._times) < self.calls:
            self._times.append(now)
            return None
        self._refused += 1
        return max(1, math.ceil(self._times[0] + WINDOW_S - now))

    @property
    def answers_in_silence(self) -> bool:
        """Whether the refusal at hand is the silent kind: 200 with nothing, every second time."""
        return self._refused % 2 == 0
