"""From approved corrections to a sealed plan: what would go through today, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.choosing import Choice, LeftAlone, chosen_corrections
from reconciler.app.corrections.clock_guard import refuse_earlier_clock
from reconciler.app.corrections.people import OPERATING
from reconciler.app.corrections.rehearsal import Rehearsed, rehearse
from reconciler.app.corrections.resting import rests_on
from reconciler.app.corrections.stage_guard import StageGuard
from reconciler.app.corrections.targets import open_targets
from reconciler.app.garbage import few_garbage_collections
from reconciler.corrections.approval import Missing
from reconciler.corrections.content import digest_of
from reconciler.corrections.order import in_writing_order
from reconciler.corrections.plan import SealedPlan, seal
from reconciler.corrections.plan_document import LeftOutOfPlan, RestsOn
from reconciler.corrections.progress import ReportProgress
from reconciler.errors import StateError
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.phrases.phrase import joined, phrase
from reconciler.reports.files import in_thread, replacing
from reconciler.whole_file import write_failures

_S = CorrectionState
_WRITTEN_CHARACTERS: Final = 1 << 20
"""A plan is the largest thing here; it is not held in memory a second time to be written."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What approved corrections come to.

    Attributes:
        sealed: None where nothing is left to be written.
        corrections: of the plan, in its order.
        left_out: those that were chosen and are not in it.
        lapsed: ids of those of `left_out` whose approval counts no more: they are proposals again, unless this was a
            preview.
        written_to: where the sealed plan is; None for a preview, after which everything is as it was.
    """

    sealed: SealedPlan | None
    corrections: tuple[Correction, ...]
    left_out: tuple[LeftAlone, ...]
    lapsed: frozenset[str]
    written_to: Path | None = None


async def plan_corrections(
    acting: Acting,
    choice: Choice,
    *,
    out: Path | None,
    check: bool = True,
    progress: ReportProgress | None = None,
) -> Planned:
    """Plan what is approved; all of it where nothing is chosen. What is in an earlier plan leaves that one.

    Args:
        out: file for the sealed plan; None only shows what would be in it, and changes nothing.
        check: read every record first and leave out what would not go through; False leaves that to applying.

    Raises:
        RefusedError: the person may not, or somebody decided about a chosen correction at this very moment.
        ConfigurationError: a credential, address or context value is missing.
        StateError: the file cannot be written.
    """
    acting.require(OPERATING, "plan corrections")
    await refuse_earlier_clock(acting)
    with few_garbage_collections():
        return await _planned(acting, choice, out, check, progress)


async def _planned(
    acting: Acting, choice: Choice, out: Path | None, check: bool, progress: ReportProgress | None
) -> Planned:
    chosen = await chosen_corrections(acting.workspace.state, choice, {_S.APPROVED, _S.PLANNED})
    missing = await acting.missing(chosen.corrections)
    guard = StageGuard(acting)
    standing = await guard.standing()
    closed = await guard.refusals(chosen.corrections, standing)
    sorting = _Sorting(closed, missing, chosen.left_alone)
    left = await asyncio.to_thread(sorting.plannable, chosen.corrections)
    if check and left:
        async with open_targets(acting) as targets:
            left = sorting.going_through(left, await rehearse(acting, targets, left, progress))
    if not left:
        if out is not None:
            await _lapse(acting, sorting.lapsed)
        return Planned(None, (), tuple(sorting.left_out), frozenset(sorting.lapsed))
    rests = rests_on(acting, standing.stage)
    ordered = in_writing_order(left)
    sealed = await asyncio.to_thread(_sealed, acting, rests, ordered, missing, sorting.left_out)
    if out is not None:
        await _keep(acting, sealed, out)
        await _lapse(acting, sorting.lapsed)
    return Planned(sealed, tuple(ordered), tuple(sorting.left_out), frozenset(sorting.lapsed), out)


class _Sorting:
    """Tells what can be planned from what cannot.

    Attributes:
        left_out: what cannot, and why.
        lapsed: those of them whose approval counts no more, by id.
    """

    def __init__(
        self, closed: Mapping[str, str], missing: Mapping[str, Missing], left_alone: Sequence[LeftAlone]
    ) -> None:
        self._closed = closed
        self._missing = missing
        self.left_out = list(left_alone)
        self.lapsed: dict[str, LeftAlone] = {}

    def plannable(self, corrections: Sequence[Correction]) -> list[Correction]:
        """Those that are approved, allowed in this stage, and without known problems."""
        return [each for each in corrections if self._is_plannable(each)]

    def going_through(self, corrections: Sequence[Correction], rehearsed: Rehearsed) -> list[Correction]:
        """Those that a dry run saw through."""
        return [each for each in corrections if self._goes_through(each, rehearsed)]

    def _is_plannable(self, correction: Correction) -> bool:
        missing = self._missing[correction.id]
        closed = self._closed.get(correction.id)
        if closed is not None:
            return self._leave_out(correction, closed)
        if digest_of(correction) != correction.digest:
            return self._lapse(correction, phrase("its content is not what was approved"))
        if not missing.approved:
            return self._lapse(
                correction,
                phrase(
                    "{number} of {required} approvals are missing or lapsed",
                    number=missing.number,
                    required=missing.required,
                ),
            )
        if correction.problems:
            return self._leave_out(
                correction,
                phrase("the system will not take it: {problems}", problems=joined("; ", correction.problems)),
            )
        return True

    def _goes_through(self, correction: Correction, rehearsed: Rehearsed) -> bool:
        attempted = rehearsed.attempted.get(correction.id)
        if attempted is None:
            why = rehearsed.stopped.get(correction.side, phrase("the dry run ended before it"))
            return self._leave_out(correction, why)
        if attempted.outcome is None:
            return self._leave_out(correction, attempted.held_back)
        if attempted.outcome.state is _S.SUPERSEDED:
            return self._lapse(correction, attempted.outcome.words)
        return attempted.outcome.state is _S.VERIFIED or self._leave_out(correction, attempted.outcome.words)

    def _leave_out(self, correction: Correction, why: str) -> bool:
        self.left_out.append(LeftAlone(correction, why))
        return False

    def _lapse(self, correction: Correction, why: str) -> bool:
        self.lapsed[correction.id] = LeftAlone(correction, why)
        return self._leave_out(correction, why)


def _sealed(
    acting: Acting,
    rests: RestsOn,
    corrections: Sequence[Correction],
    missing: Mapping[str, Missing],
    left_out: Sequence[LeftAlone],
) -> SealedPlan:
    return seal(
        [each if each.state is _S.APPROVED else replace(each, state=_S.APPROVED) for each in corrections],
        {each.id: missing[each.id].counted for each in corrections},
        rests,
        made_by=acting.person.name,
        made_at=acting.clock(),
        left_out=[
            LeftOutOfPlan(id=each.correction.id, state=each.correction.state.value, words=each.why) for each in left_out
        ],
    )


async def _keep(acting: Acting, sealed: SealedPlan, out: Path) -> None:
    """Write the plan and move its corrections into it; where anything fails, none of them is planned."""
    state = acting.workspace.state.corrections
    try:
        async with replacing(out) as file:
            with write_failures(out):
                await in_thread(_write, file, sealed.document)
            await state.add_plan(sealed.stored())
    except StateError:
        back = [Move(each, _S.PLANNED, _S.APPROVED) for each in sealed.ids]
        await state.move(back, person=acting.person.name, plan=sealed.digest)
        raise


def _write(file: BinaryIO, text: str) -> None:
    for start in range(0, len(text), _WRITTEN_CHARACTERS):
        file.write(text[start : start + _WRITTEN_CHARACTERS].encode())


async def _lapse(acting: Acting, lapsed: Mapping[str, LeftAlone]) -> None:
    """What is not approved any more is a proposal again."""
    moves: list[Move] = []
    for each in lapsed.values():
        moves += [Move(each.correction.id, _S.PLANNED, _S.APPROVED)] if each.correction.state is _S.PLANNED else []
        moves.append(Move(each.correction.id, _S.APPROVED, _S.PROPOSED, each.why))
    await acting.workspace.state.corrections.move(moves, person=acting.person.name)
