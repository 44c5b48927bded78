"""Plays scenarios: may it, did it, what was seen; then everything is put away, and evidence and result are kept."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from reconciler.app.correct import (
    OPERATING,
    REVIEWING,
    Acting,
    Hands,
    NoHands,
    closed_systems,
    hands_for,
    open_scenario_records,
)
from reconciler.app.pilot.scenarios.changed_fields import changed_customer, changed_price
from reconciler.app.pilot.scenarios.correcting import Correcting, Eyes
from reconciler.app.pilot.scenarios.customers import duplicate_registration, new_customer
from reconciler.app.pilot.scenarios.endings import NotPlayedError, UnexpectedError
from reconciler.app.pilot.scenarios.evidence import Evidence
from reconciler.app.pilot.scenarios.orders import cancelled_order, order_from_quote
from reconciler.app.pilot.scenarios.scene import Scene
from reconciler.app.pilot.scenarios.taxes import taxes_by_state
from reconciler.app.pilot.scenarios.unavailable import erp_unavailable
from reconciler.app.pilot.standing import standing_of
from reconciler.app.pilot.status import result_document
from reconciler.app.run_options import Progress
from reconciler.app.wire import EVIDENCE
from reconciler.errors import OutcomeUnknownError, ReconcilerError, RefusedError, SystemReadError, WriteError
from reconciler.logs import holds_secret, masked
from reconciler.model.entities import Side
from reconciler.model.pilot import ScenarioResult, ScenarioStatus, Stage
from reconciler.phrases.languages import in_language
from reconciler.phrases.phrase import phrase
from reconciler.pilot.redaction import Redactor
from reconciler.pilot.scenario_sentences import said
from reconciler.pilot.scenarios import SCENARIOS, Scenario, stage_refusal
from reconciler.ports.http.trace import watching
from reconciler.store.state.runlock import busy_with
from reconciler.toml_file import suggestion

_FAILED: Final = 1
_REFUSED: Final = 2
_PLAYS: Final[Mapping[str, Callable[[Scene], Awaitable[None]]]] = {
    "new-customer": new_customer,
    "changed-customer": changed_customer,
    "order-from-quote": order_from_quote,
    "changed-price": changed_price,
    "cancelled-order": cancelled_order,
    "taxes-by-state": taxes_by_state,
    "erp-unavailable": erp_unavailable,
    "duplicate-registration": duplicate_registration,
}
_WORST_FIRST: Final = (4, 3, 1, 2)


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How scenarios are played.

    Attributes:
        out: folder of the evidence; None: in the data folder of the project.
        hands: who does by hand what a system takes from nobody else.
        eyes: who approves besides the person who plays.
        begun: told of each scenario that begins.
        stopped: asked before each: True leaves it and those after it unplayed.
    """

    out: Path | None = None
    hands: Hands = field(default_factory=NoHands)
    eyes: Eyes = field(default_factory=Eyes)
    begun: Callable[[Scenario], None] = lambda scenario: None
    stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class _Ending:
    status: ScenarioStatus
    seen: str
    exit_code: int


def chosen_scenarios(ids: Sequence[str], *, everything: bool) -> list[Scenario]:
    """The scenarios of these ids, or all of them, in the order they are played.

    Raises:
        RefusedError: there is no such scenario, or nothing says which.
    """
    if everything == bool(ids):
        raise RefusedError(
            "nothing says which scenarios are meant.", hint="Name them by id, or say --all; `list` shows them."
        )
    for each in ids:
        if each not in SCENARIOS:
            raise RefusedError(f"there is no scenario “{each}”.", hint=suggestion(each, SCENARIOS))
    return [each for each in SCENARIOS.values() if everything or each.id in ids]


async def play_scenarios(
    acting: Acting, scenarios: Sequence[Scenario], options: PlayOptions, progress: Progress
) -> list[ScenarioResult]:
    """Play scenarios one after another; each result is kept as soon as it is there.

    Nobody else plays meanwhile: all scenarios use the same test records, and would take each other's for their own.

    Raises:
        ConfigurationError: the project file or a description is wrong, or a secret is missing.
        StateError: the state cannot be used, scenarios are being played or another run is going on, or evidence cannot
            be written.
    """
    lock = acting.workspace.state.scenario_lock
    if not await lock.acquire():
        raise await busy_with(lock, phrase("test scenarios are being played"))
    results: list[ScenarioResult] = []
    try:
        for each in scenarios:
            if options.stopped():
                break
            options.begun(each)
            results.append(await _play(acting, each, options, progress))
    finally:
        await lock.release()
    return results


def exit_code_of_results(results: Sequence[ScenarioResult]) -> int:
    """The worst of them: 4 an outcome nobody knows, 3 a system was not read, 1 failed, 2 refused, 0 all passed."""
    codes = {each.exit_code for each in results}
    return next((code for code in _WORST_FIRST if code in codes), 0)


def scenario_document(scenario: Scenario, locale: str, stage: Stage, last: ScenarioResult | None) -> dict[str, Any]:
    """A scenario as JSON, with what came of it last."""
    told, refused = scenario.told(locale), stage_refusal(scenario, stage)
    return {
        "id": scenario.id,
        "title": told.title,
        "writes": scenario.writes,
        "steps": list(scenario.steps(locale)),
        "expected": told.expected,
        "refused": None if refused is None else in_language(refused, locale),
        "last": None if last is None else result_document(last),
    }


async def listed_scenarios(acting: Acting) -> list[dict[str, Any]]:
    """Every scenario as JSON, in the language of the project.

    Raises:
        StateError: the state cannot be read.
    """
    standing = await standing_of(acting.workspace, acting.descriptions)
    latest = await acting.workspace.state.scenarios.latest()
    locale = acting.workspace.project.file.project.locale
    return [scenario_document(each, locale, standing.stage, latest.get(each.id)) for each in SCENARIOS.values()]


async def _play(acting: Acting, scenario: Scenario, options: PlayOptions, progress: Progress) -> ScenarioResult:
    project = acting.workspace.project
    stage = (await standing_of(acting.workspace, acting.descriptions)).stage
    at, began_s = acting.clock(), time.monotonic()
    expected = scenario.told(project.file.project.locale).expected

    def result_of(ending: _Ending) -> ScenarioResult:
        seconds, person = round(time.monotonic() - began_s, 3), acting.person.name
        return ScenarioResult(
            scenario.id, at, seconds, person, stage, ending.status, expected, ending.seen, ending.exit_code
        )

    refused = await _refusal(acting, scenario, stage)
    if refused is not None:
        result = result_of(_Ending("refused", refused, _REFUSED))
    else:
        redactor = Redactor(holds_secret, _secrets_of(acting))
        redactor.show([acting.person.name, *(each.vendor.name for each in acting.descriptions.values())])
        async with AsyncExitStack() as stack:
            scene = await _set_up(acting, options, progress, redactor, stack)
            evidence = Evidence(acting, redactor, lambda: len(scene.seen))
            with watching(evidence.watch):
                ending = await _carried_out(scenario, scene)
        seen = [_clean(redactor, each) for each in scene.seen]
        result = result_of(replace(ending, seen=_clean(redactor, ending.seen)))
        folder = options.out or project.data / EVIDENCE
        kept = await evidence.write(folder, scenario, result, seen, scene.stays)
        result = replace(result, evidence=str(kept.path), digest=kept.digest)
    await acting.workspace.state.scenarios.keep(result)
    return result


async def _set_up(
    acting: Acting, options: PlayOptions, progress: Progress, redactor: Redactor, stack: AsyncExitStack
) -> Scene:
    records = await stack.enter_async_context(open_scenario_records(acting))
    hands = await stack.enter_async_context(hands_for(acting, records, options.hands))
    return Scene(acting, records, hands, Correcting(acting, options.eyes), progress, redactor)


async def _refusal(acting: Acting, scenario: Scenario, stage: Stage) -> str | None:
    """Why it is not even begun: the stage, the guard of one of the systems, or the person's roles."""
    locale = acting.workspace.project.file.project.locale
    if (why := stage_refusal(scenario, stage)) is not None:
        return f"{in_language(why, locale)}."
    try:
        acting.require(OPERATING, phrase("play scenarios"))
        if not scenario.writes:
            return None
        acting.require(REVIEWING, phrase("play scenarios that correct"))
    except RefusedError as error:
        return _told(error, locale)
    closed = dict.fromkeys((await closed_systems(acting)).values())
    return f"{'; '.join(in_language(each, locale) for each in closed)}." if closed else None


def _told(error: ReconcilerError, locale: str) -> str:
    return f"{in_language(error.message, locale)} {in_language(error.hint, locale)}".strip()


async def _carried_out(scenario: Scenario, scene: Scene) -> _Ending:
    """Play it, and put away what was made, whatever came of it."""
    locale = scene.workspace.project.file.project.locale
    try:
        ending = await _ending_of(_PLAYS[scenario.id](scene), locale)
    except BaseException:
        # Interrupted, or a defect: nothing is left behind all the same.
        await scene.tidy_up()
        raise
    reached = len(scene.seen) == len(scenario.told(locale).steps)
    # The exchanges of putting away belong to the last step, also where some before it were never reached.
    scene.seen += [""] * (len(scenario.told(locale).steps) - len(scene.seen)) if scenario.writes else []

    async def tidy_up() -> None:
        scene.seen.append(await scene.tidy_up())

    tidied = await _ending_of(tidy_up(), locale) if scenario.writes else _Ending("passed", "", 0)
    if ending.status == "passed" and tidied.status == "passed":
        if not reached:
            raise RuntimeError(f"scenario {scenario.id} told of {len(scene.seen)} steps")
        last = scene.seen[len(scenario.told(locale).steps) - 1]
        ending = _Ending("passed", said(locale, "as_expected", last=last), 0)
    elif ending.status == "passed":
        ending = tidied
    elif tidied.status != "passed":
        ending = replace(ending, seen=f"{ending.seen} {tidied.seen}")
    return replace(ending, seen=ending.seen + scene.told_of_what_stays)


async def _ending_of(work: Awaitable[None], locale: str) -> _Ending:
    try:
        await work
    except UnexpectedError as error:
        return _Ending("failed", error.seen, error.exit_code)
    except NotPlayedError as error:
        return _Ending("refused", error.why, _REFUSED)
    except (SystemReadError, OutcomeUnknownError) as error:
        return _Ending("failed", _told(error, locale), error.exit_code)
    except (RefusedError, WriteError) as error:
        return _Ending("failed", _told(error, locale), _FAILED)
    return _Ending("passed", "", 0)


def _secrets_of(acting: Acting) -> list[str]:
    """Everything that opens one of the systems, also what is too short to be told from a word in a log."""
    project = acting.workspace.project
    return [secret for side in Side for secret in project.credentials(side).values()]


def _clean(redactor: Redactor, sentence: str) -> str:
    """A sentence as it may be kept: a system's words in it may repeat what was sent."""
    return redactor.sentence(masked(sentence))
