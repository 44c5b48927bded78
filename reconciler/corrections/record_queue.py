"""Which correction of one system is next: in the order of the plan, no record twice at once, what others need first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.corrections.asked import acts_on
from reconciler.model.corrections import Correction, CorrectionAction

REFERRED_TO: Final[Mapping[str, str]] = {"customer": "customers", "sku": "products"}
"""Fields that hold the key of a record of another entity."""


class RecordQueue:
    """The corrections of one system, for several takers.

    Those of entities that refer to others, such as orders, come after all of the others are through: an order cannot be
    added before its customer is there.
    """

    def __init__(self, planned: Iterable[Correction]) -> None:
        first: deque[Correction] = deque()
        later: deque[Correction] = deque()
        for correction in planned:
            (later if _refers_to_others(correction) else first).append(correction)
        self._stages = deque(stage for stage in (first, later) if stage)
        self._held: dict[str, deque[Correction]] = {}
        self._under_way: set[str] = set()
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many nobody took."""
        return sum(map(len, self._stages)) + sum(map(len, self._held.values()))

    async def take(self) -> Correction | None:
        """The next one, when its record is free; None when there is nothing left to take."""
        while not self._closed:
            self._changed.clear()
            correction = self._next()
            if correction is not None:
                self._under_way.add(acts_on(correction))
                return correction
            if not self._stages:
                return None
            await self._changed.wait()
        return None

    def finished(self, correction: Correction) -> None:
        """A correction that was taken is through, whatever became of it."""
        record = acts_on(correction)
        self._under_way.discard(record)
        held = self._held.pop(record, None)
        if held is not None:
            self._stages[0].extendleft(reversed(held))
        self._changed.set()

    def close(self) -> None:
        """Nothing more is taken."""
        self._closed = True
        self._changed.set()

    def _next(self) -> Correction | None:
        while self._stages:
            stage = self._stages[0]
            while stage:
                correction = stage.popleft()
                record = acts_on(correction)
                if record not in self._under_way:
                    return correction
                self._held.setdefault(record, deque()).append(correction)
            if self._under_way:
                return None
            self._stages.popleft()
        return None


def references_of(correction: Correction) -> Iterable[tuple[str, str]]:
    """Entity and key of the records that a new record refers to."""
    if correction.action is not CorrectionAction.CREATE:
        return ()
    found = (
        (REFERRED_TO[change.field], change.new)
        for change in correction.changes
        if change.field in REFERRED_TO and change.new is not None
    )
    return [(entity, key) for entity, key in found if entity != correction.entity]


def _refers_to_others(correction: Correction) -> bool:
    return bool(references_of(correction))
