"""What is refused before any webhook is taken, and what is told of a side whose webhooks cannot be verified."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.app.webhooks.opening import open_webhooks
from reconciler.app.wire import open_workspace
from reconciler.errors import ConfigurationError
from reconciler.loopback import is_loopback
from reconciler.model.entities import Side
from reconciler.project import load_project
from tests.connectors.unknown_system import DESCRIPTION

ENTITIES = """
[webhooks.events]
entity = ["what"]
id = ["id"]
entities = { partner = "customers" }
"""
NONE = '[webhooks]\nverified = "sandbox"\nverification = { kind = "none" }\n' + ENTITIES
STANDARD = (
    '[webhooks]\nverified = "sandbox"\nsecrets = { hook = "the secret" }\nverification = { kind = "standard" }\n'
    + ENTITIES
)
PROJECT = """
[project]
name = "acme"
stage = "sandbox"
[crm]
vendor = "./acme.toml"
base_url = "http://127.0.0.1:9"
credentials = { key = "made-up-key"HOOK }
[erp]
vendor = "./plain.toml"
base_url = "http://127.0.0.1:9"
credentials = { key = "made-up-key" }
[scope.customers]
key = ["tax_id"]
[service]
host = "HOST"
"""


async def opened(
    folder: Path, webhooks: str, *, hook: str = "", host: str = "127.0.0.1"
) -> tuple[set[Side], Mapping[Side, str]]:
    """The sides whose webhooks are taken, and why others are not."""
    both = DESCRIPTION.replace('roles = ["crm"]', 'roles = ["crm", "erp"]')
    (folder / "plain.toml").write_text(both)
    (folder / "acme.toml").write_text(both.replace("[vendor]\n", '[vendor]\nports = ["webhook", "rest"]\n') + webhooks)
    (folder / "reconciler.toml").write_text(PROJECT.replace("HOOK", hook).replace("HOST", host))
    async with (
        open_workspace(load_project(folder / "reconciler.toml")) as workspace,
        open_webhooks(workspace) as webhook,
    ):
        return set(webhook.intake.receivers), webhook.without


_EVERYWHERE = "0.0.0.0"  # noqa: S104  # it is what must be refused


@pytest.mark.parametrize("host", [_EVERYWHERE, "::", "192.0.2.7", "hooks.example.com"])
async def test_unproven_webhooks_are_taken_from_this_machine_only(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no proof") as refused:
        await opened(tmp_path, NONE, host=host)
    assert "service.host" in str(refused.value)


async def test_unproven_webhooks_of_this_machine_are_taken(tmp_path: Path) -> None:
    taken, without = await opened(tmp_path, NONE)
    assert taken == {Side.CRM}
    assert "describes no webhooks" in without[Side.ERP]


async def test_a_side_without_its_secret_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    taken, without = await opened(tmp_path, STANDARD)
    assert taken == set()
    assert "hook" in without[Side.CRM]
    assert "the secret" in without[Side.CRM]


async def test_a_secret_that_cannot_be_read_is_told_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither whsec_ nor whpk_") as refused:
        await opened(tmp_path, STANDARD, hook=', hook = "whsec_Zm9v,broken!"')
    assert "broken" not in str(refused.value)
    taken, _ = await opened(tmp_path, STANDARD, hook=', hook = "whsec_Zm9v"')
    assert taken == {Side.CRM}


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), (_EVERYWHERE, False), ("x", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
