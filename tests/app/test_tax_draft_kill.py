"""A process that is killed between saving a draft and removing it leaves a trace, by which a later start removes it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from reconciler.app.taxes import open_taxes
from reconciler.app.wire import Workspace
from reconciler.project import Project, load_project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State
from reconciler.store.state.tax_drafts import LEFT, SETTLED_AFTER
from tests.connectors.draft_erp import DESCRIPTION, DraftErp, Hangs, answers
from tests.ports.stand_in import StandIn
from tests.processes import Command

PROJECT = """
[project]
name = "acme"
stage = "sandbox"

[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = {{ user_key = "made-up" }}

[erp]
vendor = "./draft_erp.toml"
base_url = "{url}"

[taxes]
deadline_s = 60.0
"""
QUOTE = {
    "customer": {"tax_id": "11222333000181"},
    "lines": [{"sku": "A", "quantity": "1", "unit_price": "100.00"}],
}


@asynccontextmanager
async def started(project: Project, later: timedelta = timedelta(0)) -> AsyncIterator[State]:
    """A process that can ask for taxes, so much later; at its end it has removed what it could."""
    url, folder = project.file.project.state, project.folder
    async with State.open(url, folder, clock=lambda: datetime.now(UTC) + later) as state:
        async with open_taxes(Workspace(project, state, ContentFolder(project.data))):
            pass
        yield state


@pytest.mark.timeout(180)
async def test_a_draft_of_a_killed_process_is_removed_by_a_later_one(tmp_path: Path) -> None:
    system, slow = DraftErp(), Hangs()
    system.after["GET"] = slow
    (tmp_path / "draft_erp.toml").write_text(DESCRIPTION)
    (tmp_path / "quote.json").write_bytes(orjson.dumps(QUOTE))
    file = tmp_path / "reconciler.toml"
    async with StandIn(system.answer) as server:
        file.write_text(PROJECT.format(url=server.base_url))
        command = Command("--project", file, "taxes", "lookup", tmp_path / "quote.json", output=tmp_path)
        async with asyncio.timeout(120):
            await slow.reached.wait()
        process = command.process.pid
        assert process is not None
        os.kill(process, signal.SIGKILL)
        await asyncio.to_thread(command.process.join)
        slow.go.set()
        (number,) = system.drafts
        project = load_project(file)

        async with started(project):
            assert list(system.drafts) == [number], "another process may still be at work on it"
        system.before["DELETE"] = answers(409, message="locked")
        for _ in range(2):
            async with started(project, SETTLED_AFTER * 2) as state:
                told = [entry async for entry in state.audit.iterate() if entry.act == LEFT]
        assert [entry.subject for entry in told] == [str(number)]
        del system.before["DELETE"]
        async with started(project, SETTLED_AFTER * 2):
            assert system.drafts == {}
        calls = len(system.asked)
        async with started(project, SETTLED_AFTER * 2):
            assert len(system.asked) == calls
