"""One engine for all tests of the comparison: comparisons do not see each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.compare.engine_duckdb import DuckDBEngine
from tests.compare.staged import Comparer


@pytest.fixture(scope="session")
def engine() -> Iterator[DuckDBEngine]:
    """An engine on one thread: test tables are tiny."""
    with DuckDBEngine(threads=1, memory_limit_mib=512) as shared:
        yield shared


@pytest.fixture
def compare(engine: DuckDBEngine, tmp_path: Path) -> Comparer:
    """Stage and compare records."""
    return Comparer(engine, tmp_path)
