"""Several processes behind one port: started, watched, started again when one dies, and stopped together.

They inherit one listening socket: what waits to be let in is nobody's yet, so that a process that dies takes no
connection with it but those it had. On Linux as on macOS the next free process takes the next connection.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from reconciler.errors import ConfigurationError

_log = structlog.get_logger("reconciler.service")

PROCESSES_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes write their numbers (see `metrics`)."""

Announcement = Mapping[str, Any]
"""The line that a process prints when it answers."""


class WorkerFailedError(Exception):
    """A process ended before it ever answered; it has told on stderr why.

    Attributes:
        exit_code: its own, or 3 where a signal ended it.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code if exit_code > 0 else 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is put up with.

    Attributes:
        answers_within_s: a process that is started must answer by then.
        stops_within_s: after SIGTERM it finishes what it has in hand; later it is killed.
        restarts, restarts_within_s: so many in so much time are too many.
        pause_s: before a process is started again; doubled for each restart that is still counted.
    """

    answers_within_s: float = 60.0
    stops_within_s: float = 90.0
    restarts: int = 5
    restarts_within_s: float = 60.0
    pause_s: float = 0.1


@dataclass(slots=True)
class Supervisor:
    """Keeps processes running.

    Attributes:
        command: of one process; the number of the socket is put behind it.
        bound: the socket they share.
        processes: how many.
    """

    command: Sequence[str]
    bound: socket.socket
    processes: int
    bounds: Bounds = Bounds()
    _running: set[asyncio.subprocess.Process] = field(default_factory=set, init=False)
    _restarts: deque[float] = field(default_factory=deque, init=False)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[Announcement], None]) -> None:
        """Until `stop` is set, or too many died.

        Args:
            on_ready: told what the first process announced, when all answer.

        Raises:
            WorkerFailedError: one ended before all answered.
            ConfigurationError: they die again and again.
        """
        stopping = asyncio.create_task(stop.wait(), name="stop")
        keeping: set[asyncio.Task[None]] = set()
        with _folder_of_numbers() as folder:
            try:
                # One after the other: what is wrong with the project is told once, and one migrates the state.
                started = [await self._started(folder, stopping) for _ in range(self.processes)]
                on_ready(started[0][1])
                keeping = {
                    asyncio.create_task(self._keep(process, folder, stopping), name="supervision")
                    for process, _ in started
                }
                done, _ = await asyncio.wait({*keeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
                for each in done:
                    each.result()
            except _StoppedError:
                pass
            finally:
                stop.set()
                await stopping
                await self._end()
                await asyncio.gather(*keeping, return_exceptions=True)
                # One that was just being started has joined them meanwhile.
                await self._end()

    async def _started(
        self, folder: Path, stopping: asyncio.Task[Any]
    ) -> tuple[asyncio.subprocess.Process, Announcement]:
        """A process that answers."""
        number = self.bound.fileno()
        process = await asyncio.create_subprocess_exec(
            *self.command,
            str(number),
            # While we live this pipe is open: a process whose supervisor is gone stops.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, PROCESSES_FOLDER: str(folder)},
            pass_fds=[number],
        )
        self._running.add(process)
        if process.stdout is None:
            raise TypeError("a pipe was asked for")
        reading = asyncio.ensure_future(process.stdout.readline())
        done, _ = await asyncio.wait(
            [reading, stopping], timeout=self.bounds.answers_within_s, return_when=asyncio.FIRST_COMPLETED
        )
        if reading in done and (line := reading.result()):
            return process, orjson.loads(line)
        reading.cancel()
        await asyncio.wait([reading])
        if stopping.done():
            raise _StoppedError
        if reading not in done:
            _log.error("worker_silent", seconds=self.bounds.answers_within_s)
            process.kill()
        exit_code = await process.wait()
        self._running.discard(process)
        raise WorkerFailedError(exit_code)

    async def _keep(self, process: asyncio.subprocess.Process, folder: Path, stopping: asyncio.Task[Any]) -> None:
        """See to it that there is one, in the place of this process."""
        while True:
            exit_code = await process.wait()
            self._running.discard(process)
            if stopping.done():
                return
            _forget_numbers(process.pid, folder)
            pause_s = self._pause_s()
            _log.error("worker_died", pid=process.pid, exit_code=exit_code, starts_again_in_s=pause_s)
            await asyncio.wait([stopping], timeout=pause_s)
            while not stopping.done():
                try:
                    process, _ = await self._started(folder, stopping)
                except WorkerFailedError:
                    await asyncio.wait([stopping], timeout=self._pause_s())
                except _StoppedError:
                    return
                else:
                    _log.warning("worker_started_again", pid=process.pid)
                    break
            else:
                return

    def _pause_s(self) -> float:
        """How long to wait before the next start.

        Raises:
            ConfigurationError: there were too many.
        """
        now_s = time.monotonic()
        while self._restarts and now_s - self._restarts[0] > self.bounds.restarts_within_s:
            self._restarts.popleft()
        if len(self._restarts) >= self.bounds.restarts:
            raise ConfigurationError(
                f"the processes of the service died {len(self._restarts) + 1} times "
                f"within {self.bounds.restarts_within_s:g} s.",
                hint="What they wrote before says why.",
            )
        pause_s: float = self.bounds.pause_s * 2 ** len(self._restarts)
        self._restarts.append(now_s)
        return pause_s

    async def _end(self) -> None:
        """Let each finish what it has in hand, for so long."""
        for process in self._running:
            with suppress(ProcessLookupError):
                process.terminate()
        waiting = {asyncio.ensure_future(process.wait()): process for process in self._running}
        if not waiting:
            return
        _, late = await asyncio.wait(waiting, timeout=self.bounds.stops_within_s)
        for each in late:
            _log.error("worker_killed", pid=waiting[each].pid)
            with suppress(ProcessLookupError):
                waiting[each].kill()
            await each


class _StoppedError(Exception):
    """We were told to stop while processes were being started."""


@contextmanager
def _folder_of_numbers() -> Iterator[Path]:
    """Ours alone, and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="reconciler-metrics-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _forget_numbers(pid: int, folder: Path) -> None:
    """What stood for the process itself, such as its breaker. What it counted still counts."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)
