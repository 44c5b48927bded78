"""`[compare]` in the project file: strict, with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import TomlError
from reconciler.project import load_project
from reconciler.project_compare import CompareSection

_PROJECT = """\
[project]
name = "acme"
[crm]
vendor = "ploomes"
[erp]
vendor = "tryton"
[compare]
engine = "spark"
[compare.spark]
master = "spark://head.example.com:7077"
memory_mib = 8192
timeout_minutes = 30
settings = { "spark.executor.cores" = "4" }
"""


def _loaded(folder: Path, old: str = "", new: str = "") -> CompareSection:
    assert old in _PROJECT
    (folder / "reconciler.toml").write_text(_PROJECT.replace(old, new, 1))
    return load_project(folder / "reconciler.toml", {}).file.compare


def test_what_is_said_is_kept_and_the_usual_is_in_process(tmp_path: Path) -> None:
    said = _loaded(tmp_path)
    assert (said.engine, said.spark.master, said.spark.memory_mib) == ("spark", "spark://head.example.com:7077", 8192)
    assert (said.spark.timeout_minutes, said.spark.settings) == (30.0, {"spark.executor.cores": "4"})
    assert _loaded(tmp_path, _PROJECT[_PROJECT.index("[compare]") :], "").engine == "duckdb"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ('engine = "spark"', 'engine = "sparc"', 8, "compare.engine", "spark"),
        ("memory_mib", "memory_mb", 11, "compare.spark.memory_mb", "memory_mib"),
        ("memory_mib = 8192", 'memory_mib = "8g"', 11, "compare.spark.memory_mib", "whole number"),
        ("memory_mib = 8192", "memory_mib = 100", 11, "compare.spark.memory_mib", "1024"),
        ("timeout_minutes = 30", "timeout_minutes = 0", 12, "compare.spark.timeout_minutes", "greater than 0"),
        ("spark://head.example.com:7077", "head.example.com", 10, "compare.spark.master", "master"),
        ("spark://head.example.com:7077", "local[0]", 10, "compare.spark.master", "master"),
        ('"spark.executor.cores"', '"executor.cores"', 13, "compare.spark.settings.executor.cores", "begins with"),
        ("spark.executor.cores", "spark.sql.ansi.enabled", 13, "spark.sql.ansi.enabled", "the program's own"),
        ("spark.executor.cores", "spark.driver.memory", 13, "spark.driver.memory", "the program's own"),
        ('"4"', '"4\\nspark.master local"', 13, "spark.executor.cores", "one line"),
        ('"4"', "4", 13, "settings", "text"),
    ],
    ids=["engine", "key", "type", "few", "no time", "master", "no thread", "name", "ours", "option", "line", "number"],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, line: int, key: str, words: str) -> None:
    with pytest.raises(TomlError) as refused:
        _loaded(tmp_path, old, new)
    assert refused.value.line == line
    assert key in refused.value.key.replace('"', "")
    assert words in str(refused.value)
