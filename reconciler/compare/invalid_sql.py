"""The findings about records and fields that could not be mapped.

One table collects what is known, a row per side: `invalid_part(finding_key, field, side, of_pair, id, page, position,
cause, reason, value)`; `cause` is null on the side that could be read. `field` is null when the whole record cannot be
read. A rejected record and a field of another record may claim the same key: they share one finding.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.compare.cause_rule import json_text
from reconciler.compare.finding_sql import listed_ids, literal, select_findings
from reconciler.compare.layout import FieldColumns, shortened
from reconciler.compare.staged_sql import StagedSide, row_key, usable
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind

CREATE_INVALID_PART = """
    CREATE TABLE invalid_part (finding_key VARCHAR, field VARCHAR, side VARCHAR, of_pair BOOLEAN, id VARCHAR,
        page INTEGER, position INTEGER, cause VARCHAR, reason VARCHAR, value VARCHAR)"""

MEMBER_NAMED_FIELD = "json_extract(invalid, '/' || replace(replace(field, '~', '~0'), '/', '~1'))"
"""SQL text of the member of the JSON object `invalid` whose name is in `field`, whatever characters that holds."""

INVALID_FIELDS = "SELECT DISTINCT field FROM invalid_part WHERE of_pair"
"""Fields that are unreadable in some pair."""


_UNREADABLE_SIDE = (
    "CASE WHEN min(side) FILTER (WHERE cause IS NOT NULL) <> max(side) FILTER (WHERE cause IS NOT NULL) THEN 'both'"
    " ELSE min(side) FILTER (WHERE cause IS NOT NULL) END"
)


def rejected_parts(staged: StagedSide) -> str:
    """Statement that collects the records of a side that take no part in matching."""
    return f"""
        INSERT INTO invalid_part
        SELECT {row_key(staged.side)}, json_extract_string(_rejected, '$.field'), '{staged.side.value}', FALSE,
            _id, _page, _position,
            coalesce(json_extract_string(_rejected, '$.cause'), CASE WHEN _rejected IS NULL
                THEN '{Cause.MISSING_KEY.value}' ELSE '{Cause.UNREADABLE_RECORD.value}' END),
            json_extract_string(_rejected, '$.reason'), json_extract_string(_rejected, '$.value')
        FROM {staged.rows()} AS staged
        WHERE NOT ({usable()})"""


def field_parts(side: Side) -> str:
    """Statement that collects the unreadable fields of the records of a side that take part in matching."""
    here = side.value
    return f"""
        INSERT INTO invalid_part
        SELECT finding_key, field, '{here}', of_pair, id, page, position,
            coalesce(json_extract_string(told, '$.cause'), '{Cause.UNREADABLE_VALUE.value}'),
            json_extract_string(told, '$.reason'), json_extract_string(told, '$.value')
        FROM (
            SELECT *, {MEMBER_NAMED_FIELD} AS told
            FROM (
                SELECT *, unnest(json_keys(invalid)) AS field
                FROM (
                    SELECT coalesce(crm_key, erp_key) AS finding_key,
                        crm_key IS NOT NULL AND erp_key IS NOT NULL AS of_pair,
                        {here}_id AS id, {here}_page AS page, {here}_position AS position, {here}_invalid AS invalid
                    FROM joined WHERE {here}_invalid IS NOT NULL
                    UNION
                    SELECT own_key, FALSE, id, page, position, invalid
                    FROM duplicate_row WHERE side = '{here}' AND invalid IS NOT NULL
                ) AS record
            ) AS unreadable
        ) AS unreadable_field"""


def partner_parts(fields: Sequence[tuple[str, FieldColumns | None]]) -> str:
    """Statement that collects, for pairs of which one side is unreadable in a field, what the other side says.

    Args:
        fields: the unreadable ones: the name of the parameter that holds the field's name, and its columns; None when
            the comparison does not carry it.
    """
    selections = (_partner_part(parameter, columns, side) for parameter, columns in fields for side in Side)
    return f"INSERT INTO invalid_part {' UNION ALL '.join(selections)}"


def _partner_part(parameter: str, columns: FieldColumns | None, side: Side) -> str:
    here, there = side.value, side.other.value
    value = "NULL" if columns is None else columns.shown(side)
    unreadable = f"SELECT 1 FROM invalid_part WHERE of_pair AND field = ${parameter} AND finding_key = pair.crm_key"
    return f"""
        SELECT crm_key, ${parameter}, '{here}', TRUE, {here}_id, {here}_page, {here}_position, CAST(NULL AS VARCHAR),
            CAST(NULL AS VARCHAR), CAST({value} AS VARCHAR)
        FROM pair
        WHERE EXISTS ({unreadable} AND side = '{there}') AND NOT EXISTS ({unreadable} AND side = '{here}')"""


def invalid_findings() -> str:
    """Selection of a finding per record or field that could not be mapped.

    Parameters: `entity`, and `owned_fields` and `owners`, two lists of the same length; the owner of a field
    that has none is the empty text.
    """
    columns = {
        "field": "field",
        "cause": "min(cause)",
        "detail": json_text({"reason": "string_agg(DISTINCT reason, '; ' ORDER BY reason)", "side": _UNREADABLE_SIDE}),
        "owner": "nullif(list_extract($owners, list_position($owned_fields, field)), '')",
    }
    for side in Side:
        here = side.value
        columns[f"{here}_id"] = listed_ids(side)
        columns[f"{here}_value"] = shortened(_of(side, "min(value)"))
        for place in ("page", "position"):
            columns[f"{here}_{place}"] = f"CASE WHEN {_of(side, 'count(*)')} = 1 THEN {_of(side, f'min({place})')} END"
    source = """(
            SELECT *, row_number() OVER (PARTITION BY finding_key, field, side
                ORDER BY id NULLS LAST, page NULLS LAST, position NULLS LAST) AS place
            FROM invalid_part
        ) AS part
        GROUP BY finding_key, field"""
    return select_findings(literal(FindingKind.INVALID), "finding_key", columns, source)


def _of(side: Side, aggregate: str) -> str:
    return f"{aggregate} FILTER (WHERE side = '{side.value}')"
