"""What the two databases do differently. Everything else is the same SQL."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import Column, ColumnElement, Integer, MetaData, Select, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from reconciler.store.state.address import Address
from reconciler.store.state.runlock import Purpose, RunLock
from reconciler.store.state.schema import ROW_NUMBER

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

    Upsert = SqliteInsert | PostgresqlInsert

WRITES: Final = "reconciler_writes"
"""Execution option of a connection whose transactions write: they take the write lock at once, not at the first write,
where it could no longer be waited for."""

NUMBERS_AT_ONCE: Final = 20_000
"""How many `Backend.numbers` gives in one part."""

StagedRow = tuple[
    int, int, str, str,
    str | None, str | None, int | None, int | None,
    str | None, str | None, int | None, int | None,
]  # fmt: skip
"""A finding on its way in, in the order of the columns of `staged`."""

staged: Final = Table(
    "staged_findings",
    MetaData(),
    Column("id", ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("group_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("crm_id", Text),
    Column("crm_value", Text),
    Column("crm_page", Integer),
    Column("crm_position", Integer),
    Column("erp_id", Text),
    Column("erp_value", Text),
    Column("erp_page", Integer),
    Column("erp_position", Integer),
    prefixes=["TEMPORARY"],
)
"""Findings wait here until all have arrived, seen by one connection only: filling it locks nobody out."""


class Backend(Protocol):
    """One kind of database.

    Attributes:
        address: where it is.
        driver_errors: what its driver raises when it is called past SQLAlchemy.
    """

    address: Address
    driver_errors: tuple[type[BaseException], ...]

    def prepare(self) -> None:
        """Make sure that a connection can be opened.

        Raises:
            StateError: it cannot.
        """

    def engine(self, *, bulk: bool) -> AsyncEngine:
        """An engine whose connections are kept (`bulk` False), or opened for one large load each (True)."""

    def lock(self, purpose: Purpose) -> RunLock:
        """The lock of what only one process does at a time."""

    async def begin_staging(self, connection: AsyncConnection) -> None:
        """Create the empty table `staged`."""

    async def stage(self, connection: AsyncConnection, rows: Iterable[StagedRow]) -> None:
        """Add rows to `staged`. The rows may be produced in another thread."""

    async def end_staging(self, connection: AsyncConnection) -> None:
        """Make `id` unique in `staged`: of rows with the same id one stays, the first where the order is known."""

    async def append(
        self, connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        """Add many rows of values as the driver takes them. The rows may be produced in another thread.

        What their production raises is raised here; errors of the driver are among `driver_errors`.
        """

    async def note_growth(self, connection: AsyncConnection) -> None:
        """Let the planner know that `findings` has changed a lot within this transaction."""

    async def drop_deleted(self, connection: AsyncConnection, tables: Collection[Table]) -> bool:
        """Rewrite what holds deleted and replaced rows, so that no file of the database keeps what they said.

        Args:
            connection: of a bulk engine, outside a transaction.

        Returns:
            False when others used the database all the time and a part could not be rewritten.
        """

    def rows(
        self, connection: AsyncConnection, query: Select[tuple[Any, ...]], at_once: int
    ) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        """What a query gives, in parts of so many rows, for hundreds of thousands of them.

        The query holds no types of ours (`Instant`): values come and go as the driver has them.
        """

    def numbers(self, connection: AsyncConnection, query: Select[tuple[int]]) -> AsyncGenerator[array[int], None]:
        """What a query of one column of whole numbers gives, in parts of some ten thousands."""

    def insert(self, table: Table) -> Upsert:
        """An INSERT that understands ON CONFLICT."""

    def matches(self, column: Column[str], pattern: str) -> ColumnElement[bool]:
        """Whether the text fits the pattern; `*` is any text, case counts, nothing else is special."""

    def contains(self, column: Column[Any], text: str) -> ColumnElement[bool]:
        """Whether the text is somewhere in the column; upper and lower case of ASCII letters are the same."""

    def among(self, column: Column[Any], values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
        """Whether the number or text is one of these, however many."""
