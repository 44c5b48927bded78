"""PostgreSQL through asyncpg: one state for several machines. Needs the extra `postgres`."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from reconciler.errors import ConfigurationError
from reconciler.store.state import schema
from reconciler.store.state.address import Address
from reconciler.store.state.backend import NUMBERS_AT_ONCE, WRITES, StagedRow, staged
from reconciler.store.state.connecting import connected
from reconciler.store.state.runlock import Purpose

_CONNECT_S: Final = 10.0
_LOCK_WAIT: Final = "30s"
_LOCK_CLASS: Final = 0x5EC0
_WRITE_LOCK: Final = 1
_LOCK_NUMBERS: Final = {Purpose.RUN: 2, Purpose.WEBHOOKS: 3, Purpose.APPLY: 4}
_NUL_SHOWN: Final = "\u2400"
"""PostgreSQL cannot hold the character NUL in a text."""

_TAKE: Final = text(f"SELECT pg_try_advisory_lock({_LOCK_CLASS}, :number)")
_HOLDER: Final = text(
    "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND granted"
    f" AND classid = {_LOCK_CLASS} AND objid = :number AND objsubid = 2"
)


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
                "project.state names PostgreSQL, and its driver is not installed.",
                hint="Install it with: pip install 'reconciler[postgres]'.",
            ) from None
        self.address = address
        self.driver_errors: tuple[type[BaseException], ...] = (asyncpg.PostgresError, asyncpg.InterfaceError)
        self._not_representable: type[BaseException] = asyncpg.CharacterNotInRepertoireError

    def prepare(self) -> None:
        """Nothing to do: the database must be there."""

    def engine(self, *, bulk: bool) -> AsyncEngine:
        """An engine. Transactions that write wait for each other, as on SQLite; those that read see one state."""
        options: dict[str, Any] = {"poolclass": NullPool} if bulk else {"pool_size": 4, "max_overflow": 4}
        engine = create_async_engine(
            self.address.url,
            # Errors of the database must not carry customer data or tokens.
            hide_parameters=True,
            connect_args={"timeout": _CONNECT_S, "server_settings": {"application_name": "reconciler"}},
            **options,
        )

        def on_begin(connection: Connection) -> None:
            if connection.get_execution_options().get(WRITES, False):
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
                connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_CLASS}, {_WRITE_LOCK})")
            elif not bulk:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        event.listen(engine.sync_engine, "begin", on_begin)
        return engine

    def lock(self, purpose: Purpose) -> AdvisoryRunLock:
        """A lock that the server holds for one connection."""
        return AdvisoryRunLock(self, _LOCK_NUMBERS[purpose])

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

    async def numbers(self, connection: AsyncConnection, query: Select[tuple[int]]) -> AsyncGenerator[array[int], None]:
        """Through a cursor of the server."""
        options = {"yield_per": NUMBERS_AT_ONCE}
        async with connection.stream(query, execution_options=options) as rows:
            async for part in rows.partitions():
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


class AdvisoryRunLock:
    """A lock of the database, held by a connection of its own: it ends when the process does, or the network."""

    def __init__(self, backend: PostgresqlBackend, number: int) -> None:
        self._backend = backend
        self._number = {"number": number}
        self._engine = backend.engine(bulk=True)
        self._holding: AsyncExitStack | None = None

    async def acquire(self) -> bool:
        """Take the lock; False when anybody holds it, this process included."""
        if self._holding is not None:
            return False
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self._connection())
            if (await connection.execute(_TAKE, self._number)).scalar():
                self._holding = stack.pop_all()
        return self._holding is not None

    async def is_held(self) -> bool:
        """Whether anybody holds it, this process included."""
        if self._holding is not None:
            return True
        async with self._connection() as connection:
            return (await connection.execute(_HOLDER, self._number)).first() is not None

    async def release(self) -> None:
        """Give it back. Harmless when it is not held."""
        if self._holding is not None:
            holding, self._holding = self._holding, None
            await holding.aclose()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with connected(self._engine, self._backend) as connection:
            # Without a transaction: one that stays open for a whole run would keep the server from tidying up.
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")


def _without_nul(value: object) -> object:
    return value.replace("\0", _NUL_SHOWN) if isinstance(value, str) else value
