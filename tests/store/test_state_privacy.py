"""What the state keeps of one person, on both databases."""

from __future__ import annotations

import pytest

from reconciler.app.privacy.identifiers import Identifiers
from reconciler.errors import RefusedError
from reconciler.model.entities import Side
from reconciler.model.privacy import Sought
from reconciler.store.state.privacy import ERASED, erasure_act
from reconciler.store.state.state import State
from tests.store.correction_cases import S, correction, go
from tests.store.state_cases import row, run_with

_ACT = erasure_act("ana", "LGPD-7", "asked for")
_WHO = Identifiers.of(["529.982.247-25", "rita@example.com"])
_PERSON = Sought(
    _WHO.forms(),
    _WHO.are_in,
    {"customers": frozenset({"52998224725"}), "orders": frozenset({"PED-1"})},
    {("customers", Side.CRM): frozenset({"401"})},
)


async def test_findings_are_found_by_key_id_line_and_value_whatever_its_case(state: State) -> None:
    theirs = [
        row("52998224725", field="email"),
        row("other", field="phone", crm_id="401"),
        row("other", field="email", crm_id="9", crm_value="RITA@Example.com"),
        row("other", field="note", crm_id="9", detail='{"was": "529.982.247-25"}'),
    ]
    others = [row("stranger", crm_id="9"), row("529982247250", crm_id="4010")]
    await run_with(state, [*theirs, *others])
    lines = [row("PED-1|2", entity="orders.lines", crm_id="7"), row("PED-10|2", entity="orders.lines", crm_id="8")]
    await run_with(state, lines, entity="orders.lines")
    found = await state.privacy.find(_PERSON)
    assert {each["id"] for each in found.findings} == {each.id for each in [*theirs, lines[0]]}


async def test_an_erasure_deletes_findings_and_counts_what_is_left(state: State) -> None:
    await run_with(state, [row("52998224725"), row("stranger", crm_id="9")])
    await state.privacy.erase(_PERSON, (), _ACT)
    assert [each.key for each in await state.findings.page(limit=10)] == ["stranger"]
    assert (await state.findings.summary()).by_status == {"open": 1}
    (act,) = [each async for each in state.audit.iterate()]
    assert (act.person, act.act, act.subject) == ("ana", "privacy.erased", "LGPD-7")
    assert (await state.audit.verify()).is_whole


async def test_nothing_is_erased_when_a_correction_may_still_be_written(state: State) -> None:
    await run_with(state, [row("52998224725")])
    await state.corrections.add([correction(key="52998224725")], person="ana")
    with pytest.raises(RefusedError, match="may still be written"):
        await state.privacy.erase(_PERSON, (), _ACT)
    assert [each.key for each in await state.findings.page(limit=10)] == ["52998224725"]


async def test_a_correction_that_is_over_stays_without_its_content(state: State) -> None:
    theirs, other = [correction(1, key="52998224725"), correction(2, key="other", record_id="8")]
    await state.corrections.add([theirs, other], person="ana")
    await go(state, theirs.id, S.PROPOSED, S.REJECTED)
    await state.privacy.erase(_PERSON, (), _ACT)
    left = {each.key: each for each in await state.corrections.listed()}
    assert left.keys() == {ERASED, "other"}
    assert (left[ERASED].changes, left[ERASED].record_id) == ((), None)
    assert left["other"] == other
