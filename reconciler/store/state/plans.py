"""Sealed plans, and who applies one: a claim lasts no longer than the process that made it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import insert, select, update

from reconciler.errors import RefusedError
from reconciler.model.correction_records import StoredPlan
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.database import Database

_PLANS: Final = schema.correction_plans.c


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
                raise RefusedError("that plan is kept already.")
            await connection.execute(insert(schema.correction_plans), row)
            made = Act(plan.made_by, "plan.made", plan.digest, details_text({"corrections": len(plan.corrections)}))
            await append_acts(connection, self._database.backend, self._clock(), [made])

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
                raise RefusedError(f"{owner} does not apply that plan.")
            act = Act(owner, "plan.finished" if finished else "plan.left", digest, details_text({}))
            await append_acts(connection, self._database.backend, now, [act])

    async def _note_claim(self, digest: str, owner: str) -> None:
        async with self._database.write() as connection:
            row = (
                await connection.execute(select(_PLANS.owner, _PLANS.finished_at).where(_PLANS.digest == digest))
            ).first()
            if row is None:
                raise RefusedError("there is no such plan.", hint="`reconciler corrections plan` makes one.")
            now = self._clock()
            claim = update(schema.correction_plans).where(_PLANS.digest == digest)
            await connection.execute(claim.values(owner=owner, claimed_at=now, finished_at=None))
            details = {"left_by": row.owner} if row.owner is not None and row.finished_at is None else {}
            act = Act(owner, "plan.claimed", digest, details_text(details))
            await append_acts(connection, self._database.backend, now, [act])
