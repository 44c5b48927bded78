"""Every test of the state runs on SQLite, and on a private PostgreSQL server where one can be started.

Migrating costs ten times what opening does, so an empty state is made once on each database and copied for each test.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from reconciler.store.state.state import State
from tests.store.postgresql_cluster import programs, running_cluster
from tests.store.state_cases import Clock

_TEMPLATE = "empty_state"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[URL]:
    """The first database of a private server, where another one holds an empty state."""
    if programs() is None or importlib.util.find_spec("asyncpg") is None:
        pytest.skip("PostgreSQL or its driver is not installed")
    with running_cluster() as text_url:
        url = make_url(text_url)
        _apart(_administer(url, f"CREATE DATABASE {_TEMPLATE}"))
        _apart(_make_empty(_at(url, _TEMPLATE), Path("/nowhere")))
        yield url


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty state."""
    folder = tmp_path_factory.mktemp("empty")
    _apart(_make_empty("sqlite:///state.db", folder))
    return folder / "state.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def state_url(request: pytest.FixtureRequest, empty_file: Path, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty state; a file is in the test's own folder."""
    if request.param == "sqlite":
        shutil.copy(empty_file, tmp_path)
        yield "sqlite:///state.db"
        return
    server: URL = request.getfixturevalue("postgresql_url")
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    async with database_of(server, name, f"TEMPLATE {_TEMPLATE}") as url:
        yield url


@asynccontextmanager
async def database_of(server: URL, name: str, like: str = "") -> AsyncIterator[str]:
    """A database for the length of the block: an empty one, unless it is said which one it is a copy of."""
    await _administer(server, f"CREATE DATABASE {name} {like}")
    yield _at(server, name)
    await _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def state(state_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    """An open, empty state whose clock stands still."""
    async with State.open(state_url, tmp_path, clock=clock) as opened:
        yield opened


def _apart(work: Coroutine[None, None, None]) -> None:
    """Run it in a thread: a fixture may be set up while the loop of a test is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _at(server: URL, database: str) -> str:
    return server.set(database=database).render_as_string(hide_password=False)


async def _make_empty(url: str, folder: Path) -> None:
    async with State.open(url, folder):
        pass


async def _administer(server: URL, statement: str) -> None:
    engine = create_async_engine(server.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
