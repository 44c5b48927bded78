"""The application: places, their keys, what all of them share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from tui.action import Action
from tui.actions import BY_ID
from tui.activity import Activity, ActivityLog
from tui.palette import ActionProvider
from tui.places import FIRST, PLACES
from tui.plan.writing import WritingControl
from tui.running import RunControl
from tui.screens.help import HelpScreen
from tui.screens.once import Palette
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.stylesheet import KeptStylesheet
from tui.text import draw_in_ascii, visible
from tui.themes import DEFAULT, THEMES, next_theme
from tui.viewmodel import Problem, problem_of
from tui.watch import INTERVAL_S, Pulse, pulse_of
from tui.widgets.confirm import ConfirmModal, Question

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.app.taxes import DeskStanding

Severity = Literal["information", "warning", "error"]

_LONG_MESSAGE_S = 10.0


class ReconcilerApp(App[int]):
    """One session of one person. Its result is the exit code.

    Attributes:
        session: the workspace, the person, the language.
        activity: what was done, with the equivalent commands.
        activity_shown: whether the log is open.
        running: the run that was started here.
        writing: the work on corrections that was started here.
        tax_desk: when taxes were last asked here, and how the desk stood then.
    """

    CSS_PATH = "house.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        draw_in_ascii(session.ascii_only)
        for theme in THEMES:
            self.register_theme(theme)
        # Before anything is styled: a theme that is chosen later has everything styled a second time.
        self.set_reactive(App.theme, session.theme or DEFAULT)
        self.stylesheet = KeptStylesheet(variables=self.get_css_variables())
        self.set_class(session.ascii_only, "-ascii")
        self.texts = session.texts
        self.title = f"reconciler {session.workspace.project.file.project.name}"
        self.activity = ActivityLog()
        self.activity.on_added = self._activity_added
        self.activity_shown = False
        self.running = RunControl(self)
        self.writing = WritingControl(self)
        self.tax_desk: tuple[datetime, DeskStanding] | None = None
        self._pulse: Pulse | None = None
        for place in PLACES:
            self.add_mode(place.id, partial(place.build, session))

    def on_mount(self) -> None:
        """Open the first place, begin to watch the store."""
        # Before anything is read: what changes while the first place is being read must be noticed too.
        self._look()
        self.go(FIRST)
        self.set_interval(INTERVAL_S, self._watch, name="watch")

    def get_key_display(self, binding: Binding) -> str:
        """A key as it is written on the screen."""
        shown = super().get_key_display(binding)
        return binding.key if self.session.ascii_only and not shown.isascii() else shown

    def go(self, place: str) -> None:
        """Show a place, as it was left."""
        self.switch_mode(place)

    @property
    def place(self) -> PlaceScreen | None:
        """The place below whatever is shown on top of it."""
        return next((screen for screen in self.screen_stack if isinstance(screen, PlaceScreen)), None)

    def places(self) -> Iterator[PlaceScreen]:
        """Every place that was opened so far."""
        for stack in self._screen_stacks.values():
            yield from (screen for screen in stack if isinstance(screen, PlaceScreen))

    def disabled_reason(self, action: Action) -> str | None:
        """Why an action that every place knows cannot be done now; None when it can."""
        return self.running.disabled_reason(action)

    # What happened, told to the person.

    def note(self, what: str, command: str | None = None) -> None:
        """Write into the activity log."""
        self.activity.add(Activity(self.session.clock(), what, command))

    def tell(self, sentence: str, *, severity: Severity = "information") -> None:
        """A short message that goes away by itself."""
        self.notify(visible(sentence), severity=severity, markup=False)

    def tell_refusal(self, action: Action, reason: str) -> None:
        """Why an action was not carried out."""
        label = self.texts(action.text_id)
        self.notify(visible(reason), title=self.texts("refusal.title", action=label), severity="warning", markup=False)

    def tell_problem(self, problem: Problem) -> None:
        """An error of something that was asked for: what, why, what to do, code."""
        parts = (problem.why, problem.to_do, self.texts("error.code", code=problem.code))
        body = "\n".join(visible(part) for part in parts if part)
        self.notify(body, title=problem.what, severity="error", timeout=_LONG_MESSAGE_S, markup=False)
        self.note(f"{problem.what} {problem.why} ({problem.code})")

    async def confirmed(self, question: Question) -> bool:
        """Whether the person said yes. Only in a worker, as every `async` action is."""
        answer: bool = await self.push_screen_wait(ConfirmModal(question, self.texts))
        return answer

    def _activity_added(self, _activity: Activity) -> None:
        if (place := self.place) is not None and place.is_mounted and self.activity_shown:
            place.show_activity()

    # Watching the store.

    def _watch(self) -> None:
        self._look()

    @work(group="watch", exit_on_error=False)
    async def _look(self) -> None:
        pulse = await pulse_of(self.session.workspace)
        before, self._pulse = self._pulse, pulse
        if before is not None and before != pulse:
            await self.store_moved()

    async def store_moved(self) -> None:
        """Let every open place read again what it shows."""
        for place in self.places():
            if place.is_mounted:
                await place.state_moved()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An error in work of the application itself; that of a place is told by the place."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None or event.worker.group == "watch":
            # A state that cannot be read for a moment is read again at the next look; a place that needs it says so.
            return
        self.tell_problem(problem_of(error, self.texts))

    # What every place can do.

    def do_app_refresh(self) -> None:
        """Read again."""
        if (place := self.place) is not None:
            place.load()

    def do_app_activity(self) -> None:
        """Open or close the activity log."""
        self.activity_shown = not self.activity_shown
        if (place := self.place) is not None:
            place.show_activity()

    def do_app_theme(self) -> None:
        """Other colours."""
        self.theme = next_theme(self.theme)
        self.tell(self.texts("theme.now", theme=self.texts(f"theme.{self.theme}")))

    def do_app_help(self) -> None:
        """Every key of this place."""
        if (place := self.place) is not None:
            self.push_screen(HelpScreen(place))

    def do_app_palette(self) -> None:
        """Search the actions of this place."""
        self.push_screen(Palette([ActionProvider], placeholder=self.texts("palette.placeholder")))

    def do_app_back(self) -> None:
        """One step back."""
        if (place := self.place) is not None and not place.go_back() and place.PLACE != FIRST:
            self.go(FIRST)

    async def do_app_quit(self) -> None:
        """Leave; what was started here is stopped first, if the person says so."""
        texts = self.texts
        busy = [
            (texts(sentence), work)
            for sentence, work in (("quit.running", self.running), ("quit.writing", self.writing))
            if work.is_running
        ]
        if busy:
            leave = Question(texts("quit.title"), [sentence for sentence, _ in busy], texts("quit.verb"))
            if not await self.confirmed(leave):
                return
            for _, work in busy:
                await work.stop()
        self.exit(0)

    async def action_quit(self) -> None:
        """What ctrl+q asks for wherever the focus is."""
        if (place := self.place) is not None:
            place.action_do("app.quit")
        else:
            self.exit(0)

    def action_help_quit(self) -> None:
        """Ctrl+C ends a command, but not a session."""
        self.tell(self.texts("quit.how"))

    def on_key(self, event: events.Key) -> None:
        """A key whose action is disabled says why instead of being silent."""
        bound = self.screen.active_bindings.get(event.key)
        if bound is not None and not bound.enabled and isinstance(bound.node, PlaceScreen) and bound.binding.id:
            bound.node.explain(BY_ID[bound.binding.id])
