"""Running the work of a command on the project it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from reconciler.cli.options import settings_of
from reconciler.logs import configure_logging

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

T = TypeVar("T")


def with_workspace(context: typer.Context, work: Callable[[Workspace], Awaitable[T]]) -> T:
    """What `work` gives, with the workspace of the project file named before the command.

    Raises:
        ConfigurationError: the project file is wrong.
        StateError: the state cannot be used.
    """
    from reconciler.app.wire import open_workspace
    from reconciler.project import load_project

    settings = settings_of(context)
    configure_logging(debug=settings.debug)
    project = load_project(settings.project_file)

    async def opened() -> T:
        async with open_workspace(project) as workspace:
            return await work(workspace)

    return asyncio.run(opened())
