"""Comparison on Apache Spark, for data that outgrow one machine: the same statements on the same Parquet files.

Spark writes the findings as Parquet, and DuckDB takes them in as they are: no finding passes through Python before it
is asked for.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Final

import polars as pl

from reconciler.compare.comparison import Comparison
from reconciler.compare.engine_duckdb import DuckDBEngine
from reconciler.compare.layout import Layout, layout_of
from reconciler.compare.procedure import Procedure
from reconciler.compare.session import ComparisonInterruptedError
from reconciler.compare.session_spark import SparkSession
from reconciler.compare.spark_objects import Session
from reconciler.compare.spark_process import SparkProcess
from reconciler.compare.spark_settings import SparkSettings
from reconciler.compare.staged_sql import CREATE_CHOSEN_KEY, StagedSide
from reconciler.errors import EngineFailedError, StateError
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, SideCount
from reconciler.phrases.phrase import phrase

_KILL_AFTER_S: Final = 60.0
"""After a comparison was told to stop: then Java is ended."""


class SparkEngine:
    """Compares on Spark, which starts at the first comparison and is ended by `close`.

    Args:
        results: where findings are kept; stays open.
        folder: where temporary files are; made when missing. A cluster's machines must all see it, and the snapshots,
            under the same path.
    """

    def __init__(self, settings: SparkSettings, results: DuckDBEngine, folder: Path) -> None:
        self._settings = settings
        self._results = results
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = Path(mkdtemp(prefix="spark-", dir=folder)).resolve()
        self._serials = itertools.count(1)
        self._process: SparkProcess | None = None
        self._root: Session | None = None
        self._running: set[SparkSession] = set()
        self._interruptions = 0
        self._lock = threading.Lock()
        self._starting = threading.Lock()

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
        before = self._interruptions
        session = self._open_session(before)
        try:
            with self._running_in_time(session, before):
                procedure = self._prepared(session, layout, crm, erp, only_keys, parents)
                accounting = procedure.run()
                return self._taken_in(session, procedure, accounting, session.files("finding"))
        except BaseException:
            # What it wrote must not take the room that the next one needs.
            self._forget(session)
            raise

    def interrupt(self) -> None:
        """Stop every comparison that is running, from another thread: it raises `ComparisonInterruptedError`.

        One that waits for Spark to start is running, too.
        """
        with self._lock:
            self._interruptions += 1
            starts = self._process if self._root is None else None
            running = [*self._running]
        if starts is not None:
            starts.kill()
        for session in running:
            if not session.is_interrupted:
                timer = threading.Timer(_KILL_AFTER_S, self._kill_for, [session])
                timer.daemon = True
                timer.start()
            session.interrupt()

    def _kill_for(self, session: SparkSession) -> None:
        """End Java if it still works on a comparison that was told to stop."""
        with self._lock:
            process = self._process if session in self._running else None
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End Spark and remove its temporary files. Safe to call twice."""
        with self._lock:
            process, self._process, self._root = self._process, None, None
        if process is not None:
            process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_session(self, before: int) -> SparkSession:
        """
        Args:
            before: how often was interrupted when the comparison began.
        """
        with self._starting:
            root = self._root or self._started(before)
            name = f"comparison_{next(self._serials)}"
        (self._folder / name).mkdir()
        return SparkSession(root, name, self._folder / name, on_cluster=not self._settings.is_local)

    def _started(self, before: int) -> Session:
        process = SparkProcess(self._settings, self._folder)
        with self._lock:
            self._process = process
            if self._interruptions != before:
                process.kill()
        try:
            root = process.start()
        except EngineFailedError as error:
            with self._lock:
                self._process = None
                interrupted = self._interruptions != before
            if interrupted:
                raise ComparisonInterruptedError from error
            raise
        with self._lock:
            self._root = root
        return root

    @contextmanager
    def _running_in_time(self, session: SparkSession, before: int) -> Iterator[None]:
        seconds = self._settings.timeout_s
        timers = [
            threading.Timer(seconds, session.expire, [seconds]),
            threading.Timer(seconds + _KILL_AFTER_S, self._kill_for, [session]),
        ]
        for timer in timers:
            timer.daemon = True
            timer.start()
        with self._lock:
            self._running.add(session)
            interrupted = self._interruptions != before
        try:
            session.begin()
            if interrupted:
                session.interrupt()
            yield
        finally:
            with self._lock:
                self._running.discard(session)
            for timer in timers:
                timer.cancel()

    def _prepared(
        self,
        session: SparkSession,
        layout: Layout,
        crm: Sequence[Path],
        erp: Sequence[Path],
        only_keys: Collection[str] | None,
        parents: Comparison | None,
    ) -> Procedure:
        if only_keys is not None:
            session.execute(CREATE_CHOSEN_KEY)
            session.load("chosen_key", [[*only_keys]])
        sides: list[StagedSide] = []
        for side, files in ((Side.CRM, crm), (Side.ERP, erp)):
            staged = StagedSide(
                side=side,
                layout=layout,
                relation=f"{side.value}_staged" if files else None,
                restricted=only_keys is not None,
                parents=None if parents is None else parents.matched_parents(),
            )
            if files:
                for file in files:
                    staged.refuse_other_columns(_columns(file))
                session.add_files(f"{side.value}_staged", files)
            sides.append(staged)
        return Procedure(session, layout, sides[0], sides[1], {})

    def _taken_in(
        self,
        session: SparkSession,
        procedure: Procedure,
        accounting: dict[Side, SideCount],
        files: Sequence[Path],
    ) -> Comparison:
        kept = self._results.open_session()
        try:
            kept.execute(
                "CREATE TABLE finding AS SELECT * FROM read_parquet($files)", {"files": [str(file) for file in files]}
            )
            return Comparison(
                self._results,
                kept,
                procedure.layout.rule,
                accounting,
                make_parents=lambda: session.share(procedure.make_matched_parents()),
                also_close=lambda: self._forget(session),
            )
        except BaseException:
            self._results.drop(kept)
            raise

    def _forget(self, session: SparkSession) -> None:
        session.close()
        shutil.rmtree(self._folder / session.name, ignore_errors=True)


_TYPES: Final = {
    pl.String(): "VARCHAR",
    pl.Int32(): "INTEGER",
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pl.Decimal(staging.DECIMAL_PRECISION, staging.DECIMAL_SCALE): (
        f"DECIMAL({staging.DECIMAL_PRECISION},{staging.DECIMAL_SCALE})"
    ),
}


def _columns(file: Path) -> dict[str, str]:
    """The columns of a staged file with their SQL types; Spark would take a missing one for nulls.

    Raises:
        StateError: it is missing or damaged.
    """
    try:
        # Given its path, polars would take brackets in it for a pattern.
        with file.open("rb") as opened:
            schema = pl.read_parquet_schema(opened)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StateError(
            phrase("A snapshot cannot be compared: a file is missing, damaged, or was staged differently."),
            hint=phrase("Run again with --full to read both systems from the beginning."),
            detail=type(error).__name__,
        ) from error
    return {name: _TYPES.get(kind, str(kind)) for name, kind in schema.items()}
