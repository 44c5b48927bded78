"""Runs: one at a time, each with a beginning, and an end that is either told or found out."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

import orjson
from sqlalchemy import RowMapping, Select, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError, StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.groups import NOT_CLOSED
from reconciler.store.state.records import RunRecord, RunStatus
from reconciler.store.state.runlock import Holder, busy_with

_RUNS = schema.runs.c

RUN = "run"
CHECK = "check"
"""Kinds: a whole reconciliation, and a comparison of single records that a webhook asked for."""


class Runs:
    """The history of runs, and the one that this process may be carrying out."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def start(self, entities: Sequence[str], *, full: bool, of_pilot: bool = False) -> str:
        """Begin a run and return its id. Nobody else can begin one until `finish`, or until this process ends.

        Args:
            of_pilot: it is a part of the pilot's run that goes on here. Other runs wait until that is through.

        Raises:
            StateError: another run, or one of the pilot, is going on; the message names its process and age.
        """
        if not await self._database.run_lock.acquire():
            raise await self._busy()
        try:
            if not of_pilot and await self._database.pilot_lock.is_held():
                raise await self._busy_with_pilot()
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

    async def let_go(self) -> None:
        """Let others run although the end of this process's run could not be kept. Nothing more is written of it."""
        await self._database.run_lock.release()

    async def amend(self, run_id: str, part: Mapping[str, object]) -> None:
        """Add to the document of a run that has ended, or replace what it holds under these names.

        Raises:
            StateError: there is no such run, or it has not ended.
        """
        async with self._database.write() as connection:
            kept = (await connection.execute(select(_RUNS.document).where(_RUNS.id == run_id))).scalar()
            if kept is None:
                raise StateError(phrase("run {run_id} has no document yet.", run_id=run_id))
            document = orjson.dumps({**orjson.loads(kept), **part}).decode()
            await connection.execute(update(schema.runs).where(_RUNS.id == run_id).values(document=document))

    async def needed(self, run_ids: Collection[str]) -> set[str]:
        """Those of the runs whose reports somebody may still need.

        They are those that were the last to see a finding that is not closed, and the newest complete one.
        """
        groups, findings = schema.finding_groups.c, schema.findings.c
        behind_a_finding = exists(
            select(findings.id)
            .select_from(schema.finding_groups)
            .join(schema.findings, findings.group_id == groups.id)
            .where(findings.status.in_(NOT_CLOSED), findings.last_run == _RUNS.number)
            .correlate(schema.runs)
        )
        newest = select(func.max(_RUNS.number)).where(_RUNS.kind == RUN, _RUNS.status == RunStatus.COMPLETE)
        query = select(_RUNS.id).where(
            self._database.backend.among(_RUNS.id, run_ids),
            or_(behind_a_finding, _RUNS.number == newest.scalar_subquery()),
        )
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def history(self, limit: int, *, before: str | None = None) -> list[RunRecord]:
        """The latest runs, newest first, at most `limit`. Checks of single records are not among them.

        Args:
            before: id of a run; only earlier ones. Of an id that no run has there are none.
        """
        runs = select(schema.runs).where(_RUNS.kind == RUN)
        if before is not None:
            runs = runs.where(_RUNS.number < select(_RUNS.number).where(_RUNS.id == before).scalar_subquery())
        return await self._read(runs.order_by(_RUNS.number.desc()).limit(limit))

    async def get(self, run_id: str) -> RunRecord:
        """The run of that id, or of the only id that begins so.

        Raises:
            RefusedError: there is none, or several.
        """
        found = await self._read(select(schema.runs).where(_RUNS.id.startswith(run_id, autoescape=True)).limit(2))
        if not run_id or not found:
            raise RefusedError(
                phrase("there is no run {run_id}.", run_id=run_id), hint=phrase("`reconciler runs` lists them.")
            )
        if len(found) > 1:
            raise RefusedError(
                phrase("several runs begin with {run_id}.", run_id=run_id), hint=phrase("Give more of the id.")
            )
        return found[0]

    async def horizon(self) -> int | None:
        """What to name when a check of single records is recorded, so that no run that began since is contradicted.

        Returns:
            The number of the latest run, 0 when there was none; None while a run is going on.
        """
        async with self._database.read() as connection:
            latest = await latest_run(connection)
        # Asked after the number was read: a run that began in between holds the lock, or has a higher number.
        return None if await self._database.run_lock.is_held() else latest

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
        hint = phrase("Wait until it has finished.")
        for run in await self.history(1):
            if run.status is RunStatus.RUNNING:
                age_s = (self._clock() - run.started_at).total_seconds()
                holder = Holder(run.pid, run.host, age_s).words()
                return StateError(phrase("run {run} is going on in {holder}.", run=run.id, holder=holder), hint=hint)
        return StateError(phrase("another run is just beginning or ending."), hint=hint)

    async def _busy_with_pilot(self) -> StateError:
        return await busy_with(self._database.pilot_lock, phrase("the pilot is being run"))


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


async def latest_run(connection: AsyncConnection) -> int:
    """The row number of the latest run, 0 when there was none."""
    found = await connection.execute(select(func.max(_RUNS.number)).where(_RUNS.kind == RUN))
    return found.scalar() or 0


async def begin_check(connection: AsyncConnection, entity: str, at: datetime, document: Mapping[str, object]) -> int:
    """Write a check of single records beside the runs, ended already; its row number."""
    check = insert(schema.runs).values(
        id=await _unused_id(connection, at),
        status=RunStatus.COMPLETE,
        entities=orjson.dumps([entity]).decode(),
        full=False,
        started_at=at,
        finished_at=at,
        document=orjson.dumps(document).decode(),
        pid=os.getpid(),
        host=socket.gethostname(),
        kind=CHECK,
    )
    (number,) = (await connection.execute(check)).inserted_primary_key or (None,)
    if not isinstance(number, int):
        raise RuntimeError("the database gave no number to a check")
    return number


def not_going_on(run_id: str) -> StateError:
    """Something was to be recorded for a run that has ended or never was."""
    return StateError(phrase("run {run_id} is not going on.", run_id=run_id))


async def _unused_id(connection: AsyncConnection, started_at: datetime) -> str:
    while True:
        run_id = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        taken = await connection.execute(select(func.count()).select_from(schema.runs).where(_RUNS.id == run_id))
        if not taken.scalar():
            return run_id


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
