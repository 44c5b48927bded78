"""Which proposals may be approved without a person: texts that differ in case, spaces or accents, some a night. Pure.

It is one pair of eyes at most, and never one of several: where more than one approval is asked for, people give all of
them (`approval.py` does not count this one there).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from reconciler.corrections.approval import ApprovalRules, required_approvals
from reconciler.corrections.problems import LINES
from reconciler.mapping.canonical_plain import clean_plain, fold_plain
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import FieldType
from reconciler.model.findings import Cause, EntityRule
from reconciler.project_people import OURSELVES

SAFE_CAUSES: Final = frozenset({Cause.CASE, Cause.SPACING, Cause.ACCENTS})


@dataclass(frozen=True, slots=True)
class AutomaticRule:
    """What may be approved.

    Attributes:
        causes: some of `SAFE_CAUSES`; every change must have one of them.
        cap: corrections in one night.
    """

    causes: frozenset[Cause]
    cap: int

    def __post_init__(self) -> None:
        if not self.causes or not self.causes <= SAFE_CAUSES:
            raise ValueError("only case, spacing and accents are approved without a person")
        if self.cap < 1:
            raise ValueError("a cap is at least 1")


class LeftToPeople(StrEnum):
    """Why a proposal is not approved automatically."""

    NOT_OURS = "not_ours"
    """A person proposed or edited it, or decided about it already."""
    NOT_AN_UPDATE = "not_an_update"
    """It makes a record, takes one out of use, or takes a correction back."""
    SEVERAL_APPROVALS = "several_approvals"
    TARGET_REFUSES = "target_refuses"
    OTHER_CAUSE = "other_cause"
    """A change is not of a text, or more than the causes of a rule is different."""
    OVER_CAP = "over_cap"


@dataclass(frozen=True, slots=True)
class AutomaticChoice:
    """What may be approved now.

    Attributes:
        approved: in the order given.
        left: how many are left to people, by why.
    """

    approved: tuple[Correction, ...]
    left: Mapping[LeftToPeople, int] = field(default_factory=dict)


def automatic_approvals(
    proposals: Iterable[Correction],
    rules: Sequence[AutomaticRule],
    approval_rules: ApprovalRules,
    entities: Mapping[str, EntityRule],
    tonight: Iterable[Correction] = (),
) -> AutomaticChoice:
    """Choose the proposals that may be approved without a person.

    Args:
        rules: those of the stage. The first one that covers a correction counts, even when its cap is reached.
        entities: how entities are compared, those of lines under `<entity>.lines`.
        tonight: what was approved automatically in this night already; it counts against the caps.
    """
    spent: Counter[int] = Counter()
    for each in tonight:
        if (number := _covering(each, rules, entities)) is not None:
            spent[number] += 1
    approved: list[Correction] = []
    left: Counter[LeftToPeople] = Counter()
    for each in proposals:
        number = _covering(each, rules, entities)
        why = _why_not(each, approval_rules)
        if why is None and number is None:
            why = LeftToPeople.OTHER_CAUSE
        elif why is None and number is not None and spent[number] >= rules[number].cap:
            why = LeftToPeople.OVER_CAP
        if why is not None or number is None:
            left[why or LeftToPeople.OTHER_CAUSE] += 1
            continue
        spent[number] += 1
        approved.append(each)
    return AutomaticChoice(tuple(approved), dict(left))


def cause_between(old: str, new: str) -> Cause | None:
    """The one of `SAFE_CAUSES` that is all the difference between two texts; None when something else differs.

    It is found from the characters that would be written, not taken from the finding: what was compared may have been
    other characters.
    """
    before, after = clean_plain(old), clean_plain(new)
    if before == after:
        return None
    if before.lower() == after.lower():
        return Cause.CASE
    if _without_spaces(before.lower()) == _without_spaces(after.lower()):
        return Cause.SPACING
    return Cause.ACCENTS if _without_spaces(fold_plain(before)) == _without_spaces(fold_plain(after)) else None


def _covering(correction: Correction, rules: Sequence[AutomaticRule], entities: Mapping[str, EntityRule]) -> int | None:
    """The first rule that names every cause of a correction, by its place."""
    causes = {_cause(change, correction.entity, entities) for change in correction.changes}
    if not causes or None in causes:
        return None
    return next((number for number, rule in enumerate(rules) if causes <= rule.causes), None)


def _cause(change: FieldChange, entity: str, entities: Mapping[str, EntityRule]) -> Cause | None:
    if change.finding is None or not change.old or not change.new:
        return None
    rule = entities.get(entity if change.line is None else f"{entity}{LINES}")
    types = {} if rule is None else {each.name: each.type for each in rule.fields}
    # In a code or a document a space or capital may be another code.
    return cause_between(change.old, change.new) if types.get(change.field) is FieldType.TEXT else None


def _why_not(correction: Correction, approval_rules: ApprovalRules) -> LeftToPeople | None:
    edited = any(change.edited_by is not None for change in correction.changes)
    if correction.state is not CorrectionState.PROPOSED or correction.proposed_by != OURSELVES or edited:
        return LeftToPeople.NOT_OURS
    if correction.action is not CorrectionAction.UPDATE or correction.undoes is not None:
        return LeftToPeople.NOT_AN_UPDATE
    if required_approvals(correction, approval_rules) > 1:
        return LeftToPeople.SEVERAL_APPROVALS
    return LeftToPeople.TARGET_REFUSES if correction.problems else None


def _without_spaces(text: str) -> str:
    return "".join(char for char in text if not char.isspace() and unicodedata.category(char) != "Cf")
