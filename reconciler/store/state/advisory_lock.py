"""A lock that a PostgreSQL server holds for one connection: it ends with the process, the machine, or the network.

Its holder must notice that it lost it before anybody else can have it. The connection is looked at every few seconds,
and the server gives it up only much later: see `KEEP_ALIVE` and `_LOOKS_EVERY_S`. What is written while the lock is
held asks the server once more, within its own transaction (`is_ours`).
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, Protocol, cast

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from reconciler.store.state.backend import Backend
from reconciler.store.state.connecting import connected
from reconciler.store.state.runlock import Holder

LOCK_CLASS: Final = 0x5EC0
"""First number of every advisory lock of ours."""

KEEP_ALIVE: Final = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 4"
"""After a minute the server lets go of a machine that is not there any more, and of its locks and transactions."""

_LOOKS_EVERY_S: Final = 5.0
_ANSWERS_WITHIN_S: Final = 10.0
_CLOSES_WITHIN_S: Final = 5.0
_LONGEST_NAME_BYTES: Final = 63

_OURS: Final = (
    "FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND granted AND objsubid = 2"
    f" AND classid = {LOCK_CLASS}"
)
_TAKE: Final = text(f"SELECT pg_try_advisory_lock({LOCK_CLASS}, :number)")
_HELD: Final = text(f"SELECT 1 {_OURS} AND objid = :number")
_HELD_BY: Final = text(f"SELECT 1 {_OURS} AND objid = :number AND pid = :pid")
_HOLDER: Final = text(
    "SELECT application_name, extract(epoch FROM now() - backend_start) FROM pg_stat_activity"
    f" WHERE pid IN (SELECT pid {_OURS} AND objid = :number)"
)
_STILL_HELD: Final = f"SELECT 1 {_OURS} AND objid = $1 AND pid = pg_backend_pid()"
_NAME: Final = re.compile(r"reconciler (\d+)@(.+)")

_log = structlog.get_logger("reconciler.state")


class _Driver(Protocol):
    """The part of `asyncpg.Connection` that is used past SQLAlchemy."""

    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...

    def remove_termination_listener(self, callback: Callable[..., None]) -> None: ...

    def get_server_pid(self) -> int: ...

    async def fetchval(self, query: str, *args: object, timeout: float) -> Any: ...

    async def close(self, *, timeout: float) -> None: ...

    def terminate(self) -> None: ...


def name_of_this_process() -> str:
    """What the server shows of a connection that holds a lock, from which others read whose it is."""
    return f"reconciler {os.getpid()}@{socket.gethostname()}".encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")


class AdvisoryRunLock:
    """One lock. Session-scoped: through a pooler it holds only where sessions are pooled, and not transactions.

    Args:
        engine: opens a connection of its own, which bears `name_of_this_process`.
        number: of the lock.
    """

    def __init__(self, engine: AsyncEngine, backend: Backend, number: int) -> None:
        self._engine = engine
        self._backend = backend
        self._number = {"number": number}
        self._holding: AsyncExitStack | None = None
        self._driver: _Driver | None = None
        self._looking: asyncio.Task[None] | None = None
        self._pid = 0
        self._lost = False
        self._failures: tuple[type[BaseException], ...] = (OSError, TimeoutError, *backend.driver_errors)

    @property
    def taken(self) -> bool:
        """Whether this object took it and did not give it back."""
        return self._holding is not None

    @property
    def lost(self) -> bool:
        """Whether the connection that held it is known to be gone."""
        return self._lost

    async def acquire(self) -> bool:
        """Take the lock; False when anybody holds it, this process included."""
        if self._holding is not None and not self._lost:
            return False
        await self.release()
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(connected(self._engine, self._backend))
            await _without_transactions(connection)
            if (await connection.execute(_TAKE, self._number)).scalar():
                await self._hold(connection)
                self._holding = stack.pop_all()
        return self._holding is not None

    async def _hold(self, connection: AsyncConnection) -> None:
        raw = await connection.get_raw_connection()
        driver = cast("_Driver", raw.driver_connection)
        self._driver, self._pid, self._lost = driver, driver.get_server_pid(), False
        driver.add_termination_listener(self._note_loss)
        self._looking = asyncio.create_task(self._look(driver), name="lock of the state")

    async def _look(self, driver: _Driver) -> None:
        """See every few seconds that it is still held, which also keeps the network from forgetting the connection."""
        while not self._lost:
            await asyncio.sleep(_LOOKS_EVERY_S)
            try:
                held = await driver.fetchval(_STILL_HELD, self._number["number"], timeout=_ANSWERS_WITHIN_S)
            except self._failures:
                held = None
            if not held:
                self._note_loss()
                # Nothing that waits for an answer of this connection may keep us.
                driver.terminate()

    def _note_loss(self, *_driver: object) -> None:
        if not self._lost:
            self._lost = True
            _log.error("lock_lost", lock=self._number["number"])

    async def is_held(self) -> bool:
        """Whether anybody holds it, this process included."""
        if self._holding is not None and not self._lost:
            return True
        async with connected(self._engine, self._backend) as connection:
            await _without_transactions(connection)
            return (await connection.execute(_HELD, self._number)).first() is not None

    async def holder(self) -> Holder | None:
        """Who holds it, and for how long by the clock of the server."""
        async with connected(self._engine, self._backend) as connection:
            await _without_transactions(connection)
            row = (await connection.execute(_HOLDER, self._number)).first()
        # Another user of the server is not shown what we may not see.
        named = None if row is None else _NAME.fullmatch(row[0] or "")
        return None if row is None or named is None else Holder(int(named[1]), named[2], float(row[1]))

    async def is_ours(self, connection: AsyncConnection) -> bool:
        """Whether the connection that took it still holds it."""
        if self._holding is None or self._lost:
            return False
        return (await connection.execute(_HELD_BY, {**self._number, "pid": self._pid})).first() is not None

    async def release(self) -> None:
        """Give it back. Harmless when it is not held."""
        if self._holding is None:
            return
        holding, self._holding = self._holding, None
        looking, driver, self._looking, self._driver = self._looking, self._driver, None, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait([looking])
        if driver is not None:
            driver.remove_termination_listener(self._note_loss)
            # The server answers once the lock is free; one that is not there any more keeps nobody waiting.
            with suppress(*self._failures):
                await driver.close(timeout=_CLOSES_WITHIN_S)
        await holding.aclose()
        self._lost = False


async def _without_transactions(connection: AsyncConnection) -> None:
    """One that stays open for a whole run would keep the server from tidying up."""
    await connection.execution_options(isolation_level="AUTOCOMMIT")
