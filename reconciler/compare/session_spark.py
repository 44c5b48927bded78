"""Statements of a comparison in Spark.

A table is Parquet files, written when the statement runs: Spark would otherwise carry every statement before into each
one that follows, and plan for minutes what takes seconds. What a statement adds is one more folder of files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from reconciler.compare.session import ComparisonInterruptedError, SqlParameter, SqlValue
from reconciler.compare.spark_dialect import translated
from reconciler.compare.spark_failures import errors_of_spark, failure_of
from reconciler.compare.spark_objects import Frame, Session
from reconciler.compare.spark_rows import RowsCounted
from reconciler.errors import EngineFailedError
from reconciler.phrases.phrase import phrase

_CREATE: Final = re.compile(r"\s*CREATE TABLE (?P<missing>IF NOT EXISTS )?(?P<name>\w+) (?P<what>.*)", re.DOTALL)
_VIEW: Final = re.compile(r"\s*CREATE VIEW (?P<name>\w+) AS (?P<query>.*)", re.DOTALL)
_INSERT: Final = re.compile(r"\s*INSERT INTO (?P<name>\w+)\s+(?P<query>.*)", re.DOTALL)
_DELETE: Final = re.compile(r"\s*DELETE FROM (?P<name>\w+)\s+WHERE (?P<condition>.*)", re.DOTALL)


@dataclass(slots=True)
class _Table:
    """Columns with their types, the same as Spark wants it told, and folders of Parquet files."""

    columns: tuple[tuple[str, str], ...]
    schema: object
    folders: list[Path] = field(default_factory=list)


class SparkSession:
    """The tables of one comparison. Statements run in the calling thread, one at a time.

    Args:
        name: of the comparison, different from all others of this Spark.
        folder: where rows for Spark are laid down, read by every machine of a cluster; there, ours alone.
        on_cluster: whether other machines read and write, which may take another folder for this one.
    """

    def __init__(self, root: Session, name: str, folder: Path, *, on_cluster: bool = False) -> None:
        self.name = name
        self._folder = folder
        self._on_cluster = on_cluster
        self._session = root.newSession()
        self._tables: dict[str, _Table] = {}
        self._views: dict[str, str] = {}
        self._shared: list[str] = []
        self._folders = itertools.count(1)
        self._interrupted = False
        self._seconds_over: float | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether it was told to stop."""
        return self._interrupted

    def begin(self) -> None:
        """Say that what the calling thread asks of Spark from now on belongs to this comparison."""
        self._session.sparkContext.setJobGroup(self.name, "reconciler", True)

    def interrupt(self) -> None:
        """Stop what runs and refuse further statements, from another thread."""
        self._interrupted = True
        # Whoever interrupts has nobody to tell that Java is gone: the statement that runs fails by itself.
        with suppress(*errors_of_spark()):
            self._session.sparkContext.cancelJobGroup(self.name)

    def expire(self, seconds: float) -> None:
        """As `interrupt`, because the time that a comparison may take is over."""
        self._seconds_over = seconds
        self.interrupt()

    def add_files(self, name: str, paths: Sequence[Path]) -> None:
        """Make the rows of Parquet files the relation `name`."""
        with self._told():
            self._session.read.parquet(*map(_plain_path, paths)).createOrReplaceTempView(name)

    def execute(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> None:
        """Run a statement that makes, fills or thins out a table, or makes a view.

        Raises:
            ValueError: it is another statement.
        """
        given = parameters or {}
        with self._told():
            if found := _CREATE.fullmatch(sql):
                if found["missing"] is None or found["name"] not in self._tables:
                    self._create(found["name"], found["what"], given)
            elif found := _VIEW.fullmatch(sql):
                self._views[found["name"]] = found["query"]
                self._show_view(found["name"])
            elif found := _INSERT.fullmatch(sql):
                query, used = translated(found["query"], given)
                self._append(found["name"], query, used)
            elif found := _DELETE.fullmatch(sql):
                kept = f"SELECT * FROM {found['name']} WHERE NOT coalesce({found['condition']}, FALSE)"
                self._replace(found["name"], self._query(kept, given))
            else:
                raise ValueError("a statement that comparisons do not use")

    def rows(self, sql: str, parameters: Mapping[str, SqlParameter] | None = None) -> list[tuple[SqlValue, ...]]:
        """Every row a query gives. Parameters it does not name are ignored."""
        with self._told():
            return [tuple(row) for row in self._query(sql, parameters or {}).collect()]

    def load(self, table: str, columns: Sequence[Sequence[str | int]]) -> None:
        """Add rows to a table: their values by column, in the table's order."""
        kinds = [_POLARS_TYPES[kind] for _, kind in self._tables[table].columns]
        folder = self._folder / f"{next(self._folders)}"
        folder.mkdir()
        series = [
            pl.Series(f"c{index}", column, kind)
            for index, (column, kind) in enumerate(zip(columns, kinds, strict=True))
        ]
        pl.DataFrame(series).write_parquet(folder / "rows.parquet")
        with self._told():
            loaded = self._session.read.parquet(str(folder))
            loaded.createOrReplaceTempView("loaded")
            self._append(table, "SELECT * FROM loaded", {})

    def share(self, table: str) -> str:
        """The name by which other comparisons of this Spark read a table, until `close`."""
        name = f"{self.name}_{table}"
        with self._told():
            self._session.sql(f"SELECT * FROM {table}").createOrReplaceGlobalTempView(name)
        self._shared.append(name)
        return f"global_temp.{name}"

    def files(self, table: str) -> list[Path]:
        """The Parquet files of a table that rows were added to."""
        return [file for folder in self._tables[table].folders for file in sorted(folder.glob("*.parquet"))]

    def close(self) -> None:
        """Let Spark forget what was shared. The files stay. Safe to call twice."""
        with self._told(closing=True):
            while self._shared:
                self._session.catalog.dropGlobalTempView(self._shared.pop())

    def _create(self, name: str, what: str, parameters: Mapping[str, SqlParameter]) -> None:
        if what.startswith("AS"):
            self._replace(name, self._query(what.removeprefix("AS"), parameters))
            return
        columns = [column.split() for column in what.strip().strip("()").split(",")]
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns)
        frame = self._query(f"SELECT {empty} WHERE FALSE", parameters)
        self._tables[name] = _Table(tuple(frame.dtypes), frame.schema)
        self._show(name, frame)

    def _append(self, name: str, query: str, used: Mapping[str, SqlParameter]) -> None:
        """Columns go by their order, and take the names and types that the table has."""
        table = self._tables[name]
        given = ", ".join(f"c{index}" for index in range(len(table.columns)))
        cast = ", ".join(f"CAST(c{index} AS {kind}) AS {column}" for index, (column, kind) in enumerate(table.columns))
        added = self._session.sql(f"SELECT {cast} FROM ({query}) AS added ({given})", args=used)
        table.folders.append(self._written(added))
        self._show(name, self._read(table))

    def _replace(self, name: str, frame: Frame) -> None:
        table = _Table(tuple(frame.dtypes), frame.schema, [self._written(frame)])
        self._tables[name] = table
        self._show(name, self._read(table))

    def _written(self, frame: Frame) -> Path:
        folder = self._folder / f"{next(self._folders)}"
        if not self._on_cluster:
            frame.write.parquet(str(folder), compression="zstd")
            return folder
        counted = RowsCounted()
        counted.of(frame).write.parquet(str(folder), compression="zstd")
        counted.refuse_other_than(folder)
        return folder

    def _read(self, table: _Table) -> Frame:
        return self._session.read.schema(table.schema).parquet(*map(_plain_path, table.folders))

    def _query(self, sql: str, parameters: Mapping[str, SqlParameter]) -> Frame:
        text, used = translated(sql, parameters)
        return self._session.sql(text, args=used)

    def _show(self, name: str, frame: Frame) -> None:
        frame.createOrReplaceTempView(name)
        for view in self._views:
            self._show_view(view)

    def _show_view(self, name: str) -> None:
        self._query(self._views[name], {}).createOrReplaceTempView(name)

    @contextmanager
    def _told(self, *, closing: bool = False) -> Iterator[None]:
        if self._interrupted and not closing:
            raise self._stopped()
        try:
            yield
        except errors_of_spark() as error:
            if closing:
                return
            if self._interrupted:
                raise self._stopped() from error
            raise failure_of(error, on_cluster=self._on_cluster) from error

    def _stopped(self) -> Exception:
        if self._seconds_over is None:
            return ComparisonInterruptedError()
        return EngineFailedError(
            phrase(
                "A comparison on Spark took longer than {seconds} s and was stopped.", seconds=f"{self._seconds_over:g}"
            ),
            hint=phrase("Give it more machines, or more time: timeout_minutes under [compare.spark]."),
        )


_POLARS_TYPES: Final[Mapping[str, pl.DataType]] = {"string": pl.String(), "int": pl.Int32()}


def _plain_path(path: Path) -> str:
    """The path as Spark reads it, which takes some characters for patterns."""
    return re.sub(r"([\\{}\[\]*?^])", r"\\\1", str(path))
