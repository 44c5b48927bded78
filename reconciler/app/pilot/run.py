"""One run of the pilot: both systems compared twice, taxes asked for, what is approved rehearsed, the day measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reconciler.app.correct import (
    OPERATING,
    Acting,
    Applied,
    Choice,
    Planned,
    apply_plan,
    findings_in_scope,
    keys_in_scope,
    plan_corrections,
    read_plan_file,
)
from reconciler.app.notifications.freezing import tell_frozen
from reconciler.app.notifications.telling import channels_of, delivery_document
from reconciler.app.pilot.assessment import declared_as_started, started_pilot
from reconciler.app.pilot.measuring import Seen, day_values
from reconciler.app.pilot.quotes import quotes_of_participants, taxes_of_quotes
from reconciler.app.pilot.stop_rules import freeze_where_fired
from reconciler.app.run import FinishedRun, run_once
from reconciler.app.run_options import Progress, RunOptions
from reconciler.errors import ReconcilerError
from reconciler.model.pilot import DayValue, Declared, Freeze
from reconciler.phrases.phrase import phrase
from reconciler.pilot.measures import MEASURES
from reconciler.ports.notices.delivery import Channel, Patience
from reconciler.project_pilot import PilotSection
from reconciler.store.state.records import RunStatus
from reconciler.store.state.runlock import busy_with

_PLANS: Final = "plans"
Wait = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass."""


@dataclass(frozen=True, slots=True)
class PilotRunOptions:
    """How one run of the pilot goes.

    Attributes:
        apply: write what is approved and would go through, within the pilot's limits.
        notify: tell those whom `[notify]` names when a stop rule fires.
        wait: between the two comparisons.
        patience: how long telling is tried.
        monotonic_s: what the times of tax questions are measured with.
    """

    apply: bool = False
    notify: bool = True
    wait: Wait = asyncio.sleep
    patience: Patience = field(default_factory=Patience)
    monotonic_s: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class PilotRun:
    """What a run of the pilot came to.

    Attributes:
        runs: the two comparisons.
        rehearsed: what would be written of what is approved; None where it could not be told.
        values: what was measured.
        rules: the stop rules that these values are beyond.
        freeze: the one that this run put in force, None where there was no reason or it is in force already.
    """

    runs: tuple[FinishedRun, FinishedRun]
    values: list[DayValue] = field(default_factory=list)
    rehearsed: Planned | None = None
    applied: Applied | None = None
    rules: list[str] = field(default_factory=list)
    freeze: Freeze | None = None
    warnings: list[str] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether both comparisons compared everything."""
        return all(each.outcome.status is RunStatus.COMPLETE for each in self.runs)


async def run_pilot(acting: Acting, options: PilotRunOptions, progress: Progress) -> PilotRun:
    """Run the pilot once and keep what it measured of this day.

    Raises:
        RefusedError: the person may not, no pilot was started, or [pilot] is another now.
        ConfigurationError: the project file or a description is wrong, or a secret is missing.
        StateError: the state cannot be used, or another run, or one of the pilot, is going on.
    """
    acting.require(OPERATING, "run the pilot")
    declared, pilot = await declared_as_started(acting), started_pilot(acting)
    channels = channels_of(acting.workspace.project) if options.notify else []
    lock = acting.workspace.state.pilot_lock
    if not await lock.acquire():
        raise await busy_with(lock, phrase("the pilot is being run"))
    try:
        return await _run_alone(acting, declared, pilot, options, channels, progress)
    finally:
        await lock.release()


async def _run_alone(
    acting: Acting,
    declared: Declared,
    pilot: PilotSection,
    options: PilotRunOptions,
    channels: list[Channel],
    progress: Progress,
) -> PilotRun:
    done, stayed = await _compared_twice(acting, pilot, options, progress)
    keys = await keys_in_scope(acting, pilot.scope)
    asked_about = await quotes_of_participants(acting, pilot, keys)
    taxes = await taxes_of_quotes(acting, asked_about, done.warnings, options.monotonic_s)
    await _corrections(acting, options, done)
    done.values = await day_values(acting, Seen(keys, stayed, taxes))
    await acting.workspace.state.pilot.keep_day(declared.number, done.values, acting.clock())
    await _stop(acting, pilot, options, channels, done)
    return done


async def _compared_twice(
    acting: Acting, pilot: PilotSection, options: PilotRunOptions, progress: Progress
) -> tuple[PilotRun, frozenset[str] | None]:
    """Compare, wait, compare again; with the findings that stayed, or None where something was not compared."""
    asked = RunOptions(entities=tuple(pilot.scope.entities), taxes=False, of_pilot=True)
    warnings: list[str] = []

    async def compare() -> tuple[FinishedRun, set[str]]:
        finished = await run_once(
            acting.workspace, asked, progress, notify=False, warn=warnings.append, clock=acting.clock
        )
        return finished, set(await findings_in_scope(acting, await keys_in_scope(acting, pilot.scope)))

    first, before = await compare()
    await options.wait(pilot.noise_minutes * 60)
    second, after = await compare()
    for each in (first, second):
        warnings += [text for text in each.outcome.warnings if text not in warnings]
    done = PilotRun((first, second), warnings=warnings)
    return done, frozenset(before & after) if done.is_whole else None


async def _corrections(acting: Acting, options: PilotRunOptions, done: PilotRun) -> None:
    """Rehearse everything that is approved, and write what would go through where that was asked for.

    What goes wrong is told: the day is measured all the same.
    """
    try:
        done.rehearsed = await plan_corrections(acting, Choice(), out=None)
        if options.apply and done.rehearsed.corrections:
            out = _plan_file(acting, done)
            planned = await plan_corrections(acting, Choice(), out=out)
            if planned.sealed is not None:
                document = await asyncio.to_thread(_plan_of, out)
                # Whoever is told of a freeze is told by this run, as its options say.
                done.applied = await apply_plan(acting, document, tell=None)
    except ReconcilerError as error:
        done.warnings.append(phrase("what is approved was not gone through: {error}", error=error.message))


def _plan_of(path: Path) -> str | bytes:
    """The sealed plan. Its file has served: the plan is kept in the state."""
    try:
        return read_plan_file(path)
    finally:
        path.unlink(missing_ok=True)


def _plan_file(acting: Acting, done: PilotRun) -> Path:
    return acting.workspace.project.data / _PLANS / f"pilot-{done.runs[1].outcome.run_id}.json"


async def _stop(
    acting: Acting, pilot: PilotSection, options: PilotRunOptions, channels: list[Channel], done: PilotRun
) -> None:
    """Freeze at once where a rule fired, and then tell."""
    details = {"run": done.runs[1].outcome.run_id}
    done.rules, freeze = await freeze_where_fired(acting.workspace, pilot, done.values, acting.clock(), details)
    done.freeze = freeze or (None if done.applied is None else done.applied.freeze)
    if done.freeze is not None:
        told = await tell_frozen(acting.workspace.project, channels, done.freeze, options.patience)
        done.deliveries = [delivery_document(each) for each in told]
        done.warnings += [
            phrase("the freeze was not told to {channel}: {problem}.", channel=each.to, problem=each.problem)
            for each in told
            if each.problem
        ]


def run_document(pilot: PilotSection, done: PilotRun) -> dict[str, Any]:
    """What `pilot run` tells."""
    planned, applied = done.rehearsed, done.applied
    return {
        "runs": [{"run": each.outcome.run_id, "status": each.outcome.status.value} for each in done.runs],
        "day": done.values[0].day.isoformat() if done.values else None,
        "measures": {each.measure: _value_document(pilot, each) for each in done.values},
        "dry_run": None
        if planned is None
        else {
            "would_be_written": len(planned.corrections),
            "left_out": [{"id": each.correction.id, "why": each.why} for each in planned.left_out],
        },
        "applied": None if applied is None else {state.value: count for state, count in sorted(applied.counts.items())},
        "rules_fired": done.rules,
        "frozen": done.freeze is not None,
        "notifications": done.deliveries,
        "warnings": done.warnings,
    }


def _value_document(pilot: PilotSection, each: DayValue) -> dict[str, Any]:
    criterion = pilot.criteria.get(each.measure)
    met = None
    if criterion is not None and each.value is not None:
        met = MEASURES[each.measure].meets(each.value, criterion)
    return {
        "value": None if each.value is None else str(each.value),
        "sample": each.sample,
        "criterion": None if criterion is None else str(criterion),
        "met": met,
    }


def exit_code_of_run(pilot: PilotSection, done: PilotRun) -> int:
    """4 of some write nobody knows; 3 something was not compared; 1 a rule fired or a criterion is not met; else 0."""
    if done.applied is not None and done.applied.exit_code not in (0, 1):
        return done.applied.exit_code
    if not done.is_whole:
        return 3
    missed = any(_value_document(pilot, each)["met"] is False for each in done.values)
    return 1 if missed or done.rules else 0
