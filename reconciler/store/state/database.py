"""The open database: transactions that read, transactions that write, and connections for one large load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.address import Address
from reconciler.store.state.backend import WRITES, Backend
from reconciler.store.state.connecting import connected
from reconciler.store.state.runlock import Purpose, RunLock

_SHOWN: Final = {
    Purpose.RUN: "the run",
    Purpose.APPLY: "whoever applies corrections",
    Purpose.PILOT: "the run of the pilot",
    Purpose.SCENARIOS: "whoever plays test scenarios",
}


def backend_for(url: str, folder: Path) -> Backend:
    """The backend of a `state` URL.

    Raises:
        ConfigurationError: the URL is wrong or names a database that is not supported.
    """
    address = Address.parse(url, folder)
    if address.file is not None:
        from reconciler.store.state.sqlite import SqliteBackend

        return SqliteBackend(address)
    from reconciler.store.state.postgresql import PostgresqlBackend

    return PostgresqlBackend(address)


class Database:
    """Connections to one state. Every method raises `StateError` when the database cannot be used."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._engine = backend.engine(bulk=False)
        self._bulk_engine = backend.engine(bulk=True)
        self.run_lock = backend.lock(Purpose.RUN)
        self.webhook_lock = backend.lock(Purpose.WEBHOOKS)
        self.apply_lock = backend.lock(Purpose.APPLY)
        self.pilot_lock = backend.lock(Purpose.PILOT)
        self.scenario_lock = backend.lock(Purpose.SCENARIOS)
        # Webhooks are not among them: the service writes more than what it was told by those.
        self._fences: dict[Purpose, RunLock] = {
            Purpose.RUN: self.run_lock,
            Purpose.APPLY: self.apply_lock,
            Purpose.PILOT: self.pilot_lock,
            Purpose.SCENARIOS: self.scenario_lock,
        }
        # Writers of this process queue here, in order and for as long as it takes; the database's own wait ends after
        # some seconds, which a long merge would exceed.
        self._writing = asyncio.Lock()

    async def close(self) -> None:
        """End a run that is still going on, and close every connection."""
        await self.run_lock.release()
        await self.webhook_lock.release()
        await self.apply_lock.release()
        await self.pilot_lock.release()
        await self.scenario_lock.release()
        await self._engine.dispose()
        await self._bulk_engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one unchanging state."""
        async with connected(self._engine, self.backend) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; when the block ends without an exception it is durable, else nothing happened."""
        async with self._writing, connected(self._engine, self.backend) as connection, self._begin_writing(connection):
            yield connection

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[AsyncConnection]:
        """A connection of its own, without a transaction; its temporary tables end with it."""
        async with connected(self._bulk_engine, self.backend) as connection:
            yield connection

    @asynccontextmanager
    async def write_on(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """As `write`, on a connection of `bulk`."""
        async with self._writing, self._begin_writing(connection):
            yield

    @asynccontextmanager
    async def _begin_writing(self, connection: AsyncConnection) -> AsyncIterator[None]:
        await connection.execution_options(**{WRITES: True})
        async with connection.begin():
            await self._refuse_without_locks(connection)
            yield
        await connection.execution_options(**{WRITES: False})

    async def _refuse_without_locks(self, connection: AsyncConnection) -> None:
        """What a run, the pilot or an application of corrections writes rests on being the only one.

        Raises:
            StateError: a lock that was taken here is not held any more: somebody else may have it, and go on.
        """
        for purpose, lock in self._fences.items():
            if lock.taken and not await lock.is_ours(connection):
                raise StateError(
                    phrase(
                        "the lock of {shown} was lost: its connection to {address} ended.",
                        shown=_SHOWN[purpose],
                        address=self.backend.address.shown,
                    ),
                    hint=phrase(
                        "Nothing was written since. Another machine may have gone on; start again when it is through."
                    ),
                )
