"""What can be done in the place of the pilot."""

from __future__ import annotations

from typing import Final

from reconciler.app.corrections.people import OPERATING, PROMOTING
from tui.action import Action, ActionGroup

_PILOT: Final = frozenset({"pilot"})
_NOBODY_SPECIAL: Final[frozenset[str]] = frozenset()


def _work(
    name: str,
    key: str,
    *command: str,
    roles: frozenset[str] = _NOBODY_SPECIAL,
    group: ActionGroup = ActionGroup.WORK,
    in_footer: bool = False,
) -> Action:
    return Action(
        id=f"pilot.{name}",
        key=key,
        group=group,
        places=_PILOT,
        changes=True,
        roles=roles,
        command=("pilot", *command) if command else (),
        in_footer=in_footer,
    )


def _look(name: str, key: str, group: ActionGroup) -> Action:
    return Action(id=f"pilot.{name}", key=key, group=group, places=_PILOT)


ACTIONS: Final[tuple[Action, ...]] = (
    _look("next_tab", "right_square_bracket", ActionGroup.MOVE),
    _look("previous_tab", "left_square_bracket", ActionGroup.MOVE),
    _work("run", "s", "run", roles=OPERATING, in_footer=True),
    _work("run_apply", "A", "run", "--apply", roles=OPERATING, in_footer=True),
    _work("play", "p", "scenarios", "run", "{scenario}", in_footer=True),
    _work("play_all", "P", "scenarios", "run", "--all"),
    _look("stop", "C", ActionGroup.WORK),
    _work("report", "R", "report", in_footer=True),
    _work("sign", "S", group=ActionGroup.DECIDE, in_footer=True),
    _work("say", "a", group=ActionGroup.DECIDE),
    _work("close", "x", group=ActionGroup.DECIDE),
    _work("declare", "D", roles=PROMOTING, group=ActionGroup.DECIDE),
    _work("promote", "U", roles=PROMOTING, group=ActionGroup.DECIDE),
    _work("fall_back", "F", roles=OPERATING, group=ActionGroup.DECIDE),
    _work("lift", "i", roles=OPERATING, group=ActionGroup.DECIDE),
)
"""`sign`, `say`, `close`, `declare`, `promote`, `fall_back` and `lift` ask first, and note the command when they know
what it says."""
