"""How the review behaves with a million findings in a real state: how soon it shows, and how long it ever stands still.

Of the first screen, of one cause, and of everything in one list: the seconds from the key to rows on the screen. Then
the list is scrolled through by pages, by leaps and to the end. The longest stall is the longest time the event loop was
not free: measured by a task that only sleeps. On a machine that does other things that counts their time too, so the
processor time that the thread of the loop spent in between is told beside it.
Prints one JSON document: `python -m tests.bench.bench_tui [ROWS]`.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from reconciler.app.wire import open_workspace
from reconciler.project import load_project
from reconciler.store.state.state import State
from tests.bench.bench_store import filled
from tui.app import ReconcilerApp
from tui.opening import Options, open_session
from tui.screens.review import ReviewScreen

_BEAT_S = 0.002
_POLL_S = 0.001
_LIMIT_S = 120.0
_PAGES = 60
_OPEN_LIMIT_S = 0.3
_STALL_LIMIT_S = 0.05
_PROJECT = """\
[project]
name = "bench"
locale = "en"
stage = "sandbox"

[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:1"
credentials = { user_key = "none" }

[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:1"
credentials = { user = "none", password = "none" }
"""


class Stalls:
    """Notices when the event loop is not free."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.longest_busy_s = 0.0

    async def watch(self) -> None:
        while True:
            before, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_BEAT_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - before - _BEAT_S)
            self.longest_busy_s = max(self.longest_busy_s, time.thread_time() - busy)


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    """The longest stall of what is done within."""
    found = Stalls()
    watching = asyncio.create_task(found.watch())
    try:
        yield found
    finally:
        watching.cancel()


async def until(shown: Callable[[], bool]) -> float:
    """Seconds until something is on the screen."""
    started = time.perf_counter()
    while not shown():
        if time.perf_counter() - started > _LIMIT_S:
            raise RuntimeError("it was not shown in time")
        await asyncio.sleep(_POLL_S)
    return time.perf_counter() - started


async def run(rows: int) -> dict[str, object]:
    """Fill a state, open the review on it, walk through it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project_file = folder / "reconciler.toml"
        project_file.write_text(_PROJECT)
        project = load_project(project_file)
        # In a process of its own: its millions of objects are not what the screen has to live with.
        filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(str(project_file), rows))
        filling.start()
        await asyncio.to_thread(filling.join)
        async with open_workspace(project) as workspace:
            app = ReconcilerApp(open_session(workspace, Options(project_file), {}))
            async with app.run_test(size=(120, 40)) as pilot:
                return await _measured(app, pilot, rows)


def _fill(project_file: str, rows: int) -> None:
    project = load_project(Path(project_file))

    async def fill() -> None:
        async with State.open(project.file.project.state, project.folder) as state:
            await filled(state, rows)

    asyncio.run(fill())


async def _measured(app: ReconcilerApp, pilot: Pilot[int], rows: int) -> dict[str, object]:
    await until(lambda: app.place is not None and app.place.is_mounted and app.place.state is None)
    async with stalls() as opening:
        app.go("review")
        first = await until(lambda: _rows_shown(app))
    screen = app.place
    if not isinstance(screen, ReviewScreen):
        raise RuntimeError("the review did not open")
    async with stalls() as cause_stalls:
        screen.table.action_open()
        cause = await until(lambda: screen.table.count > 1 and screen.table.row_at(1) is not None)
    async with stalls() as flat_stalls:
        screen.do_review_flat()
        flat = await until(lambda: screen.table.count == rows and screen.table.row_at(1) is not None)
        ordered = await until(lambda: screen.source is not None and screen.source.sections[0].is_complete)
    async with stalls() as scrolling:
        waits = [
            await _moved(screen, act) for act in [*[screen.table.action_page_down] * _PAGES, *_leaps(screen, rows)]
        ]
    async with stalls() as marking:
        screen.do_review_mark_all()
        await pilot.pause()
    parts = {
        "open": opening, "cause": cause_stalls, "order": flat_stalls, "scroll": scrolling, "mark_all": marking,
    }  # fmt: skip
    worst = max(each.longest_busy_s for each in parts.values())
    return {
        "bench": "tui",
        "findings": rows,
        "open_s": round(first, 3),
        "open_limit_s": _OPEN_LIMIT_S,
        "open_cause_s": round(cause, 3),
        "open_flat_s": round(flat, 3),
        "flat_ordered_s": round(flat + ordered, 3),
        "longest_wait_for_rows_s": round(max(waits), 3),
        "stall_ms": {name: round(each.longest_s * 1e3, 1) for name, each in parts.items()},
        "stall_busy_ms": {name: round(each.longest_busy_s * 1e3, 1) for name, each in parts.items()},
        "stall_limit_ms": _STALL_LIMIT_S * 1e3,
        "within_limits": first <= _OPEN_LIMIT_S and worst <= _STALL_LIMIT_S,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _rows_shown(app: ReconcilerApp) -> bool:
    screen = app.place
    return isinstance(screen, ReviewScreen) and screen.is_mounted and screen.table.row_at(0) is not None


def _leaps(screen: ReviewScreen, rows: int) -> list[Callable[[], None]]:
    places = [rows * part // 17 for part in (16, 3, 11, 7, 1, 14)]
    return [*[lambda place=place: screen.table.move_to(place) for place in places], screen.table.action_last]


async def _moved(screen: ReviewScreen, act: Callable[[], None]) -> float:
    act()
    return await until(lambda: screen.table.row is not None)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)), indent=2))
