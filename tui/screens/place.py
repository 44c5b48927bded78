"""A place: a screen with the banner, the states, the activity log and the keys that every place has."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Container
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from tui.action import Action, Words
from tui.actions import BY_ID, bindings_of
from tui.session import Session
from tui.text import lines, plain
from tui.viewmodel import LEAST_COLUMNS, LEAST_ROWS, Failed, Loading, Notice, ViewState, problem_of
from tui.widgets.activity_panel import ActivityPanel
from tui.widgets.banner import Banner
from tui.widgets.key_line import KeyLine
from tui.widgets.state_panel import NoticeLine, StatePanel

if TYPE_CHECKING:
    from tui.app import ReconcilerApp

_LOAD = "load"
_GO = "go."


class PlaceScreen(Screen[None]):
    """One place of the application. A subclass gives its content and says what it can do.

    Subclasses set `PLACE`, yield their widgets in `compose_body`, and read and show in `fill`. For each of their
    actions they have a method `do_<id with _ for .>`; an `async` one runs as a worker, so it may wait for a modal.

    Attributes:
        was_read: whether what it shows was read at least once, or could not be.
    """

    PLACE: ClassVar[str]
    DEFAULT_CSS = """
    PlaceScreen #body { height: 1fr; }
    PlaceScreen #state { display: none; }
    PlaceScreen #too-small { display: none; height: 1fr; content-align: center middle; text-align: center; }
    PlaceScreen.-too-small > * { display: none; }
    PlaceScreen.-too-small #too-small { display: block; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.texts = session.texts
        self.was_read = False
        self._wanted = False
        self._is_filling = False
        # Per instance and not as BINDINGS: labels depend on the language, keys on the project.
        self._bindings = BindingsMap(bindings_of(self.PLACE, session.texts, session.keymap))

    @property
    def house(self) -> ReconcilerApp:
        """The application."""
        return cast("ReconcilerApp", self.app)

    def compose(self) -> ComposeResult:
        yield Banner(self.session, self.PLACE, lambda place: self.house.go(place))
        yield NoticeLine(self.texts, id="notices")
        yield StatePanel(self.texts, id="state")
        with Container(id="body"):
            yield from self.compose_body()
        yield Static(plain(""), id="too-small")
        yield ActivityPanel(self.texts, id="activity")
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """The widgets of the content."""
        raise NotImplementedError

    async def fill(self) -> ViewState | None:
        """Read what is needed and show it in the widgets of the body.

        Returns:
            What to show instead of the body; None for the body.
        """
        raise NotImplementedError

    def disabled_reason(self, action: Action) -> str | None:
        """Why the action cannot be done now, as a sentence; None when it can. Extend, and ask the one above first."""
        return self.session.refusal(action) or self.house.disabled_reason(action)

    def command_values(self, action: Action) -> Mapping[str, Words]:
        """What fills the `{names}` of the equivalent command now."""
        return {}

    def go_back(self) -> bool:
        """One step back within the place, such as clearing a filter. False when there is none."""
        return False

    async def state_moved(self) -> None:
        """Something in the store changed: a run, a webhook, another person. Reads again, without a flicker."""
        self.load(quietly=True)

    def on_mount(self) -> None:
        """Begin to read as soon as there is something to show it in."""
        self.load()

    def load(self, *, quietly: bool = False) -> None:
        """Read again.

        Args:
            quietly: leave on the screen what is there until there is something newer.
        """
        if not quietly:
            self.show_state(Loading(self.texts("loading.place", place=self.texts(f"place.{self.PLACE}"))))
        self._wanted = True
        if not self._is_filling:
            self._fill()

    @work(group=_LOAD, exit_on_error=False)
    async def _fill(self) -> None:
        """One reading at a time. What is asked for meanwhile is read afterwards: none is torn off in the middle."""
        self._is_filling = True
        try:
            while self._wanted:
                self._wanted = False
                self.show_state(await self.fill())
                self.was_read = True
        finally:
            self._is_filling = False

    def show_state(self, state: ViewState | None) -> None:
        """Show a state instead of the body, or the body."""
        panel = self.query_one("#state", StatePanel)
        panel.state = None
        if state is not None:
            panel.show(state)
        self._show_body_or_state()
        self.refresh_bindings()

    def _show_body_or_state(self) -> None:
        # Not a class of the screen: every widget in it would be styled anew, twice for each reading.
        small = self.has_class("-too-small")
        self.query_one("#state").display = self.state is not None and not small
        self.query_one("#body").display = self.state is None and not small

    @property
    def state(self) -> ViewState | None:
        """What is shown instead of the body; None while the body is."""
        return self.query_one("#state", StatePanel).state

    def show_notices(self, *notices: Notice) -> None:
        """Lines above the content; none removes them."""
        self.query_one("#notices", NoticeLine).show(*notices)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Every error of the work of this screen is seen: reading in place of the content, the rest in a message."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        event.stop()
        self.log.error(error)
        problem = problem_of(error, self.texts)
        if event.worker.group == _LOAD:
            self.was_read = True
            self.show_state(Failed(problem))
        else:
            self.house.tell_problem(problem)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey for what has a reason not to be done now."""
        if action != "do" or not self.is_attached:
            return True
        return True if self.disabled_reason(BY_ID[str(parameters[0])]) is None else None

    def action_do(self, action_id: str) -> None:
        """Do what the action table has under that id, or say why not. The one way in, for keys, clicks and palette."""
        action = BY_ID[action_id]
        if self.explain(action):
            return
        if action.command:
            self.house.note(self.texts(action.text_id), self.session.command_line(action, self.command_values(action)))
        if action_id.startswith(_GO):
            self.house.go(action_id.removeprefix(_GO))
            return
        target = self if hasattr(self, action.method) else self.house
        method = getattr(target, action.method)
        if inspect.iscoroutinefunction(method):
            # The method and not a coroutine of it: one that is overtaken before it begins would never be awaited.
            self.run_worker(method, name=action_id, group=action_id, exclusive=True, exit_on_error=False)
        else:
            method()

    def explain(self, action: Action) -> bool:
        """Say why the action cannot be done now. False, and nothing is said, when it can."""
        reason = self.disabled_reason(action)
        if reason is not None:
            self.house.tell_refusal(action, reason)
        return reason is not None

    def on_resize(self, event: events.Resize) -> None:
        """Say so when there is no room to work in."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        small = size.width < LEAST_COLUMNS or size.height < LEAST_ROWS
        self.set_class(small, "-too-small")
        self._show_body_or_state()
        if small:
            least = {"least_columns": LEAST_COLUMNS, "least_rows": LEAST_ROWS}
            sentence = self.texts("house.too_small", columns=size.width, rows=size.height, **least)
            self.query_one("#too-small", Static).update(lines(*(plain(line) for line in sentence.splitlines())))

    def on_screen_resume(self) -> None:
        """What was done elsewhere meanwhile is in the log here as well."""
        self.show_activity()
        # A terminal that became smaller under a modal told only the modal.
        self._fit(self.app.size)

    def show_activity(self) -> None:
        """Bring the activity log of this screen up to date, or hide it."""
        panel = self.query_one("#activity", ActivityPanel)
        panel.display = self.house.activity_shown
        panel.clear()
        # Each line is a worker in the pool that the work on the systems needs: a hidden log takes none.
        for entry in self.house.activity if panel.display else ():
            panel.add(entry)
