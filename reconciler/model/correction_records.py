"""What is asked of a store of corrections and what it answers: plain frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from reconciler.model.choice import Choice
from reconciler.model.corrections import CorrectionState

NO_DIGEST: Final = "0" * 64
"""`previous` of the first entry of an audit trail, and the head of an empty one."""

LIVE_STATES: Final = frozenset(
    {
        CorrectionState.PROPOSED,
        CorrectionState.APPROVED,
        CorrectionState.PLANNED,
        CorrectionState.APPLYING,
        CorrectionState.FAILED,
        CorrectionState.UNKNOWN,
    }
)
"""A record of a side has at most one correction in these states: what is in them may still be written.

One that is `applied` was written; a system that keeps something else than was sent must not bar the record for good."""


@dataclass(frozen=True, slots=True)
class Move:
    """One correction from one state to another.

    Attributes:
        expected: the state it must be in, else it stays as it is.
        words: become the correction's words, "" too.
        record_id: becomes the correction's, where given: a create learns it.
        digest: of the content it must have, where given. An approval moves what was approved and nothing edited since.
    """

    correction: str
    expected: CorrectionState
    to: CorrectionState
    words: str = ""
    record_id: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionFilter:
    """Which corrections. Every part given must hold; a part with several values holds when one of them does.

    Attributes:
        ids: whole ids, or beginnings of at least one digit; every correction that begins so is chosen.
        field: name of a field that is changed, of the record or of its lines.
        cause: of a finding behind a change, as it was when the correction was proposed; with `field`, of the same
            change.
        key: as findings show it. `*` stands for any text; every other character for itself.
        proposer: who proposed it.
        plan: digest of the plan it was put in last.
    """

    ids: Choice = None
    entity: Choice = None
    field: Choice = None
    cause: Choice = None
    key: Choice = None
    side: Choice = None
    action: Choice = None
    states: Choice = None
    proposer: Choice = None
    plan: Choice = None

    @property
    def restricts_nothing(self) -> bool:
        """Whether no part is given, so that every correction is chosen."""
        return all(getattr(self, part.name) is None for part in fields(self))


@dataclass(frozen=True, slots=True)
class AddedProposals:
    """What became of proposals that were given to the store.

    Attributes:
        added: ids of those that are `proposed` now, in the order given.
        replaced: ids of earlier proposals, now gone, whose place they took.
        unchanged: ids of earlier proposals that stay because the new one offers what they offered when they were
            proposed; a value edited since stays edited.
        refused: ids of corrections further on (approved, or somewhere between that and proof) that stand in the way:
            one for each proposal that was not taken.
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A sealed plan as it is kept.

    Attributes:
        digest: of the document; identifies the plan.
        document: the sealed text.
        corrections: ids, in the order of the plan.
        owner: who applies it or did last, None before anybody did.
        claimed_at: when the owner took it.
        finished_at: when the owner said it was through.
    """

    digest: str
    document: str
    made_by: str
    made_at: datetime
    corrections: Sequence[str]
    owner: str | None = None
    claimed_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailBreak:
    """A place where an audit trail is not what was written.

    Attributes:
        number: of the entry that is wrong or missing; 0 for the head digest the caller gave.
        problem: what is wrong, one sentence without stored values.
    """

    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """What reading a whole audit trail showed.

    Attributes:
        entries: how many were read.
        head: digest of the last one; `NO_DIGEST` when there is none.
        breaks: the first ones found, in order; empty when the trail is whole.
    """

    entries: int
    head: str
    breaks: tuple[TrailBreak, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed, inserted or put in another order."""
        return not self.breaks
