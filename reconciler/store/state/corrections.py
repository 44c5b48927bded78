"""Corrections: proposed, decided, planned, followed until they are proved. Every change leaves its act in the trail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from reconciler.errors import RefusedError
from reconciler.model.correction_records import AddedProposals, CorrectionFilter, Move, StoredPlan
from reconciler.model.corrections import Approval, Correction, FieldChange, JournalStep
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.approval_rows import approvals_of
from reconciler.store.state.correction_edits import Edits
from reconciler.store.state.correction_query import begins_so, condition_of, whole_corrections
from reconciler.store.state.correction_rows import correction_of
from reconciler.store.state.database import Database
from reconciler.store.state.group_commit import GroupCommit
from reconciler.store.state.moves import MoveRequest
from reconciler.store.state.plans import Plans
from reconciler.store.state.proposals import add_proposals

_APPROVALS: Final = schema.approvals.c
_READ_ROWS: Final = 2_000
_ALL: Final = CorrectionFilter()


class Corrections:
    """The corrections of a state. A filter of nothing chooses all of them."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        commits: GroupCommit[JournalStep | MoveRequest, list[str]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._commits = commits
        self._plans = Plans(database, clock)
        self._edits = Edits(database, clock)

    async def add(self, proposed: Sequence[Correction], *, person: str) -> AddedProposals:
        """Keep proposals, all or nothing (`AddedProposals` says what becomes of each).

        A proposal takes the place of one for the same record of the same side (for one that is to be made: with the
        same key) that is still `proposed`, unless both offer the same. It is refused where that record's correction is
        further on and not yet over, and where it would displace an undo without being one.

        Args:
            person: who gives them, for the trail.

        Raises:
            ValueError: one is not `proposed`, two are about the same record, or an id is not one.
        """
        if not proposed:
            return AddedProposals()
        async with self._database.write() as connection:
            return await add_proposals(connection, self._database.backend, self._clock(), proposed, person)

    async def get(self, correction_id: str) -> Correction:
        """The correction with that id, or with the only id that begins so.

        Raises:
            RefusedError: there is none, or several.
        """
        query = whole_corrections().where(begins_so(correction_id)).limit(2)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            raise RefusedError(
                phrase("there is no correction {correction_id}.", correction_id=correction_id),
                hint=phrase("`reconciler corrections list` shows them."),
            )
        if len(rows) > 1:
            raise RefusedError(
                phrase("several corrections begin with {correction_id}.", correction_id=correction_id),
                hint=phrase("Give more of the id."),
            )
        return correction_of(rows[0])

    async def iterate(self, chosen: CorrectionFilter = _ALL) -> AsyncGenerator[Correction, None]:
        """Every correction a filter chooses, of one unchanging state, in the order in which they were proposed.

        Use `contextlib.aclosing` where the loop may be left early: a connection is held until the iterator is closed.

        Raises:
            RefusedError: an id of the filter has no form of one, or there are too many patterns.
        """
        async with self._database.read() as connection:
            condition = await condition_of(connection, chosen, self._database.backend)
            query = whole_corrections().where(condition)
            async with aclosing(self._database.backend.rows(connection, query, _READ_ROWS)) as parts:
                async for part in parts:
                    for row in part:
                        yield correction_of(row)

    async def listed(self, chosen: CorrectionFilter = _ALL) -> list[Correction]:
        """What `iterate` gives, at once. Raises as `iterate`."""
        async with self._database.read() as connection:
            condition = await condition_of(connection, chosen, self._database.backend)
            query, found = whole_corrections().where(condition), list[Correction]()
            async with aclosing(self._database.backend.rows(connection, query, _READ_ROWS)) as parts:
                async for part in parts:
                    found += map(correction_of, part)
            return found

    async def count(self, chosen: CorrectionFilter = _ALL) -> int:
        """How many corrections a filter chooses. Raises as `iterate`."""
        async with self._database.read() as connection:
            condition = await condition_of(connection, chosen, self._database.backend)
            return (
                await connection.execute(select(func.count()).select_from(schema.corrections).where(condition))
            ).scalar_one()

    async def edit(
        self,
        correction_id: str,
        changes: tuple[FieldChange, ...],
        digest: str,
        *,
        person: str,
        problems: tuple[str, ...] | None = None,
        rests_on: str | None = None,
    ) -> Correction:
        """Give a correction that is still `proposed` other content. Approvals of the content before are withdrawn.

        Args:
            correction_id: whole.
            digest: of the content with these changes.
            problems: why the target will not take the new content; None leaves them as they are.
            rests_on: digest of the content the editor saw; None edits whatever is there.

        Raises:
            RefusedError: it is not `proposed` any more, or somebody else edited it meanwhile.
        """
        return await self._edits.edit(correction_id, changes, digest, person, problems, rests_on)

    async def approve(self, approvals: Sequence[Approval], *, through: str = "") -> None:
        """Keep approvals, all or none; one per person and content: a later one counts instead of the one before.

        Args:
            through: by what whoever approves was recognised, for the trail.

        Raises:
            RefusedError: a correction is not `proposed` or `approved`, or its content is not what was approved.
        """
        if approvals:
            await self._edits.approve(approvals, through)

    async def approvals(self, correction_ids: Sequence[str]) -> dict[str, list[Approval]]:
        """The approvals of each of these corrections, oldest first, also those that ran out; [] where there is none.

        Raises:
            RefusedError: an id is not a whole one.
        """
        async with self._database.read() as connection:
            return await approvals_of(connection, self._database.backend, correction_ids)

    async def approved_since(self, person: str, moment: datetime) -> list[Correction]:
        """What a person approved from that moment on, as it is now. Approvals that were withdrawn are forgotten."""
        approved = select(_APPROVALS.correction).where(_APPROVALS.person == person, _APPROVALS.at >= moment)
        query = whole_corrections().where(schema.corrections.c.id.in_(approved))
        async with self._database.read() as connection:
            return [correction_of(row) for row in await connection.execute(query)]

    async def move(
        self, moves: Sequence[Move], *, person: str, plan: str | None = None, through: str = ""
    ) -> list[str]:
        """Make each move whose correction is in the state (and has the content) that is expected, durably.

        Moves back to `proposed` and to `rejected` withdraw the approvals.

        Args:
            plan: digest; kept with what becomes `planned` or `applying`. What is `planned` moves only if it is in this
                plan.
            through: by what that person was recognised, for the trail.

        Returns:
            The ids of those that were not where they were expected, and stay as they are.

        Raises:
            ValueError: an id is not one.
        """
        return await self._commits.submit(MoveRequest.of(moves, person, plan, through)) if moves else []

    async def add_plan(self, plan: StoredPlan) -> None:
        """Keep a sealed plan and move its corrections into it, out of an earlier plan too: all of them or nothing.

        Owner and times of applying are not taken from it.

        Raises:
            RefusedError: it is kept already, or a correction of it is neither approved nor planned any more.
        """
        await self._plans.add(plan)

    async def plan(self, digest: str) -> StoredPlan | None:
        """The plan with that digest, or None where none was made here."""
        return await self._plans.get(digest)

    async def has_plan(self, digest: str) -> bool:
        """Whether a plan with that digest was made here; its document, which may be large, is not read."""
        return await self._plans.has(digest)

    async def claim_plan(self, digest: str, owner: str) -> bool:
        """Make `owner` the only applier, until `release_plan`, or until this state is closed or its process dies.

        One plan is applied at a time. One that a dead process had claimed, or that is finished, can be claimed again.

        Returns:
            False where somebody, in this process or another, applies this plan or another one.

        Raises:
            RefusedError: there is no such plan.
        """
        return await self._plans.claim(digest, owner)

    async def applier(self) -> str | None:
        """Who applies now and since when, in words; None where nobody does, or where that cannot be told."""
        return await self._plans.applier()

    async def release_plan(self, digest: str, owner: str, *, finished: bool) -> None:
        """Let others apply. `finished`: the plan is through.

        Raises:
            RefusedError: `owner` is not who applies it.
        """
        await self._plans.release(digest, owner, finished=finished)
