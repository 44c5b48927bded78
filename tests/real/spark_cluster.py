"""A standalone Apache Spark of one master and some workers, from PySpark's own jars; everything listens on loopback."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_LOOPBACK: Final = "127.0.0.1"
_START_TIMEOUT_S: Final = 120.0
_STOP_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.1
EXECUTOR_MIB: Final = 1024

_UNTIL_NOBODY_IS_THERE: Final = '"$@" </dev/null & cat >/dev/null; kill -s KILL -- -$$'
"""Ends what was started and its children when its stdin ends, also after whoever started it was killed."""
_WITH_ANOTHER_FOLDER: Final = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


class Worker:
    """One worker and the executor that it starts for a program.

    Attributes:
        folder: where it and its executor write what they say.
    """

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process

    @property
    def finished_tasks(self) -> int:
        """How many parts of statements its executors came to the end of."""
        said = self.folder.glob("work/app-*/*/stderr")
        return sum(path.read_text(encoding="utf-8", errors="replace").count("Finished task") for path in said)

    def kill(self) -> None:
        """As if the machine lost its power. Safe to call twice."""
        _end(self._process)


class Cluster:
    """A running master. Workers are added; all end with the block of `running_cluster`.

    Attributes:
        master: its address.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        port = free_port()
        self.master = f"spark://{_LOOPBACK}:{port}"
        arguments = ("--host", _LOOPBACK, "--port", str(port), "--webui-port", "0")
        self._start("master", "I have been elected leader", "org.apache.spark.deploy.master.Master", *arguments)

    def add_worker(self, *, instead_of: tuple[Path, Path] | None = None) -> Worker:
        """A worker with one core, ready to work.

        Args:
            instead_of: a folder that it and its executor do not see, and what they see in its place.
        """
        name = f"worker-{len(self._processes)}"
        folder = self._folder / name
        (folder / "work").mkdir(parents=True)
        before: tuple[str, ...] = ()
        if instead_of is not None:
            hidden, shown = map(str, instead_of)
            before = ("unshare", "--map-root-user", "--mount", "sh", "-c", _WITH_ANOTHER_FOLDER, "sh", shown, hidden)
        process = self._start(
            name,
            "Successfully registered with master",
            "org.apache.spark.deploy.worker.Worker",
            *("--host", _LOOPBACK, "--cores", "1", "--memory", f"{EXECUTOR_MIB}m", "--webui-port", "0"),
            *("--work-dir", str(folder / "work"), self.master),
            before=before,
        )
        return Worker(folder, process)

    def stop(self) -> None:
        """End all that runs."""
        while self._processes:
            _end(self._processes.pop())

    def _start(self, name: str, ready: str, *command: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        home = Path(str(importlib.util.find_spec("pyspark").origin)).parent  # type: ignore[union-attr]
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        log = folder / "log"
        environment = os.environ | {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": _LOOPBACK,
            "SPARK_PUBLIC_DNS": _LOOPBACK,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(folder),
        }
        with log.open("wb") as said:
            process = subprocess.Popen(
                ["sh", "-c", _UNTIL_NOBODY_IS_THERE, "sh", *before, str(home / "bin" / "spark-class"), *command],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
        self._processes.append(process)
        until = time.monotonic() + _START_TIMEOUT_S
        while ready not in log.read_text(encoding="utf-8", errors="replace"):
            if time.monotonic() >= until:
                raise RuntimeError(f"{name} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_S)
        return process


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A master without workers, until the end of the block."""
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.stop()


def cluster_settings(partitions: int = 4) -> dict[str, str]:
    """What a project says beside the master: the driver, too, listens on loopback only."""
    return {
        "spark.driver.host": _LOOPBACK,
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.executor.cores": "1",
        # A few thousand records: Java need not become fast at any statement.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.shuffle.partitions": str(partitions),
    }


def free_port() -> int:
    """A port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_TIMEOUT_S)
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
