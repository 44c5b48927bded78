"""What every place shares: keys, reasons, help, palette, states, the log of what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.command import CommandPalette
from textual.widgets import Button, Input

from reconciler.errors import UnreachableError
from reconciler.model.corrections import Person
from tests.tui.fills import HOSTILE_SEEN, in_trouble, reconciled
from tests.tui.rig import LARGE, Opening, Rig, go, place_read
from tests.tui.waiting import screen_text, shown, wait_for
from tui.actions import BY_ID
from tui.overview import Overview
from tui.review.asking import AskedField, AskModal, Form
from tui.screens.help import HelpScreen
from tui.viewmodel import EmptyNone, Failed, Loading
from tui.widgets.choices import Choices
from tui.widgets.confirm import ConfirmModal, Question
from tui.widgets.key_line import KeyLine

RigOf = Callable[..., Rig]


async def test_a_first_day(rig_of: RigOf) -> None:
    """An empty state leads somewhere; every key is explained, found by its name, and says why when it does nothing."""
    async with rig_of().running(size=LARGE) as (app, pilot):
        await shown(pilot, "Start the first run: press s")
        await pilot.press("6")
        runs = await place_read(app, pilot)
        assert runs.PLACE == "runs"
        assert isinstance(runs.state, EmptyNone)
        await pilot.press("C")
        await shown(pilot, "No run was started here.")
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        await shown(pilot, "not now: No run was started here.")
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is runs, "the place below the help")

        await pilot.press("ctrl+p")
        await wait_for(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        await pilot.press(*"trail")
        await shown(pilot, "Who did what, and whether the trail is whole.")
        await pilot.press("down", "enter")
        await wait_for(
            pilot, lambda: app.place is not None and app.place.PLACE == "audit", "the place from the palette"
        )
        await place_read(app, pilot)
        await pilot.press("L", "V")
        await shown(pilot, "$ reconciler --project acme.toml audit verify")
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.place is not None and app.place.PLACE == "overview", "the first place")
        await pilot.press("q")
        await wait_for(pilot, lambda: app.return_value == 0, "the end")


async def test_who_may_only_look_changes_nothing(rig_of: RigOf) -> None:
    rig = rig_of(reconciled)
    async with rig.running(Opening(read_only="refusal.asked", locale="pt-BR")) as (app, pilot):
        await shown(pilot, "SOMENTE LEITURA")
        await pilot.press("s")
        await shown(pilot, "Somente leitura: a sessão foi aberta")
        assert app.place is not None
        app.place.action_do("runs.start")
        assert not app.running.is_running, "the palette and clicks go round the grey key"
        start = next(each for each in app.screen.query_one(KeyLine).keys if each.key == "s")
        assert not start.enabled


async def test_a_role_that_is_missing_is_named(rig_of: RigOf) -> None:
    rig = rig_of()
    opening = Opening(person=Person("carla"))
    async with rig.workspace(opening) as workspace:
        action = replace(BY_ID["runs.start"], roles=frozenset({"operator", "admin"}))
        refusal = rig.session(workspace, opening).refusal(action)
        assert refusal == "carla may not: it takes one of the roles admin, operator."


async def test_own_keys_replace_the_usual_ones(rig_of: RigOf) -> None:
    async with rig_of().running(Opening(keymap={"go.audit": "f9", "app.refresh": "f5"})) as (app, pilot):
        await shown(pilot, "f9 Audit")
        await pilot.press("8", "f9")
        await wait_for(pilot, lambda: app.place is not None and app.place.PLACE == "audit", "the place of the own key")
        assert "f5 Refresh" in screen_text(pilot)


async def test_outside_text_is_shown_and_never_obeyed(rig_of: RigOf) -> None:
    """In every place of the house, and in messages."""
    async with rig_of(in_trouble).running(size=(200, 50)) as (app, pilot):
        assert HOSTILE_SEEN in screen_text(pilot)
        await go(app, pilot, "runs")
        await shown(pilot, f"erp: no answer from {HOSTILE_SEEN} in 30 s.")
        assert "does NOT add up" in screen_text(pilot)
        await go(app, pilot, "audit")
        await shown(pilot, HOSTILE_SEEN[:20])
        app.tell("[bold]x[/y] \x1b[31m")
        await shown(pilot, "[bold]x[/y] \\x1b[31m")


async def test_an_error_says_what_why_what_to_do_and_its_code(rig_of: RigOf, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rig_of(reconciled).running(Opening(locale="pt-BR"), size=LARGE) as (app, pilot):
        place = app.place
        assert place is not None
        failures = [
            UnreachableError("erp", "no answer from erp.example.", hint="Look at the cable."),
            ValueError("1.5"),
        ]

        async def fill() -> None:
            if failures:
                raise failures.pop(0)

        monkeypatch.setattr(place, "fill", fill)
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(place.state, Failed), "an error in place of the content")
        await shown(pilot, "Não se chega a um sistema.")
        seen = screen_text(pilot)
        assert "Por quê: erp: no answer from erp.example." in seen
        assert "O que fazer: Veja a rede e o endereço e tecle r para tentar de novo. Look at the" in seen
        assert "Código a citar: unreachable" in seen
        await pilot.press("r")
        await shown(pilot, "Código a citar: defect")
        assert "1.5" not in screen_text(pilot), "a defect's own words may hold a value of a record"
        await pilot.press("r")
        await wait_for(pilot, lambda: place.state is None, "the content again")


async def test_the_ladder_of_confirmation(rig_of: RigOf) -> None:
    """A question stands on Cancel; a number has to be typed exactly; Escape is no."""
    async with rig_of().running() as (app, pilot):
        answers: list[bool] = []

        async def ask(question: Question) -> None:
            answers.append(await app.confirmed(question))

        async def asked(question: Question) -> ConfirmModal:
            app.run_worker(ask(question))
            await wait_for(pilot, lambda: isinstance(app.screen, ConfirmModal), "the question")
            await pilot._wait_for_screen()
            assert isinstance(app.screen, ConfirmModal)
            return app.screen

        small = Question("Apply?", ["8 records, R$ 1.204,10"], "Apply")
        modal = await asked(small)
        await wait_for(pilot, lambda: modal.focused is modal.query_one("#cancel"), "the focus on Cancel")
        await pilot.press("enter")
        await wait_for(pilot, lambda: answers == [False], "no")
        await asked(small)
        await pilot.press("escape")
        await wait_for(pilot, lambda: answers == [False, False], "no again")
        modal = await asked(small)
        await pilot.press("tab", "enter")
        await wait_for(pilot, lambda: answers[2:] == [True], "yes")

        modal = await asked(Question("Apply?", ["120 records"], "Apply", typed=120))
        assert modal.query_one("#yes", Button).disabled
        modal.query_one(Input).focus()
        await pilot.press(*"12", "enter")
        await shown(pilot, "Type 120, or press Esc.")
        assert len(answers) == 3
        await pilot.press("0", "enter")
        await wait_for(pilot, lambda: answers[3:] == [True], "yes, typed")


async def test_what_somebody_else_did_is_shown_without_being_asked_for(rig_of: RigOf) -> None:
    rig = rig_of()
    async with rig.running() as (app, pilot):
        place = app.place
        assert place is not None
        await app._look().wait()
        await reconciled(app.session.workspace.state, rig.clock)
        await app._look().wait()
        await shown(pilot, "Review 46 open findings")
        overview = getattr(place, "overview", None)
        assert isinstance(overview, Overview)
        assert overview.trend == (66, 58, 46)
        advice = place.query_one(Choices)
        advice.highlighted = 0
        place.show_state(Loading("…"))
        await wait_for(pilot, lambda: advice.size.width == 0, "a list that is not laid out")
        advice.refresh()
        advice._line_cache.clear()
        advice.action_page_down()
        advice.action_page_up()


async def test_a_form_takes_as_many_fields_as_there_are(rig_of: RigOf) -> None:
    """They scroll; what was typed in each comes back, and the buttons stay in sight."""
    async with rig_of().running() as (app, pilot):
        answers: list[tuple[str, ...] | None] = []
        fields = tuple(AskedField(f"field {number}", str(number)) for number in range(30))
        modal = AskModal(Form("Edit", (), fields, "Edit", lambda _answers: None), app.texts)
        app.push_screen(modal, answers.append)
        await wait_for(pilot, lambda: modal.is_attached and modal.query(Input) and app.focused, "the form")
        await shown(pilot, "Cancel")
        modal.query_one("#field-29", Input).value = "changed"
        modal.query_one("#field-29").focus()
        await shown(pilot, "field 29")
        await pilot.press("enter")
        await wait_for(pilot, lambda: answers, "the answers")
        assert answers == [(*(str(number) for number in range(29)), "changed")]
