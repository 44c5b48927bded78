"""What came of test scenarios, as it is kept: on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.model.pilot import ScenarioResult, Stage
from reconciler.store.state.state import State

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAILED = ScenarioResult(
    "changed-price",
    AT,
    1.25,
    "ana",
    Stage.HOMOLOGATION,
    "failed",
    "as agreed",
    "otherwise",
    1,
    "/data/e.json",
    "a" * 64,
)
REFUSED = replace(FAILED, status="refused", stage=Stage.PILOT, seen="it writes", exit_code=2, evidence="", digest="")


async def test_the_last_playing_of_each_is_told_and_a_refusal_hides_no_failure(state: State) -> None:
    other = replace(REFUSED, scenario="new-customer")
    for each in (replace(FAILED, status="passed"), other, FAILED, REFUSED):
        await state.scenarios.keep(each)
    assert await state.scenarios.latest() == {"new-customer": other, "changed-price": FAILED}
    mended = replace(FAILED, status="passed", exit_code=0)
    await state.scenarios.keep(mended)
    assert (await state.scenarios.latest())["changed-price"] == mended
    told = [(each.act, each.subject, each.person) async for each in state.audit.iterate()]
    assert set(told) == {("scenario.played", name, "ana") for name in ("changed-price", "new-customer")}
