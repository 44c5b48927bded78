"""The whole service of a sandbox project in this process, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from reconciler.app.wire import Workspace, open_workspace
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from reconciler.service.running import serve

PATIENCE_S = 30.0


@dataclass
class Service:
    """The service, the systems behind it, and somebody who calls both."""

    url: str
    workspace: Workspace
    sandbox: RunningSandbox
    session: aiohttp.ClientSession
    token: str | None = None
    _erp_session: str | None = None

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """One request to the service: status and decoded body, or its text."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        async with self.session.request(method, self.url + path, json=body, headers={**sent, **headers}) as answer:
            content = await (answer.json() if "json" in answer.content_type else answer.text())
            return answer.status, content

    async def taxes(self, quote: Mapping[str, Any]) -> dict[str, Any]:
        """The answer about a would-be quote."""
        status, answer = await self.call("POST", "/v1/taxes", quote)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    async def metrics(self) -> dict[str, float]:
        """Every series, by its name and labels as they are written."""
        status, text = await self.call("GET", "/metrics")
        assert status == 200
        rows = (row.rpartition(" ") for row in text.splitlines() if not row.startswith("#"))
        return {name: float(value) for name, _, value in rows}

    async def erp(self, method: str, path: str, body: object = None) -> Any:
        """One call to the ERP, as another user of it would make."""
        if self._erp_session is None:
            login = self.sandbox.erp.credentials
            said = {"usuario": login["user"], "senha": login["password"]}
            self._erp_session = (await self._erp("POST", "/sessao", said, ""))["sessao"]
        return await self._erp(method, path, body, self._erp_session or "")

    async def _erp(self, method: str, path: str, body: object, session: str) -> Any:
        url = self.sandbox.erp.base_url + path
        async with self.session.request(method, url, json=body, headers={"X-Sessao": session}) as answer:
            answer.raise_for_status()
            return await answer.json() if await answer.read() else None


@asynccontextmanager
async def running_service(
    folder: Path,
    edit: Callable[[str], str] = lambda text: text,
    options: SandboxOptions | None = None,
    token: str | None = None,
) -> AsyncIterator[Service]:
    """`edit` changes the text of the project file first."""
    async with running_sandbox(options or SandboxOptions(customers=6)) as sandbox:
        project_file, _ = sandbox.write_files(folder)
        project_file.write_text(edit(project_file.read_text()))
        async with (
            open_workspace(load_project(project_file)) as workspace,
            aiohttp.ClientSession() as session,
            served(workspace) as url,
        ):
            yield Service(url, workspace, sandbox, session, token)


@asynccontextmanager
async def served(
    workspace: Workspace, tell_without: Callable[[Sequence[str]], None] = lambda without: None
) -> AsyncIterator[str]:
    """The service of a project that is open, and its address; `tell_without` is told what is not served."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()

    def on_ready(url: str, without: Sequence[str]) -> None:
        tell_without(without)
        ready.set_result(url)

    serving = asyncio.create_task(serve(workspace, 0, stop, on_ready))
    try:
        await asyncio.wait([serving, ready], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        yield ready.result()
    finally:
        stop.set()
        await serving


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what others bring about."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110  # it happens over sockets, where no event could be set
            await asyncio.sleep(0.02)
