"""How calls to one system stand at a moment: its limits, what was spent of them, and whether it is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `calls` in any window of `per_s` seconds."""

    calls: int
    per_s: float


@dataclass(frozen=True, slots=True)
class CallStanding:
    """Throttle and breaker of one open port.

    Attributes:
        rates: limits that hold at once; none means no limit.
        concurrency: calls at once.
        requests, retries: sent since the port was opened; the first counts the second.
        waited_s: time that calls waited for the throttle, added over calls.
        blocked_until: aware; until then every call is refused. None when calls may be made.
        errors_in_a_row: of the system, by the latest answers.
        breaker_open: whether there were so many that nobody asks any more.
    """

    rates: tuple[RateLimit, ...]
    concurrency: int
    requests: int
    retries: int
    waited_s: float
    blocked_until: datetime | None
    errors_in_a_row: int
    breaker_open: bool
