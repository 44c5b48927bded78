"""A comparison on a local Spark that cannot come to its end: what is said, and that no Java is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.session import ComparisonInterruptedError
from reconciler.compare.spark_settings import SparkSettings
from reconciler.errors import ReconcilerError
from reconciler.model.entities import Side
from tests.processes import Command, Sandbox
from tests.real.environment import ROOT
from tests.real.spark_records import THINGS, write_things

MASTER: Final = "local[2]"
_SPARK: Final = SparkSettings(MASTER, memory_mib=1024)
_FEW: Final = 20_000
_MANY: Final = 200_000
_ENDS_WITHIN_S: Final = 120.0
_STOPS_WITHIN_S: Final = 60.0
_STOPPED: Final = 130
_SMALL_DISK: Final = ("unshare", "--map-root-user", "--mount", "sh", "-c")
_MOUNTED: Final = 'mount -t tmpfs -o size=6m tmpfs "$1" && shift && exec "$@"'


def prove_stops(folder: Path) -> dict[str, Any]:
    """Each in a room of its own."""
    steps: dict[str, Callable[[Path], dict[str, Any]]] = {
        "interrupted": _interrupted,
        "killed": _killed,
        "too_long": _too_long,
        "stopped_while_it_starts": lambda room: _stopped(room, "spark-*/spark.log"),
        "stopped_while_it_compares": lambda room: _stopped(room, "spark-*/comparison_*/*"),
        "full_disk": _full_disk,
    }
    results = {}
    for name, step in steps.items():
        print(f"spark: {name} …", file=sys.stderr, flush=True)
        (folder / name).mkdir(mode=0o700)
        results[name] = step(folder / name)
    return {"ok": all(result["ok"] for result in results.values()), **results}


def _interrupted(folder: Path) -> dict[str, Any]:
    """From another thread, in the middle: it stops soon, and Java is gone when the engine is closed."""
    things, _ = write_things(folder, _MANY)
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
    return {"ok": told and seconds < 30 and javas_of(folder) == [], "seconds": seconds}


def _interrupt_when_it_works(spark: SparkEngine, folder: Path, stopped_at: list[float]) -> None:
    """Once the first table of the comparison is being written."""
    wait_for(lambda: bool(list(folder.glob("spark-*/comparison_1/*"))))
    stopped_at.append(time.monotonic())
    spark.interrupt()


_KILLED: Final = """
import os, signal, sys
from pathlib import Path
from reconciler.compare.spark_process import SparkProcess
from reconciler.compare.spark_settings import SparkSettings
process = SparkProcess(SparkSettings("local[1]", 1024), Path(sys.argv[1]))
process.start()
print(process._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed(folder: Path) -> dict[str, Any]:
    """A process that dies at once takes its Java with it: Java reads that nobody is there any more."""
    command = [sys.executable, "-c", _KILLED, str(folder)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=_ENDS_WITHIN_S * 2)
    java = int(ended.stdout)
    gone = wait_for(lambda: not Path(f"/proc/{java}").exists(), 30)
    return {"ok": ended.returncode < 0 and gone and javas_of(folder) == []}


def _too_long(folder: Path) -> dict[str, Any]:
    """`timeout_s` ends it with a typed error; the engine can be used again."""
    things, _ = write_things(folder, _FEW)
    with DuckDBEngine(threads=1, temp_directory=folder / "spill") as duckdb:
        settings = SparkSettings(MASTER, memory_mib=1024, timeout_s=0.5)
        with SparkEngine(settings, duckdb, folder / "spark") as spark:
            told = [_told(lambda: spark.compare(THINGS, things[Side.CRM], things[Side.ERP])) for _ in range(2)]
    right = all(each["code"] == "engine_failed" and "took longer than 0.5 s" in each["said"] for each in told)
    return {"ok": right and javas_of(folder) == [], "told": told[0]}


def _stopped(folder: Path, sign: str) -> dict[str, Any]:
    """Ctrl-C to the whole command, which is also what systemd sends: it ends with 130 soon, and leaves nothing."""
    with Sandbox(folder / "box", "--customers", "300") as sandbox, tempfile.TemporaryDirectory() as said:
        project = folder / "reconciler.toml"
        compare = f'[compare]\nengine = "spark"\n[compare.spark]\nmaster = "{MASTER}"\nmemory_mib = 1024\n'
        project.write_text(f"{sandbox.project.read_text()}\n{compare}")
        command = Command("--project", project, "run", output=Path(said), environment=os.environ)
        begun = wait_for(lambda: bool(list(folder.rglob(sign))))
        started = time.monotonic()
        os.kill(command.process.pid or 0, signal.SIGINT)
        command.process.join(_ENDS_WITHIN_S)
        seconds, code = round(time.monotonic() - started, 1), command.process.exitcode
        if code is None:
            command.process.kill()
        stderr = Path(said, "stderr").read_text()
    left = [str(path) for path in folder.rglob("spark-*")]
    tidy = left == [] and javas_of(folder) == [] and "Traceback" not in stderr
    ok = begun and code == _STOPPED and seconds < _STOPS_WITHIN_S and tidy
    return {"ok": ok, "code": code, "seconds": seconds, "left": left}


_ON_A_SMALL_DISK: Final = """
import json, sys
from pathlib import Path
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.engine_spark import SparkEngine
from reconciler.compare.spark_settings import SparkSettings
from reconciler.errors import ReconcilerError
from tests.real.spark_records import THINGS
from tests.real.spark_stops import MASTER
disk, crm, erp = Path(sys.argv[1]), *(json.loads(text) for text in sys.argv[2:])
with DuckDBEngine(threads=1) as duckdb, SparkEngine(SparkSettings(MASTER, 1024), duckdb, disk) as spark:
    try:
        spark.compare(THINGS, [Path(each) for each in crm], [Path(each) for each in erp]).close()
    except ReconcilerError as error:
        print(json.dumps({"code": error.code, "said": error.message}))
    left = [path.name for path in disk.rglob("comparison_*")]
print(json.dumps(left + [path.name for path in disk.iterdir()]))
"""


def _full_disk(folder: Path) -> dict[str, Any]:
    """The temporary folder is on a disk that really is full."""
    things, _ = write_things(folder, _FEW)
    disk = folder / "disk"
    disk.mkdir()
    sides = [json.dumps([str(path) for path in things[side]]) for side in Side]
    ended = subprocess.run(
        [*_SMALL_DISK, _MOUNTED, "sh", str(disk), sys.executable, "-c", _ON_A_SMALL_DISK, str(disk), *sides],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_ENDS_WITHIN_S * 3,
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    right = len(lines) == 2 and lines[0]["code"] == "state" and "disk of the data folder is full" in lines[0]["said"]
    return {"ok": right and javas_of(folder) == [], "told": lines}


def _told(compare: Callable[[], object]) -> dict[str, str]:
    try:
        compare()
    except ReconcilerError as error:
        return {"code": error.code, "said": error.message}
    return {"code": "", "said": "nothing"}


def wait_for(condition: Callable[[], bool], seconds: float = 300.0) -> bool:
    """Whether it was fulfilled in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


def javas_of(folder: Path) -> Sequence[int]:
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
