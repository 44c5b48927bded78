"""Findings: recorded by runs, decided by people, read by everybody."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final

import orjson
from sqlalchemy import Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.entities import Side
from reconciler.model.findings import Acceptance, Finding, FindingRow, SideValue
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.corrected import mark_corrected
from reconciler.store.state.database import Database
from reconciler.store.state.decisions import Decisions
from reconciler.store.state.fingerprint import fingerprint, is_prefix, range_of
from reconciler.store.state.groups import NOT_CLOSED, STATUSES, Group, read_counts, read_groups, select_groups
from reconciler.store.state.merge import entity_groups
from reconciler.store.state.query import (
    Counts,
    Picking,
    batched_selects,
    beyond,
    order_of,
    row_numbers,
    sort_values,
    whole_findings,
)
from reconciler.store.state.recording import Recorder
from reconciler.store.state.records import (
    FindingEvent,
    FindingEventKind,
    FindingFilter,
    FindingSort,
    FindingSummary,
    FindingTotals,
    RawPlace,
)
from reconciler.store.state.staging import Batches
from reconciler.store.state.webhook_records import KeyScope, KnownPlace

_ROWS: Final = schema.findings.c
_ENTITIES: Final = schema.run_entities.c
_ALL: Final = FindingFilter()
_READ_ROWS: Final = 2_000
_BETWEEN_IDS: Final = ", "
"""Between the ids of a finding that names several records of a side."""


class Findings:
    """The findings of a state. Lists are given in pages; a filter of nothing chooses everything."""

    def __init__(self, database: Database, clock: Callable[[], datetime], time_zone: tzinfo) -> None:
        self._database = database
        self._recorder = Recorder(database, clock, time_zone)
        self._decisions = Decisions(database, clock, time_zone)

    async def record(
        self,
        run_id: str,
        entity: str,
        batches: Batches,
        *,
        close_missing: bool = True,
        snapshots: Mapping[Side, str] | None = None,
        spared: Collection[str] = (),
    ) -> FindingTotals:
        """Store what a run found in an entity, all or nothing (DESIGN.md 6).

        New findings are opened. Known ones take the new values and causes; closed and corrected ones are reopened;
        accepted ones stay so until a value changes (for duplicates and ambiguous records: until other records are
        named) or the last day of the acceptance has passed. Those of the entity that were not seen are closed. Rows may
        come in any order; by id is fastest. Of rows with the same id the first counts.

        Args:
            batches: consumed before any lock is taken, so it may read from systems and from this state.
            close_missing: False when not every key was compared: nothing is closed then.
            snapshots: ids of the snapshots that pages and positions in the rows refer to.
            spared: keys, as shown, that could not be compared: what is known of them and of what is below them is left
                as it is.

        Raises:
            StateError: the run is not going on, or has recorded this entity already.
            ValueError: a row is of another entity or not as `FindingRow` says.
        """
        return await self._recorder.record(
            run_id, entity, batches, close_missing=close_missing, snapshots=dict(snapshots or {}), spared=spared
        )

    async def record_check(
        self, horizon: int, entity: str, scope: KeyScope, rows: Sequence[FindingRow]
    ) -> FindingTotals | None:
        """Store what a check of single records found, all or nothing. Findings outside the scope are not touched.

        Findings are opened, changed, reopened and closed as by a run. Those that are as they were keep the run that saw
        them, and nothing is written when all are.

        Args:
            horizon: what `Runs.horizon` said before the records were read.
            scope: the findings the check speaks for.
            rows: every finding there is within the scope now.

        Returns:
            None, and nothing was written, when a run began since: it may have read the records later than the check.

        Raises:
            ValueError: a row is of another entity or not as `FindingRow` says.
        """
        return await self._recorder.record_check(horizon, entity, scope, rows)

    async def known_places(
        self, entity: str, *, keys: Collection[str], ids: Mapping[Side, Collection[str]], since: int
    ) -> list[KnownPlace]:
        """Findings of an entity that are not closed and have one of these keys (as shown), or name one of these ids.

        Args:
            since: ids are looked for only in findings that were seen after this run (`Runs.horizon`): what a run saw
                is in its snapshots.
        """
        among = self._database.backend.among
        by_id = [
            or_(among(column, ids[side]), column.contains(_BETWEEN_IDS))
            for side, column in ((Side.CRM, _ROWS.crm_id), (Side.ERP, _ROWS.erp_id))
            if ids.get(side)
        ]
        conditions = [among(_ROWS.key, keys)] if keys else []
        if by_id:
            conditions.append(and_(_ROWS.last_run > since, or_(*by_id)))
        found: list[KnownPlace] = []
        async with self._database.read() as connection:
            for condition in conditions:
                query = select(_ROWS.key, _ROWS.crm_id, _ROWS.erp_id).where(
                    condition, _ROWS.group_id.in_(entity_groups(entity)), _ROWS.status.in_(NOT_CLOSED)
                )
                rows = await connection.execute(query)
                found += [KnownPlace(key, _listed(crm_id), _listed(erp_id)) for key, crm_id, erp_id in rows]
        wanted = {side: set(ids.get(side, ())) for side in Side}
        return [
            place for place in found if place.key in keys or any(wanted[side] & set(place.ids(side)) for side in Side)
        ]

    async def accept(self, filter_: FindingFilter, *, reason: str, person: str, until: date | None = None) -> int:
        """Accept the open findings a filter chooses; returns how many. A new decision replaces an earlier acceptance.

        Args:
            until: last day on which the acceptance holds; None for as long as the values stay.

        Raises:
            RefusedError: the filter restricts nothing, reason or person are blank, or the day has passed.
        """
        return await self._decisions.accept(filter_, reason=reason, person=person, until=until)

    async def acceptances(self, limit: int) -> list[Acceptance]:
        """The acceptances that hold, by entity and decision; those that end first come first, those without end last.

        Args:
            limit: at most this many.
        """
        return await self._decisions.in_force(limit)

    async def ended_acceptances(self, run_id: str) -> dict[str, dict[FindingEventKind, int]]:
        """How many findings a run reopened because their acceptance had EXPIRED or a VALUE_CHANGED, by entity."""
        return await self._decisions.ended_by(run_id)

    async def mark_corrected(self, finding_ids: Collection[str]) -> int:
        """Note that what these findings are about was written and proved; returns how many were open until now.

        The next run or check closes them, or opens them again where both sides still differ.

        Raises:
            RefusedError: an id is not a whole one.
        """
        return await mark_corrected(self._database, finding_ids)

    async def history(self, finding_id: str) -> list[FindingEvent]:
        """What happened to a finding after it was first seen, oldest first. `finding_id` as for `get`."""
        return await self._decisions.history(await self._resolve(finding_id))

    async def get(self, finding_id: str) -> Finding:
        """The finding of that id, or of the only id that begins so.

        Raises:
            RefusedError: there is none, or several.
        """
        row_number = await self._resolve(finding_id)
        async with self._database.read() as connection:
            groups = await read_groups(connection)
            row = (await connection.execute(whole_findings().where(_ROWS.id == row_number))).one()
        return _finding(row, groups)

    async def page(
        self,
        filter_: FindingFilter = _ALL,
        *,
        limit: int,
        offset: int = 0,
        after: str | None = None,
        sort: FindingSort = FindingSort.ID,
    ) -> list[Finding]:
        """One page of findings.

        Args:
            offset: findings to leave out first.
            after: id of a finding; only what comes after it in the order. Cheaper than a large offset.

        Raises:
            RefusedError: `after` or an id of the filter is not the id of a finding.
        """
        async with self._database.read() as connection:
            groups = await read_groups(connection)
            picking = self._picking(filter_, groups)
            if picking.selection.is_empty:
                return []
            rows = picking.page(sort, await read_counts(connection), limit, offset)
            if after is not None:
                rows = rows.where(beyond(sort, await _place(connection, sort, after)))
            query = whole_findings().where(_ROWS.id.in_(rows)).order_by(*order_of(sort))
            return [_finding(row, groups) for row in await connection.execute(query)]

    async def examples(self, filters: Sequence[FindingFilter], *, each: int) -> list[list[Finding]]:
        """The first findings, by id, of each of several filters; far cheaper than as many pages.

        Args:
            each: at most so many of one filter.
        """
        async with self._database.read() as connection:
            groups, counts = await read_groups(connection), await read_counts(connection)
            pages = [self._picking(filter_, groups).page(FindingSort.ID, counts, each, 0) for filter_ in filters]
            rows = [row for some in batched_selects(pages) for row in await connection.execute(some)]
            chosen_ids = sorted({row.id for row in rows})
            query = whole_findings().where(self._database.backend.among(_ROWS.id, chosen_ids))
            found = {row.id: _finding(row, groups) for row in await connection.execute(query)}
        taken: list[list[Finding]] = [[] for _ in filters]
        for row in sorted(rows, key=lambda row: row.id):
            taken[row.number].append(found[row.id])
        return taken

    async def iterate(
        self, filter_: FindingFilter = _ALL, *, sort: FindingSort = FindingSort.ID
    ) -> AsyncGenerator[Finding, None]:
        """Every finding a filter chooses, of one unchanging state, some thousands in memory at a time.

        Use `contextlib.aclosing` where the loop may be left early: a connection is held until the iterator is closed.
        """
        async with self._database.read() as connection:
            groups = await read_groups(connection)
            picking = self._picking(filter_, groups)
            if picking.selection.is_empty:
                return
            condition = picking.condition()
            query = whole_findings().where(condition).order_by(*order_of(sort))
            async with connection.stream(query, execution_options={"yield_per": _READ_ROWS}) as rows:
                async for row in rows:
                    yield _finding(row, groups)

    async def count(self, filter_: FindingFilter = _ALL) -> int:
        """How many findings a filter chooses."""
        return (await self.summary(filter_)).total

    async def summary(self, filter_: FindingFilter = _ALL) -> FindingSummary:
        """Counts of the findings a filter chooses; immediate, however many, where it names no key, id or text."""
        async with self._database.read() as connection:
            groups = await read_groups(connection)
            picking = self._picking(filter_, groups)
            counts = await read_counts(connection)
            if not picking.is_counted:
                counts = await _count_each(connection, picking, counts)
        counted = [
            groups[group].counted(STATUSES[status], count)
            for (group, status), count in counts.items()
            if picking.selection.takes(group, status)
        ]
        return FindingSummary(tuple(sorted(counted, key=lambda group: -group.count)))

    async def places(self, finding_ids: Collection[str]) -> dict[str, dict[Side, RawPlace]]:
        """Where the raw records are, as of the run that saw each finding last; a side without a record is left out."""
        numbers = row_numbers(frozenset(finding_ids))
        query = (
            select(schema.findings, schema.finding_groups.c.entity, _ENTITIES.crm_snapshot, _ENTITIES.erp_snapshot)
            .select_from(schema.findings)
            .outerjoin(schema.finding_groups, schema.finding_groups.c.id == _ROWS.group_id)
            .outerjoin(
                schema.run_entities,
                (_ENTITIES.run_number == _ROWS.last_run) & (_ENTITIES.entity == schema.finding_groups.c.entity),
            )
            .where(self._database.backend.among(_ROWS.id, numbers))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {
            fingerprint(row.id): {
                side: RawPlace(snapshot, page, position)
                for side, snapshot, page, position in (
                    (Side.CRM, row.crm_snapshot, row.crm_page, row.crm_position),
                    (Side.ERP, row.erp_snapshot, row.erp_page, row.erp_position),
                )
                if page is not None and position is not None
            }
            for row in rows
        }

    def _picking(self, filter_: FindingFilter, groups: Mapping[int, Group]) -> Picking:
        return Picking.of(filter_, select_groups(filter_, groups), self._database.backend)

    async def _resolve(self, finding_id: str) -> int:
        if not is_prefix(finding_id):
            raise RefusedError(phrase("a finding id has up to 16 hexadecimal digits."))
        first, last = range_of(finding_id)
        query = select(_ROWS.id).where(_ROWS.id.between(first, last)).order_by(_ROWS.id).limit(2)
        async with self._database.read() as connection:
            found: Sequence[int] = (await connection.execute(query)).scalars().all()
        if not found:
            raise RefusedError(
                phrase("there is no finding {finding_id}.", finding_id=finding_id),
                hint=phrase("`reconciler findings list` shows them."),
            )
        if len(found) > 1:
            raise RefusedError(
                phrase("several findings begin with {finding_id}.", finding_id=finding_id),
                hint=phrase("Give more of the id."),
            )
        return found[0]


async def _count_each(connection: AsyncConnection, picking: Picking, counts: Counts) -> dict[tuple[int, int], int]:
    found = await connection.execute(picking.counted_by_group(counts))
    return {(group, status): count for group, status, count in found}


async def _place(connection: AsyncConnection, sort: FindingSort, finding_id: str) -> tuple[Any, ...]:
    (row_number,) = row_numbers(frozenset((finding_id,)))
    found = (await connection.execute(sort_values(sort, row_number))).first()
    if found is None:
        raise RefusedError(phrase("there is no finding {finding_id}.", finding_id=finding_id))
    return tuple(found)


def _listed(ids: str | None) -> tuple[str, ...]:
    """The ids a finding names; of a long list, those that were kept."""
    return () if ids is None else tuple(each for each in ids.split(_BETWEEN_IDS) if each != "…")


def _finding(row: Row[Any], groups: Mapping[int, Group]) -> Finding:
    group = groups[row.group_id]
    return Finding(
        id=fingerprint(row.id),
        entity=group.entity,
        key=row.key,
        kind=group.kind,
        field=group.field,
        crm=SideValue(row.crm_id, row.crm_value),
        erp=SideValue(row.erp_id, row.erp_value),
        cause=group.cause,
        detail=orjson.loads(row.detail),
        status=STATUSES[row.status],
        owner=group.owner,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        occurrences=row.occurrences,
        accepted_reason=row.reason,
        accepted_by=row.person,
        accepted_until=row.until,
    )
