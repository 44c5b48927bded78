"""How the review looks in each of its states, against baselines that must be there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.model.findings import Cause, FindingKind
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, row
from tests.tui.fills import HOSTILE, entity_document, run_document, run_of
from tests.tui.rig import Fill, Opening, Rig, go
from tests.tui.waiting import screen_text, settled, shown, wait_for
from tui.app import ReconcilerApp
from tui.review.asking import LinesModal
from tui.screens.review import ReviewScreen

RigOf = Callable[[Fill | None], Rig]
Compare = Callable[[ReconcilerApp], None]
LONG = "x" * 1_000_000


async def differing(state: State, clock: Clock) -> None:
    """Differences of several kinds, some of them in words that nobody should obey, one a million characters long."""
    rows = [
        row("71144729000180", crm_value="São João Ltda", erp_value="Sao Joao Ltda", cause=Cause.ACCENTS),
        row("19779272000160", crm_value="Acme\u00a0Ltda", erp_value="Acme Ltda", cause=Cause.SPACING),
        row("33796492000122", field="credit_limit", crm_value="1275000", erp_value="12750.5", cause=Cause.SCALE),
        row("42063450000173", field="phone", crm_value=None, owner=None, cause=Cause.MISSING_VALUE),
        row(HOSTILE, field="trade_name", crm_value=HOSTILE, erp_value=f"{HOSTILE}!", cause=Cause.UNEXPLAINED),
        row("77", field="street", crm_value=LONG, erp_value=f"{LONG}y", cause=Cause.TRUNCATED),
        row("6NJS8D66000168", field=None, kind=FindingKind.ONLY_IN_CRM, cause=Cause.NOT_FOUND, erp_id=None),
    ]
    await run_of(state, rows, run_document(customers=entity_document(7, 7, accents=1)))
    await state.findings.accept(FindingFilter(field="phone"), reason=HOSTILE, person="ana")
    clock.move(minutes=5)


@pytest.fixture
def rig(rig_of: RigOf) -> Rig:
    return rig_of(differing)


async def _at(app: ReconcilerApp, key: str) -> ReviewScreen:
    screen = app.place
    if not isinstance(screen, ReviewScreen):
        raise AssertionError("the review is not there")
    for position in range(screen.table.count):
        line = screen.table.row_at(position)
        if line is not None and line.heading is None and line.cells[1].text == key:
            screen.table.move_to(position)
            return screen
    raise AssertionError("no such line")


async def test_small_and_in_portuguese(rig: Rig, looks_as_before: Compare) -> None:
    async with rig.running(Opening(locale="pt-BR")) as (app, pilot):
        await go(app, pilot, "review")
        await shown(pilot, "São João Ltda")
        screen = await _at(app, "71144729000180")
        await wait_for(pilot, lambda: screen.shown_record() is not None, "the record")
        await settled(pilot)
        looks_as_before(app)


async def test_large_with_hostile_words(rig: Rig, looks_as_before: Compare) -> None:
    async with rig.running(Opening(ascii_only=True), size=(200, 50)) as (app, pilot):
        await go(app, pilot, "review")
        await shown(pilot, "71144729000180")
        await _at(app, HOSTILE)
        await pilot.press("space")
        screen = await _at(app, HOSTILE)
        await wait_for(pilot, lambda: screen.shown_record() is not None, "the record")
        await settled(pilot)
        text = screen_text(pilot)
        assert "\\x1b[31mred" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        looks_as_before(app)


async def test_a_million_characters_are_shown_in_part(rig: Rig, looks_as_before: Compare) -> None:
    async with rig.running(size=(160, 40)) as (app, pilot):
        await go(app, pilot, "review")
        await shown(pilot, "71144729000180")
        screen = await _at(app, "77")
        await wait_for(pilot, lambda: screen.shown_record() is not None, "the record")
        await settled(pilot)
        looks_as_before(app)


async def test_states_of_the_list(rig: Rig, looks_as_before: Compare) -> None:
    async with rig.running() as (app, pilot):
        await go(app, pilot, "review")
        await pilot.press("slash", *"zzz", "enter")
        await shown(pilot, "0 of 6 match.")
        await settled(pilot)
        looks_as_before(app)
        await pilot.press("escape", "left_square_bracket")
        await shown(pilot, "Corrected: no findings.")
        await settled(pilot)
        looks_as_before(app)


async def test_why_some_were_left_alone(rig: Rig, looks_as_before: Compare) -> None:
    async with rig.running() as (app, pilot):
        await go(app, pilot, "review")
        await shown(pilot, "71144729000180")
        await pilot.press("asterisk", "p")
        await wait_for(pilot, lambda: isinstance(app.screen, LinesModal), "what was left alone")
        await settled(pilot)
        looks_as_before(app)
