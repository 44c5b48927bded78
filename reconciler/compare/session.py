"""What a comparison needs of an SQL engine.

Statements are written in DuckDB's SQL, within what other engines have too or `spark_dialect.py` can say in Spark's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

SqlValue = str | int | float | bool | None
"""What a statement gives: every other type is cast to text in the statement."""

SqlParameter = SqlValue | list[str] | list[str | int]


class ComparisonInterruptedError(Exception):
    """The comparison was stopped by `ComparisonEngine.interrupt`."""


class SqlSession(Protocol):
    """One place to run statements in; relations made by one statement are there for the next."""

    def execute(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> None:
        """Run a statement. Parameters it does not name are ignored."""

    def rows(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> list[tuple[SqlValue, ...]]:
        """Every row a query gives. Parameters it does not name are ignored."""

    def load(self, table: str, columns: Sequence[Sequence[str | int]]) -> None:
        """Add rows to a table that a statement has made: their values by column, in the table's order."""
