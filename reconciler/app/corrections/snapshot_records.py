"""The records behind findings, whole, out of the latest snapshots: only those that are asked for are loaded."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.app.scope_plan import EntityPlan
from reconciler.app.wire import Workspace
from reconciler.corrections.ports import KnownLine, KnownRecord, LineOfRecord
from reconciler.corrections.problems import LINES
from reconciler.corrections.values import text_of, was_cut
from reconciler.errors import StateError
from reconciler.mapping.plan import FieldMapping
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingKind, SideValue
from reconciler.phrases.phrase import phrase
from reconciler.store.snapshots.snapshot import Snapshot

_ONLY_HERE: Final = frozenset({FindingKind.ONLY_IN_CRM, FindingKind.ONLY_IN_ERP})

Wanted = Mapping[tuple[str, Side], Collection[str]]
"""Ids by entity (`orders.lines` for lines) and side."""


@dataclass
class SnapshotRecords:
    """Records and lines that were loaded: a `corrections.ports.KnownRecords`."""

    records: dict[tuple[str, Side, str], KnownRecord] = field(default_factory=dict)
    lines: dict[tuple[str, Side, str], LineOfRecord] = field(default_factory=dict)

    def record(self, entity: str, side: Side, identity: str) -> KnownRecord | None:
        """The record with that id; None where it was not asked for or its snapshot is gone."""
        return self.records.get((entity, side, identity))

    def line(self, entity: str, side: Side, identity: str) -> LineOfRecord | None:
        """The line with that id, of an entity such as `orders.lines`; None as for `record`."""
        return self.lines.get((entity, side, identity))


def wanted_by(findings: Iterable[Finding]) -> Wanted:
    """The records and lines that proposals from these findings look at."""
    wanted: defaultdict[tuple[str, Side], set[str]] = defaultdict(set)
    for finding in findings:
        for side, value in ((Side.CRM, finding.crm), (Side.ERP, finding.erp)):
            if value.id is not None and _is_looked_at(finding, value):
                wanted[finding.entity, side].add(value.id)
    return wanted


def _is_looked_at(finding: Finding, value: SideValue) -> bool:
    if finding.kind in _ONLY_HERE:
        return not finding.entity.endswith(LINES)
    return finding.kind is FindingKind.DIFFERS and (finding.entity.endswith(LINES) or was_cut(value.value))


async def load_records(workspace: Workspace, plans: Mapping[str, EntityPlan], wanted: Wanted) -> SnapshotRecords:
    """Load them from the latest snapshots. What is not there, or was staged otherwise than the project says now, is
    left out.

    Raises:
        StateError: a snapshot is damaged.
    """
    loaded = SnapshotRecords()
    for entity, plan in plans.items():
        for side in Side:
            ids, line_ids = wanted.get((entity, side), ()), wanted.get((f"{entity}{LINES}", side), ())
            latest = await workspace.state.snapshots.latest(side, entity) if ids or line_ids else None
            if latest is None or latest.digest != plan.digest(side):
                continue
            snapshot = Snapshot.from_json(latest.files)
            if all(workspace.folder.holds(name) for name in (*snapshot.records, *snapshot.lines)):
                tables = _Tables(snapshot.record_paths(workspace.folder), snapshot.line_paths(workspace.folder))
                await asyncio.to_thread(_load, loaded, plan, side, tables, ids, line_ids)
    return loaded


@dataclass(frozen=True, slots=True)
class _Tables:
    records: Sequence[Path]
    lines: Sequence[Path]


def _load(
    loaded: SnapshotRecords,
    plan: EntityPlan,
    side: Side,
    tables: _Tables,
    ids: Collection[str],
    line_ids: Collection[str],
) -> None:
    from polars.exceptions import PolarsError

    entity = plan.entity.name
    try:
        parents = [row[staging.PARENT] for row in _rows(tables.lines, staging.ID, line_ids)]
        wanted = {*ids, *parents}
        lines: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in _rows(tables.lines, staging.PARENT, wanted):
            lines[row[staging.PARENT]].append(row)
        for row in _rows(tables.records, staging.ID, wanted):
            if row[staging.REJECTED] is None:
                _add(loaded, plan, side, row, lines[row[staging.ID]])
    except (OSError, PolarsError) as error:
        raise StateError(
            phrase("a snapshot of {entity} cannot be read.", entity=entity), detail=type(error).__name__
        ) from error


def _rows(paths: Sequence[Path], column: str, values: Collection[str]) -> list[dict[str, Any]]:
    # Every command on corrections loads this module, and only proposing reads snapshots.
    import polars as pl

    if not paths or not values:
        return []
    chosen = pl.scan_parquet(list(paths)).filter(pl.col(column).is_in(sorted(values)))
    return chosen.collect().to_dicts()


def _add(
    loaded: SnapshotRecords,
    plan: EntityPlan,
    side: Side,
    row: Mapping[str, Any],
    line_rows: Sequence[Mapping[str, Any]],
) -> None:
    entity, mapping = plan.entity.name, plan.mappings[side]
    fields = () if mapping.lines is None else mapping.lines.fields
    lines = [(each[staging.ID], _line(each, fields, len(plan.rule.key))) for each in line_rows]
    record = KnownRecord(
        id=row[staging.ID],
        key=staging.shown_key(row[staging.KEY]),
        values=_values(row, mapping.fields),
        link=row[staging.LINK],
        unreadable=_unreadable(row),
        lines=tuple(line for _, line in lines),
    )
    loaded.records[entity, side, record.id] = record
    for identity, line in lines:
        if identity is not None:
            loaded.lines[f"{entity}{LINES}", side, identity] = LineOfRecord(line, record)


def _line(row: Mapping[str, Any], fields: Sequence[FieldMapping], parent_parts: int) -> KnownLine:
    """A stored key of a line begins with the parts of its parent's."""
    key: str | None = row[staging.KEY]
    own = None if key is None else staging.KEY_SEPARATOR.join(key.split(staging.KEY_SEPARATOR)[parent_parts:])
    return KnownLine(own, _values(row, fields), _unreadable(row))


def _values(row: Mapping[str, Any], fields: Sequence[FieldMapping]) -> dict[str, str | None]:
    return {
        each.name: text_of(
            row[
                staging.value_column(each.name)
                if staging.has_value_column(each.type)
                else staging.form_column(each.name)
            ]
        )
        for each in fields
    }


def _unreadable(row: Mapping[str, Any]) -> frozenset[str]:
    invalid = row[staging.INVALID]
    return frozenset(() if invalid is None else orjson.loads(invalid))
