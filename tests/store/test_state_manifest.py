"""The manifest of snapshots: only complete ones count, and what may go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.store.state.records import Mark, RunStatus
from reconciler.store.state.state import State
from tests.store.state_cases import START, Clock


async def _snapshot(state: State, run_id: str, side: Side = Side.CRM, entity: str = "customers") -> str:
    snapshot_id = await state.snapshots.begin(run_id, side, entity)
    await state.snapshots.complete(snapshot_id, files="{}", records=1)
    return snapshot_id


async def test_a_complete_snapshot_is_the_latest_with_all_it_was_given(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    snapshot_id = await state.snapshots.begin(run_id, Side.CRM, "customers")
    swept_at = START - timedelta(hours=1)
    await state.snapshots.complete(
        snapshot_id, files='{"records":["a"]}', records=7, digest="d1", watermark="2026-11-22", sweep_at=swept_at
    )
    latest = await state.snapshots.latest(Side.CRM, "customers")
    assert latest is not None
    assert (latest.id, latest.run, latest.side, latest.entity) == (snapshot_id, run_id, Side.CRM, "customers")
    assert (latest.files, latest.records, latest.digest) == ('{"records":["a"]}', 7, "d1")
    assert (latest.created_at, latest.watermark, latest.sweep_at) == (START, "2026-11-22", swept_at)
    assert await state.snapshots.get(snapshot_id) == latest


async def test_a_snapshot_in_progress_does_not_replace_the_one_before(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    good = await _snapshot(state, run_id)
    begun = await state.snapshots.begin(run_id, Side.CRM, "customers")
    latest = await state.snapshots.latest(Side.CRM, "customers")
    assert latest is not None
    assert latest.id == good
    assert await state.snapshots.get(begun) is None


async def test_sides_and_entities_have_their_own_latest(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    await _snapshot(state, run_id, Side.CRM, "customers")
    assert await state.snapshots.latest(Side.ERP, "customers") is None
    assert await state.snapshots.latest(Side.CRM, "products") is None


async def test_a_snapshot_is_completed_once(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    done = await _snapshot(state, run_id)
    for snapshot_id in (done, "unknown"):
        with pytest.raises(StateError, match="not in progress"):
            await state.snapshots.complete(snapshot_id, files="changed", records=2)
    latest = await state.snapshots.latest(Side.CRM, "customers")
    assert latest is not None
    assert latest.files == "{}"


async def test_a_pull_belongs_to_a_run_going_on(state: State) -> None:
    with pytest.raises(StateError, match="not going on"):
        await state.snapshots.begin("unknown", Side.CRM, "customers")


async def test_marks_are_those_of_the_latest_complete_snapshot(state: State) -> None:
    assert await state.snapshots.mark(Side.CRM, "customers") == Mark()
    run_id = await state.runs.start(["customers"], full=True)
    snapshot_id = await state.snapshots.begin(run_id, Side.CRM, "customers")
    await state.snapshots.complete(snapshot_id, files="", records=0, watermark="w1", sweep_at=START)
    await state.snapshots.begin(run_id, Side.CRM, "customers")
    assert await state.snapshots.mark(Side.CRM, "customers") == Mark("w1", START)


async def test_the_newest_of_each_side_and_entity_stay(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    crm = [await _snapshot(state, run_id) for _ in range(4)]
    erp = [await _snapshot(state, run_id, Side.ERP)]
    removable = await state.snapshots.to_remove(keep=2)
    assert [snapshot.id for snapshot in removable] == [crm[1], crm[0]]
    await state.snapshots.forget([snapshot.id for snapshot in removable])
    assert [snapshot.id for snapshot in await state.snapshots.complete_ones()] == [*erp, crm[3], crm[2]]
    assert await state.snapshots.to_remove(keep=2) == []


async def test_the_latest_can_never_be_removed(state: State) -> None:
    with pytest.raises(ValueError, match="must stay"):
        await state.snapshots.to_remove(keep=0)


async def test_abandoned_pulls_may_go_but_not_one_of_the_run_going_on(
    state: State, state_url: str, tmp_path: Path, clock: Clock
) -> None:
    earlier = await state.runs.start(["customers"], full=True)
    abandoned = await state.snapshots.begin(earlier, Side.CRM, "customers")
    await state.runs.finish(earlier, RunStatus.FAILED, {})
    current = await state.runs.start(["customers"], full=True)
    await state.snapshots.begin(current, Side.CRM, "customers")
    assert [snapshot.id for snapshot in await state.snapshots.to_remove(keep=1)] == [abandoned]
