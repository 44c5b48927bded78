"""A place with a long table whose rows are marked, and a panel that tells all about the line under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.text import plain
from tui.viewmodel import problem_of
from tui.widgets.table_rows import Column, RowSource, TableRow
from tui.widgets.virtual_table import LONGEST_RANGE_ROWS, VirtualTable

_WIDE_COLUMNS: Final = 120
_REST_S: Final = 0.05
"""How long the cursor rests on a line before its record is read."""
_PANEL: Final = "panel"
_LIVE: Final = "live"


class MarkingPlace(PlaceScreen):
    """Keeps table, panel and keys as the list is, while the person moves about and while others work.

    Attributes:
        source: what the table shows; None while there is no list.
    """

    DEFAULT_CSS = """
    MarkingPlace #facts { height: 1; padding: 0 1; color: $text-muted; }
    MarkingPlace #split { height: 1fr; layout: vertical; }
    MarkingPlace #list { height: 1fr; }
    MarkingPlace #record { height: 1fr; border-top: solid $primary; padding: 0 1; }
    MarkingPlace #record:focus { border-top: heavy $accent; }
    MarkingPlace.-wide #split { layout: horizontal; }
    MarkingPlace.-wide #list { width: 3fr; }
    MarkingPlace.-wide #record { width: 2fr; border-top: none; border-left: solid $primary; }
    MarkingPlace.-wide #record:focus { border-left: heavy $accent; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.source: RowSource | None = None

    def compose_list(self, columns: Sequence[Column]) -> ComposeResult:
        """The line of facts, the table, and the panel."""
        yield Static(plain(""), id="facts")
        with Container(id="split"):
            yield VirtualTable(columns, self.texts, self.session.keymap, id="list")
            with VerticalScroll(id="record"):
                yield Static(plain(""), id="record-text")

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#list", VirtualTable)

    def show_facts(self) -> None:
        """Say what is listed and marked."""
        raise NotImplementedError

    def keys_may_differ(self) -> None:
        """Let the footer be made anew where something can be done now that could not, or the other way round."""
        raise NotImplementedError

    async def tell_line(self, row: TableRow | None) -> None:
        """Tell in the panel all about the line under the cursor; None where there is none."""
        raise NotImplementedError

    async def compare_with_now(self) -> None:
        """Count anew, and announce what came since the list was read."""
        raise NotImplementedError

    def show_in_panel(self, content: Content) -> None:
        """Let the panel say that."""
        self.query_one("#record-text", Static).update(content)

    # While others work.

    async def state_moved(self) -> None:
        """A run, a webhook or a person changed something: lines change in their places, the cursor stays."""
        self._look_later()

    @work(group=_LIVE, exclusive=True, exit_on_error=False)
    async def _look_later(self) -> None:
        await self.look_again()

    async def look_again(self) -> None:
        """Show what is different now, each line in its place; what came since is announced."""
        if self.source is None or self.state is not None:
            self.load(quietly=True)
            return
        await self.compare_with_now()
        await self.table.refresh_rows()
        self.show_facts()
        self.keys_may_differ()

    async def after_decision(self) -> None:
        """Marks are used up; what changed is shown in its place."""
        if self.source is not None and self.state is None:
            self.table.clear_marks()
        await self.look_again()

    # What the table tells.

    @on(VirtualTable.CursorMoved)
    def _cursor_moved(self, event: VirtualTable.CursorMoved) -> None:
        self._tell_line_later(event.row)

    @work(group=_PANEL, exclusive=True, exit_on_error=False)
    async def _tell_line_later(self, row: TableRow | None) -> None:
        await asyncio.sleep(_REST_S)
        await self.tell_line(row)
        self.keys_may_differ()

    @on(VirtualTable.MarksChanged)
    def _marks_changed(self) -> None:
        self.show_facts()
        self.keys_may_differ()

    @on(VirtualTable.RangeTooLong)
    def _range_too_long(self) -> None:
        most = self.texts.number(LONGEST_RANGE_ROWS)
        self.house.tell(self.texts("review.range_too_long", most=most), severity="warning")

    @on(VirtualTable.ReadFailed)
    def _read_failed(self, event: VirtualTable.ReadFailed) -> None:
        self.house.tell_problem(problem_of(event.error, self.texts))

    # Going about.

    def go_back(self) -> bool:
        """The marks, then the panel: one at a time."""
        if self.state is not None:
            return False
        if self.table.marks or self.table.is_ranging:
            self.table.clear_marks()
        elif self.focused is not self.table:
            self.table.focus()
        else:
            return False
        return True

    def on_resize(self, event: events.Resize) -> None:
        """With room beside the list, the panel goes there."""
        super().on_resize(event)
        self.set_class(event.size.width >= _WIDE_COLUMNS, "-wide")
