"""The one action table. Bindings, help, palette, footer, the key list of the manual and rebinding come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from textual.binding import Binding

from tui.action import Action, ActionGroup
from tui.action_sets import house, pilot, plans, quotes, review
from tui.i18n import Texts
from tui.places import PLACES, Place

ACTIONS: Final[tuple[Action, ...]] = (*review.ACTIONS, *plans.ACTIONS, *quotes.ACTIONS, *pilot.ACTIONS, *house.ACTIONS)

BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in ACTIONS}

_OPEN: Final = "table.open"

Keymap = Mapping[str, str]
"""Keys by id of the action, where they are not the usual ones."""


def actions_of(place: str, *, own_only: bool = False) -> list[Action]:
    """Actions that can be asked for in a place, in the order of the table.

    Args:
        own_only: leave out those of every place.
    """
    return [action for action in ACTIONS if action.belongs_to(place) and (action.places or not own_only)]


def keys_of(action: Action, keymap: Keymap) -> str:
    """The keys of an action, several separated by commas."""
    return keymap.get(action.id, action.key)


def bindings_of(place: str, texts: Texts, keymap: Keymap, *, own_only: bool = False) -> Iterator[Binding]:
    """The Textual bindings of a place."""
    for action in actions_of(place, own_only=own_only):
        yield Binding(
            keys_of(action, keymap),
            action.binding,
            texts(action.text_id),
            show=action.in_footer,
            tooltip=texts(action.help_id),
            id=action.id,
        )


def by_group(actions: Iterable[Action]) -> dict[ActionGroup, list[Action]]:
    """Actions under their headings, in the order of the headings."""
    found = {group: [action for action in actions if action.group is group] for group in ActionGroup}
    return {group: members for group, members in found.items() if members}


Refuse = Callable[[str, str], Exception]
"""Makes the error that a key of the configuration is wrong: id of the action, what is wrong with it."""


def checked_keymap(wanted: Mapping[str, str], refuse: Refuse) -> Keymap:
    """The keys a person wants, when they can be had.

    Raises:
        Exception: what `refuse` makes: there is no such action, or two actions of one place would share a key.
    """
    for action_id in wanted:
        if action_id not in BY_ID:
            near = get_close_matches(action_id, BY_ID, n=1)
            raise refuse(action_id, f"is not an action; the nearest is “{near[0]}”." if near else "is not an action.")
    for place in PLACES:
        taken: dict[str, str] = {}
        for action in _asked_in(place):
            for key in split_keys(keys_of(action, wanted)):
                other = taken.setdefault(key, action.id)
                if other != action.id:
                    blamed = action.id if action.id in wanted else other
                    raise refuse(blamed, f"“{key}” would be both {other} and {action.id}.")
    return dict(wanted)


def split_keys(keys: str) -> list[str]:
    """Single keys of a comma-separated list."""
    return [key.strip() for key in keys.split(",") if key.strip()]


def _asked_in(place: Place) -> list[Action]:
    """Everything whose keys meet there. What Enter does on a line may be the place's own."""
    here = actions_of(place.id)
    held = [] if place.holds is None else actions_of(place.holds, own_only=True)
    return [*here, *(action for action in held if action not in here and action.id != _OPEN)]
