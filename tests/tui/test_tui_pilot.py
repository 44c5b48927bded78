"""The pilot through keys: declared, run, spoken about, signed; and what nobody may do to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.app.pilot.promotion import start_pilot
from reconciler.model.corrections import Person
from reconciler.model.pilot import DayValue, Feedback, ScenarioResult, Stage
from reconciler.store.state.state import State
from tests.app.corrections_rig import Clock as RunningClock
from tests.app.corrections_rig import rig
from tests.app.pilot_rig import SCOPE, declared
from tests.store.state_cases import START, Clock
from tests.tui.plan_rig import Planning, planning
from tests.tui.rig import LARGE, SMALL, Opening, Rig, go
from tests.tui.waiting import settled, shown, wait_for
from tui.app import ReconcilerApp
from tui.screens.pilot import PilotScreen

PEOPLE = '\n[people]\ncaio = { roles = ["admin", "operator"] }\ndora = { roles = ["reviewer"] }\n'
CAIO = Person("caio", frozenset({"admin", "operator"}))
LooksAsBefore = Callable[[ReconcilerApp], None]


@dataclass
class Piloting:
    """One person at the pilot's place."""

    at: Planning
    screen: PilotScreen

    async def rests(self) -> None:
        def still() -> bool:
            working = any(
                not worker.is_finished for worker in self.at.app.workers if worker.group in ("load", "decide")
            )
            return not (working or self.at.app.writing.is_running or self.screen.is_deciding)

        await wait_for(self.at.pilot, still, "a pilot at rest")

    async def form(self, key: str, *answers: str) -> None:
        await self.at.pilot.press(key)
        for number, answer in enumerate(answers):
            await wait_for(self.at.pilot, lambda: self.at.is_asked and self.at.app.focused, "the form")
            self.at.app.screen.query_one(f"#field-{number}").value = answer  # type: ignore[attr-defined]  # an Input
        await self.at.pilot.press("enter")

    async def commands(self, count: int) -> list[str]:
        await wait_for(self.at.pilot, lambda: len(self.at.commands()) >= count, f"{count} commands")
        return self.at.commands()


def _declared_with_noise(text: str) -> str:
    """Two seconds between the comparisons: how far a run is can be seen, however slow the machine is."""
    return text + PEOPLE + declared(RunningClock().now, SCOPE).replace("noise_minutes = 0", "noise_minutes = 0.03")


@asynccontextmanager
async def piloting(folder: Path, person: str) -> AsyncIterator[Piloting]:
    async with (
        rig(folder, _declared_with_noise) as box,
        planning(box.workspace, box.clock, person=person) as at,
    ):
        place = await go(at.app, at.pilot, "pilot")
        assert isinstance(place, PilotScreen)
        yield Piloting(at, place)


async def test_a_day_of_the_pilot_goes_through_keys(tmp_path: Path) -> None:
    async with piloting(tmp_path, "caio") as day:
        at, screen = day.at, day.screen
        await shown(at.pilot, "no pilot was started")
        await day.form("D", "")
        await wait_for(at.pilot, lambda: screen.look is not None and screen.look.status["pilot"], "a declaration")

        await at.pilot.press("s")
        await shown(at.pilot, "Running the pilot")
        await wait_for(at.pilot, lambda: screen.look is not None and screen.look.assessment is not None, "a day")
        await day.rests()
        await shown(at.pilot, "Unknown outcomes")
        assert screen.look is not None
        assert screen.look.assessment is not None
        measured = screen.look.assessment.scorecard.days[-1].marks
        assert measured["unknown_outcomes"].value == 0

        await day.form("a", "the IPI is wrong", "blocker", "1201")
        await day.rests()
        for _ in range(2):
            await at.pilot.press("right_square_bracket")
        await shown(at.pilot, "the IPI is wrong")
        await day.form("x", "the rate was mended")
        await shown(at.pilot, "Closed by caio")

        content = screen.look.assessment.scorecard.content
        await day.form("S", "00000000")
        await shown(at.pilot, f"Type {content[:8]}.")
        at.app.screen.query_one("#field-0").value = content[:8]  # type: ignore[attr-defined]  # an Input
        await at.pilot.press("enter")
        await at.told("the pilot is not over yet.")
        assert [each.split(" --as")[0] for each in await day.commands(4)] == [
            "pilot start",
            "pilot run",
            "pilot feedback add 'the IPI is wrong' --severity blocker --quote 1201",
            f"pilot feedback close {screen.look.feedback[0].id} --answer 'the rate was mended'",
        ]
        assert (await at.workspace.state.audit.verify()).is_whole


async def test_who_may_not_is_told_why_and_nothing_is_done(tmp_path: Path) -> None:
    async with piloting(tmp_path, "dora") as day:
        at = day.at
        before = await at.head()
        for key in ("D", "s", "A", "U", "F", "i"):
            await at.pilot.press(key)
        await at.told("dora")
        await at.pilot.press("S")
        await at.told("There is no scorecard to sign.")
        assert await at.head() == before
        assert at.commands() == []


async def _week(state: State, clock: Clock) -> None:
    """Three days of a pilot, something said, a scenario that failed, and a stop rule that fired."""
    clock.now = datetime(2026, 11, 18, 15, tzinfo=UTC)
    words = "[b]o IPI[/b] não confere"
    await state.pilot.add_feedback(Feedback("0" * 16, clock.now, "ana", "blocker", words, "quotes", "1201"))
    await state.pilot.add_feedback(Feedback("1" * 16, clock.now, "bia", "note", "ficou mais rápido"))
    failed = ScenarioResult(
        "new-customer", clock.now, 3.2, "ana", Stage.SANDBOX, "failed", "Sem divergências.", "Uma ficou.", 1,
        "data/scenarios/new-customer.json", "ab" * 32,
    )  # fmt: skip
    await state.scenarios.keep(failed)


def _declaration() -> str:
    return declared(datetime(2026, 11, 18, 15, tzinfo=UTC), 'entities = ["customers"]', more="blockers = 0")


@pytest.mark.parametrize(
    ("opening", "size"),
    [
        (Opening(locale="pt-BR", more=PEOPLE + _declaration(), person=CAIO), SMALL),
        (Opening(more=PEOPLE + _declaration(), person=CAIO, ascii_only=True), LARGE),
    ],
    ids=["portuguese", "ascii-wide"],
)
async def test_every_part_looks_as_before(
    rig_of: Callable[..., Rig], looks_as_before: LooksAsBefore, opening: Opening, size: tuple[int, int]
) -> None:
    async with rig_of(_week).running(opening, size=size) as (app, pilot):
        place = await go(app, pilot, "pilot")
        assert isinstance(place, PilotScreen)
        day = [
            DayValue(date(2026, 11, 18), "open_per_1000", Decimal("693.55"), 62),
            DayValue(date(2026, 11, 18), "unknown_outcomes", Decimal(0), 0),
            DayValue(date(2026, 11, 18), "blockers", Decimal(1), 2),
            DayValue(date(2026, 11, 18), "tax_drift", Decimal("184303.41"), 12),
        ]
        sealed = await start_pilot(place.acting)
        await place.session.workspace.state.pilot.keep_day(sealed.number, day, START)
        place.load()
        await wait_for(pilot, lambda: place.look is not None and place.look.assessment is not None, "a scorecard")
        for _ in range(4):
            await settled(pilot)
            looks_as_before(app)
            await pilot.press("right_square_bracket")


async def test_without_a_pilot_the_place_says_what_to_do(
    rig_of: Callable[..., Rig], looks_as_before: LooksAsBefore
) -> None:
    async with rig_of().running(Opening(locale="pt-BR", read_only="refusal.asked")) as (app, pilot):
        await go(app, pilot, "pilot")
        await settled(pilot)
        looks_as_before(app)
        await pilot.press("s")
        await shown(pilot, app.texts("refusal.asked")[:30])
