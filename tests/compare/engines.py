"""Which engine the tests of this folder compare with: DuckDB, or Spark where `RECONCILER_TEST_ENGINE=spark` says so.

`python -m tests.real.run --only spark` runs them on a local Spark; PySpark must be importable and Java be there.
"""

from __future__ import annotations

import os
from typing import Final

from reconciler.compare.spark_settings import SparkSettings

ON_SPARK: Final = os.environ.get("RECONCILER_TEST_ENGINE") == "spark"

SPARK_FOR_FEW_RECORDS: Final = SparkSettings(
    "local[2]",
    memory_mib=2048,
    more={
        # Some hundred comparisons of a few records each: Java need not become fast at any of them, nor forget what it
        # compiled for the one before.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.codegen.cache.maxEntries": "4000",
        "spark.sql.shuffle.partitions": "2",
    },
)
