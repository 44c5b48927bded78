"""`serve`: the HTTP service, until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.output import say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="serve")(serve)


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of the port under [service].")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy ends TLS, and nobody reaches the service past it.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")] = 1,
    worker_socket: Annotated[int | None, typer.Option("--worker-socket", hidden=True)] = None,
) -> None:
    """Answer about taxes, findings and runs over HTTP, and take webhooks, until SIGTERM or Ctrl-C."""

    if workers > 1:
        from reconciler.cli.commands.serve_workers import supervise

        supervise(context, port, workers, behind_proxy=behind_proxy)
        return

    async def work(workspace: Workspace) -> None:
        from reconciler.service.running import serve as run_service

        stop = _stop_event()
        wanted = workspace.project.file.service.port if port is None else port
        if worker_socket is None:
            await run_service(workspace, wanted, stop, _announce, behind_proxy=behind_proxy)
            return
        from reconciler.cli.commands.serve_workers import (
            announce_to_supervisor,
            inherited_socket,
            stop_without_supervisor,
        )

        stop_without_supervisor(stop)
        with inherited_socket(worker_socket) as inherited:
            await run_service(
                workspace, wanted, stop, announce_to_supervisor, behind_proxy=behind_proxy, inherited=inherited
            )

    with_workspace(context, work)


def _stop_event() -> asyncio.Event:
    """Set by SIGTERM and Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _announce(url: str, without: Sequence[str]) -> None:
    import orjson

    from reconciler.service.settling import settle

    settle()
    for sentence in without:
        say(sentence)
    typer.echo(orjson.dumps({"url": url}).decode())
