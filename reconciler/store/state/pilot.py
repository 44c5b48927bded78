"""What is kept of pilots: how they were declared, what was measured, what people said, who signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.pilot import DayValue, Declared, Feedback, Signature
from reconciler.store.state import pilot_schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.database import Database

_DECLARED: Final = pilot_schema.pilot_declarations.c
_DAYS: Final = pilot_schema.pilot_days.c
_SAID: Final = pilot_schema.pilot_feedback.c
_SIGNED: Final = pilot_schema.pilot_signatures.c


class PilotRecords:
    """The pilots of one state. What people do is one transaction together with its entry in the trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def declare(self, person: str, reason: str, digest: str, document: str, at: datetime) -> Declared:
        """Seal a pilot as it is declared now. Earlier declarations stay as they were.

        Args:
            reason: why it is declared anew; "" the first time.

        Raises:
            StateError: the state cannot be written.
        """
        values = {"at": at, "person": storable(person), "reason": storable(reason)}
        async with self._database.write() as connection:
            sealed = insert(pilot_schema.pilot_declarations).values(**values, digest=digest, document=document)
            await connection.execute(sealed)
            declared = await last_declaration(connection)
            if declared is None:
                raise RuntimeError("what was just written is not there")
            act = "pilot.declared_anew" if reason else "pilot.started"
            details = {"number": declared.number, "reason": declared.reason, "declaration": document}
            await self._tell(connection, person, act, digest, details)
            return declared

    async def declarations(self) -> list[Declared]:
        """Every declaration, the first one first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(pilot_schema.pilot_declarations).order_by(_DECLARED.number))
            return [_declared(each) for each in rows]

    async def keep_day(self, declaration: int, values: Sequence[DayValue], at: datetime) -> None:
        """Keep what was measured; an earlier value of the same day and measure gives way.

        Raises:
            StateError: the state cannot be written.
        """
        async with self._database.write() as connection:
            for each in values:
                measured = {
                    "value": None if each.value is None else str(each.value),
                    "sample": each.sample,
                    "measured_at": at,
                }
                key = {"declaration": declaration, "day": each.day, "measure": each.measure}
                upsert = self._database.backend.insert(pilot_schema.pilot_days).values(**key, **measured)
                await connection.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=measured))

    async def days(self, declaration: int) -> list[DayValue]:
        """What was measured while a declaration held, by day and measure."""
        query = (
            select(pilot_schema.pilot_days).where(_DAYS.declaration == declaration).order_by(_DAYS.day, _DAYS.measure)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [
                DayValue(each.day, each.measure, None if each.value is None else Decimal(each.value), each.sample)
                for each in rows
            ]

    async def add_feedback(self, feedback: Feedback) -> None:
        """Keep what a participant says.

        Raises:
            StateError: the state cannot be written.
        """
        values = {
            "id": feedback.id,
            "at": feedback.at,
            "who": storable(feedback.who),
            "severity": feedback.severity,
            "text": storable(feedback.text),
            "entity": storable(feedback.entity),
            "key": storable(feedback.key),
            "answer": "",
        }
        async with self._database.write() as connection:
            await connection.execute(insert(pilot_schema.pilot_feedback).values(values))
            details = {name: values[name] for name in ("severity", "entity", "key")}
            await self._tell(connection, feedback.who, "pilot.feedback", feedback.id, details)

    async def feedback(self, *, entity: str | None = None, key: str | None = None) -> list[Feedback]:
        """What was said, the latest last: all of it, or about records of an entity, or about one record."""
        query = select(pilot_schema.pilot_feedback).order_by(_SAID.number)
        if entity is not None:
            query = query.where(_SAID.entity == entity)
        if key is not None:
            query = query.where(_SAID.key == key)
        async with self._database.read() as connection:
            return [_feedback(each) for each in await connection.execute(query)]

    async def close_feedback(self, feedback_id: str, person: str, answer: str, at: datetime) -> Feedback:
        """Say that something was dealt with, and how.

        Args:
            feedback_id: or the beginning of it, where only one begins so.

        Raises:
            RefusedError: there is none, several begin so, or it was closed before.
            StateError: the state cannot be written.
        """
        begins = select(pilot_schema.pilot_feedback).where(_SAID.id.startswith(feedback_id, autoescape=True)).limit(2)
        async with self._database.write() as connection:
            found = [_feedback(each) for each in await connection.execute(begins)]
            if len(found) != 1 or not feedback_id:
                raise RefusedError(f"there is no feedback {feedback_id}, or more than one begins so.")
            (said,) = found
            if said.closed_at is not None:
                raise RefusedError(f"feedback {said.id} was closed by {said.closed_by}.")
            closed = {"closed_at": at, "closed_by": storable(person), "answer": storable(answer)}
            await connection.execute(update(pilot_schema.pilot_feedback).where(_SAID.id == said.id).values(closed))
            await self._tell(connection, person, "pilot.feedback_closed", said.id, {"severity": said.severity})
            query = select(pilot_schema.pilot_feedback).where(_SAID.id == said.id)
            return _feedback((await connection.execute(query)).one())

    async def sign(self, signature: Signature) -> None:
        """Keep a person's name under a content.

        Raises:
            RefusedError: the same role has signed it already.
            StateError: the state cannot be written.
        """
        values = {
            "at": signature.at,
            "person": storable(signature.person),
            "role": signature.role,
            "content": signature.content,
        }
        async with self._database.write() as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(insert(pilot_schema.pilot_signatures).values(values))
            except IntegrityError:
                raise RefusedError(f"the {signature.role.replace('_', ' ')} has signed this already.") from None
            await self._tell(connection, signature.person, "pilot.signed", signature.content, {"role": signature.role})

    async def signatures(self, content: str) -> list[Signature]:
        """The names under exactly this content."""
        query = select(pilot_schema.pilot_signatures).where(_SIGNED.content == content).order_by(_SIGNED.number)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [Signature(each.at, each.person, each.role, each.content) for each in rows]

    async def _tell(
        self, connection: AsyncConnection, person: str, act: str, subject: str, details: dict[str, Any]
    ) -> None:
        written = Act(storable(person), act, subject, details_text(details))
        await append_acts(connection, self._database.backend, self._clock(), [written])


async def last_declaration(connection: AsyncConnection) -> Declared | None:
    """The pilot that was declared last, within a transaction."""
    query = select(pilot_schema.pilot_declarations).order_by(_DECLARED.number.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _declared(row)


def _declared(row: Row[Any]) -> Declared:
    return Declared(row.number, row.at, row.person, row.reason, row.digest, row.document)


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        row.id,
        row.at,
        row.who,
        row.severity,
        row.text,
        row.entity,
        row.key,
        row.closed_at,
        row.closed_by,
        row.answer,
    )
