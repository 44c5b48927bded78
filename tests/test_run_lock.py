"""The nightly run as a process: one at a time, a dead one holds nobody up, and telling somebody is no part of it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from reconciler.store.state.records import RunStatus
from tests.app.nights import ANA, Company
from tests.ports.notice_rig import SECRET, receiving
from tests.processes import run_command

_BEGIN_A_RUN_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from reconciler.store.state.state import State
async def main():
    async with State.open("sqlite:///state.db", Path(sys.argv[1])) as state:
        print(await state.runs.start(["customers"], full=True), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_run_is_refused_while_another_one_goes_on_and_goes_ahead_when_that_was_killed(tmp_path: Path) -> None:
    async with receiving(410) as receiver:
        company = Company(
            tmp_path, f'[notify]\nwebhook = {{ url = "{receiver.url}", secret = {{ env = "HOOK_SECRET" }} }}'
        )
        company.names["crm"][ANA] = "AÇO FORTE LTDA"
        company.export()
        environment = {**os.environ, "HOOK_SECRET": SECRET}
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _BEGIN_A_RUN_AND_WAIT, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        try:
            assert other.stdout is not None
            run_id = (await other.stdout.readline()).decode().strip()
            refused = run_command("--project", company.project, "run", environment=environment)
        finally:
            other.send_signal(signal.SIGKILL)
            await other.wait()
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
