"""A system that waits where a test wants it to, the process that reads it for a run, and what this one would read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from reconciler.app.pulling.messages import Opening
from reconciler.app.pulling.pull import pull_entity
from reconciler.app.pulling.pulled import Base, Pulled, PullOptions
from reconciler.app.pulling.side_process import SideProcess
from reconciler.app.scope_plan import plan_entities
from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.connectors.reach import HttpReach
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.store.snapshots.content import ContentFolder
from tests.connectors.unknown_system import DESCRIPTION, UnknownSystem
from tests.ports.stand_in import StandIn

WAIT_S: Final = 30.0
OPTIONS: Final = PullOptions(full=False, sweep_every=timedelta(days=1))
_CHILD: Final = b"reconciler.app.pulling.child"
_PROJECT_FILE: Final = "reconciler.toml"
_PROJECT: Final = """
[project]
name = "two processes"
stage = "sandbox"
[crm]
vendor = "./acme.toml"
base_url = "{url}/crm"
credentials = {{ key = "made-up-key" }}
[erp]
vendor = "./acme_erp.toml"
base_url = "{url}/erp"
credentials = {{ key = "made-up-key" }}
[scope.customers]
key = ["legal_name"]
[run]
second_process_from = {second_process_from}
"""


@dataclass
class TwoSystems:
    """A CRM and an ERP of one kind. With `held_at`, the ERP does not answer for that page until `go` is set.

    Attributes:
        reached: the page was asked for.
        erp_answer: answers instead of the ERP, when set.
    """

    crm: UnknownSystem = field(default_factory=lambda: UnknownSystem(8))
    erp: UnknownSystem = field(default_factory=lambda: UnknownSystem(8))
    held_at: str | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    erp_answer: web.Response | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        side, _, path = request.path.strip("/").partition("/")
        request = request.clone(rel_url=f"/{path}?{request.query_string}")
        if side == "crm":
            return await self.crm.answer(request)
        if self.held_at is not None and request.query.get("page") == self.held_at:
            self.reached.set()
            await self.go.wait()
        if self.erp_answer is not None:
            return web.Response(
                status=self.erp_answer.status, body=self.erp_answer.body, headers=self.erp_answer.headers
            )
        return await self.erp.answer(request)


@dataclass(frozen=True)
class Reading:
    """The ERP's customers, to be read by another process or by this one."""

    project_file: Path
    opening: Opening
    mapping: EntityMapping
    content: ContentFolder
    connector: Connector

    async def apart(self, process: SideProcess, base: Base | None = None, told: list[int] | None = None) -> Pulled:
        """What the process gives."""
        seen = [] if told is None else told
        return await process.pull(self.opening, self.mapping, base, OPTIONS, lambda done, total: seen.append(done))

    async def here(self, base: Base | None = None, told: list[int] | None = None) -> Pulled:
        """What this process reads."""
        seen = [] if told is None else told
        return await pull_entity(
            self.connector, Side.ERP, self.mapping, self.content, base, OPTIONS, lambda done, total: seen.append(done)
        )


@asynccontextmanager
async def two_systems(
    folder: Path, systems: TwoSystems, *, description: str = DESCRIPTION, second_process_from: int = 1
) -> AsyncIterator[Reading]:
    """Both systems, answering, and a project of them. Whoever is still waiting at the end is let go."""
    async with StandIn(systems.answer) as server:
        opening, mapping, content = written(folder, server.base_url, description, second_process_from)
        reach = opening.reach
        try:
            async with reach.port(None) as port:
                connector = Connector(reach.side.value, reach.description, port, reach.time_zone)
                yield Reading(folder / _PROJECT_FILE, opening, mapping, content, connector)
        finally:
            systems.go.set()


def written(
    folder: Path, url: str, description: str = DESCRIPTION, second_process_from: int = 1
) -> tuple[Opening, EntityMapping, ContentFolder]:
    """The project, as a user would write it, and how its ERP's customers are read."""
    (folder / "acme.toml").write_text(description, encoding="utf-8")
    (folder / "acme_erp.toml").write_text(description.replace('["crm"]', '["erp"]'), encoding="utf-8")
    project_file = folder / _PROJECT_FILE
    project_file.write_text(_PROJECT.format(url=url, second_process_from=second_process_from))
    project = load_project(project_file)
    descriptions = {
        Side.CRM: load_description("./acme.toml", folder),
        Side.ERP: load_description("./acme_erp.toml", folder),
    }
    mapping = plan_entities(project, descriptions, [])[0].mappings[Side.ERP]
    content = ContentFolder(folder / "snapshots")
    content.prepare()
    reach = HttpReach(
        Side.ERP, descriptions[Side.ERP], f"{url}/erp", {"key": "made-up-key"}, {}, ZoneInfo("America/Sao_Paulo")
    )
    return Opening(reach, content.root, debug=True), mapping, content


def children_of(pid: int) -> list[int]:
    """The processes that read a side for the process with that id."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and _CHILD in (entry / "cmdline").read_bytes() and _parent(entry) == pid:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_there(pid: int) -> bool:
    """Whether that process runs. One that ended and that nobody has asked about does not."""
    try:
        return _stat(Path("/proc") / str(pid))[0] != "Z"
    except OSError:
        return False


def _parent(entry: Path) -> int:
    return int(_stat(entry)[1])


def _stat(entry: Path) -> list[str]:
    return (entry / "stat").read_text().rpartition(")")[2].split()


def read_until_killed(folder: str, url: str, pid_file: str) -> None:
    """What a run does that will be killed: has the ERP read by another process, and writes down which."""

    async def read() -> None:
        async with SideProcess() as process:
            await process.start()
            Path(pid_file).write_text(str(process.pid))
            opening, mapping, _content = written(Path(folder), url)
            await process.pull(opening, mapping, None, OPTIONS, lambda done, total: None)

    asyncio.run(read())
