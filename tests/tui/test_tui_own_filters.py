"""Filters of one's own: saved as a tab, called otherwise, forgotten; the same from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input

from reconciler.app.review.own_filters import MOST, OwnFilter, OwnFilters
from reconciler.errors import ConfigurationError, RefusedError
from tests.processes import run_command
from tests.tui.fills import reconciled
from tests.tui.rig import Fill, Opening, Rig, go
from tests.tui.waiting import screen_text, shown, wait_for
from tui.review.asking import AskModal
from tui.screens.review import ReviewScreen
from tui.widgets.confirm import ConfirmModal

RigOf = Callable[[Fill | None], Rig]


async def test_what_is_looked_at_becomes_a_tab(rig_of: RigOf, tmp_path: Path) -> None:
    own = OwnFilters(tmp_path / "config" / "filters.json", "acme")
    rig = rig_of(reconciled)
    async with rig.running(Opening(own_filters=own), size=(140, 40)) as (app, pilot):
        screen = await go(app, pilot, "review")
        assert isinstance(screen, ReviewScreen)
        before = dict(screen.view.counts)

        async def asked(*keys: str, name: str) -> None:
            await pilot.press(*keys)
            await wait_for(pilot, lambda: isinstance(app.screen, AskModal) and app.focused, "the name")
            app.screen.query_one(Input).value = name
            await pilot.press("enter")

        await pilot.press("X")
        await shown(pilot, "This tab is not one of your own; b saves one.")
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "cause:case entity:customers"
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.view.typed and screen.source_is_shown, "the filter")
        chosen = sum(screen.source.sizes.values()) if screen.source else 0
        assert 0 < chosen < before["open"]
        await asked("b", name="[red]Nomes[/x]")
        await shown(pilot, f"[red]Nomes[/x] {chosen}")
        assert screen.view.tab.name == "[red]Nomes[/x]"
        assert own.listed() == [OwnFilter(name="[red]Nomes[/x]", typed="cause:case entity:customers")]
        commands = [each.command or "" for each in app.activity]
        assert commands[-1].endswith("findings filters save -- '[red]Nomes[/x]' 'cause:case entity:customers'")

        await asked("B", name="names")
        await shown(pilot, f"names {chosen}")
        await wait_for(pilot, lambda: screen.source_is_shown and screen.source, "its findings")
        await asked("b", name="open")
        await shown(pilot, "“open” is the name of a usual filter.")
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "key:no-such-key*"
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.view.typed and screen.source_is_shown, "the narrower filter")
        await asked("b", name="none")
        await shown(pilot, "none 0")
        await pilot.press("X")
        await wait_for(pilot, lambda: isinstance(app.screen, ConfirmModal), "the question")
        await pilot.press("tab", "enter")
        await wait_for(pilot, lambda: [each.name for each in own.listed()] == ["names"], "one less")
        await wait_for(pilot, lambda: screen.view.tab.name == "open" and screen.source_is_shown, "the first tab")
        await wait_for(pilot, lambda: "none 0" not in screen_text(pilot), "no tab of it")
        assert screen.view.counts == {**before, "names": chosen}


def test_the_same_from_the_command_line(rig_of: RigOf, tmp_path: Path) -> None:
    rig = rig_of(reconciled)
    project = rig.write_project()
    own = OwnFilters(tmp_path / "own" / "reconciler" / "filters.json", "acme")

    def ran(*words: str, code: int = 0) -> str:
        environment = {"XDG_CONFIG_HOME": str(tmp_path / "own")}
        ended = run_command("--project", project, "findings", *words, environment=environment)
        assert ended.returncode == code, ended.stderr
        return ended.stdout + ended.stderr

    assert "names what there is not" in ran("filters", "save", "bad", "cause:none", code=2)
    ran("filters", "save", "--tab", "differs", "--", "case", "cause:case")
    assert own.listed() == [OwnFilter(name="case", tab="differs", typed="cause:case")]
    assert json.loads(ran("list", "--saved", "case", "--json")) == json.loads(
        ran("list", "--cause", "case", "--kind", "differs", "--json")
    )
    ran("filters", "rename", "case", "letters")
    assert json.loads(ran("filters", "list", "--json")) == [
        {"name": "letters", "tab": "differs", "filter": "cause:case"}
    ]
    ran("filters", "remove", "letters")
    assert own.listed() == []
    assert "there is no filter “letters” of your own" in ran("list", "--saved", "letters", code=2)


def test_a_file_that_is_none_and_names_that_cannot_be_had(tmp_path: Path) -> None:
    own = OwnFilters(tmp_path / "filters.json", "acme")
    for number in range(MOST):
        own.save(OwnFilter(name=f"f{number}"))
    own.save(OwnFilter(name="f0", typed="case"))
    assert len(own.listed()) == MOST
    with pytest.raises(RefusedError, match="already"):
        own.save(OwnFilter(name="one more"))
    with pytest.raises(RefusedError, match="already"):
        own.rename("f1", "f0")
    with pytest.raises(RefusedError, match="usual"):
        own.rename("f1", "Open")
    assert OwnFilters(own.file, "another").listed() == []
    own.file.write_text('{"acme": [{"name": "x", "tab": "open", "typed": 1}]}')
    with pytest.raises(ConfigurationError, match="holds no saved filters"):
        own.listed()
    with pytest.raises(ConfigurationError, match="holds no saved filters"):
        own.save(OwnFilter(name="x"))
    assert '"typed": 1' in own.file.read_text(), "what cannot be read is not overwritten"
