"""`serve --workers 2` as a user runs it: one address, numbers that are right whoever answers, and no orphans."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from reconciler.sandbox.start import SandboxOptions, running_sandbox
from tests.service.running_service import until

_PATIENCE_S = 30.0
_REQUESTS = 12
_SCRAPES = 6
_COUNTED = f'reconciler_requests_total{{method="GET",route="/healthz",status="200"}} {_REQUESTS}.0'


@asynccontextmanager
async def serving(project_file: Path, *options: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """`reconciler serve`, and its address. Ended at the end, if it still runs, by force."""
    command = [sys.executable, "-m", "reconciler", "--project", str(project_file), "serve", "--port", "0", *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE_S)
        yield json.loads(line)["url"], process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def get(url: str) -> str:
    """An answer on a connection of its own, which any of the processes may take."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.mark.timeout(120)
async def test_two_processes_count_together_and_do_not_outlive_their_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the supervisor keeps their numbers; killed, it cannot take them away.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    async with running_sandbox(SandboxOptions(customers=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        project_file.write_text(f"{project_file.read_text()}\n[service]\naccess_log = false\n")
        async with serving(project_file, "--workers", "2") as (url, process):

            async def both_watch() -> bool:
                return 'reconciler_tax_circuit{state="closed"} 2.0' in await get(f"{url}/metrics")

            async def all_are_counted() -> bool:
                return _COUNTED in (await get(f"{url}/metrics")).splitlines()

            await until(both_watch)
            await asyncio.gather(*(get(f"{url}/healthz") for _ in range(_REQUESTS)))
            # Within a second, and then whichever of them is asked.
            await until(all_are_counted)
            assert all([await all_are_counted() for _ in range(_SCRAPES)])
            process.kill()
            await process.wait()

            async def nobody_answers() -> bool:
                try:
                    await get(f"{url}/healthz")
                except aiohttp.ClientConnectionError:
                    return True
                return False

            await until(nobody_answers)
