"""Who has to say yes to a correction, whose yes counts, and what is still missing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from reconciler.corrections.problems import LINES
from reconciler.corrections.values import ValueTextError, typed_value
from reconciler.model.corrections import Approval, Correction, FieldChange, Person
from reconciler.model.entities import FieldType
from reconciler.project_people import OURSELVES

APPROVING_ROLES: Final = frozenset({"reviewer", "admin"})


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How many people have to approve corrections of an entity.

    Attributes:
        entity: `customers`; of lines `orders.lines`. A rule for `orders` without a field is about its lines too.
        field: only corrections that change this field; None for every one.
        required: people.
        above: only where an amount changes by more than this; of `field`, or of any field when none is named. A value
            that was not there, or is not to be, counts as 0.
    """

    entity: str
    field: str | None
    required: int
    above: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """The rules of a project. The highest one that applies counts, so that no rule asks for less than `required`.

    Attributes:
        required: people for every correction.
        amounts: names of the decimal fields by entity, those of lines under `<entity>.lines`.
        makers_first: whether who proposed or edited may be the first to approve, alone where one person is enough.
            They are never a further pair of eyes.
    """

    required: int = 1
    rules: tuple[ApprovalRule, ...] = ()
    amounts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    makers_first: bool = False


class NotCounted(StrEnum):
    """Why an approval does not count."""

    OTHER_CONTENT = "other_content"
    LAPSED = "lapsed"
    PROPOSER = "proposer"
    EDITOR = "editor"
    NO_ROLE = "no_role"
    AUTOMATIC = "automatic"
    """The product gave it by itself, which is never one of several pairs of eyes."""
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Missing:
    """How far a correction is from being approved.

    Attributes:
        required: people who have to approve.
        counted: those who did, in the order they did.
        number: how many more are needed.
        may_approve: who can be the next, by name; nobody where none is needed.
        not_counted: approvals that count for nothing, each with the person and the reason.
    """

    required: int
    counted: tuple[str, ...]
    number: int
    may_approve: tuple[str, ...]
    not_counted: tuple[tuple[str, NotCounted], ...] = ()

    @property
    def approved(self) -> bool:
        """Whether nobody is missing."""
        return self.number == 0


def missing_approvals(
    correction: Correction,
    approvals: Sequence[Approval],
    rules: ApprovalRules,
    people: Mapping[str, Person],
    now: datetime,
) -> Missing:
    """Who has approved this very content, and who is missing.

    Args:
        approvals: any; those of other corrections and of other content count for nothing.
        people: by name, each once however many ways there are to be recognised.
        now: aware. An approval lapses at its `expires_at`.
    """
    required = required_approvals(correction, rules)
    makers = _makers(correction)
    counted: dict[str, None] = {}
    not_counted: list[tuple[str, NotCounted]] = []
    for approval in in_order(approvals):
        why = _why_not(approval, correction, people, now) or _barred(approval.person, makers, rules, required, counted)
        if why is None:
            counted[approval.person] = None
        else:
            not_counted.append((approval.person, why))
    number = max(0, required - len(counted))
    may: list[str] = []
    if number:
        able = [name for name, person in people.items() if _has_role(person)]
        may = sorted(name for name in able if _barred(name, makers, rules, required, counted) is None)
    return Missing(required, tuple(counted), number, tuple(may), tuple(not_counted))


def in_order(approvals: Sequence[Approval]) -> Sequence[Approval]:
    """The order in which approvals count: as they were given, those of one moment by name."""
    return approvals if len(approvals) < 2 else sorted(approvals, key=lambda each: (each.at, each.person))


def required_approvals(correction: Correction, rules: ApprovalRules) -> int:
    """How many people have to approve."""
    return max((rules.required, *(rule.required for rule in rules.rules if applies(rule, correction, rules.amounts))))


def may_approve(
    correction: Correction,
    person: Person,
    rules: ApprovalRules,
    people: Mapping[str, Person],
    counted: Collection[str] = (),
) -> NotCounted | None:
    """Why an approval of this person would not count now, or None when it would.

    Args:
        counted: those whose approval counts already, as `missing_approvals` tells.
    """
    barred = _barred(person.name, _makers(correction), rules, required_approvals(correction, rules), counted)
    if barred is not None:
        return barred
    return None if person.name in people and _has_role(people[person.name]) else NotCounted.NO_ROLE


def _makers(correction: Correction) -> dict[str, NotCounted]:
    """Those who made the content, whose eyes are never a second pair."""
    editors = {change.edited_by: NotCounted.EDITOR for change in correction.changes if change.edited_by is not None}
    return {OURSELVES: NotCounted.AUTOMATIC, **editors, correction.proposed_by: NotCounted.PROPOSER}


def _barred(
    name: str, makers: Mapping[str, NotCounted], rules: ApprovalRules, required: int, counted: Collection[str]
) -> NotCounted | None:
    """Why this person cannot be the next to approve."""
    if name in counted:
        return NotCounted.TWICE
    if name not in makers:
        return None
    is_first = rules.makers_first and not counted
    # A machine has no eyes: its approval stands alone or not at all.
    return None if is_first and (name != OURSELVES or required == 1) else makers[name]


def _why_not(
    approval: Approval,
    correction: Correction,
    people: Mapping[str, Person],
    now: datetime,
) -> NotCounted | None:
    if (approval.correction, approval.digest) != (correction.id, correction.digest):
        return NotCounted.OTHER_CONTENT
    if approval.person not in people or not _has_role(people[approval.person]):
        return NotCounted.NO_ROLE
    return NotCounted.LAPSED if approval.expires_at <= now else None


def _has_role(person: Person) -> bool:
    return not APPROVING_ROLES.isdisjoint(person.roles)


def applies(rule: ApprovalRule, correction: Correction, amounts: Mapping[str, frozenset[str]]) -> bool:
    """Whether a rule is about a correction.

    Args:
        amounts: as of `ApprovalRules`.
    """
    if rule.field is None and rule.above is None and rule.entity == correction.entity:
        return True
    return any(
        rule.above is None or _changes_by_more(change, rule.above, amounts.get(entity, frozenset()))
        for entity, change in _of_rule(rule, correction)
    )


def _of_rule(rule: ApprovalRule, correction: Correction) -> Iterator[tuple[str, FieldChange]]:
    """The changes a rule is about, each with the entity its field belongs to."""
    for change in correction.changes:
        entity = correction.entity if change.line is None else f"{correction.entity}{LINES}"
        whole_document = rule.field is None and rule.entity == correction.entity
        if (entity == rule.entity or whole_document) and rule.field in (None, change.field):
            yield entity, change


def _changes_by_more(change: FieldChange, above: Decimal, amounts: frozenset[str]) -> bool:
    if change.field not in amounts:
        return False
    try:
        return abs(_amount(change.new) - _amount(change.old)) > above
    except ValueTextError:
        # What cannot be read as an amount must not slip under the threshold.
        return True


def _amount(text: str | None) -> Decimal:
    value = typed_value(FieldType.DECIMAL, text)
    return value if isinstance(value, Decimal) else Decimal(0)
