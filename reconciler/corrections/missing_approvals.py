"""Who is missing of very many corrections at one moment: those that are alike in all that counts share the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.corrections.approval import (
    ApprovalRules,
    Missing,
    applies,
    in_order,
    missing_approvals,
    required_approvals,
)
from reconciler.model.corrections import Approval, Correction, Person

_Fields = tuple[str | bool, ...]
"""Entity, then each field that changes and whether it is one of the record itself. Amounts apart, no rule looks at
anything else."""

_Standing = tuple[int, str, tuple[str, ...], tuple[str | bool, ...]]
"""All that decides who is missing: how many are needed, the proposer, the editors, and of each approval, in their
order, the person, whether it is of this very content, and whether it has lapsed."""


class MissingApprovals:
    """What `missing_approvals` tells.

    Args:
        people: those whose approvals can count, as far as these approvals go.
        now: aware.
    """

    def __init__(
        self, rules: ApprovalRules, people: Callable[[Sequence[Approval]], Mapping[str, Person]], now: datetime
    ) -> None:
        self._rules = rules
        self._whatever_the_amount = replace(rules, rules=tuple(each for each in rules.rules if each.above is None))
        self._by_amount = [each for each in rules.rules if each.above is not None]
        self._people = people
        self._now = now
        self._required: dict[_Fields, int] = {}
        self._known: dict[_Standing, Missing] = {}

    def of(self, correction: Correction, approvals: Sequence[Approval]) -> Missing:
        """As `missing_approvals`."""
        standing = self._standing(correction, approvals)
        missing = self._known.get(standing)
        if missing is None:
            people = self._people(approvals)
            missing = missing_approvals(correction, approvals, self._rules, people, self._now)
            self._known[standing] = missing
        return missing

    def _standing(self, correction: Correction, approvals: Sequence[Approval]) -> _Standing:
        fields: list[str | bool] = [correction.entity]
        editors: tuple[str, ...] = ()
        for change in correction.changes:
            fields += (change.field, change.line is None)
            if change.edited_by is not None:
                editors += (change.edited_by,)
        facts: list[str | bool] = []
        for each in in_order(approvals):
            is_of_this = each.digest == correction.digest and each.correction == correction.id
            facts += (each.person, is_of_this, each.expires_at <= self._now)
        return self._required_for(correction, tuple(fields)), correction.proposed_by, editors, tuple(facts)

    def _required_for(self, correction: Correction, fields: _Fields) -> int:
        required = self._required.get(fields)
        if required is None:
            required = self._required[fields] = required_approvals(correction, self._whatever_the_amount)
        for rule in self._by_amount:
            if rule.required > required and applies(rule, correction, self._rules.amounts):
                required = rule.required
        return required
