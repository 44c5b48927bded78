"""Decisions taken back: one person's approvals, and acceptances of findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, delete, insert, literal, select, update

from reconciler.model.corrections import CorrectionState
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.correction_rows import row_numbers
from reconciler.store.state.database import Database
from reconciler.store.state.fingerprint import fingerprint
from reconciler.store.state.groups import ACCEPTED, OPEN
from reconciler.store.state.merge import recount
from reconciler.store.state.query import row_numbers as finding_numbers
from reconciler.store.state.records import FindingEventKind

_CORRECTIONS: Final = schema.corrections.c
_APPROVALS: Final = schema.approvals.c
_FINDINGS: Final = schema.findings.c
_DECISIONS: Final = schema.decisions.c
_BEFORE_PLANNING: Final = (CorrectionState.PROPOSED.value, CorrectionState.APPROVED.value)


class Withdrawals:
    """Takes back what nothing was built on yet. Each one leaves its act in the trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def approvals(self, correction_ids: Collection[str], *, person: str) -> list[str]:
        """Take back the approvals that a person gave to corrections that are not planned yet.

        What was approved is proposed again. The approvals of others stay.

        Returns:
            The ids of those that had one to take back.

        Raises:
            RefusedError: an id is not a whole one.
        """
        rows = row_numbers(correction_ids)
        among = self._database.backend.among
        async with self._database.write() as connection:
            theirs = select(_APPROVALS.correction).where(
                among(_APPROVALS.correction, rows), _APPROVALS.person == person
            )
            query = select(_CORRECTIONS.id, _CORRECTIONS.state).where(
                _CORRECTIONS.id.in_(theirs), _CORRECTIONS.state.in_(_BEFORE_PLANNING)
            )
            found: dict[int, str] = {row.id: row.state for row in await connection.execute(query)}
            if not found:
                return []
            chosen = among(_APPROVALS.correction, sorted(found))
            await connection.execute(delete(schema.approvals).where(chosen, _APPROVALS.person == person))
            approved = among(_CORRECTIONS.id, sorted(found))
            back = update(schema.corrections).where(approved).values(state=CorrectionState.PROPOSED.value, words="")
            await connection.execute(back)
            await append_acts(connection, self._database.backend, self._clock(), _approval_acts(found, person))
        return [fingerprint(row) for row in found]

    async def acceptances(self, finding_ids: Collection[str], *, person: str) -> int:
        """Open findings again whose acceptance a person takes back; returns how many were accepted until now.

        Raises:
            RefusedError: an id is not a whole one.
        """
        now = self._clock()
        chosen = and_(
            self._database.backend.among(_FINDINGS.id, finding_numbers(frozenset(finding_ids))),
            _FINDINGS.status == ACCEPTED,
        )
        async with self._database.write() as connection:
            accepted = (await connection.execute(_accepted().where(chosen))).all()
            if not accepted:
                return 0
            events = schema.finding_events.c
            source = select(
                _FINDINGS.id,
                literal(now, events.at.type),
                literal(FindingEventKind.WITHDRAWN.value),
                _FINDINGS.decision_id,
            ).where(chosen)
            await connection.execute(
                insert(schema.finding_events).from_select(["finding_id", "at", "kind", "decision_id"], source)
            )
            await connection.execute(update(schema.findings).where(chosen).values(status=OPEN, decision_id=None))
            await recount(connection, sorted({row.group_id for row in accepted}))
            await append_acts(connection, self._database.backend, now, _acceptance_acts(accepted, person))
        return len(accepted)


def _accepted() -> Any:
    return (
        select(_FINDINGS.id, _FINDINGS.group_id, _FINDINGS.key, _DECISIONS.person, _DECISIONS.reason, _DECISIONS.until)
        .select_from(schema.findings)
        .outerjoin(schema.decisions, _DECISIONS.id == _FINDINGS.decision_id)
    )


def _approval_acts(found: dict[int, str], person: str) -> Iterable[Act]:
    for row, state in found.items():
        details = details_text({"from": state, "to": CorrectionState.PROPOSED.value})
        yield Act(person, "correction.approval_withdrawn", fingerprint(row), details)


def _acceptance_acts(accepted: Collection[Row[Any]], person: str) -> Iterable[Act]:
    for row in accepted:
        details = {"key": row.key, "accepted_by": row.person, "reason": row.reason, "until": row.until}
        yield Act(person, "finding.acceptance_withdrawn", fingerprint(row.id), details_text(details))
