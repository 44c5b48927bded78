"""One run, from its beginning in the state to its reports on disk and to those who are told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from reconciler.app.correct import now_utc
from reconciler.app.data_folder import look_at_data_folder
from reconciler.app.nightly_corrections import correct_nightly
from reconciler.app.notifications.telling import Teller, channels_of, delivery_document
from reconciler.app.pulling.readers import side_readers
from reconciler.app.retention import remove_old
from reconciler.app.run_options import Progress, RunOptions
from reconciler.app.wire import Workspace
from reconciler.errors import ReconcilerError, StateError
from reconciler.phrases.phrase import phrase
from reconciler.ports.notices.delivery import Delivery, Patience
from reconciler.reports.documents import instant
from reconciler.store.state.records import RunStatus

if TYPE_CHECKING:
    from reconciler.app.reconcile import RunOutcome

_log = structlog.get_logger("reconciler.run")

Warn = Callable[[str], None]
"""Told one sentence about something that went wrong beside the run."""


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a run leaves behind.

    Attributes:
        document: what `run --json` prints.
        exit_code: 0, 1 (findings at or over `fail_on`) or 3 (partial or failed), as CONTRACT.md says.
    """

    outcome: RunOutcome
    document: Mapping[str, Any]
    exit_code: int


def _to_the_log(sentence: str) -> None:
    _log.warning("run_warning", problem=sentence)


async def run_once(
    workspace: Workspace,
    options: RunOptions,
    progress: Progress,
    *,
    notify: bool = True,
    warn: Warn = _to_the_log,
    patience: Patience | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> FinishedRun:
    """Reconcile once, keep what was found, write the reports, delete what is not needed any more, propose corrections
    where the project asks for it, and tell of it all.

    Args:
        notify: tell those whom `[notify]` names; False tells nobody.
        warn: told what went wrong in deleting and telling, which never changes how the run ended.
        patience: how long telling is tried.
        clock: gives aware instants, for what is proposed and approved.

    Raises:
        ConfigurationError: the project file or a description is wrong, or a secret of `[notify]` is missing.
        StateError: the state cannot be used, another run is going on, or the data folder is not that of the state.
    """
    channels = channels_of(workspace.project) if notify else []
    teller = Teller(workspace, tuple(channels), patience or Patience())
    await look_at_data_folder(workspace, anew=options.new_data_folder)
    run_id = await workspace.state.runs.start(options.entities, full=options.full, of_pilot=options.of_pilot)
    began_at = (await workspace.state.runs.get(run_id)).started_at
    try:
        outcome, document = await _reconciled(workspace, run_id, options, progress)
    except Exception as error:
        failure = _failure(run_id, began_at, error)
        try:
            await workspace.state.runs.finish(run_id, RunStatus.FAILED, failure)
        except StateError:
            # A process that stays up must not keep everybody else from running.
            await workspace.state.runs.let_go()
            raise
        await _tell(teller, failure, warn)
        raise
    await _delete_old(workspace, began_at, warn)
    await workspace.state.runs.finish(run_id, outcome.status, document)
    if outcome.status is not RunStatus.FAILED:
        document |= await _correct(workspace, run_id, clock, warn)
    if deliveries := await _tell(teller, document, warn):
        document["notifications"] = deliveries
    return FinishedRun(outcome, document, _exit_code(outcome, workspace.project.file.run.fail_on.findings))


async def _reconciled(
    workspace: Workspace, run_id: str, options: RunOptions, progress: Progress
) -> tuple[RunOutcome, dict[str, Any]]:
    async with await side_readers(workspace, options) as readers:
        # Takes a while to load; meanwhile another process loads what it needs to read.
        from reconciler.app.reconcile import Reconciliation
        from reconciler.app.run_report import write_reports

        reconciliation = Reconciliation(workspace, run_id, options, progress, readers)
        await reconciliation.carry_out()
        return reconciliation.outcome, await write_reports(workspace, reconciliation.outcome)


def _exit_code(outcome: RunOutcome, fail_on_findings: int) -> int:
    if outcome.status is not RunStatus.COMPLETE:
        return 3
    return 1 if outcome.new_findings >= fail_on_findings else 0


def _failure(run_id: str, began_at: datetime, error: Exception) -> dict[str, Any]:
    code = "defect"
    message: str = phrase("a defect ({kind})", kind=type(error).__name__)
    # Of other errors without their words: those of a library may hold values of a record.
    if isinstance(error, ReconcilerError):
        code, message = error.code, str(error)
    return {
        "run": run_id,
        "status": RunStatus.FAILED.value,
        "started_at": instant(began_at),
        "error": {"code": code, "message": message},
    }


async def _delete_old(workspace: Workspace, began_at: datetime, warn: Warn) -> None:
    """While the run still holds the lock. Its findings are stored: nothing that goes wrong here may cost them."""
    try:
        await remove_old(workspace, began_at)
    except (ReconcilerError, OSError) as error:
        told = error.message if isinstance(error, ReconcilerError) else f"{error.strerror or type(error).__name__}."
        warn(phrase("old snapshots and reports were not all deleted: {told}", told=told))


async def _correct(workspace: Workspace, run_id: str, clock: Callable[[], datetime], warn: Warn) -> dict[str, Any]:
    """Propose and note it with the run. What goes wrong is told: the findings are kept, and the next run proposes."""
    try:
        done = await correct_nightly(workspace, clock)
        if done is None:
            return {}
        part = {"corrections": {"proposed": done.proposed, "approved": done.approved, "waiting": done.waiting}}
        await workspace.state.runs.amend(run_id, part)
    except ReconcilerError as error:
        warn(phrase("no corrections were proposed: {problem}", problem=error.message))
        return {}
    return part


async def _tell(teller: Teller, document: Mapping[str, Any], warn: Warn) -> list[dict[str, Any]]:
    """Tell, say what was not delivered, and note it with the run."""
    try:
        deliveries = await teller.tell(document)
        told = [delivery_document(delivery) for delivery in deliveries]
        if told:
            await teller.workspace.state.runs.amend(document["run"], {"notifications": told})
    except StateError as error:
        warn(phrase("it is not kept whether the notification was delivered: {problem}", problem=error.message))
        return []
    for delivery in deliveries:
        if delivery.problem:
            warn(_undelivered(delivery))
    return told


def _undelivered(delivery: Delivery) -> str:
    how = phrase("the notification by {channel} to {to}", channel=delivery.channel, to=delivery.to)
    if delivery.delivered:
        return phrase("{how} did not reach everybody: {problem}.", how=how, problem=delivery.problem)
    return phrase(
        "{how} was not delivered (tries: {attempts}): {problem}.",
        how=how,
        attempts=delivery.attempts,
        problem=delivery.problem,
    )
