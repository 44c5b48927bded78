"""Runs: one at a time, each with a beginning, and an end that is either told or found out."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import RowMapping, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError, StateError
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.records import RunRecord, RunStatus

_RUNS = schema.runs.c


class Runs:
    """The history of runs, and the one that this process may be carrying out."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def start(self, entities: Sequence[str], *, full: bool) -> str:
        """Begin a run and return its id. Nobody else can begin one until `finish`, or until this process ends.

        Raises:
            StateError: another run is going on; the message names its process and age.
        """
        if not await self._database.run_lock.acquire():
            raise await self._busy()
        try:
            return await self._insert(entities, full)
        except BaseException:
            await self._database.run_lock.release()
            raise

    async def finish(self, run_id: str, status: RunStatus, document: Mapping[str, object]) -> None:
        """End a run. `document` is kept as JSON. When this returns, both are durable.

        Raises:
            StateError: the run is not going on.
        """
        ended = (
            update(schema.runs)
            .where(_RUNS.id == run_id, _RUNS.status == RunStatus.RUNNING)
            .values(status=status, finished_at=self._clock(), document=orjson.dumps(document).decode())
        )
        async with self._database.write() as connection:
            if (await connection.execute(ended)).rowcount != 1:
                raise not_going_on(run_id)
        await self._database.run_lock.release()

    async def history(self, limit: int) -> list[RunRecord]:
        """The latest runs, newest first, at most `limit`."""
        return await self._read(select(schema.runs).order_by(_RUNS.number.desc()).limit(limit))

    async def get(self, run_id: str) -> RunRecord:
        """The run of that id, or of the only id that begins so.

        Raises:
            RefusedError: there is none, or several.
        """
        found = await self._read(select(schema.runs).where(_RUNS.id.startswith(run_id, autoescape=True)).limit(2))
        if not run_id or not found:
            raise RefusedError(f"there is no run {run_id}.", hint="`reconciler runs` lists them.")
        if len(found) > 1:
            raise RefusedError(f"several runs begin with {run_id}.", hint="Give more of the id.")
        return found[0]

    async def _insert(self, entities: Sequence[str], full: bool) -> str:
        started_at = self._clock()
        async with self._database.write() as connection:
            await connection.execute(
                update(schema.runs).where(_RUNS.status == RunStatus.RUNNING).values(status=RunStatus.INTERRUPTED)
            )
            run_id = await _unused_id(connection, started_at)
            await connection.execute(
                insert(schema.runs).values(
                    id=run_id,
                    status=RunStatus.RUNNING,
                    entities=orjson.dumps(list(entities)).decode(),
                    full=full,
                    started_at=started_at,
                    pid=os.getpid(),
                    host=socket.gethostname(),
                )
            )
        return run_id

    async def _read(self, query: Select[tuple[object, ...]]) -> list[RunRecord]:
        rows = await self._rows(query)
        claimed = {row["id"] for row in rows if row["status"] == RunStatus.RUNNING}
        if claimed and not await self._database.run_lock.is_held():
            # Read again: a run may have ended properly between the first reading and the look at the lock. One that
            # has begun since then is not in `claimed` and stays as it is.
            rows = await self._rows(query)
        else:
            claimed = set()
        return [_record(row, gone=row["id"] in claimed) for row in rows]

    async def _rows(self, query: Select[tuple[object, ...]]) -> Sequence[RowMapping]:
        async with self._database.read() as connection:
            return (await connection.execute(query)).mappings().all()

    async def _busy(self) -> StateError:
        hint = "Wait until it has finished."
        for run in await self.history(1):
            if run.status is RunStatus.RUNNING:
                age = self._clock() - run.started_at
                return StateError(
                    f"run {run.id} is going on in process {run.pid} on {run.host} since {_minutes(age)}.", hint=hint
                )
        return StateError("another run is just beginning or ending.", hint=hint)


async def number_of(connection: AsyncConnection, run_id: str) -> int:
    """The row number of a run that is going on.

    Raises:
        StateError: it is not.
    """
    found = await connection.execute(select(_RUNS.number).where(_RUNS.id == run_id, _RUNS.status == RunStatus.RUNNING))
    number: int | None = found.scalar()
    if number is None:
        raise not_going_on(run_id)
    return number


def not_going_on(run_id: str) -> StateError:
    """Something was to be recorded for a run that has ended or never was."""
    return StateError(f"run {run_id} is not going on.")


async def _unused_id(connection: AsyncConnection, started_at: datetime) -> str:
    while True:
        run_id = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        taken = await connection.execute(select(func.count()).select_from(schema.runs).where(_RUNS.id == run_id))
        if not taken.scalar():
            return run_id


def _minutes(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return "less than a minute" if not minutes else f"{minutes} minute{'s' if minutes > 1 else ''}"


def _record(row: RowMapping, *, gone: bool) -> RunRecord:
    status = RunStatus(row["status"])
    return RunRecord(
        id=row["id"],
        status=RunStatus.INTERRUPTED if gone and status is RunStatus.RUNNING else status,
        entities=tuple(orjson.loads(row["entities"])),
        full=row["full"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        document=None if row["document"] is None else orjson.loads(row["document"]),
        pid=row["pid"],
        host=row["host"],
    )
