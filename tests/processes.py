"""Starting the product's own commands as processes, as a user would."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.02

FORKS = multiprocessing.get_context("forkserver")
"""Processes of tests that are made by the dozen: each begins as a copy of one that has imported what they need.

There is one such server for all tests that a worker runs, whatever they are about: what is said here about its imports
must be said nowhere else, for the last word holds.
"""
FORKS.set_forkserver_preload(["tests.preloaded"])


@dataclass(frozen=True)
class Finished:
    """A command that ended. `returncode` is negative for a signal."""

    returncode: int
    stdout: str
    stderr: str


def run_command(
    *arguments: str | Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 120,
) -> Finished:
    """Run one `reconciler` command in a process of its own, to its end."""
    with tempfile.TemporaryDirectory() as name:
        command = Command(*arguments, cwd=cwd, environment=environment, output=Path(name))
        command.process.join(timeout_s)
        if command.process.exitcode is None:
            command.process.kill()
            raise AssertionError(f"reconciler {' '.join(map(str, arguments))} did not end in {timeout_s} s")
        stdout, stderr = (Path(name, stream).read_text(encoding="utf-8") for stream in _STREAMS)
        return Finished(command.process.exitcode, stdout, stderr)


_STREAMS = ("stdout", "stderr")


class Command:
    """One `reconciler` command that has been started. What it writes goes into files of the folder `output`."""

    def __init__(
        self,
        *arguments: str | Path,
        output: Path,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        started = (tuple(map(str, arguments)), str(output), str(cwd or Path.cwd()), dict(environment or os.environ))
        self.process = FORKS.Process(target=_become_command, args=started)
        self.process.start()


def _become_command(arguments: tuple[str, ...], output: str, cwd: str, environment: dict[str, str]) -> None:
    """What the copied process does: exactly what `python -m reconciler` would."""
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(_STREAMS, start=1):
        with Path(output, stream).open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["reconciler", *arguments]
    from reconciler.cli.main import main

    main()


class Sandbox:
    """`reconciler sandbox` in a process of its own, stopped by SIGTERM at the end."""

    def __init__(self, directory: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._options = options
        self._environment = environment

    def __enter__(self) -> Self:
        self._output = tempfile.TemporaryDirectory()
        self._command = Command(
            "sandbox",
            "--dir",
            self._directory,
            *self._options,
            output=Path(self._output.name),
            environment=self._environment,
        )
        try:
            self.systems: dict[str, Any] = json.loads(self._first_line())
        except BaseException:
            self._stop()
            raise
        return self

    def _first_line(self) -> str:
        said = Path(self._output.name, "stdout")
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            text = said.read_text(encoding="utf-8") if said.exists() else ""
            if text.endswith("\n"):
                return text.partition("\n")[0]
            self._command.process.join(_POLL_S)
            if self._command.process.exitcode is not None:
                narration = Path(self._output.name, "stderr").read_text(encoding="utf-8")
                raise AssertionError(f"the sandbox did not start: {narration}")
        raise AssertionError("the sandbox said nothing in time")

    @property
    def project(self) -> Path:
        """The project file that reconciles these two systems."""
        return Path(self.systems["project"])

    @property
    def truth(self) -> list[dict[str, str | None]]:
        """What was planted."""
        planted: list[dict[str, str | None]] = json.loads(Path(self.systems["truth"]).read_text())
        return planted

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        code = self._stop()
        if error is None:
            assert code == 0, f"the sandbox ended with {code}"

    def _stop(self) -> int | None:
        process = self._command.process
        process.terminate()
        process.join(_STOP_TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
        self._output.cleanup()
        return process.exitcode
