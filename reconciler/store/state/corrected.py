"""Findings whose correction was written and proved: they wait for the run that does not find them any more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import func, select, update

from reconciler.model.findings import FindingStatus
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.groups import OPEN, STATUS_NUMBERS
from reconciler.store.state.merge import recount
from reconciler.store.state.query import row_numbers

_ROWS: Final = schema.findings.c
_CORRECTED: Final = STATUS_NUMBERS[FindingStatus.CORRECTED]


async def mark_corrected(database: Database, finding_ids: Collection[str]) -> int:
    """See `Findings.mark_corrected`."""
    if not finding_ids:
        return 0
    chosen = database.backend.among(_ROWS.id, row_numbers(frozenset(finding_ids)))
    async with database.write() as connection:
        corrected = update(schema.findings).where(chosen, _ROWS.status == OPEN).values(status=_CORRECTED)
        count = (await connection.execute(corrected)).rowcount
        groups = (await connection.execute(select(func.distinct(_ROWS.group_id)).where(chosen))).scalars().all()
        await recount(connection, groups)
    return count
