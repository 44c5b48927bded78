"""Where only ASCII is drawn: nothing of ours is anything else, in every place and on top of it; data stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from textual.command import CommandPalette

from reconciler.errors import UnreachableError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, many
from tests.tui.fills import entity_document, run_document, run_of
from tests.tui.rig import Fill, Opening, Rig, go
from tests.tui.test_tui_plan_looks import drifted, on_their_way
from tests.tui.waiting import screen_text, settled, shown, wait_for
from tui.places import PLACES
from tui.review.asking import AskModal
from tui.screens.help import HelpScreen
from tui.text import draw_in_ascii, ellipsis, folded, truncated
from tui.viewmodel import Failed, Loading, problem_of

RigOf = Callable[[Fill | None], Rig]
_DATA = "Ødegård Łukasz ¥"
"""Not ours: shown as it is, whatever the terminal makes of it. None of its letters is in a text of ours."""


async def everything(state: State, clock: Clock) -> None:
    """A run, findings with data outside ASCII, corrections in every list, taxes that drifted, a trail."""
    rows = [row._replace(crm_value=_DATA) if hasattr(row, "_replace") else row for row in many(30)]
    document = run_document(customers=entity_document(3, 30, case=20, accents=10))
    document["warnings"] = [f"customers was not compared: {_DATA}"]
    await run_of(state, rows, document)
    await on_their_way(state, clock)
    await drifted(state, clock)
    await state.audit.append(_DATA, "plan.exported", "1", {"reason": _DATA})


def _strange(seen: str) -> str:
    return "".join(sorted({character for character in seen if not character.isascii()} - set(_DATA)))


async def test_every_place_is_drawn_in_ascii(rig_of: RigOf) -> None:
    """In Portuguese, whose words have letters that are not; with the log open, the help, the palette and a form."""
    opening = Opening(ascii_only=True, locale="pt-BR", more="[people]\nana = { roles = ['reviewer', 'operator'] }")
    found: dict[str, str] = {}
    async with rig_of(everything).running(opening, size=(80, 30)) as (app, pilot):

        async def look(what: str) -> None:
            await settled(pilot)
            if strange := _strange(screen_text(pilot)):
                found[what] = f"{strange}\n{screen_text(pilot)}"

        await pilot.press("L")
        for place in PLACES:
            await go(app, pilot, place.id)
            await look(place.id)
        screen = await go(app, pilot, "runs")
        screen.show_state(Loading(app.texts("loading.place", place="x")))
        await look("loading")
        error = UnreachableError("erp", phrase("no connection ({reason})", reason="refused"))
        screen.show_state(Failed(problem_of(error, app.texts)))
        app.tell(app.texts("quit.how"))
        await look("failed")
        screen.load(quietly=True)
        await go(app, pilot, "audit")
        await shown(pilot, _DATA.split()[0])
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        await look("help")
        await pilot.press("escape", "ctrl+p")
        await wait_for(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        await look("palette")
        await pilot.press("escape")
        await go(app, pilot, "quotes")
        await pilot.press("b")
        await wait_for(pilot, lambda: isinstance(app.screen, AskModal), "the form")
        await look("form")
    assert found == {}, "\n".join(f"{what}: {seen}" for what, seen in found.items())


def test_letters_and_signs_in_ascii() -> None:
    assert folded("Orçamentos → não “há” …") == 'Orcamentos -> nao "ha" ...'
    draw_in_ascii(True)
    try:
        assert ellipsis().isascii()
        assert truncated("abcdef", 4) == "abc>"
        assert truncated("çççççç", 4) == "ççç>", "data stays as it is"
    finally:
        draw_in_ascii(False)
