"""Records that changed in a system, for processes that remember something of them: told once, read by each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.store.state import schema
from reconciler.store.state.database import Database

MOST_AT_ONCE: Final = 1_000
"""Of more records it is only told that anything may have changed."""
KEPT: Final = 10_000
"""Changes that are kept for readers that lag behind."""
KEPT_FOR: Final = timedelta(hours=1)

RecordName = tuple[str, str]
"""Entity, and the id or key of a record of it."""

_ROWS: Final = schema.record_changes.c
_HEAD: Final = schema.record_change_head.c


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a reader looked before.

    Attributes:
        position: where it goes on reading the next time.
        everything: anything may have changed; `records` is empty then.
    """

    position: int
    records: frozenset[RecordName] = frozenset()
    everything: bool = False


class RecordChanges:
    """The list of one state. It only grows at its end; its oldest part is dropped."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def tell(self, records: Collection[RecordName] | None) -> None:
        """These changed, or went away. To tell of one once more than needed does no harm.

        Args:
            records: None: anything may have changed.

        Raises:
            StateError: the state cannot be written.
        """
        if records is None or records:
            async with self._database.write() as connection:
                await self.add(connection, records)

    async def add(self, connection: AsyncConnection, records: Collection[RecordName] | None) -> None:
        """As `tell`, as a part of a transaction that writes."""
        if records is None or len(records) > MOST_AT_ONCE:
            await self._append(connection, [(None, None)])
        elif records:
            await self._append(connection, sorted(set(records)))

    async def position(self) -> int:
        """Where somebody begins to read who remembers nothing yet.

        Raises:
            StateError: the state cannot be read.
        """
        async with self._database.read() as connection:
            return int((await connection.execute(select(_HEAD.number))).scalar_one())

    async def since(self, position: int) -> Changes:
        """What was told after that position. Where that is not known any more, everything. Raises as `position`."""
        async with self._database.read() as connection:
            number, dropped = (await connection.execute(select(_HEAD.number, _HEAD.dropped))).one()
            if number == position:
                return Changes(position)
            if not dropped <= position < number:
                return Changes(number, everything=True)
            query = select(_ROWS.entity, _ROWS.name).where(_ROWS.number > position)
            names = [(row.entity, row.name) for row in await connection.execute(query)]
        if any(entity is None for entity, _ in names):
            return Changes(number, everything=True)
        return Changes(number, frozenset(names))

    async def _append(
        self, connection: AsyncConnection, names: Collection[RecordName] | Collection[tuple[None, None]]
    ) -> None:
        """Writers of a state wait for each other, so that numbers become visible in their order."""
        now = self._clock()
        last = int((await connection.execute(select(_HEAD.number))).scalar_one())
        rows = [
            {"number": number, "entity": entity, "name": name, "told_at": now}
            for number, (entity, name) in enumerate(names, start=last + 1)
        ]
        await connection.execute(insert(schema.record_changes), rows)
        last += len(rows)
        old = or_(_ROWS.number <= last - KEPT, _ROWS.told_at < now - KEPT_FOR)
        dropped = (await connection.execute(select(func.max(_ROWS.number)).where(old))).scalar()
        moved: dict[str, int] = {"number": last}
        if dropped is not None:
            await connection.execute(delete(schema.record_changes).where(_ROWS.number <= dropped))
            moved["dropped"] = dropped
        await connection.execute(update(schema.record_change_head).values(**moved))
