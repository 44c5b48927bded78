"""From two snapshots of an entity to stored findings: compare, look again, record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.comparing import Engines, compare_apart
from reconciler.app.scope_plan import EntityPlan
from reconciler.app.second_look import SecondLook, StagedFiles, look_again
from reconciler.compare.comparison import Comparison
from reconciler.connectors.connector import Connector
from reconciler.errors import SystemReadError
from reconciler.model.entities import Side
from reconciler.model.findings import EntityCount, EntityRule, FindingRow
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.state import State


@dataclass(frozen=True, slots=True)
class EntityOutcome:
    """What a run says of one entity.

    Attributes:
        count: None when the entity was not compared.
        failure: why it was not compared, one sentence for the user.
        suspicious: why a side is not believed, one sentence for the user.
        looked_again: records read a second time; `settled` findings went away by that.
    """

    name: str
    count: EntityCount | None = None
    failure: str | None = None
    suspicious: str | None = None
    looked_again: int = 0
    settled: int = 0


@dataclass(frozen=True, slots=True)
class ReadSnapshot:
    """A complete snapshot and the id it has in the state."""

    id: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares entities of one run and records what it finds."""

    run_id: str
    state: State
    folder: ContentFolder
    engines: Engines
    connectors: Mapping[Side, Connector]
    recheck: int

    async def entity(
        self, plan: EntityPlan, snapshots: Mapping[Side, ReadSnapshot], warnings: list[str]
    ) -> list[EntityOutcome]:
        """Compare one entity and its lines; one outcome each. A second look that fails is a warning."""
        staged = StagedFiles(
            records={side: read.snapshot.record_paths(self.folder) for side, read in snapshots.items()},
            lines={side: read.snapshot.line_paths(self.folder) for side, read in snapshots.items()},
        )
        with ExitStack() as stack:
            comparison = await self._compare(stack, plan.rule, staged.records, None)
            lines = None
            if plan.lines_rule is not None:
                lines = await self._compare(stack, plan.lines_rule, staged.lines, comparison)
            look = await self._look_again(plan, comparison, lines, staged, warnings)
            read = {side: each.id for side, each in snapshots.items()}
            outcomes = [await self._record(plan.rule, comparison, look, read)]
            if plan.lines_rule is not None and lines is not None:
                outcomes.append(await self._record(plan.lines_rule, lines, look, read))
        return outcomes

    async def _compare(
        self,
        stack: ExitStack,
        rule: EntityRule,
        files: Mapping[Side, Sequence[Path]],
        parents: Comparison | None,
    ) -> Comparison:
        comparison = await compare_apart(self.engines.whole, rule, files[Side.CRM], files[Side.ERP], parents)
        return stack.enter_context(comparison)

    async def _look_again(
        self,
        plan: EntityPlan,
        comparison: Comparison,
        lines: Comparison | None,
        staged: StagedFiles,
        warnings: list[str],
    ) -> SecondLook | None:
        try:
            return await look_again(plan, self.connectors, self.engines.few, comparison, lines, staged, self.recheck)
        except SystemReadError as error:
            warnings.append(f"{plan.entity.name}: findings were reported without a second look: {error.message}")
            return None

    async def _record(
        self, rule: EntityRule, comparison: Comparison, look: SecondLook | None, read: Mapping[Side, str]
    ) -> EntityOutcome:
        rows = _Rows(rule.entity, comparison, look)
        totals = await self.state.findings.record(self.run_id, rule.entity, rows.batches(), snapshots=dict(read))
        count = EntityCount(
            crm=comparison.crm,
            erp=comparison.erp,
            compared_fields=sum(field.compared for field in rule.fields),
            new=totals.new,
            open=totals.open,
            closed=totals.closed,
            by_kind=totals.by_kind,
            by_cause=totals.by_cause,
        )
        return EntityOutcome(rule.entity, count, looked_again=look.records if look else 0, settled=rows.settled)


class _Rows:
    """The rows of a comparison with those of the second look in their place."""

    def __init__(self, entity: str, comparison: Comparison, look: SecondLook | None) -> None:
        self._comparison = comparison
        self._look = look
        self._fresh = [row for row in look.rows if row.entity == entity] if look else []
        self.settled = 0

    async def batches(self) -> AsyncIterator[list[FindingRow]]:
        source = self._comparison.batches()
        while (batch := await asyncio.to_thread(next, source, None)) is not None:
            yield self._without_replaced(batch)
        self.settled -= len(self._fresh)
        if self._fresh:
            yield self._fresh

    def _without_replaced(self, batch: list[FindingRow]) -> list[FindingRow]:
        if self._look is None:
            return batch
        kept = [row for row in batch if not self._look.replaces(row)]
        self.settled += len(batch) - len(kept)
        return kept
