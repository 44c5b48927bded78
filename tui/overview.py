"""What the overview shows, worked out from the store without asking either system. Pure, apart from `read_overview`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from reconciler.app.workspace import Workspace
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionState
from reconciler.model.entities import Side
from reconciler.model.findings import FindingKind, FindingStatus
from reconciler.store.state.records import FindingFilter, FindingSummary, RunRecord, RunStatus
from tui.status import Status

RUNS_READ: Final = 20
STALE_AFTER: Final = timedelta(hours=26)
"""The nightly run is missing when the last one is older than a day and a bit."""

_TROUBLED: Final = (CorrectionState.UNKNOWN,)
_ENDED_WELL: Final = (RunStatus.COMPLETE, RunStatus.PARTIAL)
_RUN_STATUSES: Final[Mapping[RunStatus, Status]] = {
    RunStatus.RUNNING: Status.RUNNING,
    RunStatus.COMPLETE: Status.COMPLETE,
    RunStatus.PARTIAL: Status.PARTIAL,
    RunStatus.FAILED: Status.FAILED,
    RunStatus.INTERRUPTED: Status.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """One system, as the last run saw it.

    Attributes:
        at: when it was last read; None when it never was.
        trouble: what it said, or what limits what it gave; "" when all was well.
    """

    side: Side
    vendor: str
    status: Status
    at: datetime | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in one line. Counts are None where the run has no accounting."""

    id: str
    status: Status
    started_at: datetime
    seconds: float | None
    new: int | None
    open: int | None
    entities: tuple[str, ...]
    full: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do next.

    Attributes:
        id: of the text `advice.<id>`.
        place: where it is done.
        command: words after `reconciler` of the command that does it or shows it.
        values: what fills the marks of the text; `count` chooses between one and many.
    """

    id: str
    place: str
    command: tuple[str, ...]
    count: int | None = None
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the overview shows.

    Attributes:
        runs: newest first.
        trend: open findings after each run that has an accounting, oldest first.
        taxes: what the last run said of the taxes of open quotes; None when it asked for none.
        drifted: open findings of taxes that drifted.
        decisions: groups of open findings that can each be decided at once.
        data_at: when the last run that ended well began.
    """

    systems: tuple[SystemHealth, ...]
    runs: tuple[RunLine, ...]
    trend: tuple[int, ...]
    by_entity: Mapping[str, int]
    by_cause: Mapping[str, int]
    open: int
    decisions: int
    drifted: int
    taxes: Mapping[str, Any] | None
    data_at: datetime | None
    advice: tuple[Advice, ...]

    @property
    def is_first(self) -> bool:
        """Whether nothing was ever run."""
        return not self.runs


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that waits for a person.

    Attributes:
        dead_hints: records that webhooks named and that could not be checked.
    """

    proposed: int = 0
    approved: int = 0
    unknown: int = 0
    dead_hints: int = 0


async def read_overview(workspace: Workspace, now: datetime) -> Overview:
    """The overview now.

    Raises:
        StateError: the state cannot be read.
    """
    state, file = workspace.state, workspace.project.file
    records = await state.runs.history(RUNS_READ)
    summary = await state.findings.summary(FindingFilter(status=FindingStatus.OPEN))
    waiting = Waiting(
        await state.corrections.count(CorrectionFilter(states=CorrectionState.PROPOSED)),
        await state.corrections.count(CorrectionFilter(states=CorrectionState.APPROVED)),
        await state.corrections.count(CorrectionFilter(states=_TROUBLED)),
        (await state.webhooks.length()).dead,
    )
    vendors = {Side.CRM: file.crm.vendor, Side.ERP: file.erp.vendor}
    return overview_of(records, summary, waiting, vendors, now)


def overview_of(
    records: Sequence[RunRecord],
    summary: FindingSummary,
    waiting: Waiting,
    vendors: Mapping[Side, str],
    now: datetime,
) -> Overview:
    """The overview of what was read.

    Args:
        records: runs, newest first.
        summary: of the open findings.
    """
    runs = tuple(run_line(record) for record in records)
    ended = next((record for record in records if record.status in _ENDED_WELL), None)
    drifted = summary.by_kind.get(FindingKind.TAX_DRIFT, 0)
    return Overview(
        systems=tuple(_health(side, vendors[side], records) for side in Side),
        runs=runs,
        trend=tuple(run.open for run in reversed(runs) if run.open is not None),
        by_entity=summary.by_entity,
        by_cause=summary.by_cause,
        open=summary.total,
        decisions=len(summary.groups),
        drifted=drifted,
        taxes=_taxes(ended),
        data_at=ended.started_at if ended else None,
        advice=tuple(_advice(runs, summary, drifted, waiting, ended.started_at if ended else None, now)),
    )


def run_line(record: RunRecord) -> RunLine:
    """One run in one line."""
    document = record.document or {}
    found = [entity.get("findings") for entity in _entities(record).values()]
    counted = [each for each in found if each]
    seconds = document.get("seconds")
    return RunLine(
        record.id,
        _RUN_STATUSES[record.status],
        record.started_at,
        seconds if isinstance(seconds, int | float) else None,
        sum(each.get("new", 0) for each in counted) if counted else None,
        sum(each.get("open", 0) for each in counted) if counted else None,
        tuple(_entities(record)) or record.entities,
        record.full,
    )


def _entities(record: RunRecord) -> Mapping[str, Any]:
    entities = (record.document or {}).get("entities")
    return entities if isinstance(entities, Mapping) else {}


def _taxes(record: RunRecord | None) -> Mapping[str, Any] | None:
    taxes = (record.document or {}).get("taxes") if record else None
    return taxes if isinstance(taxes, Mapping) else None


def _health(side: Side, vendor: str, records: Sequence[RunRecord]) -> SystemHealth:
    """As the newest run with a document saw it."""
    told = next((record for record in records if record.document is not None), None)
    if told is None:
        return SystemHealth(side, vendor, Status.NOT_ASKED, None)
    troubles = [trouble for trouble in _troubles(told) if trouble.startswith(f"{side.value}: ")]
    read_at = next((each.started_at for each in records if _was_read(each, side)), None)
    if not troubles:
        status = Status.HEALTHY if _was_read(told, side) else Status.NOT_ASKED
        return SystemHealth(side, vendor, status, read_at)
    trouble = troubles[0].removeprefix(f"{side.value}: ")
    return SystemHealth(side, vendor, Status.LIMITED if _was_read(told, side) else Status.DOWN, read_at, trouble)


def _troubles(record: RunRecord) -> list[str]:
    document = record.document or {}
    failures = [str(each["failure"]) for each in _entities(record).values() if each.get("failure")]
    warnings = document.get("warnings")
    error = document.get("error")
    told = [str(error.get("message", ""))] if isinstance(error, Mapping) else []
    warned = [str(each) for each in warnings] if isinstance(warnings, Sequence) else []
    return [*told, *failures, *warned]


def _was_read(record: RunRecord, side: Side) -> bool:
    return any(entity.get(side.value) for entity in _entities(record).values())


def _advice(
    runs: Sequence[RunLine],
    summary: FindingSummary,
    drifted: int,
    waiting: Waiting,
    data_at: datetime | None,
    now: datetime,
) -> list[Advice]:
    """The most pressing first: what nobody knows, what is broken, what waits, what can be begun."""
    found: list[Advice] = []
    if waiting.unknown:
        found.append(Advice("unknown", "plans", ("corrections", "list", "--state", "unknown"), waiting.unknown))
    if not runs:
        return [*found, Advice("first_check", "systems", ("check",)), Advice("first_run", "runs", ("run",))]
    last = runs[0]
    if last.status in (Status.FAILED, Status.PARTIAL, Status.INTERRUPTED):
        found.append(Advice(f"run_{last.status}", "runs", ("runs", "show", last.id)))
    if data_at is not None and now - data_at > STALE_AFTER and last.status is not Status.RUNNING:
        found.append(Advice("stale", "runs", ("run",)))
    if waiting.dead_hints:
        found.append(Advice("webhooks", "systems", ("webhooks", "queue"), waiting.dead_hints))
    if waiting.approved:
        found.append(Advice("approved", "plans", ("corrections", "list", "--state", "approved"), waiting.approved))
    if waiting.proposed:
        found.append(Advice("proposed", "review", ("corrections", "list"), waiting.proposed))
    if drifted:
        found.append(Advice("drift", "quotes", ("taxes", "drift"), drifted))
    if summary.total:
        values = {"decisions": str(len(summary.groups))}
        found.append(Advice("open", "review", ("findings", "list", "--status", "open"), summary.total, values))
    return found or [Advice("nothing", "runs", ("run",))]
