"""Corrections: what is to be changed in one record of one system, who allowed it, and how far it went (DESIGN.md 9).

A correction is about one record and one side and groups everything that is to change there. Values are held as the text
that findings carry (canonical value as written: a decimal with a point, an ISO date, `true`), so that what a person
saw, what was approved, what is journalled and what is compared right before the write are the same characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.model.entities import Side


class CorrectionAction(StrEnum):
    """What happens to the record. Nothing is ever deleted."""

    UPDATE = "update"
    CREATE = "create"
    DEACTIVATE = "deactivate"


class CorrectionState(StrEnum):
    """How far a correction went.

    `applied` was accepted by the system and reading back did not (yet) prove it; `superseded`: somebody changed the
    record meanwhile, nothing was written; `refused`: by the system, in its own words, nothing was written; `failed`:
    the system could not be reached or read, nothing was written, it may be tried again; `unknown`: sent, and nobody
    knows whether it was done, until the record is read.
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    VERIFIED = "verified"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNDONE = "undone"


PROVED: Final = frozenset({CorrectionState.VERIFIED, CorrectionState.UNDONE})
"""What was written, and read back as it was to be."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of the record, or of one of its lines.

    Attributes:
        field: canonical name.
        line: key of the line within the document, None for a field of the record itself.
        old: the value the proposal rests on; None for a new record or an empty field.
        new: the value it is to have; None empties it.
        finding: id of the finding it mends, None when it comes along (a new record's other fields).
        edited_by: the person who changed `new` before approval, or None.
    """

    field: str
    old: str | None
    new: str | None
    line: str | None = None
    finding: str | None = None
    edited_by: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to change in one record of one side.

    Attributes:
        id: sixteen hexadecimal digits; given once, never reused.
        key: of the record, as findings show it.
        side: the system that is written.
        record_id: the record's id there; None for `create` until it has one.
        source_id: id of the other side's record the values come from, or None.
        changes: in the order of the entity's fields, lines last; for `create` every value that is known.
        digest: of the content (`content_digest`): what an approval is about.
        problems: why the target will not take it, as far as can be said without asking it. Such a one cannot be
            approved.
        undoes: id of the correction this one takes back, or None.
        words: what the system, or the check right before the write, said last; "" when there is nothing to say.
    """

    id: str
    entity: str
    key: str
    side: Side
    action: CorrectionAction
    record_id: str | None
    source_id: str | None
    changes: tuple[FieldChange, ...]
    digest: str
    state: CorrectionState
    proposed_by: str
    proposed_at: datetime
    problems: tuple[str, ...] = ()
    undoes: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes to exactly this content; lapses at `expires_at`, and when the content or the values change."""

    correction: str
    person: str
    at: datetime
    digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts: the name in the trail, and what the project file lets them do.

    Attributes:
        roles: `reviewer` may propose, edit, approve, reject; `operator` may plan and apply; `admin` may do all of it.
        through: by what they were recognised, such as `user ana.souza` or `token ana-laptop`; "" where nothing says.
    """

    name: str
    roles: frozenset[str] = field(default_factory=frozenset)
    through: str = field(default="", compare=False)


class StepKind(StrEnum):
    """A durable step of applying one correction."""

    INTENT = "intent"
    ACCEPTED = "accepted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class JournalStep:
    """What is known to have happened while a correction was applied; written before the next thing is done.

    Attributes:
        plan: digest of the plan it belongs to.
        attempt: from 1.
        record_id: of the record written; for a create known from `accepted` on.
        state: `done` only: the state the correction was left in.
        words: `done` only: the system's words, or ours.
        before, after: `done` only: canonical values of the changed fields as read before and after, by field name
            (`lines[<key>].<field>` for lines); None where nothing was read.
    """

    correction: str
    plan: str
    attempt: int
    kind: StepKind
    at: datetime
    record_id: str | None = None
    state: CorrectionState | None = None
    words: str = ""
    before: dict[str, str | None] | None = None
    after: dict[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act, as it is chained: nothing of it ever changes.

    Attributes:
        number: from 1, without gaps.
        person: who did it; `reconciler` for what the product did by itself.
        act: such as `correction.proposed`, `correction.approved`, `plan.made`, `finding.accepted`.
        subject: id of the correction, plan or finding.
        details: JSON object: before and after values, digests, run, reason. Personal data stays in it.
        previous, digest: SHA-256 in hexadecimal; `digest` is over `previous` and everything else of the entry.
    """

    number: int
    at: datetime
    person: str
    act: str
    subject: str
    details: str
    previous: str
    digest: str
