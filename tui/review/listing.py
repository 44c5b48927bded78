"""The listing half of the review screen: reading the list, and keeping it true while others work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from textual import work
from textual.widgets import Static

from reconciler.app.review.causes import SAVED, CauseGroup, SavedFilter, causes_of, counts_of
from reconciler.app.review.narrowing import narrowed
from reconciler.store.state.records import FindingFilter, FindingSort, FindingSummary
from tui.collector import spare_what_stays
from tui.review.cells import Lines, separator
from tui.review.deciding import DecidingScreen
from tui.review.marking import Meant, meant_by
from tui.review.sections import Section
from tui.review.source import FindingSource
from tui.review.tabs import FilterTabs, tab_label
from tui.session import Session
from tui.text import plain
from tui.viewmodel import EmptyFiltered, EmptyNone, Loading, Notice, NoticeKind, ViewState

_OPEN_ALL_UP_TO: Final = 200
"""Findings up to which every cause is shown open at first."""
_READ_FIRST_UP_TO: Final = 5_000
"""Findings of a cause whose order is read before it is shown."""
_ORDER: Final = "order"


@dataclass(slots=True)
class View:
    """What is looked at: a tab, narrowed by what was typed, by cause or flat, in an order.

    Attributes:
        opened: causes that are open, by id; None until the person chose.
        counts: findings of each saved filter, by its name.
    """

    tab: SavedFilter = SAVED[0]
    typed: str = ""
    flat: bool = False
    sort: FindingSort = FindingSort.KEY
    opened: set[str] | None = None
    counts: dict[str, int] = field(default_factory=dict)


class ListingScreen(DecidingScreen):
    """Reads what the view asks for and shows it in the table `#list`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view = View()
        self.source: FindingSource | None = None
        self.lines = Lines(session, self.acting.rules)
        self._return_to: str | None = None
        spare_what_stays()

    @property
    def source_is_shown(self) -> bool:
        """Whether what was asked for last stands on the screen, as rows or as the reason for none."""
        return not isinstance(self.state, Loading) and not any(
            worker.group == "load" and not worker.is_finished and worker.node is self for worker in self.workers
        )

    @property
    def basis(self) -> FindingFilter:
        """What the tab chooses, narrowed by what was typed."""
        return narrowed(self.view.tab.filter, self.view.typed)

    async def fill(self) -> ViewState | None:
        """Read the counts, then the list."""
        findings = self.session.workspace.state.findings
        everything = await findings.summary()
        basis = self.basis
        summary = everything if not self.view.typed else await findings.summary(basis)
        await self._show_counts(everything)
        groups = causes_of(summary, basis)
        total = sum(group.count for group in groups)
        self.show_notices()
        if not total:
            self.source = None
            return self._empty(basis)
        await self._list(groups, basis, total)
        return None

    def _empty(self, basis: FindingFilter) -> ViewState:
        known = self.view.counts.get(self.view.tab.name, 0)
        tab = tab_label(self.view.tab, self.texts)
        if known and basis != self.view.tab.filter:
            total = self.texts.number(known)
            return EmptyFiltered(self.texts("review.none_match", total=total), self.texts("review.clear_filter"))
        return EmptyNone(self.texts("review.none", tab=tab), self.texts("review.none_to_do"))

    async def _list(self, groups: list[CauseGroup], basis: FindingFilter, total: int) -> None:
        self.workers.cancel_group(self, _ORDER)
        sections = [Section("", basis, total)] if self.view.flat else self._by_cause(groups, basis, total)
        lists = self.session.workspace.state.lists
        source = FindingSource(lists, sections, self.lines.row, self.lines.heading)
        if self.source is not None:
            source.seen = self.source.seen
        self.source = source
        self._return_to = self.table.cursor_id
        for section in sections:
            if section.is_open:
                await self.begin_order(source, section)
        await self.table.show(source, cursor_id=self._return_to)

    def _by_cause(self, groups: list[CauseGroup], basis: FindingFilter, total: int) -> list[Section]:
        sections = [Section(group.id, group.narrowed(basis), group.count, group) for group in groups]
        opened = self.view.opened
        for section in sections:
            section.is_open = total <= _OPEN_ALL_UP_TO if opened is None else section.id in opened
        return sections

    async def begin_order(self, source: FindingSource, section: Section) -> None:
        """Read the order of an open cause: of a short one at once, of a long one while its beginning is shown."""
        if section.size <= _READ_FIRST_UP_TO:
            await section.read(self.session.workspace.state.lists, self.view.sort, source.arrange)
        else:
            self._read_order(source, section)

    @work(group=_ORDER, exit_on_error=False)
    async def _read_order(self, source: FindingSource, section: Section) -> None:
        def resized() -> None:
            source.arrange()
            self.table.refresh()

        await section.read(self.session.workspace.state.lists, self.view.sort, resized)
        if source is self.source and self._return_to is not None and self.table.cursor == 0:
            place = await source.position(self._return_to)
            if place is not None and self.table.cursor == 0:
                self.table.move_to(place)
        self.show_facts()

    def filters(self) -> tuple[SavedFilter, ...]:
        """Those that have a tab."""
        return SAVED

    async def counts(self, summary: FindingSummary) -> dict[str, int]:
        """Findings of each of them."""
        return counts_of(summary)

    async def _show_counts(self, summary: FindingSummary) -> None:
        self.view.counts = await self.counts(summary)
        self.query_one("#tabs", FilterTabs).show(self.filters(), self.view.counts, self.view.tab.name)

    def show_facts(self) -> None:
        """One line: how many, how many marked, what narrows them, in which order."""
        texts, source = self.texts, self.source
        if source is None:
            return
        total = sum(source.sizes.values())
        parts = [texts.counted("review.findings", total)]
        if marked := self.table.marks.count(source.sizes):
            parts.append(texts.counted("review.marked", marked))
        if self.table.is_ranging:
            parts.append(texts("review.ranging"))
        if self.view.typed:
            parts.append(texts("review.filtered", filter=self.view.typed))
        if any(section.is_open and not section.is_complete for section in source.sections):
            parts.append(texts("review.ordering"))
        parts.append(texts(f"review.sort.{self.view.sort.value}"))
        self.query_one("#facts", Static).update(plain(separator(self.session).join(parts)))

    def meant(self) -> Meant | None:
        """The marked findings, or what is under the cursor."""
        if self.source is None or self.state is not None:
            return None
        return meant_by(self.source, self.table.marks, self.table.row, self.basis)

    # While others work.

    async def compare_with_now(self) -> None:
        """Count anew, and announce what came since the list was read."""
        findings = self.session.workspace.state.findings
        everything = await findings.summary()
        await self._show_counts(everything)
        if self.source is not None and not self.view.typed:
            self._tell_growth(self.source, causes_of(everything, self.basis))

    def _tell_growth(self, source: FindingSource, groups: list[CauseGroup]) -> None:
        """Headings count anew; what came to the list since is announced, and shown when it is read again."""
        now = {group.id: group for group in groups}
        grown = sum(group.count for group in groups) - sum(source.sizes.values()) if self.view.flat else 0
        for section in source.sections:
            if section.group is None:
                continue
            group = now.pop(section.id, replace(section.group, count=0))
            grown += max(0, group.count - section.size)
            section.group = group
        if not self.view.flat:
            grown += sum(group.count for group in now.values())
        if grown > 0:
            self.show_notices(Notice(NoticeKind.STALE, self.texts.counted("review.grown", grown)))
