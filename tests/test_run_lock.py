"""The nightly run as a process: one at a time, a dead one holds nobody up, and telling somebody is no part of it."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

from reconciler.store.state.records import RunStatus
from tests.app.nights import ANA, Company
from tests.ports.notice_rig import SECRET, receiving
from tests.processes import FORKS, run_command
from tests.store.side_processes import start_a_run_and_wait


async def test_a_run_is_refused_while_another_one_goes_on_and_goes_ahead_when_that_was_killed(tmp_path: Path) -> None:
    async with receiving(410) as receiver:
        company = Company(
            tmp_path, f'[notify]\nwebhook = {{ url = "{receiver.url}", secret = {{ env = "HOOK_SECRET" }} }}'
        )
        company.names["crm"][ANA] = "AÇO FORTE LTDA"
        company.export()
        environment = {**os.environ, "HOOK_SECRET": SECRET}
        hears, says = FORKS.Pipe(duplex=False)
        other = FORKS.Process(target=start_a_run_and_wait, args=("sqlite:///state.db", tmp_path, says))
        other.start()
        says.close()
        try:
            with hears:
                run_id = await asyncio.to_thread(hears.recv)
            refused = run_command("--project", company.project, "run", environment=environment)
        finally:
            other.kill()
            await asyncio.to_thread(other.join)
        whose = f"run {run_id} is going on in process {other.pid} on {socket.gethostname()}, begun less than a minute"
        assert (refused.returncode, refused.stdout) == (2, "")
        assert whose in refused.stderr
        assert not company.reports.exists()

        done = await asyncio.to_thread(run_command, "--project", company.project, "run", environment=environment)
    assert done.returncode == 1, done.stderr
    assert "warning: the notification by webhook to 127.0.0.1 was not delivered (tries: 1)" in done.stderr
    assert len(receiver.received) == 1
    async with company.opened() as workspace:
        finished, killed = await workspace.state.runs.history(5)
    assert (killed.id, killed.status) == (run_id, RunStatus.INTERRUPTED)
    assert finished.document is not None
    assert (finished.status, finished.document["notifications"]) == (
        RunStatus.COMPLETE,
        [{"channel": "webhook", "to": "127.0.0.1", "delivered": False, "attempts": 1,
          "problem": "it answered with status 410"}],
    )  # fmt: skip
