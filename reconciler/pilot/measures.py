"""What is measured every day of a pilot, and what each measure means. Pure; `docs/pilot.md` is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal

from reconciler.model.pilot import MeasureName

_PLACES: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        unit: "" for a plain number.
        good: whether a criterion is a highest or a lowest value.
        meaning: what is counted, and what `sample` is.
    """

    name: MeasureName
    title: str
    title_pt: str
    unit: str
    good: Literal["at_most", "at_least"]
    meaning: str

    def meets(self, value: Decimal, criterion: Decimal) -> bool:
        """Whether a value reaches a criterion; the criterion itself does."""
        return value <= criterion if self.good == "at_most" else value >= criterion


_ALL: Final = (
    Measure(
        "open_per_1000",
        "Open mismatches per 1,000 records",
        "Divergências abertas por mil registros",
        "‰",
        "at_most",
        "Open findings of records in the scope that both comparisons of the day's last run saw, by 1,000 records of "
        "the scope. Accepted differences do not count. Sample: records, each key once.",
    ),
    Measure(
        "new_mismatches",
        "New mismatches in the day",
        "Divergências novas no dia",
        "",
        "at_most",
        "Those of them that were first seen on this day. Sample: the open ones.",
    ),
    Measure(
        "verified_percent",
        "Corrections proved",
        "Correções comprovadas",
        "%",
        "at_least",
        "Of the corrections whose last attempt ended on this day, those that were read back as written. Sample: those "
        "corrections; without any there is no value.",
    ),
    Measure(
        "conflicts",
        "Conflicts",
        "Conflitos",
        "",
        "at_most",
        "Attempts of this day that wrote nothing because somebody had changed the record. Sample: attempts.",
    ),
    Measure(
        "unknown_outcomes",
        "Unknown outcomes",
        "Resultados desconhecidos",
        "",
        "at_most",
        "Corrections that were sent and nobody knows whether they were done, when the day's last run ended. Sample: "
        "all corrections.",
    ),
    Measure(
        "taxes_in_time_percent",
        "Tax answers in time",
        "Respostas de impostos no prazo",
        "%",
        "at_least",
        "Of the open quotes in the scope, those whose taxes the ERP answered, consistently and within "
        "`[taxes] deadline_s`, in the day's last run. Sample: quotes; without any there is no value.",
    ),
    Measure(
        "taxes_p95_ms",
        "Tax answers, 95th percentile",
        "Respostas de impostos, percentil 95",
        "ms",
        "at_most",
        "Time from asking to the answer, or to the refusal, that 95 % of these questions stayed within (nearest rank). "
        "Sample: questions.",
    ),
    Measure(
        "tax_drift",
        "Tax drift",
        "Desvio de impostos",
        "R$",
        "at_most",
        "The value at stake in these quotes: how far the taxes they carry are from the ERP's answers, added up without "
        "sign. Sample: quotes that were compared.",
    ),
    Measure(
        "blockers",
        "Open blockers",
        "Impedimentos abertos",
        "",
        "at_most",
        "Feedback of severity “blocker” that nobody has closed when the day's last run ended. Sample: all feedback.",
    ),
    Measure(
        "shadow_agreement_percent",
        "Agreement with what people did by hand",
        "Concordância com o que foi feito à mão",
        "%",
        "at_least",
        "Of the changes the product proposed in the scope and did not write, where somebody changed the field in the "
        "systems since: those where it now holds what was proposed. Sample: fields changed by hand; without any there "
        "is no value.",
    ),
)
MEASURES: Final[Mapping[MeasureName, Measure]] = {each.name: each for each in _ALL}


def percent(part: int, whole: int) -> Decimal | None:
    """A share in percent, to two decimals; None of nothing."""
    return _rounded(Decimal(100) * part / whole) if whole else None


def per_thousand(part: int, whole: int) -> Decimal | None:
    """A share in thousandths, to two decimals; None of nothing."""
    return _rounded(Decimal(1000) * part / whole) if whole else None


def percentile_95(values: list[int]) -> Decimal | None:
    """The smallest value that at least 95 % of the values do not exceed; None of nothing."""
    if not values:
        return None
    place = -(-95 * len(values) // 100)
    return Decimal(sorted(values)[place - 1])


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_HALF_EVEN)
