"""How far a project is let, as it is kept: one writer after another, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.errors import RefusedError
from reconciler.model.pilot import DayValue, Feedback, Signature, Stage, StageChange
from reconciler.store.state.state import State

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)
DAY = date(2026, 11, 16)


def _change(stage: Stage, previous: Stage = Stage.SANDBOX) -> StageChange:
    return StageChange(AT, stage, previous, "caio", "it is time", "5" * 64)


async def test_two_appliers_together_never_begin_more_than_the_limit(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as one, State.open(state_url, tmp_path) as other:
        asked = [each.stages.reserve_write(DAY, 7) for each in (one, other) for _ in range(10)]
        assert sum(await asyncio.gather(*asked)) == 7
        assert await other.stages.writes_on(DAY) == 7
        assert await one.stages.reserve_write(DAY + timedelta(days=1), 7)
        assert not await one.stages.reserve_write(DAY, 6)


async def test_a_stage_is_changed_by_whoever_saw_the_last_change(state: State) -> None:
    first = _change(Stage.HOMOLOGATION)
    await state.stages.move(first, expected=None)
    with pytest.raises(RefusedError, match="at this very moment"):
        await state.stages.move(_change(Stage.PILOT), expected=None)
    second = _change(Stage.SANDBOX, Stage.HOMOLOGATION)
    await state.stages.move(second, expected=first)
    assert await state.stages.history() == [first, second]
    assert (await state.stages.standing()).reached == second
    assert [each.act async for each in state.audit.iterate()] == ["stage.promoted", "stage.fell_back"]


async def test_there_is_one_freeze_until_a_person_lifts_it(state: State) -> None:
    frozen = await state.stages.freeze("conflicts: 4, above 3", AT, {"run": "r1"})
    assert await state.stages.freeze("another rule", AT, {}) is None
    assert (await state.stages.standing()).freeze == frozen
    await state.stages.lift("bia", "seen to", AT)
    assert (await state.stages.standing()).freeze is None
    with pytest.raises(RefusedError, match="nothing is frozen"):
        await state.stages.lift("bia", "again", AT)
    (kept,) = await state.stages.freezes()
    assert (kept.rule, kept.lifted_by, kept.why_lifted) == ("conflicts: 4, above 3", "bia", "seen to")


async def test_what_a_pilot_measured_said_and_signed_is_kept(state: State) -> None:
    declared = await state.pilot.declare("caio", "", "a" * 64, "{}", AT)
    measured = [DayValue(DAY, "conflicts", Decimal(1), 5), DayValue(DAY, "tax_drift", None, 0)]
    await state.pilot.keep_day(declared.number, measured, AT)
    await state.pilot.keep_day(declared.number, [DayValue(DAY, "conflicts", Decimal("2.50"), 6)], AT)
    again = await state.pilot.declare("caio", "a wider scope", "b" * 64, "{}", AT)
    assert (await state.stages.standing()).declared == again
    kept = await state.pilot.days(declared.number)
    assert kept == [DayValue(DAY, "conflicts", Decimal("2.50"), 6), measured[1]]
    assert await state.pilot.days(again.number) == []
    said = Feedback("0123456789abcdef", AT, "eva", "blocker", "o preço some\0", "quotes", "4711")
    await state.pilot.add_feedback(said)
    assert [each.key for each in await state.pilot.feedback(entity="quotes", key="4711")] == ["4711"]
    assert (await state.pilot.close_feedback("0123", "bia", "it was the browser", AT)).closed_by == "bia"
    with pytest.raises(RefusedError, match="closed by bia"):
        await state.pilot.close_feedback("0123", "bia", "again", AT)
    await state.pilot.sign(Signature(AT, "caio", "technical_lead", "c" * 64))
    with pytest.raises(RefusedError, match="signed this already"):
        await state.pilot.sign(Signature(AT, "dora", "technical_lead", "c" * 64))
    assert [each.person for each in await state.pilot.signatures("c" * 64)] == ["caio"]
    assert await state.pilot.signatures("d" * 64) == []
    assert not (await state.audit.verify()).breaks
