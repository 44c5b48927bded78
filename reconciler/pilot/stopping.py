"""Which stop rule fires. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.model.pilot import DayValue
from reconciler.phrases.languages import in_language
from reconciler.phrases.phrase import phrase
from reconciler.pilot.measures import MEASURES
from reconciler.project_pilot import StopRule

SEPARATOR: Final = "; "
"""Between rules that fired together."""


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
            said.append(phrase("{what}: {value}, above {bound}", what=title, value=value, bound=rule.above))
        if rule.below is not None and value < rule.below:
            said.append(phrase("{what}: {value}, below {bound}", what=title, value=value, bound=rule.below))
    return said


def rules_in_language(kept: str, locale: str) -> str:
    """Rules that fired together, as a freeze keeps them, in the language of a locale."""
    return SEPARATOR.join(in_language(each, locale) for each in kept.split(SEPARATOR))
