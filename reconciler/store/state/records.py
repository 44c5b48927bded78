"""What the state takes and gives: plain frozen values. Times are aware, UTC. This module loads no database library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from reconciler.model.choice import Choice
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind, FindingStatus


class RunStatus(StrEnum):
    """How a run stands. COMPLETE, PARTIAL and FAILED are the words of `run --json`."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """It was stopped, or its process is gone and nobody said how it ended."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        id: sortable by start, such as `20261122T101112Z-ab12`.
        entities: what was asked for, in order.
        full: whether everything was pulled, not only changes.
        document: what `finish` was given; None while it runs and after an interruption.
        pid: process that ran it, on `host`.
    """

    id: str
    status: RunStatus
    entities: tuple[str, ...]
    full: bool
    started_at: datetime
    finished_at: datetime | None
    document: dict[str, object] | None
    pid: int
    host: str


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """One pull of one entity from one side, as files outside the database.

    Attributes:
        files: which files it is made of, JSON as given to `complete`; "" until then.
        digest: what it was staged with, as given to `complete`; another digest makes it useless as a base.
        records: number of records in it; 0 until complete.
        watermark: where the next changed-since pull starts, in the vendor's own terms.
        sweep_at: when every key of the side was last read, in this pull or an earlier one it builds on.
    """

    id: str
    side: Side
    entity: str
    run: str
    files: str
    digest: str
    records: int
    complete: bool
    created_at: datetime
    watermark: str | None
    sweep_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the last complete snapshot of a side and entity left off. Both None when there is none."""

    watermark: str | None = None
    sweep_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings. Every part given must hold; a part with several values holds when one of them does.

    Attributes:
        field: field name; "" is a finding of the whole record.
        key: as stored or as shown (parts joined by `|`). `*` stands for any text; every other character for itself.
        ids: whole fingerprints. `Findings.get` takes a unique beginning.
        text: somewhere in the key, or in an id or value of a side. Upper and lower case of ASCII letters are the same;
            accents count.
        without: whole fingerprints of findings that are left out, whatever else holds.
    """

    entity: Choice = None
    field: Choice = None
    kind: Choice = None
    cause: Choice = None
    status: Choice = None
    key: Choice = None
    ids: Choice = None
    text: str | None = None
    without: Choice = None

    @property
    def restricts(self) -> bool:
        """Whether any part is given. Leaving some out restricts nothing."""
        parts = (self.entity, self.field, self.kind, self.cause, self.status, self.key, self.ids, self.text)
        return any(part is not None for part in parts)


class FindingSort(StrEnum):
    """Order of a list of findings; always total, the fingerprint decides between equals."""

    ID = "id"
    KEY = "key"
    LAST_SEEN = "last_seen"
    """Newest first."""


@dataclass(frozen=True, slots=True)
class FindingTotals:
    """What recording the findings of one entity did.

    Attributes:
        new: opened by this run: never seen before, or reopened.
        open: findings of the entity that are open now.
        closed: closed by this run because both sides agree again.
        reopened: the part of `new` that had been closed, corrected or accepted before.
        by_kind: the open ones by kind; adds up to `open`.
        by_cause: the open ones by cause; adds up to `open`.
    """

    new: int
    open: int
    closed: int
    reopened: int
    by_kind: dict[str, int] = field(default_factory=dict)
    by_cause: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings that share everything but record and values. `field` is None for findings of the whole record."""

    entity: str
    kind: FindingKind
    field: str | None
    cause: Cause
    owner: str | None
    status: FindingStatus
    count: int


@dataclass(frozen=True, slots=True)
class FindingSummary:
    """Counts of the findings a filter chooses, largest group first."""

    groups: tuple[FindingGroup, ...]

    @property
    def total(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def by_entity(self) -> dict[str, int]:
        return self._by("entity")

    @property
    def by_kind(self) -> dict[str, int]:
        return self._by("kind")

    @property
    def by_field(self) -> dict[str, int]:
        """Findings of the whole record count under ""."""
        return self._by("field")

    @property
    def by_cause(self) -> dict[str, int]:
        return self._by("cause")

    @property
    def by_status(self) -> dict[str, int]:
        return self._by("status")

    def _by(self, attribute: str) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for group in self.groups:
            counts[str(getattr(group, attribute) or "")] += group.count
        return dict(counts.most_common())


class FindingEventKind(StrEnum):
    """What happened to a finding after it was first seen."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    """It had been closed or corrected and was seen again."""
    VALUE_CHANGED = "value_changed"
    """An acceptance ended because a side shows another value."""
    EXPIRED = "expired"
    """An acceptance ended because its last day has passed."""
    WITHDRAWN = "withdrawn"
    """An acceptance ended because somebody took it back."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One entry of a finding's history.

    Attributes:
        run: the run that did it; None for a person's decision.
        person, reason, until: of the decision taken, or of the one that ended.
    """

    at: datetime
    kind: FindingEventKind
    run: str | None
    person: str | None
    reason: str | None
    until: date | None


@dataclass(frozen=True, slots=True)
class RawPlace:
    """Where the raw record of one side of a finding is: page of the pull and position in it, from 0."""

    snapshot: str | None
    page: int
    position: int
