"""Comparing two systems against a bare full outer join of the same Parquet files, and against a peer.

The baseline joins on the key and counts `IS DISTINCT FROM` for every compared column, with the same number of threads
in the same process: no duplicates, tolerances, causes or findings. Ours ends with every finding made and counted by
kind and cause. Data, measurement and peer each have a process of their own, so that peak memory is the comparison's.
Prints one JSON document: `python -m tests.bench.bench_compare [ROWS] [REPEATS]`.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import duckdb

from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.model import staging
from reconciler.model.entities import Side
from tests.bench.staged_customers import CUSTOMERS, write_customers

_DEFAULT_SIZES: Final = (1_000_000, 3)
_MAX_PEER_ROWS: Final = 1_000_000
_THREADS: Final = min(2, os.cpu_count() or 1)
_COMPARED: Final = [
    staging.value_column(field.name) if staging.has_value_column(field.type) else staging.form_column(field.name)
    for field in CUSTOMERS.fields
    if field.compared and field.name not in CUSTOMERS.key
]
Files = Mapping[Side, Sequence[Path]]


def run(rows: int, repeats: int) -> dict[str, object]:
    """Compare `rows` customers on each side; medians of `repeats`. Seconds unless a name says otherwise.

    `values_changed` has 3 % of the values of each of 12 fields changed, `records_changed` one value in 3 % of the
    records.
    """
    values_changed = _over(rows, repeats, "values", ("ours", "datacompy"))
    records_changed = _over(rows, repeats, "records", ("ours",))
    return {
        "bench": "compare",
        "rows": rows,
        "repeats": repeats,
        "threads": _THREADS,
        "compared_fields": len(_COMPARED),
        "values_changed": values_changed["ours"],
        "records_changed": records_changed["ours"],
        "peer": values_changed["datacompy"],
    }


def _over(rows: int, repeats: int, changed_of: str, contestants: Sequence[str]) -> dict[str, object]:
    """What each contestant's own process says over the same data, which another process has made."""
    with tempfile.TemporaryDirectory(prefix="bench-compare-") as folder:
        _call("make", folder, str(rows), changed_of)
        return {name: _left_out(name, rows) or json.loads(_call(name, folder, str(repeats))) for name in contestants}


def _left_out(contestant: str, rows: int) -> dict[str, str]:
    if contestant != "datacompy":
        return {}
    if importlib.util.find_spec("datacompy") is None:
        return {"skipped": "datacompy is not installed"}
    return (
        {"skipped": f"it keeps both sides in memory: not over {_MAX_PEER_ROWS} rows"} if rows > _MAX_PEER_ROWS else {}
    )


def _call(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench.bench_compare", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout


def _measure(name: str, contestant: Callable[[Files], Mapping[str, object]], files: Files, repeats: int) -> object:
    """Both contestants in turn, so that a busy moment of the machine hits both."""
    seconds: dict[str, list[tuple[float, float]]] = {"bare": [], name: []}
    outcome: Mapping[str, object] = {}
    for _ in range(repeats):
        for which, act in (("bare", _bare), (name, contestant)):
            wall, cpu = time.perf_counter(), time.process_time()
            outcome = act(files)
            seconds[which].append((time.perf_counter() - wall, time.process_time() - cpu))
    (bare_wall, bare_cpu), (wall, cpu) = (
        (median(wall for wall, _ in measured), median(cpu for _, cpu in measured)) for measured in seconds.values()
    )
    return {
        "bare_s": round(bare_wall, 2),
        f"{name}_s": round(wall, 2),
        "ratio": round(wall / bare_wall, 2),
        "bare_cpu_s": round(bare_cpu, 2),
        f"{name}_cpu_s": round(cpu, 2),
        "cpu_ratio": round(cpu / bare_cpu, 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **outcome,
    }


def _bare(files: Files) -> Mapping[str, object]:
    counts = ", ".join(
        f'count(*) FILTER (WHERE crm."{column}" IS DISTINCT FROM erp."{column}")' for column in _COMPARED
    )
    sql = f"""
        SELECT count(*), {counts}
        FROM read_parquet($crm) AS crm FULL OUTER JOIN read_parquet($erp) AS erp ON crm._key = erp._key"""
    connection = duckdb.connect(config={"threads": _THREADS, "preserve_insertion_order": False})
    try:
        connection.execute(sql, {side.value: [str(path) for path in files[side]] for side in Side}).fetchall()
    finally:
        connection.close()
    return {}


def _ours(files: Files) -> Mapping[str, object]:
    with (
        DuckDBEngine(threads=_THREADS) as engine,
        engine.compare(CUSTOMERS, files[Side.CRM], files[Side.ERP]) as comparison,
    ):
        assert comparison.crm.balances
        assert comparison.erp.balances
        return {"findings": comparison.finding_count, "kinds": comparison.by_kind, "causes": comparison.by_cause}


def _datacompy(files: Files) -> Mapping[str, object]:
    import polars as pl
    from datacompy import PolarsCompare

    columns = [staging.KEY, *_COMPARED]
    crm, erp = (pl.read_parquet(list(files[side]), columns=columns) for side in Side)
    compared = PolarsCompare(crm, erp, join_columns=[staging.KEY])
    return {"differing_values": sum(int(column["unequal_cnt"]) for column in compared.column_stats)}


def _files(folder: Path) -> Files:
    return {side: sorted(folder.glob(f"{side.value}-*.parquet")) for side in Side}


def _main(arguments: Sequence[str]) -> None:
    match arguments:
        case ["make", folder, rows, changed_of]:
            write_customers(Path(folder), int(rows), changed_of=changed_of)
        case ["ours", folder, repeats]:
            print(json.dumps(_measure("ours", _ours, _files(Path(folder)), int(repeats))))
        case ["datacompy", folder, repeats]:
            importlib.import_module("datacompy")
            print(json.dumps(_measure("datacompy", _datacompy, _files(Path(folder)), int(repeats))))
        case _:
            sizes = (*map(int, arguments), *_DEFAULT_SIZES[len(arguments) :])
            print(json.dumps(run(*sizes), indent=2))


if __name__ == "__main__":
    _main(sys.argv[1:])
