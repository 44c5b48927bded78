"""Builds everything a use case needs from a project: descriptions, connectors, state and the snapshot folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.model.entities import Side
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.renewal import TokenStore
from reconciler.project import Project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State

SNAPSHOTS = "snapshots"
REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is kept on this machine for a project."""

    project: Project
    state: State
    folder: ContentFolder


def load_descriptions(project: Project) -> dict[Side, Description]:
    """The descriptions of both systems, with the project's own limits on calls where it gives them.

    Raises:
        ConfigurationError: a description is unknown or wrong, or does not fit the side it is used for.
    """
    found: dict[Side, Description] = {}
    for side in Side:
        system = project.system(side)
        description = load_description(system.vendor, project.folder)
        if side.value not in description.vendor.roles:
            raise project.fault(
                (side.value, "vendor"),
                f"“{description.vendor.name}” is not described as {side.value} but as {description.vendor.roles[0]}.",
            )
        own = {"concurrency": system.concurrency, "rates": system.rates}
        http = description.http.model_copy(update={name: value for name, value in own.items() if value is not None})
        found[side] = description.model_copy(update={"http": http})
    return found


@asynccontextmanager
async def open_workspace(project: Project) -> AsyncIterator[Workspace]:
    """Open the state and the snapshot folder.

    Raises:
        StateError: either cannot be used.
    """
    folder = ContentFolder(project.data / SNAPSHOTS)
    async with State.open(project.file.project.state, project.folder, time_zone=project.time_zone) as state:
        yield Workspace(project, state, folder)


@asynccontextmanager
async def open_connectors(
    project: Project, descriptions: Mapping[Side, Description], state: State
) -> AsyncIterator[dict[Side, Connector]]:
    """Connect to both systems; sessions are opened by the first call and closed at the end."""
    async with AsyncExitStack() as stack:
        connectors: dict[Side, Connector] = {}
        for side, description in descriptions.items():
            connector = connector_to(project, side, description, state.tokens(side.value))
            connectors[side] = await stack.enter_async_context(connector)
        yield connectors


@asynccontextmanager
async def connector_to(
    project: Project, side: Side, description: Description, tokens: TokenStore | None
) -> AsyncIterator[Connector]:
    """Connect to one system.

    Raises:
        ConfigurationError: its address, a credential or a context value is missing.
    """
    port = HttpPort(
        side.value,
        description.http,
        base_url=_base_url(project, side, description),
        credentials=_credentials(project, side, description),
        context=_context(project, side, description),
        tokens=tokens,
    )
    async with port:
        yield Connector(side.value, description, port, project.time_zone)


def _base_url(project: Project, side: Side, description: Description) -> str:
    base_url = project.system(side).base_url or description.http.base_url
    if base_url is None:
        raise project.fault((side.value, "base_url"), "the description names no default address.", hint="Add base_url.")
    return base_url


def _credentials(project: Project, side: Side, description: Description) -> dict[str, str]:
    credentials = project.credentials(side)
    for name, meaning in description.vendor.credentials.items():
        if name not in credentials:
            raise project.fault(
                (side.value, "credentials", name),
                f"“{description.vendor.name}” needs {name} ({meaning}).",
                hint=f'Add {name} = {{ env = "{side.value.upper()}_{name.upper()}" }} to its credentials.',
            )
    return credentials


def _context(project: Project, side: Side, description: Description) -> dict[str, JsonValue]:
    context = project.system(side).context
    for name, meaning in description.vendor.context.items():
        if name not in context:
            raise project.fault(
                (side.value, "context", name),
                f"“{description.vendor.name}” needs {name} ({meaning}).",
                hint=f"Add {name} to its context.",
            )
    return context
