"""Sealed plans, and who applies one: a claim lasts no longer than the process that made it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.correction_records import StoredPlan
from reconciler.model.corrections import CorrectionState
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.correction_rows import row_numbers
from reconciler.store.state.database import Database
from reconciler.store.state.fingerprint import fingerprint
from reconciler.store.state.runlock import age_in_words

_PLANS: Final = schema.correction_plans.c
_ROWS: Final = schema.corrections.c
_APPROVED: Final = CorrectionState.APPROVED.value
_PLANNED: Final = CorrectionState.PLANNED.value
_SHOWN_IDS: Final = 5


class Plans:
    """The plans of a state."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, plan: StoredPlan) -> None:
        """See `Corrections.add_plan`."""
        row = {
            "digest": plan.digest,
            "document": plan.document,
            "made_by": plan.made_by,
            "made_at": plan.made_at,
            "corrections": orjson.dumps(list(plan.corrections)).decode(),
        }
        async with self._database.write() as connection:
            if (await connection.execute(select(_PLANS.digest).where(_PLANS.digest == plan.digest))).first():
                raise RefusedError(phrase("that plan is kept already."))
            await connection.execute(insert(schema.correction_plans), row)
            left = await self._take_in(connection, plan)
            await append_acts(connection, self._database.backend, self._clock(), _acts(plan, left))

    async def _take_in(self, connection: AsyncConnection, plan: StoredPlan) -> set[str]:
        """Make the corrections planned; gives those that leave an earlier plan for this one."""
        these = self._database.backend.among(_ROWS.id, row_numbers(plan.corrections))
        earlier = await connection.execute(select(_ROWS.id).where(these, _ROWS.state == _PLANNED))
        left = {fingerprint(row) for (row,) in earlier}
        ready = (these, _ROWS.state.in_([_APPROVED, _PLANNED]))
        taken = update(schema.corrections).where(*ready).values(state=_PLANNED, words="", plan=plan.digest)
        if (await connection.execute(taken)).rowcount != len(plan.corrections):
            there = {fingerprint(row) for (row,) in await connection.execute(select(_ROWS.id).where(*ready))}
            others = [each for each in plan.corrections if each not in there]
            raise RefusedError(
                phrase(
                    "somebody decided about {others} meanwhile; nothing is planned.",
                    others=", ".join(others[:_SHOWN_IDS]),
                ),
                hint=phrase("Plan again."),
            )
        return left

    async def has(self, digest: str) -> bool:
        """See `Corrections.has_plan`."""
        async with self._database.read() as connection:
            found = await connection.execute(select(_PLANS.digest).where(_PLANS.digest == digest))
            return found.first() is not None

    async def get(self, digest: str) -> StoredPlan | None:
        """See `Corrections.plan`."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(schema.correction_plans).where(_PLANS.digest == digest))).first()
        if row is None:
            return None
        return StoredPlan(
            row.digest,
            row.document,
            row.made_by,
            row.made_at,
            tuple(orjson.loads(row.corrections)),
            row.owner,
            row.claimed_at,
            row.finished_at,
        )

    async def claim(self, digest: str, owner: str) -> bool:
        """See `Corrections.claim_plan`."""
        if not await self._database.apply_lock.acquire():
            return False
        try:
            await self._note_claim(digest, owner)
        except BaseException:
            await self._database.apply_lock.release()
            raise
        return True

    async def applier(self) -> str | None:
        """See `Corrections.applier`."""
        holder = await self._database.apply_lock.holder()
        newest = select(_PLANS.owner).where(_PLANS.finished_at.is_(None), _PLANS.owner.is_not(None))
        async with self._database.read() as connection:
            owner: str | None = (await connection.execute(newest.order_by(_PLANS.claimed_at.desc()).limit(1))).scalar()
        if holder is None:
            return None
        # A claim that was left behind names a process that is gone.
        is_theirs = owner is not None and holder.process in owner
        return f"{owner}, begun {age_in_words(holder.age_s)} ago" if is_theirs else str(holder)

    async def release(self, digest: str, owner: str, *, finished: bool) -> None:
        """See `Corrections.release_plan`."""
        is_owner = True
        try:
            await self._note_release(digest, owner, finished=finished)
        except RefusedError:
            is_owner = False
            raise
        finally:
            # Also when the database is gone: a service that stays up must not keep everybody from applying.
            if is_owner:
                await self._database.apply_lock.release()

    async def _note_release(self, digest: str, owner: str, *, finished: bool) -> None:
        mine = (_PLANS.digest == digest, _PLANS.owner == owner, _PLANS.finished_at.is_(None))
        async with self._database.write() as connection:
            now = self._clock()
            release = update(schema.correction_plans).where(*mine).values(finished_at=now if finished else None)
            if (await connection.execute(release)).rowcount != 1:
                raise RefusedError(phrase("{owner} does not apply that plan.", owner=owner))
            act = Act(owner, "plan.finished" if finished else "plan.left", digest, details_text({}))
            await append_acts(connection, self._database.backend, now, [act])

    async def _note_claim(self, digest: str, owner: str) -> None:
        async with self._database.write() as connection:
            row = (
                await connection.execute(select(_PLANS.owner, _PLANS.finished_at).where(_PLANS.digest == digest))
            ).first()
            if row is None:
                raise RefusedError(
                    phrase("there is no such plan."), hint=phrase("`reconciler corrections plan` makes one.")
                )
            now = self._clock()
            claim = update(schema.correction_plans).where(_PLANS.digest == digest)
            await connection.execute(claim.values(owner=owner, claimed_at=now, finished_at=None))
            details = {"left_by": row.owner} if row.owner is not None and row.finished_at is None else {}
            act = Act(owner, "plan.claimed", digest, details_text(details))
            await append_acts(connection, self._database.backend, now, [act])


def _acts(plan: StoredPlan, left: Collection[str]) -> Iterator[Act]:
    """Along the index of the trail: in the order of the ids, hundreds of thousands take half the time."""
    yield Act(plan.made_by, "plan.made", plan.digest, details_text({"corrections": len(plan.corrections)}))
    unplanned = details_text({"from": _PLANNED, "to": _APPROVED})
    planned = details_text({"from": _APPROVED, "to": _PLANNED, "plan": plan.digest})
    for each in sorted(plan.corrections):
        if each in left:
            yield Act(plan.made_by, "correction.unplanned", each, unplanned)
        yield Act(plan.made_by, "correction.planned", each, planned)
