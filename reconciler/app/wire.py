"""Builds everything a use case needs from a project: descriptions, connectors, state and the snapshot folder.

What talks to a system is loaded when a connection is made: most commands make none, and start in half the time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import JsonValue

from reconciler.app.workspace import SNAPSHOTS, Workspace, open_workspace
from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.project import Project
from reconciler.store.state.state import State

if TYPE_CHECKING:
    from reconciler.connectors.connector import Connector
    from reconciler.connectors.reach import HttpReach
    from reconciler.connectors.write.record_writer import RecordWriter
    from reconciler.ports.files.port import FilePort
    from reconciler.ports.files.settings import FileSettings
    from reconciler.ports.http.client import HttpPort

__all__ = [
    "EVIDENCE",
    "RECEIVED_FILES",
    "REPORTS",
    "SNAPSHOTS",
    "SPILL",
    "Workspace",
    "connector_to",
    "load_descriptions",
    "open_connectors",
    "open_workspace",
    "port_to",
    "reach_of",
    "writer_to",
]

REPORTS = "reports"
EVIDENCE = "scenarios"
SPILL = "spill"
RECEIVED_FILES = "files"


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
                phrase(
                    "“{vendor}” is not described as {side} but as {roles}.",
                    vendor=description.vendor.name,
                    side=side.value,
                    roles=description.vendor.roles[0],
                ),
            )
        _check_address(project, side, description)
        found[side] = _with_own_limits(project, side, description)
        if side is Side.ERP:
            found[side] = _with_own_tax_call(project, found[side])
    return found


def _with_own_tax_call(project: Project, erp: Description) -> Description:
    name = project.file.taxes.call
    if name is None:
        return erp
    if name not in erp.other_taxes:
        known = ", ".join(erp.other_taxes) or "none"
        raise project.fault(
            ("taxes", "call"),
            phrase(
                "“{vendor}” has no other tax call “{name}”; it has {known}.",
                vendor=erp.vendor.name,
                name=name,
                known=known,
            ),
        )
    return erp.model_copy(update={"taxes": erp.other_taxes[name]})


def _check_address(project: Project, side: Side, description: Description) -> None:
    address = project.system(side).base_url
    if address is None:
        return
    if description.files is None:
        if not address.startswith(("http://", "https://")):
            raise project.fault(
                (side.value, "base_url"), phrase("must be an address that begins with https:// or http://.")
            )
        return
    from reconciler.ports.files.address import FolderAddress

    try:
        FolderAddress.parse(address, project.folder)
    except ConfigurationError as error:
        raise project.fault((side.value, "base_url"), error.message, hint=error.hint) from None


def _with_own_limits(project: Project, side: Side, description: Description) -> Description:
    system = project.system(side)
    if description.files is not None:
        if system.rates is not None:
            raise project.fault(
                (side.value, "rates"), phrase("files are not called; their number at once is `concurrency`.")
            )
        own: dict[str, object] = {} if system.concurrency is None else {"concurrency": system.concurrency}
        return description.model_copy(update={"files": description.files.model_copy(update=own)})
    if description.http is None:
        raise ValueError("a description says how its system is reached")
    limits = {"concurrency": system.concurrency, "rates": system.rates}
    own = {name: value for name, value in limits.items() if value is not None}
    return description.model_copy(update={"http": description.http.model_copy(update=own)})


@asynccontextmanager
async def open_connectors(
    project: Project, descriptions: Mapping[Side, Description], state: State
) -> AsyncIterator[dict[Side, Connector]]:
    """Connect to both systems; sessions are opened by the first call and closed at the end."""
    async with AsyncExitStack() as stack:
        connectors: dict[Side, Connector] = {}
        for side, description in descriptions.items():
            connector = connector_to(project, side, description, state)
            connectors[side] = await stack.enter_async_context(connector)
        yield connectors


@asynccontextmanager
async def connector_to(
    project: Project, side: Side, description: Description, state: State | None, *, take_in: bool = True
) -> AsyncIterator[Connector]:
    """Connect to one system.

    Args:
        state: keeps rotated tokens and what files were taken in. Needed for the latter.
        take_in: False leaves the files of a system where they are, and only looks at them.

    Raises:
        ConfigurationError: its address, a credential or a context value is missing.
    """
    from reconciler.connectors.connector import Connector

    if description.files is not None:
        async with _file_port(project, side, description, description.files, state, take_in=take_in) as files:
            yield Connector(side.value, description, files, project.time_zone)
    else:
        async with _http_port(project, side, description, state) as http:
            yield Connector(side.value, description, http, project.time_zone)


@asynccontextmanager
async def writer_to(
    project: Project, side: Side, description: Description, state: State, mappings: Mapping[str, EntityMapping]
) -> AsyncIterator[RecordWriter]:
    """Connect to one system to write in it. It writes what it is told: who may tell it is decided above.

    Args:
        mappings: how the project reads each entity.

    Raises:
        ConfigurationError: its address, a credential or a context value is missing.
        RefusedError: the system exchanges files, which are not written record by record.
    """
    from reconciler.connectors.write.record_writer import RecordWriter

    if description.http is None:
        raise RefusedError(
            phrase("{side}: it exchanges files, which are not written record by record.", side=side.value)
        )
    async with _http_port(project, side, description, state) as port:
        context = _context(project, side, description)
        yield RecordWriter(side.value, description, port, mappings, project.time_zone, context)


def port_to(project: Project, side: Side, description: Description, state: State) -> HttpPort:
    """The HTTP port to one system, to be opened by whoever asked for it.

    Raises:
        ConfigurationError: its address, a credential or a context value is missing.
    """
    return _http_port(project, side, description, state)


def reach_of(project: Project, side: Side, description: Description) -> HttpReach:
    """How a system is reached over HTTP; its secrets are read now.

    Raises:
        ConfigurationError: its address, a credential or a context value is missing.
    """
    from reconciler.connectors.reach import HttpReach

    return HttpReach(
        side,
        description,
        base_url=_base_url(project, side, description),
        credentials=_credentials(project, side, description),
        context=_context(project, side, description),
        time_zone=project.time_zone,
    )


def _http_port(project: Project, side: Side, description: Description, state: State | None) -> HttpPort:
    return reach_of(project, side, description).port(None if state is None else state.tokens(side.value))


def _file_port(
    project: Project,
    side: Side,
    description: Description,
    settings: FileSettings,
    state: State | None,
    *,
    take_in: bool,
) -> FilePort:
    from reconciler.ports.files.address import FolderAddress
    from reconciler.ports.files.port import FilePort

    if state is None:
        raise ValueError("files are taken in with a ledger")
    return FilePort(
        side.value,
        settings,
        address=FolderAddress.parse(_base_url(project, side, description), project.folder),
        credentials=_credentials(project, side, description),
        context=_context(project, side, description),
        project_folder=project.folder,
        ledger=state.file_ledger(side.value),
        archive=project.data / RECEIVED_FILES / side.value,
        take_in=take_in,
    )


def _base_url(project: Project, side: Side, description: Description) -> str:
    base_url = project.system(side).base_url or description.default_address
    if base_url is None:
        raise project.fault(
            (side.value, "base_url"), phrase("the description names no default address."), hint=phrase("Add base_url.")
        )
    return base_url


def _credentials(project: Project, side: Side, description: Description) -> dict[str, str]:
    credentials = project.credentials(side)
    for name, meaning in description.vendor.credentials.items():
        if name not in credentials:
            raise project.fault(
                (side.value, "credentials", name),
                phrase(
                    "“{vendor}” needs {name} ({meaning}).", vendor=description.vendor.name, name=name, meaning=meaning
                ),
                hint=phrase(
                    'Add {name} = {{ env = "{side}_{name_2}" }} to its credentials.',
                    name=name,
                    side=side.value.upper(),
                    name_2=name.upper(),
                ),
            )
    return credentials


def _context(project: Project, side: Side, description: Description) -> dict[str, JsonValue]:
    context = project.system(side).context
    for name, meaning in description.vendor.context.items():
        if name not in context:
            raise project.fault(
                (side.value, "context", name),
                phrase(
                    "“{vendor}” needs {name} ({meaning}).", vendor=description.vendor.name, name=name, meaning=meaning
                ),
                hint=phrase("Add {name} to its context.", name=name),
            )
    return context
