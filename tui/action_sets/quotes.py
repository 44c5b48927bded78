"""What can be done where taxes are asked for."""

from __future__ import annotations

from typing import Final

from reconciler.app.corrections.people import REVIEWING
from tui.action import Action, ActionGroup

_QUOTES: Final = frozenset({"quotes"})

ACTIONS: Final[tuple[Action, ...]] = (
    Action(id="quotes.number", key="slash,n", group=ActionGroup.CHOOSE, places=_QUOTES, in_footer=True),
    Action(id="quotes.ask", key="enter", group=ActionGroup.WORK, places=_QUOTES, in_footer=True),
    Action(id="quotes.build", key="b", group=ActionGroup.WORK, places=_QUOTES, in_footer=True),
    Action(
        id="quotes.drift_now",
        key="d",
        group=ActionGroup.WORK,
        places=_QUOTES,
        command=("taxes", "drift"),
        in_footer=True,
    ),
    Action(
        id="quotes.propose",
        key="p",
        group=ActionGroup.DECIDE,
        places=_QUOTES,
        changes=True,
        roles=REVIEWING,
        in_footer=True,
    ),
    Action(id="quotes.give_up", key="C", group=ActionGroup.WORK, places=_QUOTES),
)
