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
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
import orjson

from reconciler.app.garbage import few_garbage_collections
from reconciler.app.pull import PullOptions, pull_entity
from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.wire import connector_to, load_descriptions
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


async def _ours(plan: EntityPlan, project_file: Path, records: int) -> float:
    """Pull both sides concurrently into complete snapshots."""
    project = load_project(project_file)
    descriptions = load_descriptions(project)
    with tempfile.TemporaryDirectory() as name:
        folder = ContentFolder(Path(name))
        folder.prepare()
        options = PullOptions(full=True, sweep_every=timedelta(hours=24))
        started = time.perf_counter()

        async def pull(side: Side) -> None:
            async with connector_to(project, side, descriptions[side], None) as connector:
                pulled = await pull_entity(connector, plan, side, folder, None, options, lambda done, total: None)
                assert pulled.snapshot.count == records

        with few_garbage_collections():
            async with asyncio.TaskGroup() as group:
                for side in Side:
                    group.create_task(pull(side))
        return time.perf_counter() - started


def _spent(loop: Coroutine[None, None, float]) -> _Spent:
    before = os.times()
    wall_s = asyncio.run(loop)
    after = os.times()
    # The kinds of processor time come before the time of day; ended child processes count.
    return _Spent(wall_s, sum(after[:4]) - sum(before[:4]))


def run(records_per_side: int = 100_000, repeats: int = 3) -> dict[str, object]:
    """Medians of `repeats`, the two measured in turn, and the ratio; `records_per_side` on each of two sides."""
    configure_logging(debug=False)
    bare: list[_Spent] = []
    ours: list[_Spent] = []
    with _server(records_per_side) as base_url, tempfile.TemporaryDirectory() as name:
        project_file = Path(name) / "reconciler.toml"
        project_file.write_text(_PROJECT.format(url=base_url, folder=_FOLDER))
        project = load_project(project_file)
        (plan,) = plan_entities(project, load_descriptions(project), ())
        for _ in range(repeats):
            bare.append(_spent(_bare(base_url, records_per_side)))
            ours.append(_spent(_ours(plan, project_file, records_per_side)))
    return {
        "records": 2 * records_per_side,
        "bare_s": round(statistics.median(each.wall_s for each in bare), 3),
        "ours_s": round(statistics.median(each.wall_s for each in ours), 3),
        "ratio": round(statistics.median(a.wall_s / b.wall_s for a, b in zip(ours, bare, strict=True)), 2),
        "limit": 3.0,
        "processor_ratio": round(statistics.median(a.cpu_s / b.cpu_s for a, b in zip(ours, bare, strict=True)), 2),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


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
