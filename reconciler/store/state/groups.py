"""Finding groups: the few combinations of entity, kind, field, cause and owner that a million findings share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.choice import chosen
from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.store.state import schema
from reconciler.store.state.records import FindingFilter, FindingGroup

STATUS_NUMBERS: Final = {
    FindingStatus.OPEN: 1,
    FindingStatus.ACCEPTED: 2,
    FindingStatus.CORRECTED: 3,
    FindingStatus.CLOSED: 4,
}
STATUSES: Final = {number: status for status, number in STATUS_NUMBERS.items()}
OPEN: Final = STATUS_NUMBERS[FindingStatus.OPEN]
ACCEPTED: Final = STATUS_NUMBERS[FindingStatus.ACCEPTED]
CLOSED: Final = STATUS_NUMBERS[FindingStatus.CLOSED]
NOT_CLOSED: Final = tuple(number for number in STATUSES if number != CLOSED)

LIST_KINDS: Final = (FindingKind.DUPLICATE, FindingKind.AMBIGUOUS)
"""Kinds whose substance is which records they name, not which values these hold."""


@dataclass(frozen=True, slots=True)
class Group:
    """What the findings of a group have in common."""

    entity: str
    kind: FindingKind
    field: str | None
    cause: Cause
    owner: str | None

    def counted(self, status: FindingStatus, count: int) -> FindingGroup:
        """With how many of them have that status."""
        return FindingGroup(self.entity, self.kind, self.field, self.cause, self.owner, status, count)


async def read_groups(connection: AsyncConnection) -> dict[int, Group]:
    """Every group by its number."""
    rows = await connection.execute(select(schema.finding_groups))
    return {
        row.id: Group(row.entity, FindingKind(row.kind), row.field or None, Cause(row.cause), row.owner or None)
        for row in rows
    }


async def read_counts(connection: AsyncConnection) -> dict[tuple[int, int], int]:
    """How many findings there are by group and status; pairs without any are left out."""
    counts = schema.finding_counts.c
    rows = await connection.execute(select(counts.group_id, counts.status, counts.findings))
    return {(group, status): count for group, status, count in rows}


@dataclass(frozen=True, slots=True)
class Selection:
    """Groups and statuses that a filter chooses; None for all."""

    groups: frozenset[int] | None
    statuses: frozenset[int] | None

    @property
    def is_empty(self) -> bool:
        """Whether no finding can be chosen."""
        return self.groups == frozenset() or self.statuses == frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether every finding is chosen."""
        return self.groups is None and self.statuses is None

    def takes(self, group: int, status: int) -> bool:
        """Whether findings of this group and status are chosen."""
        return (self.groups is None or group in self.groups) and (self.statuses is None or status in self.statuses)


def select_groups(filter_: FindingFilter, groups: Mapping[int, Group]) -> Selection:
    """The part of a filter that groups and statuses answer."""
    statuses = chosen(filter_.status)
    wanted = [
        (attribute, values)
        for attribute, choice in (
            ("entity", filter_.entity),
            ("kind", filter_.kind),
            ("field", filter_.field),
            ("cause", filter_.cause),
        )
        if (values := chosen(choice)) is not None
    ]
    return Selection(
        groups=frozenset(
            number
            for number, group in groups.items()
            if all((getattr(group, attribute) or "") in values for attribute, values in wanted)
        )
        if wanted
        else None,
        statuses=None
        if statuses is None
        else frozenset(number for status, number in STATUS_NUMBERS.items() if status in statuses),
    )


GroupKey = tuple[str, str | None, str, str | None]
"""Kind, field, cause and owner."""


class GroupNumbers(dict[GroupKey, int]):
    """Numbers of the groups of one entity; a combination not met before gets the next free number."""

    def __init__(self, entity: str, groups: Mapping[int, Group]) -> None:
        super().__init__()
        self._entity = entity
        self._next = max(groups, default=0) + 1
        self._added: dict[int, Group] = {}
        for number, group in groups.items():
            if group.entity == entity:
                self[group.kind, group.field, group.cause, group.owner] = number

    def __missing__(self, key: GroupKey) -> int:
        group = Group(self._entity, FindingKind(key[0]), key[1] or None, Cause(key[2]), key[3] or None)
        usual = (group.kind, group.field, group.cause, group.owner)
        if key != usual:
            self[key] = self[usual]
        else:
            self[key] = self._next
            self._added[self._next] = group
            self._next += 1
        return self[key]

    def added(self) -> Iterator[dict[str, object]]:
        """The new groups as rows of `finding_groups`."""
        for number, group in self._added.items():
            yield {
                "id": number,
                "entity": self._entity,
                "kind": group.kind,
                "field": group.field or "",
                "cause": group.cause,
                "owner": group.owner or "",
            }
