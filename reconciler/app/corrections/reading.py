"""Reading corrections: lists, one with everything that led to it, and how far each is from being approved."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from reconciler.app.corrections.acting import Acting
from reconciler.corrections.approval import Missing
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Approval, Correction, JournalStep

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
