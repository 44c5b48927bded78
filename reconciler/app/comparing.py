"""The engine that a project names for comparisons, and the one beside it for a few records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.project import Project

if TYPE_CHECKING:
    from reconciler.compare.spark_settings import SparkSettings

_SECONDS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Engines:
    """What a run compares with.

    Attributes:
        whole: for whole snapshots.
        few: for records that were read again. Always in process: Spark takes longer to begin than they take.
    """

    whole: ComparisonEngine
    few: DuckDBEngine


def require_engine(project: Project) -> None:
    """Look whether the engine that the project names is there, before anything is read.

    Raises:
        EngineMissingError: it is not.
    """
    if project.file.compare.engine == "spark":
        from reconciler.compare.spark_process import require_spark

        require_spark()


@contextmanager
def open_engines(project: Project, spill: Path) -> Iterator[Engines]:
    """The engines of one run; closed at its end.

    Args:
        spill: folder for temporary files.

    Raises:
        EngineMissingError: the engine that the project names is not there.
    """
    require_engine(project)
    with DuckDBEngine(temp_directory=spill) as duckdb:
        if project.file.compare.engine == "duckdb":
            yield Engines(duckdb, duckdb)
            return
        from reconciler.compare.engine_spark import SparkEngine

        with SparkEngine(_spark_settings(project), duckdb, spill) as spark:
            yield Engines(spark, duckdb)


def _spark_settings(project: Project) -> SparkSettings:
    from reconciler.compare.spark_settings import SparkSettings

    spark = project.file.compare.spark
    return SparkSettings(
        master=spark.master,
        memory_mib=spark.memory_mib,
        executor_memory_mib=spark.executor_memory_mib,
        start_timeout_s=spark.start_timeout_s,
        timeout_s=spark.timeout_minutes * _SECONDS_A_MINUTE,
        more=spark.settings,
    )
