"""Two machines with one PostgreSQL and one data folder between them: what one is told the other one knows."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import typer
from typer.testing import CliRunner, Result

from reconciler.app.data_folder import look_at_data_folder
from reconciler.app.webhooks.secrets import KeptRegistration, KeptRegistrations
from reconciler.app.wire import Workspace, open_workspace
from reconciler.cli.commands import tokens
from reconciler.cli.main import settings
from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.state.records import RunStatus
from tests.app.running import run
from tests.service.running_service import Service, served, until
from tests.store.directly import directly

pytestmark = pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
PLUGIN, DESK = "crm-plugin-token-0123456789", "admin-desk-token-0123456789"
SECRET = "a-made-up-secret"


@dataclass
class Machine:
    """A working folder of its own, and the service that runs in it."""

    project: Path
    url: str = ""
    workspace: Workspace | None = None
    without: list[str] = field(default_factory=list)

    async def call(
        self, method: str, path: str, token: str = DESK, body: object = None, **options: Any
    ) -> tuple[int, Any]:
        """One request to this machine's service."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, self.url + path, headers=headers, json=body, **options) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def source(self, quote: object) -> str:
        """Where the taxes of a would-be quote come from."""
        status, answer = await self.call("POST", "/v1/taxes", PLUGIN, quote)
        assert status == 200, answer
        return str(answer["source"])

    async def deliver(self, identity: str, code: str) -> tuple[int, Any]:
        """A webhook of the ERP about one of its customers."""
        body = json.dumps({"evento": "clientes.alterado", "registro": {"codigo": code}}).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(SECRET.encode(), f"{stamp}.{identity}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "X-Assinatura": f"sha256={signed}", "X-Momento": stamp, "X-Entrega": identity,
            "Content-Type": "application/json",
        }  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/v1/webhooks/erp", data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()


def machine(sandbox: RunningSandbox, folder: Path, state_url: str, data: Path) -> Machine:
    """The project on another machine: its own folder, the same database, and a data folder."""
    project_file, _ = sandbox.write_files(folder)
    words = project_file.read_text().replace("sqlite:///state.db", state_url).replace('"data/"', json.dumps(str(data)))
    words += '\n[taxes]\ndeadline_s = 20\n\n[service]\naccess_log = false\ntokens = { file = "tokens" }\n'
    project_file.write_text(words)
    (folder / "tokens").write_text(f"plugin:sales:{PLUGIN}\ndesk:admin:{DESK}\n")
    (folder / "tokens").chmod(0o600)
    return Machine(project_file)


@asynccontextmanager
async def serving(where: Machine) -> AsyncIterator[Machine]:
    where.without.clear()
    async with open_workspace(load_project(where.project)) as workspace, served(workspace, where.without.extend) as url:
        where.url, where.workspace = url, workspace
        yield where


async def test_services_on_two_machines_are_one(state_url: str, tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=4)) as sandbox:
        shared = tmp_path / "shared"
        first, second = (machine(sandbox, tmp_path / name, state_url, shared) for name in ("first", "second"))
        assert (await run(first.project, "customers", "products")).outcome.status is RunStatus.COMPLETE
        async with serving(first), serving(second):
            quote, code = await _quote_and_customer(sandbox)
            await _change(sandbox, first, f"/clientes/{code}", {"razao_social": "Outra Razão Social Ltda"})
            await _a_webhook_is_handled_once_and_forgotten_everywhere(first, second, quote, code)
            assert await _checks(state_url) == 1
            await _what_a_run_here_reads_is_forgotten_there(sandbox, first, second, quote)
            await _a_token_is_revoked_everywhere(first, second, quote)
        third = machine(sandbox, tmp_path / "third", state_url, tmp_path / "third" / "other data")
        await _another_data_folder_is_refused_until_the_first_is_said_to_be_lost(first, third)


async def _quote_and_customer(sandbox: RunningSandbox) -> tuple[dict[str, Any], str]:
    async with aiohttp.ClientSession() as session, session.post(f"{sandbox.erp.base_url}/_sandbox/state") as answer:
        records = await answer.json()
    customer = next(each for each in records["clientes"] if each["cpf_cnpj"])
    lines = [{"sku": records["produtos"][0]["codigo"], "quantity": "1", "unit_price": "100.00"}]
    return {"customer": {"tax_id": customer["cpf_cnpj"]}, "lines": lines}, customer["codigo"]


async def _a_webhook_is_handled_once_and_forgotten_everywhere(
    first: Machine, second: Machine, quote: object, code: str
) -> None:
    assert first.workspace is not None
    state = first.workspace.state
    await KeptRegistrations(state, Side.ERP).save([KeptRegistration("1", f"{first.url}/v1/webhooks/erp", SECRET)])
    for each in (first, second):
        assert [await each.source(quote) for _ in range(2)] == ["live", "cached"]
    told = await asyncio.gather(*(each.deliver("delivery-1", code) for each in (first, second, first, second)))
    assert [status for status, _ in told] == [200] * 4
    assert sorted((answer["queued"], answer["repeated"]) for _, answer in told) == [(0, 1), (0, 1), (0, 1), (1, 0)]

    async def nothing_waits() -> bool:
        return (await state.webhooks.length()).pending == 0

    await until(nothing_waits)
    # Whichever of them took it, and whichever worked it off.
    for each in (first, second):

        async def asks_again(asked: Machine = each) -> bool:
            return await asked.source(quote) == "live"

        await until(asks_again)


async def _change(sandbox: RunningSandbox, where: Machine, path: str, values: dict[str, str]) -> None:
    """Somebody changes a record in the ERP."""
    assert where.workspace is not None
    async with aiohttp.ClientSession() as session:
        await Service("", where.workspace, sandbox, session).erp("PATCH", path, values)


async def _checks(state_url: str) -> int:
    """How often records were compared because of webhooks."""
    ((found,),) = await directly(state_url, Path("/nowhere"), "SELECT count(*) FROM runs WHERE kind = 'check'")
    return int(found)


async def _what_a_run_here_reads_is_forgotten_there(
    sandbox: RunningSandbox, first: Machine, second: Machine, quote: dict[str, Any]
) -> None:
    """What the origin of a product is decides about its taxes; no webhook tells of the change."""
    assert await second.source(quote) == "cached"
    await _change(sandbox, first, f"/produtos/{quote['lines'][0]['sku']}", {"origem": "5"})
    assert (await run(first.project, "products")).outcome.status is RunStatus.COMPLETE

    async def asks_again() -> bool:
        return await second.source(quote) == "live"

    await until(asks_again)


async def _a_token_is_revoked_everywhere(first: Machine, second: Machine, quote: object) -> None:
    cookie = await _signed_in(first, PLUGIN)
    assert await _page_of(second, cookie, quote) == 200
    done = await asyncio.to_thread(_command, first.project, "tokens", "revoke", "plugin", "--as", "ana")
    assert (done.exit_code, done.stderr) == (
        0,
        "1 of plugin refused from now on; the service knows within a second or two.\n",
    )
    for each in (first, second):

        async def refused(asked: Machine = each) -> bool:
            status, answer = await asked.call("POST", "/v1/taxes", PLUGIN, quote)
            return (status, answer.get("code")) == (401, "token_unknown")

        await until(refused)
        assert await _page_of(each, cookie, quote) == 401
        assert (await each.call("GET", "/v1/runs"))[0] == 200
    assert second.workspace is not None
    last = [each async for each in second.workspace.state.audit.iterate()][-1]
    assert (last.person, last.act, last.subject) == ("ana", "token.revoked", "plugin")
    unknown = await asyncio.to_thread(_command, second.project, "tokens", "revoke", "nobody", "--as", "ana")
    assert "no token of the service is called nobody" in str(unknown.exception)


async def _signed_in(where: Machine, token: str) -> str:
    headers = {"Origin": where.url, "Sec-Fetch-Site": "same-origin"}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(f"{where.url}/sign-in", data={"token": token}, headers=headers, allow_redirects=False) as answer,
    ):
        assert answer.status == 303, await answer.text()
        return answer.cookies["reconciler"].value


async def _page_of(where: Machine, cookie: str, quote: object) -> int:
    """How a page of this machine fares with a session that was opened on another one."""
    from reconciler.service.sessions import csrf_token

    headers = {"Cookie": f"reconciler={cookie}", "X-CSRF-Token": csrf_token(cookie), "Origin": where.url}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(f"{where.url}/v1/taxes", json=quote, headers=headers) as answer,
    ):
        return answer.status


def _command(project: Path, *words: str) -> Result:
    app = typer.Typer()
    app.callback()(settings)
    tokens.register(app)
    return CliRunner().invoke(app, ["--project", str(project), *words])


async def _another_data_folder_is_refused_until_the_first_is_said_to_be_lost(first: Machine, third: Machine) -> None:
    with pytest.raises(StateError, match="other data is not the one that belongs to this state, which was noted on"):
        await run(third.project, "products")
    async with serving(third):
        assert third.without == [
            "webhooks are queued, and worked off by other machines: the data folder "
            f"{third.project.parent / 'other data'} is not the one that belongs to this state, which was noted on "
            f"{socket.gethostname()}: snapshots and received files that the state names are not in it."
        ]
        assert (await third.deliver("delivery-2", "000001"))[1]["queued"] == 1
        assert third.workspace is not None
        assert (await third.workspace.state.webhooks.length()).pending == 1
        newest = (await third.workspace.state.runs.history(1))[0]
        assert newest.status is RunStatus.COMPLETE
        await look_at_data_folder(third.workspace, anew=True)
    assert (await run(third.project, "products")).outcome.status is RunStatus.COMPLETE
    with pytest.raises(StateError, match="is not the one that belongs"):
        await run(first.project, "products")
