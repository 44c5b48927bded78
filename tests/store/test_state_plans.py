"""Pages stay fast however many findings there are: what SQLite is made to do for each kind of question."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.findings import FindingStatus
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.groups import OPEN, STATUS_NUMBERS, read_groups, select_groups
from reconciler.store.state.merge import Merge
from reconciler.store.state.query import Picking
from reconciler.store.state.records import FindingFilter, FindingSort
from reconciler.store.state.state import State
from tests.store.state_cases import START, many, row, run_with

MANY = 1_000_000
FEW = 200

BROAD = FindingFilter(cause=["accents", "spacing", "not_found"])
RARE = FindingFilter(cause="case")
CLOSED = FindingFilter(status="closed")


@pytest.mark.parametrize(
    ("filter_", "sort", "uses", "sorts"),
    [
        (FindingFilter(), FindingSort.ID, "SCAN findings", False),
        (FindingFilter(), FindingSort.KEY, "INDEX ix_findings_key", False),
        (FindingFilter(), FindingSort.LAST_SEEN, "INDEX ix_findings_last_run", False),
        (BROAD, FindingSort.ID, "SCAN findings", False),
        (BROAD, FindingSort.KEY, "INDEX ix_findings_key", False),
        (BROAD, FindingSort.LAST_SEEN, "INDEX ix_findings_last_run", False),
        (RARE, FindingSort.ID, "INDEX ix_findings_group_id_status_last_run (group_id=?", True),
        (RARE, FindingSort.KEY, "INDEX ix_findings_group_id_status_last_run (group_id=?", True),
        (RARE, FindingSort.LAST_SEEN, "INDEX ix_findings_group_id_status_last_run (group_id=?", True),
        (CLOSED, FindingSort.ID, "INDEX ix_findings_group_id_status_last_run (group_id=? AND status=?)", True),
        (CLOSED, FindingSort.KEY, "INDEX ix_findings_group_id_status_last_run (group_id=? AND status=?)", True),
        (CLOSED, FindingSort.LAST_SEEN, "INDEX ix_findings_group_id_status_last_run (group_id=? AND status=?)", True),
        (FindingFilter(key="7"), FindingSort.ID, "INDEX ix_findings_key (key=?", True),
        (FindingFilter(key="7*", status="open"), FindingSort.KEY, "INDEX ix_findings_key (key>? AND key<?)", False),
        (FindingFilter(ids=["0" * 16]), FindingSort.ID, "INTEGER PRIMARY KEY (rowid=?)", False),
    ],
    ids=str,
)
async def test_a_page_follows_the_best_path(
    filter_: FindingFilter, sort: FindingSort, uses: str, sorts: bool, tmp_path: Path
) -> None:
    async with State.open("sqlite:///state.db", tmp_path) as state:
        await run_with(state, many(40))
    database = Database(backend_for("sqlite:///state.db", tmp_path))
    async with database.read() as connection:
        groups = await read_groups(connection)
        counts = {(number, OPEN): FEW if group.cause == "case" else MANY for number, group in groups.items()}
        counts[1, STATUS_NUMBERS[FindingStatus.CLOSED]] = FEW
        picking = Picking.of(filter_, select_groups(filter_, groups), database.backend)
        plan = await _plan(connection, picking.page(sort, counts, limit=100, offset=0))
    await database.close()
    assert uses in plan
    assert ("USE TEMP B-TREE FOR ORDER BY" in plan) is sorts, plan


async def test_closing_looks_only_at_what_was_not_seen_of_the_entity(tmp_path: Path) -> None:
    async with State.open("sqlite:///state.db", tmp_path) as state:
        await run_with(state, [row()])
    database = Database(backend_for("sqlite:///state.db", tmp_path))
    async with database.read() as connection:
        plan = await _plan(connection, Merge(9, "customers", START, START.date()).close())
    await database.close()
    assert "ix_findings_group_id_status_last_run (group_id=? AND status=? AND last_run<?)" in plan


async def _plan(connection: AsyncConnection, statement: ClauseElement) -> str:
    """The steps of SQLite's plan, one a line."""
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
    return "\n".join(str(step["detail"]) for step in steps.mappings())
