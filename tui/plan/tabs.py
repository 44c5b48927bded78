"""Where corrections are on their way: waiting for a yes, approved, in a plan, in trouble, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from textual.app import ComposeResult
from textual.containers import HorizontalScroll

from reconciler.model.corrections import CorrectionState
from tui.i18n import Texts
from tui.review.tabs import FilterTab
from tui.text import plain

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


class PlanTabs(HorizontalScroll, can_focus=False):
    """All lists with their counts; the current one is always in sight."""

    DEFAULT_CSS = """
    PlanTabs { height: 1; scrollbar-size: 0 0; }
    """

    def __init__(self, texts: Texts, choose: Callable[[str], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts
        self._choose = choose

    def compose(self) -> ComposeResult:
        for tab in TABS:
            yield FilterTab(tab.value, self._choose)

    def show(self, counts: Mapping[Tab, int], here: Tab) -> None:
        """Show the counts, and which one is looked at."""
        for tab in TABS:
            shown = self.query_one(f"#tab-{tab.value}", FilterTab)
            count = counts.get(tab, 0)
            shown.update(plain(f"{self._texts(f'plans.tab.{tab.value}')} {self._texts.number(count)}"))
            shown.set_class(tab is here, "-here")
            shown.set_class(count == 0, "-none")
            if tab is here:
                self.scroll_to_widget(shown, animate=False)


def tab_counts(counts: Mapping[CorrectionState, int], on_desk: int) -> dict[Tab, int]:
    """How long each list is.

    Args:
        on_desk: entries of the error desk, which leaves out what was dealt with.
    """
    found = {tab: sum(counts.get(state, 0) for state in states) for tab, states in STATES.items()}
    return {**found, Tab.DESK: on_desk}
