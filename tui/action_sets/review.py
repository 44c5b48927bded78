"""What can be done in the review, and in every long table."""

from __future__ import annotations

from typing import Final

from reconciler.app.corrections.people import REVIEWING
from tui.action import Action, ActionGroup

_REVIEW: Final = frozenset({"review"})
_LIST: Final = frozenset({"review", "plans", "table"})
"""The help of both places lists what their table does; the table itself carries it out."""


def _list(name: str, key: str, group: ActionGroup, runs: str) -> Action:
    return Action(id=f"table.{name}", key=key, group=group, places=_LIST, runs=runs, listed_in_palette=False)


def _decision(name: str, key: str, *, in_footer: bool = True) -> Action:
    return Action(
        id=f"review.{name}",
        key=key,
        group=ActionGroup.DECIDE,
        places=_REVIEW,
        changes=True,
        roles=REVIEWING,
        in_footer=in_footer,
    )


def _look(name: str, key: str, group: ActionGroup = ActionGroup.LOOK, *, in_footer: bool = False) -> Action:
    return Action(id=f"review.{name}", key=key, group=group, places=_REVIEW, in_footer=in_footer)


ACTIONS: Final[tuple[Action, ...]] = (
    _list("down", "down,j", ActionGroup.MOVE, "cursor_down"),
    _list("up", "up,k", ActionGroup.MOVE, "cursor_up"),
    _list("page_down", "pagedown", ActionGroup.MOVE, "page_down"),
    _list("page_up", "pageup", ActionGroup.MOVE, "page_up"),
    _list("first", "home,g", ActionGroup.MOVE, "first"),
    _list("last", "end,G", ActionGroup.MOVE, "last"),
    _list("open", "enter", ActionGroup.LOOK, "open"),
    _list("mark", "space", ActionGroup.CHOOSE, "mark"),
    _list("mark_range", "v", ActionGroup.CHOOSE, "mark_range"),
    _list("range_down", "shift+down", ActionGroup.CHOOSE, "range_down"),
    _list("range_up", "shift+up", ActionGroup.CHOOSE, "range_up"),
    _look("mark_all", "asterisk", ActionGroup.CHOOSE),
    _look("filter", "slash", ActionGroup.CHOOSE, in_footer=True),
    _look("next", "n", ActionGroup.MOVE),
    _look("previous", "N", ActionGroup.MOVE),
    _look("next_tab", "right_square_bracket", ActionGroup.MOVE),
    _look("previous_tab", "left_square_bracket", ActionGroup.MOVE),
    _look("save_filter", "b", ActionGroup.CHOOSE),
    _look("rename_filter", "B", ActionGroup.CHOOSE),
    _look("remove_filter", "X", ActionGroup.CHOOSE),
    _decision("approve", "a"),
    _decision("reject", "x"),
    _decision("accept", "d"),
    _decision("propose", "p", in_footer=False),
    _decision("crm_right", "left_parenthesis", in_footer=False),
    _decision("erp_right", "right_parenthesis", in_footer=False),
    _decision("edit", "E", in_footer=False),
    _decision("undo", "u"),
    _look("fields", "f"),
    _look("explain", "e", in_footer=True),
    _look("raw", "w"),
    _look("history", "h"),
    _look("flat", "F"),
    _look("sort", "o"),
)
