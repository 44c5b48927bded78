"""`serve`: the HTTP service, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.output import say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace
    from reconciler.model.entities import Side


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="serve")(serve)


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the port under [service].")] = None,
) -> None:
    """Take webhooks over HTTP and check the records they name, until SIGTERM or Ctrl-C."""

    async def work(workspace: Workspace) -> None:
        from reconciler.service.running import serve as run_service

        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        wanted = workspace.project.file.service.port if port is None else port
        await run_service(workspace, wanted, stop, _announce)

    with_workspace(context, work)


def _announce(url: str, without: dict[Side, str]) -> None:
    import orjson

    for side, reason in without.items():
        say(f"{side.value}: no webhooks are taken: {reason}")
    typer.echo(orjson.dumps({"url": url}).decode())
