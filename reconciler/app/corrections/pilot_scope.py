"""The records of a pilot: which they are, what is found in them, and what people changed in them by hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.snapshot_records import load_records
from reconciler.app.scope_plan import EntityPlan
from reconciler.corrections.problems import LINES
from reconciler.corrections.values import was_cut
from reconciler.errors import StateError
from reconciler.model import staging
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.phrases.phrase import phrase
from reconciler.pilot.guard import WrittenRecord, in_scope
from reconciler.project_pilot import PilotScope
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import FindingFilter

_S = CorrectionState
_OFFERED: Final = frozenset({_S.PROPOSED, _S.APPROVED, _S.PLANNED, _S.SUPERSEDED})
"""What the product would have written, and did not."""
_BETWEEN_PARTS: Final = "|"

ScopeKeys = Mapping[str, frozenset[str]]
"""Keys, as findings show them, of the records of each entity in the scope."""


async def keys_in_scope(acting: Acting, scope: PilotScope) -> ScopeKeys:
    """The records of the pilot, out of the latest snapshots: those that are in its scope on either side.

    Raises:
        StateError: a snapshot is damaged.
    """
    found: dict[str, frozenset[str]] = {}
    for entity in scope.entities:
        plan = acting.plans.get(entity)
        sides = [] if plan is None else [await _keys(acting, plan, side, scope) for side in Side]
        found[entity] = frozenset().union(*sides)
    return found


async def findings_in_scope(acting: Acting, keys: ScopeKeys) -> dict[str, Finding]:
    """The open findings of the pilot's records and of their lines, by id."""
    chosen = FindingFilter(
        entity=[name for entity in keys for name in (entity, f"{entity}{LINES}")], status=FindingStatus.OPEN
    )
    found: dict[str, Finding] = {}
    async with aclosing(acting.workspace.state.findings.iterate(chosen)) as findings:
        async for each in findings:
            if _parent_key(acting, each) in keys[each.entity.removesuffix(LINES)]:
                found[each.id] = each
    return found


@dataclass(frozen=True, slots=True)
class ByHand:
    """What people changed in the systems where the product had something to propose.

    Attributes:
        changed: fields.
        agreed: those that now hold what was proposed.
    """

    changed: int
    agreed: int


async def changed_by_hand(acting: Acting, keys: ScopeKeys) -> ByHand:
    """Compare what was proposed and not written with what the records hold in the latest snapshots.

    A field counts when it holds something else than when it was proposed, or when both sides agree without it: then
    somebody changed the other side. Of several proposals for one difference only the last one counts: where that one
    was written, or rejected, nobody mended by hand what an earlier one offered. Records that were to be added, and
    lines, are not looked at.

    Raises:
        StateError: a snapshot is damaged.
    """
    offered = await _offered(acting, keys)
    wanted: defaultdict[tuple[str, Side], set[str]] = defaultdict(set)
    for each in offered.values():
        wanted[each.entity, each.side].add(each.record_id)
    loaded = await load_records(acting.workspace, acting.plans, wanted)
    still_open = await _open_among(acting, offered)
    changed = agreed = 0
    for finding, each in offered.items():
        record = loaded.record(each.entity, each.side, each.record_id)
        if record is None or each.change.field in record.unreadable:
            continue
        now = record.values.get(each.change.field)
        if now != each.change.old or finding not in still_open:
            changed += 1
            agreed += now == each.change.new
    return ByHand(changed, agreed)


@dataclass(frozen=True, slots=True)
class _Offer:
    """What the product would have made of a field."""

    entity: str
    side: Side
    record_id: str
    change: FieldChange


async def _offered(acting: Acting, keys: ScopeKeys) -> dict[str, _Offer]:
    """What the last proposal for each finding offers, by finding, where it was not written."""
    last: dict[str, _Offer | None] = {}
    chosen = CorrectionFilter(entity=list(keys), action=CorrectionAction.UPDATE)
    async with aclosing(acting.workspace.state.corrections.iterate(chosen)) as corrections:
        async for each in corrections:
            if each.record_id is None or each.key not in keys[each.entity]:
                continue
            for change in each.changes:
                if change.finding is not None and change.line is None:
                    offer = _Offer(each.entity, each.side, each.record_id, change)
                    last[change.finding] = offer if each.state in _OFFERED and not _was_cut(change) else None
    return {finding: offer for finding, offer in last.items() if offer is not None}


def _was_cut(change: FieldChange) -> bool:
    return was_cut(change.old) or was_cut(change.new)


async def _open_among(acting: Acting, ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    chosen = FindingFilter(ids=sorted(ids), status=[FindingStatus.OPEN, FindingStatus.ACCEPTED])
    async with aclosing(acting.workspace.state.findings.iterate(chosen)) as findings:
        return {each.id async for each in findings}


def _parent_key(acting: Acting, finding: Finding) -> str:
    """Of a line, the key of its document, which its own key begins with."""
    if not finding.entity.endswith(LINES):
        return finding.key
    parts = len(acting.plans[finding.entity.removesuffix(LINES)].rule.key)
    return _BETWEEN_PARTS.join(finding.key.split(_BETWEEN_PARTS)[:parts])


async def _keys(acting: Acting, plan: EntityPlan, side: Side, scope: PilotScope) -> frozenset[str]:
    workspace = acting.workspace
    latest = await workspace.state.snapshots.latest(side, plan.entity.name)
    if latest is None or latest.digest != plan.digest(side):
        return frozenset()
    snapshot = Snapshot.from_json(latest.files)
    if not all(workspace.folder.holds(name) for name in snapshot.records):
        return frozenset()
    return await asyncio.to_thread(_matching, snapshot.record_paths(workspace.folder), plan, side, scope)


def _matching(paths: Sequence[Path], plan: EntityPlan, side: Side, scope: PilotScope) -> frozenset[str]:
    import polars as pl
    from polars.exceptions import PolarsError

    if not paths:
        return frozenset()
    entity = plan.entity.name
    columns = {
        name: staging.value_column(name) if staging.has_value_column(field.type) else staging.form_column(name)
        for field in plan.mappings[side].fields
        if (name := field.name) in ("customer", scope.salesperson_field)
    }
    try:
        rows = pl.scan_parquet(list(paths)).select(staging.KEY, *columns.values()).collect().to_dicts()
    except (OSError, PolarsError) as error:
        raise StateError(
            phrase("a snapshot of {entity} cannot be read.", entity=entity), detail=type(error).__name__
        ) from error
    found: set[str] = set()
    for row in rows:
        if row[staging.KEY] is None:
            continue
        record = WrittenRecord(
            entity,
            staging.shown_key(row[staging.KEY]),
            customers=_held(row.get(columns.get("customer", ""))),
            salespeople=_held(row.get(columns.get(scope.salesperson_field, ""))),
        )
        if in_scope(scope, record):
            found.add(record.key)
    return frozenset(found)


def _held(value: object) -> frozenset[str | None]:
    return frozenset() if value is None else frozenset({str(value)})
