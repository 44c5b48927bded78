"""`webhooks`: what waits and what was given up can be seen and tried again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from reconciler.model.entities import Side
from reconciler.sandbox.project_file import project_text
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.processes import run_command

_SYSTEMS = {
    "crm": ("ploomes", "http://127.0.0.1:9", {"user_key": "made-up"}),
    "erp": ("sandbox_erp", "http://127.0.0.1:9/api", {"user": "made-up", "password": "made-up"}),
}


async def _give_up(folder: Path) -> None:
    async with State.open("sqlite:///state.db", folder) as state:
        await state.webhooks.accept(
            Side.CRM, [IncomingNotice("id:1", True, (HintedRecord("customers", "4\x1b[31m1"),))]
        )
        (hint,) = await state.webhooks.due(9)
        await state.webhooks.give_up(hint, problem="vendor_fault: crm: no")


def test_what_was_given_up_is_shown_without_steering_the_terminal_and_can_be_tried_again(tmp_path: Path) -> None:
    project = tmp_path / "reconciler.toml"
    project.write_text(project_text(_SYSTEMS))
    asyncio.run(_give_up(tmp_path))
    shown = run_command("--project", project, "webhooks", "queue")
    assert "0 waiting, 1 given up" in shown.stdout
    assert "vendor_fault" in shown.stdout
    assert "\x1b" not in shown.stdout
    retried = run_command("--project", project, "webhooks", "retry", "--json")
    assert json.loads(retried.stdout) == {"revived": 1}
