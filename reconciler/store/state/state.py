"""The state of a project, open: runs, snapshots, findings and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.findings import Findings
from reconciler.store.state.runs import Runs
from reconciler.store.state.snapshot_manifest import SnapshotManifest
from reconciler.store.state.tokens import TokenStore
from reconciler.store.state.upgrade import upgrade


def _now() -> datetime:
    return datetime.now(UTC)


class State:
    """One open state.

    Attributes:
        runs: history and the run going on.
        snapshots: the manifest of snapshots and the marks of the next pull.
        findings: recording, reading and deciding.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], time_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self.runs = Runs(database, clock)
        self.snapshots = SnapshotManifest(database, clock)
        self.findings = Findings(database, clock, time_zone)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, folder: Path, *, clock: Callable[[], datetime] = _now, time_zone: tzinfo = UTC
    ) -> AsyncIterator[State]:
        """Open a state, creating or migrating it where needed. A run still going on at the end is interrupted.

        Args:
            url: `sqlite:///path` (a relative path starts at `folder`).
            folder: of the project file.
            clock: gives aware instants.
            time_zone: whose calendar day decides when an acceptance ends.

        Raises:
            ConfigurationError: the URL is wrong or names a database that is not supported.
            StateError: the state is damaged, newer, somebody else's, or cannot be written.
        """
        backend = backend_for(url, folder)
        backend.prepare()
        database = Database(backend)
        try:
            await upgrade(database)
            yield cls(database, clock, time_zone)
        finally:
            await database.close()

    def tokens(self, system: str) -> TokenStore:
        """The tokens of one system."""
        return TokenStore(self._database, self._clock, system)
