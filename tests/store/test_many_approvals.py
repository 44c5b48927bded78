"""The approvals of thousands of corrections are read at once, and are those that each of them has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.model.corrections import Approval
from reconciler.store.state.state import State
from tests.store.correction_cases import approval, several

_ASKED = 2_000
_OTHERS = 40


async def test_many_at_once_are_those_of_each(state: State) -> None:
    made = several(_ASKED + _OTHERS)
    await state.corrections.add(made, person="ana")
    # A later approval is given first, and every third correction has none.
    given: dict[str, list[Approval]] = {}
    for number, each in enumerate(made):
        early = approval(each, "eva")
        given[each.id] = (
            [] if number % 3 == 0 else [replace(early, person="rui", at=early.at + timedelta(hours=1)), early]
        )
    await state.corrections.approve([yes for approvals in given.values() for yes in approvals])

    asked = [each.id for each in reversed(made[:_ASKED])]
    found = await state.corrections.approvals(asked)
    assert list(found) == asked
    assert found == {each: given[each][::-1] for each in asked}
    few = [each.id for each in made[-5:]]
    assert await state.corrections.approvals(few) == {each: given[each][::-1] for each in few}
