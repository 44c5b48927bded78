"""Builds what takes webhooks and what works them off, from a project."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reconciler.app.data_folder import look_at_data_folder
from reconciler.app.scope_plan import plan_entities
from reconciler.app.tax_records import StagedNames
from reconciler.app.webhooks.intake import Receiver, WebhookIntake
from reconciler.app.webhooks.record_check import RecordChecker
from reconciler.app.webhooks.secrets import named_secrets
from reconciler.app.webhooks.worker import Patience, WebhookWorker
from reconciler.app.wire import Workspace, load_descriptions, open_connectors
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.errors import StateError
from reconciler.loopback import is_loopback
from reconciler.model.entities import Side
from reconciler.ports.webhook.settings import KeyVerification, NoVerification, StandardVerification, WebhookSettings
from reconciler.ports.webhook.standard_webhooks import is_usable_secret
from reconciler.ports.webhook.verification import Secrets
from reconciler.project import Project

_THREADS = 1
_MEMORY_MIB = 512


@dataclass(frozen=True, slots=True)
class OpenWebhooks:
    """What takes webhooks, and what works them off.

    Attributes:
        connectors: to both systems, open.
        without: sides whose webhooks are not taken, and why, one sentence each.
        idle: why the worker has to leave the queue to other machines, or None.
    """

    intake: WebhookIntake
    worker: WebhookWorker
    connectors: Mapping[Side, Connector]
    without: Mapping[Side, str]
    idle: str | None = None


@asynccontextmanager
async def open_webhooks(workspace: Workspace, patience: Patience | None = None) -> AsyncIterator[OpenWebhooks]:
    """Everything that webhooks need, connected to both systems.

    Raises:
        ConfigurationError: the project file or a description is wrong, a secret is missing, or deliveries that nobody
            proves would be taken from other machines.
        StateError: the data folder cannot be used.
    """
    project = workspace.project
    descriptions = load_descriptions(project)
    plans = {plan.entity.name: plan for plan in plan_entities(project, descriptions, ())}
    receivers, without = _receivers(project, descriptions, frozenset(plans))
    wake = asyncio.Event()
    behind_taxes = None if descriptions[Side.ERP].taxes is None else StagedNames(workspace)
    async with open_connectors(project, descriptions, workspace.state) as connectors:
        with DuckDBEngine(threads=_THREADS, memory_limit_mib=_MEMORY_MIB) as engine:
            checker = RecordChecker(workspace, plans, connectors, engine)
            yield OpenWebhooks(
                WebhookIntake(workspace.state, receivers, wake, behind_taxes=behind_taxes),
                WebhookWorker(workspace.state, checker, wake, patience or Patience()),
                connectors,
                without,
                await _why_idle(workspace),
            )


async def _why_idle(workspace: Workspace) -> str | None:
    """A record is judged beside those of the last run, which a machine without its snapshots does not know."""
    try:
        await look_at_data_folder(workspace)
    except StateError as error:
        return error.message
    return None


def _receivers(
    project: Project, descriptions: Mapping[Side, Description], entities: frozenset[str]
) -> tuple[dict[Side, Receiver], dict[Side, str]]:
    receivers: dict[Side, Receiver] = {}
    without: dict[Side, str] = {}
    for side, description in descriptions.items():
        settings = description.webhooks
        if settings is None:
            without[side] = f"“{description.vendor.name}” describes no webhooks."
            continue
        _refuse_strangers(project, settings, description)
        named = named_secrets(project, side, settings)
        _refuse_unreadable(project, side, settings, named)
        missing = _missing_secret(settings, named)
        if missing is not None:
            without[side] = f"the credential {missing} is not given ({settings.secrets.get(missing, 'of its calls')})."
            continue
        receivers[side] = Receiver(side, settings, named, entities)
    return receivers, without


def _refuse_strangers(project: Project, settings: WebhookSettings, description: Description) -> None:
    """Without proof of who sends, only this machine may send."""
    if isinstance(settings.verification, NoVerification) and not is_loopback(project.file.service.host):
        raise project.fault(
            ("service", "host"),
            f"webhooks of “{description.vendor.name}” carry no proof of who sends them, and others reach this host.",
            hint="Use 127.0.0.1 and let a proxy that knows the sender stand before it.",
        )


def _refuse_unreadable(project: Project, side: Side, settings: WebhookSettings, named: Secrets) -> None:
    if not isinstance(settings.verification, StandardVerification):
        return
    for name in settings.secrets:
        if not all(is_usable_secret(secret) for secret in named.of(name)):
            raise project.fault(
                (side.value, "credentials", name),
                "is neither whsec_ nor whpk_ followed by Base64.",
                hint="Copy it whole from the settings of the webhook in that system.",
            )


def _missing_secret(settings: WebhookSettings, named: Secrets) -> str | None:
    """A credential without which no delivery can be verified, unless registering webhooks will bring a secret."""
    if isinstance(settings.verification, KeyVerification):
        for place in settings.verification.places:
            if place.secret is not None and not named.of(place.secret):
                return place.secret
    if settings.registration is not None or not settings.proving or named.webhook_secrets():
        return None
    return next(iter(settings.secrets), settings.signed_with)
