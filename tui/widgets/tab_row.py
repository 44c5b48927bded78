"""Lists of a place as tabs in one line; the current one is always in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalScroll

from tui.review.tabs import FilterTab
from tui.text import plain


class TabRow(HorizontalScroll, can_focus=False):
    """Tabs by name. A click chooses one."""

    DEFAULT_CSS = """
    TabRow { height: 1; scrollbar-size: 0 0; }
    """

    def __init__(self, names: Sequence[str], choose: Callable[[str], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._names = names
        self._choose = choose

    def compose(self) -> ComposeResult:
        for name in self._names:
            yield FilterTab(name, self._choose)

    def show(self, labels: Mapping[str, str], here: str) -> None:
        """Show the labels, and which one is looked at."""
        for name in self._names:
            tab = self.query_one(f"#tab-{name}", FilterTab)
            tab.update(plain(labels[name]))
            tab.set_class(name == here, "-here")
            if name == here:
                self.scroll_to_widget(tab, animate=False)
