"""Whether all that the machines of a cluster wrote is there: one that writes into another folder is not noticed by
Spark, and what it wrote would be missing without an error.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

import polars as pl

from reconciler.compare.spark_failures import folder_not_shared
from reconciler.compare.spark_objects import Frame

_ROWS: Final = "rows"


class RowsCounted:
    """Counts the rows of one query where they are made, while it runs."""

    def __init__(self) -> None:
        self._observation: Any = importlib.import_module("pyspark.sql").Observation()

    def of(self, frame: Frame) -> Frame:
        """The same query, which counts."""
        functions: Any = importlib.import_module("pyspark.sql.functions")
        return frame.observe(self._observation, functions.count(functions.lit(1)).alias(_ROWS))

    def refuse_other_than(self, folder: Path) -> None:
        """Compare what was counted with the rows of the Parquet files in the folder, into which the query was written.

        Raises:
            EngineFailedError: they are not as many.
        """
        made = int(self._observation.get[_ROWS])
        files = sorted(folder.glob("*.parquet"))
        seen = int(pl.scan_parquet(files, glob=False).select(pl.len()).collect().item()) if files else 0
        if seen != made:
            raise folder_not_shared(f"{made} rows were written, {seen} are seen")
