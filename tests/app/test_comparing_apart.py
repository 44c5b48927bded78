"""A comparison in a thread while its run is cancelled."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from reconciler.app.comparing import compare_apart
from reconciler.compare.comparison import Comparison
from reconciler.compare.session import ComparisonInterruptedError
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule

_RULE = EntityRule("things", (FieldRule("code", FieldType.CODE),), key=("code",))
_LONG_S = 30.0


class _SlowEngine:
    """Hears only an interruption that comes when it compares: the first one comes before."""

    def __init__(self) -> None:
        self.compares, self.begins, self.stops = threading.Event(), threading.Event(), threading.Event()
        self.interruptions = 0

    def compare(
        self,
        rule: EntityRule,
        crm: Sequence[Path],
        erp: Sequence[Path],
        *,
        only_keys: Collection[str] | None = None,
        parents: Comparison | None = None,
    ) -> Comparison:
        self.compares.set()
        self.begins.wait(_LONG_S)
        if self.stops.wait(_LONG_S):
            raise ComparisonInterruptedError
        raise AssertionError("nobody stopped it")

    def interrupt(self) -> None:
        self.interruptions += 1
        if self.begins.is_set():
            self.stops.set()
        self.begins.set()


async def test_it_is_stopped_though_it_began_late_and_nothing_is_said_on_stderr() -> None:
    """Asyncio tells of an exception that nobody looked at when the task is gone."""
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: told.append(about))
    engine = _SlowEngine()
    task = asyncio.create_task(compare_apart(engine, _RULE, [], []))
    assert await asyncio.to_thread(engine.compares.wait, _LONG_S)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert engine.interruptions == 2
    del task
    gc.collect()
    assert told == []
