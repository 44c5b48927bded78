"""The findings about whole records: without a partner, claimed several times, or with a link that says otherwise."""

from __future__ import annotations

from reconciler.compare.cause_rule import json_text
from reconciler.compare.finding_sql import listed_ids, literal, record_columns, select_findings
from reconciler.compare.layout import Layout, shown_key
from reconciler.compare.link_sql import disagreeing_link
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind

_ONLY_IN = {Side.CRM: FindingKind.ONLY_IN_CRM, Side.ERP: FindingKind.ONLY_IN_ERP}


def only_findings(layout: Layout, side: Side, *, searched: bool) -> str:
    """Selection of findings of the records without a partner.

    The value of the finding is the record's label (name or number). Parameters: `entity`, `limit_note` (JSON detail of
    a record for which nothing similar was found).

    Args:
        searched: similar records were looked for, so that the table `similar_record` exists (`suggestions.py`).
    """
    here, there = side.value, side.other.value
    columns = {
        "cause": f"'{Cause.NOT_FOUND.value}'",
        "detail": "$limit_note",
        **record_columns(side),
        f"{here}_value": layout.label(side),
    }
    source = f"only_{here}"
    if searched:
        suggested = {
            "id": f"suggested.{there}_id",
            "key": shown_key(f"similar_record.{there}_key"),
            "name": f"suggested.{there}_label",
            "similarity": "similar_record.similarity",
        }
        columns["cause"] = (
            f"CASE WHEN similar_record.{there}_key IS NULL THEN '{Cause.NOT_FOUND.value}'"
            f" ELSE '{Cause.SIMILAR_RECORD.value}' END"
        )
        columns["detail"] = (
            f"CASE WHEN similar_record.{there}_key IS NULL THEN $limit_note ELSE {json_text(suggested)} END"
        )
        columns |= {name: f"only_{here}.{name}" for name in record_columns(side)}
        source = f"""only_{here}
            LEFT JOIN similar_record
                ON similar_record.side = '{here}' AND similar_record.{here}_key = only_{here}.{here}_key
            LEFT JOIN (
                SELECT {there}_key, {there}_id, {layout.label(side.other)} AS {there}_label FROM only_{there}
            ) AS suggested ON suggested.{there}_key = similar_record.{there}_key"""
    return select_findings(literal(_ONLY_IN[side]), f"only_{here}.{here}_key", columns, source)


def duplicate_findings() -> str:
    """Selection of a finding per key or link that several records claim. Parameter: `entity`."""
    source = """(
            SELECT *, row_number() OVER (PARTITION BY cause, finding_key, side
                ORDER BY id NULLS LAST, page NULLS LAST, position NULLS LAST) AS place
            FROM duplicate_row
        ) AS claimed
        GROUP BY cause, finding_key"""
    counts = {f"{side.value}_count": f"count(*) FILTER (WHERE side = '{side.value}')" for side in Side}
    columns = {
        "cause": "cause",
        "detail": json_text(counts),
        **{f"{side.value}_id": listed_ids(side) for side in Side},
    }
    return select_findings(literal(FindingKind.DUPLICATE), "finding_key", columns, source)


def ambiguous_findings(layout: Layout) -> str:
    """Selection of findings of the pairs of which a side links to another existing record. Parameter: `entity`."""
    links = {f"{side.value}_link": f"{side.value}_other" for side in Side}
    labels = ", ".join(f"{layout.label(side)} AS {side.value}_label" for side in Side)
    source = f"""(
            SELECT *, {disagreeing_link(Side.CRM)} AS crm_other, {disagreeing_link(Side.ERP)} AS erp_other, {labels}
            FROM pair
        ) AS linked
        WHERE crm_other IS NOT NULL OR erp_other IS NOT NULL"""
    columns = {
        "cause": f"'{Cause.KEY_AND_LINK_DISAGREE.value}'",
        "detail": json_text(links),
        **record_columns(*Side),
        **{f"{side.value}_value": f"{side.value}_label" for side in Side},
    }
    return select_findings(literal(FindingKind.AMBIGUOUS), "crm_key", columns, source)
