"""Findings whose correction was proved: they wait for the next run, and count as what they are."""

from __future__ import annotations

from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.store.state_cases import row, run_with


async def _statuses(state: State) -> dict[str, str]:
    return {finding.key: finding.status.value for finding in await state.findings.page(limit=10)}


async def test_only_open_findings_become_corrected_and_are_counted_so(state: State) -> None:
    rows = [row("mended"), row("accepted"), row("other")]
    await run_with(state, rows)
    await state.findings.accept(FindingFilter(key="accepted"), reason="agreed", person="ana")
    assert await state.findings.mark_corrected([rows[0].id, rows[1].id]) == 1
    assert await state.findings.mark_corrected([]) == 0
    assert await _statuses(state) == {"mended": "corrected", "accepted": "accepted", "other": "open"}
    assert (await state.findings.summary()).by_status == {"corrected": 1, "accepted": 1, "open": 1}


async def test_the_next_run_closes_what_it_does_not_find_and_opens_what_it_finds_again(state: State) -> None:
    rows = [row("gone"), row("still there")]
    await run_with(state, rows)
    await state.findings.mark_corrected([each.id for each in rows])
    totals = await run_with(state, [row("still there")])
    assert (totals.closed, totals.reopened, totals.open) == (1, 1, 1)
    assert await _statuses(state) == {"gone": FindingStatus.CLOSED, "still there": FindingStatus.OPEN}
