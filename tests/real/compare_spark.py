"""A local Apache Spark against DuckDB: the same findings, and Java ends whatever happens to the program.

`python -m tests.real.compare_spark FOLDER RECORDS` prints one JSON document, as `tests.real.run --only spark` does
after it has installed PySpark.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.compare.comparison import Comparison
from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.session import ComparisonInterruptedError
from reconciler.compare.spark_settings import SparkSettings
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingRow
from tests.processes import Sandbox, run_command
from tests.real.environment import ROOT, spark_packages
from tests.real.spark_records import LINES, THINGS, write_things

DEFAULT_RECORDS: Final = 1_000_000
_MASTER: Final = "local[2]"
_MEMORY_MIB: Final = 3072
_SPARK: Final = SparkSettings(_MASTER, _MEMORY_MIB)
_TIMEOUT_S: Final = 900.0
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
_KILLED: Final = """
import os, signal, sys
from pathlib import Path
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.spark_process import SparkProcess
from reconciler.compare.spark_settings import SparkSettings
process = SparkProcess(SparkSettings("local[1]", 1024), Path(sys.argv[1]))
print(process._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

Files = dict[Side, list[Path]]


def compare_on_spark(folder: Path, records: int) -> dict[str, Any]:
    """Everything, in a process that has PySpark; it is installed from PyPI when it is not there."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(spark_packages())))}
    command = [sys.executable, "-m", "tests.real.compare_spark", str(folder), str(records)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    result: dict[str, Any] = orjson.loads(ended.stdout)
    return result


def main() -> int:
    """All steps, one after the other."""
    folder, records = Path(sys.argv[1]), int(sys.argv[2])
    steps: dict[str, Callable[[Path], dict[str, Any]]] = {
        "findings": lambda room: _same_findings(room, records),
        "run": _same_run,
        "interrupted": _interrupted,
        "killed": _killed,
    }
    results = {}
    for name, step in steps.items():
        print(f"spark: {name} …", file=sys.stderr, flush=True)
        (folder / name).mkdir(mode=0o700)
        results[name] = step(folder / name)
    ok = all(result["ok"] for result in results.values())
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
    missing = {cause.value for cause in Cause} - _OF_TAXES - {row.cause for row in by_duckdb[0]}
    return {
        "ok": by_duckdb == by_spark and not missing and list((folder / "spark").iterdir()) == [],
        "records_a_side": records,
        "findings": len(by_duckdb[0]) + len(by_duckdb[1]),
        "only_duckdb": sorted(set(by_duckdb[0] + by_duckdb[1]) - set(by_spark[0] + by_spark[1]))[:5],
        "only_spark": sorted(set(by_spark[0] + by_spark[1]) - set(by_duckdb[0] + by_duckdb[1]))[:5],
        "causes_that_did_not_occur": sorted(missing),
        "duckdb_wall_s": round(duckdb_s, 1),
        "spark_wall_s": round(spark_s, 1),
        "spark_cpu_s": round(_seconds_of_children() - java_before_s, 1),
        "java_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


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


def _same_run(folder: Path) -> dict[str, Any]:
    """The whole command against the sandbox, by either engine: the same findings in the state, and clean streams."""
    found, runs = {}, {}
    with Sandbox(folder / "box", "--customers", "300") as sandbox:
        written = sandbox.project.read_text()
        for engine in ("duckdb", "spark"):
            project = folder / engine / "reconciler.toml"
            project.parent.mkdir()
            compare = f'[compare]\nengine = "{engine}"\n[compare.spark]\nmaster = "{_MASTER}"\nmemory_mib = 2048\n'
            project.write_text(f"{written}\n{compare}")
            runs[engine] = _command(project, "run", "--json")
            found[engine] = [_lasting(finding) for finding in _command(project, "findings", "list", "--json")]
    entities = {
        engine: {name: _counted(each) for name, each in run["entities"].items()} for engine, run in runs.items()
    }
    same = found["duckdb"] == found["spark"] and entities["duckdb"] == entities["spark"]
    left = [str(path) for path in (folder / "spark").rglob("spark-*")]
    complete = {run["status"] for run in runs.values()} == {"complete"}
    return {
        "ok": same and complete and len(found["spark"]) > 0 and left == [],
        "findings": len(found["spark"]),
        "left_behind": left,
        "seconds": {engine: run["seconds"] for engine, run in runs.items()},
    }


def _command(project: Path, *arguments: str) -> Any:
    ended = run_command("--project", project, *arguments, environment=os.environ, timeout_s=_TIMEOUT_S)
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{arguments}: exit code {ended.returncode}: {ended.stderr}")
    return orjson.loads(ended.stdout)


def _lasting(finding: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finding.items() if not name.endswith(("_seen", "_at"))}


def _counted(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: entity[name] for name in ("crm", "erp", "findings")}


def _interrupted(folder: Path) -> dict[str, Any]:
    """From another thread, in the middle: it stops soon, and Java is gone when the engine is closed."""
    things, _ = write_things(folder, 200_000)
    with DuckDBEngine(threads=1, temp_directory=folder / "spill") as duckdb:
        spark = SparkEngine(_SPARK, duckdb, folder / "spark")
        stopped_at: list[float] = []
        watch = threading.Thread(target=_interrupt_when_it_works, args=(spark, folder / "spark", stopped_at))
        watch.start()
        try:
            spark.compare(THINGS, things[Side.CRM], things[Side.ERP]).close()
            told = False
        except ComparisonInterruptedError:
            told = True
        ended = time.monotonic()
        watch.join()
        spark.close()
    seconds = round(ended - stopped_at[0], 1)
    return {"ok": told and seconds < 30 and _javas(folder) == [], "seconds": seconds}


def _interrupt_when_it_works(spark: SparkEngine, folder: Path, stopped_at: list[float]) -> None:
    """Once the first table of the comparison is being written."""
    while not list(folder.glob("spark-*/comparison_1/*")):
        time.sleep(0.05)
    stopped_at.append(time.monotonic())
    spark.interrupt()


def _killed(folder: Path) -> dict[str, Any]:
    """A process that dies at once takes its Java with it: Java reads that nobody is there any more."""
    command = [sys.executable, "-c", _KILLED, str(folder)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=_TIMEOUT_S)
    java = int(ended.stdout)
    until = time.monotonic() + 30
    while Path(f"/proc/{java}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    return {"ok": ended.returncode == -signal.SIGKILL and _javas(folder) == []}


def _javas(folder: Path) -> Sequence[int]:
    """Processes that were started for this folder."""
    running = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes()
        except OSError:
            continue
        if b"org.apache.spark" in arguments and str(folder).encode() in arguments:
            running.append(int(path.parent.name))
    return running


if __name__ == "__main__":
    sys.exit(main())
