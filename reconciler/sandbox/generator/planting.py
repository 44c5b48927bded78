"""Plants the discrepancies of `discrepancies.toml` in twins that were equal, and keeps the list of what must be found.

Lines of an order or quote that has no partner are never listed: a reconciliation leaves the lines of unmatched parents
out, since the parent's own finding says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any, Generic

from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.data_files import read_data_file
from reconciler.sandbox.generator.changes import CHANGES, Change
from reconciler.sandbox.generator.customers import BRASILIA
from reconciler.sandbox.generator.records import Planted, R, Twin

_LARGEST_SHARE_PLANTED = 0.8
_STALE_DAYS = (3, 40)
_ONE_DAY = timedelta(days=1)
_ATTRIBUTES = {"city": "erp_city_name"}
"""Fields of a finding that a generated record holds under another name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the recipe. `field` is None for plants that concern the whole record."""

    entity: str
    plant: str
    field: str | None
    side: Side
    per_thousand: int


def recipe(entity: str) -> list[Row]:
    """The rows of one entity and of its lines, in order."""
    rows = [
        Row(row["entity"], row["plant"], row.get("field"), Side(row["side"]), row["per_thousand"])
        for row in read_data_file("discrepancies.toml")["discrepancy"]
    ]
    return [row for row in rows if row.entity.removesuffix(".lines") == entity]


def records_of(twin: Twin[R], side: Side) -> list[R]:
    """The twin's records of one side; the list itself, to be changed."""
    return twin.crm if side is Side.CRM else twin.erp


class Planter(Generic[R]):
    """Plants in the twins of one entity, in an order drawn by chance, and never twice in the same twin."""

    def __init__(self, twins: Sequence[Twin[R]], key: Callable[[R], str], random: Random) -> None:
        self.random = random
        self.found: list[Planted] = []
        self._key: Callable[[R], str] = key
        self._order: list[Twin[R]] = random.sample(twins, len(twins))
        self._budget = int(len(twins) * _LARGEST_SHARE_PLANTED)

    def wanted(self, row: Row) -> int:
        """How many records the row asks for."""
        return max(1, len(self._order) * row.per_thousand // 1000)

    def take(self, count: int, suits: Callable[[Twin[R]], bool]) -> Iterator[Twin[R]]:
        """Up to `count` free twins that suit, each marked as planted; fewer when the share that may be is used up."""
        taken = 0
        for twin in self._order:
            if taken == count or self._budget == 0:
                return
            if not twin.planted and suits(twin):
                twin.planted = True
                self._budget -= 1
                taken += 1
                yield twin

    def note(self, row: Row, key: str, kind: FindingKind, cause: Cause, field: str | None = None) -> None:
        """Write down one finding that must be reported."""
        self.found.append(Planted(row.entity, key, field, kind.value, cause.value))

    def key(self, record: R) -> str:
        """The record's key as a finding shows it."""
        return self._key(record)

    def alter_values(self, row: Row, suits: Callable[[Twin[R]], bool] = lambda twin: True) -> None:
        """Alter one field of one side, by the way the row names."""
        change, attribute = CHANGES[row.plant], _ATTRIBUTES.get(row.field or "", row.field or "")
        left = self.wanted(row)
        for twin in self.take(left, lambda twin: suits(twin) and change.suits(getattr(twin.erp[0], attribute))):
            self._alter(twin, row, attribute, change)
            left -= 1
        if left and change.instead is not None and attribute not in _ATTRIBUTES.values():
            for twin in self.take(left, lambda twin: suits(twin) and getattr(twin.erp[0], attribute) is not None):
                right = change.instead(self.random)
                twin.crm[0], twin.erp[0] = _with(twin.crm[0], attribute, right), _with(twin.erp[0], attribute, right)
                self._alter(twin, row, attribute, change)

    def _alter(self, twin: Twin[R], row: Row, attribute: str, change: Change) -> None:
        records = records_of(twin, row.side)
        wrong = change.alter(getattr(records[0], attribute), self.random)
        records[0] = _with(records[0], attribute, wrong)
        if change.stale:
            records[0] = moved_on(records[0], self.random)
        self.note(row, self._key(twin.erp[0]), FindingKind.DIFFERS, change.cause, row.field)

    def leave_only(self, row: Row, rename: Callable[[R], R], suits: Callable[[Twin[R]], bool]) -> None:
        """Remove the record of the other side; `rename` makes the one that stays resemble nothing there."""
        kind = FindingKind.ONLY_IN_CRM if row.side is Side.CRM else FindingKind.ONLY_IN_ERP
        for twin in self.take(self.wanted(row), suits):
            stays = rename(records_of(twin, row.side)[0])
            only(twin, row.side, stays)
            self.note(row, self._key(stays), kind, Cause.NOT_FOUND)

    def double(self, row: Row, copy: Callable[[R], R], suits: Callable[[Twin[R]], bool]) -> None:
        """Put a second record with the same key on one side."""
        for twin in self.take(self.wanted(row), suits):
            records = records_of(twin, row.side)
            records.append(copy(records[0]))
            self.note(row, self._key(twin.erp[0]), FindingKind.DUPLICATE, Cause.SAME_KEY)


def only(twin: Twin[R], side: Side, record: R) -> None:
    """Make the twin exist on one side only, as `record`."""
    twin.crm, twin.erp = ([record], []) if side is Side.CRM else ([], [record])


def moved_on(record: R, random: Random) -> R:
    """The record, changed days after its twin."""
    days = random.randint(*_STALE_DAYS)
    stamp = record.updated_at.astimezone(BRASILIA)
    return _with(record, "updated_at", stamp.replace(hour=9 + days % 8) + days * _ONE_DAY)


def _with(record: R, attribute: str, value: Any) -> R:
    """The record with one attribute replaced; rows of the recipe name attributes, and a wrong name raises TypeError."""
    changed: dict[str, Any] = {attribute: value}
    return replace(record, **changed)
