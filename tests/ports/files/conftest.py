"""A ledger for every test of received files."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reconciler.ports.files.ledger import FileLedger
from tests.ports.files.receiving import ledger_in


@pytest.fixture(scope="session")
def empty_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with its tables in place, to copy: making them takes longer than most tests."""
    folder = tmp_path_factory.mktemp("state")

    async def make() -> None:
        async with ledger_in(folder):
            pass

    asyncio.run(make())
    return folder / "state.db"


@pytest_asyncio.fixture
async def ledger(empty_state: Path, tmp_path: Path) -> AsyncIterator[FileLedger]:
    shutil.copy(empty_state, tmp_path)
    async with ledger_in(tmp_path) as opened:
        yield opened
