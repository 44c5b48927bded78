"""The numbers of a day of the pilot, taken from what is kept and from what a run has just seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reconciler.app.correct import Acting, ScopeKeys, changed_by_hand, findings_in_scope
from reconciler.app.pilot.assessment import today_of
from reconciler.app.pilot.kept_values import bounds_of, kept_values
from reconciler.model.findings import Finding
from reconciler.model.pilot import DayValue, MeasureName
from reconciler.pilot.measures import per_thousand, percent, percentile_95


@dataclass(frozen=True, slots=True)
class TaxesSeen:
    """What the ERP answered about the open quotes of the pilot.

    Attributes:
        quotes: that were asked about.
        in_time: of them, those that were answered, consistently and within the deadline.
        elapsed_ms: of each question, answered or not.
        compared: of them, those whose carried taxes were compared.
        at_stake: value by which carried taxes are off, without sign.
    """

    quotes: int = 0
    in_time: int = 0
    elapsed_ms: list[int] = field(default_factory=list)
    compared: int = 0
    at_stake: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run of the pilot has seen.

    Attributes:
        keys: records of the scope.
        stayed: ids of findings that both comparisons saw; None where something was not compared.
        taxes: None where no quotes are in the scope, or they could not be read.
    """

    keys: ScopeKeys
    stayed: frozenset[str] | None
    taxes: TaxesSeen | None


async def day_values(acting: Acting, seen: Seen) -> list[DayValue]:
    """Every measure of today. One that could not be taken is left out: an earlier run of the day may have taken it.

    Raises:
        StateError: the state cannot be read.
    """
    today = today_of(acting)
    begins, _ = bounds_of(acting.workspace.project, today)
    values = [*await _mismatches(acting, seen, begins)]
    if seen.taxes is not None:
        values += _taxes(seen.taxes)
    if seen.stayed is not None:
        by_hand = await changed_by_hand(acting, seen.keys)
        values.append(("shadow_agreement_percent", percent(by_hand.agreed, by_hand.changed), by_hand.changed))
    kept = await kept_values(acting.workspace, today)
    return [*(DayValue(today, name, value, sample) for name, value, sample in values), *kept]


_Value = tuple[MeasureName, Decimal | None, int]


async def _mismatches(acting: Acting, seen: Seen, begins: datetime) -> list[_Value]:
    if seen.stayed is None:
        return []
    stayed = seen.stayed
    still: list[Finding] = [each for each in (await findings_in_scope(acting, seen.keys)).values() if each.id in stayed]
    records = sum(map(len, seen.keys.values()))
    new = sum(each.first_seen >= begins for each in still)
    return [
        ("open_per_1000", per_thousand(len(still), records), records),
        ("new_mismatches", Decimal(new), len(still)),
    ]


def _taxes(seen: TaxesSeen) -> Iterator[_Value]:
    yield "taxes_in_time_percent", percent(seen.in_time, seen.quotes), seen.quotes
    yield "taxes_p95_ms", percentile_95(seen.elapsed_ms), len(seen.elapsed_ms)
    yield "tax_drift", seen.at_stake if seen.compared else None, seen.compared
