"""Comparison in DuckDB, in process: it reads the Parquet files directly and spills to disk when memory ends."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final

import duckdb

from reconciler.compare.finding_sql import FINDINGS_BY_CAUSE, FINDINGS_BY_KIND, FINDINGS_IN_RANGE
from reconciler.compare.layout import Layout, layout_of, sql_type
from reconciler.compare.procedure import Procedure, counts
from reconciler.compare.session import SqlParameter
from reconciler.compare.session_duckdb import ComparisonInterruptedError, DuckDBSession
from reconciler.compare.staged_sql import StagedSide, matched_parents
from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, FindingRow, SideCount

__all__ = ["Comparison", "ComparisonInterruptedError", "DuckDBEngine"]

_BATCHES_SORTED_AT_ONCE: Final = 10
_ID_PREFIXES: Final = 16**4
_NO_CHECKPOINT: Final = "1TB"
"""Checkpoints of a database in memory compress tables that live for one comparison: a fifth of its time wasted."""
_MATCHED_PARENT: Final = "matched_parent"


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
        """Match and compare the staged records of one entity.

        Args:
            crm, erp: the Parquet files of each side, in the shape of `reconciler.model.staging`; none is an empty side.
            only_keys: look only at records with these stored keys, as if no others were there.
            parents: the comparison of the parent entity, still open, when `rule` is about lines. Lines of a parent
                that was not matched count as only here and make no finding: the parent's own finding says it.

        Returns:
            The result, to be closed after use. It reads the files again when it is given as `parents`.

        Raises:
            ConfigurationError: the rule cannot be compared.
            StateError: a snapshot cannot be read, or there is not enough memory and disk.
            ComparisonInterruptedError: `interrupt` was called meanwhile.
        """
        layout = layout_of(rule)
        session = self._open_session()
        try:
            with self._interruptible(session):
                procedure = _prepare(session, layout, crm, erp, only_keys, parents)
                return Comparison(self, session, procedure, procedure.run())
        except BaseException:
            self._drop(session)
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

    def _open_session(self, schema: str | None = None) -> DuckDBSession:
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

    def _drop(self, session: DuckDBSession) -> None:
        session.close()
        with self._lock:
            connection = self._database.cursor()
        try:
            connection.execute(f"DROP SCHEMA IF EXISTS {session.schema} CASCADE")
        finally:
            connection.close()


class Comparison:
    """The result of comparing one entity, kept in the engine until it is closed. Also a context manager.

    Attributes:
        rule: what was compared.
        crm, erp: the accounting of each side; `balances` says whether every record was accounted for.
        finding_count: how many findings `batches` gives.
        by_kind, by_cause: findings by kind and by cause; only what occurs.
    """

    def __init__(
        self,
        engine: DuckDBEngine,
        session: DuckDBSession,
        procedure: Procedure,
        accounting: Mapping[Side, SideCount],
    ) -> None:
        self._engine = engine
        self._session = session
        self._procedure = procedure
        self._closed = False
        self.rule: EntityRule = procedure.layout.rule
        self.crm: SideCount = accounting[Side.CRM]
        self.erp: SideCount = accounting[Side.ERP]
        self.by_kind: dict[str, int] = counts(session, FINDINGS_BY_KIND)
        self.by_cause: dict[str, int] = counts(session, FINDINGS_BY_CAUSE)
        self.finding_count: int = sum(self.by_kind.values())
        self._parents_made = False

    def batches(self, size: int = 10_000) -> Iterator[list[FindingRow]]:
        """Every finding once, ordered by id, at most `size` in a list and no empty list.

        Memory holds about ten batches, which the database sorts at a time. Several iterations may be open at once.
        """
        if self._closed:
            raise RuntimeError("The comparison is closed.")
        parts = min(self.finding_count // (size * _BATCHES_SORTED_AT_ONCE) + 1, _ID_PREFIXES)
        bounds = [f"{_ID_PREFIXES * part // parts:04x}" for part in range(parts)]
        session = self._engine._open_session(self._session.schema)
        try:
            for low, high in itertools.zip_longest(bounds, bounds[1:], fillvalue="g"):
                for rows in session.batches(FINDINGS_IN_RANGE, {"low": low, "high": high}, size):
                    yield [FindingRow._make(row) for row in rows]
        finally:
            session.close()

    def close(self) -> None:
        """Drop everything the comparison made. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._engine._drop(self._session)

    def __enter__(self) -> Comparison:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _matched_parents(self) -> str:
        """The qualified name of the table of matched records, made at first use (`staged_sql.matched_parents`)."""
        if not self._parents_made:
            procedure = self._procedure
            for statement in matched_parents(_MATCHED_PARENT, procedure.crm, procedure.erp):
                self._session.execute(statement, procedure.parameters)
            self._parents_made = True
        return f"{self._session.schema}.{_MATCHED_PARENT}"


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
        session.execute("CREATE TABLE chosen_key AS SELECT unnest($keys) AS key", {"keys": [*only_keys]})
    sides: list[StagedSide] = []
    for side, files in ((Side.CRM, crm), (Side.ERP, erp)):
        staged = StagedSide(
            side=side,
            layout=layout,
            relation=f"read_parquet(${side.value}_files)" if files else None,
            restricted=only_keys is not None,
            parents=None if parents is None else parents._matched_parents(),
        )
        if files:
            parameters[staged.files_parameter] = [str(file) for file in files]
            _refuse_other_columns(session, staged, parameters)
        sides.append(staged)
    return Procedure(session, layout, sides[0], sides[1], parameters)


def _refuse_other_columns(session: DuckDBSession, staged: StagedSide, parameters: dict[str, SqlParameter]) -> None:
    described = session.rows(f"DESCRIBE SELECT * FROM {staged.relation}", parameters)
    present = {str(row[0]): str(row[1]) for row in described}
    layout = staged.layout
    wrong = [name for name in layout.required_columns if present.get(name) != sql_type(name, layout)]
    if wrong:
        raise StateError(
            f"The {staged.side.value.upper()} snapshot of {layout.rule.entity} lacks {', '.join(wrong)}"
            " or has it with another type.",
            hint="Run again with --full to read both systems from the beginning.",
        )
