"""The findings of pairs whose values differ: grouped by what explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.compare.amount_causes_sql import places_kept
from reconciler.compare.cause_sql import cause_of, detail_of, has_code_list, rules_for
from reconciler.compare.equality_sql import differs
from reconciler.compare.finding_sql import literal, record_columns, select_findings
from reconciler.compare.layout import FieldColumns, Layout, shortened, value_as_text
from reconciler.compare.session import SqlParameter
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import FindingKind


def pairs_by_field(layout: Layout) -> str:
    """Query for the number of pairs that differ in each compared field, in order: in most looks most differ nowhere."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE {differs(field, field.compared(Side.CRM), field.compared(Side.ERP))})"
        for field in layout.compared
    )
    return f"SELECT {counts} FROM pair"


@dataclass(frozen=True, slots=True)
class DifferingField:
    """A compared field in which some pairs differ.

    Attributes:
        has_invalid: it is unreadable in some record; such pairs have an `invalid` finding instead (`invalid_sql.py`).
        has_damaged: the table `damaged_text` names pairs with mojibake in this field.
    """

    columns: FieldColumns
    has_invalid: bool
    has_damaged: bool


def difference_findings(layout: Layout, fields: Sequence[DifferingField]) -> list[str]:
    """Selections of the findings of these fields, one for all fields that the same rules explain.

    The rules are long, and a statement that repeats them for every field takes longer to plan than small snapshots take
    to compare. Parameters: `entity`, and those of `difference_parameters`.
    """
    explained_alike: dict[tuple[FieldType, str], list[DifferingField]] = {}
    for field in fields:
        rule = field.columns.rule
        own_codes = _known_codes(field.columns) if has_code_list(rule) else ""
        explained_alike.setdefault((rule.type, own_codes), []).append(field)
    return [_findings_of(layout, alike) for alike in explained_alike.values()]


def _findings_of(layout: Layout, fields: Sequence[DifferingField]) -> str:
    first = fields[0].columns
    rules = rules_for(first.rule, _known_codes(first))
    source = f"""(
            SELECT *, {cause_of(rules)} AS cause
            FROM ({_differing(layout, fields)}) AS differing
        ) AS explained"""
    columns = {
        "field": "field",
        "cause": "cause",
        "detail": detail_of(rules),
        "owner": "owner",
        **record_columns(*Side),
        "crm_value": shortened(value_as_text(first.rule.type, "crm_value")),
        "erp_value": shortened(value_as_text(first.rule.type, "erp_value")),
    }
    return select_findings(literal(FindingKind.DIFFERS), "crm_key", columns, source)


def difference_parameters(layout: Layout) -> dict[str, SqlParameter]:
    """The parameters of the selections of every compared field, besides `entity`."""
    parameters: dict[str, SqlParameter] = {}
    for field in layout.compared:
        parameters |= {field.name_parameter: field.rule.name, _owner(field): field.rule.owner}
        if field.tolerance is not None:
            parameters[field.tolerance_parameter] = field.tolerance
        if has_code_list(field.rule):
            parameters[_known_codes(field)] = sorted(field.rule.known_codes or ())
    return parameters


def pairs_that_differ(field: FieldColumns, *, has_invalid: bool) -> str:
    """SQL condition on `pair`: the two values of the field can be read and differ."""
    condition = differs(field, field.compared(Side.CRM), field.compared(Side.ERP))
    if not has_invalid:
        return condition
    unreadable = "SELECT 1 FROM invalid_part WHERE of_pair AND finding_key = pair.crm_key AND field = "
    unreadable += f"${field.name_parameter}"
    return f"{condition} AND NOT EXISTS ({unreadable})"


def _differing(layout: Layout, fields: Sequence[DifferingField]) -> str:
    differing = " UNION ALL ".join(_differing_in(layout, field) for field in fields)
    if fields[0].columns.rule.type is not FieldType.DECIMAL:
        return differing
    return f"""
                SELECT *, {places_kept("crm_form", "erp_form")} AS crm_places_kept,
                    {places_kept("erp_form", "crm_form")} AS erp_places_kept
                FROM ({differing}) AS amounts"""


def _differing_in(layout: Layout, differing: DifferingField) -> str:
    field = differing.columns
    records = ", ".join(f"{side.value}_{name}" for side in Side for name in ("id", "page", "position"))
    damaged = ""
    damaged_side = "CAST(NULL AS VARCHAR)"
    if differing.has_damaged:
        damaged = f"LEFT JOIN damaged_text ON damaged_text.key = crm_key AND damaged_text.field_index = {field.index}"
        damaged_side = "damaged_text.side"
    values = ", ".join(
        f"{column} AS {side.value}_{name}"
        for side in Side
        for name, column in {
            "value": field.value(side),
            "form": field.form(side),
            "compared": field.compared(side),
            "changed_at": _changed_at(layout, side),
        }.items()
    )
    return f"""
                SELECT crm_key, {records}, {values}, {damaged_side} AS damaged_side,
                    {_swapped_with(layout, field)} AS swapped_with,
                    ${field.name_parameter} AS field, ${_owner(field)} AS owner
                FROM pair {damaged}
                WHERE {pairs_that_differ(field, has_invalid=differing.has_invalid)}"""


def _changed_at(layout: Layout, side: Side) -> str:
    return "CAST(NULL AS TIMESTAMP WITH TIME ZONE)" if layout.changed_at is None else layout.changed_at.form(side)


def _swapped_with(layout: Layout, field: FieldColumns) -> str:
    """SQL text of the name of the field that holds the other's value, null when none does."""
    others = " ".join(
        f"WHEN {field.form(Side.CRM)} = {other.form(Side.ERP)} AND {other.form(Side.CRM)} = {field.form(Side.ERP)}"
        f" THEN ${other.name_parameter}"
        for other in _exchangeable(layout, field)
    )
    return f"CASE {others} END" if others else "CAST(NULL AS VARCHAR)"


def _exchangeable(layout: Layout, field: FieldColumns) -> list[FieldColumns]:
    """Fields that could hold this one's value by mistake. Two booleans exchange values by chance too often."""
    if field.rule.type is FieldType.BOOLEAN:
        return []
    return [other for other in layout.compared if other.rule.type is field.rule.type and other is not field]


def _owner(field: FieldColumns) -> str:
    return f"owner_{field.index}"


def _known_codes(field: FieldColumns) -> str:
    return f"known_codes_{field.index}"
