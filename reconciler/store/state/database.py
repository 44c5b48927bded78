"""The open database: transactions that read, transactions that write, and connections for one large load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.store.state.address import Address
from reconciler.store.state.backend import WRITES, Backend
from reconciler.store.state.connecting import connected
from reconciler.store.state.runlock import Purpose


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
        # Writers of this process queue here, in order and for as long as it takes; the database's own wait ends after
        # some seconds, which a long merge would exceed.
        self._writing = asyncio.Lock()

    async def close(self) -> None:
        """End a run that is still going on, and close every connection."""
        await self.run_lock.release()
        await self.webhook_lock.release()
        await self.apply_lock.release()
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
        async with self._writing, connected(self._engine, self.backend) as connection, _begin_writing(connection):
            yield connection

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[AsyncConnection]:
        """A connection of its own, without a transaction; its temporary tables end with it."""
        async with connected(self._bulk_engine, self.backend) as connection:
            yield connection

    @asynccontextmanager
    async def write_on(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """As `write`, on a connection of `bulk`."""
        async with self._writing, _begin_writing(connection):
            yield


@asynccontextmanager
async def _begin_writing(connection: AsyncConnection) -> AsyncIterator[None]:
    await connection.execution_options(**{WRITES: True})
    async with connection.begin():
        yield
    await connection.execution_options(**{WRITES: False})
