"""Why a scorecard says what it says, in the languages of the reports. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from reconciler.model.pilot import MeasureName
from reconciler.phrases.languages import in_language
from reconciler.phrases.phrase import Phrase, phrase
from reconciler.pilot.measures import MEASURES

Why = Literal[
    "not_over", "nothing_run", "not_measured", "missed", "never_measured", "frozen", "scenario_failed", "all_met"
]
ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. What a kind of reason has no use for is None or "". `rule` names a stop rule, or a scenario."""

    why: Why
    day: date | None = None
    measure: MeasureName | None = None
    value: Decimal | None = None
    criterion: Decimal | None = None
    rule: str = ""

    def words(self, language: str = ENGLISH) -> str:
        """One sentence; in English where there is no such language."""
        return f"{in_language(self._phrase(comma=language != ENGLISH), language)}."

    def phrase(self) -> Phrase:
        """The sentence as a part of others, without its full stop."""
        return self._phrase(comma=False)

    def _phrase(self, *, comma: bool) -> Phrase:
        measure = None if self.measure is None else MEASURES[self.measure]
        what = "" if measure is None else measure.title
        match self.why:
            case "not_over":
                return phrase("The pilot lasts until {day}", day=self.day)
            case "nothing_run":
                return phrase("{day}: nothing was run", day=self.day)
            case "not_measured":
                return phrase("{day}: {what} was not measured", day=self.day, what=what)
            case "missed":
                at_most = measure is not None and measure.good == "at_most"
                return _missed(at_most, self.day, what, _number(self.value, comma), _number(self.criterion, comma))
            case "never_measured":
                return phrase("{what}: there was nothing to measure on any working day", what=what)
            case "frozen":
                return phrase("Writes are frozen: {rule}", rule=self.rule)
            case "scenario_failed":
                return phrase("The scenario “{name}” failed when it was last played", name=self.rule)
            case "all_met":
                return phrase("Every criterion was met on every working day")


def _missed(at_most: bool, day: date | None, what: str, value: str, criterion: str) -> Phrase:
    if at_most:
        return phrase(
            "{day}: {what} {value}, at most {criterion} was agreed",
            day=day,
            what=what,
            value=value,
            criterion=criterion,
        )
    return phrase(
        "{day}: {what} {value}, at least {criterion} was agreed", day=day, what=what, value=value, criterion=criterion
    )


def _number(value: Decimal | None, comma: bool) -> str:
    return str(value).replace(".", ",") if comma else str(value)
