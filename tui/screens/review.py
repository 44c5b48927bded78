"""Review: causes first, findings beneath, one record side by side, and what is decided about them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input

from reconciler.app.review.causes import SavedFilter
from reconciler.app.review.conflicts import Seen
from reconciler.app.review.narrowing import LONGEST_CHARACTERS, WrongWord, narrowed
from reconciler.app.review.records import RecordReader, ReviewedRecord
from reconciler.store.state.records import FindingSort
from tui.review.own_tabs import OwnTabsScreen
from tui.review.parts import Part, RecordView
from tui.review.tabs import FilterTabs
from tui.session import Session
from tui.text import plain
from tui.widgets.table_rows import TableRow
from tui.widgets.virtual_table import VirtualTable

_SORTS: Final = (FindingSort.KEY, FindingSort.LAST_SEEN, FindingSort.ID)


class ReviewScreen(OwnTabsScreen):
    """The place where differences are decided about."""

    PLACE: ClassVar[str] = "review"
    AUTO_FOCUS = "#list"
    CSS = """
    ReviewScreen #filter { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    ReviewScreen #record { height: 45%; }
    ReviewScreen.-wide #record { height: 1fr; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.part = Part.FIELDS
        self._record: ReviewedRecord | None = None
        self._record_view = RecordView(session)
        self._reader: RecordReader | None = None

    def compose_body(self) -> ComposeResult:
        yield FilterTabs(self.texts, self._choose_tab, id="tabs")
        yield Input(placeholder=self.texts("review.filter.placeholder"), max_length=LONGEST_CHARACTERS, id="filter")
        yield from self.compose_list(self.lines.columns())

    # Showing what is there.

    @on(VirtualTable.Opened)
    async def _opened(self, event: VirtualTable.Opened) -> None:
        if event.row.heading is None:
            self.query_one("#record").focus()
            return
        source = self.source
        section = None if source is None else source.section(event.row.section)
        if source is None or section is None:
            return
        section.is_open = not section.is_open
        self.view.opened = {each.id for each in source.sections if each.is_open}
        if section.is_open and not section.is_complete:
            await self.begin_order(source, section)
        source.arrange()
        await self.table.reload()
        self.show_facts()

    async def tell_line(self, row: TableRow | None) -> None:
        """Everything about a finding."""
        if row is None or row.heading is not None:
            self._put_record(None, row)
            return
        record = await self._read(row.id)
        self._put_record(record, row)
        if self.source is not None:
            shown = None if record.correction is None else record.correction.correction
            finding = record.finding
            self.source.seen[finding.id] = Seen(
                finding.crm.value,
                finding.erp.value,
                None if shown is None else shown.id,
                None if shown is None else shown.digest,
            )

    def _put_record(self, record: ReviewedRecord | None, row: TableRow | None) -> None:
        self._record = record
        if record is not None:
            content = self._record_view.content(record, self.part)
        else:
            content = plain("" if row is None else self.texts("review.on_heading"), "$text-muted")
        self.show_in_panel(content)
        self.query_one("#record").border_title = plain(self.texts(f"review.part.{self.part.value}"))

    def shown_record(self) -> ReviewedRecord | None:
        """The record in the panel, when it is the one under the cursor."""
        row = self.table.row
        return (
            self._record if self._record is not None and row is not None and row.id == self._record.finding.id else None
        )

    async def record_of(self, row: TableRow) -> ReviewedRecord:
        """The record of a line, which the panel may not show yet."""
        shown = self.shown_record()
        return shown if shown is not None and shown.finding.id == row.id else await self._read(row.id)

    async def _read(self, finding_id: str) -> ReviewedRecord:
        if self._reader is None:
            self._reader = RecordReader(self.acting)
        return await self._reader.read(finding_id)

    # Looking.

    def do_review_filter(self) -> None:
        """Type what to look for."""
        typing = self.query_one("#filter", Input)
        typing.value = self.view.typed
        typing.display = True
        typing.focus()

    @on(Input.Submitted, "#filter")
    def _filter_typed(self, event: Input.Submitted) -> None:
        try:
            narrowed(self.view.tab.filter, event.value)
        except WrongWord as wrong:
            known = ", ".join(wrong.known)
            sentence = self.texts("review.filter.wrong", part=wrong.part, word=wrong.word, known=known)
            self.house.tell(sentence, severity="warning")
            return
        self._close_filter()
        self.view.typed = event.value.strip()
        self.load()

    def _close_filter(self) -> None:
        self.query_one("#filter", Input).display = False
        self.table.focus()

    def go_back(self) -> bool:
        """Typing, then the filter, then the marks, then the panel: one at a time."""
        if self.query_one("#filter", Input).display:
            self._close_filter()
        elif self.view.typed:
            self.view.typed = ""
            self.load()
        else:
            return super().go_back()
        return True

    def do_review_mark_all(self) -> None:
        """Mark everything the list holds."""
        if self.source is not None:
            self.table.mark_sections([section.id for section in self.source.sections])

    def do_review_next(self) -> None:
        """To the next finding."""
        self._step(1)

    def do_review_previous(self) -> None:
        """To the finding before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        place = None if self.source is None else self.source.next_finding(self.table.cursor, step)
        if place is None:
            self.house.tell(self.texts("review.no_further"))
        else:
            self.table.move_to(place)

    def do_review_next_tab(self) -> None:
        """The saved filter after this one."""
        self._choose_tab(self.step_tab(self.filters(), 1))

    def do_review_previous_tab(self) -> None:
        """The saved filter before this one."""
        self._choose_tab(self.step_tab(self.filters(), -1))

    def _choose_tab(self, tab: SavedFilter) -> None:
        self.view.tab = tab
        self.view.opened = None
        self.load(quietly=True)

    def do_review_flat(self) -> None:
        """By cause, or all in one list."""
        self.view.flat = not self.view.flat
        self.load(quietly=True)

    def do_review_sort(self) -> None:
        """Another order."""
        self.view.sort = _SORTS[(_SORTS.index(self.view.sort) + 1) % len(_SORTS)]
        self.load(quietly=True)

    def do_review_fields(self) -> None:
        """Both sides, field by field."""
        self._show_part(Part.FIELDS)

    def do_review_explain(self) -> None:
        """How each side's value came to be."""
        self._show_part(Part.TRACE)

    def do_review_raw(self) -> None:
        """The records as the systems sent them."""
        self._show_part(Part.RAW)

    def do_review_history(self) -> None:
        """What happened to the finding."""
        self._show_part(Part.HISTORY)

    def _show_part(self, part: Part) -> None:
        self.part = Part.FIELDS if part is self.part else part
        self._put_record(self._record, self.table.row)
        self.query_one("#record", VerticalScroll).scroll_home(animate=False)
