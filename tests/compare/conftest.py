"""One engine for all tests of the comparison: comparisons do not see each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from tests.compare.engines import ON_SPARK, SPARK_FOR_FEW_RECORDS
from tests.compare.staged import Comparer


@pytest.fixture(scope="session")
def duckdb() -> Iterator[DuckDBEngine]:
    """An engine on one thread: test tables are tiny."""
    with DuckDBEngine(threads=1, memory_limit_mib=512) as shared:
        yield shared


@pytest.fixture(scope="session")
def engine(duckdb: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComparisonEngine]:
    """The engine that is tested."""
    if not ON_SPARK:
        yield duckdb
        return
    with SparkEngine(SPARK_FOR_FEW_RECORDS, duckdb, tmp_path_factory.mktemp("spark")) as shared:
        yield shared


@pytest.fixture
def compare(engine: ComparisonEngine, tmp_path: Path) -> Comparer:
    """Stage and compare records."""
    return Comparer(engine, tmp_path)
