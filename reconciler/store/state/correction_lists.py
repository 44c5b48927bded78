"""Long lists of corrections for a screen: how many in each state, their order as bare numbers, their plans."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from reconciler.store.state import schema
from reconciler.store.state.correction_query import condition_of, whole_corrections
from reconciler.store.state.correction_rows import correction_of
from reconciler.store.state.corrections import Corrections
from reconciler.store.state.database import Database
from reconciler.store.state.fingerprint import fingerprint, number

_ROWS = schema.corrections.c
_PLANS = schema.correction_plans.c


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan some of whose corrections are in certain states.

    Attributes:
        count: how many of them.
    """

    digest: str
    made_by: str
    made_at: datetime
    count: int


class CorrectionLists:
    """Reads lists of corrections for people who look at them while they change."""

    def __init__(self, database: Database, corrections: Corrections) -> None:
        self._database = database
        self._corrections = corrections

    async def counts(self) -> dict[CorrectionState, int]:
        """How many corrections are in each state; states without any are left out."""
        query = select(_ROWS.state, func.count()).group_by(_ROWS.state)
        async with self._database.read() as connection:
            return {CorrectionState(state): count for state, count in await connection.execute(query)}

    async def totals(self, filter_: CorrectionFilter) -> dict[tuple[Side, CorrectionAction], int]:
        """How many of the corrections that a filter chooses do what to which system."""
        async with self._database.read() as connection:
            chosen = await condition_of(connection, filter_, self._database.backend)
            query = select(_ROWS.side, _ROWS.action, func.count()).where(chosen).group_by(_ROWS.side, _ROWS.action)
            rows = (await connection.execute(query)).all()
        return {(Side(side), CorrectionAction(action)): count for side, action, count in rows}

    async def order(self, filter_: CorrectionFilter, *, newest_first: bool = False) -> array[int]:
        """The numbers of the corrections that a filter chooses, in the order in which they were proposed."""
        found: array[int] = array("q")
        async with self._database.read() as connection:
            chosen = await condition_of(connection, filter_, self._database.backend)
            order = _ROWS.number.desc() if newest_first else _ROWS.number
            query = select(_ROWS.id).where(chosen).order_by(order)
            async with aclosing(self._database.backend.numbers(connection, query)) as parts:
                async for part in parts:
                    found.extend(part)
        return found

    async def page(self, filter_: CorrectionFilter, *, after: int, limit: int) -> list[tuple[int, Correction]]:
        """At most `limit` of the corrections that a filter chooses, each with its place, in the order of these.

        Args:
            after: the place of the last one of the page before; 0 begins. It need not be taken any more.

        Raises:
            RefusedError: an id of the filter has no form of one, or there are too many patterns.
        """
        async with self._database.read() as connection:
            chosen = await condition_of(connection, filter_, self._database.backend)
            query = whole_corrections().add_columns(_ROWS.number).where(chosen, _ROWS.number > after).limit(limit)
            rows = (await connection.execute(query)).all()
        return [(row[-1], correction_of(row[:-1])) for row in rows]

    async def window(self, numbers: Sequence[int]) -> list[Correction | None]:
        """The corrections of these numbers, in this order; None for one that is there no more."""
        ids = [fingerprint(each) for each in numbers]
        found = await self._corrections.listed(CorrectionFilter(ids=ids)) if ids else []
        by_id = {each.id: each for each in found}
        return [by_id.get(each) for each in ids]

    async def plans(self, states: Collection[CorrectionState]) -> list[PlanLine]:
        """The plans that hold corrections in one of these states, the newest first."""
        query = (
            select(_PLANS.digest, _PLANS.made_by, _PLANS.made_at, func.count())
            .join(schema.corrections, _ROWS.plan == _PLANS.digest)
            .where(_ROWS.state.in_(sorted(states)))
            .group_by(_PLANS.digest, _PLANS.made_by, _PLANS.made_at)
            .order_by(_PLANS.made_at.desc(), _PLANS.digest)
        )
        async with self._database.read() as connection:
            return [PlanLine(*row) for row in await connection.execute(query)]


def correction_id_of(row_number: int) -> str:
    """The id of the correction with that number in an order."""
    return fingerprint(row_number)


def correction_number_of(correction_id: str) -> int:
    """The number that stands for a correction in an order.

    Raises:
        ValueError: it is no whole id.
    """
    return number(correction_id)
