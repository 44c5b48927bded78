"""Bringing the tables of a state up to date. Alembic is loaded only when there is something to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.database import Database
from reconciler.store.state.schema import REVISIONS, metadata

_VERSION_TABLE: Final = "alembic_version"
_MIGRATIONS: Final = Path(__file__).with_name("migrations")


async def upgrade(database: Database) -> None:
    """Create or migrate the tables, in one transaction; nothing happens when they are up to date.

    Raises:
        StateError: a newer version wrote them, or they belong to another program.
    """
    shown = database.backend.address.shown
    async with database.read() as connection:
        if await connection.run_sync(revision_of, shown) == REVISIONS[-1]:
            return
    async with database.write() as connection:
        # Another process may have done it while this one waited for the right to write.
        if await connection.run_sync(revision_of, shown) != REVISIONS[-1]:
            await connection.run_sync(_migrate)


def revision_of(connection: Connection, shown: str) -> str | None:
    """The migration the tables are at; None for an empty database.

    Args:
        shown: which state, for messages.

    Raises:
        StateError: a newer version wrote them, or they belong to another program.
    """
    tables = set(inspect(connection).get_table_names())
    if _VERSION_TABLE not in tables:
        ours = tables if connection.dialect.name == "sqlite" else tables & metadata.tables.keys()
        if ours:
            raise StateError(
                phrase("the state {shown} holds tables of another program.", shown=shown),
                hint=phrase("Name another one under [project] state."),
            )
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()
    if revision is not None and revision not in REVISIONS:
        raise StateError(
            phrase("the state {shown} was written by a newer version of the reconciler.", shown=shown),
            hint=phrase("Install that version or later."),
        )
    return revision


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")
