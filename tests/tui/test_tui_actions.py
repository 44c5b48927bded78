"""The one action table."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import pytest

from tui.action import Action, ActionGroup
from tui.actions import ACTIONS, actions_of, by_group, checked_keymap, keys_of, split_keys
from tui.app import ReconcilerApp
from tui.manual import MANUAL, with_keys
from tui.places import PLACES
from tui.screens.place import PlaceScreen


def _screen(place: str) -> type[PlaceScreen]:
    module, _, name = next(each for each in PLACES if each.id == place).screen.partition(":")
    screen: type[PlaceScreen] = getattr(import_module(module), name)
    return screen


def test_an_action_is_named_once() -> None:
    assert [name for name, count in Counter(action.id for action in ACTIONS).items() if count > 1] == []


@pytest.mark.parametrize("place", [place.id for place in PLACES])
def test_every_action_of_a_place_can_be_carried_out_there(place: str) -> None:
    screen = _screen(place)
    assert place == screen.PLACE
    missing = [
        action.id
        for action in actions_of(place)
        if not action.runs and not action.id.startswith("go.") and not hasattr(screen, action.method)
        if not hasattr(ReconcilerApp, action.method)
    ]
    assert missing == []


def test_the_usual_keys_can_be_had() -> None:
    assert checked_keymap({}, lambda action, problem: AssertionError(f"{action} {problem}")) == {}


def test_help_has_every_action_under_its_heading() -> None:
    grouped = by_group(actions_of("overview"))
    assert [action.id for actions in grouped.values() for action in actions] == [
        action.id for group in ActionGroup for action in actions_of("overview") if action.group is group
    ]


@pytest.mark.parametrize(
    ("wanted", "blamed", "problem"),
    [
        ({"runs.strat": "s"}, "runs.strat", "the nearest is “runs.start”"),
        ({"runs.start": "r"}, "runs.start", "would be both"),
        ({"app.refresh": "x,question_mark"}, "app.refresh", "question_mark"),
    ],
    ids=["unknown", "taken", "one-of-two-taken"],
)
def test_keys_that_cannot_be_had_are_refused_by_name(wanted: dict[str, str], blamed: str, problem: str) -> None:
    class RefusedKeyError(Exception):
        """What the caller makes of it."""

    with pytest.raises(RefusedKeyError) as caught:
        checked_keymap(wanted, lambda action, why: RefusedKeyError(f"{action}: {why}"))
    assert str(caught.value).startswith(f"{blamed}: ")
    assert problem in str(caught.value)


def test_keys_may_be_swapped() -> None:
    keymap = checked_keymap({"runs.start": "S", "runs.start_full": "s"}, lambda *_: AssertionError())
    swapped = {action.id: split_keys(keys_of(action, keymap)) for action in actions_of("runs")}
    assert (swapped["runs.start"], swapped["runs.start_full"]) == (["S"], ["s"])


_HEAD = ("reconciler", "--project", "my acme.toml")


@pytest.mark.parametrize(
    ("command", "values", "line"),
    [
        (("runs", "show", "{run}"), {"run": "2026; rm -rf /"}, "runs show '2026; rm -rf /'"),
        (("findings", "list", "{filter}"), {"filter": ["--cause", "case"]}, "findings list --cause case"),
        (("runs", "show", "{run}"), {}, None),
        ((), {}, None),
    ],
    ids=["quoted", "several-words", "value-missing", "no-command"],
)
def test_the_equivalent_command_can_be_typed(
    command: tuple[str, ...], values: dict[str, str | list[str]], line: str | None
) -> None:
    action = Action(id="a.b", key="a", group=ActionGroup.LOOK, command=command)
    typed = action.command_line(_HEAD, values)
    assert typed == (None if line is None else f"reconciler --project 'my acme.toml' {line}")


def test_the_manual_lists_the_keys_as_they_are() -> None:
    """`python -m tui.manual` brings it up to date."""
    manual = MANUAL.read_text(encoding="utf-8")
    assert manual == with_keys(manual)
