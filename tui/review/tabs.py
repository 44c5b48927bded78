"""The saved filters as tabs with their counts, the usual ones and then a person's own; the current one is in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import HorizontalScroll
from textual.widgets import Static

from reconciler.app.review.causes import SAVED, SavedFilter
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

    def __init__(self, texts: Texts, choose: Callable[[SavedFilter], None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts
        self._choose = choose
        self.filters: tuple[SavedFilter, ...] = SAVED

    def compose(self) -> ComposeResult:
        for number in range(len(self.filters)):
            yield self._tab(number)

    def _tab(self, number: int) -> FilterTab:
        # A name of one's own can hold what no id may.
        return FilterTab(str(number), lambda place: self._choose(self.filters[int(place)]))

    def show(self, filters: Sequence[SavedFilter], counts: Mapping[str, int], here: str) -> None:
        """Show the counts by name, and which one is looked at."""
        before, self.filters = len(self.filters), tuple(filters)
        self.mount_all(self._tab(number) for number in range(before, len(filters)))
        for number in range(len(filters), before):
            self.query_one(f"#tab-{number}", FilterTab).remove()
        for number, saved in enumerate(filters):
            tab = self.query_one(f"#tab-{number}", FilterTab)
            count = counts.get(saved.name, 0)
            tab.update(plain(f"{tab_label(saved, self._texts)} {self._texts.number(count)}"))
            tab.set_class(saved.name == here, "-here")
            tab.set_class(count == 0, "-none")
            if saved.name == here:
                self.scroll_to_widget(tab, animate=False)


def tab_label(saved: SavedFilter, texts: Texts) -> str:
    """The word of a usual filter, the name of one's own."""
    return texts(f"review.tab.{saved.name}") if saved in SAVED else saved.name
