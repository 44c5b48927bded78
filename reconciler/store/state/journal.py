"""The journal of applying: what is known to have happened to each correction, durable before the next thing is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, func, select

from reconciler.model.corrections import CorrectionState, JournalStep, StepKind
from reconciler.store.state import schema
from reconciler.store.state.correction_rows import row_number, row_numbers
from reconciler.store.state.database import Database
from reconciler.store.state.fingerprint import fingerprint
from reconciler.store.state.group_commit import GroupCommit
from reconciler.store.state.moves import MoveRequest

_STEPS: Final = schema.journal_steps.c
_ROWS: Final = schema.corrections.c
_UNFINISHED: Final = (CorrectionState.APPLYING.value, CorrectionState.UNKNOWN.value)


class Journal:
    """Steps are added; nothing here changes or removes one."""

    def __init__(self, database: Database, commits: GroupCommit[JournalStep | MoveRequest, list[str]]) -> None:
        self._database = database
        self._commits = commits

    async def note(self, step: JournalStep) -> None:
        """Keep a step. When this returns it survives a loss of power.

        Steps and moves that several tasks ask for at the same time go to the disk together.

        Raises:
            StateError: there is no such correction, or the database cannot be written.
            ValueError: the correction's id is not one.
        """
        row_number(step.correction)
        await self._commits.submit(step)

    async def steps(self, correction_id: str) -> list[JournalStep]:
        """The steps of a correction, in the order they were noted. The id is a whole one.

        Raises:
            RefusedError: it is not an id.
        """
        (row,) = row_numbers([correction_id])
        query = select(schema.journal_steps).where(_STEPS.correction == row).order_by(_STEPS.number)
        async with self._database.read() as connection:
            return [_step(each) for each in await connection.execute(query)]

    async def attempts(self, correction_ids: Sequence[str]) -> dict[str, int]:
        """How often each of these corrections was begun to be written; those that never were are left out.

        Raises:
            RefusedError: an id is not a whole one.
        """
        begun = _STEPS.kind == StepKind.INTENT.value
        query = (
            select(_STEPS.correction, func.count())
            .where(self._database.backend.among(_STEPS.correction, row_numbers(correction_ids)), begun)
            .group_by(_STEPS.correction)
        )
        async with self._database.read() as connection:
            return {fingerprint(row): count for row, count in await connection.execute(query)}

    async def outcomes(self, since: datetime, until: datetime) -> list[JournalStep]:
        """The last step of every attempt that ended in this time, `until` excluded, in the order they were noted."""
        ended = (_STEPS.kind == StepKind.DONE.value) & (_STEPS.at >= since) & (_STEPS.at < until)
        async with self._database.read() as connection:
            rows = await connection.execute(select(schema.journal_steps).where(ended).order_by(_STEPS.number))
            return [_step(each) for each in rows]

    async def unfinished(self) -> list[JournalStep]:
        """The last step of every correction that is `applying` or `unknown`, those first that were noted first.

        One of which nothing was noted yet is not among them: nothing was sent for it.
        """
        last = (
            select(func.max(_STEPS.number))
            .join(schema.corrections, _ROWS.id == _STEPS.correction)
            .where(_ROWS.state.in_(_UNFINISHED))
            .group_by(_STEPS.correction)
        )
        query = select(schema.journal_steps).where(_STEPS.number.in_(last)).order_by(_STEPS.number)
        async with self._database.read() as connection:
            return [_step(each) for each in await connection.execute(query)]


def _step(row: Row[Any]) -> JournalStep:
    return JournalStep(
        correction=fingerprint(row.correction),
        plan=row.plan,
        attempt=row.attempt,
        kind=StepKind(row.kind),
        at=row.at,
        record_id=row.record_id,
        state=None if row.state is None else CorrectionState(row.state),
        words=row.words,
        before=None if row.before is None else orjson.loads(row.before),
        after=None if row.after is None else orjson.loads(row.after),
    )
