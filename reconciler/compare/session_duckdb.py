"""A DuckDB connection with a schema of its own, and DuckDB's errors as ours."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import duckdb

from reconciler.compare.session import ComparisonInterruptedError, SqlParameter, SqlValue
from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase

_NO_ROOM: Final = os.strerror(errno.ENOSPC).lower()


class DuckDBSession:
    """Runs statements whose unqualified tables are those of one schema.

    The connection is closed with the session; the schema stays until somebody drops it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        self._connection = connection
        self._interrupted = False
        self.schema = schema
        with _translated():
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET schema = '{schema}'")

    def execute(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> None:
        """Run a statement. Parameters it does not name are ignored."""
        with _translated():
            self._start(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> list[tuple[SqlValue, ...]]:
        """Every row a query gives. Parameters it does not name are ignored."""
        with _translated():
            return self._start(sql, parameters).fetchall()

    def load(self, table: str, columns: Sequence[Sequence[str | int]]) -> None:
        """Add rows to a table: their values by column, in the table's order."""
        parameters: dict[str, SqlParameter] = {f"column_{index}": [*column] for index, column in enumerate(columns)}
        self.execute(f"INSERT INTO {table} SELECT {', '.join(f'unnest(${name})' for name in parameters)}", parameters)

    def batches(
        self, sql: str, parameters: Mapping[str, SqlParameter], size: int
    ) -> Iterator[list[tuple[SqlValue, ...]]]:
        """The rows a query gives, at most `size` at a time. Nothing else may run in this session meanwhile."""
        with _translated():
            result = self._start(sql, parameters)
            while rows := result.fetchmany(size):
                yield rows

    def interrupt(self) -> None:
        """Stop the running statement and refuse further ones, from another thread."""
        self._interrupted = True
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._connection.close()

    def _start(self, sql: str, parameters: Mapping[str, SqlParameter] | None) -> duckdb.DuckDBPyConnection:
        # An interruption between two statements has nothing to stop, and would be lost.
        if self._interrupted:
            raise ComparisonInterruptedError
        [statement] = self._connection.extract_statements(sql)
        values = {name: parameters[name] for name in statement.named_parameters} if parameters else {}
        return self._connection.execute(statement, values)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise ComparisonInterruptedError from error
    except duckdb.OutOfMemoryException as error:
        raise StateError(
            phrase("The comparison ran out of memory or of room for its temporary files."),
            hint=phrase("Allow it more memory, or free disk space where temporary files are kept."),
            detail=type(error).__name__,
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        if _NO_ROOM in str(error).lower():
            raise StateError(
                phrase("The comparison found no room for its temporary files: the disk of the data folder is full."),
                hint=phrase("Make room and run again; nothing that was finished is lost."),
                detail=type(error).__name__,
            ) from error
        raise StateError(
            phrase("A snapshot cannot be compared: a file is missing, damaged, or was staged differently."),
            hint=phrase("Run again with --full to read both systems from the beginning."),
            # The engine's own message may quote values of the snapshot.
            detail=type(error).__name__,
        ) from error
