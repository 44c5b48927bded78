"""What may be forgotten, what a run's record is given later, and what is accepted now: the same on every database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.model.findings import Acceptance, FindingRow
from reconciler.store.state.records import FindingEventKind, FindingFilter, RunStatus
from reconciler.store.state.state import State
from tests.store.correction_cases import approval, correction
from tests.store.state_cases import START, Clock, row, run_with


async def _run(state: State, *rows: FindingRow, status: RunStatus = RunStatus.COMPLETE, all_seen: bool = True) -> str:
    """A run with a snapshot of each side, named after it."""
    run_id = await state.runs.start(["customers"], full=True)
    snapshots = {side: await state.snapshots.begin(run_id, side, "customers") for side in Side}
    for snapshot_id in snapshots.values():
        await state.snapshots.complete(snapshot_id, files="{}", records=1)
    await state.findings.record(run_id, "customers", [list(rows)], close_missing=all_seen, snapshots=snapshots)
    await state.runs.finish(run_id, status, {"run": run_id})
    return run_id


async def _removable(state: State) -> set[str]:
    return {snapshot.run for snapshot in await state.snapshots.to_remove(keep=1)}


async def test_what_shows_a_finding_that_is_not_closed_is_not_removable(state: State) -> None:
    first = await _run(state, row("open"), row("accepted"))
    await state.findings.accept(FindingFilter(key="accepted"), reason="agreed", person="ana")
    second = await _run(state, row("open"), all_seen=False)
    third = await _run(state, all_seen=False)
    assert await _removable(state) == set()
    assert await state.runs.needed([first, second, third, "unknown"]) == {first, second, third}
    last = await _run(state)
    assert await _removable(state) == {first, second, third}
    assert await state.runs.needed([first, second, third, last]) == {last}


async def test_the_newest_complete_run_is_needed_and_later_failures_do_not_replace_it(state: State) -> None:
    good = await _run(state)
    failed = await _run(state, status=RunStatus.FAILED)
    assert await state.runs.needed([good, failed]) == {good}
    assert await state.runs.needed([failed]) == set()


async def test_the_record_of_an_ended_run_can_be_added_to(state: State) -> None:
    run_id = await state.runs.start([], full=True)
    with pytest.raises(StateError, match="no document"):
        await state.runs.amend(run_id, {"notifications": []})
    await state.runs.finish(run_id, RunStatus.PARTIAL, {"run": run_id, "seconds": 1.5})
    await state.runs.amend(run_id, {"notifications": [1]})
    await state.runs.amend(run_id, {"notifications": [2]})
    run = await state.runs.get(run_id)
    assert (run.status, run.document) == (
        RunStatus.PARTIAL, {"run": run_id, "seconds": 1.5, "notifications": [2]}
    )  # fmt: skip


async def test_acceptances_come_by_when_they_end_and_what_a_run_ended_is_counted(state: State, clock: Clock) -> None:
    await run_with(state, [row("1"), row("2"), row("3"), row("4", field="email")])
    for key, until in (("1", None), ("2", date(2026, 11, 30)), ("3", date(2026, 11, 22))):
        await state.findings.accept(FindingFilter(key=key), reason=f"reason {key}", person="ana", until=until)
    both = FindingFilter(key=["1", "4"])
    assert await state.findings.accept(both, reason="both", person="rui") == 2
    assert await state.findings.acceptances(9) == [
        Acceptance("customers", 1, "ana", "reason 3", START, date(2026, 11, 22)),
        Acceptance("customers", 1, "ana", "reason 2", START, date(2026, 11, 30)),
        Acceptance("customers", 2, "rui", "both", START, None),
    ]
    assert [each.reason for each in await state.findings.acceptances(1)] == ["reason 3"]
    clock.move(days=1)
    run_id = await _run(state, row("1", crm_value="other"), row("2"), row("3"))
    assert await state.findings.ended_acceptances(run_id) == {
        "customers": {FindingEventKind.EXPIRED: 1, FindingEventKind.VALUE_CHANGED: 1}
    }
    assert [each.reason for each in await state.findings.acceptances(9)] == ["reason 2"]


async def test_what_somebody_approved_from_a_moment_on(state: State) -> None:
    one = correction()
    await state.corrections.add([one], person="ana")
    await state.corrections.approve([approval(one, "rui")])
    assert [each.id for each in await state.corrections.approved_since("rui", START)] == [one.id]
    assert await state.corrections.approved_since("rui", START + timedelta(seconds=1)) == []
    assert await state.corrections.approved_since("ana", START) == []
