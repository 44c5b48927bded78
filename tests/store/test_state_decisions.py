"""Accepting findings: who may be chosen, what must be said, and until when it holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconciler.errors import RefusedError
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, many, row, run_with


async def _statuses(state: State) -> dict[str, FindingStatus]:
    return {finding.key: finding.status for finding in await state.findings.page(limit=1_000)}


async def test_by_filter_only_open_and_accepted_ones_are_accepted(state: State) -> None:
    await run_with(state, [row("open"), row("closed"), row("accepted")])
    await state.findings.accept(FindingFilter(key="accepted"), reason="first", person="ana")
    await run_with(state, [row("open"), row("accepted")])
    assert await state.findings.accept(FindingFilter(entity="customers"), reason="second", person="rui") == 2
    assert await _statuses(state) == {
        "open": FindingStatus.ACCEPTED,
        "closed": FindingStatus.CLOSED,
        "accepted": FindingStatus.ACCEPTED,
    }
    reasons = {
        finding.accepted_reason for finding in await state.findings.page(FindingFilter(status="accepted"), limit=9)
    }
    assert reasons == {"second"}


async def test_by_ids_exactly_those_are_accepted(state: State) -> None:
    rows = many(100)
    await run_with(state, rows)
    ids = [each.id for each in rows[10:20]]
    assert await state.findings.accept(FindingFilter(ids=ids), reason="agreed", person="ana") == 10
    accepted = await state.findings.page(FindingFilter(status="accepted"), limit=100)
    assert [finding.id for finding in accepted] == ids
    assert (await state.findings.summary()).by_status == {"open": 90, "accepted": 10}


async def test_choosing_nothing_that_is_open_decides_nothing(state: State) -> None:
    await run_with(state, [row()])
    assert await state.findings.accept(FindingFilter(entity="quotes"), reason="agreed", person="ana") == 0
    assert (await state.findings.get(row().id)).status is FindingStatus.OPEN
    assert await state.findings.history(row().id) == []


@pytest.mark.parametrize(
    ("filter_", "reason", "person", "until", "problem"),
    [
        (FindingFilter(), "agreed", "ana", None, "which findings"),
        (FindingFilter(entity="customers"), "  ", "ana", None, "reason"),
        (FindingFilter(entity="customers"), "agreed", "", None, "person"),
        (FindingFilter(entity="customers"), "agreed", "ana", date(2026, 11, 21), "already passed"),
    ],
    ids=["everything", "no-reason", "no-person", "past"],
)
async def test_a_careless_decision_is_refused(
    filter_: FindingFilter, reason: str, person: str, until: date | None, problem: str, state: State
) -> None:
    await run_with(state, [row()])
    with pytest.raises(RefusedError, match=problem):
        await state.findings.accept(filter_, reason=reason, person=person, until=until)
    assert (await state.findings.get(row().id)).status is FindingStatus.OPEN


@pytest.mark.parametrize(
    ("zone", "status"), [("America/Sao_Paulo", FindingStatus.ACCEPTED), ("UTC", FindingStatus.OPEN)]
)
async def test_the_last_day_is_one_of_the_calendar_of_the_project(
    zone: str, status: FindingStatus, state_url: str, tmp_path: Path
) -> None:
    clock = Clock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    async with State.open(state_url, tmp_path, clock=clock, time_zone=ZoneInfo(zone)) as state:
        await run_with(state, [row()])
        await state.findings.accept(
            FindingFilter(entity="customers"), reason="agreed", person="ana", until=date(2026, 11, 22)
        )
        clock.now = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
        await run_with(state, [row()])
        assert (await state.findings.get(row().id)).status is status


async def test_decisions_and_runs_at_the_same_time_lose_nothing(state: State) -> None:
    rows = many(3_000)
    await run_with(state, rows)
    chosen = [FindingFilter(ids=[each.id for each in rows[start : start + 300]]) for start in range(0, 3_000, 300)]
    run_id = await state.runs.start(["customers"], full=True)
    recording = asyncio.create_task(state.findings.record(run_id, "customers", [rows]))
    accepted = await asyncio.gather(
        *(state.findings.accept(each, reason="agreed", person="ana") for each in chosen),
    )
    totals = await recording
    assert accepted == [300] * 10
    assert (totals.new, totals.closed) == (0, 0)
    assert (await state.findings.summary()).by_status == {"accepted": 3_000}
