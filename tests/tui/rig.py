"""The application over a real state, filled through the store: no system, no network, no clock but ours."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from textual.pilot import Pilot

from reconciler.app.review.own_filters import OwnFilters
from reconciler.app.workspace import SNAPSHOTS, Workspace
from reconciler.model.corrections import Person
from reconciler.project import load_project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State
from tests.store.state_cases import Clock
from tests.tui.waiting import wait_for
from tui.app import ReconcilerApp
from tui.i18n import texts_of
from tui.leaving import at_rest
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.viewmodel import Loading

PROJECT = """
[project]
name = "acme"
locale = "{locale}"
stage = "{stage}"

[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = {{ user_key = {{ env = "CRM_KEY" }} }}

[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:9/api"
credentials = {{ user = {{ env = "ERP_USER" }}, password = {{ env = "ERP_PASSWORD" }} }}

[scope.customers]
[scope.products]
{more}
"""
"""Its systems answer nowhere: what a screen shows of them comes from the state."""

SMALL = (80, 24)
LARGE = (160, 48)

Fill = Callable[[State, Clock], Awaitable[None]]
"""Puts something into an empty state, through the store."""

REVIEWER = Person("ana", frozenset({"reviewer", "operator"}))


@dataclass(frozen=True)
class Opening:
    """How a session is opened.

    Attributes:
        more: added to the project file.
    """

    locale: str = "en"
    stage: str = "sandbox"
    more: str = ""
    person: Person = REVIEWER
    read_only: str | None = None
    ascii_only: bool = False
    theme: str | None = None
    keymap: dict[str, str] = field(default_factory=dict)
    own_filters: OwnFilters | None = None


ENGLISH = Opening()


class States:
    """States that were filled once and are copied for each test: a migration costs more than everything else here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def copy_to(self, folder: Path, fill: Fill | None) -> Clock:
        """Put a state filled that way into a folder, as `state.db`; the clock stands where filling it ended."""
        if fill is not None and "empty" not in self._made:
            self._make_one(None)
        name = self._make_one(fill)
        shutil.copytree(self._made[name], folder, dirs_exist_ok=True)
        return Clock(datetime.fromisoformat((self._made[name] / "clock").read_text()))

    def _make_one(self, fill: Fill | None) -> str:
        name = "empty" if fill is None else fill.__name__
        clock = Clock()
        if name not in self._made:
            made = self._folder / name
            if fill is not None and "empty" in self._made:
                shutil.copytree(self._made["empty"], made)
            else:
                made.mkdir()
            # In a thread: a test that asks for it may have a loop of its own.
            with ThreadPoolExecutor(1) as executor:
                executor.submit(asyncio.run, self._make(made, fill, clock)).result()
            (made / "clock").write_text(clock.now.isoformat())
            self._made[name] = made
        return name

    async def _make(self, folder: Path, fill: Fill | None, clock: Clock) -> None:
        async with State.open("sqlite:///state.db", folder, clock=clock) as state:
            if fill is not None:
                await fill(state, clock)


@dataclass
class Rig:
    """A project folder with a filled state.

    Attributes:
        clock: of the state and of the session.
    """

    folder: Path
    clock: Clock

    def write_project(self, opening: Opening = ENGLISH) -> Path:
        """The project file, written."""
        path = self.folder / "reconciler.toml"
        path.write_text(PROJECT.format(locale=opening.locale, stage=opening.stage, more=opening.more), encoding="utf-8")
        return path

    @asynccontextmanager
    async def workspace(self, opening: Opening = ENGLISH) -> AsyncIterator[Workspace]:
        """The workspace, open."""
        project = load_project(self.write_project(opening), {})
        async with State.open("sqlite:///state.db", self.folder, clock=self.clock) as state:
            yield Workspace(project, state, ContentFolder(project.data / SNAPSHOTS))

    @asynccontextmanager
    async def running(
        self, opening: Opening = ENGLISH, *, size: tuple[int, int] = SMALL
    ) -> AsyncIterator[tuple[ReconcilerApp, Pilot[int]]]:
        """The application, with its first place shown and read."""
        async with self.workspace(opening) as workspace:
            app = ReconcilerApp(self.session(workspace, opening))
            app.animation_level = "none"
            try:
                async with app.run_test(size=size, notifications=True) as pilot:
                    await place_read(app, pilot)
                    yield app, pilot
            finally:
                await at_rest()

    def session(self, workspace: Workspace, opening: Opening = ENGLISH) -> Session:
        """A session as it is opened for a person."""
        project = workspace.project
        return Session(
            workspace,
            texts_of(project.file.project.locale, project.time_zone),
            opening.person,
            Path("acme.toml"),
            read_only=opening.read_only,
            ascii_only=opening.ascii_only,
            keymap=opening.keymap,
            theme=opening.theme,
            own_filters=opening.own_filters,
            clock=self.clock,
        )


async def place_read(app: ReconcilerApp, pilot: Pilot[int]) -> PlaceScreen:
    """The place that is shown, once it has read what it shows."""

    def drawn() -> bool:
        area = app.screen.query_one("#body" if app.place and app.place.state is None else "#state")
        return area.is_on_screen and area.size.height > 0 and not app.screen._layout_required

    def read() -> bool:
        place = app.place
        return place is not None and place.is_mounted and place.was_read and not isinstance(place.state, Loading)

    await wait_for(pilot, read, "a place that has read what it shows")
    await wait_for(pilot, drawn, "what was read, drawn")
    if app.place is None:
        raise AssertionError("no place is shown")
    return app.place


async def go(app: ReconcilerApp, pilot: Pilot[int], place: str) -> PlaceScreen:
    """Go to a place, and give it when it has read what it shows."""
    app.go(place)
    await wait_for(pilot, lambda: app.place is not None and place == app.place.PLACE, f"the place {place}")
    return await place_read(app, pilot)
