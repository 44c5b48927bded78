"""A table over a list of any length: only what is in sight is read, kept and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from rich.style import Style
from textual import events, work
from textual.binding import BindingsMap
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from tui.actions import bindings_of
from tui.i18n import Texts
from tui.widgets.marks import Marks
from tui.widgets.table_drawing import STYLES, Drawing, Place, Signs, sign_set
from tui.widgets.table_pages import PAGE_ROWS, Pages
from tui.widgets.table_rows import Column, RowSource, TableRow

PLACE: Final = "table"
LONGEST_RANGE_ROWS: Final = 50_000
"""More are marked by their section or all together, which costs nothing."""
_HEADER_LINES: Final = 1
_READING: Final = "pages"


class VirtualTable(ScrollView, can_focus=True):
    """Lines of a `RowSource` with a cursor that follows a row, not a position, and with marks.

    The list may change under it: `reload` reads it again and puts the cursor on the row it was on, wherever that went.

    Attributes:
        marks: what is marked.
        cursor: position of the line under the cursor.
        cursor_id: its id; None while the line has never been read.
    """

    DEFAULT_CSS = """
    VirtualTable { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    VirtualTable > .virtual-table--header { color: $text-muted; text-style: bold; background: $panel; }
    VirtualTable > .virtual-table--heading { text-style: bold; background: $surface; }
    VirtualTable > .virtual-table--cursor { background: $primary-muted; text-style: bold; }
    VirtualTable > .virtual-table--marked { color: $text-accent; text-style: bold; }
    VirtualTable > .virtual-table--faded { color: $text-disabled; }
    VirtualTable > .virtual-table--muted { color: $text-muted; }
    VirtualTable > .virtual-table--inform { color: $text-primary; }
    VirtualTable > .virtual-table--good { color: $text-success; }
    VirtualTable > .virtual-table--caution { color: $text-warning; }
    VirtualTable > .virtual-table--bad { color: $text-error; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"virtual-table--{name}" for name in STYLES}

    class CursorMoved(Message):
        """The cursor is on another row, or the row it is on was read. `row` is None while it is being read."""

        def __init__(self, row: TableRow | None) -> None:
            super().__init__()
            self.row = row

    class Opened(Message):
        """Enter, or a click on the row the cursor is on."""

        def __init__(self, row: TableRow) -> None:
            super().__init__()
            self.row = row

    class MarksChanged(Message):
        """Something was marked, or is no longer."""

    class RangeTooLong(Message):
        """More rows than `LONGEST_RANGE_ROWS` were to be marked one by one; none was."""

    class ReadFailed(Message):
        """A page could not be read; the lines stay empty until `reload`."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        columns: Sequence[Column],
        texts: Texts,
        keymap: Mapping[str, str],
        *,
        signs: Signs | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._bindings = BindingsMap(bindings_of(PLACE, texts, keymap, own_only=True))
        self._drawing = Drawing(columns, signs or sign_set(), self._component)
        self._source: RowSource | None = None
        self._pages = Pages()
        self._reading: int | None = None
        self._range_from: int | None = None
        self.marks = Marks()
        self.cursor = 0
        self.cursor_id: str | None = None

    # The list.

    @property
    def count(self) -> int:
        """Lines of the list."""
        return 0 if self._source is None else self._source.count

    @property
    def row(self) -> TableRow | None:
        """The line under the cursor; None while it is being read."""
        return self._pages.row(self.cursor)

    def row_at(self, position: int) -> TableRow | None:
        """The line there, where it was read already."""
        return self._pages.row(position)

    async def show(self, source: RowSource, *, cursor_id: str | None = None) -> None:
        """Show a list, with the cursor on a row of it or else at the beginning. Marks are taken away."""
        self._source = source
        self._range_from = None
        self.cursor, self.cursor_id = 0, cursor_id
        self.clear_marks()
        await self.reload()

    async def reload(self) -> None:
        """Read the list again. The cursor stays on its row, in the same line of the screen where that is possible."""
        source = self._source
        if source is None:
            return
        self._pages.forget()
        self._reading = None
        found = None if self.cursor_id is None else await source.position(self.cursor_id)
        if source is not self._source:
            return
        line = self.cursor - round(self.scroll_y)
        self._set_size()
        self.cursor = max(0, min(self.cursor if found is None else found, self.count - 1))
        if found is not None:
            self._scroll(max(0, self.cursor - line))
        self._settle()

    async def refresh_rows(self) -> None:
        """Read again what is in sight, for lines that changed in their places; what was there is shown until then."""
        self._pages.outdate()
        self._reading = None
        source, generation = self._source, self._pages.generation
        if source is None:
            return
        in_sight = self._in_sight()
        for page in in_sight:
            rows = await source.page(page * PAGE_ROWS, PAGE_ROWS)
            if generation != self._pages.generation:
                return
            self._pages.keep(page, rows, in_sight)
        self._pages.keep_only(in_sight)
        self._set_size()
        self._settle()

    # Reading.

    def _body_lines(self) -> int:
        return max(1, self.size.height - _HEADER_LINES)

    def _in_sight(self) -> list[int]:
        """Pages of the lines in sight."""
        if not self.count:
            return []
        first = min(round(self.scroll_y), self.count - 1)
        last = min(self.count, first + self._body_lines()) - 1
        return list(range(first // PAGE_ROWS, last // PAGE_ROWS + 1))

    def _wanted(self) -> int | None:
        return self._pages.wanted(self._in_sight(), (self.count - 1) // PAGE_ROWS)

    def _read_on(self) -> None:
        """Read what is wanted and not there, one page at a time: who scrolls fast leaves no queue behind."""
        generation = self._pages.generation
        if self._source is not None and self._reading != generation and self._wanted() is not None:
            self._reading = generation
            self._read(self._source, generation)

    @work(group=_READING, exit_on_error=False)
    async def _read(self, source: RowSource, generation: int) -> None:
        while generation == self._pages.generation and (page := self._wanted()) is not None:
            rows = await source.page(page * PAGE_ROWS, PAGE_ROWS)
            if generation != self._pages.generation:
                return
            self._pages.keep(page, rows, self._in_sight())
            if page == self.cursor // PAGE_ROWS:
                self._tell_cursor()
            self.refresh()
        if generation == self._pages.generation:
            self._reading = None

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A page that cannot be read. `_reading` stays as it is: else every movement would ask for it again."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and isinstance(error, Exception):
            self.post_message(self.ReadFailed(error))

    def _set_size(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + _HEADER_LINES)

    def _tell_cursor(self) -> None:
        row = self.row
        if row is not None:
            self.cursor_id = row.id
        self.post_message(self.CursorMoved(row))

    def _settle(self) -> None:
        """Bring the cursor in sight, read on, say where it is, draw."""
        self._bring_in_sight()
        self._read_on()
        self._tell_cursor()
        self.refresh()

    def _bring_in_sight(self) -> None:
        first, lines = round(self.scroll_y), self._body_lines()
        if self.cursor < first:
            self._scroll(self.cursor)
        elif self.cursor >= first + lines:
            self._scroll(self.cursor - lines + 1)

    # Moving.

    def move_to(self, position: int) -> None:
        """Put the cursor on a line, as near as there is one, and bring it in sight."""
        if not self.count:
            return
        before = self.cursor
        self.cursor = max(0, min(position, self.count - 1))
        self.cursor_id = None
        self._bring_in_sight()
        self._read_on()
        self._tell_cursor()
        # Scrolling draws everything by itself; without it two lines differ, or those between while there is a range.
        if self._range_from is not None:
            self.refresh()
        else:
            self.refresh(*(self._line_region(each) for each in (before, self.cursor)))

    def _line_region(self, position: int) -> Region:
        y = position - round(self.scroll_y) + _HEADER_LINES
        return Region(0, y, self.size.width, 1) if 0 < y < self.size.height else Region(0, 0, 1, 1)

    def _scroll(self, line: int) -> None:
        self.scroll_to(y=line, animate=False, force=True, immediate=True)

    def action_cursor_down(self) -> None:
        """One line down."""
        self.move_to(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """One line up."""
        self.move_to(self.cursor - 1)

    def action_page_down(self) -> None:
        """One screen down."""
        self.move_to(self.cursor + self._body_lines())

    def action_page_up(self) -> None:
        """One screen up."""
        self.move_to(self.cursor - self._body_lines())

    def action_first(self) -> None:
        """To the first line."""
        self.move_to(0)

    def action_last(self) -> None:
        """To the last line."""
        self.move_to(self.count - 1)

    def action_open(self) -> None:
        """Open what is under the cursor."""
        if (row := self.row) is not None:
            self.post_message(self.Opened(row))

    # Marking.

    def is_marked(self, row: TableRow) -> bool:
        """Whether a row, or all of the section that a heading heads, is marked."""
        if row.heading is not None:
            return self.marks.holds_all(row.section)
        return self.marks.holds(row.id, row.section)

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go on to the next; of a heading, its section."""
        row = self.row
        if row is None:
            return
        marked = not self.is_marked(row)
        if row.heading is not None:
            self.marks.put_section(row.section, marked=marked)
        else:
            self.marks.put(row.id, row.section, marked=marked)
            self.move_to(self.cursor + 1)
        self._marks_changed()

    async def action_mark_range(self) -> None:
        """Begin a range here; where one was begun, mark from there to here."""
        if self._range_from is None:
            self._range_from = self.cursor
            self._marks_changed()
            return
        start, self._range_from = self._range_from, None
        await self._mark_between(start, self.cursor)

    async def action_range_down(self) -> None:
        """One line down, marking on the way."""
        self.move_to(self.cursor + 1)
        await self._mark_between(self.cursor - 1, self.cursor)

    async def action_range_up(self) -> None:
        """One line up, marking on the way."""
        self.move_to(self.cursor - 1)
        await self._mark_between(self.cursor, self.cursor + 1)

    async def _mark_between(self, one: int, other: int) -> None:
        first, last = max(0, min(one, other)), min(max(one, other), self.count - 1)
        if self._source is None or last - first >= LONGEST_RANGE_ROWS:
            self.post_message(self.RangeTooLong())
        else:
            for row_id, section in await self._source.ids_between(first, last):
                self.marks.put(row_id, section, marked=True)
        self._marks_changed()

    @property
    def is_ranging(self) -> bool:
        """Whether a range was begun and not ended."""
        return self._range_from is not None

    def mark_sections(self, sections: Sequence[str]) -> None:
        """Mark everything of these sections, and nothing else."""
        self.marks.clear()
        for section in sections:
            self.marks.put_section(section, marked=True)
        self._marks_changed()

    def clear_marks(self) -> None:
        """Take every mark away, and end a range."""
        self.marks.clear()
        self._range_from = None
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.post_message(self.MarksChanged())
        self.refresh()

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, basis = self.scrollable_content_region.width, self.rich_style
        if y < _HEADER_LINES:
            return self._drawing.header(width, basis)
        position = round(self.scroll_y) + y - _HEADER_LINES
        if position >= self.count:
            return Strip.blank(width, basis)
        row = self.row_at(position)
        place = Place(width, position == self.cursor, self._looks_marked(row, position))
        return self._drawing.waiting(place, basis) if row is None else self._drawing.row(row, place, basis)

    def _looks_marked(self, row: TableRow | None, position: int) -> bool:
        start = self._range_from
        if start is not None and min(start, self.cursor) <= position <= max(start, self.cursor):
            return True
        return row is not None and self.is_marked(row)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"virtual-table--{name}", partial=True)

    # Events.

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls reads on."""
        super().watch_scroll_y(old_value, new_value)
        self._read_on()

    def on_resize(self, _event: events.Resize) -> None:
        """Another height needs other lines."""
        self._set_size()
        self._settle()

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where one clicks; a second click there opens the row."""
        line = event.y - _HEADER_LINES
        position = round(self.scroll_y) + line
        if line < 0 or position >= self.count:
            return
        if position == self.cursor:
            self.action_open()
        else:
            self.move_to(position)
