"""Running the service until it is told to stop: then nothing new is taken, and what is in hand is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from reconciler.app.webhooks.opening import open_webhooks
from reconciler.app.wire import Workspace
from reconciler.errors import ConfigurationError
from reconciler.model.entities import Side
from reconciler.service.health import Health
from reconciler.service.problems import errors_as_problems
from reconciler.service.webhooks import WebhookEndpoint

_REQUESTS_FINISH_WITHIN_S: Final = 10.0
_STEP_FINISHES_WITHIN_S: Final = 60.0
_IDLE_CONNECTION_S: Final = 30.0


def application(webhooks: WebhookEndpoint, health: Health) -> web.Application:
    """The routes of the service."""
    app = web.Application(middlewares=[errors_as_problems])
    webhooks.add_to(app)
    health.add_to(app)
    return app


async def serve(
    workspace: Workspace, port: int, stop: asyncio.Event, on_ready: Callable[[str, dict[Side, str]], None]
) -> None:
    """Serve until `stop` is set.

    Args:
        port: 0 lets the operating system choose.
        on_ready: told the address when it answers, and for which sides no webhooks are taken and why.

    Raises:
        ConfigurationError: the project is wrong, or the address cannot be listened on.
        StateError: the state cannot be used.
    """
    section = workspace.project.file.service
    async with open_webhooks(workspace) as webhooks:
        health = Health(workspace.state)
        runner = web.AppRunner(
            application(WebhookEndpoint(webhooks.intake, section.public_url), health),
            access_log=None,
            keepalive_timeout=_IDLE_CONNECTION_S,
            shutdown_timeout=_REQUESTS_FINISH_WITHIN_S,
        )
        await runner.setup()
        working = asyncio.create_task(webhooks.worker.run(stop), name="webhook worker")
        try:
            url = await _listen(runner, section.host, port)
            on_ready(url, dict(webhooks.without))
            stopping = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        finally:
            health.closing = True
            stop.set()
            await runner.cleanup()
            await _finished(working)


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise ConfigurationError(
            f"the service cannot listen on {host}, port {port}: {error.strerror or 'not an address of this machine'}.",
            hint="Another process may use it; name another one with --port or under [service].",
        ) from error
    bound = runner.addresses[0][1]
    return f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"


async def _finished(working: asyncio.Task[None]) -> None:
    """Wait for the step in hand; what it leaves undone waits in the queue."""
    done, _ = await asyncio.wait([working], timeout=_STEP_FINISHES_WITHIN_S)
    if not done:
        working.cancel()
        await asyncio.wait([working])
    if not working.cancelled():
        working.result()
