"""The part of a project that is kept on this machine. Opening it loads no connector, so a list is there at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reconciler.project import Project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State

SNAPSHOTS = "snapshots"


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is kept on this machine for a project."""

    project: Project
    state: State
    folder: ContentFolder


@asynccontextmanager
async def open_workspace(project: Project) -> AsyncIterator[Workspace]:
    """Open the state and the snapshot folder.

    Raises:
        StateError: either cannot be used.
    """
    folder = ContentFolder(project.data / SNAPSHOTS)
    async with State.open(project.file.project.state, project.folder, time_zone=project.time_zone) as state:
        yield Workspace(project, state, folder)
