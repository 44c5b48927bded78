"""`doctor` and the engine of `[compare]`: what is not there, or could not work, is told; nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.doctor.diagnosis import Check, Grade
from reconciler.app.doctor.engine import check_engine
from reconciler.errors import TomlError
from reconciler.project import load_project

_PROJECT = """
[project]
name = "acme"
[crm]
vendor = "ploomes"
[erp]
vendor = "tryton"
"""
_METADATA = "Metadata-Version: 2.1\nName: pyspark\nVersion: 4.0.5\n"
_JAVA = '#!/bin/sh\necho started >> "{log}"\necho \'openjdk version "{version}" 2026-01-01\' >&2\n'


def _checked(folder: Path, **environment: str) -> Check:
    (folder / "reconciler.toml").write_text(_PROJECT)
    return check_engine(load_project(folder / "reconciler.toml", environment))


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PySpark that is only installed, and a Java that only tells its version, 17."""
    packages = tmp_path / "packages"
    for name, text in {"pyspark/__init__.py": "", "pyspark-4.0.5.dist-info/METADATA": _METADATA}.items():
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text(text)
    monkeypatch.syspath_prepend(str(packages))
    program = tmp_path / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(_JAVA.format(version="17.0.9", log=tmp_path / "started"))
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    return program


def test_what_compares_in_process_is_told_with_its_version(tmp_path: Path) -> None:
    check = _checked(tmp_path)
    assert (check.name, check.grade, check.facts["engine"]) == ("engine", Grade.OK, "duckdb")
    assert str(check.facts["duckdb"]) in check.words


def test_a_spark_that_could_not_start_is_a_failure_with_its_code(
    tmp_path: Path, java: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java.parent))
    check = _checked(tmp_path, RECONCILER_COMPARE_ENGINE="spark")
    assert (check.grade, check.facts["code"]) == (Grade.FAILURE, "engine_missing")
    assert "there is no Java" in check.words
    assert check.hint


def test_a_java_that_spark_does_not_run_on_is_told(tmp_path: Path, java: Path) -> None:
    java.write_text(_JAVA.format(version="11.0.2", log=tmp_path / "started"))
    check = _checked(tmp_path, RECONCILER_COMPARE_ENGINE="spark")
    assert (check.grade, check.words) == (Grade.FAILURE, "Spark does not run on Java 11.")
    assert "Java 17" in check.hint


@pytest.mark.parametrize(
    ("options", "grade", "words"),
    [
        (
            {"MASTER": "local[2]", "MEMORY_MIB": "1024"},
            Grade.OK,
            "Spark 4.0.5 on Java 17, master local[2]; it was not started",
        ),
        ({"MASTER": "local[*]", "MEMORY_MIB": "4194304"}, Grade.WARNING, "memory_mib is 4194304, and this machine has"),
        ({"MASTER": "spark://a:7077,b:7077"}, Grade.OK, "master spark://a:7077,b:7077"),
        ({"MASTER": "spark://head"}, Grade.FAILURE, "spark://head names no machine"),
        ({"MASTER": "k8s://https://head:6443"}, Grade.OK, "master k8s://https://head:6443"),
        ({"MASTER": "k8s://https://"}, Grade.FAILURE, "names no machine"),
        ({"MASTER": "yarn"}, Grade.FAILURE, "neither HADOOP_CONF_DIR nor YARN_CONF_DIR names a folder"),
    ],
    ids=["local", "too much memory", "two heads", "no port", "kubernetes", "no server", "yarn"],
)
def test_a_master_is_understood_and_not_called(
    tmp_path: Path, java: Path, options: dict[str, str], grade: Grade, words: str
) -> None:
    environment = {f"RECONCILER_COMPARE_SPARK_{name}": value for name, value in options.items()}
    check = _checked(tmp_path, RECONCILER_COMPARE_ENGINE="spark", **environment)
    assert (check.grade, check.facts["java"]) == (grade, 17)
    assert words in check.words
    assert "head" not in str(dict(check.facts)), "an address does not leave the house"
    assert java.parent.parent.parent.joinpath("started").read_text() == "started\n", "asked for its version, once"


def test_yarn_with_its_configuration_is_well(tmp_path: Path, java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARN_CONF_DIR", str(tmp_path))
    environment = {"RECONCILER_COMPARE_ENGINE": "spark", "RECONCILER_COMPARE_SPARK_MASTER": "yarn"}
    assert _checked(tmp_path, **environment).grade is Grade.OK


def test_a_wrong_master_in_the_environment_is_refused_like_one_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match="this is no master of Spark"):
        _checked(tmp_path, RECONCILER_COMPARE_SPARK_MASTER="somewhere")
