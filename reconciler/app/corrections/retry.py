"""What did not go through, once more: found out, written again, or proposed anew, as its state asks for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.apply import INTERRUPTED, exit_code_of, fitting_plan, write_corrections
from reconciler.app.corrections.choosing import Choice, LeftAlone, chosen_corrections, refuse_when_none
from reconciler.app.corrections.people import OPERATING, REVIEWING
from reconciler.app.corrections.targets import open_targets
from reconciler.corrections.desk import proposed_again
from reconciler.corrections.ports import RecordWrites
from reconciler.corrections.progress import ReportProgress
from reconciler.corrections.recovery import Found, Recovery, RecoveryNeeds
from reconciler.errors import RefusedError, SystemReadError
from reconciler.model.correction_records import CorrectionFilter, Move
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

_S = CorrectionState
_TO_FIND_OUT: Final = frozenset({_S.UNKNOWN, _S.APPLIED})
_TO_PROPOSE: Final = frozenset({_S.SUPERSEDED, _S.REFUSED})
TROUBLED: Final = frozenset({_S.FAILED, *_TO_FIND_OUT, *_TO_PROPOSE})
"""The states of the error desk."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What trying again came to.

    Attributes:
        corrections: those that were tried, as they are now.
        proposals: new ones, for what was superseded or refused.
        to_plan: ids of those that failed and whose plan is void: they are approved again, for a new plan.
        found_out: what reading told of those of unknown outcome.
        left_alone: those with which nothing could be done.
    """

    corrections: tuple[Correction, ...] = ()
    proposals: tuple[Correction, ...] = ()
    to_plan: frozenset[str] = frozenset()
    found_out: tuple[Found, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 everything tried is proved, or waits as a proposal; otherwise as of `Applied`."""
        if self.interrupted:
            return INTERRUPTED
        return exit_code_of(each for each in self.corrections if each.state not in _TO_PROPOSE)


@dataclass(slots=True)
class _Work:
    """What is gathered while trying again."""

    left: list[LeftAlone]
    found_out: list[Found] = field(default_factory=list)
    to_plan: set[str] = field(default_factory=set)
    proposals: list[str] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    interrupted: bool = False


async def retry_corrections(
    acting: Acting,
    choice: Choice,
    *,
    progress: ReportProgress | None = None,
    stop: asyncio.Event | None = None,
) -> Retried:
    """Try again what is chosen and in trouble.

    Of an unknown outcome the record is read, and only what proves not to have been written is written again. What
    failed is written under its plan while that is good, and otherwise waits for a new one. What was superseded or
    refused is proposed anew, with the values the record has now.

    Raises:
        RefusedError: the person may not, nothing says which, nothing chosen is in trouble, or somebody else applies.
        ConfigurationError: a credential, address or context value is missing.
    """
    acting.require(OPERATING, "try corrections again")
    choice.refuse_by_accident()
    chosen = await chosen_corrections(acting.workspace.state, choice, TROUBLED)
    refuse_when_none(chosen.corrections, chosen.left_alone, "tried again")
    work = _Work(list(chosen.left_alone))
    async with open_targets(acting) as targets:
        again = await _found_out(acting, targets, chosen.corrections, work)
        again += [each.id for each in chosen.corrections if each.state is _S.FAILED]
        await _written_again(acting, targets, again, work, progress, stop)
        await _proposed_anew(acting, targets, [each for each in chosen.corrections if each.state in _TO_PROPOSE], work)
    kept = await _kept(acting, [*work.tried, *work.proposals])
    return Retried(
        tuple(each for each in kept if each.id in work.tried),
        tuple(each for each in kept if each.id not in work.tried),
        frozenset(work.to_plan),
        tuple(work.found_out),
        tuple(work.left),
        work.interrupted,
    )


async def _found_out(
    acting: Acting, targets: Mapping[Side, RecordWrites], corrections: Sequence[Correction], work: _Work
) -> list[str]:
    """Look at what nobody knows; gives the ids of what proved not to have been written."""
    ids = [each.id for each in corrections if each.state in _TO_FIND_OUT]
    if not ids:
        return []
    state = acting.workspace.state
    needs = RecoveryNeeds(state.corrections, state.journal, targets, person=acting.person.name, clock=acting.clock)
    found = await Recovery(needs).resolve(ids)
    work.found_out += found
    work.tried |= set(ids)
    return [each.correction.id for each in found if each.state is _S.PLANNED]


async def _written_again(
    acting: Acting,
    targets: Mapping[Side, RecordWrites],
    ids: Sequence[str],
    work: _Work,
    progress: ReportProgress | None,
    stop: asyncio.Event | None,
) -> None:
    work.tried |= set(ids)
    by_plan: defaultdict[str, list[Correction]] = defaultdict(list)
    for each in await _kept(acting, ids):
        steps = await acting.workspace.state.journal.steps(each.id)
        by_plan[steps[-1].plan if steps else ""].append(each)
    for plan, corrections in by_plan.items():
        if stop is not None and stop.is_set():
            work.interrupted = True
            return
        try:
            await fitting_plan(acting, plan)
        except RefusedError as error:
            await _give_back(acting, corrections, error.message, work)
            continue
        summary, _ = await write_corrections(acting, targets, plan, corrections, progress, stop)
        work.interrupted = work.interrupted or summary.interrupted
        by_id = {each.id: each for each in corrections}
        work.left += [LeftAlone(by_id[each.correction], each.why) for each in summary.held_back]


async def _give_back(acting: Acting, corrections: Sequence[Correction], why: str, work: _Work) -> None:
    """Nothing of them was written, so they can be planned anew."""
    moves = [Move(each.id, each.state, _S.APPROVED, why) for each in corrections]
    moved_on = await acting.workspace.state.corrections.move(moves, person=acting.person.name)
    work.to_plan |= {each.id for each in corrections if each.id not in moved_on}


async def _proposed_anew(
    acting: Acting, targets: Mapping[Side, RecordWrites], corrections: Sequence[Correction], work: _Work
) -> None:
    if corrections and acting.person.roles.isdisjoint(REVIEWING):
        work.left += [
            LeftAlone(each, phrase("{person} may not propose it anew", person=acting.person.name))
            for each in corrections
        ]
        return
    proposals: dict[str, Correction] = {}
    for each in corrections:
        try:
            proposals[each.id] = await proposed_again(
                each, targets, acting.rules, person=acting.person.name, now=acting.clock()
            )
        except (RefusedError, SystemReadError) as error:
            work.left.append(LeftAlone(each, error.message))
    by_record = {(each.entity, each.side, each.record_id or each.key): each for each in proposals.values()}
    kept = await acting.workspace.state.corrections.add(list(by_record.values()), person=acting.person.name)
    work.proposals += [*kept.added, *kept.unchanged]


async def _kept(acting: Acting, ids: Sequence[str]) -> list[Correction]:
    return await acting.workspace.state.corrections.listed(CorrectionFilter(ids=ids))
