"""Opens what the routes need, from a project, and puts the rooms together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from reconciler.app.findings import FindingPages
from reconciler.app.quote_reading import QuoteReader, open_quote_reader
from reconciler.app.taxes import TaxDesk, open_taxes
from reconciler.app.webhooks.opening import OpenWebhooks, open_webhooks
from reconciler.app.wire import Workspace
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.service.access_log import AccessLog
from reconciler.service.application import Room, application
from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.corrections import CorrectionRoom
from reconciler.service.exposure import Exposure
from reconciler.service.health import Health
from reconciler.service.history import HistoryRoom
from reconciler.service.measurements import MetricsRoom
from reconciler.service.openapi import Documentation
from reconciler.service.page.opening import page_rooms
from reconciler.service.rate_limit import RateLimit
from reconciler.service.revocations import following_revocations
from reconciler.service.sessions import Sessions
from reconciler.service.taxes import Absent, TaxRoom
from reconciler.service.watching import Watch
from reconciler.service.webhooks import WebhookEndpoint

_NO_TAXES: Final = Absent(501, "no_tax_call", "The ERP of this project cannot be asked for taxes.")
_NO_QUOTES: Final = Absent(501, "no_quotes", "The CRM of this project cannot be asked for a quote by its number.")
_NOT_CONFIGURED: Final = Absent(
    501, "taxes_not_configured", "The project lacks something that this needs; its operators can see what."
)


@dataclass(frozen=True, slots=True)
class OpenService:
    """Everything that one process serves.

    Attributes:
        without: what is not served, and why, one sentence each.
    """

    application: web.Application
    webhooks: OpenWebhooks
    health: Health
    without: list[str]


@asynccontextmanager
async def open_service(workspace: Workspace, exposure: Exposure) -> AsyncIterator[OpenService]:
    """The routes, and what is behind them, connected to both systems.

    Raises:
        ConfigurationError: the project file or a description is wrong, or a secret is missing.
        StateError: the state cannot be used.
    """
    section = workspace.project.file.service
    async with AsyncExitStack() as stack:
        webhooks = await stack.enter_async_context(open_webhooks(workspace))
        without = [f"{side.value}: no webhooks are taken: {reason}" for side, reason in webhooks.without.items()]
        if webhooks.idle is not None:
            without.append(f"webhooks are queued, and worked off by other machines: {webhooks.idle}")
        watch = Watch(webhooks.connectors)
        stack.push_async_callback(watch.close)
        desk = await _tax_desk(stack, workspace, without, watch)
        lookup = desk.lookup if isinstance(desk, TaxDesk) else None
        await stack.enter_async_context(watch.over(lookup, workspace.state))
        quotes = await _quote_reader(stack, workspace, without)
        health, bodies = Health(workspace.state, watch), Bodies()
        browser, rate = BrowserGuard(section.public_url), RateLimit(section.requests_per_minute)
        await stack.enter_async_context(following_revocations(exposure.tokens, workspace.state.revoked_tokens))
        sessions = Sessions(workspace.state.sessions, exposure, browser, rate, bodies)
        check = CallerCheck(exposure.tokens, sessions, browser, rate, exposure.anybody_here)
        counts = watch.metrics.ended
        log = AccessLog.to_stderr(counts) if section.access_log else AccessLog(None, counts)
        rooms: list[Room] = [
            TaxRoom(desk, quotes, bodies, quote_within_s=workspace.project.file.taxes.deadline_s),
            HistoryRoom(workspace.state, FindingPages(workspace)),
            CorrectionRoom(workspace, bodies),
            WebhookEndpoint(webhooks.intake, bodies, section.public_url),
            sessions,
            *page_rooms(workspace, desk, quotes, check, sessions, browser, bodies),
            health,
            MetricsRoom(watch.metrics, workspace.state, log),
            Documentation(),
        ]
        yield OpenService(application(rooms, check, log), webhooks, health, without)


async def _tax_desk(stack: AsyncExitStack, workspace: Workspace, without: list[str], watch: Watch) -> TaxDesk | Absent:
    """What answers about taxes, warming up; webhooks and findings are served without it as well."""
    try:
        desk = await stack.enter_async_context(open_taxes(workspace, observer=watch))
    except (ConfigurationError, RefusedError) as error:
        without.append(f"erp: no taxes are answered: {error.message}")
        return _NO_TAXES if isinstance(error, RefusedError) else _NOT_CONFIGURED
    warming = asyncio.create_task(desk.lookup.warm_up(), name="warm-up")
    stack.push_async_callback(_ended, warming)
    return desk


async def _quote_reader(stack: AsyncExitStack, workspace: Workspace, without: list[str]) -> QuoteReader | Absent:
    try:
        return await stack.enter_async_context(open_quote_reader(workspace))
    except (ConfigurationError, RefusedError) as error:
        without.append(f"crm: no taxes of its quotes are answered: {error.message}")
        return _NO_QUOTES if isinstance(error, RefusedError) else _NOT_CONFIGURED


async def _ended(warming: asyncio.Task[None]) -> None:
    warming.cancel()
    await asyncio.wait([warming])
    if not warming.cancelled():
        warming.result()
