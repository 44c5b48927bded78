"""Applying a sealed plan: everything it rests on is looked at again, then it is written, once."""

from __future__ import annotations

import asyncio
import os
import platform
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.answers_behind import tell_answers_behind
from reconciler.app.corrections.clock_guard import refuse_earlier_clock
from reconciler.app.corrections.people import OPERATING
from reconciler.app.corrections.rehearsal import at_once, rehearse
from reconciler.app.corrections.resting import rests_on
from reconciler.app.corrections.stage_guard import StageGuard
from reconciler.app.corrections.targets import open_targets
from reconciler.app.pilot.stop_rules import freeze_now, tell_freeze
from reconciler.corrections.apply import Applier, Applying, ApplyLimits
from reconciler.corrections.attempt import Permission
from reconciler.corrections.plan import Objected, Objection, SealedPlan, read_sealed, refusal, what_changed
from reconciler.corrections.ports import RecordWrites
from reconciler.corrections.progress import DONE, PARTLY, UNKNOWN_LEFT, ApplySummary, Progress, ReportProgress
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import PROVED, Approval, Correction, CorrectionState
from reconciler.model.entities import Side
from reconciler.model.pilot import Freeze
from reconciler.phrases.phrase import joined, phrase
from reconciler.ports.notices.delivery import Patience
from reconciler.store.state.steady_clock import never_back

_S = CorrectionState
_TO_WRITE: Final = frozenset({_S.PLANNED, _S.FAILED, _S.APPLYING})
"""What is `applying` was left behind by a process that ended; it is looked at first and may turn out not written."""
_PATIENCE: Final = Patience()
_UNDECIDED: Final = frozenset({_S.UNKNOWN, _S.APPLYING})
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan.

    Attributes:
        plan: its digest.
        corrections: all of the plan, in its order, as they are now; of a dry run, as they would be.
        summary: of what was done now; None where there was nothing left to do, and for a dry run.
        held_back: why a correction was not touched, by id.
        dry_run: nothing was written.
        freeze: of a stop rule of the pilot that fired meanwhile.
    """

    plan: str
    corrections: tuple[Correction, ...]
    summary: ApplySummary | None = None
    held_back: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    freeze: Freeze | None = None

    @property
    def counts(self) -> Counter[CorrectionState]:
        """How many are in which state."""
        return Counter(each.state for each in self.corrections)

    @property
    def exit_code(self) -> int:
        """0 all of the plan is proved; 1 a part of it is not; 4 of some nobody knows; 130 somebody stopped it."""
        if self.summary is not None and self.summary.interrupted:
            return INTERRUPTED
        return exit_code_of(self.corrections)


def exit_code_of(corrections: Iterable[Correction]) -> int:
    """As CONTRACT.md says: 0 all are proved, 4 of some nobody knows whether they were written, 1 anything else."""
    states = {each.state for each in corrections}
    if states & _UNDECIDED:
        return UNKNOWN_LEFT
    return DONE if states <= PROVED else PARTLY


async def apply_plan(
    acting: Acting,
    document: str | bytes,
    *,
    dry_run: bool = False,
    progress: ReportProgress | None = None,
    stop: asyncio.Event | None = None,
    tell: Patience | None = _PATIENCE,
) -> Applied:
    """Write a sealed plan. What it wrote before is not written again.

    Args:
        dry_run: read both systems and tell what would become of it; nothing is written or kept.
        stop: once it is set no new record is begun, and those under way are finished.
        tell: how long those whom `[notify]` names are tried to be told that a stop rule fired; None: they are not.

    Raises:
        RefusedError: the person may not; it is no plan of ours, was edited, is too old, or something it rests on
            changed; the stage forbids it; or somebody else applies corrections now.
        ConfigurationError: a credential, address or context value is missing.
    """
    acting.require(OPERATING, "apply corrections")
    sealed = read_sealed(document, now=acting.clock())
    corrections = await _fitting(acting, sealed)
    left = [each for each in corrections if each.state in _TO_WRITE]
    if not left:
        return Applied(sealed.digest, tuple(corrections), dry_run=dry_run)
    async with open_targets(acting) as targets:
        if dry_run:
            return await _rehearsed(acting, sealed, corrections, left, targets, progress)
        summary, freeze = await write_corrections(acting, targets, sealed.digest, left, progress, stop, tell)
    now = await _kept(acting, [each.id for each in corrections])
    held_back = {each.correction: each.why for each in summary.held_back}
    return Applied(sealed.digest, tuple(now[each.id] for each in corrections), summary, held_back, freeze=freeze)


async def write_corrections(
    acting: Acting,
    targets: Mapping[Side, RecordWrites],
    plan: str,
    corrections: Sequence[Correction],
    progress: ReportProgress | None,
    stop: asyncio.Event | None,
    tell: Patience | None = _PATIENCE,
) -> tuple[ApplySummary, Freeze | None]:
    """Write corrections of one plan whose fitness was looked at; the approvals are looked at again for each.

    With what became of them comes the freeze, where one of them made a stop rule of the pilot fire.

    Raises:
        RefusedError: somebody else applies corrections now.
        StateError: the state cannot be used.
    """
    state, stopping = acting.workspace.state, _StopRules(acting)
    needs = Applying(
        state.corrections,
        state.journal,
        targets,
        permission=await _permission(acting, corrections, stopping),
        person=acting.person.name,
        plan=plan,
        owner=f"{acting.person.name} (process {os.getpid()} on {platform.node()}, {token_hex(4)})",
        clock=acting.clock,
        limits=ApplyLimits(at_once=at_once(acting)),
    )
    mended: set[str] = set()
    touched: list[Correction] = []

    def note(step: Progress) -> None:
        last = step.last
        if last.outcome is not None:
            touched.append(last.correction)
            stopping.something_went_wrong |= last.outcome.state not in PROVED
        if last.outcome is not None and last.outcome.state is _S.VERIFIED and last.correction.undoes is None:
            mended.update(change.finding for change in last.correction.changes if change.finding is not None)
        if progress is not None:
            progress(step)

    applier = Applier(needs, note)
    try:
        async with _stopping(applier, stop):
            summary = await applier.apply(corrections)
    finally:
        await tell_answers_behind(acting.workspace, touched)
        await state.findings.mark_corrected(mended)
    await stopping.look()
    if stopping.freeze is not None and tell is not None:
        await tell_freeze(acting.workspace, stopping.freeze, tell)
    return summary, stopping.freeze


class _StopRules:
    """Looks at the pilot's stop rules before the next write, once a write did not end well."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self.something_went_wrong = False
        self.freeze: Freeze | None = None

    async def look(self) -> None:
        if self.something_went_wrong:
            self.something_went_wrong = False
            self.freeze = await freeze_now(self._acting.workspace, self._acting.clock()) or self.freeze


async def fitting_plan(acting: Acting, plan: str) -> None:
    """Refuse a plan that was kept and would not be applied any more.

    Raises:
        RefusedError: it is not there, too old, or something it rests on changed.
    """
    stored = await acting.workspace.state.corrections.plan(plan)
    if stored is None:
        raise RefusedError(phrase("its plan is not kept any more."))
    await _fitting(acting, read_sealed(stored.document, now=acting.clock()))


async def _fitting(acting: Acting, sealed: SealedPlan) -> list[Correction]:
    """The corrections of a plan as they are now, in its order.

    Raises:
        RefusedError: it was not made here, the stage forbids it, or something it rests on changed.
    """
    if not await acting.workspace.state.corrections.has_plan(sealed.digest):
        raise RefusedError(
            phrase("the plan was not made in this project's state."),
            hint=phrase("Make one with: reconciler corrections plan."),
        )
    await refuse_earlier_clock(acting)
    sides = {planned.side for planned in sealed.plan.corrections}
    guard = StageGuard(acting)
    standing = await guard.standing()
    closed = dict.fromkeys(why for side, why in guard.closed_sides(standing).items() if side in sides)
    if closed:
        raise RefusedError(phrase("{closed}.", closed=joined("; ", list(closed))))
    kept = await _kept(acting, [planned.id for planned in sealed.plan.corrections])
    changed = what_changed(sealed.plan, rests_on(acting, standing.stage), kept, await acting.missing(kept.values()))
    changed += await _in_another_plan(acting, sealed, kept.values())
    if changed:
        raise refusal(changed)
    return [kept[planned.id] for planned in sealed.plan.corrections]


async def _in_another_plan(acting: Acting, sealed: SealedPlan, kept: Iterable[Correction]) -> list[Objected]:
    """Those that a later plan took over."""
    chosen = CorrectionFilter(plan=sealed.digest, states=_S.PLANNED)
    here = {each.id for each in await acting.workspace.state.corrections.listed(chosen)}
    return [Objected(Objection.WITHDRAWN, each.id) for each in kept if each.state is _S.PLANNED and each.id not in here]


async def _kept(acting: Acting, ids: Sequence[str]) -> dict[str, Correction]:
    return {each.id: each for each in await acting.workspace.state.corrections.listed(CorrectionFilter(ids=ids))}


async def _permission(acting: Acting, corrections: Sequence[Correction], stopping: _StopRules) -> Permission:
    """Right before each write: does the stage allow it, and is it approved at this moment?

    Approvals are read once: what is planned cannot lose one without leaving its plan, but every one runs out in time.
    """
    given: dict[str, list[Approval]] = await acting.workspace.state.corrections.approvals(
        [each.id for each in corrections]
    )

    guard, now = StageGuard(acting), never_back(acting.clock)
    await guard.look_at(corrections)

    async def permission(correction: Correction) -> str | None:
        await stopping.look()
        missing = acting.missing_of(correction, given.get(correction.id, []), now())
        if not missing.approved:
            return phrase("it is not approved any more")
        return await guard.admit(correction)

    return permission


async def _rehearsed(
    acting: Acting,
    sealed: SealedPlan,
    corrections: Sequence[Correction],
    left: Sequence[Correction],
    targets: Mapping[Side, RecordWrites],
    progress: ReportProgress | None,
) -> Applied:
    rehearsed = await rehearse(acting, targets, left, progress)
    would_be: dict[str, Correction] = {each.id: each for each in corrections}
    held_back: dict[str, str] = {}
    for each in left:
        attempted = rehearsed.attempted.get(each.id)
        if attempted is None or attempted.outcome is None:
            held_back[each.id] = rehearsed.stopped.get(each.side, "") if attempted is None else attempted.held_back
        else:
            outcome = attempted.outcome
            would_be[each.id] = replace(each, state=outcome.state, words=outcome.words)
    return Applied(sealed.digest, tuple(would_be.values()), held_back=held_back, dry_run=True)


@asynccontextmanager
async def _stopping(applier: Applier, stop: asyncio.Event | None) -> AsyncIterator[None]:
    """Tell the applier as soon as somebody asks to stop."""
    if stop is None:
        yield
        return

    async def wait() -> None:
        await stop.wait()
        applier.stop()

    waiting = asyncio.create_task(wait(), name="stop applying")
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])
