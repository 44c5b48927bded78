"""The state of a project, open: runs, snapshots, findings and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from reconciler.model.corrections import JournalStep
from reconciler.store.state.audit import AuditTrail
from reconciler.store.state.correction_lists import CorrectionLists
from reconciler.store.state.corrections import Corrections
from reconciler.store.state.data_folder import DataFolders
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.file_ledger import StoredFileLedger
from reconciler.store.state.finding_lists import FindingLists
from reconciler.store.state.findings import Findings
from reconciler.store.state.group_commit import GroupCommit
from reconciler.store.state.journal import Journal
from reconciler.store.state.moves import MoveRequest, MoveWriter
from reconciler.store.state.pilot import PilotRecords
from reconciler.store.state.privacy import PrivateData
from reconciler.store.state.record_changes import RecordChanges
from reconciler.store.state.revoked_tokens import RevokedTokens
from reconciler.store.state.runlock import RunLock
from reconciler.store.state.runs import Runs
from reconciler.store.state.scenarios import Scenarios
from reconciler.store.state.sessions import ServiceSessions
from reconciler.store.state.snapshot_manifest import SnapshotManifest
from reconciler.store.state.stages import Stages
from reconciler.store.state.tax_drafts import TaxDrafts
from reconciler.store.state.tokens import TokenStore
from reconciler.store.state.upgrade import upgrade
from reconciler.store.state.webhook_queue import WebhookQueue
from reconciler.store.state.withdrawals import Withdrawals


def _now() -> datetime:
    return datetime.now(UTC)


class State:
    """One open state.

    Attributes:
        runs: history and the run going on.
        snapshots: the manifest of snapshots and the marks of the next pull.
        findings: recording, reading and deciding.
        lists: long lists of findings, for screens.
        webhooks: deliveries, and the records that wait to be read again because of them.
        changes: records that changed in a system, for processes that remember something of them.
        webhook_lock: held by the one process that works them off.
        pilot_lock: held by the one process that runs the pilot.
        scenario_lock: held by the one process that plays test scenarios: all of them use the same test records.
        corrections: what is to be changed, who allowed it, and how far it went.
        correction_lists: long lists of corrections, for screens.
        withdrawals: decisions taken back.
        journal: what is known to have happened while corrections were applied.
        audit: who did what; chained.
        sessions: who is signed in at the service.
        stages: how far the project is let, and what freezes it.
        pilot: what is kept of pilots.
        data_folders: which data folder belongs to the state.
        revoked_tokens: tokens of the service that are refused.
        scenarios: what came of test scenarios.
        privacy: what is kept of one person.
        run_lock: held by the one process that reconciles, or deletes what runs keep.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], time_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self.runs = Runs(database, clock)
        self.snapshots = SnapshotManifest(database, clock)
        self.findings = Findings(database, clock, time_zone)
        self.lists = FindingLists(database, self.findings)
        self.changes = RecordChanges(database, clock)
        self.webhooks = WebhookQueue(database, clock, self.changes)
        self.webhook_lock: RunLock = database.webhook_lock
        self.pilot_lock: RunLock = database.pilot_lock
        self.scenario_lock: RunLock = database.scenario_lock
        writer = MoveWriter(database.backend, clock)
        self._commits: GroupCommit[JournalStep | MoveRequest, list[str]] = GroupCommit(database, writer.write)
        self.corrections = Corrections(database, clock, self._commits)
        self.correction_lists = CorrectionLists(database, self.corrections)
        self.journal = Journal(database, self._commits)
        self.withdrawals = Withdrawals(database, clock)
        self.audit = AuditTrail(database, clock)
        self.sessions = ServiceSessions(database, clock)
        self.stages = Stages(database, clock)
        self.pilot = PilotRecords(database, clock)
        self.data_folders = DataFolders(database, clock)
        self.revoked_tokens = RevokedTokens(database, clock)
        self.scenarios = Scenarios(database, clock)
        self.privacy = PrivateData(database, clock)
        self.run_lock: RunLock = database.run_lock

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
            state = cls(database, clock, time_zone)
            try:
                yield state
            finally:
                await state._commits.close()
        finally:
            await database.close()

    @property
    def on_server(self) -> bool:
        """Whether it is in a database that other machines can use too."""
        return self._database.backend.address.file is None

    def tokens(self, system: str) -> TokenStore:
        """The tokens of one system."""
        return TokenStore(self._database, self._clock, system)

    def tax_drafts(self, system: str) -> TaxDrafts:
        """The drafts saved in one ERP. Another system at another address has others."""
        return TaxDrafts(self._database, self._clock, system)

    def file_ledger(self, system: str) -> StoredFileLedger:
        """The files taken in from one system."""
        return StoredFileLedger(self._database, self._clock, system)
