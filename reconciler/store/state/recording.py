"""Recording what a run found in one entity: staged without locking anybody out, then merged in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, Index, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, DropIndex

from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.model.findings import FindingRow
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.finding_trail import last_event, note_ended
from reconciler.store.state.groups import NOT_CLOSED, OPEN, GroupNumbers, read_groups
from reconciler.store.state.merge import SHOWN_SEPARATOR, Merge, entity_groups, recount
from reconciler.store.state.records import FindingTotals
from reconciler.store.state.runs import begin_check, latest_run, number_of
from reconciler.store.state.staging import Batches, stage_findings
from reconciler.store.state.webhook_records import KeyScope

_COUNTS: Final = schema.finding_counts.c
_KNOWN: Final = schema.findings.c
_GROUPS: Final = schema.finding_groups.c
_ENTITIES: Final = schema.run_entities.c

_REBUILD_ROWS: Final = 5_000
_REBUILD_SHARE: Final = 0.25
"""From this many changed rows, and this share of all rows, on: building an index anew is faster than keeping it."""


class Recorder:
    """Records findings, one entity after the other."""

    def __init__(self, database: Database, clock: Callable[[], datetime], time_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._time_zone = time_zone
        # Group numbers are given out before the transaction that stores them.
        self._recording = asyncio.Lock()

    async def record_check(
        self, horizon: int, entity: str, scope: KeyScope, rows: Sequence[FindingRow]
    ) -> FindingTotals | None:
        """See `Findings.record_check`."""
        async with self._recording, self._database.bulk() as connection:
            async with connection.begin():
                groups = GroupNumbers(entity, await read_groups(connection))
            await stage_findings(connection, self._database.backend, entity, groups, [rows] if rows else [])
            async with self._database.write_on(connection):
                if await latest_run(connection) != horizon:
                    return None
                now = self._clock()
                merge = Merge(0, entity, now, now.astimezone(self._time_zone).date(), scope)
                if not (await connection.execute(select(merge.changes_anything()))).scalar():
                    return FindingTotals(0, 0, 0, 0)
                check = {"check": {"records": len(scope.keys | scope.parents), "findings": len(rows)}}
                merge = replace(merge, run_number=await begin_check(connection, entity, now, check))
                touched = (await connection.execute(merge.touched_groups())).scalars().all()
                await _add_groups(connection, groups)
                before = await _census(connection)
                reopened = await self._reopen(connection, merge)
                await self._upsert(connection, merge, [])
                closed = await self._close(connection, merge)
                await recount(connection, touched)
                return _totals(entity, before, await _census(connection), reopened, closed)

    async def record(
        self,
        run_id: str,
        entity: str,
        batches: Batches,
        *,
        close_missing: bool,
        snapshots: dict[Side, str],
        spared: Collection[str] = (),
    ) -> FindingTotals:
        """See `Findings.record`."""
        async with self._recording, self._database.bulk() as connection:
            async with connection.begin():
                groups = GroupNumbers(entity, await read_groups(connection))
            arriving = await stage_findings(connection, self._database.backend, entity, groups, batches)
            async with self._database.write_on(connection):
                merge = await self._merge(connection, run_id, entity)
                if spared:
                    merge = replace(merge, spared=await self._below(connection, entity, spared))
                await _add_groups(connection, groups)
                before = await _census(connection)
                reopened = await self._reopen(connection, merge)
                await self._upsert(connection, merge, _stale_indexes(arriving, entity, before))
                closed = await self._close(connection, merge) if close_missing else 0
                await recount(connection, entity_groups(entity))
                totals = _totals(entity, before, await _census(connection), reopened, closed)
                await _note_entity(connection, merge, totals, snapshots)
        return totals

    async def _merge(self, connection: AsyncConnection, run_id: str, entity: str) -> Merge:
        run_number = await number_of(connection, run_id)
        done = select(func.count()).where(_ENTITIES.run_number == run_number, _ENTITIES.entity == entity)
        if (await connection.execute(done)).scalar():
            raise StateError(
                phrase("the findings of {entity} are already recorded for run {run_id}.", entity=entity, run_id=run_id)
            )
        now = self._clock()
        return Merge(run_number, entity, now, now.astimezone(self._time_zone).date())

    async def _below(self, connection: AsyncConnection, entity: str, parents: Collection[str]) -> ColumnElement[bool]:
        """Whether a known finding has one of these keys, or one below it."""
        chosen = frozenset(parents)
        query = select(_KNOWN.id, _KNOWN.key).where(
            _KNOWN.group_id.in_(entity_groups(entity)), _KNOWN.status.in_(NOT_CLOSED)
        )
        rows = await connection.execute(query)
        return self._database.backend.among(_KNOWN.id, [row.id for row in rows if _parents_of(row.key) & chosen])

    async def _reopen(self, connection: AsyncConnection, merge: Merge) -> int:
        before = await last_event(connection)
        reopened = (await connection.execute(merge.note_reopened())).rowcount
        await note_ended(connection, self._database.backend, merge.now, before)
        return reopened

    async def _close(self, connection: AsyncConnection, merge: Merge) -> int:
        before = await last_event(connection)
        await connection.execute(merge.note_closed())
        await note_ended(connection, self._database.backend, merge.now, before)
        return (await connection.execute(merge.close())).rowcount

    async def _upsert(self, connection: AsyncConnection, merge: Merge, stale: list[Index]) -> None:
        for index in stale:
            await connection.execute(DropIndex(index))
        await connection.execute(merge.upsert(self._database.backend.insert(schema.findings)))
        for index in stale:
            await connection.execute(CreateIndex(index))
        if stale:
            await self._database.backend.note_growth(connection)


@dataclass(frozen=True, slots=True)
class _Count:
    entity: str
    kind: str
    cause: str
    status: int
    findings: int


def _parents_of(key: str) -> set[str]:
    """The key, and every beginning of it that ends before a separator."""
    parts = key.split(SHOWN_SEPARATOR)
    return {SHOWN_SEPARATOR.join(parts[:count]) for count in range(1, len(parts) + 1)}


async def _census(connection: AsyncConnection) -> list[_Count]:
    """How many findings there are, from `finding_counts`."""
    query = select(_GROUPS.entity, _GROUPS.kind, _GROUPS.cause, _COUNTS.status, _COUNTS.findings).join(
        schema.finding_counts, _COUNTS.group_id == _GROUPS.id
    )
    return [_Count(*row) for row in await connection.execute(query)]


def _sum(census: list[_Count], entity: str) -> int:
    return sum(count.findings for count in census if count.entity == entity)


def _stale_indexes(arriving: int, entity: str, census: list[_Count]) -> list[Index]:
    """Indexes to drop before so many rows and build after. Keys never change: their index minds new findings only."""
    total = max(sum(count.findings for count in census), arriving)

    def worth_it(changed: int) -> bool:
        return changed >= _REBUILD_ROWS and changed >= total * _REBUILD_SHARE

    stale = [schema.by_group, schema.by_last_run] if worth_it(arriving) else []
    return [*stale, schema.by_key] if worth_it(arriving - _sum(census, entity)) else stale


async def _add_groups(connection: AsyncConnection, groups: GroupNumbers) -> None:
    if rows := list(groups.added()):
        await connection.execute(insert(schema.finding_groups), rows)


def _totals(entity: str, before: list[_Count], after: list[_Count], reopened: int, closed: int) -> FindingTotals:
    by_kind: Counter[str] = Counter()
    by_cause: Counter[str] = Counter()
    for count in after:
        if count.entity == entity and count.status == OPEN:
            by_kind[count.kind] += count.findings
            by_cause[count.cause] += count.findings
    return FindingTotals(
        new=_sum(after, entity) - _sum(before, entity) + reopened,
        open=by_kind.total(),
        closed=closed,
        reopened=reopened,
        by_kind=dict(by_kind.most_common()),
        by_cause=dict(by_cause.most_common()),
    )


async def _note_entity(
    connection: AsyncConnection, merge: Merge, totals: FindingTotals, snapshots: dict[Side, str]
) -> None:
    await connection.execute(
        insert(schema.run_entities).values(
            run_number=merge.run_number,
            entity=merge.entity,
            crm_snapshot=snapshots.get(Side.CRM),
            erp_snapshot=snapshots.get(Side.ERP),
            new=totals.new,
            open=totals.open,
            closed=totals.closed,
            reopened=totals.reopened,
        )
    )
