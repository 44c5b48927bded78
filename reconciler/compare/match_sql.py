"""Which record of one side is which record of the other, by key.

Relations made here:

* `unpaired_key(key, crm_count, erp_count)`: keys that are not exactly once on each side.
* `joined`: one row per pair that may have a finding (`crm_key` and `erp_key` set) and per record without a partner
  (one of them null). Pairs that are equal in every compared field and raise no question are left out.
* `pair`, `only_crm`, `only_erp`: views of `joined`. The findings of a pair carry the CRM record's key.
* `duplicate_row(cause, finding_key, side, own_key, id, page, position, invalid)`: records that cannot be paired because
  several claim the same key or the same external id.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.compare.equality_sql import differs
from reconciler.compare.layout import Layout, quote_identifier
from reconciler.compare.staged_sql import StagedSide
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import Cause

_FIXED = {
    "id": staging.ID,
    "link": staging.LINK,
    "page": staging.PAGE,
    "position": staging.POSITION,
    "invalid": staging.INVALID,
}
_CLAIMED_TWICE = "(crm_count > 1 OR erp_count > 1)"

VIEWS = (
    "CREATE VIEW pair AS SELECT * FROM joined WHERE crm_key IS NOT NULL AND erp_key IS NOT NULL",
    "CREATE VIEW only_crm AS SELECT * FROM joined WHERE erp_key IS NULL",
    "CREATE VIEW only_erp AS SELECT * FROM joined WHERE crm_key IS NULL",
)


def unpaired_keys(crm: StagedSide, erp: StagedSide) -> str:
    """Statement that makes `unpaired_key`."""
    return f"""
        CREATE TABLE unpaired_key AS
        SELECT match_key AS key, count(crm) AS crm_count, count(erp) AS erp_count
        FROM (
            SELECT match_key, 1 AS crm, NULL AS erp FROM {crm.matchable()} AS crm_record
            UNION ALL
            SELECT match_key, NULL, 1 FROM {erp.matchable()} AS erp_record
        ) AS claim
        GROUP BY match_key
        HAVING count(crm) <> 1 OR count(erp) <> 1"""


UNPAIRED_COUNTS = f"""
    SELECT coalesce(sum(crm_count), 0), coalesce(sum(erp_count), 0),
        coalesce(sum(crm_count) FILTER (WHERE {_CLAIMED_TWICE}), 0),
        coalesce(sum(erp_count) FILTER (WHERE {_CLAIMED_TWICE}), 0)
    FROM unpaired_key"""
"""CRM and ERP records with a key in `unpaired_key`, and those of them whose key is claimed twice on a side."""


def joined(
    layout: Layout, crm: StagedSide, erp: StagedSide, *, has_duplicates: bool, has_links: bool, has_invalid: bool
) -> str:
    """Statement that makes `joined` from the keys that occur at most once on each side.

    Columns that are empty on both sides (`has_links`, `has_invalid`) are not carried through the join, where each
    costs time.
    """
    conditions = [
        "crm.match_key IS NULL",
        "erp.match_key IS NULL",
        *(_staged_differs(layout, index) for index in range(len(layout.compared))),
        *(("crm._link <> erp._id", "erp._link <> crm._id") if has_links else ()),
        *(("crm._invalid IS NOT NULL", "erp._invalid IS NOT NULL") if has_invalid else ()),
    ]
    empty = {staging.LINK: not has_links, staging.INVALID: not has_invalid}
    return f"""
        CREATE TABLE joined AS
        SELECT {_columns(layout, Side.CRM, empty)}, {_columns(layout, Side.ERP, empty)}
        FROM {_once_each(crm, has_duplicates)} AS crm
        FULL OUTER JOIN {_once_each(erp, has_duplicates)} AS erp ON crm.match_key = erp.match_key
        WHERE {" OR ".join(condition for condition in conditions if condition)}"""


def _staged_differs(layout: Layout, index: int) -> str:
    field = layout.compared[index]
    if layout.decided_by_key(field):
        return ""
    column = quote_identifier(field.staged_compared)
    return differs(field, f"crm.{column}", f"erp.{column}")


def _once_each(staged: StagedSide, has_duplicates: bool) -> str:
    if not has_duplicates:
        return staged.matchable()
    return f"""(
            SELECT * FROM {staged.matchable()} AS record
            WHERE NOT EXISTS (SELECT 1 FROM unpaired_key
                WHERE unpaired_key.key = record.match_key AND {_CLAIMED_TWICE}))"""


def _columns(layout: Layout, side: Side, empty: Mapping[str, bool]) -> str:
    fixed = [
        f"{'CAST(NULL AS VARCHAR)' if empty.get(column) else f'{side.value}.{column}'} AS {side.value}_{name}"
        for name, column in _FIXED.items()
    ]
    fields = [
        f"{side.value}.{quote_identifier(column)} AS {working}"
        for field in layout.carried
        for column, working in field.carried(side)
    ]
    return ", ".join((f"{side.value}.match_key AS {side.value}_key", *fixed, *fields))


def working_columns(layout: Layout, side: Side) -> list[str]:
    """Columns of one side of `joined`, in order."""
    fixed = [f"{side.value}_{name}" for name in ("key", *_FIXED)]
    return [*fixed, *(working for field in layout.carried for _, working in field.carried(side))]


NO_DUPLICATES = """
    CREATE TABLE duplicate_row (cause VARCHAR, finding_key VARCHAR, side VARCHAR, own_key VARCHAR, id VARCHAR,
        page INTEGER, position INTEGER, invalid VARCHAR)"""


def key_duplicates(crm: StagedSide, erp: StagedSide) -> str:
    """Statement that makes `duplicate_row` with the records of both sides whose key is claimed twice on one of them."""
    rows = " UNION ALL ".join(
        f"""SELECT '{Cause.SAME_KEY.value}' AS cause, match_key AS finding_key, '{staged.side.value}' AS side,
                match_key AS own_key, _id AS id, _page AS page, _position AS position, _invalid AS invalid
            FROM {staged.matchable()} AS record
            WHERE match_key IN (SELECT key FROM unpaired_key WHERE {_CLAIMED_TWICE})"""
        for staged in (crm, erp)
    )
    return f"CREATE TABLE duplicate_row AS {rows}"
