"""What the trail says of findings: accepted by whom, and when and why an acceptance ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.backend import Backend, staged
from reconciler.store.state.fingerprint import fingerprint
from reconciler.store.state.groups import ACCEPTED
from reconciler.store.state.records import FindingEventKind

_ROWS: Final = schema.findings.c
_EVENTS: Final = schema.finding_events.c
_GROUPS: Final = schema.finding_groups.c
_DECISIONS: Final = schema.decisions.c
_READ_EVENTS: Final = 5_000
_OURSELVES: Final = "reconciler"
_SIDES: Final = ("crm_id", "crm_value", "erp_id", "erp_value")


async def last_event(connection: AsyncConnection) -> int:
    """The number of the last event there is; those with a higher one are written later in the transaction."""
    last: int = (await connection.execute(select(func.coalesce(func.max(_EVENTS.number), 0)))).scalar_one()
    return last


async def note_accepted(connection: AsyncConnection, backend: Backend, now: datetime, after: int) -> None:
    """Write an act for each finding accepted by the events after that number, within their transaction."""
    await _note(connection, backend, now, _events().where(_EVENTS.kind == FindingEventKind.ACCEPTED), after)


async def note_ended(connection: AsyncConnection, backend: Backend, now: datetime, after: int) -> None:
    """Write an act for each acceptance that the events after that number end, within their transaction.

    Before the findings themselves are changed: the act tells what was accepted, and what is seen instead.
    """
    seen_now = (staged.c[name].label(f"new_{name}") for name in _SIDES)
    query = (
        _events().add_columns(*seen_now, staged.c.id.label("seen")).outerjoin(staged, staged.c.id == _EVENTS.finding_id)
    )
    await _note(connection, backend, now, query.where(_EVENTS.decision_id.is_not(None)), after)


def _events() -> Select[tuple[Any, ...]]:
    """Events in order, with the finding, the decision and the run. Outer joins: SQLite must start at the events."""
    return (
        select(
            _EVENTS.number,
            _EVENTS.kind,
            _ROWS.id,
            _ROWS.status,
            _GROUPS.entity,
            _GROUPS.field,
            _ROWS.key,
            *(_ROWS[name] for name in _SIDES),
            _DECISIONS.person,
            _DECISIONS.reason,
            _DECISIONS.until,
            schema.runs.c.id.label("run"),
        )
        .select_from(schema.finding_events)
        .outerjoin(schema.decisions, _DECISIONS.id == _EVENTS.decision_id)
        .outerjoin(schema.findings, _ROWS.id == _EVENTS.finding_id)
        .outerjoin(schema.finding_groups, _GROUPS.id == _ROWS.group_id)
        .outerjoin(schema.runs, schema.runs.c.number == _EVENTS.run_number)
        .order_by(_EVENTS.number)
        .limit(_READ_EVENTS)
    )


async def _note(
    connection: AsyncConnection, backend: Backend, now: datetime, events: Select[tuple[Any, ...]], after: int
) -> None:
    """Some thousands at a time: one decision may be about a million findings."""
    while rows := (await connection.execute(events.where(_EVENTS.number > after))).all():
        await append_acts(connection, backend, now, [_act(row) for row in rows if row.status == ACCEPTED])
        after = rows[-1].number


def _act(row: Row[Any]) -> Act:
    details: dict[str, Any] = {
        "entity": row.entity,
        "field": row.field or None,
        "key": row.key,
        **{name: getattr(row, name) for name in _SIDES},
        "reason": row.reason,
        "until": row.until,
    }
    if row.kind == FindingEventKind.ACCEPTED:
        return Act(row.person, "finding.accepted", fingerprint(row.id), details_text(details))
    details |= {"why": row.kind, "run": row.run, "accepted_by": row.person}
    if row.seen is not None:
        details["now"] = {name: getattr(row, f"new_{name}") for name in _SIDES}
    return Act(_OURSELVES, "finding.acceptance_ended", fingerprint(row.id), details_text(details))
