"""Taking one's own decision back, as long as nothing was planned or written because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.choosing import Choice, LeftAlone, chosen_corrections, refuse_when_none
from reconciler.app.corrections.people import REVIEWING
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.phrases.phrase import phrase

_S = CorrectionState


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What taking approvals back came to.

    Attributes:
        withdrawn: as they were before; they are proposals now.
    """

    withdrawn: tuple[Correction, ...]
    left_alone: tuple[LeftAlone, ...] = ()


async def withdraw_approvals(acting: Acting, choice: Choice) -> Withdrawn:
    """Take back this person's approvals of corrections that are not planned yet. They are proposals again.

    Raises:
        RefusedError: the person may not, nothing says which, or this person approved none of them.
    """
    acting.require(REVIEWING, "withdraw approvals")
    choice.refuse_by_accident()
    state = acting.workspace.state
    chosen = await chosen_corrections(state, choice, {_S.PROPOSED, _S.APPROVED})
    ids = [each.id for each in chosen.corrections]
    withdrawn = set(await state.withdrawals.approvals(ids, person=acting.person.name))
    not_theirs = [
        LeftAlone(each, f"{acting.person.name} did not approve it")
        for each in chosen.corrections
        if each.id not in withdrawn
    ]
    left = (*chosen.left_alone, *not_theirs)
    taken = tuple(each for each in chosen.corrections if each.id in withdrawn)
    refuse_when_none(taken, left, "withdrawn")
    return Withdrawn(taken, left)


async def withdraw_acceptances(acting: Acting, finding_ids: Sequence[str]) -> int:
    """Take back the acceptance of findings: they are open again. Returns how many.

    Raises:
        RefusedError: the person may not, or none of them is accepted.
    """
    acting.require(REVIEWING, "withdraw acceptances")
    count = await acting.workspace.state.withdrawals.acceptances(finding_ids, person=acting.person.name)
    if not count:
        raise RefusedError(phrase("none of these differences is accepted any more."))
    return count
