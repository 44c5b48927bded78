"""Processes behind one port: one that dies is replaced, within bounds, and all of them end together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ConfigurationError
from reconciler.service.listening import bound_socket
from reconciler.service.supervisor import Bounds, Supervisor, WorkerFailedError

_PATIENCE_S = 30.0

ANSWERS = """
import json, os, socket, sys
shared = socket.socket(fileno=int(sys.argv[-1]))
shared.listen(16)
shared.setblocking(True)
open(os.path.join(os.environ["PROMETHEUS_MULTIPROC_DIR"], f"gauge_livesum_{os.getpid()}.db"), "w").close()
print(json.dumps({"url": "http://here", "without": []}), flush=True)
while True:
    caller, _ = shared.accept()
    caller.sendall(str(os.getpid()).encode())
    caller.close()
"""
ANSWERS_AND_DIES = 'print("{}", flush=True)\nraise SystemExit(7)'
ENDS_AT_ONCE = "raise SystemExit(4)"
SAYS_NOTHING = "import time\ntime.sleep(600)"
STAYS = 'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("{}", flush=True)\ntime.sleep(600)'


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with bound_socket("127.0.0.1", 0) as found:
        yield found


def supervisor(script: str, bound: socket.socket, **bounds: Any) -> Supervisor:
    chosen = Bounds(**{"pause_s": 0.001, "answers_within_s": _PATIENCE_S, "stops_within_s": _PATIENCE_S, **bounds})
    return Supervisor([sys.executable, "-S", "-E", "-c", script], bound, 2, chosen)


@asynccontextmanager
async def supervised(kept: Supervisor) -> AsyncIterator[Mapping[str, Any]]:
    """Running, and told to stop at the end; what was announced."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(kept.run(stop, ready.set_result))
    try:
        yield await asyncio.wait_for(ready, _PATIENCE_S)
    finally:
        stop.set()
        await asyncio.wait_for(running, _PATIENCE_S)


async def who_answers(bound: socket.socket) -> int:
    """The process; 0 when the one that took the connection died with it."""
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        return int(await asyncio.wait_for(reader.read(), _PATIENCE_S) or 0)
    finally:
        writer.close()
        await writer.wait_closed()


async def those_who_answer(bound: socket.socket, *, without: int = 0) -> set[int]:
    """Two processes, as soon as two answer of which none is that one."""
    found: set[int] = set()
    async with asyncio.timeout(_PATIENCE_S):
        while len(found) < 2:
            found |= {
                pid for pid in await asyncio.gather(*(who_answers(bound) for _ in range(8))) if pid not in (0, without)
            }
    return found


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_process_that_dies_is_replaced_and_all_end_together(
    bound: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with supervised(supervisor(ANSWERS, bound)) as announced:
        before = await those_who_answer(bound)
        (folder,) = tmp_path.iterdir()
        killed, stays = sorted(before)
        os.kill(killed, signal.SIGKILL)
        after = await those_who_answer(bound, without=killed)
        # What stood for the dead process itself counts no more.
        gauges = {file.name for file in folder.iterdir()}
    assert announced == {"url": "http://here", "without": []}
    assert stays in after
    assert gauges == {f"gauge_livesum_{pid}.db" for pid in after}
    assert not any(lives(pid) for pid in before | after)
    assert list(tmp_path.iterdir()) == []


async def test_processes_that_die_again_and_again_end_it(bound: socket.socket) -> None:
    kept = supervisor(ANSWERS_AND_DIES, bound, restarts=3)
    with pytest.raises(ConfigurationError, match="died 4 times"):
        await asyncio.wait_for(kept.run(asyncio.Event(), lambda _: None), _PATIENCE_S)


@pytest.mark.parametrize(
    ("script", "within_s", "exit_code"),
    [(ENDS_AT_ONCE, _PATIENCE_S, 4), (SAYS_NOTHING, 0.05, 3)],
    ids=["it ends", "it says nothing"],
)
async def test_a_process_that_never_answers_is_not_tried_again(
    bound: socket.socket, script: str, within_s: float, exit_code: int
) -> None:
    kept = supervisor(script, bound, answers_within_s=within_s)
    with pytest.raises(WorkerFailedError) as failed:
        await asyncio.wait_for(kept.run(asyncio.Event(), lambda _: pytest.fail("nothing answers")), _PATIENCE_S)
    assert failed.value.exit_code == exit_code


async def test_a_process_that_does_not_stop_is_killed(bound: socket.socket) -> None:
    async with supervised(supervisor(STAYS, bound, stops_within_s=0.05)):
        pass


async def test_being_stopped_while_they_start_leaves_nothing_behind(bound: socket.socket) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, stop.set)
    kept = supervisor(SAYS_NOTHING, bound)
    await asyncio.wait_for(kept.run(stop, lambda _: pytest.fail("nothing answers")), _PATIENCE_S)
