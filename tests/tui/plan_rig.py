"""The screen for plans over stand-in systems in this process, and people at work behind it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from reconciler.app.correct import Acting, ProposeOptions, person_of_user, propose_corrections
from reconciler.app.workspace import Workspace
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import Clock
from tests.tui.rig import go
from tests.tui.waiting import wait_for
from tui.app import ReconcilerApp
from tui.i18n import texts_of
from tui.leaving import at_rest
from tui.plan.tabs import Tab
from tui.review.asking import AskModal, LinesModal
from tui.screens.plan import PlanScreen
from tui.session import Session
from tui.widgets.confirm import ConfirmModal

SIZE = (110, 32)
PEOPLE = """
[people]
ana = { roles = ["reviewer", "operator"] }
bruno = { roles = ["reviewer"] }
olga = { roles = ["operator"] }
"""
TWO_EYES = f"{PEOPLE}\n[approvals]\nrequired = 2\n"


@dataclass
class Planning:
    """One person at the screen for plans, and the state behind it, where others work."""

    workspace: Workspace
    clock: Clock
    app: ReconcilerApp
    pilot: Pilot[int]
    _first: Acting | None = None

    @property
    def screen(self) -> PlanScreen:
        """The place that is shown."""
        if not isinstance(self.app.place, PlanScreen):
            raise AssertionError("the plans are not shown")
        return self.app.place

    @property
    def chosen(self) -> str:
        """The list that is shown."""
        return self.screen.tab.value

    def acting(self, name: str) -> Acting:
        """Somebody else at work."""
        return Acting.begin(
            self.workspace, person_of_user(self.workspace.project, "nobody", as_person=name), self.clock
        )

    async def propose(self, name: str = "ana", **chosen: object) -> list[Correction]:
        """Proposals for findings."""
        wanted = FindingFilter(**chosen)  # type: ignore[arg-type]  # as the test names them
        proposed = await propose_corrections(self.acting(name), wanted, ProposeOptions(everything=True))
        return list(proposed.corrections)

    async def corrections(self, *states: CorrectionState) -> list[Correction]:
        """All corrections in these states."""
        return await self.workspace.state.corrections.listed(CorrectionFilter(states=states or None))

    async def head(self) -> tuple[int, str]:
        """The end of the trail."""
        return await self.workspace.state.audit.head()

    @asynccontextmanager
    async def between_two_looks(self) -> AsyncIterator[None]:
        """What others do meanwhile is not seen yet, however slow the machine is."""
        watch = [timer for timer in self.app._timers if timer.name == "watch"]
        assert len(watch) == 1
        watch[0].pause()
        await wait_for(
            self.pilot,
            lambda: all(each.is_finished for each in self.app.workers if each.group == "watch"),
            "the end of a look",
        )
        # What the last look found may be asked for only now, in a message that is still to be handled.
        for _ in range(2):
            await self.pilot.pause()
            await self.at_rest()
        yield
        watch[0].resume()

    async def open(self) -> None:
        """Go there."""
        await go(self.app, self.pilot, "plans")
        await self.at_rest()

    async def tab(self, tab: Tab) -> None:
        """Choose a list, with its rows on the screen or the reason for none."""
        await choose(self.pilot, self.screen, tab)
        await self.at_rest()

    async def at_rest(self) -> None:
        """Return when nothing is read, decided or written, and the panel is about the line under the cursor."""

        def rests() -> bool:
            screen = self.screen
            busy = screen.is_deciding or self.app.writing.is_running
            reading = any(
                worker.group in ("load", "tab", "panel", "live") and not worker.is_finished
                for worker in self.app.workers
            )
            there = screen.state is not None or screen.table.row is not None
            return not busy and not reading and there and screen.was_read

        await wait_for(self.pilot, rests, "a screen at rest")

    async def press(self, *keys: str) -> None:
        """Press keys; what they began is over, or asks something, when this returns."""
        await self.pilot.press(*keys)
        await wait_for(self.pilot, lambda: not self.screen.is_deciding or self.is_asked, "the end of it")
        if not self.is_asked:
            await self.at_rest()

    @property
    def is_asked(self) -> bool:
        """Whether something is asked."""
        return isinstance(self.app.screen, AskModal | ConfirmModal | LinesModal)

    async def answer(self, *answers: str) -> None:
        """Fill in the form that is asked."""
        await wait_for(self.pilot, lambda: isinstance(self.app.screen, AskModal) and self.app.focused, "the form")
        for number, answer in enumerate(answers):
            self.app.screen.query_one(f"#field-{number}", Input).value = answer
        await self.press("enter")

    async def confirm(self, *keys: str) -> ConfirmModal:
        """Answer the question with keys; gives it."""
        await wait_for(
            self.pilot, lambda: isinstance(self.app.screen, ConfirmModal) and self.app.focused, "the question"
        )
        modal = self.app.screen
        if not isinstance(modal, ConfirmModal):
            raise AssertionError("nothing is asked")
        await self.press(*keys)
        return modal

    async def to(self, correction_id: str) -> None:
        """Put the cursor on a correction."""
        source = self.screen.source
        place = None if source is None else await source.position(correction_id)
        if place is None:
            raise AssertionError("no such line")
        self.screen.table.move_to(place)
        await wait_for(self.pilot, lambda: self.screen.table.cursor_id == correction_id, "the line")
        await self.at_rest()

    async def told(self, text: str) -> None:
        """Return as soon as a message says so."""

        def said() -> bool:
            return any(text in f"{each.title} {each.message}" for each in self.app._notifications)

        await wait_for(self.pilot, said, f"a message “{text}”")

    async def outcome(self, text: str) -> None:
        """Return as soon as work came to that; looking at the whole screen all the while would cost more than it."""

        def so() -> bool:
            outcome = self.screen.outcome
            return outcome is not None and any(text in line for line in (*outcome.lines, *outcome.details))

        await wait_for(self.pilot, so, f"an outcome “{text}”")
        await self.at_rest()

    def commands(self) -> list[str]:
        """The equivalent commands so far, without what they all begin with."""
        head = "reconciler --project acme.toml "
        return [entry.command.removeprefix(head) for entry in self.app.activity if entry.command is not None]


async def choose(pilot: Pilot[int], screen: PlanScreen, tab: Tab) -> None:
    """Go from list to list until that one is chosen."""

    def moved_on(before: Tab) -> Callable[[], bool]:
        return lambda: screen.tab is not before

    while screen.tab is not tab:
        before = screen.tab
        await pilot.press("right_square_bracket")
        await wait_for(pilot, moved_on(before), "another list")


@asynccontextmanager
async def planning(
    workspace: Workspace,
    clock: Clock,
    *,
    person: str = "ana",
    read_only: str | None = None,
    size: tuple[int, int] = SIZE,
) -> AsyncIterator[Planning]:
    """The application of one person, in English, over an open workspace."""
    project = workspace.project
    session = Session(
        workspace,
        texts_of("en", project.time_zone),
        person_of_user(project, "nobody", as_person=person),
        Path("acme.toml"),
        read_only=read_only,
        as_person=person,
        clock=clock,
    )
    app = ReconcilerApp(session)
    app.animation_level = "none"
    before = asyncio.all_tasks()
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            at = Planning(workspace, clock, app, pilot)
            yield at
    finally:
        # Stand-in systems keep connections of this process open; waiting for them would take the whole limit.
        serving = {each for each in asyncio.all_tasks() if "RequestHandler.start" in repr(each.get_coro())}
        await at_rest(besides=before | serving)


def in_english(more: str = PEOPLE) -> Callable[[str], str]:
    """How the text of a project file is changed."""
    return lambda text: text.replace('locale = "pt-BR"', 'locale = "en"') + more


def only(text: str, entity: str) -> str:
    """The text of a project file without the other entities: what is looked at here is not how they are compared."""
    sections = re.split(r"(?m)^(?=\[)", text)
    kept = (each for each in sections if not each.startswith("[scope.") or each.startswith(f"[scope.{entity}"))
    return "".join(kept)
