"""Registering our addresses with systems that have an API for it: once each, with a secret that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from reconciler.app.webhooks.registration import (
    ListedWebhook,
    Registrar,
    RegistrationOutcome,
    callback_address,
    open_registrar,
)
from reconciler.app.webhooks.secrets import KeptRegistrations
from reconciler.app.wire import Workspace, open_workspace
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox

URL_HERE = "http://127.0.0.1:8750"
EVENTS = {Side.CRM: 12, Side.ERP: 4}


@dataclass
class Registering:
    """A project, its systems, and what is registered there."""

    project_file: Path
    workspace: Workspace
    sandbox: RunningSandbox

    async def register(self, side: Side, url: str = URL_HERE, *, renew: bool = False) -> list[RegistrationOutcome]:
        async with open_registrar(self.workspace, side) as (registrar, secret):
            return await registrar.register(callback_address(url, side), secret, renew=renew)

    async def listed(self, side: Side) -> list[ListedWebhook]:
        async with open_registrar(self.workspace, side) as (registrar, _):
            return await registrar.listed()

    async def secrets(self, side: Side) -> dict[str, str]:
        return {each.id: each.secret for each in await KeptRegistrations(self.workspace.state, side).load()}

    @asynccontextmanager
    async def registrar(self, side: Side) -> AsyncIterator[Registrar]:
        async with open_registrar(self.workspace, side) as (registrar, _):
            yield registrar

    async def hooks(self) -> list[dict[str, Any]]:
        """What the CRM has, as it has it."""
        found: list[dict[str, Any]] = (await self.crm("GET", "/Webhooks"))["value"]
        return found

    async def crm(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"User-Key": self.sandbox.crm.credentials["user_key"]}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.sandbox.crm.base_url + path, json=body, headers=headers) as answer,
        ):
            answer.raise_for_status()
            return await answer.json() if await answer.read() else None


@asynccontextmanager
async def registering(folder: Path, old: str = "", new: str = "") -> AsyncIterator[Registering]:
    async with running_sandbox(SandboxOptions(customers=1)) as sandbox:
        project_file, _ = sandbox.write_files(folder / "box")
        project_file.write_text(project_file.read_text().replace(old, new, 1))
        async with open_workspace(load_project(project_file)) as workspace:
            yield Registering(project_file, workspace, sandbox)


@pytest_asyncio.fixture
async def project(tmp_path: Path) -> AsyncIterator[Registering]:
    async with registering(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("side", list(Side))
async def test_registering_twice_does_not_double(project: Registering, side: Side) -> None:
    first = await project.register(side)
    assert [each.done for each in first] == ["created"] * EVENTS[side]
    second = await project.register(side)
    assert [each.done for each in second] == ["kept"] * EVENTS[side]
    assert [each.id for each in second] == [each.id for each in first]
    listed = await project.listed(side)
    assert len(listed) == EVENTS[side]
    assert all(each.ours and each.active and each.entity for each in listed)


async def test_a_secret_is_made_kept_and_sent_where_the_project_gives_none(project: Registering) -> None:
    await project.register(Side.CRM)
    (secret,) = set((await project.secrets(Side.CRM)).values())
    assert len(secret) >= 32
    for hook in await project.hooks():
        assert hook["ValidationKey"] == secret
        assert URL(hook["CallbackUrl"]).query == {"key": secret}


async def test_the_secret_the_vendor_chooses_is_kept_by_registration(project: Registering) -> None:
    made = await project.register(Side.ERP)
    kept = await project.secrets(Side.ERP)
    assert kept.keys() == {each.id for each in made}
    assert len(set(kept.values())) == len(made)
    assert all(kept.values())


async def test_the_projects_own_secret_is_sent_and_not_kept(tmp_path: Path) -> None:
    own = 'user_key = "sandbox-user-key", webhook_key = "old-and-new, second"'
    async with registering(tmp_path, 'user_key = "sandbox-user-key"', own) as project:
        await project.register(Side.CRM)
        assert {hook["ValidationKey"] for hook in await project.hooks()} == {"old-and-new"}
        assert set((await project.secrets(Side.CRM)).values()) == {""}
        async with project.registrar(Side.CRM) as registrar:
            rotated = await registrar.register(callback_address(URL_HERE, Side.CRM), "second", renew=False)
        assert {each.done for each in rotated} == {"replaced"}
        assert {hook["ValidationKey"] for hook in await project.hooks()} == {"second"}


async def test_what_the_vendor_turned_off_is_made_anew(project: Registering) -> None:
    off = (await project.register(Side.CRM))[0].id
    await project.crm("PATCH", f"/Webhooks({off})", {"Active": False})
    again = await project.register(Side.CRM)
    assert [each.done for each in again].count("replaced") == 1
    hooks = await project.hooks()
    assert len(hooks) == EVENTS[Side.CRM]
    assert all(hook["Active"] for hook in hooks)


@pytest.mark.parametrize("side", list(Side))
async def test_renewing_changes_every_secret_and_leaves_no_old_one(project: Registering, side: Side) -> None:
    await project.register(side)
    before = await project.secrets(side)
    assert {each.done for each in await project.register(side, renew=True)} == {"replaced"}
    after = await project.secrets(side)
    assert len(after) == len(await project.listed(side)) == EVENTS[side]
    assert set(after.values()).isdisjoint(before.values())


async def test_a_registration_whose_secret_is_lost_is_made_anew(project: Registering) -> None:
    await project.register(Side.ERP)
    await KeptRegistrations(project.workspace.state, Side.ERP).save([])
    assert {each.done for each in await project.register(Side.ERP)} == {"replaced"}


async def test_unregistering_takes_only_what_is_ours(project: Registering) -> None:
    other = {"EntityId": 1, "ActionId": 2, "CallbackUrl": "http://127.0.0.1:9/other"}
    await project.crm("POST", "/Webhooks", other)
    await project.register(Side.CRM)
    async with project.registrar(Side.CRM) as registrar:
        assert await registrar.unregister(None) == EVENTS[Side.CRM]
        assert await registrar.unregister(None) == 0
    assert [hook["CallbackUrl"] for hook in await project.hooks()] == [other["CallbackUrl"]]
    assert await project.secrets(Side.CRM) == {}


async def test_a_list_shows_no_secret(project: Registering) -> None:
    await project.register(Side.CRM)
    (secret,) = set((await project.secrets(Side.CRM)).values())
    listed = await project.listed(Side.CRM)
    assert secret not in repr(listed)
    assert {each.url for each in listed} == {f"{URL_HERE}/v1/webhooks/crm"}


async def test_only_entities_in_scope_are_registered(tmp_path: Path) -> None:
    async with registering(tmp_path) as project:
        text = project.project_file.read_text()
        (tmp_path / "box" / "reconciler.toml").write_text(text[: text.index("[scope.products]")])
        narrow = Workspace(load_project(project.project_file), project.workspace.state, project.workspace.folder)
        async with open_registrar(narrow, Side.CRM) as (registrar, _):
            made = await registrar.register(callback_address(URL_HERE, Side.CRM), None, renew=False)
    assert {each.entity for each in made} == {"customers"}


async def test_a_system_without_an_api_for_it_says_what_to_do(tmp_path: Path) -> None:
    async with registering(tmp_path, 'vendor = "sandbox_erp"', 'vendor = "sandbox_erp_soap"') as project:
        with pytest.raises(ConfigurationError, match="no way to register") as refused:
            await project.register(Side.ERP)
        assert "/v1/webhooks/erp" in refused.value.hint


ADDRESSES = {
    "https://hooks.example.com": "https://hooks.example.com/v1/webhooks/crm",
    "https://hooks.example.com/base/": "https://hooks.example.com/base/v1/webhooks/crm",
    "https://hooks.example.com/v1/webhooks/crm": "https://hooks.example.com/v1/webhooks/crm",
    "http://localhost:8750": "http://localhost:8750/v1/webhooks/crm",
}


@pytest.mark.parametrize(("given", "expected"), ADDRESSES.items())
def test_the_address_of_a_side(given: str, expected: str) -> None:
    assert str(callback_address(given, Side.CRM)) == expected


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com", "hooks.example.com", "", "ftp://x", "https://a:b@x.example.com", "https://x/?key=1"],
)
def test_an_address_that_would_give_secrets_away_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        callback_address(url, Side.CRM)
