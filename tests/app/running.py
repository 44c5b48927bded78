"""Runs in this process against a sandbox in another one, so that a test may change a system in the middle of a run."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.app.run import FinishedRun, run_once
from reconciler.app.run_options import RunOptions
from reconciler.app.wire import open_workspace
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.project import load_project
from reconciler.store.state.records import FindingFilter
from tests.processes import Sandbox


class QuietProgress:
    """Tells nobody; calls `before_comparing` when an entity is about to be compared."""

    def __init__(self, before_comparing: Callable[[str], None] = lambda entity: None) -> None:
        self._before_comparing = before_comparing

    def pulling(self, side: Side, entity: str, records: int, total: int | None) -> None:
        """Part of the protocol."""

    def pulled(self, side: Side, entity: str, records: int) -> None:
        """Part of the protocol."""

    def comparing(self, entity: str) -> None:
        """Every record is read and nothing is compared yet."""
        self._before_comparing(entity)

    def compared(self, entity: str) -> None:
        """Part of the protocol."""


async def run(
    project_file: Path,
    *entities: str,
    full: bool = False,
    accept_empty: bool = False,
    before_comparing: Callable[[str], None] = lambda entity: None,
) -> FinishedRun:
    """One run of the project."""
    options = RunOptions(entities=entities, full=full, accept_empty=accept_empty)
    async with open_workspace(load_project(project_file)) as workspace:
        return await run_once(workspace, options, QuietProgress(before_comparing))


async def open_findings(project_file: Path) -> list[Finding]:
    """Every open finding."""
    async with open_workspace(load_project(project_file)) as workspace:
        chosen = FindingFilter(status=FindingStatus.OPEN)
        return [finding async for finding in workspace.state.findings.iterate(chosen)]


class Systems:
    """Calls to the two stand-in systems, as another user of them would make."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._systems = sandbox.systems
        self._session: str | None = None

    def state(self, side: str) -> dict[str, list[dict[str, Any]]]:
        """All records of a side."""
        url = f"{self._systems[side]['base_url']}/_sandbox/state"
        found: dict[str, list[dict[str, Any]]] = self._call("POST", url, {}, {})
        return found

    def crm(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call to the CRM."""
        key = self._systems["crm"]["credentials"]["user_key"]
        return self._call(method, self._systems["crm"]["base_url"] + path, body, {"User-Key": key})

    def erp(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call to the ERP, in a session of its own."""
        base_url = self._systems["erp"]["base_url"]
        if self._session is None:
            credentials = self._systems["erp"]["credentials"]
            login = {"usuario": credentials["user"], "senha": credentials["password"]}
            self._session = str(self._call("POST", f"{base_url}/sessao", login, {})["sessao"])
        return self._call(method, base_url + path, body, {"X-Sessao": self._session})

    @staticmethod
    def _call(method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
        content = None if body is None else json.dumps(body).encode()
        sent = {**headers, "Content-Type": "application/json"}
        request = urllib.request.Request(url, content, sent, method=method)  # noqa: S310  # loopback address of the sandbox
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310  # as above
            answer = response.read()
        return json.loads(answer) if answer else None
