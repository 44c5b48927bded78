"""What people decide about proposals: another value, yes, or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.choosing import (
    Choice,
    LeftAlone,
    LeftReason,
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
from reconciler.phrases.phrase import phrase

_S = CorrectionState

_OTHER_CONTENT: Final = ("it is not what was looked at any more", LeftReason.CONTENT_CHANGED)
_MOVED_ON: Final = ("it was moved on meanwhile", LeftReason.WRONG_STATE)
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
        raise RefusedError(
            phrase("correction {seen} is not what was looked at any more.", seen=seen.id),
            hint=phrase("Look at it again."),
        )
    target = described_targets(acting)[seen.side]
    for edit in edits:
        try:
            changed = edited(changed, edit, acting.rules, target, person=acting.person.name)
        except ValueTextError as error:
            raise RefusedError(
                phrase("{field}: “{text}” {reason}.", field=edit.field, text=edit.text, reason=error.reason)
            ) from None
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
    found = ((each, _why_not(acting, each, seen or {}, so_far[each.id])) for each in chosen.corrections)
    refusals = {each.id: LeftAlone(each, *why) for each, why in found if why is not None}
    taken = [each for each in chosen.corrections if each.id not in refusals]
    left = (*chosen.left_alone, *refusals.values())
    refuse_when_none(taken, left, "approved")
    now = acting.clock()
    expires_at = now + acting.approval_lasts
    await state.corrections.approve(
        [Approval(each.id, acting.person.name, now, each.digest, expires_at) for each in taken],
        through=acting.person.through,
    )
    missing = await acting.missing(taken)
    complete = [each for each in taken if missing[each.id].approved]
    moved_away = await state.corrections.move(
        [Move(each.id, _S.PROPOSED, _S.APPROVED, digest=each.digest) for each in complete],
        person=acting.person.name,
        through=acting.person.through,
    )
    return Approved(
        tuple(each for each in complete if each.id not in moved_away),
        tuple((each, missing[each.id]) for each in taken if not missing[each.id].approved),
        left,
    )


async def reject_corrections(
    acting: Acting, choice: Choice, *, reason: str = "", seen: Mapping[str, str] | None = None
) -> Rejected:
    """Say no to proposals, and to what is approved, planned, or failed: to whatever nothing was written of.

    Args:
        seen: digest of the content that the person looked at, by whole id; another content is not rejected.

    Raises:
        RefusedError: the person may not, nothing says which, or none could be rejected.
    """
    acting.require(REVIEWING, "reject corrections")
    choice.refuse_by_accident()
    state, person, looked_at = acting.workspace.state, acting.person, seen or {}
    chosen = await chosen_corrections(state, choice, {_S.PROPOSED, _S.APPROVED, _S.PLANNED, _S.FAILED})
    asked, left, moves = list[Correction](), list(chosen.left_alone), list[Move]()
    for each in chosen.corrections:
        digest = looked_at.get(each.id)
        if digest not in (None, each.digest):
            left.append(LeftAlone(each, *_OTHER_CONTENT))
            continue
        asked.append(each)
        # What is planned leaves its plan first; the plan is void by that.
        moves += [Move(each.id, _S.PLANNED, _S.APPROVED, digest=digest)] if each.state is _S.PLANNED else []
        expected = _S.APPROVED if each.state is _S.PLANNED else each.state
        moves.append(Move(each.id, expected, _S.REJECTED, reason, digest=digest))
    moved_away = set(await state.corrections.move(moves, person=person.name, through=person.through))
    left += [LeftAlone(each, *_MOVED_ON) for each in asked if each.id in moved_away]
    rejected = tuple(each for each in asked if each.id not in moved_away)
    refuse_when_none(rejected, left, "rejected")
    return Rejected(rejected, tuple(left))


def _why_not(
    acting: Acting, correction: Correction, seen: Mapping[str, str], so_far: Missing
) -> tuple[str, LeftReason] | None:
    if correction.problems:
        return f"the system will not take it: {'; '.join(correction.problems)}", LeftReason.NOT_TAKEN
    if seen.get(correction.id, correction.digest) != correction.digest:
        return _OTHER_CONTENT
    if digest_of(correction) != correction.digest:
        return "its content is not the one it was proposed with", LeftReason.CONTENT_CHANGED
    barred = may_approve(correction, acting.person, acting.approval_rules, acting.people(), so_far.counted)
    if barred is None or barred is NotCounted.TWICE:
        return None
    return _NOT_YOURS[barred].format(person=acting.person.name, required=so_far.required), LeftReason.NOT_YOURS
