"""What another process does with a state, beside the test that started it."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.store.state.state import State

ENTRIES_EACH = 40
"""What one process appends to the trail."""


def open_once(url: str, folder: Path) -> None:
    """Open the state, which makes it where there is none, and close it."""
    asyncio.run(_open_once(url, folder))


async def _open_once(url: str, folder: Path) -> None:
    async with State.open(url, folder):
        pass


def append(url: str, folder: Path, person: str) -> None:
    """Append to the trail, one entry after the other; their subjects are numbers from 0."""
    asyncio.run(_append(url, folder, person))


async def _append(url: str, folder: Path, person: str) -> None:
    async with State.open(url, folder) as state:
        for number in range(ENTRIES_EACH):
            await state.audit.append(person, "act", str(number), {})


def start_a_run_and_wait(url: str, folder: Path, says: Connection) -> None:
    """Start a run, say its id, and never end it."""
    asyncio.run(_start_a_run_and_wait(url, folder, says))


async def _start_a_run_and_wait(url: str, folder: Path, says: Connection) -> None:
    async with State.open(url, folder) as state:
        says.send(await state.runs.start(["customers"], full=True))
        await asyncio.Event().wait()
