"""A local Apache Spark against DuckDB: the same findings, and Java ends whatever happens to the program.

`python -m tests.real.compare_spark FOLDER RECORDS [STEP …]` prints one JSON document, as
`tests.real.run --only spark` does after it has installed PySpark.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.compare.comparison import Comparison
from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.spark_settings import SparkSettings
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import Cause, FindingKind, FindingRow
from tests.real.environment import ROOT, spark_packages
from tests.real.spark_machines import prove_machines
from tests.real.spark_records import LINES, THINGS, write_things
from tests.real.spark_runs import same_run
from tests.real.spark_stops import javas_of, prove_stops
from tests.real.spark_suite import prove_suite

DEFAULT_RECORDS: Final = 1_000_000
_MASTER: Final = "local[2]"
_MEMORY_MIB: Final = 3072
_SPARK: Final = SparkSettings(_MASTER, _MEMORY_MIB)
_OF_TAXES: Final = frozenset(
    {
        Cause.TAXES_NOT_CARRIED,
        Cause.TAX_MISSING,
        Cause.TAX_NOT_DUE,
        Cause.STALE_RATE,
        Cause.OTHER_BASE,
        Cause.OTHER_CHARGE,
    }
)
"""They come from asking the ERP about a quote (`reconciler/taxes/drift.py`), and no engine compares there."""

Files = dict[Side, list[Path]]


def compare_on_spark(folder: Path, records: int) -> dict[str, Any]:
    """Everything, in a process that has PySpark; it is installed from PyPI when it is not there."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(spark_packages())))}
    command = [sys.executable, "-m", "tests.real.compare_spark", str(folder), str(records)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    result: dict[str, Any] = orjson.loads(ended.stdout)
    return result


def main() -> int:
    """All steps, or those that are named, one after the other."""
    folder, records = Path(sys.argv[1]), int(sys.argv[2])
    steps: dict[str, Callable[[Path], dict[str, Any]]] = {
        "findings": lambda room: _same_findings(room, records),
        "suite": prove_suite,
        "run": lambda room: same_run(room, f'master = "{_MASTER}"\nmemory_mib = 2048\n', customers=300),
        "stops": prove_stops,
        "machines": prove_machines,
    }
    results = {}
    for name in sys.argv[3:] or steps:
        print(f"spark: {name} …", file=sys.stderr, flush=True)
        (folder / name).mkdir(mode=0o700)
        started = time.monotonic()
        results[name] = steps[name](folder / name)
        results[name] |= {"wall_s": round(time.monotonic() - started, 1)}
    ok = all(result["ok"] for result in results.values()) and javas_of(folder) == []
    sys.stdout.buffer.write(orjson.dumps({"ok": ok, "master": _MASTER, **results}))
    return 0


def _same_findings(folder: Path, records: int) -> dict[str, Any]:
    """Of records in which everything occurs, and of their lines."""
    things, lines = write_things(folder, records)
    with DuckDBEngine(threads=2, temp_directory=folder / "spill") as duckdb:
        by_duckdb, duckdb_s = _all_findings(duckdb, things, lines)
        java_before_s = _seconds_of_children()
        with SparkEngine(_SPARK, duckdb, folder / "spark") as spark:
            by_spark, spark_s = _all_findings(spark, things, lines)
    missing = _did_not_occur(by_duckdb[0])
    return {
        "ok": by_duckdb == by_spark and not missing and list((folder / "spark").iterdir()) == [],
        "records_a_side": records,
        "findings": len(by_duckdb[0]) + len(by_duckdb[1]),
        "only_duckdb": sorted(set(by_duckdb[0] + by_duckdb[1]) - set(by_spark[0] + by_spark[1]))[:5],
        "only_spark": sorted(set(by_spark[0] + by_spark[1]) - set(by_duckdb[0] + by_duckdb[1]))[:5],
        "did_not_occur": missing,
        "duckdb_wall_s": round(duckdb_s, 1),
        "spark_wall_s": round(spark_s, 1),
        "spark_cpu_s": round(_seconds_of_children() - java_before_s, 1),
        "java_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _did_not_occur(rows: list[FindingRow]) -> list[str]:
    """What a comparison can say and these findings do not: causes, kinds, and types of which no two values differ."""
    types = {field.name: field.type for field in THINGS.fields}
    differing = {types[row.field] for row in rows if row.kind == FindingKind.DIFFERS and row.field is not None}
    return sorted(
        {f"cause {cause}" for cause in set(Cause) - _OF_TAXES - {Cause(row.cause) for row in rows}}
        | {f"kind {kind}" for kind in set(FindingKind) - {FindingKind.TAX_DRIFT} - {row.kind for row in rows}}
        | {f"type {kind}" for kind in set(FieldType) - differing}
    )


Everything = tuple[list[FindingRow], list[FindingRow], list[object]]


def _all_findings(engine: ComparisonEngine, things: Files, lines: Files) -> tuple[Everything, float]:
    """Findings of records and of lines in the order they come, the accounting of both; seconds until they were made."""
    started = time.perf_counter()
    with (
        engine.compare(THINGS, things[Side.CRM], things[Side.ERP]) as comparison,
        engine.compare(LINES, lines[Side.CRM], lines[Side.ERP], parents=comparison) as of_lines,
    ):
        seconds = time.perf_counter() - started
        accounting = [(each.crm, each.erp, each.by_kind, each.by_cause) for each in (comparison, of_lines)]
        return (_rows(comparison), _rows(of_lines), [*accounting]), seconds


def _rows(comparison: Comparison) -> list[FindingRow]:
    if not (comparison.crm.balances and comparison.erp.balances):
        raise RuntimeError("not every record is accounted for")
    return [row for batch in comparison.batches() for row in batch]


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
