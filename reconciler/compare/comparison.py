"""What a comparison found, whichever engine made it: kept in DuckDB, from where findings are read in batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Protocol

from reconciler.compare.finding_sql import FINDINGS_BY_CAUSE, FINDINGS_BY_KIND, FINDINGS_IN_RANGE
from reconciler.compare.procedure import counts
from reconciler.compare.session_duckdb import DuckDBSession
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, FindingRow, SideCount

_BATCHES_SORTED_AT_ONCE: Final = 10
_ID_PREFIXES: Final = 16**4


class FindingPlace(Protocol):
    """Where findings are kept: a database of DuckDB."""

    def open_session(self, schema: str | None = None) -> DuckDBSession:
        """A session in a schema of its own, or in one that is there."""

    def drop(self, session: DuckDBSession) -> None:
        """Close the session and drop its schema."""


class Comparison:
    """The result of comparing one entity, kept until it is closed. Also a context manager.

    Attributes:
        rule: what was compared.
        crm, erp: the accounting of each side; `balances` says whether every record was accounted for.
        finding_count: how many findings `batches` gives.
        by_kind, by_cause: findings by kind and by cause; only what occurs.
    """

    def __init__(
        self,
        place: FindingPlace,
        session: DuckDBSession,
        rule: EntityRule,
        accounting: Mapping[Side, SideCount],
        *,
        make_parents: Callable[[], str],
        also_close: Callable[[], None] | None = None,
    ) -> None:
        """
        Args:
            session: one of `place` in whose schema the table `finding` is.
            make_parents: makes the table of matched records (`staged_sql.matched_parents`) in the engine that compared,
                and gives its qualified name there.
            also_close: called once by `close`.
        """
        self._place = place
        self._session = session
        self._make_parents = make_parents
        self._also_close = also_close
        self._closed = False
        self._parents: str | None = None
        self.rule = rule
        self.crm: SideCount = accounting[Side.CRM]
        self.erp: SideCount = accounting[Side.ERP]
        self.by_kind: dict[str, int] = counts(session, FINDINGS_BY_KIND)
        self.by_cause: dict[str, int] = counts(session, FINDINGS_BY_CAUSE)
        self.finding_count: int = sum(self.by_kind.values())

    def batches(self, size: int = 10_000) -> Iterator[list[FindingRow]]:
        """Every finding once, ordered by id, at most `size` in a list and no empty list.

        Memory holds about ten batches, which the database sorts at a time. Several iterations may be open at once.
        """
        if self._closed:
            raise RuntimeError("The comparison is closed.")
        parts = min(self.finding_count // (size * _BATCHES_SORTED_AT_ONCE) + 1, _ID_PREFIXES)
        bounds = [f"{_ID_PREFIXES * part // parts:04x}" for part in range(parts)]
        session = self._place.open_session(self._session.schema)
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
            try:
                self._place.drop(self._session)
            finally:
                if self._also_close is not None:
                    self._also_close()

    def __enter__(self) -> Comparison:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def matched_parents(self) -> str:
        """The qualified name of the table of matched records, made at first use, for the engine that compared."""
        if self._parents is None:
            self._parents = self._make_parents()
        return self._parents
