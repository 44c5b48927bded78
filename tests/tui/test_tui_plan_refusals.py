"""Nobody gets around the one way to corrections from a screen: each attempt is refused, and leaves no trace."""

from __future__ import annotations

import ast
import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import tui
from reconciler.app.correct import Choice, Edit, approve_corrections, edit_correction, plan_corrections
from reconciler.app.workspace import open_workspace
from reconciler.logs import configure_logging
from reconciler.model.corrections import CorrectionState
from reconciler.project import load_project
from tests.app.corrections_rig import Clock, reconciled_once
from tests.test_correction_entrances import _PARTS, _WRITER, _decisions, _imports
from tests.tui.plan_rig import PEOPLE, TWO_EYES, Planning, in_english, planning
from tests.tui.waiting import shown, wait_for
from tui.plan.tabs import Tab
from tui.plan.writing import Work, WritingProgress
from tui.review.asking import LinesModal

_S = CorrectionState
_SAYS_WHO_MAY = {f"{_PARTS}.people"}
"""Names roles and people; decides nothing."""


def test_no_module_of_the_screens_goes_around_the_choke_point() -> None:
    found = set()
    for path in Path(tui.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {(path.name, decision) for decision in _decisions(tree)}
        for module, name in _imports(tree):
            if name in _WRITER or (module.startswith(_PARTS) and module not in _SAYS_WHO_MAY):
                found.add((path.name, f"{module} {name}"))
    assert found == set()


@asynccontextmanager
async def _without_systems(
    folder: Path, people: str, person: str, read_only: str | None = None
) -> AsyncIterator[Planning]:
    """A project that was reconciled, whose systems are gone: what is refused here needs none."""
    configure_logging(debug=False)
    box = folder / "box"
    shutil.copytree(await asyncio.to_thread(reconciled_once), box)
    project_file = box / "reconciler.toml"
    project_file.write_text(in_english(people)(project_file.read_text()))
    async with (
        open_workspace(load_project(project_file)) as workspace,
        planning(workspace, Clock(), person=person, read_only=read_only) as at,
    ):
        yield at


async def test_neither_the_proposer_nor_another_content_is_approved(tmp_path: Path) -> None:
    async with _without_systems(tmp_path, TWO_EYES, "ana") as at:
        first, second, *_ = [each for each in await at.propose(field="email") if not each.problems]
        await approve_corrections(at.acting("bruno"), Choice([first.id]))
        await at.open()
        await shown(at.pilot, "1/2 ")
        await at.to(first.id)
        await shown(at.pilot, "Approvals 1 of 2 (bruno)")
        await shown(at.pilot, "1 missing, and nobody who may give it")
        head = await at.head()
        await at.press("a")
        await at.told("ana proposed it and is no further pair of eyes; it takes 2 people")
        assert await at.head() == head

        await at.to(second.id)
        await shown(at.pilot, second.id)
        async with at.between_two_looks():
            await edit_correction(at.acting("bruno"), second.id, [Edit("email", "outro@example.com")])
            head = await at.head()
            await at.press("a")
            await at.told("it is not what was looked at any more")
        assert await at.head() == head
        assert (await at.workspace.state.corrections.approvals([second.id]))[second.id] == []
        await shown(at.pilot, "outro@example.com")
        await at.press("a")
        await at.told("1 waits for another person")
        given = (await at.workspace.state.corrections.approvals([second.id]))[second.id]
        assert [each.person for each in given] == ["ana"]
        await at.press("w")
        await at.told("1 approval taken back.")
        await at.press("x")
        await at.answer("not now")
        await at.told("1 correction rejected.")
        assert (await at.workspace.state.corrections.get(second.id)).state is _S.REJECTED
        commands = [command.partition(" --as")[0] for command in at.commands()]
        assert commands == [
            f"corrections approve {second.id}",
            f"corrections withdraw {second.id}",
            f"corrections reject --reason 'not now' {second.id}",
        ]


async def test_who_lacks_the_role_is_refused_on_the_screen_and_beneath_it(tmp_path: Path) -> None:
    async with _without_systems(tmp_path, PEOPLE, "bruno") as at:
        first, *_ = [each for each in await at.propose(field="email") if not each.problems]
        await approve_corrections(at.acting("ana"), Choice([first.id]))
        planned = await plan_corrections(at.acting("ana"), Choice([first.id]), out=tmp_path / "plan.json", check=False)
        assert planned.sealed is not None
        await at.open()
        await at.tab(Tab.PLANNED)
        head = await at.head()
        await at.press("p", "A", "R", "S", "D")
        await at.told("bruno may not: it takes one of the roles admin, operator.")
        for act, name in (
            (at.screen.do_plans_apply, "apply corrections"),
            (at.screen.do_plans_seal, "plan corrections"),
            (at.screen.do_plans_dry_run, "apply corrections"),
        ):
            act()
            if act == at.screen.do_plans_apply:
                await at.confirm("tab", "enter")
            await at.told(f"bruno may not {name}.")
            await at.at_rest()
        assert await at.head() == head
        assert (await at.workspace.state.corrections.get(first.id)).state is _S.PLANNED
        assert await at.workspace.state.journal.steps(first.id) == []


async def test_read_only_and_systems_that_are_away(tmp_path: Path) -> None:
    """Read-only says why; with the systems away nothing is sealed, and the reason is told."""
    async with _without_systems(tmp_path, PEOPLE, "ana") as at:
        first, *_ = [each for each in await at.propose(field="email") if not each.problems]
        await approve_corrections(at.acting("ana"), Choice([first.id]))
        await at.open()
        await at.press("p")
        await at.told("That is done in: Approved, Planned.")
        await at.tab(Tab.APPROVED)
        await at.press("p")
        await wait_for(at.pilot, lambda: isinstance(at.app.screen, LinesModal), "what was left out")
        await at.outcome("Nothing would go through: no plan was sealed.")
        assert (await at.workspace.state.corrections.get(first.id)).state is _S.APPROVED
        await at.pilot.press("enter")
        await at.pilot.press("escape")
        object.__setattr__(at.app.session, "read_only", "refusal.asked")
        head = await at.head()
        await at.press("p", "x", "w", "A", "R")
        await at.told("Read-only: the session was started with --read-only.")
        assert not at.is_asked
        assert await at.head() == head


def test_progress_knows_rate_and_rest() -> None:
    now_s = [0.0]
    progress = WritingProgress(Work.APPLY, lambda: now_s[0], total=200)
    now_s[0] = 20.0
    assert (progress.rate_per_s, progress.left_s) == (None, None)
    begun = WritingProgress(Work.APPLY, lambda: now_s[0], done=50, total=200)
    now_s[0] = 40.0
    assert (begun.rate_per_s, begun.left_s) == (2.5, 60.0)
