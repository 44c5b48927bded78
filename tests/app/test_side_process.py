"""Another process reads as this one does, and whatever becomes of either, the other one ends well."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import struct
import sys
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import structlog
from aiohttp import web

from reconciler.app.pulling.apart import Apart
from reconciler.app.pulling.pulled import Base, Pulled
from reconciler.app.pulling.readers import SideReaders
from reconciler.app.pulling.side_process import SideProcess
from reconciler.errors import ReadingStoppedError, ReconcilerError
from reconciler.logs import hand_over_logs, keep_out_of_logs
from reconciler.model.entities import Side
from reconciler.phrases.languages import in_language
from tests.app.second_process import OPTIONS, WAIT_S, Reading, TwoSystems, is_there, read_until_killed, two_systems
from tests.connectors.unknown_system import DESCRIPTION
from tests.processes import FORKS

_QUICK: Final = DESCRIPTION.replace("concurrency = 1", "concurrency = 1\ntimeout_s = 2.0").replace(
    "retry = {", "retry = { attempts = 1,"
)
_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BAD: Final = {
    "a web page": web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html"),
    "the wrong password": web.Response(status=401, text="{}", content_type="application/json"),
    "cut off": web.Response(text='{"items": [', content_type="application/json"),
    "words of its own": web.Response(status=400, text='{"problem": "out of order"}', content_type="application/json"),
    "another shape": web.Response(text='{"items": 7}', content_type="application/json"),
}


def _without_times(pulled: Pulled) -> Pulled:
    return replace(pulled, swept_at=_ANY_TIME)


def _base(reading: Reading, pulled: Pulled) -> Base:
    return Base(pulled.snapshot, reading.mapping.digest, pulled.watermark, pulled.swept_at)


def _calls(logged: Sequence[Mapping[str, object]]) -> list[object]:
    return [(each["log_level"], each["request"], each["status"]) for each in logged if each["event"] == "http_call"]


async def _error(pulling: Awaitable[Pulled]) -> dict[str, object]:
    """Everything there is to know about the error that comes instead."""
    with pytest.raises(ReconcilerError) as caught:
        await pulling
    error = caught.value
    in_portuguese = in_language(error.message, "pt-BR"), in_language(error.hint, "pt-BR")
    assert in_portuguese[0] != error.message
    return {"kind": type(error), "code": error.code, "text": str(error), "pt": in_portuguese, **vars(error)}


async def _gone(pid: int | None) -> None:
    assert pid is not None
    async with asyncio.timeout(WAIT_S):
        while is_there(pid):  # noqa: ASYNC110  # of another process, and none of our children
            await asyncio.sleep(0.01)


async def _in_the_middle(process: SideProcess, reading: Reading, systems: TwoSystems) -> asyncio.Task[Pulled]:
    """A pull by the process, in the middle of it: the ERP is asked for the second page."""
    pulling = asyncio.create_task(reading.apart(process))
    async with asyncio.timeout(WAIT_S):
        await systems.reached.wait()
    return pulling


async def test_another_process_reads_the_same_and_fails_the_same(tmp_path: Path) -> None:
    """In full, what changed, and for every kind of bad answer; all by one process, which survives each."""
    systems = TwoSystems()
    async with two_systems(tmp_path, systems, description=_QUICK) as reading, SideProcess() as process:
        await process.start()
        pid, told, told_here = process.pid, list[int](), list[int]()
        with structlog.testing.capture_logs() as logged:
            there = await reading.apart(process, told=told)
        with structlog.testing.capture_logs() as logged_here:
            here = await reading.here(told=told_here)
        assert _calls(logged) == _calls(logged_here) != []
        assert _without_times(there) == _without_times(here)
        assert (there.snapshot.count, told) == (8, told_here)
        assert told[-1] == 8

        systems.erp.records[4] |= {"name": "Outro nome", "stamp": "20260102000000"}
        changed = await reading.apart(process, _base(reading, there))
        assert _without_times(changed) == _without_times(await reading.here(_base(reading, here)))
        assert changed.incremental

        for bad in _BAD.values():
            systems.erp_answer = bad
            assert await _error(reading.apart(process)) == await _error(reading.here())
            systems.erp_answer = None
            assert _without_times(await reading.apart(process)) == _without_times(await reading.here())
        systems.held_at = "2"
        assert await _error(reading.apart(process)) == await _error(reading.here())  # no answer in time
        assert process.pid == pid
    await _gone(pid)


async def test_a_process_that_is_killed_leaves_an_error_and_nothing_else(tmp_path: Path) -> None:
    systems = TwoSystems(held_at="2")
    async with two_systems(tmp_path, systems) as reading, SideProcess() as process:
        await process.start()
        pulling = await _in_the_middle(process, reading, systems)
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        told = await _error(pulling)
        assert (told["kind"], told["system"]) == (ReadingStoppedError, "erp")
        assert told["message"] == "erp: the process that read it was ended by signal 9."
        assert told["pt"] == (
            "erp: o processo que o lia foi encerrado pelo sinal 9.",
            "Execute de novo. Se acontecer outra vez, veja se esta máquina tem memória suficiente.",
        )
        assert process.pid is None
        assert not is_there(pid)


async def test_a_run_that_is_stopped_takes_the_process_with_it(tmp_path: Path) -> None:
    systems = TwoSystems(held_at="2")
    async with two_systems(tmp_path, systems) as reading:

        async def run() -> None:
            async with SideProcess() as process:
                await process.start()
                pids.append(process.pid)
                await reading.apart(process)

        pids: list[int | None] = []
        running = asyncio.create_task(run())
        async with asyncio.timeout(WAIT_S):
            await systems.reached.wait()
        running.cancel()
        with structlog.testing.capture_logs() as logged, pytest.raises(asyncio.CancelledError):
            await running
        assert [each for each in logged if each["log_level"] == "warning"] == []  # it ended of itself
        assert not any(is_there(pid) for pid in pids if pid is not None)


async def test_a_run_that_is_killed_takes_the_process_with_it(tmp_path: Path) -> None:
    systems = TwoSystems(held_at="2")
    async with two_systems(tmp_path, systems) as reading:
        pid_file = tmp_path / "pid"
        url = reading.opening.reach.base_url.removesuffix("/erp")
        run = FORKS.Process(target=read_until_killed, args=(str(tmp_path), url, str(pid_file)))
        run.start()
        async with asyncio.timeout(WAIT_S):
            await systems.reached.wait()
        pid = int(pid_file.read_text())
        assert is_there(pid)
        run.kill()
        run.join()
        await _gone(pid)


@pytest.mark.parametrize(
    ("command", "start_within_s"),
    [
        (("/no/such/python",), 20.0),
        ((sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"), 20.0),
        (("sleep", "1000"), 0.05),
    ],
    ids=["it is not there", "it ends at once", "it says nothing"],
)
async def test_a_run_reads_itself_where_no_other_process_starts(
    tmp_path: Path, command: Sequence[str], start_within_s: float
) -> None:
    async with two_systems(tmp_path, TwoSystems()) as reading:
        process = SideProcess(command, start_within_s=start_within_s)
        apart, reach = Apart(Side.ERP, surely=True), reading.opening.reach
        with structlog.testing.capture_logs() as logs:
            async with SideReaders(reading.content, apart, lambda side: reach, 1, process) as readers:
                pulled = await readers.pull(
                    reading.connector, Side.ERP, reading.mapping, None, OPTIONS, lambda done, total: None
                )
                assert process.pid is None
        assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["side_process_not_started"]
        assert _without_times(pulled) == _without_times(await reading.here())


async def test_a_process_that_goes_silent_is_given_up(tmp_path: Path) -> None:
    word = pickle.dumps("here")
    said = struct.pack("!I", len(word)) + word
    program = f"import os, time; os.write(1, {said!r}); os.write(2, b'stuck'); time.sleep(1000)"
    async with (
        two_systems(tmp_path, TwoSystems()) as reading,
        SideProcess((sys.executable, "-I", "-S", "-c", program), silent_at_most_s=0.05) as process,
    ):
        await process.start()
        pid = process.pid
        told = await _error(reading.apart(process))
        assert told["text"] == (
            "erp: the process that read it said nothing for 0.05 s. "
            "Run again. If it happens again, look whether this machine has enough memory."
        )
        assert told["detail"] == "stuck"
    await _gone(pid)


def test_what_is_handed_over_for_the_log_holds_no_secret_and_only_what_is_wanted() -> None:
    keep_out_of_logs("only-the-other-process-knows")
    handed: list[Mapping[str, object]] = []
    hand_over_logs(handed.append, debug=False)
    log = structlog.get_logger("another process")
    log.debug("nobody asked")
    log.warning("refused", request="GET /?key=only-the-other-process-knows")
    assert handed == [{"event": "refused", "level": "warning", "request": "GET /?key=•••"}]
