"""Which stop rule fires. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.pilot import DayValue
from reconciler.pilot.measures import MEASURES
from reconciler.project_pilot import StopRule


def fired(rules: Sequence[StopRule], values: Iterable[DayValue]) -> list[str]:
    """The rules that these values are beyond, each in words. What was not measured fires nothing."""
    measured = {each.measure: each.value for each in values}
    said: list[str] = []
    for rule in rules:
        value = measured.get(rule.measure)
        if value is None:
            continue
        title = MEASURES[rule.measure].title
        if rule.above is not None and value > rule.above:
            said.append(f"{title}: {value}, above {rule.above}")
        if rule.below is not None and value < rule.below:
            said.append(f"{title}: {value}, below {rule.below}")
    return said
