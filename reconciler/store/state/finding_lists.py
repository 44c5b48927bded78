"""Long lists of findings for a screen: their order as bare numbers, a window of rows, and a pulse that tells of change.

An order is asked for once and kept by the asker, eight bytes a finding. A window deep inside a million findings is then
a look-up by number, and what was closed or changed meanwhile stays in its place.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Row, func, select

from reconciler.model.correction_records import LIVE_STATES
from reconciler.model.corrections import CorrectionState
from reconciler.model.findings import Finding
from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.findings import Findings
from reconciler.store.state.fingerprint import fingerprint, number
from reconciler.store.state.groups import read_counts, read_groups, select_groups
from reconciler.store.state.query import Picking
from reconciler.store.state.records import FindingFilter, FindingSort

_CORRECTIONS: Final = schema.corrections.c
_SETTLED: Final = (CorrectionState.APPLIED, CorrectionState.VERIFIED)
_KEY_PARTS: Final = "|"


class Pulse(NamedTuple):
    """Numbers that grow whenever a run, a webhook or a person changes findings or corrections."""

    runs: int
    entities: int
    events: int
    acts: int


@dataclass(frozen=True, slots=True)
class CorrectionMark:
    """How far the correction of a finding is.

    Attributes:
        id: of the correction.
        digest: of its content when it was read.
        fields: how many values it changes, those of other findings too.
    """

    id: str
    state: CorrectionState
    digest: str
    fields: int


class FindingLists:
    """Reads lists of findings for people who look at them while they change."""

    def __init__(self, database: Database, findings: Findings) -> None:
        self._database = database
        self._findings = findings

    async def beginning(self, filter_: FindingFilter, sort: FindingSort, limit: int) -> array[int] | None:
        """The first row numbers of an order, quickly; None where finding them costs as much as the whole order."""
        async with self._database.read() as connection:
            picking = Picking.of(filter_, select_groups(filter_, await read_groups(connection)), self._database.backend)
            if picking.selection.is_empty:
                return array("q")
            if not picking.is_counted:
                return None
            rows = await connection.execute(picking.page(sort, await read_counts(connection), limit, 0))
            return array("q", [row.id for row in rows])

    async def order(
        self, filter_: FindingFilter, sort: FindingSort = FindingSort.ID
    ) -> AsyncGenerator[array[int], None]:
        """The row numbers of the findings that a filter chooses, in order, in parts, of one unchanging state.

        Use `contextlib.aclosing` where the loop may be left early: a connection is held until the iterator is closed.
        """
        async with self._database.read() as connection:
            picking = Picking.of(filter_, select_groups(filter_, await read_groups(connection)), self._database.backend)
            if picking.selection.is_empty:
                return
            counts = await read_counts(connection)
            async with aclosing(self._database.backend.numbers(connection, picking.everything(sort, counts))) as parts:
                async for part in parts:
                    yield part

    async def window(self, numbers: Sequence[int]) -> list[Finding | None]:
        """The findings of these row numbers, in this order; None for one that is there no more."""
        ids = [fingerprint(each) for each in numbers]
        found = await self._findings.page(FindingFilter(ids=ids), limit=max(1, len(ids)))
        by_id = {finding.id: finding for finding in found}
        return [by_id.get(each) for each in ids]

    async def corrections_of(self, findings: Collection[Finding]) -> dict[str, CorrectionMark]:
        """How far the newest correction of each of these findings is, by the id of the finding; none left out.

        Only those that may still be written, or were written and wait for a run to see it.
        """
        keys = sorted({key for finding in findings for key in _document_keys(finding)})
        if not keys:
            return {}
        wanted = {finding.id for finding in findings}
        query = (
            select(_CORRECTIONS.id, _CORRECTIONS.state, _CORRECTIONS.digest, _CORRECTIONS.changes)
            .where(
                self._database.backend.among(_CORRECTIONS.key, keys),
                _CORRECTIONS.state.in_(sorted({*LIVE_STATES, *_SETTLED})),
            )
            .order_by(_CORRECTIONS.number)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {finding: mark for row in rows for finding, mark in _marks(row) if finding in wanted}

    async def pulse(self) -> Pulse:
        """Where the state is now: another pulse means that something changed since."""
        runs, entities = schema.runs.c, schema.run_entities.c
        query = select(
            select(func.coalesce(func.max(runs.number), 0)).scalar_subquery(),
            select(func.count())
            .where(entities.run_number >= select(func.max(runs.number)).scalar_subquery())
            .scalar_subquery(),
            select(func.coalesce(func.max(schema.finding_events.c.number), 0)).scalar_subquery(),
            select(func.coalesce(func.max(schema.audit_head.c.number), 0)).scalar_subquery(),
        )
        async with self._database.read() as connection:
            return Pulse(*(await connection.execute(query)).one())


def row_number_of(finding_id: str) -> int:
    """The number that stands for a finding in an order.

    Raises:
        ValueError: it is no whole id.
    """
    return number(finding_id)


def finding_id_of(row_number: int) -> str:
    """The id of the finding with that number."""
    return fingerprint(row_number)


def _document_keys(finding: Finding) -> list[str]:
    """The keys a correction of the finding can have: its own, or for a line what its own begins with."""
    parts = finding.key.split(_KEY_PARTS)
    if not finding.entity.endswith(".lines"):
        return [finding.key]
    return [_KEY_PARTS.join(parts[:end]) for end in range(1, len(parts) + 1)]


def _marks(row: Row[int, str, str, str]) -> list[tuple[str, CorrectionMark]]:
    identity, state, digest, changes = row
    fields: Sequence[Sequence[Any]] = orjson.loads(changes)
    mark = CorrectionMark(fingerprint(identity), CorrectionState(state), digest, len(fields))
    return [(finding, mark) for _, _, _, _, finding, _ in fields if finding is not None]
