"""The service as a user runs it: a change in a system is a finding within seconds, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reconciler.app.webhooks.registration import callback_address, open_registrar
from reconciler.app.wire import Workspace, open_workspace
from reconciler.errors import ConfigurationError
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from reconciler.service.running import serve
from reconciler.store.state.records import FindingFilter, RunStatus
from tests.app.running import run
from tests.processes import Command

_PATIENCE_S = 30.0


@asynccontextmanager
async def serving(project_file: Path, output: Path) -> AsyncIterator[tuple[str, ForkServerProcess]]:
    """`reconciler serve`, and its address. Ended at the end, if it still runs, by force."""
    output.mkdir()
    process = Command("--project", project_file, "serve", "--port", "0", output=output).process

    async def has_said_where() -> bool:
        assert process.exitcode is None, (output / "stderr").read_text(encoding="utf-8")
        return _said(output).endswith("\n")

    try:
        await until(has_said_where)
        yield json.loads(_said(output))["url"], process
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


def _said(output: Path) -> str:
    stdout = output / "stdout"
    return stdout.read_text(encoding="utf-8") if stdout.exists() else ""


async def crm(sandbox: RunningSandbox, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"User-Key": sandbox.crm.credentials["user_key"]}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, sandbox.crm.base_url + path, json=body, headers=headers) as answer,
    ):
        answer.raise_for_status()
        return await answer.json() if await answer.read() else None


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process brings about."""
    async with asyncio.timeout(_PATIENCE_S):
        while not await holds():  # noqa: ASYNC110  # nothing in this process could set an event
            await asyncio.sleep(0.02)


async def emails(workspace: Workspace, wanted: set[str]) -> None:
    """Wait until these are the keys of the open findings about e-mail addresses."""
    chosen = FindingFilter(entity="customers", field="email", status=FindingStatus.OPEN)

    async def are_these() -> bool:
        return {each.key for each in await workspace.state.findings.page(chosen, limit=99)} == wanted

    await until(are_these)


async def something_waits(workspace: Workspace) -> None:
    """Wait until a delivery was accepted and is not worked off."""

    async def waits() -> bool:
        return (await workspace.state.webhooks.length()).pending > 0

    await until(waits)


@pytest.mark.timeout(120)
async def test_a_change_becomes_a_finding_goes_away_again_and_survives_a_kill(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=8)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        await run(project_file, "customers")
        contacts = (await crm(sandbox, "GET", "/Contacts?$filter=Id gt 0&$top=50"))["value"]
        contact = next(each for each in contacts if each["CNPJ"])
        async with open_workspace(load_project(project_file)) as workspace:
            async with serving(project_file, tmp_path / "killed") as (url, process):
                await _register(workspace, url)
                await crm(sandbox, "PATCH", f"/Contacts({contact['Id']})", {"Email": "outra@example.com"})
                await emails(workspace, {contact["CNPJ"]})
                await crm(sandbox, "PATCH", f"/Contacts({contact['Id']})", {"Email": contact["Email"]})
                await emails(workspace, set())

                # While a run is going on nothing is worked off: what is accepted now is only on disk.
                run_id = await workspace.state.runs.start(["customers"], full=False)
                await crm(sandbox, "PATCH", f"/Contacts({contact['Id']})", {"Email": "outra@example.com"})
                await something_waits(workspace)
                process.kill()
            await workspace.state.runs.finish(run_id, RunStatus.COMPLETE, {})
            async with serving(project_file, tmp_path / "stopped") as (_, process):
                await emails(workspace, {contact["CNPJ"]})
                process.terminate()
                await asyncio.to_thread(process.join, _PATIENCE_S)
                assert process.exitcode == 0
                assert len(_said(tmp_path / "stopped").splitlines()) == 1


async def _register(workspace: Workspace, url: str) -> None:
    async with open_registrar(workspace, Side.CRM) as (registrar, secret):
        await registrar.register(callback_address(url, Side.CRM), secret, renew=False)


async def test_a_port_that_is_taken_ends_with_a_sentence(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        port = int(sandbox.crm.base_url.rpartition(":")[2])
        async with open_workspace(load_project(project_file)) as workspace:
            with pytest.raises(ConfigurationError, match=f"port {port}") as refused:
                await serve(workspace, port, asyncio.Event(), lambda url, without: None)
    assert "--port" in refused.value.hint
