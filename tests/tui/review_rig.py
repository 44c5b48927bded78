"""The review over what was reconciled once. The systems are gone: nothing that is decided may need them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from reconciler.app.correct import Acting, person_of_user
from reconciler.app.wire import Workspace, open_workspace
from reconciler.logs import configure_logging
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.model.findings import Finding, FindingStatus
from reconciler.project import load_project
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import Clock, reconciled_once
from tests.tui.rig import go
from tests.tui.waiting import wait_for
from tui.app import ReconcilerApp
from tui.i18n import texts_of
from tui.review.asking import AskModal
from tui.screens.review import ReviewScreen
from tui.session import Session
from tui.widgets.table_rows import TableRow
from tui.widgets.virtual_table import VirtualTable

SIZE = (110, 32)
PEOPLE = """
[people]
ana = { roles = ["reviewer", "operator"] }
bruno = { roles = ["reviewer"] }

[approvals]
required = 2
"""


@dataclass
class Reviewing:
    """One person at the review, and the state behind it, where others work."""

    workspace: Workspace
    clock: Clock
    app: ReconcilerApp
    pilot: Pilot[int]
    screen: ReviewScreen

    def acting(self, name: str) -> Acting:
        """Somebody else at work."""
        project = self.workspace.project
        return Acting.begin(self.workspace, person_of_user(project, "nobody", as_person=name), self.clock)

    async def findings(self, **chosen: str) -> dict[str, Finding]:
        """The open findings of a filter, by id."""
        wanted = FindingFilter(status=FindingStatus.OPEN, **chosen)
        return {finding.id: finding async for finding in self.workspace.state.findings.iterate(wanted)}

    async def corrections(self, state: CorrectionState | None = None) -> list[Correction]:
        """All corrections, or those in one state."""
        chosen = CorrectionFilter(states=state)
        return [each async for each in self.workspace.state.corrections.iterate(chosen)]

    async def state_of(self, correction_id: str) -> CorrectionState:
        """Where a correction is."""
        return (await self.workspace.state.corrections.get(correction_id)).state

    async def press(self, *keys: str) -> None:
        """Press keys; a decision that they began is carried out, or asks something, when this returns."""
        await self.pilot.press(*keys)
        await wait_for(self.pilot, lambda: not self.screen.is_deciding or self._is_asked(), "a decision")

    def _is_asked(self) -> bool:
        return self.app.screen is not self.screen

    async def answer(self, *answers: str) -> None:
        """Fill in the question that is asked."""
        await wait_for(self.pilot, lambda: isinstance(self.app.screen, AskModal) and self.app.focused, "the question")
        for number, answer in enumerate(answers):
            self.app.screen.query_one(f"#field-{number}", Input).value = answer
        await self.pilot.press("enter")

    async def filter_by(self, typed: str) -> None:
        """Narrow the list."""
        await self.pilot.press("slash")
        self.screen.query_one("#filter", Input).value = typed
        await self.pilot.press("enter")
        await wait_for(
            self.pilot, lambda: self.screen.view.typed == typed and self.screen.source_is_shown, "the filter"
        )

    async def to(self, wanted: Callable[[TableRow], bool]) -> TableRow:
        """Put the cursor on the first line that is wanted and wait until its record is shown."""
        table = self.screen.table
        for position in range(table.count):
            if table.row_at(position) is None:
                table.move_to(position)
                await wait_for(self.pilot, partial(_is_read, table, position), "a line that is read")
            row = table.row_at(position)
            if row is not None and wanted(row):
                table.move_to(position)
                if row.heading is None:
                    await wait_for(self.pilot, lambda: self.screen.shown_record() is not None, "the record")
                return row
        raise AssertionError("no such line")

    async def to_finding(self, field: str) -> TableRow:
        """To the first finding of a field."""
        wanted = await self.findings(field=field)
        return await self.to(lambda row: row.id in wanted)

    async def told(self, text: str) -> None:
        """Return as soon as a message says so."""

        def said() -> bool:
            return any(text in message.message for message in self.app._notifications)

        await wait_for(self.pilot, said, f"a message “{text}”")


def _is_read(table: VirtualTable, position: int) -> bool:
    return table.row_at(position) is not None


@asynccontextmanager
async def reviewing(
    folder: Path,
    *,
    more: str = "",
    person: str = "ana",
    read_only: str | None = None,
    size: tuple[int, int] = SIZE,
) -> AsyncIterator[Reviewing]:
    """The review, open and read, as one person sees it in English.

    Args:
        more: added to the project file.
    """
    configure_logging(debug=False)
    box = folder / "box"
    shutil.copytree(await asyncio.to_thread(reconciled_once), box)
    project_file = box / "reconciler.toml"
    project_file.write_text(project_file.read_text().replace('locale = "pt-BR"', 'locale = "en"') + more)
    clock = Clock()
    async with open_workspace(load_project(project_file)) as workspace:
        project = workspace.project
        session = Session(
            workspace,
            texts_of(project.file.project.locale, project.time_zone),
            person_of_user(project, "nobody", as_person=person),
            Path("acme.toml"),
            read_only=read_only,
            as_person=person,
            clock=clock,
        )
        app = ReconcilerApp(session)
        app.animation_level = "none"
        async with app.run_test(size=size, notifications=True) as pilot:
            screen = await go(app, pilot, "review")
            if not isinstance(screen, ReviewScreen):
                raise AssertionError("the review is not there")
            await wait_for(pilot, lambda: screen.table.row is not None, "rows")
            yield Reviewing(workspace, clock, app, pilot, screen)
