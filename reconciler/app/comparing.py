"""The engine that a project names for comparisons, and the one beside it for a few records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.compare.comparison import Comparison
from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.model.findings import EntityRule
from reconciler.project import Project

if TYPE_CHECKING:
    from reconciler.compare.spark_settings import SparkSettings

_SECONDS_A_MINUTE: Final = 60
_INTERRUPTS_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Engines:
    """What a run compares with.

    Attributes:
        whole: for whole snapshots.
        few: for records that were read again. Always in process: Spark takes longer to begin than they take.
    """

    whole: ComparisonEngine
    few: DuckDBEngine


async def compare_apart(
    engine: ComparisonEngine,
    rule: EntityRule,
    crm: Sequence[Path],
    erp: Sequence[Path],
    parents: Comparison | None = None,
) -> Comparison:
    """Compare in a thread, as `ComparisonEngine.compare` says. Cancelled, it ends when the comparison has stopped."""
    work = asyncio.create_task(asyncio.to_thread(engine.compare, rule, crm, erp, parents=parents))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        # A thread cannot be cancelled: without this the process would stay until a long comparison ends. One that
        # had not begun yet did not hear it the first time.
        while not work.done():
            engine.interrupt()
            await asyncio.wait([work], timeout=_INTERRUPTS_EVERY_S)
        # Nobody else looks at how it ended, and asyncio would tell of that on stderr.
        if work.exception() is None:
            work.result().close()
        raise


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
