"""What is told when Spark cannot be started, and how it is told to start. No Spark is needed."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.compare import spark_process
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.session import ComparisonInterruptedError
from reconciler.compare.spark_dialect import SPELLING
from reconciler.compare.spark_failures import failure_of
from reconciler.compare.spark_settings import OWN_SETTINGS, SparkSettings, as_properties_file
from reconciler.errors import EngineFailedError, EngineMissingError, ReconcilerError, StateError
from tests.compare.staged import record, rule_of, write

_RULE = rule_of()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package `pyspark` whose `spark-submit` the test writes, and a Java 17 on the PATH."""
    home = tmp_path / "packages" / "pyspark"
    (home / "bin").mkdir(parents=True)
    (home / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(home.parent))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    _script(tmp_path / "java", "echo 'openjdk version \"17.0.1\" 2021-10-19' >&2")
    return home


def _script(path: Path, *lines: str) -> None:
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)


@pytest.fixture
def compared(tmp_path: Path, duckdb: DuckDBEngine) -> Iterator[tuple[SparkEngine, list[Path]]]:
    """An engine that has half a second to start, and something to compare."""
    settings = SparkSettings("spark://head.example.com:7077", start_timeout_s=0.5)
    with SparkEngine(settings, duckdb, tmp_path / "spill") as spark:
        yield spark, [write(tmp_path / "crm.parquet", _RULE, [record("1", "A")])]
    assert list((tmp_path / "spill").iterdir()) == []


def test_without_pyspark_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(EngineMissingError, match=r"pip install .reconciler\[spark\]") as refused:
        spark_process.require_spark()
    assert (refused.value.code, refused.value.exit_code) == ("engine_missing", 2)


@pytest.mark.parametrize(
    ("version", "words"),
    [("1.8.0_392", "Java 8"), ("11.0.2", "Java 11"), ("24", "Java 24"), (None, "does not tell its version")],
)
@pytest.mark.usefixtures("packages")
def test_a_java_that_spark_does_not_run_on_is_named(tmp_path: Path, version: str | None, words: str) -> None:
    _script(tmp_path / "java", f"echo 'openjdk version \"{version}\"' >&2" if version else "exit 1")
    with pytest.raises(EngineMissingError, match=words) as refused:
        spark_process.require_spark()
    assert "Java 17 or 21" in refused.value.hint


@pytest.mark.usefixtures("packages")
def test_a_java_home_without_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spark_process.require_spark()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(EngineMissingError, match="nowhere"):
        spark_process.require_spark()


def test_a_spark_that_ends_at_once_is_told_with_its_last_words(
    packages: Path, compared: tuple[SparkEngine, list[Path]], capfd: pytest.CaptureFixture[str]
) -> None:
    """What Java writes goes to neither of our streams: stdout is data."""
    _script(packages / "bin" / "spark-submit", "echo no such master; echo trace >&2; exit 1")
    spark, files = compared
    with pytest.raises(EngineFailedError, match="did not start with master “spark://head") as failed:
        spark.compare(_RULE, files, files)
    assert (failed.value.code, failed.value.detail) == ("engine_failed", "no such master\ntrace")
    assert capfd.readouterr() == ("", "")


def test_a_spark_that_never_answers_is_ended(packages: Path, compared: tuple[SparkEngine, list[Path]]) -> None:
    """And the next one may start: nothing is left that says one is running."""
    pid_file = packages / "pid"
    _script(packages / "bin" / "spark-submit", f"echo $$ > {pid_file}", "exec sleep 60")
    spark, files = compared
    for _ in range(2):
        with pytest.raises(EngineFailedError, match=r"did not start within 0\.5 s"):
            spark.compare(_RULE, files, files)
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid_file.read_text()), 0)


def test_a_comparison_that_waits_for_spark_to_start_is_interrupted(
    packages: Path, duckdb: DuckDBEngine, tmp_path: Path
) -> None:
    """A run that is told to stop then would otherwise wait for the start, and compare."""
    pid_file = packages / "pid"
    _script(
        packages / "bin" / "spark-submit", f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}", "exec sleep 60"
    )
    files = [write(tmp_path / "crm.parquet", _RULE, [record("1", "A")])]
    with SparkEngine(SparkSettings(start_timeout_s=50), duckdb, tmp_path / "spill") as spark:
        interrupting = threading.Thread(target=_interrupt_once_there, args=(spark, pid_file))
        interrupting.start()
        with pytest.raises(ComparisonInterruptedError):
            spark.compare(_RULE, files, files)
        interrupting.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def _interrupt_once_there(spark: SparkEngine, pid_file: Path) -> None:
    until = time.monotonic() + 40
    while not pid_file.exists() and time.monotonic() < until:
        time.sleep(0.01)
    spark.interrupt()


def test_what_the_results_depend_on_cannot_be_set(tmp_path: Path) -> None:
    said = SparkSettings("local[2]", 2048, more={"spark.sql.shuffle.partitions": "7"}).properties(tmp_path)
    assert SPELLING.keys() <= OWN_SETTINGS
    assert said.items() >= SPELLING.items()
    assert (said["spark.sql.shuffle.partitions"], said["spark.driver.memory"]) == ("7", "2048m")
    assert (said["spark.ui.enabled"], said["spark.driver.bindAddress"]) == ("false", "127.0.0.1")


def test_other_machines_can_reach_the_driver_of_a_cluster(tmp_path: Path) -> None:
    said = SparkSettings("spark://head.example.com:7077", executor_memory_mib=3000).properties(tmp_path)
    assert "spark.driver.bindAddress" not in said
    assert said["spark.executor.memory"] == "3000m"


def test_a_setting_is_one_line_of_a_properties_file() -> None:
    assert as_properties_file({"spark.b": r"C:\x", "spark.a": "1"}) == "spark.a 1\nspark.b C:\\\\x\n"
    with pytest.raises(ValueError, match="line break"):
        as_properties_file({"spark.a": "1\nspark.master local"})


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", EngineFailedError, "out of memory"),
        (f"java.io.IOException: {os.strerror(errno.ENOSPC)}", StateError, "disk of the data folder is full"),
        ("[FAILED_READ_FILE.NO_HINT] Encountered error", StateError, "snapshot cannot be compared"),
        ("Connection refused to 'secret value'", EngineFailedError, "stopped"),
    ],
    ids=["memory", "disk", "file", "gone"],
)
def test_what_spark_says_is_told_in_our_words(words: str, kind: type[ReconcilerError], said: str) -> None:
    """Its own words may quote values."""
    told = failure_of(ConnectionError(words))
    assert isinstance(told, kind)
    assert said in told.message
    assert "secret" not in f"{told} {told.detail}"


@pytest.mark.parametrize("words", ["[FAILED_READ_FILE.FILE_NOT_EXIST] not there", "java.io.IOException: Mkdirs failed"])
def test_a_file_that_only_another_machine_cannot_use_is_no_damaged_snapshot(words: str) -> None:
    """Reading everything again would not help."""
    told = failure_of(ConnectionError(words), on_cluster=True)
    assert isinstance(told, EngineFailedError)
    assert "does not see the data folder" in told.message
    assert "same path" in told.hint
