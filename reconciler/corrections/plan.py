"""The sealed plan: what exactly is written, sealed by a digest over all of it, and refused once anything is different.

The digest shows that a document was edited. That it is a plan that was made here, the store says: it keeps the digests
of the plans it was given (`Corrections.plan`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from pydantic import ValidationError

from reconciler.corrections.approval import Missing
from reconciler.corrections.content import content_digest
from reconciler.corrections.order import in_writing_order
from reconciler.corrections.plan_document import (
    DOCUMENT,
    LeftOutOfPlan,
    Plan,
    PlannedCorrection,
    RestsOn,
    document_text,
    members_of,
    moment_text,
    plan_text,
    totals_of,
)
from reconciler.errors import RefusedError
from reconciler.model.correction_records import StoredPlan
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.model.entities import Side
from reconciler.phrases.phrase import Phrase, joined, phrase

MAX_AGE: Final = timedelta(hours=24)
MAX_AHEAD: Final = timedelta(minutes=5)
"""Clocks of two machines may differ by this; a plan from later would live longer than `MAX_AGE`."""

_AGAIN: Final = phrase("Make a new one with: reconciler corrections plan.")
_SHOWN_IDS: Final = 5

_Record = tuple[str, Side, str | None, str]


@dataclass(frozen=True)
class SealedPlan:
    """A plan, as the text that was sealed.

    Attributes:
        digest: identifies it; SHA-256 in hexadecimal.
        document: JSON text, with the digest in it.
        head: everything of the plan but its corrections.
        ids: of the corrections, in the order of the plan.
    """

    digest: str
    document: str
    head: Plan
    ids: tuple[str, ...]

    @cached_property
    def plan(self) -> Plan:
        """The whole plan. Out of the text: what was sealed is what it says."""
        return DOCUMENT.validate_json(self.document).plan

    def stored(self) -> StoredPlan:
        """As the store keeps it."""
        return StoredPlan(
            digest=self.digest,
            document=self.document,
            made_by=self.head.made_by,
            made_at=self.head.made_at,
            corrections=self.ids,
        )


def seal(
    corrections: Sequence[Correction],
    approved_by: Mapping[str, Sequence[str]],
    rests_on: RestsOn,
    *,
    made_by: str,
    made_at: datetime,
    left_out: Sequence[LeftOutOfPlan] = (),
) -> SealedPlan:
    """Make the plan of these corrections. The same ones, in whatever order, give the same plan.

    That their content is the one of their digests is for the caller to see to; `read_sealed` refuses a plan of others.

    Args:
        approved_by: by the correction's id, the people whose approvals count.
        made_at: aware.
        left_out: approved ones that are not to be written, as the dry run says.

    Raises:
        RefusedError: there is nothing to plan, a correction is not approved or has problems, or a record would be
            written twice.
    """
    ordered = in_writing_order(corrections)
    _check_plannable(ordered)
    head = Plan(
        made_by=made_by,
        made_at=made_at.astimezone(UTC),
        rests_on=rests_on,
        totals=totals_of(ordered),
        left_out=tuple(sorted(left_out, key=lambda each: each.id)),
        corrections=(),
    )
    sealed, pieces = hashlib.sha256(), list[str]()
    for piece in plan_text(head, (members_of(each, approved_by.get(each.id, ())) for each in ordered)):
        sealed.update(piece)
        pieces.append(piece.decode())
    digest = sealed.hexdigest()
    return SealedPlan(digest, document_text(digest, pieces), head, tuple([each.id for each in ordered]))


def read_sealed(document: str | bytes, *, now: datetime) -> SealedPlan:
    """A plan that was sealed at most 24 hours ago, as it was sealed.

    Args:
        now: aware.

    Raises:
        RefusedError: it is no plan, was edited, holds a name that nobody knows, or is too old or not of our time.
    """
    try:
        read = DOCUMENT.validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise RefusedError(
            phrase(
                "this is not a plan that can be read: {value}{first}.",
                value=f"{place}: " if place else "",
                first=first["msg"],
            ),
            hint=_AGAIN,
        ) from None
    plan = read.plan
    if _digest(plan) != read.digest or any(not _is_whole(correction) for correction in plan.corrections):
        raise RefusedError(phrase("the plan was changed after it was sealed."), hint=_AGAIN)
    if now - plan.made_at > MAX_AGE:
        raise RefusedError(
            phrase("the plan is of {made_at}, more than 24 hours old.", made_at=moment_text(plan.made_at)), hint=_AGAIN
        )
    if plan.made_at - now > MAX_AHEAD:
        raise RefusedError(
            phrase("the plan is of {made_at}, which is still to come.", made_at=moment_text(plan.made_at)),
            hint=phrase("Set the clocks right, or make a new plan."),
        )
    sealed = SealedPlan(
        digest=read.digest,
        document=document if isinstance(document, str) else document.decode(),
        head=replace(plan, corrections=()),
        ids=tuple(each.id for each in plan.corrections),
    )
    # What was just read needs no reading again.
    vars(sealed)["plan"] = plan
    return sealed


class Objection(StrEnum):
    """What speaks against writing a plan."""

    STAGE = "stage"
    PROJECT = "project"
    DESCRIPTION = "description"
    GONE = "gone"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Objected:
    """One thing that a plan rests on and that is different now.

    Attributes:
        subject: id of the correction, `crm` or `erp` for a description, "" otherwise.
    """

    objection: Objection
    subject: str = ""


def what_changed(
    plan: Plan, rests_on: RestsOn, corrections: Mapping[str, Correction], missing: Mapping[str, Missing]
) -> list[Objected]:
    """What the plan rests on and what is different now; empty when it can be written.

    A correction that this plan wrote already, or began to, needs no approval any more: a plan that was interrupted is
    gone through again.

    Args:
        rests_on: as things are now.
        corrections: as they are kept now, by id.
        missing: what is missing of approval now, by id; an id that is not there is not approved.
    """
    changed = [
        Objected(objection, subject)
        for objection, subject, before, after in (
            (Objection.STAGE, "", plan.rests_on.stage, rests_on.stage),
            (Objection.PROJECT, "", plan.rests_on.project, rests_on.project),
            (Objection.DESCRIPTION, "crm", plan.rests_on.crm, rests_on.crm),
            (Objection.DESCRIPTION, "erp", plan.rests_on.erp, rests_on.erp),
        )
        if before != after
    ]
    for planned in plan.corrections:
        objection = _objection(planned, corrections.get(planned.id), missing.get(planned.id))
        if objection is not None:
            changed.append(Objected(objection, planned.id))
    return changed


def refusal(changed: Sequence[Objected]) -> RefusedError:
    """The error that tells why a plan is not written."""
    return RefusedError(
        phrase("the plan does not fit any more: {changed}.", changed=joined("; ", list(_told(changed)))), hint=_AGAIN
    )


def _told(changed: Sequence[Objected]) -> Iterator[str]:
    by_kind: dict[Objection, list[str]] = {}
    for each in changed:
        by_kind.setdefault(each.objection, []).append(each.subject)
    for objection, subjects in by_kind.items():
        yield _of_objection(objection, _named(subjects))


def _named(subjects: Sequence[str]) -> str:
    first, others = ", ".join(subjects[:_SHOWN_IDS]), len(subjects) - _SHOWN_IDS
    return phrase("{first} and {others} more", first=first, others=others) if others > 0 else first


def _of_objection(objection: Objection, subjects: str) -> Phrase:
    match objection:
        case Objection.STAGE:
            return phrase("the project is in another stage")
        case Objection.PROJECT:
            return phrase("the project file was changed")
        case Objection.DESCRIPTION:
            return phrase("the description was changed: {subjects}", subjects=subjects)
        case Objection.GONE:
            return phrase("not kept any more: {subjects}", subjects=subjects)
        case Objection.CHANGED:
            return phrase("of other content now: {subjects}", subjects=subjects)
        case Objection.WITHDRAWN:
            return phrase("taken out of the plan: {subjects}", subjects=subjects)
        case Objection.APPROVAL:
            return phrase("not approved any more: {subjects}", subjects=subjects)


def _objection(planned: PlannedCorrection, kept: Correction | None, missing: Missing | None) -> Objection | None:
    if kept is None:
        return Objection.GONE
    if kept.digest != planned.digest:
        return Objection.CHANGED
    if kept.state in (CorrectionState.PROPOSED, CorrectionState.APPROVED, CorrectionState.REJECTED):
        return Objection.WITHDRAWN
    if kept.state in (CorrectionState.PLANNED, CorrectionState.FAILED) and (missing is None or not missing.approved):
        return Objection.APPROVAL
    return None


def _check_plannable(corrections: Sequence[Correction]) -> None:
    if not corrections:
        raise RefusedError(phrase("there is nothing to plan."), hint=phrase("Approve corrections first."))
    records: set[_Record] = set()
    for each in corrections:
        record = _record(each)
        if each.state is not CorrectionState.APPROVED:
            why = phrase("is {state}", state=each.state.value)
        elif each.problems:
            why = phrase("has problems: {problems}", problems=joined("; ", each.problems))
        elif record in records:
            why = phrase("is not the only one for its record")
        else:
            records.add(record)
            continue
        raise RefusedError(
            phrase(
                "correction {each} of {entity} {key} {why}.", each=each.id, entity=each.entity, key=each.key, why=why
            )
        )


def _record(correction: Correction) -> _Record:
    """Which record is written; a new one goes by its key."""
    identity = correction.record_id
    return correction.entity, correction.side, identity, correction.key if identity is None else ""


def _digest(plan: Plan) -> str:
    """Over the plan as it is always written, whatever the spaces and order of the document that was read."""
    found = hashlib.sha256()
    for piece in plan_text(plan, (members_of(each, each.approved_by) for each in plan.corrections)):
        found.update(piece)
    return found.hexdigest()


def _is_whole(planned: PlannedCorrection) -> bool:
    """Whether the content is the one its digest, which was approved, is about."""
    try:
        found = content_digest(
            planned.entity, planned.key, planned.side, planned.action, planned.record_id, planned.changes
        )
    except ValueError:
        return False
    return found == planned.digest
