"""The decisions of this session that can be taken back, the last one first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.app.correct import (
    Acting,
    Choice,
    Edit,
    ProposeOptions,
    edit_correction,
    propose_corrections,
    withdraw_acceptances,
    withdraw_approvals,
)
from reconciler.model.corrections import Correction
from reconciler.store.state.records import FindingFilter

_MOST_DECISIONS: Final = 100


class Decision(StrEnum):
    """What was decided. The sentence of taking it back is `review.undone.<value>`."""

    APPROVED = "approved"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Step:
    """One decision.

    Attributes:
        ids: of corrections; of findings for what was rejected or accepted.
        edits: what gives an edited proposal its values back.
        digest: of the proposal after it was edited.
    """

    decision: Decision
    ids: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    digest: str | None = None


class Undoing:
    """Takes decisions back, as long as nothing was planned because of them."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=_MOST_DECISIONS)

    def __len__(self) -> int:
        return len(self._steps)

    def note(self, decision: Decision, ids: Sequence[str]) -> None:
        """Remember a decision."""
        if ids:
            self._steps.append(Step(decision, tuple(ids)))

    def note_edit(self, before: Correction, after: Correction) -> None:
        """Remember that values of a proposal were changed."""
        old = {(change.field, change.line): change.new for change in before.changes}
        edits = tuple(
            Edit(change.field, old[change.field, change.line], change.line)
            for change in after.changes
            if old.get((change.field, change.line)) != change.new
        )
        if edits:
            self._steps.append(Step(Decision.EDITED, (after.id,), edits, after.digest))

    def last(self) -> Step | None:
        """The decision that would be taken back."""
        return self._steps[-1] if self._steps else None

    async def undo(self, acting: Acting) -> tuple[Step, int]:
        """Take the last decision back; gives it, and how many records that was about.

        A rejected correction stays rejected, and what it would have mended is proposed again.

        Raises:
            RefusedError: it cannot be taken back any more; it is forgotten all the same.
            IndexError: there is none.
        """
        step = self._steps.pop()
        match step.decision:
            case Decision.APPROVED:
                done = await withdraw_approvals(acting, Choice(step.ids))
                return step, len(done.withdrawn)
            case Decision.REJECTED:
                proposed = await propose_corrections(acting, FindingFilter(ids=step.ids), ProposeOptions())
                return step, len(proposed.corrections)
            case Decision.ACCEPTED:
                return step, await withdraw_acceptances(acting, step.ids)
            case Decision.EDITED:
                await edit_correction(acting, step.ids[0], step.edits, looked_at=step.digest)
                return step, 1
