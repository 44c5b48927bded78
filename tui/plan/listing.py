"""The lists of corrections on their way: reading them, and keeping them true while others work."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Final

from textual.widgets import Static

from reconciler.app.correct import DeskEntry, error_desk, shown_correction
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionState
from reconciler.store.state.correction_lists import correction_number_of
from tui.plan.cells import PlanLines
from tui.plan.operating import OperatingScreen
from tui.plan.panel import PlanPanel, Summary, waits_of
from tui.plan.plan_files import shown_path
from tui.plan.source import CorrectionSource, Part
from tui.plan.tabs import STATES, PlanTabs, Tab, tab_counts
from tui.plan.totals import count_line
from tui.session import Session
from tui.text import plain
from tui.viewmodel import EmptyNone, Notice, NoticeKind, ViewState
from tui.widgets.table_rows import TableRow

_MOST_ADDED_UP: Final = 20_000


class ListingScreen(OperatingScreen):
    """Reads what the tab asks for and shows it in the table `#list` and the panel."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.lines = PlanLines(session)
        self.panel = PlanPanel(session)
        self.counts: dict[Tab, int] = {}
        self._desk: list[DeskEntry] = []
        self._facts = ""
        self._cursor_id: str | None = None
        self._usable: tuple[object, ...] | None = None

    def state_here(self) -> CorrectionState | None:
        """The state of the correction under the cursor."""
        row = self.table.row if self.is_mounted and self.state is None else None
        return None if row is None or self.source is None else self.source.states.get(row.id)

    # Reading the list.

    async def fill(self) -> ViewState | None:
        """Read the counts, then the list."""
        await self._read_counts()
        self.show_notices()
        parts = await self._parts()
        if not sum(len(part.numbers) for part in parts):
            self.source = None
            self._facts = ""
            self.show_facts()
            return EmptyNone(
                self.texts(f"plans.none.{self.tab.value}"), self.texts(f"plans.none_to_do.{self.tab.value}")
            )
        await self._read_facts()
        tab, seen = self.tab, {} if self.source is None else self.source.seen
        source = CorrectionSource(
            self.acting,
            self.session.workspace.state.correction_lists,
            parts,
            lambda correction, missing, part, changed: self.lines.row(tab, correction, missing, part, changed=changed),
            lambda part: self.lines.heading(tab, part),
            seen,
        )
        self.source = source
        wanted, self._cursor_id = self._cursor_id or self.table.cursor_id, None
        await self.table.show(source, cursor_id=wanted)
        self.show_facts()
        return None

    async def _read_counts(self) -> None:
        counts = await self.session.workspace.state.correction_lists.counts()
        troubled = any(counts.get(state) for state in STATES[Tab.DESK])
        self._desk = await error_desk(self.acting, CorrectionFilter()) if troubled else []
        self.counts = tab_counts(counts, len(self._desk))
        self.query_one("#tabs", PlanTabs).show(self.counts, self.tab)

    async def _parts(self) -> list[Part]:
        lists, states = self.session.workspace.state.correction_lists, STATES[self.tab]
        if self.tab is Tab.DESK:
            numbers = array("q", [correction_number_of(each.correction.id) for each in self._desk])
            return [Part(self.tab.value, CorrectionFilter(states=states), numbers)]
        if self.tab is not Tab.PLANNED:
            chosen = CorrectionFilter(states=states)
            numbers = await lists.order(chosen, newest_first=self.tab is Tab.WRITTEN)
            return [Part(self.tab.value, chosen, numbers)]
        parts = []
        for plan in await lists.plans(states):
            chosen = CorrectionFilter(plan=plan.digest, states=states)
            parts.append(Part(plan.digest, chosen, await lists.order(chosen), plan))
        return parts

    async def _read_facts(self) -> None:
        lists = self.session.workspace.state.correction_lists
        self._facts = count_line(await lists.totals(CorrectionFilter(states=STATES[self.tab])), self.session)

    def show_facts(self) -> None:
        """One line: what is written to which system, and how many are marked."""
        marked = 0 if self.source is None else self.table.marks.count(self.source.sizes)
        parts = [self.texts.counted("review.marked", marked)] if marked else []
        if self.source is not None and self.table.is_ranging:
            parts.append(self.texts("review.ranging"))
        if self._facts:
            parts.append(self._facts)
        self.query_one("#facts", Static).update(plain(" · ".join(parts)))

    async def change_tab(self, tab: Tab, cursor_id: str | None = None) -> None:
        """Show another list, with the cursor on a line of it or at its beginning."""
        if tab is not self.tab:
            self.table.cursor_id = None
        self.tab, self._cursor_id = tab, cursor_id
        self.load(quietly=True)

    # While others work.

    async def compare_with_now(self) -> None:
        """Count anew, and announce what came since the list was read."""
        await self._read_counts()
        await self._read_facts()
        parts = () if self.source is None else self.source.parts
        known = {number for part in parts for number in part.numbers}
        there = await self._numbers_now()
        grown = sum(number not in known for number in there)
        notices = [Notice(NoticeKind.STALE, self.texts.counted("plans.grown", grown))] if grown else []
        self.show_notices(*notices)

    async def _numbers_now(self) -> array[int]:
        if self.tab is Tab.DESK:
            return array("q", [correction_number_of(each.correction.id) for each in self._desk])
        return await self.session.workspace.state.correction_lists.order(CorrectionFilter(states=STATES[self.tab]))

    # The panel.

    async def tell_line(self, row: TableRow | None) -> None:
        """Everything about a correction, or what a section comes to."""
        source = self.source
        if row is None or source is None:
            return
        if row.heading is not None:
            part = source.part(row.section)
            if part is not None:
                summary = await self._summary(part)
                self.show_in_panel(self.panel.summary(self.tab, summary, row.heading.text))
            return
        try:
            shown = await shown_correction(self.acting, row.id)
        except RefusedError as gone:
            self.show_in_panel(plain(self.texts.said(gone.message)))
            return
        before = source.seen.get(row.id)
        source.seen[row.id] = shown.correction.digest
        source.states[row.id] = shown.correction.state
        self.show_in_panel(self.panel.correction(shown))
        if before not in (None, shown.correction.digest):
            await self.table.refresh_rows()

    async def _summary(self, part: Part) -> Summary:
        file = "" if part.plan is None else shown_path(self.session.workspace.project, part.id)
        if len(part.numbers) > _MOST_ADDED_UP:
            return Summary(part, None, {}, file)
        found = await self.totals_of(part.ids)
        waits: Mapping[tuple[int, tuple[str, ...]], int] = {}
        if self.tab is Tab.AWAITING:
            corrections = await self.session.workspace.state.corrections.listed(part.filter)
            waits = waits_of(await self.acting.missing(corrections))
        return Summary(part, found, waits, file)

    def keys_may_differ(self) -> None:
        """Let the footer be made anew, when something can be done now that could not, or the other way round."""
        writing = self.house.writing
        unknown = self.state_here() is CorrectionState.UNKNOWN
        busy = writing.is_running or self.is_deciding
        usable = (self.tab, self.means_something(), unknown, busy, writing.is_running, writing.is_stopping)
        if usable != self._usable:
            self._usable = usable
            self.refresh_bindings()
