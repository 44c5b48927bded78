"""Why two texts or codes differ."""

from __future__ import annotations

from typing import Final

from reconciler.compare.cause_rule import CauseRule, side_where
from reconciler.model.findings import Cause

MIN_TRUNCATED_CHARACTERS: Final = 5
"""A shorter beginning of a value is too weak a sign of truncation."""


def _without_spaces(column: str) -> str:
    """Every space and invisible character removed. What `\\s` means differs between engines."""
    return f"regexp_replace({column}, '[\\t\\n\\f\\r\\p{{Z}}\\p{{Cf}}]+', '', 'g')"


def _only_other_characters_differ(crm: str, erp: str) -> str:
    """Letters, digits and marks agree. Most texts have no other characters, which is cheaper to see than to remove.

    To see it, every character beyond ASCII counts as another: texts that are equal without them are equal all the same,
    and to plan a search among all letters there are takes longer than to compare a small snapshot.
    """
    kept = "\\p{L}\\p{M}\\p{N}"
    may_have_others = " OR ".join(f"regexp_matches({column}, '[^0-9A-Za-z ]')" for column in (crm, erp))
    crm_kept, erp_kept = (f"regexp_replace({column}, '[^{kept}]+', '', 'g')" for column in (crm, erp))
    return f"({may_have_others}) AND {crm_kept} = {erp_kept}"


_SHORTER_SIDE = side_where("length(crm_form) < length(erp_form)")

CASE: Final = CauseRule(Cause.CASE, "lower(crm_value) = lower(erp_value)")


def _equal_without_spaces(crm: str, erp: str) -> str:
    """Plain spaces are removed first: most texts have no others, and a regular expression costs ten times as much."""
    plain = f"replace({crm}, ' ', '') = replace({erp}, ' ', '')"
    is_ascii = " AND ".join(f"strlen({column}) = length({column})" for column in (crm, erp))
    return f"({plain} OR (NOT ({is_ascii}) AND {_without_spaces(crm)} = {_without_spaces(erp)}))"


SPACING: Final = CauseRule(Cause.SPACING, _equal_without_spaces("lower(crm_value)", "lower(erp_value)"))

ACCENTS: Final = CauseRule(Cause.ACCENTS, f"crm_form = erp_form OR {_equal_without_spaces('crm_form', 'erp_form')}")

MOJIBAKE: Final = CauseRule(Cause.MOJIBAKE, "damaged_side IS NOT NULL", (("side", "damaged_side"),))

PUNCTUATION: Final = CauseRule(Cause.PUNCTUATION, _only_other_characters_differ("crm_form", "erp_form"))

TRUNCATED: Final = CauseRule(
    Cause.TRUNCATED,
    f"(length(crm_form) >= {MIN_TRUNCATED_CHARACTERS} AND starts_with(erp_form, crm_form))"
    f" OR (length(erp_form) >= {MIN_TRUNCATED_CHARACTERS} AND starts_with(crm_form, erp_form))",
    (
        ("length", "CASE WHEN length(crm_form) < length(erp_form) THEN length(crm_value) ELSE length(erp_value) END"),
        ("side", _SHORTER_SIDE),
    ),
)

LEADING_ZEROS: Final = CauseRule(
    Cause.LEADING_ZEROS, "trim(LEADING '0' FROM crm_form) = trim(LEADING '0' FROM erp_form)", (("side", _SHORTER_SIDE),)
)

LEADING_ZEROS_OF_DIGITS: Final = CauseRule(
    Cause.LEADING_ZEROS,
    f"{LEADING_ZEROS.when} AND crm_form <> '' AND erp_form <> ''"
    " AND NOT regexp_matches(crm_form, '[^0-9]') AND NOT regexp_matches(erp_form, '[^0-9]')",
    LEADING_ZEROS.detail,
)
"""For free text, where zeros at the left matter only in numbers."""


def unmapped_code(parameter: str) -> CauseRule:
    """One of two codes is not in the list of known ones, the parameter of that name. Of two unknown ones the CRM's."""
    crm_known, erp_known = (f"list_contains(${parameter}, {column})" for column in ("crm_form", "erp_form"))
    return CauseRule(
        Cause.UNMAPPED_CODE,
        f"NOT {crm_known} OR NOT {erp_known}",
        (("side", side_where(f"NOT {crm_known}")),),
        (("code", f"CASE WHEN {crm_known} THEN erp_form ELSE crm_form END"),),
    )
