"""A dry run: the engine that writes, over systems that only seem to be written, keeping nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.app.corrections.acting import Acting
from reconciler.connectors.description import Description
from reconciler.corrections.apply import Applier, Applying, ApplyLimits
from reconciler.corrections.attempt import Attempted
from reconciler.corrections.overlay import OverlayWrites
from reconciler.corrections.ports import RecordWrites
from reconciler.corrections.progress import Progress, ReportProgress
from reconciler.errors import RefusedError
from reconciler.model.choice import chosen
from reconciler.model.correction_records import AddedProposals, CorrectionFilter, Move, StoredPlan
from reconciler.model.corrections import Approval, Correction, CorrectionState, FieldChange, JournalStep
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

_KEEPS_NOTHING = phrase("a dry run keeps nothing.")


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a dry run came to.

    Attributes:
        attempted: by the id of the correction; one that is missing was not come to.
        stopped: systems that were given up, and why.
    """

    attempted: Mapping[str, Attempted]
    stopped: Mapping[Side, str]


async def rehearse(
    acting: Acting,
    targets: Mapping[Side, RecordWrites],
    corrections: Sequence[Correction],
    progress: ReportProgress | None = None,
) -> Rehearsed:
    """Go through corrections as applying them would, and write nothing. Both systems are read.

    Args:
        corrections: taken as planned, whatever state they are in.
    """
    attempted: dict[str, Attempted] = {}

    def note(step: Progress) -> None:
        attempted[step.last.correction.id] = step.last
        if progress is not None:
            progress(step)

    planned = [replace(each, state=CorrectionState.PLANNED) for each in corrections]
    kept = _KeptInMemory({each.id: each for each in planned})
    overlays = {side: _overlay(acting, side, target) for side, target in targets.items()}
    needs = Applying(
        kept,
        kept,
        overlays,
        permission=_always,
        person=acting.person.name,
        plan="",
        owner="",
        clock=acting.clock,
        limits=ApplyLimits(at_once=at_once(acting)),
    )
    summary = await Applier(needs, note).apply(planned)
    return Rehearsed(attempted, summary.stopped)


def at_once(acting: Acting) -> dict[Side, int]:
    """How many records of each system may be under way: as many as calls may."""
    return {side: _concurrency(description) for side, description in acting.descriptions.items()}


def _concurrency(description: Description) -> int:
    return 1 if description.http is None else description.http.concurrency


def _overlay(acting: Acting, side: Side, target: RecordWrites) -> OverlayWrites:
    context = acting.workspace.project.system(side).context
    return OverlayWrites(side.value, target, acting.descriptions[side], acting.mappings(side), context)


async def _always(correction: Correction) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class _KeptInMemory:
    """What an applier needs kept, for as long as it runs. Nothing is decided here: it takes no proposals."""

    corrections: dict[str, Correction]

    async def get(self, correction_id: str) -> Correction:
        return self.corrections[correction_id]

    async def move(self, moves: Sequence[Move], *, person: str, plan: str | None = None) -> list[str]:
        refused = []
        for move in moves:
            there = self.corrections.get(move.correction)
            if there is None or there.state is not move.expected:
                refused.append(move.correction)
            else:
                self.corrections[move.correction] = replace(there, state=move.to, words=move.words)
        return refused

    async def iterate(self, wanted: CorrectionFilter) -> AsyncGenerator[Correction, None]:
        """Those of these ids and states; nobody asks in other ways."""
        ids, states = chosen(wanted.ids), chosen(wanted.states)
        for each in list(self.corrections.values()):
            if (ids is None or each.id in ids) and (states is None or each.state in states):
                yield each

    async def count(self, wanted: CorrectionFilter) -> int:
        return len([each async for each in self.iterate(wanted)])

    async def claim_plan(self, digest: str, owner: str) -> bool:
        return True

    async def applier(self) -> str | None:
        return None

    async def release_plan(self, digest: str, owner: str, *, finished: bool) -> None:
        """There is no claim that others could see."""

    async def note(self, step: JournalStep) -> None:
        """Nobody reads it again."""

    async def steps(self, correction_id: str) -> list[JournalStep]:
        return []

    async def attempts(self, correction_ids: Sequence[str]) -> dict[str, int]:
        return {}

    async def unfinished(self) -> list[JournalStep]:
        return []

    async def add(self, proposed: Sequence[Correction], *, person: str) -> AddedProposals:
        raise RefusedError(_KEEPS_NOTHING)

    async def edit(
        self, correction_id: str, changes: tuple[FieldChange, ...], digest: str, *, person: str
    ) -> Correction:
        raise RefusedError(_KEEPS_NOTHING)

    async def approve(self, approvals: Sequence[Approval]) -> None:
        raise RefusedError(_KEEPS_NOTHING)

    async def approvals(self, correction_ids: Sequence[str]) -> dict[str, list[Approval]]:
        return {each: [] for each in correction_ids}

    async def add_plan(self, plan: StoredPlan) -> None:
        raise RefusedError(_KEEPS_NOTHING)

    async def plan(self, digest: str) -> StoredPlan | None:
        return None
