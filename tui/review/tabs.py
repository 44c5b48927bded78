"""The saved filters as tabs with their counts, the usual ones and then a person's own; the current one is in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.app.review.causes import SAVED, SavedFilter
from tui.i18n import Texts
from tui.widgets.tab_row import Tab, TabRow


class FilterTabs(TabRow):
    """All saved filters. The tabs are named by their places: a name of one's own can hold what no id may."""

    def __init__(self, texts: Texts, choose: Callable[[SavedFilter], None], *, id: str | None = None) -> None:
        self.filters: tuple[SavedFilter, ...] = SAVED
        super().__init__(
            [str(number) for number in range(len(SAVED))], lambda place: choose(self.filters[int(place)]), id=id
        )
        self._texts = texts

    def show(self, filters: Sequence[SavedFilter], counts: Mapping[str, int], here: str) -> None:
        """Show the counts by name, and which one is looked at."""
        before, self.filters = len(self.filters), tuple(filters)
        self.mount_all(Tab(str(number), self._choose) for number in range(before, len(filters)))
        for number in range(len(filters), before):
            self.query_one(f"#tab-{number}", Tab).remove()
        for number, saved in enumerate(filters):
            count = counts.get(saved.name, 0)
            label = f"{tab_label(saved, self._texts)} {self._texts.number(count)}"
            self.draw(str(number), label, is_here=saved.name == here, is_empty=count == 0)


def tab_label(saved: SavedFilter, texts: Texts) -> str:
    """The word of a usual filter, the name of one's own."""
    return texts(f"review.tab.{saved.name}") if saved in SAVED else saved.name
