"""The manifest of snapshots: which exist, which is the latest good one, which may go. The files are elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, func, insert, not_, or_, select, update

from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.groups import NOT_CLOSED
from reconciler.store.state.records import Mark, RunStatus, SnapshotRecord
from reconciler.store.state.runs import number_of

_ROWS: Final = schema.snapshots.c
_RUNS: Final = schema.runs.c
_ENTITIES: Final = schema.run_entities.c
_FINDINGS: Final = schema.findings.c
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SnapshotManifest:
    """Snapshots of both sides. Only complete ones are ever given as the latest, so a killed pull changes nothing."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, run_id: str, side: Side, entity: str) -> str:
        """Note that a pull has begun; returns the id of its snapshot.

        Raises:
            StateError: the run is not going on.
        """
        async with self._database.write() as connection:
            snapshot_id = f"{run_id}-{secrets.token_hex(4)}"
            await connection.execute(
                insert(schema.snapshots).values(
                    id=snapshot_id,
                    side=side,
                    entity=entity,
                    run_number=await number_of(connection, run_id),
                    files="",
                    digest="",
                    records=0,
                    complete=False,
                    created_at=self._clock(),
                )
            )
        return snapshot_id

    async def complete(
        self,
        snapshot_id: str,
        *,
        files: str,
        records: int,
        digest: str = "",
        watermark: str | None = None,
        sweep_at: datetime | None = None,
    ) -> None:
        """Make a snapshot the latest of its side and entity. Its files must be durable before.

        Args:
            files: which files it is made of, as the caller writes it.
            digest: what it was staged with.
            watermark: where the next changed-since pull starts.
            sweep_at: when every key of the side was last read.

        Raises:
            StateError: there is no such snapshot in progress.
        """
        completed = (
            update(schema.snapshots)
            .where(_ROWS.id == snapshot_id, not_(_ROWS.complete))
            .values(files=files, digest=digest, records=records, complete=True, watermark=watermark, sweep_at=sweep_at)
        )
        async with self._database.write() as connection:
            if (await connection.execute(completed)).rowcount != 1:
                raise StateError(phrase("snapshot {snapshot_id} is not in progress.", snapshot_id=snapshot_id))

    async def latest(self, side: Side, entity: str) -> SnapshotRecord | None:
        """The complete snapshot begun last, or None."""
        found = await self._read(and_(_ROWS.complete, _ROWS.side == side, _ROWS.entity == entity), limit=1)
        return found[0] if found else None

    async def get(self, snapshot_id: str) -> SnapshotRecord | None:
        """That snapshot if it is complete and was not forgotten, or None."""
        found = await self._read(and_(_ROWS.complete, _ROWS.id == snapshot_id), limit=1)
        return found[0] if found else None

    async def complete_ones(self) -> list[SnapshotRecord]:
        """Every complete snapshot, newest first: their files are needed."""
        return await self._read(_ROWS.complete)

    async def sweep_next_time(self, side: Side, entity: str) -> None:
        """Make the next pull look for deletions: a record of the latest snapshot was found to be gone.

        Without this a pull of changes would bring it back, and undo what is known of it.
        """
        latest = select(func.max(_ROWS.number)).where(_ROWS.complete, _ROWS.side == side, _ROWS.entity == entity)
        doubted = update(schema.snapshots).where(_ROWS.number == latest.scalar_subquery()).values(sweep_at=_LONG_AGO)
        async with self._database.write() as connection:
            await connection.execute(doubted)

    async def mark(self, side: Side, entity: str) -> Mark:
        """Where the latest complete snapshot left off."""
        latest = await self.latest(side, entity)
        return Mark(latest.watermark, latest.sweep_at) if latest else Mark()

    async def to_remove(self, keep: int) -> list[SnapshotRecord]:
        """Complete snapshots beyond the newest `keep` (at least 1) of their side and entity, and abandoned ones.

        One that holds the raw record of a finding that is not closed is never among them.

        Files are shared between snapshots: first `forget` these, then delete every file that none of `complete_ones`
        names. A process killed between the two leaves files nobody names, which the next time takes.
        """
        if keep < 1:
            raise ValueError("the latest snapshot must stay")
        rank = func.row_number().over(
            partition_by=(_ROWS.side, _ROWS.entity, _ROWS.complete), order_by=_ROWS.number.desc()
        )
        ranked = select(_ROWS.number, _ROWS.complete, rank.label("rank")).subquery()
        surplus = select(ranked.c.number).where(ranked.c.complete, ranked.c.rank > keep)
        going_on = select(_RUNS.number).where(_RUNS.status == RunStatus.RUNNING)
        abandoned = and_(not_(_ROWS.complete), _ROWS.run_number.not_in(going_on))
        return await self._read(or_(and_(_ROWS.number.in_(surplus), not_(_behind_a_finding())), abandoned))

    async def forget(self, snapshot_ids: Collection[str]) -> None:
        """Remove snapshots from the manifest."""
        async with self._database.write() as connection:
            for snapshot_id in snapshot_ids:
                await connection.execute(delete(schema.snapshots).where(_ROWS.id == snapshot_id))

    async def _read(self, condition: ColumnElement[bool], limit: int | None = None) -> list[SnapshotRecord]:
        query = (
            select(schema.snapshots, _RUNS.id.label("run"))
            .join(schema.runs, _RUNS.number == _ROWS.run_number)
            .where(condition)
            .order_by(_ROWS.number.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_record(row) for row in (await connection.execute(query)).mappings()]


def _behind_a_finding() -> ColumnElement[bool]:
    """Whether a finding that is not closed was last seen in that snapshot."""
    groups = schema.finding_groups.c
    return exists(
        select(_FINDINGS.id)
        .select_from(schema.run_entities)
        .join(schema.finding_groups, groups.entity == _ENTITIES.entity)
        .join(schema.findings, and_(_FINDINGS.group_id == groups.id, _FINDINGS.last_run == _ENTITIES.run_number))
        .where(
            _FINDINGS.status.in_(NOT_CLOSED),
            or_(_ENTITIES.crm_snapshot == _ROWS.id, _ENTITIES.erp_snapshot == _ROWS.id),
        )
        .correlate(schema.snapshots)
    )


def _record(row: RowMapping) -> SnapshotRecord:
    return SnapshotRecord(
        id=row["id"],
        side=Side(row["side"]),
        entity=row["entity"],
        run=row["run"],
        files=row["files"],
        digest=row["digest"],
        records=row["records"],
        complete=row["complete"],
        created_at=row["created_at"],
        watermark=row["watermark"],
        sweep_at=row["sweep_at"],
    )
