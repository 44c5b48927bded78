"""A circuit breaker: an ERP that fails is left alone for a while, then tried by one call before the others follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When the circuit opens, and for how long.

    Attributes:
        failures: in a row, after which nobody asks any more.
        pause_s: before one call may try; doubled each time it fails, up to `longest_pause_s`.
    """

    failures: int = 5
    pause_s: float = 5.0
    longest_pause_s: float = 60.0


class Circuit(Enum):
    """Whether calls may be made: all, none, or one that tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreaker:
    """Shared by every call to one ERP. For one event loop.

    Args:
        monotonic_s: clock that never goes back.
    """

    def __init__(self, settings: BreakerSettings, monotonic_s: Callable[[], float]) -> None:
        self._settings = settings
        self._monotonic_s = monotonic_s
        self._state = Circuit.CLOSED
        self._failures = 0
        self._pause_s = settings.pause_s
        self._open_until_s = 0.0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    @property
    def circuit(self) -> Circuit:
        """Whether calls may be made. One whose pause is over stays open until a call tries."""
        return self._state

    def retry_in_s(self) -> float | None:
        """How long nobody may ask, 0 while one call is trying; None when calls may be made."""
        if self._state is Circuit.HALF_OPEN:
            return 0.0
        if self._state is Circuit.OPEN:
            left_s = self._open_until_s - self._monotonic_s()
            return left_s if left_s > 0 else None
        return None

    def admit(self) -> Trial | None:
        """A call that may be made now, or None. Its outcome must be told, or its end."""
        if self.retry_in_s() is not None:
            return None
        probe = self._state is Circuit.OPEN
        if probe:
            self._state = Circuit.HALF_OPEN
        return Trial(self, probe=probe)

    def _succeeded(self) -> None:
        self._state = Circuit.CLOSED
        self._failures = 0
        self._pause_s = self._settings.pause_s

    def _failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe:
            self._pause_s = min(self._pause_s * 2, self._settings.longest_pause_s)
        elif self._state is not Circuit.CLOSED or self._failures < self._settings.failures:
            # What was under way when the circuit opened says nothing new.
            return
        self._state = Circuit.OPEN
        self._open_until_s = self._monotonic_s() + self._pause_s

    def _untold(self, *, probe: bool) -> None:
        if probe:
            # The next call tries instead.
            self._state = Circuit.OPEN


class Trial:
    """One call. The first outcome that is told counts."""

    def __init__(self, breaker: CircuitBreaker, *, probe: bool) -> None:
        self._breaker = breaker
        self._probe = probe
        self._told = False

    def succeeded(self) -> None:
        """The ERP answered, whatever it said."""
        if not self._told:
            self._told = True
            self._breaker._succeeded()

    def failed(self) -> None:
        """It did not answer, or not in time, or with garbage."""
        if not self._told:
            self._told = True
            self._breaker._failed(probe=self._probe)

    def ended(self) -> None:
        """Nothing was learned; a probe gives its place back. Safe to call after an outcome."""
        if not self._told:
            self._told = True
            self._breaker._untold(probe=self._probe)
