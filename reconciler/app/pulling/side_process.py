"""Reading one side of a run in a process of its own: a second processor decodes and maps records."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from reconciler.app.pulling.messages import Failed, Logged, Opening, Progressed, Question, packed, unpacked
from reconciler.app.pulling.pulled import Base, Pulled, PullOptions
from reconciler.errors import ReadingStoppedError
from reconciler.logs import log_handed_over, masked
from reconciler.mapping.plan import EntityMapping
from reconciler.phrases.phrase import Phrase, phrase

_CHILD: Final = "reconciler.app.pulling.child"
_END_WITHIN_S: Final = 16.0
_CHUNK_BYTES: Final = 4_096
_KEPT_CHARACTERS: Final = 4_000
_log = structlog.get_logger("reconciler.pulling")


class NotStartedError(Exception):
    """No process could be started; nothing was read, and whoever asked may read itself."""


class _GoneError(Exception):
    """The process says nothing more."""

    def __init__(self, why: Phrase) -> None:
        super().__init__(why)
        self.why = why


class ElsewhereError(Exception):
    """Where in the other process an error was raised; the cause of that error here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class SideProcess:
    """Another process that reads one system as this one would: same snapshots, same errors, same log.

    An async context manager. The process begins to load what it needs with `start`, is connected with the first `pull`,
    and is gone when the context ends: with its session closed, and a pull that nobody waited for stopped.

    Args:
        command: starts it.
        start_within_s, silent_at_most_s: how long it is believed in without a word from it.
    """

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-P", "-m", _CHILD),
        *,
        start_within_s: float = 60.0,
        silent_at_most_s: float = 120.0,
    ) -> None:
        self._command = command
        self._start_within_s = start_within_s
        self._silent_at_most_s = silent_at_most_s
        self._process: Process | None = None
        self._ready = False
        self._opened = False
        self._complaints = ""
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Begin to start it, without waiting until it can be asked.

        Raises:
            NotStartedError: this machine gives no other process.
        """
        # What this process imports from, and not the folder it happens to be in.
        places = os.pathsep.join(each or str(Path.cwd()) for each in sys.path)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env={**os.environ, "PYTHONPATH": places},
                # A key that interrupts the run must leave it the time to close its session.
                start_new_session=True,
            )
        except OSError as error:
            raise NotStartedError(error.strerror) from error
        self._ready = self._opened = False
        self._listening = asyncio.create_task(self._listen(self._process))

    async def ready(self) -> None:
        """Wait until it can be asked.

        Raises:
            NotStartedError: there is no process, or it did not come so far.
        """
        if self._process is None:
            raise NotStartedError
        if self._ready:
            return
        try:
            await self._hear(self._start_within_s)
        except _GoneError as gone:
            await self.close()
            raise NotStartedError(gone.why) from gone
        self._ready = True

    async def pull(
        self,
        opening: Opening,
        mapping: EntityMapping,
        base: Base | None,
        options: PullOptions,
        on_progress: Callable[[int, int | None], None],
    ) -> Pulled:
        """What `pull_entity` gives for that side. One pull at a time, all with the same opening.

        Raises:
            NotStartedError: there is no process, or it did not come so far that it could be asked.
            ReadingStoppedError: it ended, or went silent, before everything was read.
            Exception: what `pull_entity` raises.
        """
        await self.ready()
        try:
            if not self._opened:
                self._say(opening)
                self._opened = True
            self._say(Question(mapping, base, options))
            return await self._answer(on_progress)
        except _GoneError as gone:
            raise ReadingStoppedError(
                opening.reach.side.value,
                phrase("the process that read it {why}.", why=gone.why),
                hint=phrase("Run again. If it happens again, look whether this machine has enough memory."),
                detail=self._complaints,
            ) from gone

    async def close(self) -> None:
        """End the process, if there is one. A pull under way is stopped."""
        process, self._process = self._process, None
        if process is None:
            return
        ending = asyncio.create_task(_ended(process))
        try:
            _stdin(process).close()
            # Before it was told which system to read, it has no session that needs an end.
            await asyncio.wait({ending}, timeout=_END_WITHIN_S if self._opened else 0)
        finally:
            if process.returncode is None:
                if self._opened:
                    _log.warning("side_process_killed")
                process.kill()
            await ending
        if self._listening is not None:
            await self._listening
        if self._complaints:
            _log.warning("side_process_said", text=self._complaints)

    async def _answer(self, on_progress: Callable[[int, int | None], None]) -> Pulled:
        while True:
            match await self._hear(self._silent_at_most_s):
                case Progressed(done, total):
                    on_progress(done, total)
                case Logged(event):
                    log_handed_over(event)
                case Failed(error, trace):
                    raise error from ElsewhereError(trace)
                case Pulled() as pulled:
                    return pulled

    def _say(self, message: Opening | Question) -> None:
        _stdin(self._living()).write(packed(message))

    async def _hear(self, within_s: float) -> object:
        process = self._living()
        try:
            async with asyncio.timeout(within_s):
                return await unpacked(_stdout(process))
        except EOFError:
            await self.close()
        except TimeoutError:
            process.kill()
            await self.close()
            raise _GoneError(phrase("said nothing for {seconds} s", seconds=f"{within_s:g}")) from None
        if (code := process.returncode or 0) < 0:
            raise _GoneError(phrase("was ended by signal {signal}", signal=-code))
        raise _GoneError(phrase("ended with code {code}", code=code))

    def _living(self) -> Process:
        if self._process is None:
            raise _GoneError(phrase("is not there any more"))
        return self._process

    async def _listen(self, process: Process) -> None:
        """Keep the end of what it writes on stderr: Python's own last words, when it has some."""
        if process.stderr is None:
            raise TypeError("stderr is a pipe")
        while chunk := await process.stderr.read(_CHUNK_BYTES):
            self._complaints = masked(self._complaints + chunk.decode(errors="replace"))[-_KEPT_CHARACTERS:]


async def _ended(process: Process) -> None:
    """Wait for its end. What it still says is dropped: a full pipe would keep it, and the end of it, waiting."""
    while await _stdout(process).read(_CHUNK_BYTES):
        pass
    await process.wait()


def _stdin(process: Process) -> asyncio.StreamWriter:
    if process.stdin is None:
        raise TypeError("stdin is a pipe")
    return process.stdin


def _stdout(process: Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise TypeError("stdout is a pipe")
    return process.stdout
