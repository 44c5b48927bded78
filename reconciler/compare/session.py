"""What a comparison needs of an SQL engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

SqlValue = str | int | float | bool | None
"""What a statement gives: every other type is cast to text in the statement."""

SqlParameter = SqlValue | list[str] | list[str | None]


class SqlSession(Protocol):
    """One place to run statements in; relations made by one statement are there for the next."""

    def execute(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> None:
        """Run a statement. Parameters it does not name are ignored."""

    def rows(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> list[tuple[SqlValue, ...]]:
        """Every row a query gives. Parameters it does not name are ignored."""
