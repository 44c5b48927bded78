"""Two stand-in systems in this process, a project that was reconciled once, and its webhooks, ready to be tried."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from reconciler.app.webhooks.opening import OpenWebhooks, open_webhooks
from reconciler.app.webhooks.worker import Patience
from reconciler.app.wire import Workspace, open_workspace
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.app.running import run

OPTIONS = SandboxOptions(customers=8, seed=1)
QUICK = Patience(first_s=0.0, longest_s=0.0, attempts=3, poll_s=0.01)


def reconciled_once(folder: Path) -> Path:
    """A folder with the state and the snapshots of one run over these systems' customers and orders."""

    async def prepare() -> None:
        async with running_sandbox(OPTIONS) as sandbox:
            project, _ = sandbox.write_files(folder)
            await run(project, "customers", "orders")

    asyncio.run(prepare())
    return folder


@dataclass
class Rig:
    """The systems, and the open project."""

    project_file: Path
    workspace: Workspace
    webhooks: OpenWebhooks
    _sandbox: RunningSandbox
    _session: aiohttp.ClientSession
    _token: str | None = None
    _notices: int = 0

    async def crm(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call to the CRM, as another user of it would make."""
        headers = {"User-Key": self._sandbox.crm.credentials["user_key"]}
        return await self._call(method, self._sandbox.crm.base_url + path, body, headers)

    async def erp(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call to the ERP."""
        if self._token is None:
            login = self._sandbox.erp.credentials
            said = {"usuario": login["user"], "senha": login["password"]}
            self._token = (await self._call("POST", f"{self._sandbox.erp.base_url}/sessao", said, {}))["sessao"]
        return await self._call(method, self._sandbox.erp.base_url + path, body, {"X-Sessao": self._token or ""})

    async def records(self, side: str, name: str) -> list[dict[str, Any]]:
        """All records of a collection."""
        base_url = (self._sandbox.crm if side == "crm" else self._sandbox.erp).base_url
        found: list[dict[str, Any]] = (await self._call("POST", f"{base_url}/_sandbox/state", {}, {}))[name]
        return found

    async def hint(self, side: Side, entity: str, *record_ids: object) -> None:
        """Queue hints, each a delivery of its own."""
        for record_id in record_ids:
            self._notices += 1
            notice = IncomingNotice(f"id:rig-{self._notices}", True, (HintedRecord(entity, str(record_id)),))
            await self.workspace.state.webhooks.accept(side, [notice])

    async def check(self, side: Side, entity: str, *record_ids: object) -> None:
        """Queue hints and work them off."""
        await self.hint(side, entity, *record_ids)
        assert await self.webhooks.worker.step()
        assert (await self.workspace.state.webhooks.length()).pending == 0

    async def open_findings(self) -> dict[str, Finding]:
        """Every open finding, by id."""
        chosen = FindingFilter(status=FindingStatus.OPEN)
        return {finding.id: finding async for finding in self.workspace.state.findings.iterate(chosen)}

    async def untouched_contact(self) -> dict[str, Any]:
        """A customer that agrees on both sides."""
        known = {finding.crm.id for finding in (await self.open_findings()).values()}
        contacts = await self.records("crm", "Contacts")
        return next(each for each in contacts if each["CNPJ"] and str(each["Id"]) not in known)

    async def _call(self, method: str, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json() if await answer.read() else None


@asynccontextmanager
async def rig(prepared: Path, folder: Path, edit: Callable[[str], str] = lambda text: text) -> AsyncIterator[Rig]:
    """The systems as they were when `prepared` was reconciled; `edit` changes the text of the project file."""
    box = folder / "box"
    shutil.copytree(prepared, box)
    async with running_sandbox(OPTIONS) as sandbox, aiohttp.ClientSession() as session:
        project_file, _ = sandbox.write_files(box)
        project_file.write_text(edit(project_file.read_text()))
        async with open_workspace(load_project(project_file)) as workspace, open_webhooks(workspace, QUICK) as webhooks:
            yield Rig(project_file, workspace, webhooks, sandbox, session)
