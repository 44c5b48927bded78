"""Plan and apply: what waits for whom, what is approved, sealed plans, what went wrong, what was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from tui.plan.deciding import Meant
from tui.plan.listing import ListingScreen
from tui.plan.source import Part
from tui.plan.tabs import TABS, PlanTabs, Tab
from tui.plan.telling import title_of
from tui.plan.writing import WritingMoved
from tui.text import plain
from tui.widgets.sections import Section
from tui.widgets.virtual_table import VirtualTable

_SPARE_CELLS: Final = 4
_MOST_DETAILS: Final = 4


class PlanScreen(ListingScreen):
    """The place where corrections are planned, written and taken back."""

    PLACE: ClassVar[str] = "plans"
    AUTO_FOCUS = "#list"
    CSS = """
    PlanScreen #work { display: none; margin-bottom: 0; background: $panel; }
    PlanScreen #record { height: 50%; }
    PlanScreen.-wide #record { height: 1fr; }
    """

    def compose_body(self) -> ComposeResult:
        yield from self.compose_list(self.lines.columns())

    def compose(self) -> ComposeResult:
        """The tabs and the work stay where the list is empty, or could not be read."""
        found = iter(super().compose())
        yield next(found)
        yield PlanTabs(self.texts, self._choose_tab, id="tabs")
        yield Section(id="work")
        yield from found

    # What is meant.

    def part_here(self) -> Part | None:
        """The section the cursor is in."""
        row = self.table.row if self.is_mounted and self.source is not None and self.state is None else None
        return None if row is None or self.source is None else self.source.part(row.section)

    def means_something(self) -> bool:
        """Whether an action would be about anything."""
        if self.source is None or not self.is_mounted or self.state is not None:
            return False
        return bool(self.table.marks) or self.part_here() is not None

    def meant(self) -> Meant | None:
        """The marked corrections; else the one under the cursor, or all under a heading."""
        source = self.source
        if source is None or not self.is_mounted or self.state is not None:
            return None
        if self.table.marks:
            ids = [each for part in source.parts for each in part.ids if self.table.marks.holds(each, part.id)]
            whole = len(ids) == sum(source.sizes.values())
            return Meant(tuple(ids), whole, bool(self.table.marks.whole)) if ids else None
        row, part = self.table.row, self.part_here()
        if row is None or part is None:
            return None
        if row.heading is None:
            return Meant((row.id,))
        return Meant(tuple(part.ids), len(source.parts) == 1, together=True)

    # Events.

    @on(VirtualTable.Opened)
    def _opened(self) -> None:
        self.query_one("#record").focus()

    def on_writing_moved(self, _message: WritingMoved) -> None:
        """Show how far the work is."""
        self.show_work()

    def show_work(self) -> None:
        """How far the work is, or what it came to."""
        section, writing = self.query_one("#work", Section), self.house.writing
        room = max(20, self.size.width - _SPARE_CELLS)
        if writing.is_running and writing.progress is not None:
            told = self.telling.progress_lines(writing.progress, stopping=writing.is_stopping, room=room)
            section.show(title_of(writing.progress.work, self.session), [plain(line) for line in told])
        elif self.outcome is not None:
            first, *more = (*self.outcome.lines, *self._details(self.outcome.details))
            tone = "" if self.outcome.good else "$text-warning"
            section.show(
                first, [*(plain(line, tone) for line in more), plain(self.texts("plans.close_outcome"), "dim")]
            )
        section.display = writing.is_running or self.outcome is not None
        self.keys_may_differ()

    def _details(self, details: Sequence[str]) -> list[str]:
        """As many as leave room for the list; the desk has all of them."""
        left = len(details) - _MOST_DETAILS
        more = [self.texts("plans.more", count=self.texts.number(left))] if left > 0 else []
        return [*details[:_MOST_DETAILS], *more]

    # Going about.

    def do_plans_next_tab(self) -> None:
        """The list after this one."""
        self._step_tab(1)

    def do_plans_previous_tab(self) -> None:
        """The list before this one."""
        self._step_tab(-1)

    def _step_tab(self, step: int) -> None:
        self._choose_tab(TABS[(TABS.index(self.tab) + step) % len(TABS)].value)

    def _choose_tab(self, name: str) -> None:
        self._change_tab_later(Tab(name))

    @work(group="tab", exclusive=True, exit_on_error=False)
    async def _change_tab_later(self, tab: Tab) -> None:
        await self.change_tab(tab)

    def do_plans_mark_all(self) -> None:
        """Mark everything the list holds."""
        if self.source is not None and self.state is None:
            self.table.mark_sections([part.id for part in self.source.parts])

    def go_back(self) -> bool:
        """What the last work came to, then the marks, then the panel: one at a time."""
        if self.outcome is None or self.house.writing.is_running:
            return super().go_back()
        self.outcome = None
        self.show_work()
        return True
