"""Pilot: the week against its criteria, scenarios, feedback, the stage; and the run of today."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Final, TypeVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from reconciler.app.correct import Acting
from reconciler.app.pilot.report import write_pilot_report
from reconciler.app.pilot.run import PilotRun, PilotRunOptions, run_pilot
from reconciler.app.pilot.scenarios.playing import PlayOptions, chosen_scenarios, play_scenarios
from reconciler.model.pilot import Feedback, ScenarioResult
from tui.action import Action, Words
from tui.list_source import ListSource
from tui.pilot.deciding import PilotDeciding
from tui.pilot.lists import PilotLists
from tui.pilot.reading import Document, read_pilot
from tui.pilot.standing import standing_lines
from tui.pilot.week import WeekView
from tui.plan.writing import Work, WritingMoved, WritingProgress, unless_stopped
from tui.running import RunProgress
from tui.screens.run_actions import progress_lines
from tui.session import Session
from tui.text import lines, plain
from tui.viewmodel import ViewState
from tui.widgets.confirm import Question
from tui.widgets.sections import Section
from tui.widgets.tab_row import TabRow
from tui.widgets.table_drawing import ASCII_SIGNS, Signs
from tui.widgets.virtual_table import VirtualTable

T = TypeVar("T")
TABS: Final = ("week", "scenarios", "feedback", "standing")
"""The label of each is the text `pilot.tab.<name>`."""
_LISTS: Final = frozenset({"scenarios", "feedback"})
_WORKING: Final = frozenset({"pilot.run", "pilot.run_apply", "pilot.play", "pilot.play_all", "pilot.report"})
_WIDE_COLUMNS: Final = 120
_SPARE_CELLS: Final = 4
_LEAST_ROOM: Final = 40


class PilotScreen(PilotDeciding):
    """The place of the pilot."""

    PLACE: ClassVar[str] = "pilot"
    CSS = """
    PilotScreen #work { display: none; margin-bottom: 0; background: $panel; }
    PilotScreen #told { height: 1fr; padding: 0 1; }
    PilotScreen #told-text, PilotScreen #details-text { height: auto; }
    PilotScreen #split { height: 1fr; layout: vertical; display: none; }
    PilotScreen #list { height: 1fr; }
    PilotScreen #details { height: 50%; border-top: solid $primary; padding: 0 1; }
    PilotScreen #details:focus { border-top: heavy $accent; }
    PilotScreen.-wide #split { layout: horizontal; }
    PilotScreen.-wide #list { width: 3fr; height: 1fr; }
    PilotScreen.-wide #details { width: 2fr; height: 1fr; border-top: none; border-left: solid $primary; }
    PilotScreen.-wide #details:focus { border-left: heavy $accent; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.tab = TABS[0]
        self.shown_row: str | None = None
        self._lists = PilotLists(session)
        self._week = WeekView(session)
        self._steps: RunProgress | None = None

    def compose_body(self) -> ComposeResult:
        signs = ASCII_SIGNS if self.session.ascii_only else Signs()
        with VerticalScroll(id="told"):
            yield Static(plain(""), id="told-text")
        with Container(id="split"):
            yield VirtualTable(self._lists.columns(), self.texts, self.session.keymap, signs=signs, id="list")
            with VerticalScroll(id="details"):
                yield Static(plain(""), id="details-text")

    def compose(self) -> ComposeResult:
        """The tabs and the work stay where the rest could not be read."""
        found = iter(super().compose())
        yield next(found)
        yield TabRow(TABS, self._choose_tab, id="tabs")
        yield Section(id="work")
        yield from found

    async def fill(self) -> ViewState | None:
        """Read the store; neither system is asked."""
        self.look = await read_pilot(self.acting)
        await self._show()
        return None

    # What is shown.

    async def _show(self) -> None:
        look = self.look
        if look is None:
            return
        labels = {name: self.texts(f"pilot.tab.{name}") for name in TABS}
        labels["scenarios"] += f" {len(look.scenarios)}"
        labels["feedback"] += f" {look.open_feedback}"
        for name, label in labels.items():
            self.query_one("#tabs", TabRow).draw(name, label, is_here=name == self.tab)
        is_list = self.tab in _LISTS
        self.query_one("#told").display = not is_list
        self.query_one("#split").display = is_list
        if is_list:
            await self._show_list()
        else:
            shown = self._week.lines(look, self._room) if self.tab == "week" else standing_lines(look, self.session)
            self.query_one("#told-text", Static).update(lines(*shown))
        self._show_work()

    async def _show_list(self) -> None:
        look = self.look
        if look is None:
            return
        if self.tab == "scenarios":
            rows = self._lists.scenario_rows(look.scenarios)
        else:
            rows = self._lists.feedback_rows(look.feedback)
        ids = [row.id for row in rows]
        cursor_id = self.shown_row if self.shown_row in ids else next(iter(ids), None)
        await self.query_one("#list", VirtualTable).show(ListSource(rows), cursor_id=cursor_id)
        self._show_details(cursor_id)

    def _show_details(self, row_id: str | None) -> None:
        self.shown_row = row_id
        shown: list[Content] = []
        if (scenario := self.scenario_here()) is not None:
            shown = list(self._lists.scenario_details(scenario))
        elif (said := self.feedback_here()) is not None:
            shown = list(self._lists.feedback_details(said))
        elif self.tab == "feedback":
            shown = [plain(self.texts("pilot.nothing_said"), "$text-muted")]
        self.query_one("#details-text", Static).update(lines(*shown))
        self.refresh_bindings()

    @property
    def _room(self) -> int:
        return max(_LEAST_ROOM, self.size.width - _SPARE_CELLS)

    def scenario_here(self) -> Document | None:
        """The scenario under the cursor."""
        if self.tab != "scenarios" or self.look is None:
            return None
        return next((each for each in self.look.scenarios if each["id"] == self.shown_row), None)

    def feedback_here(self) -> Feedback | None:
        """What was said under the cursor."""
        if self.tab != "feedback" or self.look is None:
            return None
        return next((each for each in self.look.feedback if each.id == self.shown_row), None)

    def command_values(self, action: Action) -> Mapping[str, Words]:
        """The scenario under the cursor."""
        here = self.scenario_here()
        return {} if here is None else {"scenario": here["id"]}

    def disabled_reason(self, action: Action) -> str | None:
        """Why it cannot be done now."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        writing, texts = self.house.writing, self.texts
        if action.id in _WORKING and (writing.is_running or self.house.running.is_running):
            return texts("plans.refusal.working")
        if action.id == "pilot.stop" and not writing.is_running:
            return texts("plans.refusal.nothing_to_stop")
        if action.id == "pilot.stop" and writing.is_stopping:
            return texts("plans.refusal.stopping")
        if action.id == "pilot.play" and self.scenario_here() is None:
            return texts("pilot.refusal.no_scenario")
        return None

    # Work in the background.

    async def do_pilot_run(self) -> None:
        """Compare twice, ask for taxes, rehearse what is approved, measure the day."""
        await self._run(apply=False)

    async def do_pilot_run_apply(self) -> None:
        """The same, and write what is approved, after a yes."""
        question = Question(
            self.texts("action.pilot.run_apply"), [self.texts("pilot.ask.apply")], self.texts("action.pilot.run_apply")
        )
        if await self.house.confirmed(question):
            await self._run(apply=True)

    async def _run(self, *, apply: bool) -> None:
        steps = RunProgress()

        async def task(acting: Acting, stop: asyncio.Event) -> PilotRun | None:
            options = PilotRunOptions(apply=apply)
            return await unless_stopped(run_pilot(acting, options, steps), stop)

        done = await self._work(Work.PILOT, steps, task)
        if done is None:
            self.house.tell(self.texts("pilot.stopped"), severity="warning")
            return
        for warning in done.warnings:
            self.house.tell(self.texts.said(warning), severity="warning")
        if done.freeze is not None:
            self.house.tell(self.texts("pilot.froze", rule=done.freeze.rule), severity="error")
        self.house.tell(self.texts("pilot.ran" if done.is_whole else "pilot.ran_partly"))

    async def do_pilot_play(self) -> None:
        """Play the scenario under the cursor, after a yes."""
        here = self.scenario_here()
        if here is not None:
            await self._play([here["id"]], here["title"])

    async def do_pilot_play_all(self) -> None:
        """Play every scenario, after a yes."""
        await self._play([], self.texts("action.pilot.play_all"))

    async def _play(self, ids: list[str], title: str) -> None:
        texts = self.texts
        if not await self.house.confirmed(Question(title, [texts("pilot.ask.play")], texts("pilot.ask.play_verb"))):
            return
        steps, chosen = RunProgress(), chosen_scenarios(ids, everything=not ids)

        async def task(acting: Acting, stop: asyncio.Event) -> list[ScenarioResult]:
            # A scenario puts away what it made: none is left in the middle.
            return await play_scenarios(acting, chosen, PlayOptions(stopped=stop.is_set), steps)

        results = await self._work(Work.SCENARIO, steps, task)
        counts = {each: sum(one.status == each for one in results) for each in ("passed", "failed", "refused")}
        self.house.tell(texts("pilot.played", **counts), severity="warning" if counts["failed"] else "information")

    async def do_pilot_report(self) -> None:
        """Write the report in its three formats."""

        async def task(acting: Acting, _stop: asyncio.Event) -> Document:
            return await write_pilot_report(acting)

        document = await self._work(Work.REPORT, RunProgress(), task)
        self.house.tell(self.texts("pilot.written", path=document["reports"]["html"]))

    async def _work(self, kind: Work, steps: RunProgress, task: Callable[[Acting, asyncio.Event], Awaitable[T]]) -> T:
        async def whole(acting: Acting, _progress: WritingProgress, stop: asyncio.Event) -> T:
            return await task(acting, stop)

        self._steps = steps
        try:
            return await self.house.writing.carry_out(kind, self.acting, whole)
        finally:
            self._steps = None
            if self.is_attached:
                self.load(quietly=True)

    def do_pilot_stop(self) -> None:
        """Stop what was started here."""
        self.house.writing.ask_to_stop()

    def on_writing_moved(self, _message: WritingMoved) -> None:
        """Show how far the work is."""
        self._show_work()

    def _show_work(self) -> None:
        section, writing = self.query_one("#work", Section), self.house.writing
        section.display = writing.is_running and writing.progress is not None and self._steps is not None
        if section.display and writing.progress is not None and self._steps is not None:
            rows = [plain(row) for row in progress_lines(self._steps, self.session, self._room)]
            section.show(self.texts(f"plans.work.{writing.progress.work}"), rows)
        self.refresh_bindings()

    # Going about.

    def do_pilot_next_tab(self) -> None:
        """The part after this one."""
        self._choose_tab(TABS[(TABS.index(self.tab) + 1) % len(TABS)])

    def do_pilot_previous_tab(self) -> None:
        """The part before this one."""
        self._choose_tab(TABS[TABS.index(self.tab) - 1])

    def _choose_tab(self, name: str) -> None:
        self.tab, self.shown_row = name, None
        self._show_tab()

    @work(group="tab", exclusive=True, exit_on_error=False)
    async def _show_tab(self) -> None:
        await self._show()
        self.query_one("#list" if self.tab in _LISTS else "#told").focus()

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        if event.row is not None and event.row.id != self.shown_row:
            self._show_details(event.row.id)

    @on(VirtualTable.Opened)
    def _opened(self) -> None:
        self.query_one("#details").focus()

    def go_back(self) -> bool:
        """From the details to the list."""
        if self.focused is None or self.focused.id != "details":
            return False
        self.query_one("#list").focus()
        return True

    def on_resize(self, event: events.Resize) -> None:
        """With room beside the list, the details go there; a wider week shows more days."""
        super().on_resize(event)
        self.set_class(event.size.width >= _WIDE_COLUMNS, "-wide")
        if self.was_read and self.tab == "week" and self.look is not None:
            shown = self._week.lines(self.look, max(_LEAST_ROOM, event.size.width - _SPARE_CELLS))
            self.query_one("#told-text", Static).update(lines(*shown))
