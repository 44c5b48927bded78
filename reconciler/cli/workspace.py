"""Running the work of a command on the project it was given."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import typer

from reconciler.cli.options import settings_of
from reconciler.logs import configure_logging

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

T = TypeVar("T")
_TERMINATED: Final = 128 + signal.SIGTERM


def with_workspace(context: typer.Context, work: Callable[[Workspace], Awaitable[T]]) -> T:
    """What `work` gives, with the workspace of the project file named before the command.

    SIGTERM, as service managers and clusters send it, stops it as Ctrl-C does: sessions are closed.

    Raises:
        ConfigurationError: the project file is wrong.
        StateError: the state cannot be used.
        typer.Exit: it was stopped by SIGTERM.
    """
    from reconciler.app.wire import open_workspace
    from reconciler.project import load_project

    settings = settings_of(context)
    configure_logging(debug=settings.debug)
    project = load_project(settings.project_file)

    async def opened() -> T:
        task = asyncio.current_task()
        # Other threads hear no signals, and may not ask for any: asyncio treats Ctrl-C alike.
        if task is not None and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with open_workspace(project) as workspace:
            return await work(workspace)

    try:
        return asyncio.run(opened())
    except asyncio.CancelledError:
        raise typer.Exit(_TERMINATED) from None
