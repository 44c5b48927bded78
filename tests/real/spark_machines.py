"""Comparisons on a cluster of Spark's own: two workers, workers that are lost, and workers that see another folder."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.spark_settings import SparkSettings
from reconciler.errors import ReconcilerError
from reconciler.model.entities import Side
from reconciler.model.findings import FindingRow
from tests.processes import Sandbox, run_command
from tests.real.spark_cluster import EXECUTOR_MIB, Cluster, Worker, cluster_settings, free_port, running_cluster
from tests.real.spark_records import THINGS, write_things
from tests.real.spark_runs import same_run
from tests.real.spark_stops import javas_of, wait_for

_FEW: Final = 4_000
_DRIVER_MIB: Final = 1024
_WAITS_S: Final = 45.0
_TIMEOUT_S: Final = 600.0
_MASTER_ANSWERS_WITHIN_S: Final = 25.0
_ENGINE_FAILED: Final = 2
"""Exit code of a command whose engine failed."""

Files = dict[Side, list[Path]]


def prove_machines(folder: Path) -> dict[str, Any]:
    """All steps on one master; the workers are other ones in each."""
    (folder / "cluster").mkdir()
    results: dict[str, dict[str, Any]] = {}
    with running_cluster(folder / "cluster") as cluster:
        steps: dict[str, Callable[[Path, Cluster], dict[str, Any]]] = {
            "run": _run,
            "worker_lost": _worker_lost,
            "no_worker": _no_worker,
            "other_folder": _other_folder,
            "copied_folder": _copied_folder,
        }
        for name, step in steps.items():
            print(f"spark machines: {name} …", file=sys.stderr, flush=True)
            (folder / name).mkdir(mode=0o700)
            results[name] = step(folder / name, cluster)
    print("spark machines: no_master …", file=sys.stderr, flush=True)
    (folder / "no_master").mkdir(mode=0o700)
    results["no_master"] = _no_master(folder / "no_master")
    ended = javas_of(folder) == []
    return {"ok": ended and all(result["ok"] for result in results.values()), "ended": ended, **results}


def _section(master: str, start_timeout_s: float) -> str:
    """`[compare.spark]` of a project file."""
    settings = ", ".join(f'"{name}" = "{value}"' for name, value in cluster_settings().items())
    return (
        f'master = "{master}"\nmemory_mib = {_DRIVER_MIB}\nexecutor_memory_mib = {EXECUTOR_MIB}\n'
        f"start_timeout_s = {start_timeout_s:g}\nsettings = {{ {settings} }}\n"
    )


def _settings(cluster: Cluster, timeout_s: float = _TIMEOUT_S) -> SparkSettings:
    return SparkSettings(
        cluster.master,
        memory_mib=_DRIVER_MIB,
        executor_memory_mib=EXECUTOR_MIB,
        timeout_s=timeout_s,
        more=cluster_settings(),
    )


def _run(folder: Path, cluster: Cluster) -> dict[str, Any]:
    """The whole command by two workers: the findings of DuckDB, and each of the workers did some of it."""
    workers = [cluster.add_worker(), cluster.add_worker()]
    result = same_run(folder, _section(cluster.master, 180), customers=100)
    tasks = [worker.finished_tasks for worker in workers]
    _kill(workers)
    return {**result, "ok": result["ok"] and min(tasks) > 0, "tasks_of_workers": tasks}


def _worker_lost(folder: Path, cluster: Cluster) -> dict[str, Any]:
    """In the middle of a comparison one worker dies: the other does its work again, and the findings are the same."""
    workers = [cluster.add_worker(), cluster.add_worker()]
    things, _ = write_things(_data(folder), _FEW)
    with DuckDBEngine(threads=1, temp_directory=folder / "spill") as duckdb:
        expected = _findings(duckdb, things)
        killing = threading.Thread(target=_kill_in_the_middle, args=(folder, workers[:1]))
        with SparkEngine(_settings(cluster), duckdb, folder / "data" / "spill") as spark:
            killing.start()
            found = _findings(spark, things)
            killing.join()
    before, after = (worker.finished_tasks for worker in workers)
    _kill(workers)
    return {"ok": expected == found and before > 0 < after, "findings": len(found), "tasks_of_workers": [before, after]}


def _no_worker(folder: Path, cluster: Cluster) -> dict[str, Any]:
    """The only worker dies: nobody goes on, and after its time the comparison ends with an error."""
    worker = cluster.add_worker()
    things, _ = write_things(_data(folder), _FEW)
    started = time.monotonic()
    killing = threading.Thread(target=_kill_in_the_middle, args=(folder, [worker]))
    killing.start()
    told = _told(folder, _settings(cluster, timeout_s=_WAITS_S), things)
    killing.join()
    return {"ok": _is(told, "took longer than"), "told": told, "seconds": round(time.monotonic() - started, 1)}


def _other_folder(folder: Path, cluster: Cluster) -> dict[str, Any]:
    """The workers have nothing where the data folder is: as without a shared disk."""
    things, _ = write_things(_data(folder), _FEW)
    empty = folder / "empty"
    empty.mkdir()
    workers = [cluster.add_worker(instead_of=(folder / "data", empty)) for _ in range(2)]
    told = _told(folder, _settings(cluster), things)
    _kill(workers)
    return {"ok": _is(told, "does not see the data folder"), "told": told}


def _copied_folder(folder: Path, cluster: Cluster) -> dict[str, Any]:
    """Each worker has a copy of the data folder: it can read all, and what it writes is not here.

    Spark itself takes that for success.
    """
    things, _ = write_things(_data(folder), _FEW)
    (folder / "data" / "spill").mkdir()
    workers = []
    for number in range(2):
        copy = folder / f"copy-{number}"
        shutil.copytree(folder / "data", copy)
        workers.append(cluster.add_worker(instead_of=(folder / "data", copy)))
    told = _told(folder, _settings(cluster), things)
    _kill(workers)
    return {"ok": _is(told, "does not see the data folder"), "told": told}


def _no_master(folder: Path) -> dict[str, Any]:
    """Nobody listens at the address of the master: the command ends in time and says what to look at."""
    address = f"spark://127.0.0.1:{free_port()}"
    with Sandbox(folder / "box", "--customers", "30") as sandbox:
        project = folder / "reconciler.toml"
        section = _section(address, _MASTER_ANSWERS_WITHIN_S)
        project.write_text(f'{sandbox.project.read_text()}\n[compare]\nengine = "spark"\n[compare.spark]\n{section}')
        ended = run_command("--project", project, "run", environment=os.environ, timeout_s=_TIMEOUT_S)
    words = f"Spark did not start within {_MASTER_ANSWERS_WITHIN_S:g} s with master “{address}”."
    left = [str(path) for path in folder.rglob("spark-*")]
    ok = ended.returncode == _ENGINE_FAILED and words in ended.stderr and left == [] and javas_of(folder) == []
    return {"ok": ok, "code": ended.returncode, "said": ended.stderr[-500:], "left_behind": left}


def _data(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir()
    return data


def _findings(engine: ComparisonEngine, things: Files) -> list[FindingRow]:
    with engine.compare(THINGS, things[Side.CRM], things[Side.ERP]) as comparison:
        return [row for batch in comparison.batches() for row in batch]


def _told(folder: Path, settings: SparkSettings, things: Files) -> dict[str, str]:
    """What a comparison ends with."""
    with (
        DuckDBEngine(threads=1, temp_directory=folder / "spill") as duckdb,
        SparkEngine(settings, duckdb, folder / "data" / "spill") as spark,
    ):
        try:
            found = _findings(spark, things)
        except ReconcilerError as error:
            return {"code": error.code, "said": error.message, "hint": error.hint, "detail": error.detail or ""}
    return {"code": "", "said": f"{len(found)} findings", "hint": "", "detail": ""}


def _is(told: dict[str, str], words: str) -> bool:
    return told["code"] == "engine_failed" and words in told["said"]


def _kill_in_the_middle(folder: Path, workers: list[Worker]) -> None:
    """When some tables of the first comparison were written."""
    wait_for(lambda: len(list(folder.glob("data/spill/spark-*/comparison_1/*/_SUCCESS"))) >= 4)
    _kill(workers)


def _kill(workers: list[Worker]) -> None:
    for worker in workers:
        worker.kill()


def main() -> int:
    """`python -m tests.real.spark_machines FOLDER` prints one JSON document."""
    result = prove_machines(Path(sys.argv[1]))
    sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
