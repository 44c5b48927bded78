"""What people decide about findings, and what has happened to a finding since it was first seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Final

from sqlalchemy import and_, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.findings import Acceptance
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.finding_trail import last_event, note_accepted
from reconciler.store.state.groups import ACCEPTED, OPEN, read_counts, read_groups, select_groups
from reconciler.store.state.merge import recount
from reconciler.store.state.query import Picking
from reconciler.store.state.records import FindingEvent, FindingEventKind, FindingFilter

_ROWS: Final = schema.findings.c
_EVENTS: Final = schema.finding_events.c
_DECISIONS: Final = schema.decisions.c
_GROUPS: Final = schema.finding_groups.c

_ENDS: Final = (FindingEventKind.EXPIRED, FindingEventKind.VALUE_CHANGED)


class Decisions:
    """Acceptances and the history of findings."""

    def __init__(self, database: Database, clock: Callable[[], datetime], time_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._time_zone = time_zone

    async def accept(self, filter_: FindingFilter, *, reason: str, person: str, until: date | None) -> int:
        """See `Findings.accept`."""
        now = self._clock()
        _check(filter_, reason, person, until, now.astimezone(self._time_zone).date())
        async with self._database.write() as connection:
            groups = await read_groups(connection)
            picking = Picking.of(filter_, select_groups(filter_, groups), self._database.backend)
            condition = picking.condition()
            if picking.narrow is None:
                condition = picking.condition_by_group(await read_counts(connection))
            undecided = and_(condition, _ROWS.status.in_((OPEN, ACCEPTED)))
            if (await connection.execute(select(_ROWS.id).where(undecided).limit(1))).first() is None:
                return 0
            before = await last_event(connection)
            decision = await self._decide(connection, now, reason, person, until)
            source = select(
                _ROWS.id,
                literal(now, _EVENTS.at.type),
                literal(FindingEventKind.ACCEPTED.value),
                literal(decision),
            ).where(undecided)
            await connection.execute(
                insert(schema.finding_events).from_select(["finding_id", "at", "kind", "decision_id"], source)
            )
            accepted = update(schema.findings).where(undecided).values(status=ACCEPTED, decision_id=decision)
            count = (await connection.execute(accepted)).rowcount
            await note_accepted(connection, self._database.backend, now, before)
            await recount(
                connection, sorted(picking.selection.groups if picking.selection.groups is not None else groups)
            )
        return count

    async def in_force(self, limit: int) -> list[Acceptance]:
        """See `Findings.acceptances`."""
        findings = func.count()
        query = (
            select(_GROUPS.entity, findings, _DECISIONS.person, _DECISIONS.reason, _DECISIONS.at, _DECISIONS.until)
            .select_from(schema.finding_groups)
            .join(schema.findings, and_(_ROWS.group_id == _GROUPS.id, _ROWS.status == ACCEPTED))
            .join(schema.decisions, _DECISIONS.id == _ROWS.decision_id)
            .group_by(
                _GROUPS.entity, _DECISIONS.id, _DECISIONS.person, _DECISIONS.reason, _DECISIONS.at, _DECISIONS.until
            )
            .order_by(_DECISIONS.until.is_(None), _DECISIONS.until, findings.desc(), _DECISIONS.id, _GROUPS.entity)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [Acceptance(*row) for row in await connection.execute(query)]

    async def ended_by(self, run_id: str) -> dict[str, dict[FindingEventKind, int]]:
        """See `Findings.ended_acceptances`."""
        query = (
            select(_GROUPS.entity, _EVENTS.kind, func.count())
            .select_from(schema.runs)
            .join(schema.finding_events, _EVENTS.run_number == schema.runs.c.number)
            .join(schema.findings, _ROWS.id == _EVENTS.finding_id)
            .join(schema.finding_groups, _GROUPS.id == _ROWS.group_id)
            .where(schema.runs.c.id == run_id, _EVENTS.kind.in_(_ENDS))
            .group_by(_GROUPS.entity, _EVENTS.kind)
        )
        ended: dict[str, dict[FindingEventKind, int]] = {}
        async with self._database.read() as connection:
            for entity, kind, findings in await connection.execute(query):
                ended.setdefault(entity, {})[FindingEventKind(kind)] = findings
        return ended

    async def history(self, row_number: int) -> list[FindingEvent]:
        """Everything that happened to a finding after it was first seen, oldest first."""
        query = (
            select(_EVENTS.at, _EVENTS.kind, schema.runs.c.id, _DECISIONS.person, _DECISIONS.reason, _DECISIONS.until)
            .select_from(
                schema.finding_events.outerjoin(schema.runs, schema.runs.c.number == _EVENTS.run_number).outerjoin(
                    schema.decisions, _DECISIONS.id == _EVENTS.decision_id
                )
            )
            .where(_EVENTS.finding_id == row_number)
            .order_by(_EVENTS.number)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            FindingEvent(at, FindingEventKind(kind), run, person, reason, until)
            for at, kind, run, person, reason, until in rows
        ]

    async def _decide(
        self, connection: AsyncConnection, now: datetime, reason: str, person: str, until: date | None
    ) -> int:
        decision = insert(schema.decisions).values(at=now, person=person.strip(), reason=reason.strip(), until=until)
        (number,) = (await connection.execute(decision)).inserted_primary_key or (None,)
        if not isinstance(number, int):
            raise RuntimeError("the database gave no number to a decision")
        return number


def _check(filter_: FindingFilter, reason: str, person: str, until: date | None, today: date) -> None:
    if not filter_.restricts:
        raise RefusedError(
            phrase("nothing says which findings to accept."),
            hint=phrase("Name them by id, entity, field, cause or key."),
        )
    if not reason.strip():
        raise RefusedError(phrase("an acceptance needs a reason."))
    if not person.strip():
        raise RefusedError(phrase("an acceptance needs the person who decides."))
    if until is not None and until < today:
        raise RefusedError(
            phrase("{until} has already passed.", until=until.isoformat()),
            hint=phrase("Give a day from today on, or none."),
        )
