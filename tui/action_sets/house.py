"""What can be done in every place, and in the places of the house: overview, runs, systems, audit."""

from __future__ import annotations

from typing import Final

from tui.action import Action, ActionGroup
from tui.places import PLACES

_OVERVIEW: Final = frozenset({"overview"})
_RUNS: Final = frozenset({"runs"})
_RUNNING: Final = _OVERVIEW | _RUNS
_SYSTEMS: Final = frozenset({"systems"})
_AUDIT: Final = frozenset({"audit"})

ACTIONS: Final[tuple[Action, ...]] = (
    *(Action(id=f"go.{place.id}", key=place.key, group=ActionGroup.GO) for place in PLACES),
    Action(id="overview.open", key="enter", group=ActionGroup.GO, places=_OVERVIEW, in_footer=True),
    Action(
        id="runs.start",
        key="s",
        group=ActionGroup.WORK,
        places=_RUNNING,
        changes=True,
        command=("run",),
        in_footer=True,
    ),
    Action(
        id="runs.start_full", key="S", group=ActionGroup.WORK, places=_RUNNING, changes=True, command=("run", "--full")
    ),
    Action(id="runs.cancel", key="C", group=ActionGroup.WORK, places=_RUNNING),
    Action(
        id="runs.show",
        key="enter",
        group=ActionGroup.LOOK,
        places=_RUNS,
        command=("runs", "show", "{run}"),
        in_footer=True,
    ),
    Action(id="systems.check", key="c", group=ActionGroup.WORK, places=_SYSTEMS, command=("check",), in_footer=True),
    Action(
        id="audit.verify", key="V", group=ActionGroup.WORK, places=_AUDIT, command=("audit", "verify"), in_footer=True
    ),
    Action(id="app.refresh", key="r", group=ActionGroup.LOOK, in_footer=True),
    Action(id="app.activity", key="L", group=ActionGroup.LOOK),
    Action(id="app.theme", key="T", group=ActionGroup.GENERAL),
    Action(id="app.help", key="question_mark", group=ActionGroup.GENERAL, in_footer=True),
    Action(id="app.palette", key="ctrl+p", group=ActionGroup.GENERAL, in_footer=True, listed_in_palette=False),
    Action(id="app.back", key="escape", group=ActionGroup.GENERAL, listed_in_palette=False),
    Action(id="app.quit", key="q,ctrl+q", group=ActionGroup.GENERAL, in_footer=True),
)
