"""Taking back what was written: proposals like any other, with approvals, a plan and a guard of their own."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.choosing import Choice, LeftAlone, chosen_corrections, refuse_when_none
from reconciler.app.corrections.people import REVIEWING
from reconciler.app.corrections.targets import open_targets
from reconciler.corrections.undo import UndoNeeds, undo_of
from reconciler.errors import RefusedError, SystemReadError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.phrases.phrase import phrase


@dataclass(frozen=True, slots=True)
class UndoProposed:
    """What asking to undo came to: proposals, each of which `undoes` a correction."""

    proposals: tuple[Correction, ...]
    left_alone: tuple[LeftAlone, ...] = ()


async def undo_corrections(acting: Acting, choice: Choice) -> UndoProposed:
    """Propose to take back what was verified. What was created is taken out of use, never deleted.

    Raises:
        RefusedError: the person may not, nothing says which, or nothing of it can be undone.
        ConfigurationError: a credential, address or context value is missing.
    """
    acting.require(REVIEWING, "undo corrections")
    choice.refuse_by_accident()
    state = acting.workspace.state
    chosen = await chosen_corrections(state, choice, {CorrectionState.VERIFIED})
    left = list(chosen.left_alone)
    undos: dict[str, Correction] = {}
    async with open_targets(acting) as targets:
        needs = UndoNeeds(state.corrections, state.journal, targets, acting.rules)
        for each in chosen.corrections:
            try:
                undos[each.id] = await undo_of(each.id, needs, person=acting.person.name, now=acting.clock())
            except (RefusedError, SystemReadError) as error:
                left.append(LeftAlone(each, error.message))
    by_record = {(each.entity, each.side, each.record_id): each for each in undos.values()}
    kept = await state.corrections.add(list(by_record.values()), person=acting.person.name)
    standing = {*kept.added, *kept.unchanged}
    proposals = tuple(await state.corrections.listed(CorrectionFilter(ids=standing)))
    undone = {each.undoes for each in proposals}
    in_the_way = phrase("another correction of the same record is to be decided or undone first")
    left += [LeftAlone(each, in_the_way) for each in chosen.corrections if each.id in undos and each.id not in undone]
    refuse_when_none(proposals, left, "taken back")
    return UndoProposed(proposals, tuple(left))
