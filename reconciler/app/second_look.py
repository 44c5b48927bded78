"""Reading again the records behind findings before they are reported, so that changes in flight are not reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from reconciler.app.concurrently import all_of
from reconciler.app.record_comparison import compare_records
from reconciler.app.scope_plan import EntityPlan
from reconciler.compare.comparison import Comparison
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.connectors.connector import Connector
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import FindingKind, FindingRow

_LOOKED_AT = frozenset({FindingKind.DIFFERS, FindingKind.ONLY_IN_CRM, FindingKind.ONLY_IN_ERP})
_ONLY_HERE = frozenset({FindingKind.ONLY_IN_CRM, FindingKind.ONLY_IN_ERP})
_CALLS_IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """The staged tables of both sides that a comparison read."""

    records: Mapping[Side, Sequence[Path]]
    lines: Mapping[Side, Sequence[Path]]


@dataclass(slots=True)
class _Wanted:
    """Records to read again, by side: by their own id, or by key where a side had none."""

    ids: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})
    keys: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What reading again gave.

    Attributes:
        records: how many records were read again.
        rows: the findings these records have now; they replace every row that `replaces`.
        ids, line_ids: the records and lines looked at, by side.
    """

    records: int
    rows: list[FindingRow]
    ids: Mapping[Side, set[str]]
    line_ids: Mapping[Side, set[str]]

    def replaces(self, row: FindingRow) -> bool:
        """Whether this row of the first comparison is superseded."""
        if row.kind not in _LOOKED_AT:
            return False
        ids = self.line_ids if row.entity.endswith(".lines") else self.ids
        return row.crm_id in ids[Side.CRM] or row.erp_id in ids[Side.ERP]


async def look_again(
    plan: EntityPlan,
    connectors: Mapping[Side, Connector],
    engine: DuckDBEngine,
    comparison: Comparison,
    lines_comparison: Comparison | None,
    staged: StagedFiles,
    limit: int,
) -> SecondLook | None:
    """Read again at most `limit` records that have findings and compare them once more.

    Returns None when there is nothing to look at, or when a system offers no way to read one record.

    Raises:
        SystemReadError: a system could not be read.
    """
    if not limit or not all(connector.can_read_one(plan.entity.name) for connector in connectors.values()):
        return None
    first_rows = await asyncio.to_thread(_rows_to_look_at, comparison, lines_comparison, limit)
    if not first_rows:
        return None
    wanted = await asyncio.to_thread(_wanted, plan, first_rows, staged)
    crm, erp = await all_of(_read_again(connectors[side], plan, side, wanted) for side in Side)
    records = {Side.CRM: crm, Side.ERP: erp}
    rows = await asyncio.to_thread(compare_records, plan, engine, records)
    originals = {row.id: row for row in first_rows}
    return SecondLook(
        records=sum(map(len, records.values())),
        rows=[_settled(row, originals.get(row.id)) for row in rows],
        ids=wanted.ids,
        line_ids=await asyncio.to_thread(_lines_of, staged, wanted.ids),
    )


def _rows_to_look_at(comparison: Comparison, lines: Comparison | None, limit: int) -> list[FindingRow]:
    rows: list[FindingRow] = []
    seen: set[tuple[str | None, str | None]] = set()
    for batch in chain(comparison.batches(), lines.batches() if lines else ()):
        for row in batch:
            if row.kind not in _LOOKED_AT:
                continue
            if (row.crm_id, row.erp_id) not in seen and len(seen) >= limit:
                return rows
            seen.add((row.crm_id, row.erp_id))
            rows.append(row)
    return rows


def _wanted(plan: EntityPlan, rows: Sequence[FindingRow], staged: StagedFiles) -> _Wanted:
    wanted = _Wanted()
    line_rows = [row for row in rows if row.entity != plan.entity.name]
    for row in rows:
        if row.entity != plan.entity.name:
            continue
        for side, record_id in ((Side.CRM, row.crm_id), (Side.ERP, row.erp_id)):
            if record_id is not None:
                wanted.ids[side].add(record_id)
            elif len(plan.rule.key) == 1:
                wanted.keys[side].add(row.key)
    if line_rows:
        _add_parents(wanted, line_rows, staged)
    return wanted


def _add_parents(wanted: _Wanted, line_rows: Sequence[FindingRow], staged: StagedFiles) -> None:
    """Both sides' parents of these lines: found through the line on one side, and through the key on the other."""
    keys: set[str] = set()
    for side in Side:
        line_ids = {row.crm_id if side is Side.CRM else row.erp_id for row in line_rows} - {None}
        parents = _column(staged.lines[side], staging.PARENT, staging.ID, line_ids)
        wanted.ids[side] |= parents
        keys |= _column(staged.records[side], staging.KEY, staging.ID, parents)
    for side in Side:
        wanted.ids[side] |= _column(staged.records[side], staging.ID, staging.KEY, keys)


def _column(paths: Sequence[Path], column: str, by: str, values: set[str | None] | set[str]) -> set[str]:
    if not paths or not values:
        return set()
    chosen = pl.scan_parquet(list(paths)).filter(pl.col(by).is_in(list(values))).select(column).collect()
    return set(chosen[column].drop_nulls())


def _lines_of(staged: StagedFiles, parent_ids: Mapping[Side, set[str]]) -> dict[Side, set[str]]:
    return {side: _column(staged.lines[side], staging.ID, staging.PARENT, parent_ids[side]) for side in Side}


async def _read_again(connector: Connector, plan: EntityPlan, side: Side, wanted: _Wanted) -> list[JsonValue]:
    entity = plan.entity.name
    gate = asyncio.Semaphore(_CALLS_IN_FLIGHT)
    found: list[JsonValue] = []

    async def read(reader: Callable[[str, str], Awaitable[list[JsonValue]]], name: str) -> None:
        async with gate:
            found.extend(await reader(entity, name))

    readings = [read(connector.one, record_id) for record_id in sorted(wanted.ids[side])]
    if connector.can_find(entity):
        readings += [read(connector.find, key) for key in sorted(wanted.keys[side])]
    await all_of(readings)
    return found


def _settled(row: FindingRow, original: FindingRow | None) -> FindingRow:
    """The row as reported: pages of the second reading are not kept, and a suggestion needs the whole other side."""
    if original is None:
        return row._replace(crm_page=None, crm_position=None, erp_page=None, erp_position=None)
    if original.kind in _ONLY_HERE:
        return original
    return row._replace(
        crm_page=original.crm_page,
        crm_position=original.crm_position,
        erp_page=original.erp_page,
        erp_position=original.erp_position,
    )
