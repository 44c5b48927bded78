"""Lists of a place as tabs in one line; the current one is always in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalScroll
from textual.widgets import Static

from tui.text import plain


class Tab(Static):
    """One tab; a click chooses it."""

    DEFAULT_CSS = """
    Tab { width: auto; height: 1; padding: 0 1; color: $text-muted; }
    Tab.-here { color: $foreground; text-style: bold underline; }
    Tab.-none { color: $text-disabled; }
    """

    def __init__(self, name: str, choose: Callable[[str], None]) -> None:
        super().__init__(plain(""), id=f"tab-{name}")
        self._called = name
        self._choose = choose

    def on_click(self) -> None:
        """Choose it."""
        self._choose(self._called)


class TabRow(HorizontalScroll, can_focus=False):
    """Tabs by name, each a part of an id."""

    DEFAULT_CSS = """
    TabRow { height: 1; scrollbar-size: 0 0; }
    """

    def __init__(self, names: Sequence[str], choose: Callable[[str], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._names = names
        self._choose = choose

    def compose(self) -> ComposeResult:
        for name in self._names:
            yield Tab(name, self._choose)

    def draw(self, name: str, label: str, *, is_here: bool, is_empty: bool = False) -> None:
        """Show one tab.

        Args:
            is_here: it is looked at.
            is_empty: its list holds nothing.
        """
        tab = self.query_one(f"#tab-{name}", Tab)
        tab.update(plain(label))
        tab.set_class(is_here, "-here")
        tab.set_class(is_empty, "-none")
        if is_here:
            self.scroll_to_widget(tab, animate=False)
