"""Cancelled callers leave no connection, no transaction and no task behind."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from reconciler.store.state.connecting import connected
from reconciler.store.state.database import backend_for
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.store.state_cases import row, run_with


async def _work(state: State) -> None:
    while True:
        await state.runs.history(5)
        await state.tokens("crm").save("refresh", "made-up")
        async for _ in state.findings.iterate():
            pass


async def test_many_cancelled_readers_and_writers_leave_the_state_as_it_was(state: State) -> None:
    await run_with(state, [row()])
    for turns in range(60):
        working = asyncio.create_task(_work(state))
        for _ in range(turns):
            await asyncio.sleep(0)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    async with asyncio.timeout(20):
        counts = await asyncio.gather(*(state.findings.count() for _ in range(12)))
        assert await state.findings.accept(FindingFilter(entity="customers"), reason="agreed", person="ana") == 1
    assert counts == [1] * 12


class SlowEngine:
    """Opens and closes its one connection only when told to."""

    def __init__(self) -> None:
        self.may_open, self.may_close = asyncio.Event(), asyncio.Event()
        self.opened, self.closed = False, False

    def connect(self) -> SlowEngine:
        return self

    async def start(self) -> SlowEngine:
        await self.may_open.wait()
        self.opened = True
        return self

    async def close(self) -> None:
        await self.may_close.wait()
        self.closed = True


async def _use(engine: SlowEngine, folder: Path) -> None:
    async with connected(cast("AsyncEngine", engine), backend_for("sqlite:///state.db", folder)):
        pass


@pytest.mark.parametrize("cancelled_while", ["opening", "closing"])
async def test_a_connection_is_closed_before_its_cancelled_user_goes_on(cancelled_while: str, tmp_path: Path) -> None:
    engine = SlowEngine()
    if cancelled_while == "closing":
        engine.may_open.set()
    using = asyncio.create_task(_use(engine, tmp_path))
    for _ in range(5):
        await asyncio.sleep(0)
    assert engine.opened is (cancelled_while == "closing")
    using.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    engine.may_open.set()
    assert not using.done()
    engine.may_close.set()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert engine.opened
    assert engine.closed
