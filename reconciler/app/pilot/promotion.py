"""From one stage to the next, and back: audited acts. Up only when nothing stands against it, down at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reconciler.app.correct import OPERATING, PROMOTING, Acting
from reconciler.app.pilot.assessment import unsigned
from reconciler.app.pilot.standing import declaration_text, file_stage, standing_of, written_system
from reconciler.errors import RefusedError
from reconciler.model.correction_records import LIVE_STATES, CorrectionFilter
from reconciler.model.corrections import CorrectionState
from reconciler.model.pilot import Declared, Freeze, Stage, StageChange
from reconciler.phrases.phrase import joined, phrase
from reconciler.pilot.stages import PromotionFacts, Standing, objections, target_of
from reconciler.store.state.records import RunStatus
from reconciler.store.state.state import State

_RUNS_LOOKED_AT: Final = 200
_A_MOMENT: Final = timedelta(microseconds=1)
_ALLOWED: Final = LIVE_STATES - {CorrectionState.PROPOSED}


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a promotion would lead to, and what stands against it.

    Attributes:
        target: None where there is no further stage.
        objections: a clause each; none when it may be made.
    """

    standing: Standing
    target: Stage | None
    objections: tuple[str, ...]


async def prospect_of(acting: Acting) -> Prospect:
    """What the next promotion asks for.

    Raises:
        StateError: the state cannot be read.
    """
    standing = await standing_of(acting.workspace, acting.descriptions)
    target = target_of(standing)
    if target is None:
        return Prospect(standing, None, ())
    return Prospect(standing, target, tuple(objections(target, standing, await _facts(acting, standing, target))))


async def promote(acting: Acting, reason: str) -> StageChange:
    """Let the project go one stage further; in the stage it has, where other systems are named now.

    Raises:
        RefusedError: the person may not, gives no reason, or something stands against it; everything is named.
        StateError: the state cannot be used.
    """
    acting.require(PROMOTING, "promote the project")
    _need_reason(reason)
    prospect = await prospect_of(acting)
    target, standing = prospect.target, prospect.standing
    if target is None:
        raise RefusedError(phrase("the project is in the highest stage, “{stage}”, already.", stage=standing.granted))
    if prospect.objections:
        raise RefusedError(
            phrase(
                "the project is not promoted to “{stage}”: {reasons}.",
                stage=target,
                reasons=joined("; ", prospect.objections),
            ),
            hint=phrase("`reconciler pilot status` lists what is missing."),
        )
    return await _move(acting, standing, target, reason)


async def fall_back(acting: Acting, reason: str, to: Stage | None = None) -> StageChange:
    """Let the project be written less, at once: what is being applied stops before its next record.

    Args:
        to: one stage down where none is given.

    Raises:
        RefusedError: the person may not, gives no reason, or the stage is not below.
        StateError: the state cannot be used.
    """
    acting.require(OPERATING, "fall back")
    _need_reason(reason)
    standing = await standing_of(acting.workspace, acting.descriptions)
    target = standing.granted.next_down if to is None else to
    if target is None or target.rank >= standing.granted.rank:
        raise RefusedError(
            phrase("the project stands at “{stage}”, and falls back only to what is below.", stage=standing.granted)
        )
    return await _move(acting, standing, target, reason)


async def start_pilot(acting: Acting, reason: str = "") -> Declared:
    """Seal `[pilot]` as it is in the project file: scope, limits, criteria and stop rules hold from now on.

    Args:
        reason: needed where another pilot was started before; it is kept with the change.

    Raises:
        RefusedError: the person may not, there is no `[pilot]`, it is started so already, or it is declared anew
            without a reason.
        StateError: the state cannot be used.
    """
    acting.require(PROMOTING, "start the pilot")
    pilot = acting.workspace.project.file.pilot
    if pilot is None:
        raise RefusedError(phrase("the project file has no [pilot]."), hint=phrase("docs/pilot.md shows one."))
    standing = await standing_of(acting.workspace, acting.descriptions)
    if standing.declared_as_started:
        raise RefusedError(phrase("this pilot is started already."))
    if standing.declared is not None and not reason.strip():
        raise RefusedError(
            phrase("the pilot was started with another declaration."),
            hint=phrase(
                "Put [pilot] back as it was, or declare it anew with --reason: days and signatures begin anew too."
            ),
        )
    if standing.declaration is None:
        raise RuntimeError("a declared pilot has a digest")
    said = reason.strip() if standing.declared is not None else ""
    return await acting.workspace.state.pilot.declare(
        acting.person.name, said, standing.declaration, declaration_text(pilot), acting.clock()
    )


async def lift_freeze(acting: Acting, reason: str) -> Freeze:
    """Let corrections be written again after a stop rule fired.

    Raises:
        RefusedError: the person may not, gives no reason, or nothing is frozen.
        StateError: the state cannot be used.
    """
    acting.require(OPERATING, "lift a freeze")
    _need_reason(reason)
    return await acting.workspace.state.stages.lift(acting.person.name, reason.strip(), acting.clock())


async def _move(acting: Acting, standing: Standing, target: Stage, reason: str) -> StageChange:
    change = StageChange(acting.clock(), target, standing.granted, acting.person.name, reason.strip(), standing.systems)
    await acting.workspace.state.stages.move(change, expected=standing.reached)
    return change


async def _facts(acting: Acting, standing: Standing, target: Stage) -> PromotionFacts:
    workspace, now = acting.workspace, acting.clock()
    project, state = workspace.project, workspace.state
    people, pilot = project.file.people, project.file.pilot
    systems = [written_system(project, side, each) for side, each in acting.descriptions.items()]
    ended = [] if standing.reached is None else await state.journal.outcomes(standing.reached.at, now + _A_MOMENT)
    return PromotionFacts(
        file_stage=file_stage(project),
        now=now,
        today=now.astimezone(project.time_zone).date(),
        not_test=tuple(each.side.value for each in systems if not each.is_test),
        under_way=await state.corrections.count(CorrectionFilter(states=_ALLOWED)),
        last_run_at=await _last_whole_run(state),
        verified=sum(each.state is CorrectionState.VERIFIED for each in ended),
        roles=None if people is None else frozenset(role for each in people.values() for role in each.roles),
        last_day=None if pilot is None else pilot.ends,
        unsigned=tuple(await unsigned(acting)) if target is Stage.LIVE else (),
    )


async def _last_whole_run(state: State) -> datetime | None:
    """When the latest run over everything in scope began; None where it did not compare all of it."""
    for each in await state.runs.history(_RUNS_LOOKED_AT):
        if not each.entities and each.status is not RunStatus.RUNNING:
            return each.started_at if each.status is RunStatus.COMPLETE else None
    return None


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise RefusedError(phrase("nothing says why."), hint=phrase("Give a reason; it stays in the trail."))
