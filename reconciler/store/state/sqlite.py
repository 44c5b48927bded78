"""SQLite through aiosqlite: one file, private to its owner, in write-ahead mode so that readers never wait."""

from __future__ import annotations

import os
import sqlite3
import time
from array import array
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any, Final, cast

import aiosqlite
import orjson
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, event, func, select
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.schema import CreateTable

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.address import Address
from reconciler.store.state.backend import NUMBERS_AT_ONCE, WRITES, StagedRow, staged
from reconciler.store.state.faults import state_errors
from reconciler.store.state.runlock import FileRunLock, Purpose

_BUSY_S: Final = 30.0
_PAUSE_S: Final = 0.02
# FULL: a finished run and a rotated token survive a loss of power. The size of pages is taken by an empty file only.
_SETTINGS: Final = """
    PRAGMA page_size = 8192;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16384;
    PRAGMA secure_delete = FAST;
    PRAGMA journal_size_limit = 67108864;
"""
_BULK_SETTINGS: Final = """
    PRAGMA cache_size = -65536;
    PRAGMA temp.cache_size = -16384;
"""
_STAGE: Final = (
    f"INSERT INTO {staged.name} ({', '.join(staged.columns.keys())}) "
    f"VALUES ({', '.join('?' * len(staged.columns))}) ON CONFLICT DO NOTHING"
)


def _itself(nothing: None) -> None:
    return nothing


# sqlite3 asks for an adapter with every None it binds, and finding none costs more than the binding: a third of a run's
# writing, where one side of each finding is empty.
sqlite3.register_adapter(type(None), _itself)


class SqliteBackend:
    """The state in one file."""

    driver_errors: tuple[type[BaseException], ...] = (sqlite3.Error,)

    def __init__(self, address: Address) -> None:
        if address.file is None:
            raise ValueError("not the address of a file")
        self.address = address
        self._file = address.file

    def prepare(self) -> None:
        """Create the file, or take the rights of others away from it: it holds tokens and customer data.

        An existing file is never opened here: closing it would silently give up the locks that SQLite holds on it for
        other connections of this process.

        Raises:
            StateError: the file cannot be made or written.
        """
        try:
            if not self._file.exists():
                self._create()
            status = self._file.stat()
            if status.st_mode & 0o077 and status.st_uid == os.geteuid():
                self._file.chmod(0o600)
        except OSError as error:
            raise self._not_writable(error.strerror or type(error).__name__) from error
        if not self._file.is_file() or not os.access(self._file, os.R_OK | os.W_OK):
            raise self._not_writable("this user may not write it, or it is not a file")
        if status.st_size == 0:
            with state_errors(self.address.shown, self.driver_errors):
                _make_write_ahead(self._file)

    def _create(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _not_writable(self, reason: str) -> StateError:
        return StateError(
            phrase("the state {file} cannot be written: {reason}.", file=self._file, reason=reason),
            hint=phrase(
                "Give this user the right to write the file and its folder, or name another one under [project]."
            ),
        )

    def engine(self, *, bulk: bool) -> AsyncEngine:
        """An engine; connections of a bulk engine have more memory and take their temporary table with them."""
        options: dict[str, Any] = {"poolclass": NullPool} if bulk else {"pool_size": 4, "max_overflow": 4}
        engine = create_async_engine(
            self.address.url,
            # Errors of the database must not carry customer data or tokens.
            hide_parameters=True,
            connect_args={"isolation_level": None, "timeout": _BUSY_S},
            **options,
        )
        settings = _SETTINGS + _BULK_SETTINGS if bulk else _SETTINGS

        def on_connect(connection: AdaptedConnection, _entry: ConnectionPoolEntry) -> None:
            connection.run_async(lambda driver: driver.executescript(settings))

        event.listen(engine.sync_engine, "connect", on_connect)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine

    def lock(self, purpose: Purpose) -> FileRunLock:
        """A lock on a file beside the state."""
        suffix = "lock" if purpose is Purpose.RUN else f"{purpose.value}.lock"
        return FileRunLock(self._file.with_name(f"{self._file.name}.{suffix}"))

    async def begin_staging(self, connection: AsyncConnection) -> None:
        """Create the empty table `staged`."""
        await connection.execute(CreateTable(staged))

    async def stage(self, connection: AsyncConnection, rows: Iterable[StagedRow]) -> None:
        """Add rows to `staged`, produced in the thread of the connection; the first row of an id stays."""
        await _execute_many(connection, _STAGE, rows)

    async def end_staging(self, connection: AsyncConnection) -> None:
        """Nothing to do: the primary key kept the ids unique."""

    async def append(
        self, connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Add many rows, produced in the thread of the connection."""
        places = ", ".join("?" * len(columns))
        await _execute_many(connection, f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})", rows)

    async def note_growth(self, connection: AsyncConnection) -> None:
        """Nothing to do: SQLite plans these statements by their indexes alone."""

    async def drop_deleted(self, connection: AsyncConnection, tables: Collection[Table]) -> bool:
        """Rewrite the file, and empty the write-ahead log, which holds the pages as they were."""
        raw = await connection.get_raw_connection()
        driver = cast("aiosqlite.Connection", raw.driver_connection)
        await driver.execute("VACUUM")
        async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
            row = await cursor.fetchone()
        return row is not None and row[0] == 0

    async def rows(
        self, connection: AsyncConnection, query: Select[Any], at_once: int
    ) -> AsyncGenerator[list[tuple[Any, ...]], None]:
        """Past SQLAlchemy, whose rows make a million numbers three times as slow. Values are bound, as ever."""
        compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        bound = compiled.params
        values = [bound[name] for name in getattr(compiled, "positiontup", None) or ()]
        raw = await connection.get_raw_connection()
        driver = cast("aiosqlite.Connection", raw.driver_connection)
        async with driver.execute(compiled.string, values) as cursor:
            while rows := await cursor.fetchmany(at_once):
                yield cast("list[tuple[Any, ...]]", rows)

    async def numbers(self, connection: AsyncConnection, query: Select[tuple[int]]) -> AsyncGenerator[array[int], None]:
        """As `rows`."""
        async with aclosing(self.rows(connection, query, NUMBERS_AT_ONCE)) as parts:
            async for part in parts:
                yield array("q", [number for (number,) in part])

    def insert(self, table: Table) -> Insert:
        """An INSERT that understands ON CONFLICT."""
        return insert(table)

    def matches(self, column: Column[str], pattern: str) -> ColumnElement[bool]:
        """GLOB, with its other special characters taken literally."""
        literal = pattern.replace("[", "[[]").replace("?", "[?]")
        return column.op("GLOB", is_comparison=True)(literal)

    def contains(self, column: Column[Any], text: str) -> ColumnElement[bool]:
        """LIKE, which folds ASCII by itself here."""
        return column.contains(text, autoescape=True)

    def among(self, column: Column[Any], values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
        """The values travel as one JSON text: SQLite limits how many parameters a statement has."""
        return column.in_(select(func.json_each(orjson.dumps(list(values)).decode()).table_valued("value").c.value))


async def _execute_many(connection: AsyncConnection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    raw = await connection.get_raw_connection()
    driver = cast("aiosqlite.Connection", raw.driver_connection)
    async with driver.executemany(statement, rows):
        pass


def _make_write_ahead(file: Path) -> None:
    """Set what only an empty file takes. SQLite does not wait for others who do the same, so this tries again."""
    deadline = time.monotonic() + _BUSY_S
    while True:
        with closing(sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)) as connection:
            try:
                connection.executescript(_SETTINGS)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            else:
                return
        time.sleep(_PAUSE_S)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
