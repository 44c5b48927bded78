"""The saved filters as tabs with their counts; the current one is always in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.app import ComposeResult
from textual.containers import HorizontalScroll
from textual.widgets import Static

from reconciler.app.review.causes import SAVED
from tui.i18n import Texts
from tui.text import plain


class FilterTab(Static):
    """One saved filter; a click chooses it."""

    DEFAULT_CSS = """
    FilterTab { width: auto; height: 1; padding: 0 1; color: $text-muted; }
    FilterTab.-here { color: $foreground; text-style: bold underline; }
    FilterTab.-none { color: $text-disabled; }
    """

    def __init__(self, name: str, choose: Callable[[str], None]) -> None:
        super().__init__(plain(""), id=f"tab-{name}")
        self._saved = name
        self._choose = choose

    def on_click(self) -> None:
        """Choose it."""
        self._choose(self._saved)


class FilterTabs(HorizontalScroll, can_focus=False):
    """All saved filters."""

    DEFAULT_CSS = """
    FilterTabs { height: 1; scrollbar-size: 0 0; }
    """

    def __init__(self, texts: Texts, choose: Callable[[str], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts
        self._choose = choose

    def compose(self) -> ComposeResult:
        for saved in SAVED:
            yield FilterTab(saved.name, self._choose)

    def show(self, counts: Mapping[str, int], here: str) -> None:
        """Show the counts by name, and which one is looked at."""
        for saved in SAVED:
            tab = self.query_one(f"#tab-{saved.name}", FilterTab)
            count = counts.get(saved.name, 0)
            tab.update(plain(f"{self._texts(f'review.tab.{saved.name}')} {self._texts.number(count)}"))
            tab.set_class(saved.name == here, "-here")
            tab.set_class(count == 0, "-none")
            if saved.name == here:
                self.scroll_to_widget(tab, animate=False)
