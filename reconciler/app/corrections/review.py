"""What people decide about proposals: another value, yes, or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.choosing import (
    Choice,
    Chosen,
    LeftAlone,
    chosen_corrections,
    refuse_when_none,
)
from reconciler.app.corrections.people import REVIEWING
from reconciler.app.corrections.targets import described_targets
from reconciler.corrections.approval import Missing, NotCounted, may_approve
from reconciler.corrections.content import digest_of
from reconciler.corrections.editing import Edit, edited
from reconciler.corrections.values import ValueTextError
from reconciler.errors import RefusedError
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Approval, Correction, CorrectionState

_S = CorrectionState

_NOT_YOURS: Final[Mapping[NotCounted, str]] = {
    NotCounted.PROPOSER: "{person} proposed it and is no further pair of eyes; it takes {required} people",
    NotCounted.EDITOR: "{person} edited it and is no further pair of eyes; it takes {required} people",
    NotCounted.NO_ROLE: "{person} may not approve",
    NotCounted.AUTOMATIC: "{person} is nobody's pair of eyes, and it takes {required} people",
}


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval came to.

    Attributes:
        approved: nobody is missing any more.
        waiting: approved by this person, and how far each is from being approved.
        left_alone: those that this person cannot approve.
    """

    approved: tuple[Correction, ...]
    waiting: tuple[tuple[Correction, Missing], ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a rejection came to."""

    rejected: tuple[Correction, ...]
    left_alone: tuple[LeftAlone, ...] = ()


async def edit_correction(
    acting: Acting, correction_id: str, edits: Sequence[Edit], *, looked_at: str | None = None
) -> Correction:
    """Give a proposal other values. Earlier approvals of it are withdrawn, and the editor is remembered.

    Args:
        looked_at: digest of the content that the editor saw; another content is not edited.

    Raises:
        RefusedError: the person may not, it is no proposal any more, somebody else edited it meanwhile, it does not
            change such a field, or a text is no value of its field.
    """
    acting.require(REVIEWING, "edit corrections")
    corrections = acting.workspace.state.corrections
    seen = changed = await corrections.get(correction_id)
    if looked_at is not None and seen.digest != looked_at:
        raise RefusedError(f"correction {seen.id} is not what was looked at any more.", hint="Look at it again.")
    target = described_targets(acting)[seen.side]
    for edit in edits:
        try:
            changed = edited(changed, edit, acting.rules, target, person=acting.person.name)
        except ValueTextError as error:
            raise RefusedError(f"{edit.field}: “{edit.text}” {error.reason}.") from None
    return await corrections.edit(
        seen.id,
        changed.changes,
        changed.digest,
        person=acting.person.name,
        problems=changed.problems,
        rests_on=seen.digest,
    )


async def approve_corrections(acting: Acting, choice: Choice, *, seen: Mapping[str, str] | None = None) -> Approved:
    """Approve exactly the content that proposals have now.

    Args:
        seen: digest of the content that the person looked at, by whole id; another content is not approved.

    Raises:
        RefusedError: the person may not, nothing says which, or none of those chosen could be approved.
    """
    acting.require(REVIEWING, "approve corrections")
    choice.refuse_by_accident()
    state = acting.workspace.state
    chosen = await chosen_corrections(state, choice, {_S.PROPOSED})
    so_far = await acting.missing(chosen.corrections)
    refusals = {each.id: _why_not(acting, each, seen or {}, so_far[each.id]) for each in chosen.corrections}
    taken = [each for each in chosen.corrections if refusals[each.id] is None]
    left = (*chosen.left_alone, *_left(chosen, refusals))
    refuse_when_none(taken, left, "approved")
    now = acting.clock()
    expires_at = now + acting.approval_lasts
    await state.corrections.approve(
        [Approval(each.id, acting.person.name, now, each.digest, expires_at) for each in taken]
    )
    missing = await acting.missing(taken)
    complete = [each for each in taken if missing[each.id].approved]
    moved_away = await state.corrections.move(
        [Move(each.id, _S.PROPOSED, _S.APPROVED, digest=each.digest) for each in complete], person=acting.person.name
    )
    return Approved(
        tuple(each for each in complete if each.id not in moved_away),
        tuple((each, missing[each.id]) for each in taken if not missing[each.id].approved),
        left,
    )


async def reject_corrections(acting: Acting, choice: Choice, *, reason: str = "") -> Rejected:
    """Say no to proposals, and to what is approved, planned, or failed: to whatever nothing was written of.

    Raises:
        RefusedError: the person may not, nothing says which, or none could be rejected.
    """
    acting.require(REVIEWING, "reject corrections")
    choice.refuse_by_accident()
    state, person = acting.workspace.state, acting.person.name
    chosen = await chosen_corrections(state, choice, {_S.PROPOSED, _S.APPROVED, _S.PLANNED, _S.FAILED})
    moves: list[Move] = []
    for each in chosen.corrections:
        # What is planned leaves its plan first; the plan is void by that.
        moves += [Move(each.id, _S.PLANNED, _S.APPROVED)] if each.state is _S.PLANNED else []
        expected = _S.APPROVED if each.state is _S.PLANNED else each.state
        moves.append(Move(each.id, expected, _S.REJECTED, reason))
    moved_away = set(await state.corrections.move(moves, person=person))
    rejected = tuple(each for each in chosen.corrections if each.id not in moved_away)
    left = (*chosen.left_alone, *_left(chosen, dict.fromkeys(moved_away, "it was moved on meanwhile")))
    refuse_when_none(rejected, left, "rejected")
    return Rejected(rejected, left)


def _why_not(acting: Acting, correction: Correction, seen: Mapping[str, str], so_far: Missing) -> str | None:
    if correction.problems:
        return f"the system will not take it: {'; '.join(correction.problems)}"
    if seen.get(correction.id, correction.digest) != correction.digest:
        return "it is not what was looked at any more"
    if digest_of(correction) != correction.digest:
        return "its content is not the one it was proposed with"
    barred = may_approve(correction, acting.person, acting.approval_rules, acting.people(), so_far.counted)
    if barred is None or barred is NotCounted.TWICE:
        return None
    return _NOT_YOURS[barred].format(person=acting.person.name, required=so_far.required)


def _left(chosen: Chosen, refusals: Mapping[str, str | None]) -> Iterable[LeftAlone]:
    for each in chosen.corrections:
        why = refusals.get(each.id)
        if why is not None:
            yield LeftAlone(each, why)
