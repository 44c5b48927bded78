"""A state opened without creating, migrating or changing anything, for those who only look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.schema import REVISIONS
from reconciler.store.state.state import State
from reconciler.store.state.upgrade import revision_of


@asynccontextmanager
async def state_as_is(
    url: str, folder: Path, *, clock: Callable[[], datetime], time_zone: tzinfo = UTC
) -> AsyncIterator[State]:
    """The state, if it is there and no migration waits.

    Args:
        url: as of `State.open`.

    Raises:
        ConfigurationError: the URL is wrong or names a database that is not supported.
        StateError: it is not there, waits for a migration, or cannot be used.
    """
    backend = backend_for(url, folder)
    file = backend.address.file
    if file is not None and not file.is_file():
        raise StateError(phrase("there is no state {file}.", file=file), hint=phrase("The first run makes it."))
    database = Database(backend)
    try:
        async with database.read() as connection:
            revision = await connection.run_sync(revision_of, backend.address.shown)
        if revision != REVISIONS[-1]:
            raise StateError(
                phrase("the state {address} is of an earlier version.", address=backend.address.shown),
                hint=phrase("Make a backup; the next command that opens the state brings it up to date."),
            )
        yield State(database, clock, time_zone)
    finally:
        await database.close()
