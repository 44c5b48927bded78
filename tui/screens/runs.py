"""Runs: the history, one run in full, the run going on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from reconciler.store.state.records import RunRecord
from tui.action import Action, Words
from tui.list_source import ListSource
from tui.overview import run_line
from tui.run_details import run_details
from tui.running import RunMoved
from tui.screens.run_actions import RunActions, progress_lines
from tui.session import Session
from tui.status import LOOKS, glyph, word
from tui.text import lines, plain
from tui.viewmodel import EmptyNone, ViewState
from tui.widgets.sections import Section
from tui.widgets.table_rows import Cell, Column, TableRow
from tui.widgets.virtual_table import VirtualTable

_RUNS_READ: Final = 500
_SPARE_CELLS: Final = 4
_WIDE_COLUMNS: Final = 140


class RunsScreen(RunActions):
    """A list of runs beside the one under the cursor."""

    PLACE = "runs"
    AUTO_FOCUS = "#list"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE_COLUMNS, "-wide")]  # noqa: RUF012 - declared without ClassVar above
    CSS = """
    RunsScreen #running { display: none; }
    RunsScreen #split { height: 1fr; layout: vertical; }
    RunsScreen #list { height: 2fr; }
    RunsScreen #details { height: 3fr; border-top: solid $primary; padding: 0 1; }
    RunsScreen #details:focus { border-top: heavy $accent; }
    RunsScreen.-wide #split { layout: horizontal; }
    RunsScreen.-wide #list { width: 64; height: 1fr; }
    RunsScreen.-wide #details { width: 1fr; height: 1fr; border-top: none; border-left: solid $primary; }
    RunsScreen.-wide #details:focus { border-top: none; border-left: heavy $accent; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._records: dict[str, RunRecord] = {}
        self.shown_run: str | None = None

    def compose_body(self) -> ComposeResult:
        texts = self.texts
        yield Section(id="running")
        with Container(id="split"):
            yield VirtualTable(
                [
                    Column(texts("runs.column.started"), 16),
                    Column(texts("runs.column.status"), 16, share=1),
                    Column(texts("runs.column.seconds"), 8, order=2),
                    Column(texts("runs.column.new"), 7, order=1),
                    Column(texts("runs.column.open"), 8),
                ],
                texts,
                self.session.keymap,
                id="list",
            )
            with VerticalScroll(id="details"):
                yield Static(plain(""), id="run")

    def on_mount(self) -> None:
        """Enter is `runs.show` here, which the footer names."""
        self.query_one("#list", VirtualTable)._bindings.key_to_bindings.pop("enter", None)
        super().on_mount()

    async def fill(self) -> ViewState | None:
        """The latest runs; the cursor stays on its run, and on the newest one where it was there."""
        records = await self.session.workspace.state.runs.history(_RUNS_READ)
        self._records = {record.id: record for record in records}
        self._show_running()
        if not records:
            return EmptyNone(self.texts("runs.none"), self.texts("runs.none_to_do"))
        table = self.query_one("#list", VirtualTable)
        cursor_id = table.cursor_id if table.cursor > 0 and table.cursor_id in self._records else records[0].id
        await table.show(ListSource([self._row(record) for record in records]), cursor_id=cursor_id)
        self._show_details(cursor_id)
        return None

    def command_values(self, action: Action) -> Mapping[str, Words]:
        """The run under the cursor."""
        return {} if self.shown_run is None else {"run": self.shown_run}

    def disabled_reason(self, action: Action) -> str | None:
        """Details need a run."""
        if action.id == "runs.show" and self.shown_run is None:
            return self.texts("runs.none")
        return super().disabled_reason(action)

    def do_runs_show(self) -> None:
        """Into the details, where the arrows scroll; Escape leads back to the list."""
        self.query_one("#details").focus()

    def go_back(self) -> bool:
        """From the details to the list."""
        if self.focused is None or self.focused.id != "details":
            return False
        self.query_one("#list").focus()
        return True

    @on(VirtualTable.Opened)
    def _opened(self) -> None:
        self.action_do("runs.show")

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        if event.row is not None:
            self._show_details(event.row.id)

    def on_run_moved(self, _message: RunMoved) -> None:
        """Show how far the run is."""
        self._show_running()

    def _row(self, record: RunRecord) -> TableRow:
        line, texts = run_line(record), self.texts
        sign = glyph(line.status, ascii_only=self.session.ascii_only)
        numbers = ["" if count is None else texts.number(count) for count in (line.new, line.open)]
        cells = (
            Cell(texts.moment(record.started_at)),
            Cell(f"{sign} {word(line.status, texts)}", LOOKS[line.status].tone),
            Cell("" if line.seconds is None else f"{line.seconds:.1f}", right=True),
            *(Cell(number, right=True) for number in numbers),
        )
        return TableRow(record.id, cells)

    def _show_details(self, run_id: str) -> None:
        record = self._records.get(run_id)
        if record is None:
            return
        changed, self.shown_run = self.shown_run != run_id, run_id
        panel = self.query_one("#details", VerticalScroll)
        room = max(40, (panel.size.width or self.size.width) - 2)
        self.query_one("#run", Static).update(lines(*run_details(record, self.session, room)))
        if changed:
            panel.scroll_home(animate=False)
        self.refresh_bindings()

    def _show_running(self) -> None:
        running, section = self.house.running, self.query_one("#running", Section)
        section.display = running.is_running and running.progress is not None
        if section.display and running.progress is not None:
            rows = progress_lines(running.progress, self.session, self.size.width - _SPARE_CELLS)
            section.show(self.texts("running.title"), [plain(row) for row in rows])
