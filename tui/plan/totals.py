"""What corrections come to together: records and fields per system, sums of amounts, and how careful to be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from reconciler.corrections.approval import Missing
from reconciler.corrections.plan_document import SystemTotals, totals_of
from reconciler.model.corrections import Correction, CorrectionAction
from reconciler.model.entities import Side
from tui.session import Session
from tui.text import amount, sign, width

TYPE_FROM: Final = 11
"""Records from which on their number has to be typed."""


@dataclass(slots=True)
class AmountSum:
    """All changed values of one decimal field of one system, added up exactly."""

    values: int = 0
    old: Decimal = Decimal(0)
    new: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some corrections.

    Attributes:
        amounts: by system, entity and field.
        costly: those that take more people than usual.
    """

    records: int
    systems: Mapping[Side, SystemTotals]
    amounts: Mapping[tuple[Side, str, str], AmountSum] = field(default_factory=dict)
    costly: int = 0

    @property
    def deactivated(self) -> int:
        """Records that are taken out of use."""
        return sum(each.deactivated for each in self.systems.values())

    @property
    def to_type(self) -> int | None:
        """The number that has to be typed before they are written; None where a button is enough."""
        careful = self.records >= TYPE_FROM or self.costly or self.deactivated
        return self.records if careful else None


def totals(
    corrections: Collection[Correction],
    amount_fields: Mapping[str, Collection[str]],
    missing: Mapping[str, Missing],
    usual_eyes: int,
) -> Totals:
    """What these corrections come to.

    Args:
        amount_fields: names of the decimal fields by entity, those of lines under `<entity>.lines`.
        missing: of each correction, by id.
        usual_eyes: people that any correction takes.
    """
    amounts: dict[tuple[Side, str, str], AmountSum] = {}
    for correction in corrections:
        for entity, name, old, new in _amount_changes(correction, amount_fields):
            found = amounts.setdefault((correction.side, entity, name), AmountSum())
            found.values += 1
            found.old += old
            found.new += new
    costly = sum(missing[each.id].required > usual_eyes for each in corrections if each.id in missing)
    return Totals(len(corrections), totals_of(corrections), amounts, costly)


def _amount_changes(
    correction: Correction, amount_fields: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    for change in correction.changes:
        entity = correction.entity if change.line is None else f"{correction.entity}.lines"
        if change.old != change.new and change.field in amount_fields.get(entity, ()):
            old, new = _number(change.old), _number(change.new)
            if old is not None and new is not None:
                yield entity, change.field, old, new


def _number(text: str | None) -> Decimal | None:
    """0 for no value; None for one that is no number."""
    try:
        number = Decimal(text or "0")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def system_lines(systems: Mapping[Side, SystemTotals], session: Session) -> list[str]:
    """One sentence for each system that is written."""
    texts = session.texts
    lines = []
    for side, each in systems.items():
        if not each.records:
            continue
        parts = [
            texts.counted(f"plans.count.{name}", count)
            for name, count in (
                ("updated", each.updated),
                ("created", each.created),
                ("deactivated", each.deactivated),
                ("fields", each.fields),
            )
            if count
        ]
        lines.append(f"{side.value.upper()}  {texts.counted('plans.records', each.records)}: {', '.join(parts)}")
    return lines


def amount_lines(found: Totals, session: Session) -> list[str]:
    """Old and new sum of each decimal field, aligned, as they are."""
    rows = [
        (side.value.upper(), session.words.field_label(name), str(each.values), _exact(each.old), _exact(each.new))
        for (side, _, name), each in found.amounts.items()
    ]
    if not rows:
        return []
    arrow = "->" if session.ascii_only else "→"
    widths = [max(width(row[column]) for row in rows) for column in range(5)]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {amount(row[2], widths[2])} {sign('×', 'x')}  "
        f"{amount(row[3], widths[3])} {arrow} {amount(row[4], widths[4])}"
        for row in rows
    ]


def _exact(number: Decimal) -> str:
    return f"{number:f}"


def count_line(counts: Mapping[tuple[Side, CorrectionAction], int], session: Session) -> str:
    """Records of each system in one line."""
    by_side: dict[Side, SystemTotals] = {}
    for side in Side:
        each = {action: counts.get((side, action), 0) for action in CorrectionAction}
        by_side[side] = SystemTotals(
            sum(each.values()),
            each[CorrectionAction.CREATE],
            each[CorrectionAction.UPDATE],
            each[CorrectionAction.DEACTIVATE],
        )
    return sign(" · ", " | ").join(system_lines(by_side, session))
