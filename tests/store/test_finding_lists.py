"""Long lists of findings: their order, windows, texts that are looked for, what is left out, and the pulse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from itertools import product

import pytest_asyncio

from reconciler.model.corrections import FieldChange
from reconciler.model.findings import Cause, Finding, FindingKind, FindingStatus
from reconciler.store.state.finding_lists import finding_id_of, row_number_of
from reconciler.store.state.records import FindingEventKind, FindingFilter, FindingSort
from reconciler.store.state.state import State
from tests.store.correction_cases import S, approval, correction, go
from tests.store.state_cases import Clock, many, row, run_with

OPEN = FindingStatus.OPEN
ODD = [
    row("50%_x", field="city", crm_value="São Paulo", erp_value="Sao Paulo", cause=Cause.ACCENTS),
    row("zz|1", field="city", crm_value="ÁGUA", erp_value="agua", cause=Cause.ACCENTS, crm_id="needle-7"),
]


@pytest_asyncio.fixture
async def filled(state: State, clock: Clock) -> AsyncIterator[State]:
    """122 findings of one entity, some accepted."""
    await run_with(state, [*many(120), *ODD])
    await state.findings.accept(FindingFilter(field="phone"), reason="agreed", person="ana")
    yield state


async def ids(state: State, chosen: FindingFilter, sort: FindingSort = FindingSort.ID) -> list[str]:
    async with aclosing(state.lists.order(chosen, sort)) as parts:
        return [finding_id_of(number) async for part in parts for number in part]


CHOSEN = (
    FindingFilter(status=OPEN),
    FindingFilter(),
    FindingFilter(status=OPEN, cause=Cause.CASE, field="email"),
    FindingFilter(kind=FindingKind.ONLY_IN_CRM, key="0000000000001*"),
    FindingFilter(status=OPEN, text="paulo"),
    FindingFilter(entity="nothing"),
)
TEXTS = {
    "PAULO": ["50%_x"],
    "são": ["50%_x"],
    "SÃO": ["50%_x"],
    "%_": ["50%_x"],
    "needle": ["zz|1"],
    "água": ["zz|1"],
    "[x]'\"; --": [],
}


async def test_an_order_and_its_beginning_are_those_of_pages(filled: State) -> None:
    for chosen, sort in product(CHOSEN, FindingSort):
        pages = [each.id for each in await filled.findings.page(chosen, limit=1_000, sort=sort)]
        assert await ids(filled, chosen, sort) == pages, (chosen, sort)
        beginning = await filled.lists.beginning(chosen, sort, 7)
        assert beginning is None or [*map(finding_id_of, beginning)] == pages[:7]
        assert (beginning is None) == (chosen.text is not None or chosen.key is not None)


async def test_a_window_is_in_the_order_asked_for_and_knows_what_is_gone(filled: State) -> None:
    wanted = [row_number_of(each) for each in (await ids(filled, FindingFilter()))[20:5:-3]]
    window = await filled.lists.window([*wanted, 1])
    assert [None if each is None else row_number_of(each.id) for each in window] == [*wanted, None]
    assert await filled.lists.window([]) == []


async def test_a_text_is_looked_for_as_it_stands_whatever_the_case(filled: State) -> None:
    for text, keys in TEXTS.items():
        found = await filled.findings.page(FindingFilter(text=text), limit=10, sort=FindingSort.KEY)
        assert [each.key for each in found] == keys, text
        assert await filled.findings.count(FindingFilter(text=text)) == len(keys), text


async def test_what_is_left_out_is_neither_listed_nor_counted_nor_decided_about(filled: State) -> None:
    chosen = FindingFilter(status=OPEN, field="city")
    first, second = await ids(filled, chosen)
    narrowed = replace(chosen, without=(first,))
    assert await ids(filled, narrowed) == [second]
    assert await filled.findings.count(narrowed) == 1
    assert not FindingFilter(without=(first,)).restricts
    assert await filled.findings.accept(narrowed, reason="known", person="ana") == 1
    assert (await filled.findings.get(first)).status is OPEN


async def test_the_pulse_moves_with_runs_decisions_and_checks_and_only_then(filled: State) -> None:
    before = await filled.lists.pulse()
    assert await filled.lists.pulse() == before
    await filled.findings.accept(FindingFilter(field="city"), reason="known", person="ana")
    accepted = await filled.lists.pulse()
    assert accepted != before
    await run_with(filled, [*many(120), *ODD])
    assert await filled.lists.pulse() != accepted


async def test_findings_know_how_far_their_correction_is_and_approvals_can_be_taken_back(filled: State) -> None:
    line = row("50001|P1", entity="orders.lines", field="quantity")
    await run_with(filled, [line], entity="orders.lines")
    of_line, other = await filled.findings.get(line.id), await filled.findings.get(ODD[0].id)
    assert await filled.lists.corrections_of([of_line, other]) == {}
    change = FieldChange("quantity", "1", "2", "P1", line.id)
    proposal = correction(1, entity="orders", key="50001", changes=(change,))
    await filled.corrections.add([proposal], person="ana")
    assert await _mark(filled, of_line, other) == {line.id: (proposal.id, S.PROPOSED, proposal.digest, 1)}

    await filled.corrections.approve([approval(proposal, "ana"), approval(proposal, "rui")])
    await go(filled, proposal.id, S.PROPOSED, S.APPROVED)
    assert await filled.withdrawals.approvals([proposal.id], person="eva") == []
    assert await filled.withdrawals.approvals([proposal.id], person="ana") == [proposal.id]
    left = (await filled.corrections.approvals([proposal.id]))[proposal.id]
    assert [each.person for each in left] == ["rui"]
    assert (await _mark(filled, of_line))[line.id][1] is S.PROPOSED
    acts = [(entry.person, entry.act) for entry in await filled.audit.about(proposal.id)]
    assert acts[-1] == ("ana", "correction.approval_withdrawn")

    await go(filled, proposal.id, S.PROPOSED, S.APPROVED, S.PLANNED)
    assert await filled.withdrawals.approvals([proposal.id], person="rui") == []
    await go(filled, proposal.id, S.PLANNED, S.APPROVED, S.REJECTED)
    assert await _mark(filled, of_line) == {}


async def _mark(state: State, *findings: Finding) -> dict[str, tuple[str, S, str, int]]:
    marks = await state.lists.corrections_of(findings)
    return {finding: (mark.id, mark.state, mark.digest, mark.fields) for finding, mark in marks.items()}


async def test_an_acceptance_taken_back_opens_the_finding_and_is_in_its_history(filled: State) -> None:
    accepted = await ids(filled, FindingFilter(status=FindingStatus.ACCEPTED))
    assert await filled.withdrawals.acceptances([accepted[0]], person="bruno") == 1
    assert await filled.withdrawals.acceptances([accepted[0]], person="bruno") == 0
    assert (await filled.findings.get(accepted[0])).status is OPEN
    last = (await filled.findings.history(accepted[0]))[-1]
    assert (last.kind, last.person, last.reason) == (FindingEventKind.WITHDRAWN, "ana", "agreed")
    assert await filled.findings.count(FindingFilter(status=FindingStatus.ACCEPTED)) == len(accepted) - 1
    acts = [(entry.person, entry.act) for entry in await filled.audit.about(accepted[0])]
    assert acts[-1] == ("bruno", "finding.acceptance_withdrawn")
    assert (await filled.audit.verify()).is_whole
