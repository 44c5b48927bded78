"""The life of a finding: every transition a run or a person can cause (DESIGN.md 6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date

import pytest

from reconciler.model.findings import Cause, FindingKind, FindingRow, FindingStatus
from reconciler.store.state.records import FindingEventKind, FindingFilter, FindingTotals
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, row, run_with

ROW = row()
OTHER_VALUE = row(erp_value="ACME SA")
LIST = row(field=None, kind=FindingKind.DUPLICATE, cause=Cause.SAME_KEY, crm_id="1, 2", crm_value=None, erp_id=None)
LONGER_LIST = LIST._replace(crm_id="1, 2, 3")
EVERYTHING = FindingFilter(entity="customers")

Step = Callable[[State, Clock], Awaitable[object]]


def sees(*rows: FindingRow, close_missing: bool = True) -> Step:
    async def step(state: State, clock: Clock) -> FindingTotals:
        clock.move(hours=1)
        return await run_with(state, rows, close_missing=close_missing)

    return step


def accepts(until: date | None = None) -> Step:
    async def step(state: State, _clock: Clock) -> int:
        return await state.findings.accept(EVERYTHING, reason="agreed", person="ana", until=until)

    return step


def waits(days: int) -> Step:
    async def step(_state: State, clock: Clock) -> None:
        clock.move(days=days)

    return step


@dataclass(frozen=True)
class Case:
    """Steps, what the last of them counted, and what the finding is then."""

    name: str
    steps: tuple[Step, ...]
    counts: tuple[int, int, int, int]
    """new, open, closed, reopened"""
    status: FindingStatus
    events: list[FindingEventKind] = field(default_factory=list)
    occurrences: int = 1


E = FindingEventKind
S = FindingStatus
CASES = [
    Case("new", (sees(ROW),), (1, 1, 0, 0), S.OPEN),
    Case("seen again", (sees(ROW), sees(ROW)), (0, 1, 0, 0), S.OPEN, occurrences=2),
    Case("value changes while open", (sees(ROW), sees(OTHER_VALUE)), (0, 1, 0, 0), S.OPEN, occurrences=2),
    Case("not seen", (sees(ROW), sees()), (0, 0, 1, 0), S.CLOSED, [E.CLOSED]),
    Case("not seen twice", (sees(ROW), sees(), sees()), (0, 0, 0, 0), S.CLOSED, [E.CLOSED]),
    Case("not seen by a part", (sees(ROW), sees(close_missing=False)), (0, 1, 0, 0), S.OPEN),
    Case("returns", (sees(ROW), sees(), sees(ROW)), (1, 1, 0, 1), S.OPEN, [E.CLOSED, E.RETURNED], 2),
    Case("accepted, same values", (sees(ROW), accepts(), sees(ROW)), (0, 0, 0, 0), S.ACCEPTED, [E.ACCEPTED], 2),
    Case(
        "accepted, another cause",
        (sees(ROW), accepts(), sees(ROW._replace(cause=Cause.UNEXPLAINED))),
        (0, 0, 0, 0),
        S.ACCEPTED,
        [E.ACCEPTED],
        2,
    ),
    Case(
        "accepted, value changes",
        (sees(ROW), accepts(), sees(OTHER_VALUE)),
        (1, 1, 0, 1),
        S.OPEN,
        [E.ACCEPTED, E.VALUE_CHANGED],
        2,
    ),
    Case(
        "accepted, value disappears",
        (sees(ROW), accepts(), sees(ROW._replace(crm_value=None))),
        (1, 1, 0, 1),
        S.OPEN,
        [E.ACCEPTED, E.VALUE_CHANGED],
        2,
    ),
    Case(
        "accepted, record recreated with the same value",
        (sees(ROW), accepts(), sees(ROW._replace(crm_id="999"))),
        (0, 0, 0, 0),
        S.ACCEPTED,
        [E.ACCEPTED],
        2,
    ),
    Case(
        "accepted duplicate, one more",
        (sees(LIST), accepts(), sees(LONGER_LIST)),
        (1, 1, 0, 1),
        S.OPEN,
        [E.ACCEPTED, E.VALUE_CHANGED],
        2,
    ),
    Case(
        "accepted duplicate, same ones", (sees(LIST), accepts(), sees(LIST)), (0, 0, 0, 0), S.ACCEPTED, [E.ACCEPTED], 2
    ),
    Case(
        "accepted, on the last day",
        (sees(ROW), accepts(date(2026, 11, 24)), waits(2), sees(ROW)),
        (0, 0, 0, 0),
        S.ACCEPTED,
        [E.ACCEPTED],
        2,
    ),
    Case(
        "accepted, after the last day",
        (sees(ROW), accepts(date(2026, 11, 24)), waits(3), sees(ROW)),
        (1, 1, 0, 1),
        S.OPEN,
        [E.ACCEPTED, E.EXPIRED],
        2,
    ),
    Case("accepted, not seen", (sees(ROW), accepts(), sees()), (0, 0, 1, 0), S.CLOSED, [E.ACCEPTED, E.CLOSED]),
    Case(
        "accepted, closed, returns",
        (sees(ROW), accepts(), sees(), sees(ROW)),
        (1, 1, 0, 1),
        S.OPEN,
        [E.ACCEPTED, E.CLOSED, E.RETURNED],
        2,
    ),
    Case(
        "accepted twice",
        (sees(ROW), accepts(date(2026, 11, 23)), accepts(), waits(9), sees(ROW)),
        (0, 0, 0, 0),
        S.ACCEPTED,
        [E.ACCEPTED, E.ACCEPTED],
        2,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
async def test_a_finding_goes_through(case: Case, state: State, clock: Clock) -> None:
    result: object = None
    for step in case.steps:
        result = await step(state, clock)
    assert isinstance(result, FindingTotals)
    assert (result.new, result.open, result.closed, result.reopened) == case.counts
    (finding,) = await state.findings.page(limit=2)
    assert finding.status is case.status
    assert finding.occurrences == case.occurrences
    assert [event.kind for event in await state.findings.history(finding.id)] == case.events


async def test_seeing_again_takes_values_cause_and_place_and_keeps_the_first_time(state: State, clock: Clock) -> None:
    await run_with(state, [ROW])
    opened_at = clock.now
    clock.move(hours=2)
    again = ROW._replace(
        crm_value="Acme Ltda", cause=Cause.UNEXPLAINED, crm_id="402", detail='{"length":"9"}', owner="crm"
    )
    await run_with(state, [again])
    (finding,) = await state.findings.page(limit=2)
    assert (finding.crm.value, finding.crm.id, finding.cause) == ("Acme Ltda", "402", Cause.UNEXPLAINED)
    assert (finding.detail, finding.owner) == ({"length": "9"}, "crm")
    assert (finding.first_seen, finding.last_seen) == (opened_at, clock.now)


async def test_an_acceptance_shows_who_why_and_how_long_and_is_gone_once_it_ends(state: State, clock: Clock) -> None:
    await run_with(state, [ROW])
    last_day = date(2026, 12, 1)
    await state.findings.accept(EVERYTHING, reason=" agreed in the meeting ", person="ana", until=last_day)
    (accepted,) = await state.findings.page(limit=2)
    assert accepted.accepted_reason == "agreed in the meeting"
    assert (accepted.accepted_by, accepted.accepted_until) == ("ana", last_day)
    await run_with(state, [OTHER_VALUE])
    (reopened,) = await state.findings.page(limit=2)
    assert (reopened.accepted_reason, reopened.accepted_by, reopened.accepted_until) == (None, None, None)


async def test_the_history_says_when_by_whom_and_in_which_run(state: State, clock: Clock) -> None:
    await run_with(state, [ROW])
    await state.findings.accept(EVERYTHING, reason="agreed", person="ana")
    accepted_at = clock.now
    clock.move(hours=3)
    await run_with(state, [])
    closing_run = (await state.runs.history(1))[0].id
    accepted, closed = await state.findings.history(ROW.id)
    assert (accepted.at, accepted.person, accepted.reason, accepted.run) == (accepted_at, "ana", "agreed", None)
    assert (closed.at, closed.run, closed.person) == (clock.now, closing_run, "ana")


async def test_only_the_recorded_entity_is_closed(state: State) -> None:
    product = row("P-1", entity="products", field="price")
    await run_with(state, [ROW])
    await run_with(state, [product], entity="products")
    await run_with(state, [])
    by_entity = {finding.entity: finding.status for finding in await state.findings.page(limit=5)}
    assert by_entity == {"customers": FindingStatus.CLOSED, "products": FindingStatus.OPEN}


async def test_totals_count_open_findings_by_kind_and_cause(state: State) -> None:
    rows = [
        ROW,
        row("2", cause=Cause.ACCENTS),
        row("3", field=None, kind=FindingKind.ONLY_IN_CRM, cause=Cause.NOT_FOUND),
    ]
    totals = await run_with(state, rows)
    assert totals.by_kind == {"differs": 2, "only_in_crm": 1}
    assert totals.by_cause == {"case": 1, "accents": 1, "not_found": 1}


async def test_a_run_with_all_transitions_at_once_counts_each(state: State, clock: Clock) -> None:
    stays, goes, held, changes = row("1"), row("2"), row("3"), row("4")
    gone_before = row("5")
    await run_with(state, [stays, goes, held, changes, gone_before])
    await run_with(state, [stays, goes, held, changes])
    await state.findings.accept(FindingFilter(key=["3", "4"]), reason="agreed", person="ana")
    totals = await run_with(state, [stays, held, changes._replace(erp_value="X"), gone_before, row("6")])
    assert (totals.new, totals.open, totals.closed, totals.reopened) == (3, 4, 1, 2)
