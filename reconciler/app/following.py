"""Keeps what this process remembers of taxes in step with what others learn of the ERP."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from reconciler.errors import StateError
from reconciler.store.state.record_changes import RecordChanges
from reconciler.taxes.lookup import TaxLookup

_log = structlog.get_logger("reconciler.taxes")


@dataclass(slots=True)
class ChangeFollower:
    """Makes an engine forget what changed. `begin` comes first, before the engine is asked anything."""

    changes: RecordChanges
    lookup: TaxLookup
    _position: int = field(default=0, init=False)
    _lost: bool = field(default=False, init=False)

    async def begin(self) -> None:
        """Start at the end of the list: nothing is remembered yet.

        Raises:
            StateError: the state cannot be read.
        """
        self._position = await self.changes.position()

    async def step(self) -> None:
        """Look once. While the state cannot be read nothing is remembered: what changes would not be heard of."""
        try:
            found = await self.changes.since(self._position)
        except StateError as error:
            if not self._lost:
                _log.warning("changes_unreadable", code=error.code, problem=error.message)
            self._lost = True
            self.lookup.forget_all()
            return
        self._lost = False
        self._position = found.position
        if found.everything:
            self.lookup.forget_all()
        elif found.records:
            self.lookup.forget(found.records)
