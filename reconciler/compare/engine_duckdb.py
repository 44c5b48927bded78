"""Comparison in DuckDB, in process: it reads the Parquet files directly and spills to disk when memory ends."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final

import duckdb

from reconciler.compare.comparison import Comparison
from reconciler.compare.layout import Layout, layout_of
from reconciler.compare.procedure import Procedure
from reconciler.compare.session import ComparisonInterruptedError, SqlParameter
from reconciler.compare.session_duckdb import DuckDBSession
from reconciler.compare.staged_sql import CREATE_CHOSEN_KEY, StagedSide
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule

__all__ = ["Comparison", "ComparisonInterruptedError", "DuckDBEngine"]

_NO_CHECKPOINT: Final = "1TB"
"""Checkpoints of a database in memory compress tables that live for one comparison: a fifth of its time wasted."""


class DuckDBEngine:
    """An in-memory database that comparisons share, each in a schema of its own.

    Comparisons may run in several threads at once; they share the memory limit.

    Args:
        memory_limit_mib: more than this is spilled to disk; None leaves DuckDB's own default, 80 % of the machine's.
        threads: None uses every core.
        temp_directory: where to spill; made when missing. None uses a directory of its own, removed by `close`.
    """

    def __init__(
        self,
        *,
        memory_limit_mib: int | None = None,
        threads: int | None = None,
        temp_directory: Path | None = None,
    ) -> None:
        self._own_directory = TemporaryDirectory(prefix="reconciler-compare-") if temp_directory is None else None
        directory = Path(self._own_directory.name) if self._own_directory else temp_directory
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": str(directory),
            "preserve_insertion_order": False,
            "checkpoint_threshold": _NO_CHECKPOINT,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if memory_limit_mib is not None:
            config["memory_limit"] = f"{memory_limit_mib}MiB"
        if threads is not None:
            config["threads"] = threads
        self._database = duckdb.connect(":memory:", config=config)
        self._serials = itertools.count(1)
        self._running: set[DuckDBSession] = set()
        self._lock = threading.Lock()

    def compare(
        self,
        rule: EntityRule,
        crm: Sequence[Path],
        erp: Sequence[Path],
        *,
        only_keys: Collection[str] | None = None,
        parents: Comparison | None = None,
    ) -> Comparison:
        """Match and compare the staged records of one entity, as `ComparisonEngine.compare` says."""
        layout = layout_of(rule)
        session = self.open_session()
        try:
            with self._interruptible(session):
                procedure = _prepare(session, layout, crm, erp, only_keys, parents)
                return Comparison(
                    self,
                    session,
                    rule,
                    procedure.run(),
                    make_parents=lambda: f"{session.schema}.{procedure.make_matched_parents()}",
                )
        except BaseException:
            self.drop(session)
            raise

    def interrupt(self) -> None:
        """Stop every comparison that is running, from another thread: it raises `ComparisonInterruptedError`."""
        with self._lock:
            for session in self._running:
                session.interrupt()

    def close(self) -> None:
        """Close the database and remove its temporary files. Its comparisons must be closed before."""
        self._database.close()
        if self._own_directory is not None:
            self._own_directory.cleanup()

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open_session(self, schema: str | None = None) -> DuckDBSession:
        """A session in a schema of its own, or in one that is there."""
        with self._lock:
            connection = self._database.cursor()
            if schema is None:
                schema = f"comparison_{next(self._serials)}"
                connection.execute(f"CREATE SCHEMA {schema}")
        return DuckDBSession(connection, schema)

    @contextmanager
    def _interruptible(self, session: DuckDBSession) -> Iterator[None]:
        with self._lock:
            self._running.add(session)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(session)

    def drop(self, session: DuckDBSession) -> None:
        """Close the session and drop its schema."""
        session.close()
        with self._lock:
            connection = self._database.cursor()
        try:
            connection.execute(f"DROP SCHEMA IF EXISTS {session.schema} CASCADE")
        finally:
            connection.close()


def _prepare(
    session: DuckDBSession,
    layout: Layout,
    crm: Sequence[Path],
    erp: Sequence[Path],
    only_keys: Collection[str] | None,
    parents: Comparison | None,
) -> Procedure:
    parameters: dict[str, SqlParameter] = {}
    if only_keys is not None:
        session.execute(CREATE_CHOSEN_KEY)
        session.load("chosen_key", [[*only_keys]])
    sides: list[StagedSide] = []
    for side, files in ((Side.CRM, crm), (Side.ERP, erp)):
        staged = StagedSide(
            side=side,
            layout=layout,
            relation=f"read_parquet(${side.value}_files)" if files else None,
            restricted=only_keys is not None,
            parents=None if parents is None else parents.matched_parents(),
        )
        if files:
            parameters[staged.files_parameter] = [str(file) for file in files]
            _refuse_other_columns(session, staged, parameters)
        sides.append(staged)
    return Procedure(session, layout, sides[0], sides[1], parameters)


def _refuse_other_columns(session: DuckDBSession, staged: StagedSide, parameters: dict[str, SqlParameter]) -> None:
    described = session.rows(f"DESCRIBE SELECT * FROM {staged.relation}", parameters)
    staged.refuse_other_columns({str(row[0]): str(row[1]) for row in described})
