"""Pages stay fast however many findings there are: what the database is made to do for each kind of question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import ClauseElement, text
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
        (FindingFilter(text="x"), FindingSort.ID, "SCAN findings", False),
        (FindingFilter(text="x"), FindingSort.KEY, "SCAN findings\n", True),
        (replace(BROAD, text="x"), FindingSort.LAST_SEEN, "SCAN findings\n", True),
        (replace(RARE, text="x"), FindingSort.KEY, "INDEX ix_findings_group_id_status_last_run (group_id=?", True),
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


@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
async def test_on_a_server_every_order_has_an_index(state_url: str, tmp_path: Path) -> None:
    """A plan that sorts although sorting is made dear has no other way, whatever the server thinks of its numbers."""
    async with State.open(state_url, tmp_path) as state:
        await run_with(state, many(40))
    database = Database(backend_for(state_url, tmp_path))
    async with database.read() as connection:
        await connection.execute(text("SET LOCAL enable_sort = off"))
        dialect = connection.dialect
        groups = await read_groups(connection)
        counts = {(number, OPEN): MANY for number in groups}
        for filter_, sort, uses in _ORDERED:
            picking = Picking.of(filter_, select_groups(filter_, groups), database.backend)
            page = picking.page(sort, counts, limit=100, offset=0)
            compiled = page.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            steps = await connection.exec_driver_sql(f"EXPLAIN {compiled}")
            plan = "\n".join(str(step[0]) for step in steps)
            assert uses in plan, (filter_, sort)
            # Sorting anew what is equal in an index stops with the page.
            assert "Sort" not in plan.replace("Incremental Sort", "").replace("Sort Key", ""), (filter_, sort)
    await database.close()


_ORDERED = (
    (FindingFilter(), FindingSort.ID, "pk_findings"),
    (FindingFilter(), FindingSort.KEY, "ix_findings_key"),
    (FindingFilter(), FindingSort.LAST_SEEN, "ix_findings_last_run"),
    (BROAD, FindingSort.KEY, "ix_findings_key"),
    (FindingFilter(key="7*", status="open"), FindingSort.KEY, "ix_findings_key"),
)


@pytest.mark.parametrize(
    ("filter_", "uses"),
    [
        (replace(BROAD, text="x"), "SCAN findings\nUSE TEMP B-TREE FOR GROUP BY"),
        (replace(RARE, text="x"), "INDEX ix_findings_group_id_status_last_run (group_id=?"),
    ],
    ids=["in most findings", "in few"],
)
async def test_a_text_in_most_findings_is_counted_as_the_table_lies(
    filter_: FindingFilter, uses: str, tmp_path: Path
) -> None:
    async with State.open("sqlite:///state.db", tmp_path) as state:
        await run_with(state, many(40))
    database = Database(backend_for("sqlite:///state.db", tmp_path))
    async with database.read() as connection:
        groups = await read_groups(connection)
        counts = {(number, OPEN): FEW if group.cause == "case" else MANY for number, group in groups.items()}
        picking = Picking.of(filter_, select_groups(filter_, groups), database.backend)
        plan = await _plan(connection, picking.counted_by_group(counts))
    await database.close()
    assert uses in plan


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
