"""Systems: what probing both of them tells, when somebody asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.action import Action
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.text import lines, plain
from tui.viewmodel import EmptyNone, Failed, Loading, Notice, NoticeKind, ViewState, problem_of

if TYPE_CHECKING:
    from reconciler.app.check import SystemCheck

_CHECK: Final = "systems.check"
_SPARE_CELLS: Final = 6
_LEAST_ROOM: Final = 40


class SystemsScreen(PlaceScreen):
    """Grades, throttle, breaker, entities and limits. It is the one place that calls out when it is looked at."""

    PLACE = "systems"
    AUTO_FOCUS = "#told"
    CSS = """
    SystemsScreen #told { padding: 0 1; height: 1fr; }
    SystemsScreen Static { height: auto; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.checked: list[SystemCheck] = []
        self._checked_at: datetime | None = None
        self.is_checking = False

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="told"):
            yield Static(plain(""), id="systems")

    async def fill(self) -> ViewState | None:
        """What was told last; nothing is asked."""
        if self.is_checking:
            return Loading(self.texts("systems.checking"))
        if self._checked_at is None and self.house.tax_desk is None:
            return EmptyNone(self.texts("systems.none"), self.texts("systems.none_to_do"))
        self._show()
        return None

    async def state_moved(self) -> None:
        """The store says nothing about what is shown here."""

    def disabled_reason(self, action: Action) -> str | None:
        """One check at a time."""
        if action.id == _CHECK and self.is_checking:
            return self.texts("systems.checking")
        return super().disabled_reason(action)

    async def do_systems_check(self) -> None:
        """Probe both systems; Escape gives up."""
        from reconciler.app.check import check_systems

        self.is_checking = True
        self.show_state(Loading(self.texts("systems.checking")))
        try:
            self.checked = await check_systems(self.session.workspace)
            self._checked_at = self.session.clock()
            self.is_checking = False
            self._show()
            self.show_state(None)
        except Exception as error:
            self.is_checking = False
            self.show_state(Failed(problem_of(error, self.texts)))
            raise
        finally:
            self.is_checking = False
            self.refresh_bindings()

    def go_back(self) -> bool:
        """Give up a check that is under way."""
        if not self.is_checking:
            return False
        self.workers.cancel_group(self, _CHECK)
        self.is_checking = False
        self.load()
        return True

    def _show(self) -> None:
        from tui.system_details import desk_details, system_details

        room = max(_LEAST_ROOM, self.size.width - _SPARE_CELLS)
        told = []
        if self._checked_at is None:
            told.append(lines(plain(self.texts("systems.none"), "bold"), plain(self.texts("systems.none_to_do"))))
        else:
            told.append(plain(self.texts("systems.checked_at", at=self.texts.moment(self._checked_at)), "$text-muted"))
        told += [lines(*system_details(system, self.session, room)) for system in self.checked]
        told.append(lines(*desk_details(self.house.tax_desk, self.session)))
        self.query_one("#systems", Static).update(Content("\n\n").join(told))
        unread = [system.side.upper() for system in self.checked if not system.readable]
        notices = (
            [Notice(NoticeKind.PARTIAL, self.texts("systems.partial", systems=", ".join(unread)))] if unread else []
        )
        self.show_notices(*notices)
