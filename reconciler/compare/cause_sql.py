"""Why two values differ: the rules of each field type in the order of `Cause`. The first one that holds wins."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.compare import amount_causes_sql as amount
from reconciler.compare import text_causes_sql as text
from reconciler.compare import time_causes_sql as time
from reconciler.compare.cause_rule import CauseRule, side_where
from reconciler.model.entities import FieldType
from reconciler.model.findings import Cause, FieldRule

_MISSING_VALUE = CauseRule(
    Cause.MISSING_VALUE,
    "crm_compared IS NULL OR erp_compared IS NULL",
    (("side", side_where("crm_compared IS NULL")),),
)
_SWAPPED_FIELDS = CauseRule(
    Cause.SWAPPED_FIELDS, "swapped_with IS NOT NULL", outside_detail=(("field", "swapped_with"),)
)
_BY_TYPE: dict[FieldType, tuple[CauseRule, ...]] = {
    FieldType.TEXT: (
        text.CASE,
        text.SPACING,
        text.ACCENTS,
        text.MOJIBAKE,
        text.PUNCTUATION,
        text.TRUNCATED,
        text.LEADING_ZEROS_OF_DIGITS,
    ),
    FieldType.CODE: (text.SPACING, text.PUNCTUATION, text.TRUNCATED, text.LEADING_ZEROS),
    FieldType.DOCUMENT: (text.TRUNCATED, text.LEADING_ZEROS),
    FieldType.REGISTRATION: (text.TRUNCATED, text.LEADING_ZEROS),
    FieldType.EMAIL: (text.SPACING, text.PUNCTUATION, text.TRUNCATED),
    FieldType.DIGITS: (text.TRUNCATED, text.LEADING_ZEROS),
    FieldType.DECIMAL: (amount.SIGN, amount.SCALE, amount.ROUNDING),
    FieldType.BOOLEAN: (),
    FieldType.DATE: (time.DAY_SHIFTED, time.DAY_MONTH_SWAPPED),
    FieldType.TIMESTAMP: (time.INSTANT_SHIFTED, time.DAY_MONTH_SWAPPED_INSTANT),
}


def rules_for(field: FieldRule, known_codes: str) -> tuple[CauseRule, ...]:
    """The rules that apply to a field, in the order they are tried.

    Args:
        known_codes: name of the parameter with the list of known codes.
    """
    coded = (text.unmapped_code(known_codes),) if has_code_list(field) else ()
    return (_MISSING_VALUE, *_BY_TYPE[field.type], _SWAPPED_FIELDS, *coded, time.STALE_SIDE)


def has_code_list(field: FieldRule) -> bool:
    """Whether the values of this field are translated codes, so that one may lack its translation."""
    return field.type is FieldType.CODE and field.known_codes is not None


def cause_of(rules: Sequence[CauseRule]) -> str:
    """SQL text of the first cause that explains the difference."""
    cases = " ".join(f"WHEN {rule.when} THEN '{rule.cause.value}'" for rule in rules)
    return f"CASE {cases} ELSE '{Cause.UNEXPLAINED.value}' END"


def detail_of(rules: Sequence[CauseRule]) -> str:
    """SQL text of the JSON detail that belongs to the column `cause`."""
    cases = " ".join(f"WHEN '{rule.cause.value}' THEN {rule.json}" for rule in rules)
    return f"CASE cause {cases} ELSE '{{}}' END"
