"""Every test of the state runs on SQLite, and on a private PostgreSQL server where one can be started."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from reconciler.store.state.state import State
from tests.store.postgresql_cluster import programs, running_cluster
from tests.store.state_cases import Clock


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[URL]:
    """The first database of a private server."""
    if programs() is None or importlib.util.find_spec("asyncpg") is None:
        pytest.skip("PostgreSQL or its driver is not installed")
    with running_cluster() as url:
        yield make_url(url)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def state_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URL of an empty state."""
    if request.param == "sqlite":
        yield "sqlite:///state.db"
        return
    server: URL = request.getfixturevalue("postgresql_url")
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    await _administer(server, f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    await _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def state(state_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    """An open, empty state whose clock stands still."""
    async with State.open(state_url, tmp_path, clock=clock) as opened:
        yield opened


async def _administer(server: URL, statement: str) -> None:
    engine = create_async_engine(server.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
