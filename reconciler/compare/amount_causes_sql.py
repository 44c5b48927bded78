"""Why two amounts differ. All arithmetic is on exact decimals; 38 digits hold the largest product."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from reconciler.compare.cause_rule import CauseRule, side_where
from reconciler.model import staging
from reconciler.model.findings import Cause

MAX_SCALE_EXPONENT: Final = 6
"""Largest power of ten that counts as a mistake of scale."""

_UNITS: Final = [
    (places, f"CAST('{format(Decimal(1).scaleb(-places), 'f')}' AS DECIMAL(28, 10))")
    for places in reversed(range(staging.DECIMAL_SCALE))
]
"""One unit of the last place, from the smallest."""

SIGN: Final = CauseRule(Cause.SIGN, "crm_form = -erp_form")


def _scale() -> CauseRule:
    powers = [10**exponent for exponent in range(1, MAX_SCALE_EXPONENT + 1)]
    conditions = [
        (power, f"{larger} = {smaller} * {power}")
        for power in powers
        for larger, smaller in (("crm_form", "erp_form"), ("erp_form", "crm_form"))
    ]
    factors = " ".join(f"WHEN {condition} THEN {power}" for power, condition in conditions)
    return CauseRule(
        Cause.SCALE,
        " OR ".join(condition for _, condition in conditions),
        (("factor", f"CASE {factors} END"), ("larger", side_where("abs(crm_form) > abs(erp_form)"))),
    )


SCALE: Final = _scale()


def places_kept(rounded: str, exact: str) -> str:
    """SQL text of the number of decimal places to which `rounded` is `exact` rounded half up, half even or toward zero.

    Null when it is not. A half rounded up or to even is at most half a unit away, and nothing else with so few places
    is; toward zero is less than a unit away, on the side of zero. Of several numbers of places the largest.
    """
    apart = "abs(crm_form - erp_form)"
    toward_zero = f"({exact} >= {rounded} AND {rounded} >= 0 OR {exact} <= {rounded} AND {rounded} <= 0)"
    cases = " ".join(
        f"WHEN {apart} < {unit} AND {rounded} % {unit} = 0 AND {exact} % {unit} <> 0"
        f" AND ({apart} * 2 <= {unit} OR {toward_zero}) THEN {places}"
        for places, unit in _UNITS
    )
    return f"CASE {cases} END"


ROUNDING: Final = CauseRule(
    Cause.ROUNDING,
    "crm_places_kept IS NOT NULL OR erp_places_kept IS NOT NULL",
    (
        ("decimals", "coalesce(crm_places_kept, erp_places_kept)"),
        ("side", side_where("crm_places_kept IS NOT NULL")),
    ),
)
