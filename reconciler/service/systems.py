"""Whether the systems behind the service can be reached: by what was heard of them, and else by asking, rarely."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from reconciler.errors import ReconcilerError

_log = structlog.get_logger("reconciler.service")

Probe = Callable[[], Awaitable[None]]
"""One cheap call that needs the credentials. Raises when it fails."""


@dataclass(frozen=True, slots=True)
class Caution:
    """How rarely a system is asked for a sign of life.

    Attributes:
        quiet_s: nobody asks while something was heard within this time. Each process asks for itself.
        longest_s: the pause doubles with each failure, up to this.
        within_s: a probe may take this long.
        waited_s: whoever wants to know waits so long for one.
    """

    quiet_s: float = 120.0
    longest_s: float = 600.0
    within_s: float = 5.0
    waited_s: float = 0.5


@dataclass(slots=True)
class SystemWatch:
    """What is known of one system.

    Attributes:
        probe: None where asking would do more than ask, as where files are taken in.
    """

    name: str
    probe: Probe | None
    caution: Caution = Caution()
    monotonic_s: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _last_contact_at: datetime | None = field(default=None, init=False)
    _problem: str | None = field(default=None, init=False)
    _known: bool = field(default=False, init=False)
    _failures: int = field(default=0, init=False)
    _probe_after_s: float = field(default=float("-inf"), init=False)
    _probing: asyncio.Task[None] | None = field(default=None, init=False)

    def heard(self, problem: str | None) -> None:
        """It answered (None), or what was wrong."""
        self._known, self._problem = True, problem
        pause_s = self.caution.quiet_s
        if problem is None:
            self._last_contact_at = self.now()
            self._failures = 0
        else:
            pause_s = min(pause_s * 2 ** min(self._failures, 30), self.caution.longest_s)
            self._failures += 1
        self._probe_after_s = self.monotonic_s() + pause_s

    async def standing(self) -> dict[str, Any]:
        """How it stands: `up`, `down`, or `unknown` where nothing was heard yet."""
        if self.probe is not None and self._probing is None and self.monotonic_s() >= self._probe_after_s:
            self._probing = asyncio.create_task(self._ask(self.probe), name=f"probe of the {self.name}")
        if self._probing is not None:
            await asyncio.wait([self._probing], timeout=self.caution.waited_s)
        status = "unknown" if not self._known else "up" if self._problem is None else "down"
        at = self._last_contact_at
        return {
            "status": status,
            "problem": self._problem,
            "last_contact_at": None if at is None else at.isoformat(timespec="seconds"),
        }

    async def close(self) -> None:
        """End a probe that is under way."""
        if (probing := self._probing) is not None:
            probing.cancel()
            await asyncio.wait([probing])

    async def _ask(self, probe: Probe) -> None:
        problem: str | None = "defect"
        try:
            async with asyncio.timeout(self.caution.within_s):
                await probe()
            problem = None
        except TimeoutError:
            problem = "deadline"
        except ReconcilerError as error:
            problem = error.code
        except Exception as error:  # noqa: BLE001  # a probe that breaks is a system that cannot be used
            _log.error("probe_broke", system=self.name, error=type(error).__name__)
        finally:
            self._probing = None
        self.heard(problem)
