"""Stages as they are kept: promotions and fall-backs, freezes, and how much was written on a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.pilot import Declared, Freeze, Stage, StageChange
from reconciler.phrases.phrase import phrase
from reconciler.store.state import pilot_schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.database import Database
from reconciler.store.state.pilot import last_declaration

_CHANGES: Final = pilot_schema.stage_changes.c
_FREEZES: Final = pilot_schema.pilot_freezes.c
_WRITES: Final = pilot_schema.pilot_writes.c
_OURSELVES: Final = "reconciler"


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """What the state knows of how far the project is let, all read at the same moment."""

    reached: StageChange | None
    declared: Declared | None
    freeze: Freeze | None


class Stages:
    """The stages of one state. Every change is one transaction together with its entry in the trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def standing(self) -> KeptStanding:
        """How far the project is let now.

        Raises:
            StateError: the state cannot be read.
        """
        async with self._database.read() as connection:
            return KeptStanding(
                await _last_change(connection), await last_declaration(connection), await _in_force(connection)
            )

    async def history(self) -> list[StageChange]:
        """Every promotion and fall-back, the first one first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(pilot_schema.stage_changes).order_by(_CHANGES.number))
            return [_change(each) for each in rows]

    async def move(self, change: StageChange, *, expected: StageChange | None) -> None:
        """Reach another stage.

        Args:
            expected: the last change that was decided from.

        Raises:
            RefusedError: somebody changed the stage meanwhile.
            StateError: the state cannot be written.
        """
        act = "stage.promoted" if change.stage.rank >= change.previous.rank else "stage.fell_back"
        details = {"from": change.previous, "reason": storable(change.reason), "systems": change.systems}
        async with self._database.write() as connection:
            if await _last_change(connection) != expected:
                raise RefusedError(
                    phrase("somebody changed the stage at this very moment."), hint=phrase("Look at it again.")
                )
            values = {
                "at": change.at,
                "stage": change.stage.value,
                "previous": change.previous.value,
                "person": storable(change.person),
                "reason": storable(change.reason),
                "systems": change.systems,
            }
            await connection.execute(insert(pilot_schema.stage_changes).values(values))
            await self._tell(connection, change.person, act, change.stage, details)

    async def freeze(self, rule: str, at: datetime, details: Mapping[str, object]) -> Freeze | None:
        """Let nothing be written from now on.

        Args:
            rule: the stop rule that fired, in words.
            details: of what fired it, for the trail.

        Returns:
            The freeze; None where everything was frozen already, and nothing changed.

        Raises:
            StateError: the state cannot be written.
        """
        async with self._database.write() as connection:
            if await _in_force(connection) is not None:
                return None
            await connection.execute(
                insert(pilot_schema.pilot_freezes).values(at=at, rule=storable(rule), why_lifted="")
            )
            frozen = await _in_force(connection)
            if frozen is not None:
                await self._tell(connection, _OURSELVES, "pilot.frozen", str(frozen.number), {"rule": rule, **details})
            return frozen

    async def lift(self, person: str, reason: str, at: datetime) -> Freeze:
        """Let corrections be written again. Gives the freeze that was lifted.

        Raises:
            RefusedError: nothing is frozen.
            StateError: the state cannot be written.
        """
        async with self._database.write() as connection:
            frozen = await _in_force(connection)
            if frozen is None:
                raise RefusedError(phrase("nothing is frozen."))
            lifted = {"lifted_at": at, "lifted_by": storable(person), "why_lifted": storable(reason)}
            await connection.execute(
                update(pilot_schema.pilot_freezes).where(_FREEZES.number == frozen.number).values(lifted)
            )
            details = {"rule": frozen.rule, "reason": storable(reason)}
            await self._tell(connection, person, "pilot.freeze_lifted", str(frozen.number), details)
            return frozen

    async def freezes(self) -> list[Freeze]:
        """Every freeze there was, the first one first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(pilot_schema.pilot_freezes).order_by(_FREEZES.number))
            return [_freeze(each) for each in rows]

    async def reserve_write(self, day: date, limit: int) -> bool:
        """Count one more record that is about to be written, if that is not one too many. Nothing gives it back.

        It is counted before anything is sent: two processes together never begin more than the limit.

        Args:
            day: of the project's calendar.

        Returns:
            Whether it may be written.

        Raises:
            StateError: the state cannot be written.
        """
        begun = self._database.backend.insert(pilot_schema.pilot_writes).values(day=day, writes=0)
        one_more = (
            update(pilot_schema.pilot_writes)
            .where(_WRITES.day == day, _WRITES.writes < limit)
            .values(writes=_WRITES.writes + 1)
        )
        async with self._database.write() as connection:
            await connection.execute(begun.on_conflict_do_nothing())
            return (await connection.execute(one_more)).rowcount == 1

    async def writes_on(self, day: date) -> int:
        """How many records were begun to be written on that day."""
        async with self._database.read() as connection:
            query = select(_WRITES.writes).where(_WRITES.day == day)
            return (await connection.execute(query)).scalar() or 0

    async def _tell(
        self, connection: AsyncConnection, person: str, act: str, subject: str, details: Mapping[str, object]
    ) -> None:
        written = Act(storable(person), act, subject, details_text(details))
        await append_acts(connection, self._database.backend, self._clock(), [written])


async def _last_change(connection: AsyncConnection) -> StageChange | None:
    query = select(pilot_schema.stage_changes).order_by(_CHANGES.number.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _change(row)


async def _in_force(connection: AsyncConnection) -> Freeze | None:
    query = select(pilot_schema.pilot_freezes).where(_FREEZES.lifted_at.is_(None)).order_by(_FREEZES.number).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _freeze(row)


def _change(row: Row[Any]) -> StageChange:
    return StageChange(row.at, Stage(row.stage), Stage(row.previous), row.person, row.reason, row.systems)


def _freeze(row: Row[Any]) -> Freeze:
    return Freeze(row.number, row.at, row.rule, row.lifted_at, row.lifted_by, row.why_lifted)
