"""Running the service until it is told to stop: then nothing new is taken, and what is in hand is finished."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from reconciler.app.wire import Workspace
from reconciler.service.exposure import Exposure, exposure_of
from reconciler.service.listening import GuardedSite, Patience, address_of, bound_socket, runner_for
from reconciler.service.opening import open_service

_STEP_FINISHES_WITHIN_S: Final = 60.0

OnReady = Callable[[str, Sequence[str]], None]
"""Told the address when it answers, and what is not served and why, one sentence each."""


async def serve(
    workspace: Workspace,
    port: int,
    stop: asyncio.Event,
    on_ready: OnReady,
    *,
    behind_proxy: bool = False,
    patience: Patience | None = None,
    inherited: socket.socket | None = None,
) -> None:
    """Serve until `stop` is set.

    Args:
        port: 0 lets the operating system choose.
        behind_proxy: see `exposure_of`.
        inherited: the socket that this process shares with others, instead of one of its own.

    Raises:
        RefusedError: others could call the service without a token, or read what is said.
        ConfigurationError: the project is wrong, or the address cannot be listened on.
        StateError: the state cannot be used.
    """
    exposure = exposure_of(workspace.project, behind_proxy=behind_proxy)
    patience = patience or Patience()
    if inherited is not None:
        patience = replace(patience, taken_at_once=1)
    with inherited or bound_socket(exposure.host, port) as bound:
        await serve_on(bound, workspace, exposure, stop, on_ready, patience)


async def serve_on(
    bound: socket.socket,
    workspace: Workspace,
    exposure: Exposure,
    stop: asyncio.Event,
    on_ready: OnReady,
    patience: Patience,
) -> None:
    """Serve on that socket until `stop` is set. Raises as `serve`."""
    patience = patience.within_limits()
    async with open_service(workspace, exposure) as service:
        runner = runner_for(service.application, patience)
        await runner.setup()
        work = stop.wait() if service.webhooks.idle is not None else service.webhooks.worker.run(stop)
        working: asyncio.Task[Any] = asyncio.create_task(work, name="webhook worker")
        try:
            await GuardedSite(runner, bound, exposure, patience).start()
            on_ready(address_of(bound, exposure), service.without)
            await _until_stopped(working, stop)
        finally:
            service.health.closing = True
            stop.set()
            await runner.cleanup()
            await _finished(working)


async def _until_stopped(working: asyncio.Task[Any], stop: asyncio.Event) -> None:
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def _finished(working: asyncio.Task[Any]) -> None:
    """Wait for the step in hand; what it leaves undone waits in the queue."""
    done, _ = await asyncio.wait([working], timeout=_STEP_FINISHES_WITHIN_S)
    if not done:
        working.cancel()
        await asyncio.wait([working])
    if not working.cancelled():
        working.result()
