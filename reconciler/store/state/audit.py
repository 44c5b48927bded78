"""The audit trail: append-only, chained, and written in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import LargeBinary, Select, cast, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import StateError
from reconciler.model.correction_records import TrailCheck
from reconciler.model.corrections import AuditEntry
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.audit_chain import (
    LONGEST_ACT_CHARACTERS,
    Act,
    Chain,
    ChainedRow,
    details_text,
    entry_of,
)
from reconciler.store.state.audit_check import TrailReader
from reconciler.store.state.backend import Backend
from reconciler.store.state.database import Database
from reconciler.store.state.instant import to_microseconds

_ROWS: Final = schema.audit_entries.c
_HEAD: Final = schema.audit_head.c
_EVERYTHING: Final = select(*(_ROWS[name] for name in ChainedRow._fields)).order_by(_ROWS.number)
_EVERYTHING_AS_BYTES: Final = select(
    *(cast(_ROWS[name], LargeBinary) if name not in ("number", "at") else _ROWS[name] for name in ChainedRow._fields)
).order_by(_ROWS.number)
_READ_ROWS: Final = 4_000
_END_ENTRIES: Final = 1_000
_LONGEST_MICROSECONDS: Final = 10**17
CLOCK_CONFIRMED: Final = "clock.confirmed"
"""Somebody said that the clock is right and was ahead before."""
_VERIFY = phrase("`reconciler audit verify` says what was changed.")


class AuditTrail:
    """Who did what, when, to what. Entries are added; nothing here changes or removes one."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def append(self, person: str, act: str, subject: str, details: Mapping[str, object]) -> AuditEntry:
        """Add an act that changes nothing else in the state. When this returns it survives a loss of power.

        Args:
            act: such as `plan.exported`, at most 64 characters.
            details: becomes a JSON object.

        Raises:
            StateError: the trail is not as it was left: its head is gone, or there are entries after it.
            ValueError: the act has no name, or too long a one.
        """
        if not 0 < len(act) <= LONGEST_ACT_CHARACTERS:
            raise ValueError(f"an act has from 1 to {LONGEST_ACT_CHARACTERS} characters")
        async with self._database.write() as connection:
            written = Act(person, act, subject, details_text(details))
            number = await append_acts(connection, self._database.backend, self._clock(), [written])
            return entry_of((await connection.execute(_entries(number - 1))).one())

    async def iterate(self, after: int = 0) -> AsyncGenerator[AuditEntry, None]:
        """The entries with a number above `after`, in order, some thousands in memory at a time.

        Use `contextlib.aclosing` where the loop may be left early: a connection is held until the iterator is closed.

        Raises:
            StateError: an entry holds what was never written.
        """
        async for row in self._rows(after):
            yield _entry(row)

    async def page(self, after: int, limit: int) -> list[AuditEntry]:
        """At most `limit` entries with a number above `after`, in order. Raises as `iterate`."""
        async with self._database.read() as connection:
            return [_entry(row) for row in await connection.execute(_entries(after).limit(limit))]

    async def about(self, subject: str) -> list[AuditEntry]:
        """The entries about one correction, plan or finding, by its whole id, in order. Raises as `iterate`."""
        async with self._database.read() as connection:
            return [_entry(row) for row in await connection.execute(_EVERYTHING.where(_ROWS.subject == subject))]

    async def head(self) -> tuple[int, str]:
        """Number and digest of the last entry, as kept apart from the entries; (0, `NO_DIGEST`) before the first.

        Raises:
            StateError: it is not there any more.
        """
        async with self._database.read() as connection:
            number, digest, _ = await _read_head(connection)
        return number, digest

    async def behind(self) -> timedelta:
        """How far the clock is behind the latest moment that the end of the trail knows; zero where it is not.

        What was noted before somebody confirmed the clock (`CLOCK_CONFIRMED`) does not count.

        Raises:
            StateError: the state cannot be read.
        """
        newest = select(_ROWS.at, _ROWS.act).order_by(_ROWS.number.desc()).limit(_END_ENTRIES)
        async with self._database.read() as connection:
            entries = (await connection.execute(newest)).all()
        confirmed = next((place for place, entry in enumerate(entries) if entry.act == CLOCK_CONFIRMED), len(entries))
        # Who tampered with the trail may have left no number; `verify` tells of it.
        moments = [entry.at for entry in entries[: confirmed + 1] if isinstance(entry.at, int)]
        now = to_microseconds(self._clock())
        return timedelta(microseconds=min(max(max(moments, default=now) - now, 0), _LONGEST_MICROSECONDS))

    async def verify(self, head: str | None = None) -> TrailCheck:
        """Read the whole trail and find what was edited, removed (at the end too), inserted or put in another order.

        Whoever can write to the database can also chain everything anew. Only a digest noted elsewhere shows that.

        Args:
            head: digest of an entry, as it was noted elsewhere when that entry was the last one.
        """
        async with self._database.read() as connection:
            try:
                return await _verified(connection, head, _EVERYTHING)
            except DBAPIError:
                # What is no text stops the driver. Read as bytes it is one more entry that was changed.
                return await _verified(connection, head, _EVERYTHING_AS_BYTES)

    async def _rows(self, after: int) -> AsyncGenerator[tuple[Any, ...], None]:
        async with (
            self._database.read() as connection,
            connection.stream(_entries(after), execution_options={"yield_per": _READ_ROWS}) as rows,
        ):
            async for row in rows:
                yield tuple(row)


async def append_acts(connection: AsyncConnection, backend: Backend, at: datetime, acts: Iterable[Act]) -> int:
    """Chain acts to the trail, within a transaction of `Database.write`: it holds the lock that keeps the chain single.

    Returns:
        The number of the last entry.

    Raises:
        StateError: the trail is not as it was left: its head is gone, or there are entries after it.
    """
    number, digest, last = await _read_head(connection)
    if last > number:
        raise StateError(phrase("the audit trail has entries that were not written by the reconciler."), hint=_VERIFY)
    chain = Chain(number, digest)
    await backend.append(connection, schema.audit_entries, ChainedRow._fields, chain.link(at, acts))
    if chain.number > number:
        await connection.execute(update(schema.audit_head).values(number=chain.number, digest=chain.digest))
    return chain.number


async def _verified(connection: AsyncConnection, head: str | None, entries: Select[tuple[Any, ...]]) -> TrailCheck:
    reader = TrailReader(head)
    async with connection.stream(entries, execution_options={"yield_per": _READ_ROWS}) as rows:
        async for batch in rows.partitions():
            reader.read(batch if entries is _EVERYTHING else map(_decoded, batch))
    return reader.finish([tuple(row) for row in await connection.execute(select(_HEAD.number, _HEAD.digest))])


def _entry(row: Sequence[Any]) -> AuditEntry:
    try:
        return entry_of(row)
    except (TypeError, OverflowError):
        raise StateError(phrase("entry {row} of the audit trail cannot be read.", row=row[0]), hint=_VERIFY) from None


def _decoded(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in row)


def _entries(after: int) -> Select[tuple[Any, ...]]:
    return _EVERYTHING.where(_ROWS.number > after)


async def _read_head(connection: AsyncConnection) -> tuple[int, str, int]:
    """Number and digest of the head, and the highest number of an entry that is there."""
    last = func.coalesce(select(func.max(_ROWS.number)).scalar_subquery(), 0)
    rows = (await connection.execute(select(_HEAD.number, _HEAD.digest, last))).all()
    if len(rows) != 1:
        raise StateError(phrase("the head of the audit trail is gone."), hint=_VERIFY)
    number, digest, highest = rows[0]
    return number, digest, highest
