"""Saved filters with their counts, and the causes into which the findings of a filter fall. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from reconciler.model.choice import Choice, chosen
from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.store.state.records import FindingFilter, FindingGroup, FindingSummary

_OPEN: Final = FindingStatus.OPEN


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter with a name. It chooses by what groups of findings have in common, so that it is counted at once."""

    name: str
    filter: FindingFilter


SAVED: Final = (
    SavedFilter("open", FindingFilter(status=_OPEN)),
    SavedFilter("differs", FindingFilter(status=_OPEN, kind=FindingKind.DIFFERS)),
    SavedFilter(
        "missing", FindingFilter(status=_OPEN, kind=(FindingKind.ONLY_IN_CRM.value, FindingKind.ONLY_IN_ERP.value))
    ),
    SavedFilter(
        "ambiguous", FindingFilter(status=_OPEN, kind=(FindingKind.DUPLICATE.value, FindingKind.AMBIGUOUS.value))
    ),
    SavedFilter("invalid", FindingFilter(status=_OPEN, kind=FindingKind.INVALID)),
    SavedFilter("drift", FindingFilter(status=_OPEN, kind=FindingKind.TAX_DRIFT)),
    SavedFilter("accepted", FindingFilter(status=FindingStatus.ACCEPTED)),
    SavedFilter("corrected", FindingFilter(status=FindingStatus.CORRECTED)),
)
"""In the order of their tabs."""


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Findings of one filter that share entity, kind, field and cause: mostly one decision.

    Attributes:
        owners: whose value counts, for each of the findings; None among them where nobody owns the field.
    """

    entity: str
    kind: FindingKind
    field: str | None
    cause: Cause
    count: int
    owners: frozenset[str | None] = frozenset()

    @property
    def id(self) -> str:
        """Names the group within any filter."""
        return "/".join((self.entity, self.kind, self.field or "", self.cause))

    def narrowed(self, basis: FindingFilter) -> FindingFilter:
        """The findings of the group among those that a filter chooses."""
        return replace(basis, entity=self.entity, kind=self.kind.value, field=self.field or "", cause=self.cause.value)


def takes(filter_: FindingFilter, group: FindingGroup) -> bool:
    """Whether the filter chooses this group, as far as entity, field, kind, cause and status say."""
    parts: tuple[tuple[Choice, str], ...] = (
        (filter_.entity, group.entity),
        (filter_.field, group.field or ""),
        (filter_.kind, group.kind),
        (filter_.cause, group.cause),
        (filter_.status, group.status),
    )
    return all((values := chosen(choice)) is None or str(value) in values for choice, value in parts)


def counts_of(summary: FindingSummary, saved: Iterable[SavedFilter] = SAVED) -> dict[str, int]:
    """How many findings each saved filter chooses, by its name; one reading of the counts answers for all."""
    return {each.name: sum(group.count for group in summary.groups if takes(each.filter, group)) for each in saved}


def causes_of(summary: FindingSummary, filter_: FindingFilter) -> list[CauseGroup]:
    """The causes of what a filter chooses, the most frequent first."""
    found: dict[tuple[str, FindingKind, str | None, Cause], tuple[int, set[str | None]]] = {}
    for group in summary.groups:
        if takes(filter_, group):
            place = (group.entity, group.kind, group.field, group.cause)
            count, owners = found.get(place, (0, set()))
            found[place] = (count + group.count, {*owners, group.owner})
    groups = [CauseGroup(*place, count, frozenset(owners)) for place, (count, owners) in found.items()]
    return sorted(groups, key=lambda group: (-group.count, group.id))
