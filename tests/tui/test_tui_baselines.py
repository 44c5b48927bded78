"""How the screens of the house look: one baseline for each state. A baseline that is missing fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.errors import UnreachableError
from tests.tui.fills import in_trouble, left_alone, reconciled
from tests.tui.rig import LARGE, SMALL, Fill, Opening, Rig, go
from tests.tui.waiting import settled, shown, wait_for
from tui.app import ReconcilerApp
from tui.viewmodel import Failed, Loading, problem_of

LooksAsBefore = Callable[[ReconcilerApp], None]
RigOf = Callable[..., Rig]


@pytest.mark.parametrize(
    ("fill", "opening", "size"),
    [
        (None, Opening(), SMALL),
        (reconciled, Opening(), SMALL),
        (reconciled, Opening(locale="pt-BR", stage="live", theme="high-contrast"), LARGE),
        (left_alone, Opening(theme="colour-blind-safe", read_only="refusal.asked"), SMALL),
        (in_trouble, Opening(ascii_only=True, theme="reconciler-light"), SMALL),
    ],
    ids=["first-day", "usual", "portuguese-wide", "stale-read-only", "trouble-ascii"],
)
async def test_overview(
    rig_of: RigOf, looks_as_before: LooksAsBefore, fill: Fill | None, opening: Opening, size: tuple[int, int]
) -> None:
    async with rig_of(fill).running(opening, size=size) as (app, pilot):
        await settled(pilot)
        looks_as_before(app)


async def test_places(rig_of: RigOf, looks_as_before: LooksAsBefore) -> None:
    async with rig_of(reconciled).running() as (app, pilot):
        for place, seen in (("runs", "adds up"), ("audit", "plan.exported")):
            await go(app, pilot, place)
            await shown(pilot, seen)
            await settled(pilot)
            looks_as_before(app)


async def test_states(rig_of: RigOf, looks_as_before: LooksAsBefore) -> None:
    """Nothing there, not asked, loading, an error, the keys, a terminal that is too small."""
    async with rig_of().running(Opening(locale="pt-BR")) as (app, pilot):
        for place, seen in (("audit", "A trilha está vazia."), ("systems", "Nada foi perguntado ainda.")):
            await go(app, pilot, place)
            await shown(pilot, seen)
            await settled(pilot)
            looks_as_before(app)
        here = app.place
        assert here is not None
        here.show_state(Loading("Lendo 48.210 achados …"))
        await shown(pilot, "48.210")
        await settled(pilot)
        looks_as_before(app)
        error = UnreachableError("erp", "no answer from erp.example:443.", hint="Look at the cable.")
        here.show_state(Failed(problem_of(error, app.texts)))
        await shown(pilot, "Código a citar: unreachable")
        await settled(pilot)
        looks_as_before(app)
        await pilot.press("question_mark")
        await shown(pilot, "Ir para")
        await settled(pilot)
        looks_as_before(app)
        await pilot.press("escape")
        await pilot.resize_terminal(50, 12)
        await shown(pilot, "O terminal é pequeno demais: 50×12.")
        await settled(pilot)
        looks_as_before(app)


async def test_without_colours(rig_of: RigOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_COLOR`: every cell is grey, and the words and signs are all there."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with rig_of(in_trouble).running() as (app, pilot):
        await wait_for(pilot, lambda: app.no_color, "an application that heeds NO_COLOR")
        await shown(pilot, "▲ limited")
        styles = [segment.style for strip in app.screen._compositor.render_strips() for segment in strip]
        colours = [colour.triplet for style in styles if style for colour in (style.color, style.bgcolor) if colour]
        assert colours
        assert [each for each in colours if each and not each.red == each.green == each.blue] == []
