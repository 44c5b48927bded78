"""External ids: pairing records that have no partner by key, and finding pairs whose external id says otherwise.

A link and its target form an edge when both records have no partner by key; which side keeps the link does not matter,
and both sides may keep the same one. An edge whose two records have no other edge is a pair. A record with several
edges and every record at their other ends are duplicates: which of them belong together cannot be known.

Relations made here: `link_edge(crm_key, erp_key, crm_degree, erp_degree)`, `link_pair(crm_key, erp_key)` and
`existing_link(side, id)`: the ids that disagreeing links name and that `side` has.
"""

from __future__ import annotations

from reconciler.compare.layout import Layout
from reconciler.compare.match_sql import working_columns
from reconciler.compare.staged_sql import StagedSide
from reconciler.model.entities import Side
from reconciler.model.findings import Cause

NO_LINK_PAIRS = "CREATE TABLE link_pair (crm_key VARCHAR, erp_key VARCHAR)"


def _edges(side: Side) -> str:
    """Edges of the links this side keeps. An id that is not unique names nobody."""
    here, there = side.value, side.other.value
    return f"""
        SELECT {"record.crm_key, target.erp_key" if side is Side.CRM else "target.crm_key, record.erp_key"}
        FROM only_{here} AS record
        JOIN (SELECT {there}_id, min({there}_key) AS {there}_key FROM only_{there}
            GROUP BY {there}_id HAVING count(*) = 1) AS target ON record.{here}_link = target.{there}_id"""


LINK_EDGES = f"""
    CREATE TABLE link_edge AS
    SELECT crm_key, erp_key, count(*) OVER (PARTITION BY crm_key) AS crm_degree,
        count(*) OVER (PARTITION BY erp_key) AS erp_degree
    FROM ({_edges(Side.CRM)} UNION {_edges(Side.ERP)}) AS edge"""

LINK_PAIRS = """
    CREATE TABLE link_pair AS
    SELECT crm_key, erp_key FROM link_edge WHERE crm_degree = 1 AND erp_degree = 1"""


def _tied(centre: Side, member: Side) -> str:
    """Records of `member` in the groups around each record of `centre` that has several edges, itself included."""
    record = member.value
    return f"""
        SELECT '{Cause.SAME_LINK.value}', tie.finding_key, '{record}', only_{record}.{record}_key,
            {record}_id, {record}_page, {record}_position, {record}_invalid
        FROM (SELECT DISTINCT {centre.value}_key AS finding_key, {record}_key AS member_key
            FROM link_edge WHERE {centre.value}_degree > 1) AS tie
        JOIN only_{record} ON only_{record}.{record}_key = tie.member_key"""


LINK_DUPLICATES = "INSERT INTO duplicate_row " + " UNION ALL ".join(
    _tied(centre, member) for centre in Side for member in Side
)
"""One group per record with several edges, under that record's key. A record may be in several groups."""


def join_link_pairs(layout: Layout) -> list[str]:
    """Statements that put the link pairs into `joined` and take records with an edge out of those without a partner."""
    sides = [", ".join(f"only_{side.value}.{column}" for column in working_columns(layout, side)) for side in Side]
    return [
        f"""INSERT INTO joined
            SELECT {", ".join(sides)}
            FROM link_pair
            JOIN only_crm ON only_crm.crm_key = link_pair.crm_key
            JOIN only_erp ON only_erp.erp_key = link_pair.erp_key""",
        """DELETE FROM joined
            WHERE (erp_key IS NULL AND crm_key IN (SELECT crm_key FROM link_edge))
               OR (crm_key IS NULL AND erp_key IN (SELECT erp_key FROM link_edge))""",
    ]


def linked_twice(side: Side) -> str:
    """Query for the number of records of a side that are duplicates because of their links."""
    return (
        "SELECT count(DISTINCT own_key) FROM duplicate_row"
        f" WHERE cause = '{Cause.SAME_LINK.value}' AND side = '{side.value}'"
    )


def existing_links(crm: StagedSide, erp: StagedSide) -> str:
    """Statement that makes `existing_link`."""
    return "CREATE TABLE existing_link AS " + " UNION ALL ".join(
        f"""SELECT DISTINCT '{staged.side.value}' AS side, _id AS id FROM {staged.matchable()} AS record
            WHERE _id IN (SELECT {staged.side.other.value}_link FROM pair
                WHERE {staged.side.other.value}_link <> {staged.side.value}_id)"""
        for staged in (crm, erp)
    )


def disagreeing_link(side: Side) -> str:
    """SQL text on `pair`: the link this side keeps when it names another existing record, otherwise null."""
    here, there = side.value, side.other.value
    exists = f"{here}_link IN (SELECT id FROM existing_link WHERE side = '{there}')"
    return f"CASE WHEN {here}_link <> {there}_id AND {exists} THEN {here}_link END"
