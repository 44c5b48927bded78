"""One correction, from the claim to the proof: everything that is known is journalled before the next thing is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.corrections.asked import asked_record, asked_update
from reconciler.corrections.outcomes import (
    Outcome,
    outcome_of_failure,
    outcome_of_interruption,
    outcome_of_result,
)
from reconciler.corrections.ports import Corrections, Journal, RecordWrites
from reconciler.errors import SystemReadError, WriteError
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

Permission = Callable[[Correction], Awaitable[str | None]]
"""Asked right before each write: why the correction must not be written now (its approval lapsed, the stage forbids
it), or None when it may. What it says None about may be counted as begun."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of one correction of a plan.

    Attributes:
        outcome: None when it was held back: nothing was sent, and it is in the state it was in.
        held_back: why.
        failure: the error behind the outcome, where there was one.
    """

    correction: Correction
    outcome: Outcome | None = None
    held_back: str = ""
    failure: WriteError | SystemReadError | None = None


def idempotency_text(correction_id: str) -> str:
    """What identifies one create to the system: the same for every attempt, another for every correction."""
    return f"reconciler-{correction_id}"


async def write_correction(
    writes: RecordWrites, correction: Correction, accepted: Accepted | None = None
) -> WriteResult:
    """Write it, if the record still is what the approver saw. The only place that turns a correction into a call.

    Raises:
        WriteError, SystemReadError: as of `RecordWriter`.
    """
    entity = correction.entity
    if correction.action is CorrectionAction.CREATE:
        new = asked_record(correction)
        idempotency = idempotency_text(correction.id)
        return await writes.create(entity, new.record, new.lines, idempotency=idempotency, accepted=accepted)
    if correction.record_id is None:
        raise ValueError(f"correction {correction.id} names no record")
    asked = asked_update(correction)
    if correction.action is CorrectionAction.DEACTIVATE:
        return await writes.deactivate(entity, correction.record_id, asked.expected, accepted=accepted)
    return await writes.update(
        entity, correction.record_id, asked.changes, asked.expected, lines=asked.lines, accepted=accepted
    )


Ended = Callable[[Attempted], None]
"""Told what became of a correction, also when it had to be given up."""


class Attempts:
    """Makes attempts.

    Args:
        writes: of each side that is written.
        person: who applies.
        plan: digest of the plan that is applied.
        begun: how often each correction was begun to be written before.
    """

    def __init__(
        self,
        corrections: Corrections,
        journal: Journal,
        writes: Mapping[Side, RecordWrites],
        permission: Permission,
        *,
        person: str,
        plan: str,
        clock: Callable[[], datetime],
        begun: Mapping[str, int],
    ) -> None:
        self._corrections = corrections
        self._journal = journal
        self._writes = writes
        self._permission = permission
        self._person = person
        self._plan = plan
        self._clock = clock
        self._begun = begun

    async def attempt(self, correction: Correction, ended: Ended) -> None:
        """Write one correction, if it still is in the plan and nobody else took it.

        Args:
            correction: as it is kept, since the plan was claimed.
            ended: called once, unless this raises `StateError`.

        Raises:
            StateError: the state cannot be used. What was sent is found out by `Recovery`.
            asyncio.CancelledError: what is known by then is kept.
        """
        why = await self._permission(correction)
        if why is not None:
            ended(Attempted(correction, held_back=why))
            return
        attempt = self._begun.get(correction.id, 0) + 1
        intent = self._step(correction, attempt, StepKind.INTENT, correction.record_id)
        # Only who makes this move writes: it keeps two appliers apart. What is in the plan still has its content.
        taken = Move(correction.id, correction.state, CorrectionState.APPLYING, record_id=correction.record_id)
        if await self._kept(intent, [taken]):
            current = await self._corrections.get(correction.id)
            ended(
                Attempted(
                    current, held_back=phrase("it is {state}, and was not when this began", state=current.state.value)
                )
            )
            return
        await self._write(correction, attempt, ended)

    async def _write(self, correction: Correction, attempt: int, ended: Ended) -> None:
        accepted_ids: list[str] = []

        async def accepted(identity: str) -> None:
            accepted_ids.append(identity)
            await self._journal.note(self._step(correction, attempt, StepKind.ACCEPTED, identity))

        failure: WriteError | SystemReadError | None = None
        try:
            writes = self._writes[correction.side]
            outcome = outcome_of_result(correction, await write_correction(writes, correction, accepted), writes)
        except (WriteError, SystemReadError) as error:
            outcome, failure = outcome_of_failure(error, correction.record_id), error
        except asyncio.CancelledError:
            given_up = outcome_of_interruption(accepted_ids[0] if accepted_ids else None, correction.record_id)
            await self._keep(correction, attempt, given_up)
            ended(Attempted(correction, given_up))
            raise
        await self._keep(correction, attempt, outcome)
        ended(Attempted(correction, outcome, failure=failure))

    async def _keep(self, correction: Correction, attempt: int, outcome: Outcome) -> None:
        done = self._step(
            correction,
            attempt,
            StepKind.DONE,
            outcome.record_id,
            state=outcome.state,
            words=outcome.words,
            before=outcome.before,
            after=outcome.after,
        )
        await self._kept(
            done, moves_to(correction, CorrectionState.APPLYING, outcome.state, outcome.words, outcome.record_id)
        )

    async def _kept(self, step: JournalStep, moves: Sequence[Move]) -> list[str]:
        """A step and moves, each of which is true without the other: asked for together, they wait for the disk once.

        Returns:
            The corrections that were not where they were expected.
        """
        noting = self._journal.note(step)
        moving = self._corrections.move(moves, person=self._person, plan=self._plan)
        noted, refused = await asyncio.gather(noting, moving, return_exceptions=True)
        for result in (noted, refused):
            if isinstance(result, BaseException):
                raise result
        return cast("list[str]", refused)

    def _step(
        self,
        correction: Correction,
        attempt: int,
        kind: StepKind,
        record_id: str | None,
        *,
        state: CorrectionState | None = None,
        words: str = "",
        before: dict[str, str | None] | None = None,
        after: dict[str, str | None] | None = None,
    ) -> JournalStep:
        return JournalStep(
            correction.id, self._plan, attempt, kind, self._clock(), record_id, state, words, before, after
        )


def moves_to(
    correction: Correction,
    expected: CorrectionState,
    to: CorrectionState,
    words: str = "",
    record_id: str | None = None,
) -> list[Move]:
    """The move, and with the proof of an undo that of what it undoes: in one transaction, so that they cannot part."""
    moves = [Move(correction.id, expected, to, words, record_id)]
    if to is CorrectionState.VERIFIED and correction.undoes is not None:
        words = phrase("Undone by {correction}.", correction=correction.id)
        moves.append(Move(correction.undoes, CorrectionState.VERIFIED, CorrectionState.UNDONE, words))
    return moves
