"""Deliveries and the records that wait to be read again because of them: durable before anybody is answered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, case, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.entities import Side
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.record_changes import RecordChanges, RecordName
from reconciler.store.state.webhook_records import Accepted, HintedRecord, IncomingNotice, PendingHint, QueueLength

_HINTS: Final = schema.webhook_hints.c
_DELIVERIES: Final = schema.webhook_deliveries.c
REMEMBERED_FOR: Final = timedelta(days=7)
"""How long a delivery is known again. Vendors repeat for three days at the longest."""
_LONGEST_PROBLEM_CHARACTERS: Final = 500


class WebhookQueue:
    """The queue of one state. One worker at a time takes from it (`Database.webhook_lock`); anybody may add."""

    def __init__(self, database: Database, clock: Callable[[], datetime], changes: RecordChanges) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes

    async def accept(
        self, side: Side, notices: Sequence[IncomingNotice], *, changed: Collection[RecordName] | None = ()
    ) -> Accepted:
        """Take a verified delivery. When this returns, what it asks for survives a loss of power.

        An event whose identity the vendor gave is taken once. One without is queued whenever it comes: an equal body
        may be a second change. Records that wait already keep their place and wait once.

        Args:
            changed: told to `RecordChanges` in the same transaction.
        """
        now = self._clock()
        repeated = 0
        wanted: dict[HintedRecord, None] = {}
        async with self._database.write() as connection:
            for notice in notices:
                known = await self._note_delivery(connection, side, notice, now)
                repeated += known
                if not (known and notice.told):
                    wanted.update(dict.fromkeys(notice.hints))
            for hint in wanted:
                await self._add(connection, side, hint, now)
            await self._changes.add(connection, changed)
        return Accepted(len({(hint.entity, hint.record_id) for hint in wanted}), repeated)

    async def due(self, limit: int) -> list[PendingHint]:
        """Records whose time has come, those that wait longest first."""
        query = (
            select(schema.webhook_hints)
            .where(_HINTS.dead.is_(False), _HINTS.due_at <= self._clock())
            .order_by(_HINTS.due_at, _HINTS.number)
            .limit(limit)
        )
        return await self._read(query)

    async def next_due_at(self) -> datetime | None:
        """When the next record's time comes; None when nothing waits."""
        query = select(func.min(_HINTS.due_at)).where(_HINTS.dead.is_(False))
        async with self._database.read() as connection:
            due_at: datetime | None = (await connection.execute(query)).scalar()
        return due_at

    async def done(self, hints: Collection[PendingHint]) -> None:
        """Forget these, except those of which another notice came since they were taken: they wait again."""
        if not hints:
            return
        unchanged = tuple_(_HINTS.number, _HINTS.deliveries).in_([(hint.number, hint.deliveries) for hint in hints])
        numbers = [hint.number for hint in hints]
        async with self._database.write() as connection:
            await connection.execute(delete(schema.webhook_hints).where(unchanged))
            await connection.execute(
                update(schema.webhook_hints)
                .where(_HINTS.number.in_(numbers))
                .values(attempts=0, problem="", due_at=self._clock())
            )

    async def postpone(self, hint: PendingHint, *, by: timedelta, problem: str, counted: bool = True) -> None:
        """Try again later. `counted`: it was an attempt that failed."""
        await self._change(
            hint,
            due_at=self._clock() + by,
            problem=problem[:_LONGEST_PROBLEM_CHARACTERS],
            attempts=_HINTS.attempts + (1 if counted else 0),
        )

    async def give_up(self, hint: PendingHint, *, problem: str) -> None:
        """Try no more, unless another notice came since it was taken. A later one, or `revive`, brings it back."""
        was_last = _HINTS.deliveries == hint.deliveries
        await self._change(
            hint, dead=was_last, problem=problem[:_LONGEST_PROBLEM_CHARACTERS], attempts=_HINTS.attempts + 1
        )

    async def revive(self) -> int:
        """Let everything given up wait again; returns how many."""
        revived = update(schema.webhook_hints).where(_HINTS.dead).values(dead=False, attempts=0, due_at=self._clock())
        async with self._database.write() as connection:
            return (await connection.execute(revived)).rowcount

    async def length(self) -> QueueLength:
        """How much waits."""
        query = select(
            func.count(case((_HINTS.dead.is_(False), 1))),
            func.count(case((_HINTS.dead, 1))),
            func.min(case((_HINTS.dead.is_(False), _HINTS.first_at))),
        )
        async with self._database.read() as connection:
            pending, dead, oldest_at = (await connection.execute(query)).one()
        return QueueLength(pending, dead, oldest_at)

    async def waiting(self, limit: int) -> list[PendingHint]:
        """What waits and what was given up: the given up first, then by when each was first noticed."""
        query = select(schema.webhook_hints).order_by(_HINTS.dead.desc(), _HINTS.first_at, _HINTS.number).limit(limit)
        return await self._read(query)

    async def forget_old(self) -> None:
        """Forget deliveries of long ago."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(schema.webhook_deliveries).where(_DELIVERIES.last_at < self._clock() - REMEMBERED_FOR)
            )

    async def _note_delivery(
        self, connection: AsyncConnection, side: Side, notice: IncomingNotice, now: datetime
    ) -> bool:
        """Whether it was known."""
        seen = (
            update(schema.webhook_deliveries)
            .where(_DELIVERIES.side == side, _DELIVERIES.identity == notice.identity)
            .values(last_at=now, times=_DELIVERIES.times + 1)
        )
        if (await connection.execute(seen)).rowcount:
            return True
        await connection.execute(
            insert(schema.webhook_deliveries).values(
                side=side, identity=notice.identity, first_at=now, last_at=now, times=1
            )
        )
        return False

    async def _add(self, connection: AsyncConnection, side: Side, hint: HintedRecord, now: datetime) -> None:
        added = self._database.backend.insert(schema.webhook_hints).values(
            side=side,
            entity=hint.entity,
            record_id=hint.record_id,
            action=hint.action,
            dead=False,
            first_at=now,
            last_at=now,
            deliveries=1,
            attempts=0,
            due_at=now,
            problem="",
        )
        # A record in a back-off keeps its time: a storm must not make us ask a system that is down.
        was_dead = {"attempts": 0, "due_at": now, "first_at": now}
        await connection.execute(
            added.on_conflict_do_update(
                index_elements=["side", "entity", "record_id"],
                set_={
                    "action": hint.action,
                    "last_at": now,
                    "deliveries": _HINTS.deliveries + 1,
                    "dead": False,
                    **{name: case((_HINTS.dead, added.excluded[name]), else_=_HINTS[name]) for name in was_dead},
                },
            )
        )

    async def _change(self, hint: PendingHint, **values: Any) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(schema.webhook_hints).where(_HINTS.number == hint.number).values(**values))

    async def _read(self, query: Select[Any]) -> list[PendingHint]:
        async with self._database.read() as connection:
            return [_hint(row) for row in await connection.execute(query)]


def _hint(row: Row[Any]) -> PendingHint:
    return PendingHint(
        number=row.number,
        side=Side(row.side),
        entity=row.entity,
        record_id=row.record_id,
        action=row.action,
        first_at=row.first_at,
        last_at=row.last_at,
        deliveries=row.deliveries,
        attempts=row.attempts,
        due_at=row.due_at,
        problem=row.problem,
        dead=row.dead,
    )
