"""A run that is started on a screen, against the sandbox over real sockets."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

from reconciler.app.workspace import open_workspace
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.store.state.records import RunStatus
from tests.processes import Sandbox
from tests.tui.plan_rig import only
from tests.tui.rig import Rig, go, place_read
from tests.tui.waiting import screen_text, shown, wait_for
from tui.app import ReconcilerApp
from tui.leaving import at_rest
from tui.opening import Options, open_session
from tui.running import RunProgress
from tui.screens.run_actions import progress_lines
from tui.widgets.confirm import ConfirmModal

WIDE = (150, 30)


def _crm_is(sandbox: Sandbox, kind: str) -> None:
    """From now on, with every request."""
    url = f"{sandbox.systems['crm']['base_url']}/_sandbox/misbehave"
    body = json.dumps({"kind": kind, "every": 1}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310 - loopback
        pass


async def test_a_run_streams_its_progress_is_stopped_and_started_again(tmp_path: Path) -> None:
    """Stopped in the middle it leaves the state as it was; whole, it is accounted for; keys are answered meanwhile."""
    with Sandbox(tmp_path, "--customers", "6") as sandbox:
        sandbox.project.write_text(only(sandbox.project.read_text(), "customers"))
        project = load_project(sandbox.project)
        async with open_workspace(project) as workspace:
            app = ReconcilerApp(open_session(workspace, Options(sandbox.project), {}))
            app.animation_level = "none"
            async with app.run_test(size=WIDE, notifications=True) as pilot:
                await place_read(app, pilot)
                _crm_is(sandbox, "429")
                await pilot.press("s")
                await shown(pilot, "Há uma execução em curso")
                await wait_for(pilot, lambda: app.running.progress and app.running.progress.steps, "a step of the run")
                await pilot.press("s")
                await shown(pilot, "Há uma execução em curso aqui.")
                await pilot.press("C")
                await wait_for(pilot, lambda: isinstance(app.screen, ConfirmModal), "the question")
                await pilot.press("tab", "enter")
                await shown(pilot, "A execução foi parada.")
                assert not app.running.is_running
                assert (await workspace.state.runs.history(1))[0].status is RunStatus.INTERRUPTED
                assert await workspace.state.findings.count() == 0

                _crm_is(sandbox, "none")
                await go(app, pilot, "runs")
                await pilot.press("S")
                await wait_for(pilot, lambda: app.running.document, "the end of the run")
                await shown(pilot, "Execução completa: ")
                await shown(pilot, "✓ fecha")
                assert "tudo foi lido" in screen_text(pilot)
                assert app.running.document is not None
                assert app.running.document["status"] == "complete"
            await at_rest()


async def test_progress_tells_what_is_left_where_the_total_is_known(rig_of: Callable[..., Rig]) -> None:
    moments_s = iter((0.0, *[10.0] * 20))
    progress = RunProgress(lambda: next(moments_s))
    progress.pulling(Side.CRM, "customers", 1_000, 4_000)
    progress.pulling(Side.ERP, "customers", 7, None)
    progress.pulled(Side.ERP, "customers", 4_100)
    progress.pulling(Side.ERP, "products", 20, None)
    progress.comparing("customers")
    rig = rig_of()
    async with rig.workspace() as workspace:
        seen = progress_lines(progress, rig.session(workspace), 100)
    assert [line.split() for line in seen[:4]] == [
        ["CRM", "Customers", "1,000", "█████░░░░░░░░░░░░░░░", "of", "4,000,", "100/s,", "30", "s", "left"],
        ["ERP", "Customers", "4,100", "done"],
        ["ERP", "Products", "20", "reading", "…"],
        ["compare", "Customers", "comparing", "…"],
    ]
