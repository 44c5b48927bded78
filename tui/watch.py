"""Noticing that the store changed under us: a run, a webhook, the nightly job, another person."""

from __future__ import annotations

from reconciler.app.workspace import Workspace

INTERVAL_S = 2.0

Pulse = tuple[object, ...]
"""Differs whenever something that a screen shows may have changed."""


async def pulse_of(workspace: Workspace) -> Pulse:
    """The pulse now. A few small reads, whatever the number of findings.

    Raises:
        StateError: the state cannot be read.
    """
    runs = await workspace.state.runs.history(1)
    moved = await workspace.state.lists.pulse()
    summary = await workspace.state.findings.summary()
    return (tuple((run.id, run.status) for run in runs), moved, summary.groups)
