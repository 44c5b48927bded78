"""Nights of a small company: two systems that put a file of their customers into a folder, and runs at given times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from reconciler.app.run import FinishedRun, run_once
from reconciler.app.run_options import RunOptions
from reconciler.app.wire import SNAPSHOTS, Workspace
from reconciler.ports.notices.delivery import Patience
from reconciler.project import load_project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State
from tests.app.running import QuietProgress

FIRST_NIGHT = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
QUICK = Patience(attempts=2, first_wait_s=0.0, attempt_s=5.0, total_s=10.0)
_DESCRIPTION = """\
[vendor]
name = "lists"
title = "Lists"
roles = ["crm", "erp"]
ports = ["files"]
documentation = "made up for tests"
[files]
settle_s = 0
[entities.customers]
verified = "documentation"
id = "id"
[entities.customers.full]
pattern = "customers*.jsonl"
format = { kind = "jsonl" }
[entities.customers.fields]
tax_id = "document"
legal_name = "name"
email = "mail"
"""
_PROJECT = """\
[project]
name = "acme"
locale = "{locale}"
timezone = "America/Sao_Paulo"
[crm]
vendor = "./lists.toml"
base_url = "crm"
[erp]
vendor = "./lists.toml"
base_url = "erp"
[scope.customers]
key = ["tax_id"]
[scope.customers.fields]
legal_name = {{ owner = "erp" }}
email = {{ owner = "crm" }}
{more}
"""
ANA, RUI, EVA = "11222333000181", "83101222000128", "45997418000153"
NAMES = {ANA: "Aço Forte Ltda", RUI: "Padaria do Rui", EVA: "Eva Tecidos"}


@dataclass
class Company:
    """Its folder, and what its two systems hold.

    Attributes:
        names: legal name by document, on each side.
    """

    folder: Path
    more: str = ""
    locale: str = "pt-BR"
    names: dict[str, dict[str, str]] = field(default_factory=lambda: {"crm": dict(NAMES), "erp": dict(NAMES)})
    _files: int = 0

    def __post_init__(self) -> None:
        (self.folder / "lists.toml").write_text(_DESCRIPTION)
        self.project.write_text(_PROJECT.format(locale=self.locale, more=self.more))

    @property
    def project(self) -> Path:
        """The project file."""
        return self.folder / "reconciler.toml"

    @property
    def reports(self) -> Path:
        """Where the reports are."""
        return self.folder / "data" / "reports"

    def export(self) -> None:
        """Have both systems put whole new files there."""
        self._files += 1
        for side, names in self.names.items():
            lines = [
                orjson.dumps({"id": f"{side}-{document[:4]}", "document": document, "name": name, "mail": None})
                for document, name in names.items()
            ]
            (self.folder / side).mkdir(exist_ok=True)
            (self.folder / side / f"customers-{self._files:04}.jsonl").write_bytes(b"\n".join([*lines, b""]))

    @asynccontextmanager
    async def opened(
        self, now: datetime = FIRST_NIGHT, environment: Mapping[str, str] | None = None
    ) -> AsyncIterator[Workspace]:
        """The workspace at a given time."""
        project = load_project(self.project, environment or {})
        url = project.file.project.state
        async with State.open(url, project.folder, clock=lambda: now, time_zone=project.time_zone) as state:
            yield Workspace(project, state, ContentFolder(project.data / SNAPSHOTS))

    async def night(
        self,
        now: datetime = FIRST_NIGHT,
        *,
        environment: Mapping[str, str] | None = None,
        warnings: list[str] | None = None,
        notify: bool = True,
        export: bool = True,
    ) -> FinishedRun:
        """Export and run."""
        if export:
            self.export()
        told: list[str] = [] if warnings is None else warnings
        async with self.opened(now, environment) as workspace:
            return await run_once(
                workspace, RunOptions(), QuietProgress(), notify=notify, warn=told.append, patience=QUICK
            )
