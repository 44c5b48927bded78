"""Where corrections are on their way: waiting for a yes, approved, in a plan, in trouble, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from reconciler.model.corrections import CorrectionState
from tui.i18n import Texts
from tui.widgets.tab_row import TabRow

_S = CorrectionState


class Tab(StrEnum):
    """One list. The label is the text `plans.tab.<value>`."""

    AWAITING = "awaiting"
    APPROVED = "approved"
    PLANNED = "planned"
    DESK = "desk"
    WRITTEN = "written"


STATES: Final[Mapping[Tab, frozenset[CorrectionState]]] = {
    Tab.AWAITING: frozenset({_S.PROPOSED}),
    Tab.APPROVED: frozenset({_S.APPROVED}),
    Tab.PLANNED: frozenset({_S.PLANNED, _S.APPLYING}),
    Tab.DESK: frozenset({_S.SUPERSEDED, _S.REFUSED, _S.FAILED, _S.UNKNOWN, _S.APPLIED}),
    Tab.WRITTEN: frozenset({_S.VERIFIED}),
}
"""The states of the corrections of each list. Of the error desk, what was dealt with since is left out besides."""

TABS: Final = tuple(Tab)


class PlanTabs(TabRow):
    """All lists with their counts."""

    def __init__(self, texts: Texts, choose: Callable[[str], None], *, id: str | None = None) -> None:
        super().__init__([tab.value for tab in TABS], choose, id=id)
        self._texts = texts

    def show(self, counts: Mapping[Tab, int], here: Tab) -> None:
        """Show the counts, and which one is looked at."""
        for tab in TABS:
            count = counts.get(tab, 0)
            label = f"{self._texts(f'plans.tab.{tab.value}')} {self._texts.number(count)}"
            self.draw(tab.value, label, is_here=tab is here, is_empty=count == 0)


def tab_counts(counts: Mapping[CorrectionState, int], on_desk: int) -> dict[Tab, int]:
    """How long each list is.

    Args:
        on_desk: entries of the error desk, which leaves out what was dealt with.
    """
    found = {tab: sum(counts.get(state, 0) for state in states) for tab, states in STATES.items()}
    return {**found, Tab.DESK: on_desk}
