"""What can be done where corrections are planned and written."""

from __future__ import annotations

from typing import Final

from reconciler.app.corrections.people import OPERATING, REVIEWING
from tui.action import Action, ActionGroup

_PLANS: Final = frozenset({"plans"})


def _act(
    name: str,
    key: str,
    roles: frozenset[str],
    *,
    group: ActionGroup = ActionGroup.WORK,
    changes: bool = True,
    in_footer: bool = True,
) -> Action:
    return Action(
        id=f"plans.{name}", key=key, group=group, places=_PLANS, changes=changes, roles=roles, in_footer=in_footer
    )


def _look(name: str, key: str, group: ActionGroup) -> Action:
    return Action(id=f"plans.{name}", key=key, group=group, places=_PLANS)


ACTIONS: Final[tuple[Action, ...]] = (
    _look("next_tab", "right_square_bracket", ActionGroup.MOVE),
    _look("previous_tab", "left_square_bracket", ActionGroup.MOVE),
    _look("mark_all", "asterisk", ActionGroup.CHOOSE),
    _act("approve", "a", REVIEWING, group=ActionGroup.DECIDE),
    _act("reject", "x", REVIEWING, group=ActionGroup.DECIDE),
    _act("withdraw", "w", REVIEWING, group=ActionGroup.DECIDE, in_footer=False),
    _act("seal", "p", OPERATING),
    _act("dry_run", "D", OPERATING, changes=False),
    _act("apply", "A", OPERATING),
    Action(id="plans.stop", key="C", group=ActionGroup.WORK, places=_PLANS),
    _act("retry", "R", OPERATING, in_footer=False),
    _act("settle", "S", OPERATING, in_footer=False),
    _act("undo", "U", REVIEWING, in_footer=False),
)
