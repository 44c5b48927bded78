"""Watches over one process of the service: counts, hears of the systems, and lets changed records be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from reconciler.app.following import ChangeFollower
from reconciler.connectors.connector import Connector
from reconciler.model.entities import Side
from reconciler.service.metrics import ServiceMetrics
from reconciler.service.systems import Caution, Probe, SystemWatch
from reconciler.store.state.state import State
from reconciler.taxes.answer import Delivery
from reconciler.taxes.breaker import Circuit
from reconciler.taxes.lookup import TaxLookup
from reconciler.taxes.observer import BROKEN_OFF, DEFECT

LOOKS_EVERY_S: Final = 1.0
"""How long an answer may still be given after a change behind it was told."""

_SILENCE: Final = frozenset({BROKEN_OFF, "unreachable", "not_understood", "credentials_refused", "blocked"})
"""Outcomes of a conversation in which the ERP did not answer as itself. Any other answer is a sign of life."""

_log = structlog.get_logger("reconciler.service")


class Watch:
    """Knows how this process fares, and what it heard of the systems. It observes the engine (`LookupObserver`).

    Args:
        connectors: ask for a sign of life.
    """

    def __init__(self, connectors: Mapping[Side, Connector], caution: Caution | None = None) -> None:
        self.metrics = ServiceMetrics()
        self._systems = {
            side: SystemWatch(side.value, _probe(connector), caution or Caution())
            for side, connector in connectors.items()
        }
        self._lookup: TaxLookup | None = None

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        """Part of `LookupObserver`."""
        self.metrics.delivered(delivery, elapsed_s)

    def asked(self, outcome: str, elapsed_s: float) -> None:
        """Part of `LookupObserver`."""
        self.metrics.asked(outcome, elapsed_s)
        if outcome != DEFECT:
            self._systems[Side.ERP].heard(outcome if outcome in _SILENCE else None)

    def warmed_up(self, failure: str | None) -> None:
        """Part of `LookupObserver`."""
        self._systems[Side.ERP].heard(failure)

    async def standings(self) -> dict[str, dict[str, Any]]:
        """How each system stands. The ERP also has `circuit`: where it is not closed, nobody gets a live answer."""
        found = await asyncio.gather(*(system.standing() for system in self._systems.values()))
        standings = {side.value: standing for side, standing in zip(self._systems, found, strict=True)}
        if self._lookup is not None:
            circuit = self._lookup.load.circuit
            standings[Side.ERP.value]["circuit"] = circuit.value
            if circuit is not Circuit.CLOSED:
                standings[Side.ERP.value]["status"] = "down"
        return standings

    @asynccontextmanager
    async def over(self, lookup: TaxLookup | None, state: State) -> AsyncIterator[None]:
        """For the length of the block, look every second what changed and how the engine stands, where there is one.

        Raises:
            StateError: the state cannot be read.
        """
        self._lookup = lookup
        follower = None if lookup is None else ChangeFollower(state.changes, lookup)
        if follower is not None:
            await follower.begin()
        looking = asyncio.create_task(self._look(follower), name="watch")
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])

    async def close(self) -> None:
        """End what is under way."""
        await asyncio.gather(*(system.close() for system in self._systems.values()))

    async def _look(self, follower: ChangeFollower | None) -> None:
        while True:
            if follower is not None:
                await self._follow(follower)
            self.metrics.note(None if self._lookup is None else self._lookup.load)
            await asyncio.sleep(LOOKS_EVERY_S)

    async def _follow(self, follower: ChangeFollower) -> None:
        try:
            await follower.step()
        except Exception as error:  # noqa: BLE001  # if this ended, changes would never be heard of again
            _log.error("watch_broke", error=type(error).__name__)
            follower.lookup.forget_all()


def _probe(connector: Connector) -> Probe | None:
    """Files are not probed: to look at them could be to take them in."""
    return None if connector.description.http is None else connector.probe
