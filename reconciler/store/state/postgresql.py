"""PostgreSQL through asyncpg: one state for several machines. Needs the extra `postgres`."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import Any, Final, Protocol, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    any_,
    event,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.address import Address
from reconciler.store.state.advisory_lock import KEEP_ALIVE, LOCK_CLASS, AdvisoryRunLock, name_of_this_process
from reconciler.store.state.backend import NUMBERS_AT_ONCE, WRITES, StagedRow, staged
from reconciler.store.state.runlock import Purpose

_CONNECT_S: Final = 10.0
_LOCK_WAIT: Final = "30s"
_WRITE_LOCK: Final = 1
_LOCK_NUMBERS: Final = {
    Purpose.RUN: 2,
    Purpose.WEBHOOKS: 3,
    Purpose.APPLY: 4,
    Purpose.PILOT: 5,
    Purpose.SCENARIOS: 6,
}
_NUL_SHOWN: Final = "\u2400"
"""PostgreSQL cannot hold the character NUL in a text."""


class _Driver(Protocol):
    """The part of `asyncpg.Connection` that is used past SQLAlchemy."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[object]], columns: Sequence[str]
    ) -> str: ...


class PostgresqlBackend:
    """The state in a database of a server."""

    def __init__(self, address: Address) -> None:
        try:
            asyncpg = import_module("asyncpg")
        except ModuleNotFoundError:
            raise ConfigurationError(
                phrase("project.state names PostgreSQL, and its driver is not installed."),
                hint=phrase("Install it with: pip install 'reconciler[postgres]'."),
            ) from None
        self.address = address
        self.driver_errors: tuple[type[BaseException], ...] = (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            # What it says where the end of a connection crosses a statement.
            asyncpg.InternalClientError,
        )
        self._not_representable: type[BaseException] = asyncpg.CharacterNotInRepertoireError

    def prepare(self) -> None:
        """Nothing to do: the database must be there."""

    def engine(self, *, bulk: bool) -> AsyncEngine:
        """An engine. Transactions that write wait for each other, as on SQLite; those that read see one state."""
        engine = self._engine("reconciler", bulk=bulk)

        def on_begin(connection: Connection) -> None:
            if connection.get_execution_options().get(WRITES, False):
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_CLASS}, {_WRITE_LOCK})")
            elif not bulk:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        event.listen(engine.sync_engine, "begin", on_begin)
        return engine

    def _engine(self, name: str, *, bulk: bool) -> AsyncEngine:
        options: dict[str, Any] = {"poolclass": NullPool} if bulk else {"pool_size": 4, "max_overflow": 4}
        engine = create_async_engine(
            self.address.url,
            # Errors of the database must not carry customer data or tokens.
            hide_parameters=True,
            connect_args={"timeout": _CONNECT_S, "server_settings": {"application_name": name}},
            **options,
        )

        def on_connect(connection: AdaptedConnection, _entry: ConnectionPoolEntry) -> None:
            # Not as a setting of the connection's beginning, which poolers refuse.
            connection.run_async(lambda driver: driver.execute(KEEP_ALIVE))

        event.listen(engine.sync_engine, "connect", on_connect)
        return engine

    def lock(self, purpose: Purpose) -> AdvisoryRunLock:
        """A lock that the server holds for one connection."""
        return AdvisoryRunLock(self._engine(name_of_this_process(), bulk=True), self, _LOCK_NUMBERS[purpose])

    async def begin_staging(self, connection: AsyncConnection) -> None:
        """Create the empty table `staged`, without its key: a COPY cannot leave out rows whose id is there already."""
        names = staged.columns.keys()
        empty = (
            select(*(schema.findings.c[name] for name in names))
            .limit(0)
            .compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        )
        await connection.execute(text(f"CREATE TEMPORARY TABLE {staged.name} AS {empty}"))

    async def stage(self, connection: AsyncConnection, rows: Iterable[StagedRow]) -> None:
        """Add rows to `staged` with COPY."""
        await self.append(connection, staged, staged.columns.keys(), rows)

    async def end_staging(self, connection: AsyncConnection) -> None:
        """Make `id` unique in `staged`, and let the planner know how large it is."""
        unique = text(f"CREATE UNIQUE INDEX ON {staged.name} (id)")
        repeated = text(f"DELETE FROM {staged.name} l USING {staged.name} f WHERE l.id = f.id AND l.ctid > f.ctid")
        try:
            async with connection.begin_nested():
                await connection.execute(unique)
        except IntegrityError:
            await connection.execute(repeated)
            await connection.execute(unique)
        await connection.execute(text(f"ANALYZE {staged.name}"))

    async def append(
        self, connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Add many rows with COPY; NUL in a text becomes a symbol."""
        raw = await connection.get_raw_connection()
        driver = cast("_Driver", raw.driver_connection)
        records = list(rows)
        try:
            async with connection.begin_nested():
                await driver.copy_records_to_table(table.name, records=records, columns=columns)
        except self._not_representable:
            shown = [tuple(map(_without_nul, record)) for record in records]
            await driver.copy_records_to_table(table.name, records=shown, columns=columns)

    async def note_growth(self, connection: AsyncConnection) -> None:
        """Sample the table: with the numbers from before, closing would visit every finding one by one."""
        await connection.execute(text(f"ANALYZE {schema.findings.name}"))

    async def drop_deleted(self, connection: AsyncConnection, tables: Collection[Table]) -> bool:
        """Rewrite the tables. The server's own write-ahead log and its backups are its administrator's."""
        autonomous = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in tables:
            await autonomous.execute(text(f"VACUUM FULL {table.name}"))
        return True

    async def rows(
        self, connection: AsyncConnection, query: Select[Any], at_once: int
    ) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """Through a cursor of the server."""
        async with connection.stream(query, execution_options={"yield_per": at_once}) as rows:
            async for part in rows.partitions():
                yield part

    async def numbers(self, connection: AsyncConnection, query: Select[tuple[int]]) -> AsyncGenerator[array[int], None]:
        """As `rows`."""
        async with aclosing(self.rows(connection, query, NUMBERS_AT_ONCE)) as parts:
            async for part in parts:
                yield array("q", [cast("int", row[0]) for row in part])

    def insert(self, table: Table) -> Insert:
        """An INSERT that understands ON CONFLICT."""
        return insert(table)

    def matches(self, column: Column[str], pattern: str) -> ColumnElement[bool]:
        """LIKE, with its own special characters taken literally."""
        literally = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return column.like(literally.replace("*", "%"), escape="\\")

    def contains(self, column: Column[Any], text: str) -> ColumnElement[bool]:
        """ILIKE."""
        return column.icontains(text, autoescape=True)

    def among(self, column: Column[Any], values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
        """The values travel as one array."""
        return column == any_(literal(list(values), ARRAY(Text if column.type.python_type is str else BigInteger)))


def _without_nul(value: object) -> object:
    return value.replace("\0", _NUL_SHOWN) if isinstance(value, str) else value
