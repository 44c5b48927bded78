"""What people decide about the content of a correction: other values, and approvals of exactly what is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.corrections import Approval, Correction, CorrectionState, FieldChange
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.correction_query import whole_corrections
from reconciler.store.state.correction_rows import changes_text, correction_of, row_numbers
from reconciler.store.state.correction_topics import TopicNumbers, read_topics
from reconciler.store.state.database import Database
from reconciler.store.state.proposals import causes_of

_ROWS: Final = schema.corrections.c
_APPROVALS: Final = schema.approvals.c
_MAY_BE_APPROVED: Final = frozenset({CorrectionState.PROPOSED.value, CorrectionState.APPROVED.value})


class Edits:
    """Edits and approvals, each with its act."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def edit(
        self,
        correction_id: str,
        changes: tuple[FieldChange, ...],
        digest: str,
        person: str,
        problems: tuple[str, ...] | None,
        rests_on: str | None,
    ) -> Correction:
        """See `Corrections.edit`."""
        (row,) = row_numbers([correction_id])
        async with self._database.write() as connection:
            before = await _one(connection, row, correction_id)
            if before.state is not CorrectionState.PROPOSED:
                raise RefusedError(
                    phrase(
                        "correction {correction_id} is {state} and cannot be edited any more.",
                        correction_id=correction_id,
                        state=before.state,
                    )
                )
            if rests_on is not None and before.digest != rests_on:
                raise RefusedError(
                    phrase(
                        "correction {correction_id} was edited by somebody else meanwhile.", correction_id=correction_id
                    ),
                    hint=phrase("Look at it again."),
                )
            values: dict[str, Any] = {"changes": changes_text(changes), "digest": digest}
            if problems is not None:
                values["problems"] = orjson.dumps(problems).decode()
            values["topic"] = await self._topic(connection, changes)
            await connection.execute(update(schema.corrections).where(_ROWS.id == row).values(values))
            await connection.execute(delete(schema.approvals).where(_APPROVALS.correction == row))
            after = await _one(connection, row, correction_id)
            act = Act(person, "correction.edited", correction_id, details_text(_edit_details(before, after)))
            await append_acts(connection, self._database.backend, self._clock(), [act])
        return after

    async def approve(self, approvals: Sequence[Approval], through: str) -> None:
        """See `Corrections.approve`."""
        rows = row_numbers(approval.correction for approval in approvals)
        async with self._database.write() as connection:
            backend = self._database.backend
            query = select(_ROWS.id, _ROWS.state, _ROWS.digest).where(backend.among(_ROWS.id, sorted(set(rows))))
            there = {row: (state, digest) for row, state, digest in await connection.execute(query)}
            for row, approval in zip(rows, approvals, strict=True):
                _check_approved(approval, *there.get(row, ("", "")))
            upsert = backend.insert(schema.approvals)
            await connection.execute(
                upsert.on_conflict_do_update(
                    index_elements=["correction", "person", "digest"],
                    set_={"at": upsert.excluded.at, "expires_at": upsert.excluded.expires_at},
                ),
                [
                    {
                        "correction": row,
                        "person": approval.person,
                        "digest": approval.digest,
                        "at": approval.at,
                        "expires_at": approval.expires_at,
                    }
                    for row, approval in zip(rows, approvals, strict=True)
                ],
            )
            await append_acts(connection, backend, self._clock(), (_approval_act(each, through) for each in approvals))

    async def _topic(self, connection: AsyncConnection, changes: Sequence[FieldChange]) -> int:
        topics = TopicNumbers(await read_topics(connection))
        findings = {each.finding for each in changes if each.finding is not None}
        number = topics.number(changes, await causes_of(connection, self._database.backend, findings))
        await topics.store(connection)
        return number


async def _one(connection: AsyncConnection, row: int, correction_id: str) -> Correction:
    found = (await connection.execute(whole_corrections().where(_ROWS.id == row))).first()
    if found is None:
        raise RefusedError(phrase("there is no correction {correction_id}.", correction_id=correction_id))
    return correction_of(found)


def _check_approved(approval: Approval, state: str, digest: str) -> None:
    if state not in _MAY_BE_APPROVED:
        what = f"is {state}" if state else "is gone"
        raise RefusedError(
            phrase(
                "correction {correction} {what} and cannot be approved; nothing was approved.",
                correction=approval.correction,
                what=what,
            )
        )
    if digest != approval.digest:
        raise RefusedError(
            phrase(
                "correction {correction} was changed meanwhile; nothing was approved.", correction=approval.correction
            ),
            hint=phrase("Look at it again."),
        )


def _approval_act(approval: Approval, through: str) -> Act:
    details: dict[str, object] = {"digest": approval.digest, "at": approval.at, "expires_at": approval.expires_at}
    if through:
        details["through"] = storable(through)
    return Act(approval.person, "correction.approval_given", approval.correction, details_text(details))


def _edit_details(before: Correction, after: Correction) -> dict[str, object]:
    return {
        "before": {"changes": before.changes, "digest": before.digest, "problems": before.problems},
        "after": {"changes": after.changes, "digest": after.digest, "problems": after.problems},
    }
