"""Earlier runs."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.wire import open_workspace
from reconciler.project import load_project
from reconciler.store.state.records import RunRecord


async def latest_runs(project_file: Path, limit: int) -> list[RunRecord]:
    """The latest runs, the newest first.

    Raises:
        ConfigurationError: the project file is wrong.
        StateError: the state cannot be used.
    """
    async with open_workspace(load_project(project_file)) as workspace:
        return await workspace.state.runs.history(limit)


async def run_record(project_file: Path, run_id: str) -> RunRecord:
    """One run, by its id or the beginning of it.

    Raises:
        RefusedError: there is none, or several.
    """
    async with open_workspace(load_project(project_file)) as workspace:
        return await workspace.state.runs.get(run_id)
