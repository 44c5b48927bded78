"""One run, from its beginning in the state to its reports on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.app.reconcile import Progress, Reconciliation, RunOptions, RunOutcome
from reconciler.app.run_report import write_reports
from reconciler.app.wire import Workspace
from reconciler.errors import ReconcilerError
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import RunStatus


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


async def run_once(workspace: Workspace, options: RunOptions, progress: Progress) -> FinishedRun:
    """Reconcile once, keep what was found, write the reports, and forget snapshots beyond `run.keep_runs`.

    Raises:
        ConfigurationError: the project file or a description is wrong.
        StateError: the state cannot be used, or another run is going on.
    """
    state, project = workspace.state, workspace.project
    run_id = await state.runs.start(options.entities, full=options.full)
    reconciliation = Reconciliation(workspace, run_id, options, progress)
    try:
        await reconciliation.carry_out()
        document = await write_reports(workspace, reconciliation.outcome)
    except ReconcilerError as error:
        failure = {
            "run": run_id,
            "status": RunStatus.FAILED.value,
            "error": {"code": error.code, "message": str(error)},
        }
        await state.runs.finish(run_id, RunStatus.FAILED, failure)
        raise
    outcome = reconciliation.outcome
    await state.runs.finish(run_id, outcome.status, document)
    await _forget_old_snapshots(workspace)
    return FinishedRun(outcome, document, _exit_code(outcome, project.file.run.fail_on.findings))


def _exit_code(outcome: RunOutcome, fail_on_findings: int) -> int:
    if outcome.status is not RunStatus.COMPLETE:
        return 3
    return 1 if outcome.new_findings >= fail_on_findings else 0


async def _forget_old_snapshots(workspace: Workspace) -> None:
    """First from the state: a file that nobody names is found by the next run, a name without its file is not."""
    manifest = workspace.state.snapshots
    surplus = await manifest.to_remove(workspace.project.file.run.keep_runs)
    await manifest.forget([record.id for record in surplus])
    kept: set[str] = set()
    for record in await manifest.complete_ones():
        kept |= Snapshot.from_json(record.files).names
    await asyncio.to_thread(workspace.folder.remove_except, kept)
