"""One reconciliation: pull both sides at once, compare, look again, store the findings."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from reconciler.app.carried_taxes import wants_taxes
from reconciler.app.comparing import open_engines, require_engine
from reconciler.app.concurrently import all_of
from reconciler.app.erp_changes import ErpChanges
from reconciler.app.garbage import few_garbage_collections
from reconciler.app.judge import EntityOutcome, Judge, ReadSnapshot
from reconciler.app.pulling.bases import base_of
from reconciler.app.pulling.pulled import Pulled, PullOptions
from reconciler.app.pulling.readers import SideReaders
from reconciler.app.run_options import Progress, RunOptions
from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.tax_findings import ENTITY as TAXES
from reconciler.app.tax_run import TaxOutcome, not_begun, reasons_of, taxes_of_run, why_not_compared
from reconciler.app.wire import SPILL, Workspace, load_descriptions, open_connectors
from reconciler.connectors.connector import Connector
from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    ReadingStoppedError,
    SystemReadError,
    UnreachableError,
)
from reconciler.model.entities import QUOTES, Side
from reconciler.phrases.phrase import joined, phrase
from reconciler.store.state.records import RunStatus

_HOPELESS = (UnreachableError, CredentialsRefusedError, BlockedError, ReadingStoppedError)


@dataclass(slots=True)
class RunOutcome:
    """What a run found.

    Attributes:
        status: COMPLETE, PARTIAL (some entity was not compared) or FAILED (none was).
        warnings: what limits the result, one sentence each.
        seconds: from the beginning until the findings were stored.
        taxes: of the open quotes; None where nobody asked for that. Its entity is among `entities`.
    """

    run_id: str
    status: RunStatus = RunStatus.FAILED
    entities: dict[str, EntityOutcome] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    taxes: TaxOutcome | None = None

    @property
    def new_findings(self) -> int:
        """Findings opened or reopened by this run."""
        return sum(entity.count.new for entity in self.entities.values() if entity.count is not None)


Reading = Pulled | SystemReadError
"""What came of one entity of one side."""


class Reconciliation:
    """Carries out one run that has begun; `RunOutcome` tells how it went."""

    def __init__(
        self, workspace: Workspace, run_id: str, options: RunOptions, progress: Progress, readers: SideReaders
    ) -> None:
        self._workspace = workspace
        self._readers = readers
        self._options = options
        self._progress = progress
        self.outcome = RunOutcome(run_id)

    async def carry_out(self) -> None:
        """Pull and compare everything that was asked for.

        Raises:
            ConfigurationError: the project file or a description is wrong, or the engine it names is not installed.
            StateError: the state or the data folder cannot be used.
            EngineFailedError: the engine that compares did not start, stopped, or took too long.
        """
        started = time.monotonic()
        project = self._workspace.project
        require_engine(project)
        descriptions = load_descriptions(project)
        plans = plan_entities(project, descriptions, self._options.entities)
        among = not self._options.entities or QUOTES.name in self._options.entities
        taxes = self._options.taxes and among and wants_taxes(project)
        if taxes and (why := why_not_compared(project, descriptions)) is not None:
            self.outcome.warnings.append(phrase("taxes of quotes were not compared: {why}.", why=why))
            taxes = False
        self._workspace.folder.prepare()
        async with open_connectors(project, descriptions, self._workspace.state) as connectors:
            readings = await self._pull(plans, connectors)
            # Some systems give a user one session: that of the other process ends before this one needs its own.
            await self._readers.close()
            with open_engines(project, self._workspace.folder.root / SPILL) as engines:
                judge = Judge(
                    run_id=self.outcome.run_id,
                    state=self._workspace.state,
                    folder=self._workspace.folder,
                    engines=engines,
                    connectors=connectors,
                    recheck=project.file.run.recheck,
                )
                for plan in plans:
                    await self._judge(judge, plan, readings[plan.entity.name])
            if taxes:
                await self._compare_taxes(connectors, readings.get(QUOTES.name, {}))
        compared = [entity.count is not None for entity in self.outcome.entities.values()]
        if all(compared) and (self.outcome.taxes is None or self.outcome.taxes.whole):
            self.outcome.status = RunStatus.COMPLETE
        elif any(compared):
            self.outcome.status = RunStatus.PARTIAL
        self.outcome.seconds = time.monotonic() - started

    async def _pull(
        self, plans: Sequence[EntityPlan], connectors: Mapping[Side, Connector]
    ) -> dict[str, dict[Side, Reading]]:
        """Both sides at once; the entities of a side one after another."""
        readings: dict[str, dict[Side, Reading]] = {plan.entity.name: {} for plan in plans}

        async def pull_side(side: Side) -> None:
            hopeless: SystemReadError | None = None
            for plan in plans:
                reading = hopeless or await self._pull_one(connectors[side], plan, side)
                readings[plan.entity.name][side] = reading
                if isinstance(reading, _HOPELESS):
                    hopeless = reading

        with few_garbage_collections():
            await all_of(pull_side(side) for side in Side)
        return readings

    async def _pull_one(self, connector: Connector, plan: EntityPlan, side: Side) -> Reading:
        entity = plan.entity.name
        options = PullOptions(
            full=self._options.full,
            sweep_every=timedelta(hours=self._workspace.project.file.run.sweep_every_h),
        )
        base = await base_of(self._workspace, side, entity)
        try:
            pulled = await self._readers.pull(
                connector,
                side,
                plan.mappings[side],
                base,
                options,
                lambda done, total: self._progress.pulling(side, entity, done, total),
            )
        except SystemReadError as error:
            return error
        if side is Side.ERP:
            await ErpChanges(self._workspace, connector.description).tell(entity, base, pulled.snapshot)
        self._progress.pulled(side, entity, pulled.snapshot.count)
        return pulled

    async def _judge(self, judge: Judge, plan: EntityPlan, readings: Mapping[Side, Reading]) -> None:
        entity = plan.entity.name
        failures = [reading for reading in readings.values() if isinstance(reading, SystemReadError)]
        pulled = {side: reading for side, reading in readings.items() if isinstance(reading, Pulled)}
        suspicious = _suspicions(pulled) if not self._options.accept_empty else []
        if failures:
            message = " ".join(dict.fromkeys(str(error) for error in failures))
            self._leave_out(plan, EntityOutcome(entity, failure=message))
        elif suspicious:
            reason = phrase("suspicious: {why}.", why=joined("; ", suspicious))
            self._leave_out(plan, EntityOutcome(entity, suspicious=reason))
        else:
            snapshots = {side: await self._complete(judge.run_id, plan, reading) for side, reading in pulled.items()}
            self._progress.comparing(entity)
            for outcome in await judge.entity(plan, snapshots, self.outcome.warnings):
                self.outcome.entities[outcome.name] = outcome
            self._progress.compared(entity)

    async def _compare_taxes(self, connectors: Mapping[Side, Connector], readings: Mapping[Side, Reading]) -> None:
        hopeless = next((reading for reading in readings.values() if isinstance(reading, _HOPELESS)), None)
        compared = self.outcome.entities.get(QUOTES.name)
        suspicious = None if compared is None else compared.suspicious
        if hopeless is not None or suspicious is not None:
            taxes = not_begun(str(hopeless) if suspicious is None else suspicious)
        else:
            run_id = self.outcome.run_id
            taxes = await taxes_of_run(
                self._workspace,
                run_id,
                connectors,
                lambda done, total: self._progress.pulling(Side.ERP, TAXES, done, total),
            )
        self.outcome.taxes = taxes
        self.outcome.entities[TAXES] = taxes.entity
        if taxes.entity.failure is not None:
            self.outcome.warnings.append(
                phrase("taxes of quotes were not compared: {failure}", failure=taxes.entity.failure)
            )
        elif taxes.compared is not None and taxes.compared.unavailable:
            reasons = ", ".join(f"{count} {reason}" for reason, count in reasons_of(taxes.compared).items())
            self.outcome.warnings.append(
                phrase(
                    "taxes of {unavailable} quotes were not compared: {reasons}.",
                    unavailable=taxes.compared.unavailable,
                    reasons=reasons,
                )
            )

    def _leave_out(self, plan: EntityPlan, outcome: EntityOutcome) -> None:
        """Note that an entity and its lines were not compared; their findings stay as they are."""
        self.outcome.entities[plan.entity.name] = outcome
        if plan.lines_rule is not None:
            lines = EntityOutcome(plan.lines_rule.entity, failure=outcome.failure, suspicious=outcome.suspicious)
            self.outcome.entities[lines.name] = lines
        self.outcome.warnings.append(
            phrase(
                "{entity} was not compared: {failure}",
                entity=plan.entity.name,
                failure=outcome.failure or outcome.suspicious,
            )
        )

    async def _complete(self, run_id: str, plan: EntityPlan, pulled: Pulled) -> ReadSnapshot:
        manifest = self._workspace.state.snapshots
        snapshot_id = await manifest.begin(run_id, pulled.side, pulled.entity)
        await manifest.complete(
            snapshot_id,
            files=pulled.snapshot.to_json(),
            records=pulled.snapshot.count,
            digest=plan.digest(pulled.side),
            watermark=None if pulled.watermark is None else pulled.watermark.isoformat(),
            sweep_at=pulled.swept_at,
        )
        return ReadSnapshot(snapshot_id, pulled.snapshot)


def _suspicions(pulled: Mapping[Side, Pulled]) -> list[str]:
    """Why a side is not believed: far fewer records than before, or none while the other side has some."""
    found: list[str] = []
    for side, reading in pulled.items():
        others = pulled[side.other].snapshot.count if side.other in pulled else 0
        if reading.suspicious is not None:
            found.append(phrase("{side} is not believed, {suspicious}", side=side.value, suspicious=reading.suspicious))
        elif not reading.snapshot.count and others:
            found.append(
                phrase("{side} holds no record and the other side holds {others}", side=side.value, others=others)
            )
    return found
