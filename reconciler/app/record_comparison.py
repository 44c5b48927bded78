"""Comparing a few records that were read just now, with the engine and the rules of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from pydantic import JsonValue

from reconciler.app.scope_plan import EntityPlan
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.mapping.page import map_page
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import FindingRow


def compare_records(
    plan: EntityPlan, engine: DuckDBEngine, records: Mapping[Side, Sequence[JsonValue]]
) -> list[FindingRow]:
    """The findings of these records and of their lines, as if no others were there. Blocks: call it from a thread.

    Pages and positions in the rows are those of `records`, not of any snapshot.
    """
    with TemporaryDirectory(prefix="reconciler-") as name:
        folder = Path(name)
        files: dict[Side, list[Path]] = {}
        line_files: dict[Side, list[Path]] = {}
        for side in Side:
            mapped = map_page(plan.mappings[side], records[side], 0)
            files[side] = _stage(folder / f"{side.value}.parquet", mapped.records)
            line_files[side] = (
                [] if mapped.lines is None else _stage(folder / f"{side.value}.lines.parquet", mapped.lines)
            )
        with engine.compare(plan.rule, files[Side.CRM], files[Side.ERP]) as comparison:
            rows = [row for batch in comparison.batches() for row in batch]
            if plan.lines_rule is not None:
                lines = engine.compare(plan.lines_rule, line_files[Side.CRM], line_files[Side.ERP], parents=comparison)
                with lines:
                    rows += [row for batch in lines.batches() for row in batch]
    return rows


def _stage(path: Path, frame: pl.DataFrame) -> list[Path]:
    """One row per id: a record may be found both by its id and by its key."""
    frame.unique(staging.ID, keep="last", maintain_order=True).write_parquet(path)
    return [path]
