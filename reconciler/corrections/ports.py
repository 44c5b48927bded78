"""What corrections need from outside, as protocols: what is kept, what the two systems take, and what is known of them.

The store keeps; `connectors.record_writer.RecordWriter` writes; `overlay.OverlayWrites` is the same without writing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, Lines
from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.model.correction_records import AddedProposals, CorrectionFilter, Move, StoredPlan
from reconciler.model.corrections import Approval, AuditEntry, Correction, FieldChange, JournalStep
from reconciler.model.entities import Side

Call = Literal["create", "update"]
Values = Mapping[str, FieldValue]
_NO_LINES: Lines = {}


class Corrections(Protocol):
    """What is kept of corrections. Every change is one transaction together with its entry in the trail."""

    async def add(self, proposed: Sequence[Correction], *, person: str) -> AddedProposals:
        """Keep proposals. One for the same entity, side and record that is still `proposed` is replaced; where one is
        approved or further on, that one stays, and the new one is refused and counted."""
        ...

    async def get(self, correction_id: str) -> Correction:
        """The correction with that id, or whose id begins so.

        Raises:
            RefusedError: there is none, or more than one.
        """
        ...

    def iterate(self, chosen: CorrectionFilter) -> AsyncGenerator[Correction, None]:
        """Every correction that was chosen."""
        ...

    async def count(self, chosen: CorrectionFilter) -> int:
        """How many were chosen."""
        ...

    async def edit(
        self, correction_id: str, changes: tuple[FieldChange, ...], digest: str, *, person: str
    ) -> Correction:
        """Give a correction that is still `proposed` other content.

        Raises:
            RefusedError: it is not `proposed` any more.
        """
        ...

    async def approve(self, approvals: Sequence[Approval]) -> None:
        """Keep approvals; one per person and content."""
        ...

    async def approvals(self, correction_ids: Sequence[str]) -> dict[str, list[Approval]]:
        """The approvals of each correction, those that lapsed too."""
        ...

    async def move(self, moves: Sequence[Move], *, person: str, plan: str | None = None) -> list[str]:
        """Make each move if the correction is in the state it is expected in.

        Args:
            plan: digest; what is `planned` moves only if it is in this plan, so that its content is the planned one.

        Returns:
            The ids of those that were not, and stay as they are.
        """
        ...

    async def add_plan(self, plan: StoredPlan) -> None:
        """Keep a sealed plan and move its corrections into it, out of an earlier plan too: all of them or nothing.

        Raises:
            RefusedError: one of them is neither approved nor planned any more.
        """
        ...

    async def plan(self, digest: str) -> StoredPlan | None:
        """The plan with that digest, or None where none was made here."""
        ...

    async def claim_plan(self, digest: str, owner: str) -> bool:
        """Make `owner` the only applier until it releases the plan or its process dies; False where another one is.

        Raises:
            RefusedError: there is no such plan.
        """
        ...

    async def applier(self) -> str | None:
        """Who applies now and since when, in words; None where nobody does, or where that cannot be told."""
        ...

    async def release_plan(self, digest: str, owner: str, *, finished: bool) -> None:
        """Let others apply. `finished`: the plan is through."""
        ...


class Journal(Protocol):
    """What is known to have happened while corrections were applied."""

    async def note(self, step: JournalStep) -> None:
        """Keep a step; it is durable when this returns."""
        ...

    async def steps(self, correction_id: str) -> list[JournalStep]:
        """The steps of a correction, in the order they were noted."""
        ...

    async def attempts(self, correction_ids: Sequence[str]) -> dict[str, int]:
        """How often each of these was begun to be written; those that never were are left out."""
        ...

    async def unfinished(self) -> list[JournalStep]:
        """The last step of every correction that is `applying` or `unknown`."""
        ...


class AuditTrail(Protocol):
    """The chained trail."""

    def iterate(self, after: int = 0) -> AsyncGenerator[AuditEntry, None]:
        """The entries with a number above `after`, in order."""
        ...

    async def append(self, person: str, act: str, subject: str, details: dict[str, JsonValue]) -> AuditEntry:
        """Add an act that moves no correction."""
        ...

    async def head(self) -> tuple[int, str]:
        """Number and digest of the last entry; (0, `NO_DIGEST`) when there is none."""
        ...


class WriteRules(Protocol):
    """What one system takes, as far as it can be told without reaching it. `Writable` says what each of these means."""

    def can_create(self, entity: str) -> bool:
        """Whether records can be added."""
        ...

    def can_deactivate(self, entity: str) -> bool:
        """Whether records can be taken out of use."""
        ...

    def leaves(self, entity: str) -> bool:
        """Whether a record that is taken out of use cannot be read as one of the entity any more."""
        ...

    def deactivation_problem(self, entity: str, record: CurrentRecord) -> str | None:
        """Why this record, as it is now, cannot be taken out of use; None when nothing is known against it."""
        ...

    def problem(self, entity: str, call: Call, field: str, value: FieldValue = None) -> str | None:
        """Why a field cannot be written, or not with this value; None when nothing is known against it."""
        ...

    def line_problem(self, entity: str, field: str) -> str | None:
        """Why a field of a line cannot be changed in a record that is there; None when nothing is known against it."""
        ...


class RecordWrites(WriteRules, Protocol):
    """One system as records of it are read and written. `RecordWriter` says what each of these means and raises."""

    async def read(self, entity: str, identity: str) -> CurrentRecord | None:
        """The record as it is now; None when there is none (any more)."""
        ...

    async def look_up(self, entity: str, record: Values) -> str | None:
        """The id of the record that has the key of `record`, or None."""
        ...

    async def update(
        self,
        entity: str,
        identity: str,
        changes: Values,
        expected: Values,
        *,
        lines: Lines = _NO_LINES,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        """Change some fields of a record if they still are what was seen."""
        ...

    async def deactivate(
        self, entity: str, identity: str, expected: Values, *, accepted: Accepted | None = None
    ) -> WriteResult:
        """Take a record out of use if it still is what was seen."""
        ...

    async def create(
        self,
        entity: str,
        record: Values,
        lines: Sequence[Values] = (),
        *,
        idempotency: str | None = None,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        """Add a record, unless one with its key is there."""
        ...


@dataclass(frozen=True, slots=True)
class KnownLine:
    """One line of a document as a snapshot holds it.

    Attributes:
        key: stored key of the line within its document (parts joined by `staging.KEY_SEPARATOR`, without the parent's);
            None where a part of it is missing.
        values: canonical text by field, as findings write values; None for an empty field.
        unreadable: fields whose value could not be read; they are None in `values`.
    """

    key: str | None
    values: Mapping[str, str | None]
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record as a snapshot holds it.

    Attributes:
        id: the record's own.
        key: as findings show it.
        link: id of the other side's record, where this side keeps one.
        values: canonical text by field, as findings write values but never cut; None for an empty field.
        unreadable: fields whose value could not be read; they are None in `values`.
        lines: in the document's order.
    """

    id: str
    key: str
    values: Mapping[str, str | None]
    link: str | None = None
    unreadable: frozenset[str] = frozenset()
    lines: tuple[KnownLine, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LineOfRecord:
    """A line, and the document it is in."""

    line: KnownLine
    record: KnownRecord


class KnownRecords(Protocol):
    """The records of the snapshots that the findings come from, looked up in memory."""

    def record(self, entity: str, side: Side, identity: str) -> KnownRecord | None:
        """The record with that id; None where the snapshot is gone or has none."""
        ...

    def line(self, entity: str, side: Side, identity: str) -> LineOfRecord | None:
        """The line with that id, as line findings name it, of an entity such as `orders.lines`; or None."""
        ...
