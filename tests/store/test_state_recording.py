"""Recording: what may come in, in which form, and what a failure half-way leaves behind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from reconciler.errors import StateError, UnreachableError
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind, FindingRow, FindingStatus
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.records import FindingFilter, RawPlace, RunStatus
from reconciler.store.state.state import State
from tests.store.state_cases import many, row, run_with


async def test_batches_may_be_asynchronous_and_of_any_size(state: State) -> None:
    rows = many(1_000)

    async def batches() -> AsyncIterator[Sequence[FindingRow]]:
        for size in (1, 0, 250, 251, 498):
            yield rows[:size]
            del rows[:size]
            await asyncio.sleep(0)

    run_id = await state.runs.start(["customers"], full=True)
    totals = await state.findings.record(run_id, "customers", batches())
    assert totals.new == totals.open == 1_000
    assert await state.findings.count() == 1_000


async def test_nothing_found_is_recorded_too(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    totals = await state.findings.record(run_id, "customers", [])
    assert (totals.new, totals.open, totals.closed) == (0, 0, 0)


async def test_rows_may_come_in_any_order(state: State) -> None:
    rows = many(2_000)
    shuffled = random.Random(7).sample(rows, len(rows))
    await run_with(state, shuffled)
    assert [finding.id for finding in await state.findings.page(limit=3_000)] == [finding.id for finding in rows]


async def test_of_rows_with_the_same_id_the_first_counts(state: State) -> None:
    twice = [row(crm_value="first"), row("other"), row(crm_value="second")]
    totals = await run_with(state, twice)
    assert (totals.new, totals.open) == (2, 2)
    assert (await state.findings.get(row().id)).crm.value == "first"


async def test_any_text_comes_back_as_it_was_given(state: State, state_url: str) -> None:
    texts = {
        "sql": "'; DROP TABLE findings; --",
        "patterns": "%_*?[a]",
        "terminal": "\x1b[31m[bold]",
        "unicode": "São João ß 😀 \u202e",
        "nul": "a\x00b",
        "empty": "",
        "blanks": "\n\t",
        "long": "9" * 70_000,
    }
    await run_with(state, [row(f"{name} {value}", crm_value=value, erp_id=value) for name, value in texts.items()])
    for finding in await state.findings.page(limit=20):
        name = finding.key.partition(" ")[0]
        # PostgreSQL cannot hold the character NUL.
        value = texts[name].replace("\x00", "\u2400") if state_url.startswith("postgresql") else texts[name]
        assert (finding.key, finding.crm.value, finding.erp.id) == (f"{name} {value}", value, value)
    assert await state.findings.count() == len(texts)


async def test_a_text_with_nul_is_not_reported_as_changed_by_the_next_run(state: State) -> None:
    rows = [row("ordinary"), row(crm_value="a\x00b")]
    await run_with(state, rows)
    await state.findings.accept(FindingFilter(entity="customers"), reason="agreed", person="ana")
    totals = await run_with(state, rows)
    assert (totals.new, totals.open) == (0, 0)


async def test_one_sided_findings_keep_the_other_side_empty(state: State) -> None:
    only = row(field=None, kind=FindingKind.ONLY_IN_CRM, cause=Cause.NOT_FOUND, erp_id=None, erp_value=None, owner=None)
    await run_with(state, [only])
    (finding,) = await state.findings.page(limit=5)
    assert (finding.erp.id, finding.erp.value, finding.field, finding.owner) == (None, None, None, None)
    assert finding.crm.id == "401"


async def test_a_row_that_is_not_a_finding_of_the_entity_is_a_mistake_and_changes_nothing(state: State) -> None:
    await run_with(state, [row("kept")])
    run_id = await state.runs.start(["customers"], full=True)
    for wrong in (
        row(entity="products"),
        row()._replace(id="not hexadecimal!"),
        row()._replace(kind="strange"),
        row()._replace(cause="strange"),
    ):
        with pytest.raises(ValueError):
            await state.findings.record(run_id, "customers", [[row("new"), wrong]])
    assert [(finding.key, finding.status) for finding in await state.findings.page(limit=5)] == [
        ("kept", FindingStatus.OPEN)
    ]


async def test_an_entity_is_recorded_once_in_a_run(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    await state.findings.record(run_id, "customers", [[row()]])
    with pytest.raises(StateError, match="already recorded"):
        await state.findings.record(run_id, "customers", [[]])
    assert (await state.findings.get(row().id)).status is FindingStatus.OPEN


async def test_a_source_that_fails_half_way_changes_nothing(state: State) -> None:
    await run_with(state, [row("kept")])

    def batches() -> Iterator[Sequence[FindingRow]]:
        yield many(20_000)
        raise UnreachableError("erp", "gone")

    run_id = await state.runs.start(["customers"], full=True)
    with pytest.raises(UnreachableError):
        await state.findings.record(run_id, "customers", batches())
    assert [finding.key for finding in await state.findings.page(limit=5)] == ["kept"]
    totals = await state.findings.record(run_id, "customers", [[row("kept")]])
    assert (totals.new, totals.open) == (0, 1)


async def test_a_cancelled_recording_changes_nothing_and_leaves_the_state_usable(state: State) -> None:
    await run_with(state, [row("kept")])
    run_id = await state.runs.start(["customers"], full=True)
    rows = many(60_000)
    for turns in (1, 5, 25, 125):
        recording = asyncio.create_task(state.findings.record(run_id, "customers", [rows]))
        for _ in range(turns):
            await asyncio.sleep(0)
        recording.cancel()
        with pytest.raises(asyncio.CancelledError):
            await recording
        assert [finding.key for finding in await state.findings.page(limit=5)] == ["kept"]
    totals = await state.findings.record(run_id, "customers", [rows])
    assert (totals.new, totals.closed) == (60_000, 1)


async def test_the_source_may_use_the_state_while_it_is_read(state: State) -> None:
    tokens = state.tokens("crm")

    async def batches() -> AsyncIterator[Sequence[FindingRow]]:
        yield [row("first")]
        await tokens.save("refresh", "rotated")
        assert await state.findings.count() == 0
        yield [row("second")]

    run_id = await state.runs.start(["customers"], full=True)
    async with asyncio.timeout(20):
        await state.findings.record(run_id, "customers", batches())
    assert await tokens.load("refresh") == "rotated"
    assert await state.findings.count() == 2


async def test_entities_may_be_recorded_at_the_same_time(state: State) -> None:
    entities = ["customers", "products", "orders", "orders.lines"]
    run_id = await state.runs.start(entities, full=True)
    totals = await asyncio.gather(
        *(state.findings.record(run_id, entity, [many(500, entity=entity)]) for entity in entities)
    )
    assert [total.new for total in totals] == [500] * 4
    assert (await state.findings.summary()).by_entity == dict.fromkeys(entities, 500)


async def test_a_large_run_leaves_the_same_indexes_as_a_small_one(state: State, state_url: str, tmp_path: Path) -> None:
    await run_with(state, [row()])
    before = await _indexes(state_url, tmp_path)
    await run_with(state, many(6_000))
    await run_with(state, many(6_000))
    assert await _indexes(state_url, tmp_path) == before
    assert {("group_id", "status", "last_run"), ("key",), ("last_run",)} <= before


async def _indexes(state_url: str, folder: Path) -> set[tuple[str | None, ...]]:
    database = Database(backend_for(state_url, folder))
    async with database.read() as connection:
        found = await connection.run_sync(lambda sync: inspect(sync).get_indexes("findings"))
    await database.close()
    return {tuple(index["column_names"]) for index in found}


async def test_the_kept_counts_are_the_counts_of_the_table(state: State, state_url: str, tmp_path: Path) -> None:
    await run_with(state, many(7_000))
    await state.findings.accept(FindingFilter(cause="case"), reason="agreed", person="ana")
    await run_with(state, many(9_000)[::3])
    query = "SELECT group_id, status, {} FROM {} GROUP BY group_id, status"
    database = Database(backend_for(state_url, tmp_path))
    async with database.read() as connection:
        kept = await connection.execute(text(query.format("sum(findings)", "finding_counts")))
        counted = await connection.execute(text(query.format("count(*)", "findings")))
        assert {tuple(each) for each in kept} == {tuple(each) for each in counted}
    await database.close()


async def test_a_finding_leads_to_its_raw_records_in_the_snapshots_of_the_run_that_saw_it_last(state: State) -> None:
    only = row("2", field=None, kind=FindingKind.ONLY_IN_CRM, cause=Cause.NOT_FOUND, erp_id=None)
    for number in (1, 2):
        run_id = await state.runs.start(["customers"], full=True)
        snapshots = {Side.CRM: f"crm-{number}", Side.ERP: f"erp-{number}"}
        rows = [row(page=30 + number)] if number == 2 else [row(), only]
        await state.findings.record(run_id, "customers", [rows], snapshots=snapshots)
        await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    assert await state.findings.places([row().id, only.id, "0" * 16]) == {
        row().id: {Side.CRM: RawPlace("crm-2", 32, 4), Side.ERP: RawPlace("erp-2", 5, 6)},
        only.id: {Side.CRM: RawPlace("crm-1", 3, 4)},
    }


async def test_what_could_not_be_compared_stays_as_it_is(state: State) -> None:
    """A key that is spared speaks for itself and for everything below it, and for no key that only begins like it."""
    rows = [row(key) for key in ("120", "120|A", "120|B|C", "1205|A", "7|120")]
    await run_with(state, rows)
    run_id = await state.runs.start(["customers"], full=True)
    totals = await state.findings.record(run_id, "customers", [], spared=["120"])
    assert (totals.open, totals.closed) == (3, 2)
    kept = await state.findings.page(FindingFilter(status=FindingStatus.OPEN), limit=9)
    assert {(finding.key, finding.occurrences) for finding in kept} == {("120", 1), ("120|A", 1), ("120|B|C", 1)}
