"""Why two days or instants differ, and which side was changed last. The session's time zone is UTC."""

from __future__ import annotations

from typing import Final

from reconciler.compare.cause_rule import CauseRule, side_where
from reconciler.model.findings import Cause

_HALF_HOUR_US: Final = 1_800_000_000
_WIDEST_OFFSET_HALF_HOURS: Final = 28
_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 86_400_000_000

_APART_US = "abs(epoch_us(crm_form) - epoch_us(erp_form))"
_HALF_HOURS_APART = f"({_APART_US} // {_HALF_HOUR_US})"
_CHANGED_APART_US = "abs(epoch_us(crm_changed_at) - epoch_us(erp_changed_at))"
_LATER = ("later", side_where("crm_form > erp_form"))
_SAME_YEAR_SWAPPED = (
    "year(crm_form) = year(erp_form) AND month(crm_form) = day(erp_form) AND day(crm_form) = month(erp_form)"
)

DAY_SHIFTED: Final = CauseRule(
    Cause.TIME_ZONE, "crm_form = erp_form + 1 OR erp_form = crm_form + 1", (("days", "1"), _LATER)
)

INSTANT_SHIFTED: Final = CauseRule(
    Cause.TIME_ZONE,
    f"{_APART_US} % {_HALF_HOUR_US} = 0 AND {_APART_US} <= {_WIDEST_OFFSET_HALF_HOURS * _HALF_HOUR_US}",
    (
        ("hours", f"{_HALF_HOURS_APART} // 2 || CASE WHEN {_HALF_HOURS_APART} % 2 = 1 THEN '.5' ELSE '' END"),
        _LATER,
    ),
)

DAY_MONTH_SWAPPED: Final = CauseRule(Cause.DAY_MONTH_SWAPPED, _SAME_YEAR_SWAPPED)

DAY_MONTH_SWAPPED_INSTANT: Final = CauseRule(
    Cause.DAY_MONTH_SWAPPED, f"{_APART_US} % {_DAY_US} = 0 AND {_SAME_YEAR_SWAPPED}"
)

STALE_SIDE: Final = CauseRule(
    Cause.STALE_SIDE,
    f"{_CHANGED_APART_US} > {_DAY_US}",
    (
        ("newer", side_where("crm_changed_at > erp_changed_at")),
        ("hours", f"{_CHANGED_APART_US} // {_HOUR_US}"),
    ),
)
