"""Taking a connection and giving it back, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from reconciler.store.state.backend import Backend
from reconciler.store.state.faults import state_errors, unreachable


@asynccontextmanager
async def connected(engine: AsyncEngine, backend: Backend) -> AsyncIterator[AsyncConnection]:
    """A connection for the length of a block; errors of the database, in the block too, become `StateError`."""
    with state_errors(backend.address.shown, backend.driver_errors):
        try:
            connection = await _connect(engine)
        except OSError as error:
            raise unreachable(backend.address.shown, error) from error
        try:
            yield connection
        finally:
            # A cancelled caller must not leave an open transaction behind.
            await _close(connection)


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    """Drivers lose a connection whose opening is cancelled, so it is opened all the same and closed then."""
    opening = asyncio.ensure_future(engine.connect().start())
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await _close(await opening)
        raise


async def _close(connection: AsyncConnection) -> None:
    closing = asyncio.ensure_future(connection.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await closing
        raise
