"""Drafts that were saved in an ERP to ask for taxes: known from before they are saved until they are surely gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from reconciler.model.taxes import OpenDraft
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.database import Database

SETTLED_AFTER: Final = timedelta(minutes=10)
"""No process works on a draft for so long: one that is still written here then was left by a process that died."""
LEFT: Final = "tax_draft.left"
PERSON: Final = "reconciler"
"""Who is said to have left it: no person did."""

_ROWS: Final = schema.tax_drafts.c


class TaxDrafts:
    """The drafts of one ERP in one state. Every method raises StateError when the state cannot be used."""

    def __init__(self, database: Database, clock: Callable[[], datetime], system: str) -> None:
        self._database = database
        self._clock = clock
        self._system = system

    async def begin(self, mark: str) -> None:
        """A draft with this mark is about to be saved. When this returns it survives a loss of power."""
        values = {"mark": mark, "system": self._system, "begun_at": self._clock(), "told": False}
        async with self._database.write() as connection:
            await connection.execute(insert(schema.tax_drafts).values(values))

    async def saved(self, mark: str, draft: str) -> None:
        """It has this id."""
        async with self._database.write() as connection:
            await connection.execute(update(schema.tax_drafts).where(_ROWS.mark == mark).values(draft=draft))

    async def ended(self, mark: str) -> None:
        """There is no such draft, or no more."""
        async with self._database.write() as connection:
            await connection.execute(delete(schema.tax_drafts).where(_ROWS.mark == mark))

    async def left(self, mark: str, draft: str | None) -> None:
        """It could not be removed. The audit trail is told once; the entry stays."""
        told = update(schema.tax_drafts).where(_ROWS.mark == mark, _ROWS.told.is_(False)).values(told=True)
        act = Act(PERSON, LEFT, draft or mark, details_text({"system": self._system, "mark": mark, "draft": draft}))
        async with self._database.write() as connection:
            if (await connection.execute(told)).rowcount:
                await append_acts(connection, self._database.backend, self._clock(), [act])

    async def open(self) -> Sequence[OpenDraft]:
        """Those that no living process works on, oldest first."""
        query = (
            select(_ROWS.mark, _ROWS.draft)
            .where(_ROWS.system == self._system, _ROWS.begun_at < self._clock() - SETTLED_AFTER)
            .order_by(_ROWS.number)
        )
        async with self._database.read() as connection:
            return [OpenDraft(*row) for row in await connection.execute(query)]
