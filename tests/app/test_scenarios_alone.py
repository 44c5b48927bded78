"""Test scenarios have one set of test records: whoever plays, plays alone, and who was killed is in nobody's way."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest

from reconciler.app.pilot.scenarios.playing import PlayOptions, chosen_scenarios, play_scenarios
from reconciler.app.pilot.scenarios.quiet import Quiet
from reconciler.errors import StateError
from tests.app.scenario_rig import stage
from tests.processes import run_command

_TAKE_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from reconciler.store.state.state import State
async def main():
    async with State.open("sqlite:///state.db", Path(sys.argv[1])) as state:
        print(await state.scenario_lock.acquire(), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_two_never_play_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as world:
        folder = world.workspace.project.folder
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _TAKE_AND_WAIT, str(folder), stdout=asyncio.subprocess.PIPE
        )
        try:
            assert other.stdout is not None
            assert (await other.stdout.readline()).strip() == b"True"
            whose = f"process {other.pid} on {socket.gethostname()}, begun less than a minute ago"
            with pytest.raises(StateError, match="test scenarios are being played in") as refused:
                await world.play("taxes-by-state")
            assert refused.value.message == f"test scenarios are being played in {whose}."
            told = await asyncio.to_thread(
                run_command, "--project", folder / "reconciler.toml", "pilot", "scenarios", "run", "--all"
            )
            assert (told.returncode, told.stdout) == (2, "")
            assert whose in told.stderr
        finally:
            other.send_signal(signal.SIGKILL)
            await other.wait()
        assert await world.workspace.state.scenarios.latest() == {}
        (played,) = await world.play("taxes-by-state")
        assert played.status == "passed", played.seen


async def test_the_lock_is_held_from_the_first_to_the_last_and_stopping_leaves_the_rest_unplayed(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as world:
        lock, held = world.workspace.state.scenario_lock, list[bool]()
        options = PlayOptions(world.out, begun=lambda _: held.append(lock.taken), stopped=lambda: len(held) == 1)
        chosen = chosen_scenarios(["taxes-by-state", "erp-unavailable"], everything=False)
        played = await play_scenarios(world.acting(), chosen, options, Quiet())
        assert ([each.scenario for each in played], held, lock.taken) == (["taxes-by-state"], [True], False)
