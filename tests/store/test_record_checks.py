"""Checks of single records beside the runs: they open and close findings of their keys, and touch nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.entities import Side
from reconciler.model.findings import FindingKind, FindingRow, FindingStatus
from reconciler.store.state.records import FindingEventKind, FindingFilter, RunStatus
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import KeyScope, KnownPlace
from tests.store.state_cases import Clock, many, row, run_with

KEY = row().key
SCOPE = KeyScope(keys=frozenset({KEY}))
ELSEWHERE = row("99888777000166", crm_id="777", erp_id="888")


async def _check(
    state: State, *rows: FindingRow, scope: KeyScope = SCOPE, entity: str = "customers"
) -> tuple[int, int, int, int]:
    horizon = await state.runs.horizon()
    assert horizon is not None
    totals = await state.findings.record_check(horizon, entity, scope, rows)
    assert totals is not None
    return totals.new, totals.open, totals.closed, totals.reopened


async def _statuses(state: State) -> dict[tuple[str, str | None], FindingStatus]:
    return {(each.key, each.field): each.status for each in await state.findings.page(limit=100)}


async def test_a_check_opens_what_is_new_and_leaves_other_keys_alone(state: State) -> None:
    await run_with(state, [ELSEWHERE])
    assert await _check(state, row()) == (1, 2, 0, 0)
    assert await _statuses(state) == {
        (KEY, "legal_name"): FindingStatus.OPEN,
        (ELSEWHERE.key, "legal_name"): FindingStatus.OPEN,
    }


async def test_a_check_closes_what_is_gone_of_its_keys_only(state: State) -> None:
    stays = row(field="email")
    await run_with(state, [row(), stays, ELSEWHERE])
    places = await state.findings.places([stays.id])
    assert await _check(state, stays._replace(crm_page=None, erp_page=None)) == (0, 2, 1, 0)
    assert await state.findings.places([stays.id]) == places
    assert (await _statuses(state))[KEY, "legal_name"] is FindingStatus.CLOSED
    (closed,) = await state.findings.history(row().id)
    assert closed.kind is FindingEventKind.CLOSED


async def test_a_closed_finding_is_reopened(state: State) -> None:
    await run_with(state, [row()])
    await _check(state)
    assert await _check(state, row()) == (1, 1, 0, 1)
    kinds = [event.kind for event in await state.findings.history(row().id)]
    assert kinds == [FindingEventKind.CLOSED, FindingEventKind.RETURNED]


async def test_a_confirmed_finding_keeps_its_run_and_its_raw_records(state: State, clock: Clock) -> None:
    await run_with(state, [row()])
    clock.move(hours=1)
    before = await state.findings.get(row().id)
    places = await state.findings.places([row().id])
    assert await _check(state, row(page=None)) == (0, 0, 0, 0)
    assert await state.findings.get(row().id) == before
    assert await state.findings.places([row().id]) == places
    assert await state.runs.history(9) == await state.runs.history(1)


async def test_a_changed_value_is_taken_and_dated_by_the_check(state: State, clock: Clock) -> None:
    await run_with(state, [row()])
    clock.move(hours=1)
    await _check(state, row(crm_value="Acme SA", page=None))
    finding = await state.findings.get(row().id)
    assert (finding.crm.value, finding.last_seen, finding.occurrences) == ("Acme SA", clock.now, 2)


@pytest.mark.parametrize("value", ["Acme", "Acme SA"], ids=["same value", "other value"])
async def test_an_acceptance_holds_until_a_value_changes(state: State, value: str) -> None:
    await run_with(state, [row()])
    await state.findings.accept(FindingFilter(key=KEY), reason="agreed", person="ana")
    await _check(state, row(crm_value=value))
    expected = FindingStatus.ACCEPTED if value == "Acme" else FindingStatus.OPEN
    assert (await state.findings.get(row().id)).status is expected


async def test_the_next_run_closes_what_a_check_opened_and_the_counts_agree(state: State) -> None:
    await _check(state, row())
    assert (await state.findings.summary()).total == 1
    totals = await run_with(state, [])
    assert (totals.open, totals.closed) == (0, 1)


async def test_a_check_is_no_run_in_the_history(state: State) -> None:
    await run_with(state, [])
    await _check(state, row())
    assert len(await state.runs.history(9)) == 1


async def test_while_a_run_is_going_on_there_is_no_horizon(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=False)
    assert await state.runs.horizon() is None
    await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    assert await state.runs.horizon() is not None


async def test_a_check_that_a_run_overtook_writes_nothing(state: State) -> None:
    horizon = await state.runs.horizon()
    assert horizon is not None
    await run_with(state, [])
    assert await state.findings.record_check(horizon, "customers", SCOPE, [row()]) is None
    assert await state.findings.count() == 0


async def test_a_check_does_not_overtake_itself(state: State) -> None:
    """The number of a check is no run: the horizon stays where it was."""
    horizon = await state.runs.horizon()
    await _check(state, row())
    assert await state.runs.horizon() == horizon


async def test_lines_are_found_below_their_parents_and_nowhere_else(state: State) -> None:
    entity = "orders.lines"
    lines = [row(key, entity=entity, field="quantity") for key in ("10|P1", "10|P2", "101|P1", "1|P1", "10|P|3")]
    run_id = await state.runs.start(["orders"], full=True)
    await state.findings.record(run_id, entity, [sorted(lines)])
    await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    scope = KeyScope(parents=frozenset({"10"}), separators=1)
    assert await _check(state, lines[1], scope=scope, entity=entity) == (0, 4, 1, 0)
    closed = [key for (key, _), status in (await _statuses(state)).items() if status is FindingStatus.CLOSED]
    assert closed == ["10|P1"]


async def test_counts_stay_right_among_many(state: State) -> None:
    await run_with(state, many(200))
    first = many(200)[0]
    await _check(state, scope=KeyScope(keys=frozenset({first.key})))
    counted = await state.findings.summary(FindingFilter(status=FindingStatus.OPEN))
    listed = [each for each in await state.findings.page(limit=500) if each.status is FindingStatus.OPEN]
    assert counted.total == len(listed) == 200 - sum(each.key == first.key for each in many(200))


async def test_places_are_known_by_key_and_for_checks_by_id(state: State) -> None:
    await run_with(state, [row(crm_id="401", erp_id="2")])
    horizon = await state.runs.horizon()
    assert horizon is not None
    lonely = row("55444333000122", field=None, kind=FindingKind.ONLY_IN_CRM, crm_id="501", erp_id=None)
    await _check(state, lonely, scope=KeyScope(keys=frozenset({lonely.key})))
    by_id = await state.findings.known_places(
        "customers", keys=[], ids={Side.CRM: ["501", "401"], Side.ERP: []}, since=horizon
    )
    assert by_id == [KnownPlace(lonely.key, ("501",), ())]
    by_key = await state.findings.known_places("customers", keys=[KEY], ids={}, since=horizon)
    assert by_key == [KnownPlace(KEY, ("401",), ("2",))]


async def test_a_doubted_snapshot_is_swept_next_time(state: State) -> None:
    run_id = await state.runs.start(["customers"], full=True)
    for side in Side:
        snapshot = await state.snapshots.begin(run_id, side, "customers")
        await state.snapshots.complete(snapshot, files="{}", records=1, sweep_at=datetime(2026, 11, 22, tzinfo=UTC))
    await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    await state.snapshots.sweep_next_time(Side.CRM, "customers")
    crm, erp = [await state.snapshots.mark(side, "customers") for side in Side]
    assert (crm.sweep_at, erp.sweep_at) == (datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
