"""Pull, map, canonical forms and staging against a bare loop that fetches the same pages and only decodes them."""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

import aiohttp
import orjson

from reconciler.app.garbage import few_garbage_collections
from reconciler.app.pulling.apart import Apart
from reconciler.app.pulling.pulled import PullOptions
from reconciler.app.pulling.readers import SideReaders
from reconciler.app.pulling.side_process import SideProcess
from reconciler.app.scope_plan import plan_entities
from reconciler.app.wire import connector_to, load_descriptions, reach_of
from reconciler.logs import configure_logging
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.store.snapshots.content import ContentFolder
from tests.bench.page_server import PAGE_SIZE

CONCURRENCY = 4
_FOLDER = Path(__file__).parent


class _Spent(NamedTuple):
    """What one pull took. On a machine with other work, only the processor time can be compared with another day's."""

    wall_s: float
    cpu_s: float


@contextmanager
def _server(records: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.page_server", str(records)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


async def _bare(base_url: str, records: int) -> float:
    """Fetch every page of both sides with the same concurrency, and decode it."""
    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        gates = {side: asyncio.Semaphore(CONCURRENCY) for side in ("crm", "erp")}

        async def fetch(side: str, page: int) -> None:
            async with gates[side], session.get(f"{base_url}/{side}", params={"page": page}) as response:
                orjson.loads(await response.read())

        async with asyncio.TaskGroup() as group:
            for side in ("crm", "erp"):
                for page in range(records // PAGE_SIZE):
                    group.create_task(fetch(side, page))
    return time.perf_counter() - started


class _Start(Enum):
    """When the process that reads the ERP is started."""

    BEFOREHAND = auto()
    IN_THE_TIME = auto()
    NEVER = auto()


async def _ours(project_file: Path, records: int, start: _Start) -> float:
    """Pull both sides concurrently into complete snapshots, as a run does."""
    project = load_project(project_file)
    descriptions = load_descriptions(project)
    (plan,) = plan_entities(project, descriptions, ())
    options = PullOptions(full=True, sweep_every=timedelta(hours=24))
    apart = None if start is _Start.NEVER else Apart(Side.ERP, surely=True)
    process = SideProcess()
    with tempfile.TemporaryDirectory() as name:
        folder = ContentFolder(Path(name))
        folder.prepare()
        readers = SideReaders(folder, apart, lambda side: reach_of(project, side, descriptions[side]), records, process)

        async def pull(side: Side) -> None:
            async with connector_to(project, side, descriptions[side], None) as connector:
                pulled = await readers.pull(connector, side, plan.mappings[side], None, options, _tell_nobody)
                assert pulled.snapshot.count == records

        started = time.perf_counter()
        async with readers:
            if start is _Start.BEFOREHAND:
                await process.ready()
                started = time.perf_counter()
            with few_garbage_collections():
                async with asyncio.TaskGroup() as group:
                    for side in Side:
                        group.create_task(pull(side))
            await readers.close()
            return time.perf_counter() - started


def _tell_nobody(done: int, total: int | None) -> None:
    """Progress of a pull."""


def _spent(loop: Coroutine[None, None, float]) -> _Spent:
    before = os.times()
    wall_s = asyncio.run(loop)
    after = os.times()
    # The kinds of processor time come before the time of day; ended child processes count.
    return _Spent(wall_s, sum(after[:4]) - sum(before[:4]))


def run(records_per_side: int = 100_000, repeats: int = 3) -> dict[str, object]:
    """Medians of `repeats`, all measured in turn, and the ratios; `records_per_side` on each of two sides.

    The time of ours begins when the first page is asked for and ends when both snapshots are on disk under their names,
    sessions are closed and the process that read the ERP is gone. A run that knows how many records it will read has
    started that process before it loads what compares: it is ready when the first page is asked for, as it is in
    `ratio`. A first run learns it from the first page, and has to wait: `cold_ratio`, where the start is in the time.
    `one_process_ratio` is what a run does on one processor. `processor_ratio` is of both processes with the start.
    """
    configure_logging(debug=False)
    bare: list[_Spent] = []
    ours: dict[_Start, list[_Spent]] = {start: [] for start in _Start}
    with _server(records_per_side) as base_url, tempfile.TemporaryDirectory() as name:
        project_file = Path(name) / "reconciler.toml"
        project_file.write_text(_PROJECT.format(url=base_url, folder=_FOLDER))
        for _ in range(repeats):
            bare.append(_spent(_bare(base_url, records_per_side)))
            for start, spent in ours.items():
                spent.append(_spent(_ours(project_file, records_per_side, start)))

    def ratio(start: _Start) -> float:
        return _median(a.wall_s / b.wall_s for a, b in zip(ours[start], bare, strict=True))

    beforehand = ours[_Start.BEFOREHAND]
    return {
        "records": 2 * records_per_side,
        "bare_s": _median((each.wall_s for each in bare), digits=3),
        "ours_s": _median((each.wall_s for each in beforehand), digits=3),
        "ratio": ratio(_Start.BEFOREHAND),
        "limit": 3.0,
        "cold_ratio": ratio(_Start.IN_THE_TIME),
        "one_process_ratio": ratio(_Start.NEVER),
        "processor_ratio": _median(a.cpu_s / b.cpu_s for a, b in zip(beforehand, bare, strict=True)),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _median(numbers: Iterable[float], digits: int = 2) -> float:
    return round(statistics.median(numbers), digits)


_PROJECT = """
[project]
name = "bench"
[crm]
vendor = "{folder}/crm.toml"
base_url = "{url}"
[erp]
vendor = "{folder}/erp.toml"
base_url = "{url}"
[scope.customers]
[scope.customers.fields]
credit_limit = {{ crm = "OtherProperties[contact_credit_limit].DecimalValue" }}
special_discount = {{ crm = "OtherProperties[contact_special_discount].DecimalValue" }}
state_registration = {{ crm = "OtherProperties[contact_state_registration].StringValue" }}
"""

if __name__ == "__main__":
    print(orjson.dumps(run(), option=orjson.OPT_INDENT_2).decode())
