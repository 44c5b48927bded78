"""What a run needs of whatever compares: DuckDB in process (`engine_duckdb.py`) or Spark (`engine_spark.py`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from reconciler.compare.comparison import Comparison
from reconciler.model.findings import EntityRule


class ComparisonEngine(Protocol):
    """Compares staged records. Comparisons may run in several threads."""

    def compare(
        self,
        rule: EntityRule,
        crm: Sequence[Path],
        erp: Sequence[Path],
        *,
        only_keys: Collection[str] | None = None,
        parents: Comparison | None = None,
    ) -> Comparison:
        """Match and compare the staged records of one entity.

        Args:
            crm, erp: the Parquet files of each side, in the shape of `reconciler.model.staging`; none is an empty side.
            only_keys: look only at records with these stored keys, as if no others were there.
            parents: the comparison of the parent entity, still open and of this engine, when `rule` is about lines.
                Lines of a parent that was not matched count as only here and make no finding: the parent's own
                finding says it.

        Returns:
            The result, to be closed after use. It reads the files again when it is given as `parents`.

        Raises:
            ConfigurationError: the rule cannot be compared.
            StateError: a snapshot cannot be read, or there is not enough memory and disk.
            EngineFailedError: the engine stopped, or took too long.
            ComparisonInterruptedError: `interrupt` was called meanwhile.
        """

    def interrupt(self) -> None:
        """Stop every comparison that is running, from another thread: it raises `ComparisonInterruptedError`."""
