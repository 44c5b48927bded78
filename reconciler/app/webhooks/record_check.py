"""Comparing the key of a hinted record again, and keeping what that gave: findings of other keys are not touched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from reconciler.app.record_comparison import compare_records
from reconciler.app.scope_plan import EntityPlan
from reconciler.app.tax_records import BEHIND_TAXES, RecordNames
from reconciler.app.webhooks.known_records import KnownRecords
from reconciler.app.webhooks.neighbourhood import EntangledError, Neighbourhood, NeighbourhoodReader
from reconciler.app.webhooks.own_echoes import OwnEchoes
from reconciler.app.wire import Workspace
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.connectors.connector import Connector
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, FindingRow
from reconciler.store.state.webhook_records import KeyScope

_log = structlog.get_logger("reconciler.webhooks")

_SHOWN_SEPARATOR = "|"


class CheckResult(StrEnum):
    """How a check ended."""

    RECORDED = "recorded"
    LEFT_TO_RUN = "left_to_run"
    """It cannot be decided from single records; the next run does."""
    OVERTAKEN = "overtaken"
    """A run is going on, or began meanwhile: to be tried again after it."""


@dataclass(frozen=True, slots=True)
class RecordChecker:
    """Checks records of any entity in scope, one group at a time.

    Attributes:
        plans: by entity.
    """

    workspace: Workspace
    plans: Mapping[str, EntityPlan]
    connectors: Mapping[Side, Connector]
    engine: DuckDBEngine

    async def check(self, entity: str, hinted: Mapping[Side, set[str]]) -> CheckResult:
        """Read these records of an entity on both sides, compare their keys, and keep the findings.

        Raises:
            SystemReadError: a system could not be read.
            StateError: the state or a snapshot cannot be used.
        """
        plan = self.plans[entity]
        horizon = await self.workspace.state.runs.horizon()
        if horizon is None:
            return CheckResult.OVERTAKEN
        reader = NeighbourhoodReader(plan, self.connectors, KnownRecords(self.workspace, plan, horizon))
        try:
            found = await reader.read(hinted)
        except EntangledError:
            _log.warning("check_left_to_run", entity=entity, reason="too many records hang together")
            if entity in BEHIND_TAXES:
                await self.workspace.state.changes.tell(None)
            return CheckResult.LEFT_TO_RUN
        await self._tell_changed(entity, found)
        records = {side: list(found.records[side].values()) for side in Side}
        rows = await asyncio.to_thread(compare_records, plan, self.engine, records)
        rows = await OwnEchoes(self.workspace.state, plan).without(rows, hinted)
        if not await self._keep(plan, horizon, found, rows):
            return CheckResult.OVERTAKEN
        return CheckResult.LEFT_TO_RUN if found.undecided else CheckResult.RECORDED

    async def _tell_changed(self, entity: str, found: Neighbourhood) -> None:
        """Before anything is compared: whoever remembers these records of the ERP must not wait for that."""
        if entity not in BEHIND_TAXES:
            return
        names = RecordNames(self.workspace.project, self.connectors[Side.ERP].description)
        named = names.of(entity, found.records[Side.ERP].values())
        known = {(entity, name) for name in found.ids(Side.ERP) | found.keys}
        await self.workspace.state.changes.tell(named | known)

    async def _keep(self, plan: EntityPlan, horizon: int, found: Neighbourhood, rows: Sequence[FindingRow]) -> bool:
        """Whether it was kept; not when a run overtook the check."""
        state = self.workspace.state
        for side in Side:
            if found.vanished[side]:
                await state.snapshots.sweep_next_time(side, plan.entity.name)
        for rule, scope in _scopes(plan, found):
            own = [_without_place(row) for row in rows if row.entity == rule.entity and _speaks_for(scope, row.key)]
            if await state.findings.record_check(horizon, rule.entity, scope, own) is None:
                return False
        return True


def _scopes(plan: EntityPlan, found: Neighbourhood) -> Iterable[tuple[EntityRule, KeyScope]]:
    """What the check speaks for: its keys, and the places of records that could not be used."""
    decided = found.keys - found.undecided
    clear = {staging.shown_key(key) for key in decided if _is_clear(plan.rule, key)}
    places = {f"{side.value}:{record_id}" for side in Side for record_id in found.ids(side)}
    yield plan.rule, KeyScope(keys=frozenset(clear | places))
    if plan.lines_rule is None:
        return
    parents = {staging.shown_key(key) for key in decided if _SHOWN_SEPARATOR not in key}
    if parents:
        yield plan.lines_rule, KeyScope(parents=frozenset(parents), separators=len(plan.lines_rule.key) - 1)


def _is_clear(rule: EntityRule, key: str) -> bool:
    """Whether the key as shown stands for this key alone: a part that holds the separator could be two parts."""
    return len(rule.key) == 1 or _SHOWN_SEPARATOR not in key


def _speaks_for(scope: KeyScope, shown: str) -> bool:
    if not scope.parents:
        return shown in scope.keys
    if shown.count(_SHOWN_SEPARATOR) != scope.separators:
        return False
    return any(shown.startswith(f"{parent}{_SHOWN_SEPARATOR}") for parent in scope.parents)


def _without_place(row: FindingRow) -> FindingRow:
    """No snapshot holds what was read here."""
    return row._replace(crm_page=None, crm_position=None, erp_page=None, erp_position=None)
