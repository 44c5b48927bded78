"""Lists of corrections for a screen."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.correction_records import CorrectionFilter, StoredPlan
from reconciler.model.corrections import CorrectionAction
from reconciler.model.entities import Side
from reconciler.store.state.correction_lists import PlanLine, correction_id_of, correction_number_of
from reconciler.store.state.state import State
from tests.store.correction_cases import S, correction, go
from tests.store.state_cases import START, Clock


async def test_counts_totals_order_windows_and_plans(state_url: str, tmp_path: Path) -> None:
    wanted = [
        correction(1, record_id="1", key="1"),
        correction(0xFFFFFFFFFFFFFFFF, record_id="2", key="2", side=Side.ERP),
        correction(3, record_id="3", key="3", action=CorrectionAction.DEACTIVATE),
        correction(4, record_id="4", key="4"),
    ]
    async with State.open(state_url, tmp_path, clock=Clock()) as state:
        lists = state.correction_lists
        assert (await lists.counts(), await lists.plans({S.PLANNED})) == ({}, [])
        await state.corrections.add(wanted, person="ana")
        for each in wanted[:3]:
            await go(state, each.id, S.PROPOSED, S.APPROVED)
        for digest, planned in (("a" * 64, wanted[:2]), ("b" * 64, wanted[1:3])):
            await state.corrections.add_plan(StoredPlan(digest, "{}", "ana", START, [each.id for each in planned]))
        assert await lists.counts() == {S.PROPOSED: 1, S.PLANNED: 3}
        assert await lists.totals(CorrectionFilter(states=S.PLANNED)) == {
            (Side.CRM, CorrectionAction.UPDATE): 1,
            (Side.ERP, CorrectionAction.UPDATE): 1,
            (Side.CRM, CorrectionAction.DEACTIVATE): 1,
        }
        # The second plan took one over from the first.
        assert await lists.plans({S.PLANNED}) == [
            PlanLine("a" * 64, "ana", START, 1),
            PlanLine("b" * 64, "ana", START, 2),
        ]
        numbers = await lists.order(CorrectionFilter())
        assert [correction_id_of(each) for each in numbers] == [each.id for each in wanted]
        newest_first = await lists.order(CorrectionFilter(states=S.PLANNED), newest_first=True)
        assert [correction_id_of(each) for each in newest_first] == [each.id for each in reversed(wanted[:3])]
        found = await lists.window([correction_number_of("0" * 15 + "9"), *reversed(numbers)])
        assert [None if each is None else each.id for each in found] == [None, *(each.id for each in reversed(wanted))]
