"""Reading corrections: lists, one with everything that led to it, and how far each is from being approved."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from reconciler.app.corrections.acting import Acting
from reconciler.corrections.approval import Missing
from reconciler.corrections.desk import DeskEntry, on_the_desk
from reconciler.corrections.states import FINAL
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Approval, Correction, JournalStep
from reconciler.model.entities import Side

_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """A correction with everything that led to it.

    Attributes:
        approvals: all that stand, those that count no more too.
        missing: how far it is from being approved.
        steps: what is known to have happened while it was written.
    """

    correction: Correction
    approvals: tuple[Approval, ...]
    missing: Missing
    steps: tuple[JournalStep, ...]


async def listed_corrections(
    acting: Acting, chosen: CorrectionFilter
) -> AsyncGenerator[tuple[Correction, Missing], None]:
    """Every correction of the filter in the order in which they were proposed, some hundreds in memory at a time."""
    async with aclosing(acting.workspace.state.corrections.iterate(chosen)) as source:
        batch: list[Correction] = []
        async for correction in source:
            batch.append(correction)
            if len(batch) >= _READ_AT_ONCE:
                missing = await acting.missing(batch)
                for each in batch:
                    yield each, missing[each.id]
                batch = []
        missing = await acting.missing(batch)
        for each in batch:
            yield each, missing[each.id]


async def corrections_page(
    acting: Acting, chosen: CorrectionFilter, *, after: int, limit: int
) -> list[tuple[int, Correction, Missing]]:
    """At most `limit` corrections of the filter, each with its place, in the order in which they were proposed.

    Args:
        after: the place of the last one of the page before; 0 begins.

    Raises:
        RefusedError: an id of the filter has no form of one, or there are too many patterns.
    """
    found = await acting.workspace.state.correction_lists.page(chosen, after=after, limit=limit)
    missing = await acting.missing(correction for _, correction in found)
    return [(place, correction, missing[correction.id]) for place, correction in found]


async def error_desk(acting: Acting, chosen: CorrectionFilter) -> list[DeskEntry]:
    """What did not go through and still is to be dealt with, all of it, in the order in which it was proposed.

    What was superseded or refused is dealt with once there is a later correction of the same record.
    """
    state = acting.workspace.state
    async with aclosing(on_the_desk(state.corrections, state.journal, chosen)) as source:
        entries = [entry async for entry in source]
    over = [each.correction for each in entries if each.correction.state in FINAL]
    latest: dict[tuple[str, Side, str], str] = {}
    if over:
        same = CorrectionFilter(entity={each.entity for each in over})
        async with aclosing(state.corrections.iterate(same)) as corrections:
            latest = {(each.entity, each.side, each.key): each.id async for each in corrections}
    dealt_with = {each.id for each in over if latest[each.entity, each.side, each.key] != each.id}
    return [each for each in entries if each.correction.id not in dealt_with]


async def shown_correction(acting: Acting, correction_id: str) -> ShownCorrection:
    """One correction, by its id or the beginning of it.

    Raises:
        RefusedError: there is none, or several.
    """
    state = acting.workspace.state
    correction = await state.corrections.get(correction_id)
    approvals = (await state.corrections.approvals([correction.id]))[correction.id]
    return ShownCorrection(
        correction,
        tuple(approvals),
        (await acting.missing([correction]))[correction.id],
        tuple(await state.journal.steps(correction.id)),
    )
