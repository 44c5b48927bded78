"""Every kind of connector there is, connected to a stand-in system over its own port, for the conformance tests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import aiohttp

from reconciler.app.scope_plan import plan_entities
from reconciler.app.wire import connector_to, load_descriptions, open_workspace, writer_to
from reconciler.connectors.connector import Connector
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.project_file import project_text
from reconciler.sandbox.start import Endpoint, RunningSandbox, SandboxOptions, running_sandbox
from tests.ports.files.file_servers import HOST, PASSWORD, USER, ftp_server

PAGE: Final = 7
"""Records of a page, so that some dozens of records are several pages."""

COLLECTIONS: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.CRM: {"customers": "Contacts", "products": "Products", "orders": "Orders", "quotes": "Quotes"},
    Side.ERP: {"customers": "clientes", "products": "produtos", "orders": "pedidos", "quotes": "orcamentos"},
}
ID_MEMBERS: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.CRM: dict.fromkeys(COLLECTIONS[Side.CRM], "Id"),
    Side.ERP: {"customers": "codigo", "products": "codigo", "orders": "numero", "quotes": "numero"},
}


@dataclass(frozen=True)
class Kind:
    """A kind of connector: which system it is for, and through which port it reads."""

    name: str
    side: Side
    vendor: str
    over_ftp: bool = False

    @property
    def is_called(self) -> bool:
        """Whether the system answers calls, so that it can refuse, expire and throttle."""
        return not self.vendor.endswith("files")


KINDS: Final = (
    Kind("REST with keys", Side.CRM, "ploomes"),
    Kind("REST with a session", Side.ERP, "sandbox_erp"),
    Kind("SOAP", Side.ERP, "sandbox_erp_soap"),
    Kind("files in a folder", Side.ERP, "sandbox_erp_files"),
    Kind("files over FTP", Side.ERP, "sandbox_erp_files", over_ftp=True),
)


@dataclass(frozen=True)
class Reached:
    """A connector and what is on the other side of it; `writer` where the system can be written."""

    kind: Kind
    connector: Connector
    mappings: Mapping[str, EntityMapping]
    writer: RecordWriter | None
    state_url: str

    async def held(self, entity: str) -> list[dict[str, Any]]:
        """The records of the entity that the system holds now."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.state_url}/_sandbox/state") as response:
            records = (await response.json())[COLLECTIONS[self.kind.side][entity]]
        return [record for record in records if record.get("LastReview", True)]

    async def ids(self, entity: str) -> list[str]:
        """Their ids, in order."""
        member = ID_MEMBERS[self.kind.side][entity]
        return sorted(str(record[member]) for record in await self.held(entity))


@asynccontextmanager
async def reached(
    kind: Kind,
    folder: Path,
    *,
    records: Mapping[str, Any] | None = None,
    customers: int = 25,
    misbehave: str | None = None,
    credentials: Mapping[str, str] | None = None,
    address: str | None = None,
) -> AsyncIterator[Reached]:
    """A connector to a stand-in system of its own.

    Args:
        records: of both systems, instead of generated ones.
        misbehave: fault of both systems.
        credentials, address: wrong ones, for tests of what is said then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = SandboxOptions(customers=customers, seed=3, load=_loaded(folder, records), misbehave=misbehave)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(options))
        end = _endpoint(kind, sandbox, folder, stack)
        systems = {"crm": sandbox.crm, "erp": sandbox.erp}
        systems[kind.side.value] = Endpoint(
            _small_pages(end.vendor, folder), address or end.base_url, {**end.credentials, **(credentials or {})}
        )
        project_file = folder / "reconciler.toml"
        project_file.write_text(
            project_text({side: (each.vendor, each.base_url, each.credentials) for side, each in systems.items()})
        )
        project = load_project(project_file)
        descriptions = load_descriptions(project)
        mappings = {plan.entity.name: plan.mappings[kind.side] for plan in plan_entities(project, descriptions, ())}
        workspace = await stack.enter_async_context(open_workspace(project))
        connector = await stack.enter_async_context(
            connector_to(project, kind.side, descriptions[kind.side], workspace.state)
        )
        writer: RecordWriter | None = None
        if any(source.write for source in descriptions[kind.side].entities.values()):
            writer = await stack.enter_async_context(
                writer_to(project, kind.side, descriptions[kind.side], workspace.state, mappings)
            )
        state_url = sandbox.crm.base_url if kind.side is Side.CRM else sandbox.erp.base_url
        yield Reached(kind, connector, mappings, writer, state_url)


def _loaded(folder: Path, records: Mapping[str, Any] | None) -> Path | None:
    if records is None:
        return None
    path = folder / "records.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def _endpoint(kind: Kind, sandbox: RunningSandbox, folder: Path, stack: AsyncExitStack) -> Endpoint:
    if kind.side is Side.CRM:
        return sandbox.crm
    if kind.is_called:
        return sandbox.erp if kind.vendor == "sandbox_erp" else sandbox.erp_soap
    exported = folder / "erp_files"
    sandbox.files.export_to(exported)
    if not kind.over_ftp:
        return Endpoint(kind.vendor, str(exported), dict(sandbox.erp.credentials))
    port = stack.enter_context(ftp_server(exported))
    return Endpoint(kind.vendor, f"ftp://{HOST}:{port}/", {"user": USER, "password": PASSWORD})


def _small_pages(vendor: str, folder: Path) -> str:
    """The shipped description with small pages and short waits; nothing else is changed."""
    text = (files("reconciler.connectors") / "vendors" / f"{vendor}.toml").read_text(encoding="utf-8")
    for size in ("size = 300", "size = 500"):
        text = text.replace(size, f"size = {PAGE}")
    text = text.replace("confirm_empty_s = 2", "confirm_empty_s = 0.01").replace("overlap_s = 120", "overlap_s = 0")
    if "[http.retry]" in text:
        text = text.replace("[http.retry]\n", "[http.retry]\nfirst_s = 0.001\n")
    else:
        text = text.replace("[http]\n", "[http]\nretry = { attempts = 4, first_s = 0.001, longest_s = 0.004 }\n", 1)
    (folder / f"{vendor}.toml").write_text(text, encoding="utf-8")
    return f"./{vendor}.toml"
