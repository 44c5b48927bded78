"""A Spark of our own: one Java process that this process starts, talks to through loopback, and ends."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import re
import shutil
import signal
import struct
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from reconciler.compare.spark_objects import Session
from reconciler.compare.spark_settings import SparkSettings, as_properties_file
from reconciler.errors import EngineFailedError, EngineMissingError
from reconciler.phrases.phrase import phrase

_OLDEST_JAVA: Final = 17
_FIRST_JAVA_WITHOUT_SECURITY_MANAGER: Final = 24
_JAVA_HINT: Final = phrase("Install Java 17 or 21, and set JAVA_HOME where it is not on the PATH.")
_POLL_S: Final = 0.05
_STOP_S: Final = 15.0
_GATEWAY_VARIABLES: Final = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")
_LOGGERS: Final = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
_ONE_AT_A_TIME: Final = threading.Lock()
"""PySpark keeps its connection in a class: a process can have one."""


def require_spark() -> int:
    """Look whether Spark could be started: PySpark is installed and there is a Java it runs on; that Java's version.

    Raises:
        EngineMissingError: it could not; the message says what is missing.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise EngineMissingError(
            phrase("Comparison on Spark is asked for, and PySpark is not installed."),
            hint=phrase('Install the extra: pip install "reconciler[spark]".'),
        )
    version = _java_version(_java())
    if not _OLDEST_JAVA <= version < _FIRST_JAVA_WITHOUT_SECURITY_MANAGER:
        raise EngineMissingError(phrase("Spark does not run on Java {version}.", version=version), hint=_JAVA_HINT)
    return version


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if found is None or not Path(found).is_file():
        raise EngineMissingError(
            phrase("Comparison on Spark is asked for, and there is no Java: {path}.", path=found or "java"),
            hint=_JAVA_HINT,
        )
    return found


def _java_version(java: str) -> int:
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissingError(phrase("{path} does not tell its version.", path=java), hint=_JAVA_HINT) from error
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None:
        raise EngineMissingError(phrase("{path} does not tell its version.", path=java), hint=_JAVA_HINT)
    return int(found[1])


class SparkProcess:
    """Started by `start`, ended by `stop`. What it writes to stdout and stderr goes to `spark.log` in its folder.

    Args:
        folder: where it may write, ours alone; it is there and stays.
    """

    def __init__(self, settings: SparkSettings, folder: Path) -> None:
        """
        Raises:
            EngineMissingError: PySpark or Java is not there.
            EngineFailedError: another Spark runs in this process.
        """
        require_spark()
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise EngineFailedError(
                phrase("Another comparison of this process uses Spark."), hint=phrase("Run again when it ended.")
            )
        self._settings = settings
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._context: Any = None
        self._killed = threading.Event()
        self._late = threading.Event()
        self._stopped = threading.Lock()

    def start(self) -> Session:
        """Start Spark; what failed to start is ended.

        Raises:
            EngineFailedError: it did not start in time, or `kill` was called.
        """
        guard = threading.Timer(self._settings.start_timeout_s, self._give_up_starting)
        guard.daemon = True
        guard.start()
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise
        finally:
            guard.cancel()

    def kill(self) -> None:
        """End Java at once; what waits for it fails. Safe to call at any time, from another thread."""
        self._killed.set()
        if self._process is not None and self._process.poll() is None:
            _kill_group(self._process)

    def _give_up_starting(self) -> None:
        self._late.set()
        self.kill()

    def stop(self) -> None:
        """End Spark and wait until Java is gone. Safe to call twice."""
        if not self._stopped.acquire(blocking=False):
            return
        try:
            self._leave()
        finally:
            self._end_java()
            _ONE_AT_A_TIME.release()

    def _start(self) -> Session:
        self._process = self._java_started()
        port, secret = self._connection(self._folder / "connection")
        try:
            return self._connected(port, secret)
        except Exception as error:
            # Whatever PySpark raises: the reason is in Java's words, in the log.
            if isinstance(error, (ImportError, TypeError, AttributeError)):
                raise
            raise self._not_started() from error

    def _java_started(self) -> subprocess.Popen[bytes]:
        home = Path(str(importlib.util.find_spec("pyspark").origin)).parent  # type: ignore[union-attr]
        properties = self._folder / "spark.properties"
        properties.touch(mode=0o600)
        properties.write_text(as_properties_file(self._settings.properties(self._folder)), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYSPARK_")}
        environment |= {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_DIRS": str(self._folder),
            "SPARK_CONNECT_MODE": "0",
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._folder / "connection"),
        }
        command = [str(home / "bin" / "spark-submit"), "--properties-file", str(properties), "--load-spark-defaults"]
        with (self._folder / "spark.log").open("wb") as log:
            # Java ends when its stdin does, so also after this process was killed; Ctrl-C is ours to hear, not Java's.
            return subprocess.Popen(  # noqa: S603
                [*command, "pyspark-shell"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def _connection(self, told: Path) -> tuple[int, str]:
        """Where Java listens, on loopback, and what it asks of who comes."""
        while not told.exists():
            # Whoever killed it may have come before there was a process to kill.
            if self._process is None or self._process.poll() is not None or self._killed.is_set():
                raise self._not_started()
            time.sleep(_POLL_S)
        data = told.read_bytes()
        told.unlink()
        (port,) = struct.unpack("!i", data[:4])
        return port, data[8:].decode()

    def _connected(self, port: int, secret: str) -> Session:
        pyspark: Any = importlib.import_module("pyspark")
        java_gateway: Any = importlib.import_module("pyspark.java_gateway")
        _keep_quiet()
        os.environ |= dict(zip(_GATEWAY_VARIABLES, (str(port), secret), strict=True))
        try:
            gateway = java_gateway.launch_gateway()
        finally:
            for name in _GATEWAY_VARIABLES:
                os.environ.pop(name, None)
        self._context = pyspark.SparkContext(gateway=gateway)
        session: Session = importlib.import_module("pyspark.sql").SparkSession(self._context)
        return session

    def _not_started(self) -> EngineFailedError:
        log = self._folder / "spark.log"
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:] if log.exists() else []
        return EngineFailedError(
            phrase(
                "Spark did not start within {seconds} s with master “{master}”.",
                seconds=f"{self._settings.start_timeout_s:g}",
                master=self._settings.master,
            )
            if self._late.is_set()
            else phrase("Spark did not start with master “{master}”.", master=self._settings.master),
            hint=phrase("Look at master and settings under [compare.spark]; --debug shows what Spark said."),
            detail="\n".join(last),
        )

    def _leave(self) -> None:
        """Tell Spark to end its work, and PySpark to forget it, so that the next one can start in this process."""
        if self._context is None:
            return
        context_class: Any = importlib.import_module("pyspark").SparkContext
        session_class: Any = importlib.import_module("pyspark.sql").SparkSession
        error_class: type[Exception] = importlib.import_module("py4j.protocol").Py4JError
        guard = threading.Timer(_STOP_S, self.kill)
        guard.daemon = True
        guard.start()
        try:
            self._context.stop()
            context_class._gateway.shutdown()
        except (error_class, OSError):
            logging.getLogger("reconciler.compare").debug("spark_was_gone", exc_info=True)
        finally:
            guard.cancel()
            context_class._active_spark_context = None
            context_class._gateway = None
            context_class._jvm = None
            session_class._instantiatedSession = None
            session_class._activeSession = None

    def _end_java(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """It and what it started: until Java is there, shells are that look for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _keep_quiet() -> None:
    """PySpark tells of failing statements on stderr, in its own form; what failed is told as an error of ours."""
    logger_class: Any = importlib.import_module("pyspark.logger").PySparkLogger
    for name in _LOGGERS:
        logger_class.getLogger(name).disabled = True
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
