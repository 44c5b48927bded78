"""Approvals out of the state: of one correction, and of hundreds of thousands at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from operator import attrgetter
from sys import intern
from typing import Final

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.corrections import Approval
from reconciler.model.in_bulk import in_bulk
from reconciler.store.state import schema
from reconciler.store.state.backend import Backend
from reconciler.store.state.correction_rows import row_numbers
from reconciler.store.state.instant import from_microseconds

_ROWS: Final = schema.approvals.c
_READ: Final = select(
    *(_ROWS.correction, _ROWS.person, type_coerce(_ROWS.at, BigInteger), _ROWS.digest),
    type_coerce(_ROWS.expires_at, BigInteger),
)
_AT_ONCE: Final = 5_000
_MANY: Final = 2_000
_LARGE_SHARE: Final = 0.5
_approval: Final = in_bulk(Approval)
_place: Final = attrgetter("at", "person")


async def approvals_of(
    connection: AsyncConnection, backend: Backend, correction_ids: Sequence[str]
) -> dict[str, list[Approval]]:
    """The approvals of each of these corrections, oldest first; [] where there is none.

    Raises:
        RefusedError: an id is not a whole one.
    """
    given: dict[str, list[Approval]] = {each: [] for each in correction_ids}
    numbers = row_numbers(given)
    of = dict(zip(numbers, given.items(), strict=True))
    query = _READ
    if not await _are_a_large_share(connection, len(of)):
        query = query.where(backend.among(_ROWS.correction, numbers))
    async with aclosing(backend.rows(connection, query, _AT_ONCE)) as parts:
        async for part in parts:
            for row, person, at, digest, expires_at in part:
                asked = of.get(row)
                if asked is not None:
                    moments = from_microseconds(at), from_microseconds(expires_at)
                    asked[1].append(_approval(asked[0], intern(person), moments[0], digest, moments[1]))
    for approvals in given.values():
        if len(approvals) > 1:
            approvals.sort(key=_place)
    return given


async def _are_a_large_share(connection: AsyncConnection, asked: int) -> bool:
    """Whether to read all approvals is faster than to look up each: a third of the time when none is passed over."""
    if asked < _MANY:
        return False
    kept = (await connection.execute(select(func.count()).select_from(schema.approvals))).scalar_one()
    return asked > _LARGE_SHARE * kept
