"""Why a scorecard says what it says, in the languages of the reports. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from reconciler.model.pilot import MeasureName
from reconciler.pilot.measures import MEASURES

Why = Literal[
    "not_over", "nothing_run", "not_measured", "missed", "never_measured", "frozen", "scenario_failed", "all_met"
]
ENGLISH: Final = "en"

_SENTENCES: Final[dict[str, dict[Why, str]]] = {
    ENGLISH: {
        "not_over": "The pilot lasts until {day}.",
        "nothing_run": "{day}: nothing was run.",
        "not_measured": "{day}: {title} was not measured.",
        "missed": "{day}: {title} {value}, {bound} {criterion} was agreed.",
        "never_measured": "{title}: there was nothing to measure on any working day.",
        "frozen": "Writes are frozen: {rule}.",
        "scenario_failed": "The scenario “{rule}” failed when it was last played.",
        "all_met": "Every criterion was met on every working day.",
    },
    "pt-BR": {
        "not_over": "O piloto dura até {day}.",
        "nothing_run": "{day}: nada foi executado.",
        "not_measured": "{day}: {title} não foi medido.",
        "missed": "{day}: {title} {value}; o combinado era {bound} {criterion}.",
        "never_measured": "{title}: não houve o que medir em nenhum dia útil.",
        "frozen": "As gravações estão congeladas: {rule}.",
        "scenario_failed": "O cenário “{rule}” falhou quando foi executado por último.",
        "all_met": "Todos os critérios foram cumpridos em todos os dias úteis.",
    },
}
_BOUNDS: Final = {
    ENGLISH: {"at_most": "at most", "at_least": "at least"},
    "pt-BR": {"at_most": "no máximo", "at_least": "no mínimo"},
}


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
        spoken = language if language in _SENTENCES else ENGLISH
        measure = None if self.measure is None else MEASURES[self.measure]
        return _SENTENCES[spoken][self.why].format(
            day=self.day,
            title="" if measure is None else (measure.title if spoken == ENGLISH else measure.title_pt),
            bound="" if measure is None else _BOUNDS[spoken][measure.good],
            value=self.value,
            criterion=self.criterion,
            rule=self.rule,
        )
