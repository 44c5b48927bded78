"""Finds out what became of corrections nobody knows the outcome of: by the journal, and by reading the systems.

Nothing is ever sent from here. A record that holds the new values proves that they were written; one that does not
proves nothing until the system had time to finish what it may still be doing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final

from reconciler.connectors.write.current_record import CurrentRecord
from reconciler.corrections.asked import Standing, asked_record, not_as_wanted, read_values, standing
from reconciler.corrections.attempt import moves_to
from reconciler.corrections.outcomes import Outcome, shortened
from reconciler.corrections.ports import Corrections, Journal, RecordWrites
from reconciler.corrections.states import may_move
from reconciler.errors import NotWritableError, RefusedError, SystemReadError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import (
    Correction,
    CorrectionAction,
    CorrectionState,
    FieldChange,
    JournalStep,
    StepKind,
)
from reconciler.model.entities import Side
from reconciler.phrases.phrase import Phrase, phrase

DEFAULT_SETTLE_S: Final = 60.0
"""Longer than a request lives on: the port waits 60 s for an answer at most, and a system that lost its client ends."""
OURSELVES: Final = "reconciler"

_AT_ONCE: Final = 8
_ENDED: Final = phrase("The process that was writing it ended; whether it was done is not known.")
_NOT_SENT: Final = phrase("The process that was to write it ended before anything was sent.")
_WAS_DONE: Final = phrase("It was done: the record holds the new values.")
_NOT_DONE: Final = phrase("It was not done: the record is what it was.")
_NOT_ADDED: Final = phrase("It was not added: there is no record with this key.")
_NOT_SEEN: Final = phrase("Whether it was done cannot be seen; written again, it changes nothing that is so already.")
_GONE: Final = phrase("The record is not there any more.")
_HAS_LEFT: Final = phrase("It was done: the record is out of use.")
_S = CorrectionState


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What is seen of an unknown outcome; `outcome` is None where it does not tell, `again_at` as of `Found`."""

    outcome: Outcome | None
    words: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about one correction.

    Attributes:
        state: that it is in now.
        again_at: when asking again can tell more; None where it is decided, or where only a person can tell.
    """

    correction: Correction
    state: CorrectionState
    words: str
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecoveryNeeds:
    """What recovery needs.

    Attributes:
        writes: of each side; only read.
        person: in whose name moves are made.
        clock: aware current time.
        settle_s: how long a system may still be working on what it was sent. No correction is given back to be written
            before so much time has passed since nobody of ours could be sending it.
    """

    corrections: Corrections
    journal: Journal
    writes: Mapping[Side, RecordWrites]
    person: str = OURSELVES
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    settle_s: float = DEFAULT_SETTLE_S


class Recovery:
    """Resolves what is `applying` and was left behind, and what is `unknown` or only `applied`."""

    def __init__(self, needs: RecoveryNeeds) -> None:
        self._needs = needs
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def at_start(self) -> list[Found]:
        """Look at everything that an earlier process left `applying`.

        To be called by who claimed a plan (`Corrections.claim_plan`), as `Applier` does: what another process is
        writing at this moment would be taken for left behind.

        Raises:
            StateError: the state cannot be used. What was found so far is kept.
        """
        left = [each async for each in self._in(_S.APPLYING)]
        return await self._each(left)

    async def unknown(self) -> list[Found]:
        """Look again at everything that is `unknown`. Raises as `at_start`."""
        return await self._each([each async for each in self._in(_S.UNKNOWN)])

    async def resolve(self, correction_ids: Sequence[str]) -> list[Found]:
        """Look again at some that are `unknown`, or `applied` and not proved.

        Raises:
            RefusedError: one of them is in another state.
            StateError: the state cannot be used.
        """
        chosen = [await self._needs.corrections.get(each) for each in correction_ids]
        for correction in chosen:
            if correction.state not in (_S.UNKNOWN, _S.APPLIED):
                text = phrase(
                    "correction {correction} is {state}: there is nothing to find out.",
                    correction=correction.id,
                    state=correction.state.value,
                )
                raise RefusedError(text)
        return await self._each(chosen)

    async def _in(self, state: CorrectionState) -> AsyncIterator[Correction]:
        async for correction in self._needs.corrections.iterate(CorrectionFilter(states=state)):
            yield correction

    async def settle(self, found: Sequence[Found]) -> list[Found]:
        """Wait, `settle_s` at most, until those that time decides can be decided, and look at them again.

        Returns:
            All of `found`, in their order. Raises as `at_start`.
        """
        due = [each.again_at for each in found if each.again_at is not None]
        if not due:
            return list(found)
        wait_s = (max(due) - self._needs.clock()).total_seconds()
        await asyncio.sleep(min(max(wait_s, 0.0), self._needs.settle_s))
        waiting = [await self._needs.corrections.get(each.correction.id) for each in found if each.again_at is not None]
        again = {each.id: Found(each, each.state, each.words) for each in waiting}
        looked_at = await self._each([each for each in waiting if each.state is _S.UNKNOWN])
        again |= {each.correction.id: each for each in looked_at}
        return [again.get(each.correction.id, each) for each in found]

    async def _each(self, corrections: Sequence[Correction]) -> list[Found]:
        async def one(correction: Correction) -> Found:
            async with self._gate:
                return await self._look(correction)

        # One that cannot be kept does not stop the others: what they found is not to be lost.
        results = await asyncio.gather(*map(one, corrections), return_exceptions=True)
        found = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            found.append(result)
        return found

    async def _look(self, correction: Correction) -> Found:
        steps = await self._needs.journal.steps(correction.id)
        if correction.state is _S.APPLIED:
            return await self._read_back(correction, steps)
        if correction.state is _S.APPLYING:
            settled = await self._left_behind(correction, steps)
            if settled is not None:
                return settled
            # What was sent may arrive until now: the time to settle begins here, and not when it was sent.
            correction, steps = replace(correction, state=_S.UNKNOWN), await self._needs.journal.steps(correction.id)
        return await self._from_unknown(correction, steps)

    async def _left_behind(self, correction: Correction, steps: Sequence[JournalStep]) -> Found | None:
        """The state of a correction that was left `applying`; None when it is `unknown` now."""
        last = steps[-1] if steps else None
        if last is not None and last.kind is StepKind.DONE and last.state is not None:
            if last.state is not _S.UNKNOWN and may_move(_S.APPLYING, last.state):
                return await self._moved(correction, Outcome(last.state, last.words, last.record_id))
            if last.state is _S.UNKNOWN:
                await self._moved(correction, Outcome(_S.UNKNOWN, last.words))
                return None
        begun = list(takewhile(lambda step: step.kind is not StepKind.DONE, reversed(steps)))
        if any(step.kind is StepKind.ACCEPTED for step in begun):
            return await self._read_back(correction, steps)
        words = _ENDED if begun else _NOT_SENT
        await self._decided(correction, steps, Outcome(_S.UNKNOWN, words, correction.record_id))
        return None

    async def _read_back(self, correction: Correction, steps: Sequence[JournalStep]) -> Found:
        """The system said that it did it; reading proves it or does not."""
        accepted = next((step.record_id for step in reversed(steps) if step.kind is StepKind.ACCEPTED), None)
        identity = accepted or correction.record_id
        try:
            record = None if identity is None else await self._read(correction, identity)
        except SystemReadError as error:
            why = phrase("Accepted, and it could not be read back: {problem}", problem=error.message)
            return await self._decided(correction, steps, Outcome(_S.APPLIED, shortened(why), identity))
        if record is None and self._left(correction):
            return await self._decided(correction, steps, Outcome(_S.VERIFIED, _HAS_LEFT, identity))
        if record is None:
            return await self._decided(correction, steps, Outcome(_S.APPLIED, f"Accepted. {_GONE}", identity))
        values = read_values(correction, record)
        told = self._told(correction)
        if standing(correction, record, told) is Standing.DONE:
            return await self._decided(correction, steps, Outcome(_S.VERIFIED, _WAS_DONE, identity, None, values))
        others = ", ".join(not_as_wanted(told, record))
        why = phrase("Accepted, and it reads back otherwise in {others}.", others=others)
        return await self._decided(correction, steps, Outcome(_S.APPLIED, shortened(why), identity, None, values))

    async def take_word(self, correction_id: str, *, written: bool, reason: str) -> Found:
        """Keep what a person says of an unknown outcome, where the record was read once more and does not tell.

        What was written is `applied`: a word is no proof, and reading may prove it later. What was not is `planned`.

        Raises:
            RefusedError: it is not `unknown`, reading decides it by itself or contradicts, or time may still decide it.
            StateError: the state cannot be used.
        """
        correction = await self._needs.corrections.get(correction_id)
        if correction.state is not _S.UNKNOWN:
            raise RefusedError(
                phrase(
                    "correction {correction} is {state}: its outcome is no question.",
                    correction=correction.id,
                    state=correction.state.value,
                )
            )
        steps = await self._needs.journal.steps(correction.id)
        seen = await self._verdict(correction, steps)
        if seen.outcome is not None:
            raise RefusedError(
                phrase(
                    "reading tells by itself what became of correction {correction}: {words}",
                    correction=correction.id,
                    words=seen.outcome.words,
                ),
                hint=phrase("`reconciler corrections retry` keeps that."),
            )
        if seen.again_at is not None:
            raise RefusedError(
                phrase(
                    "correction {correction} may still be on its way. {words}",
                    correction=correction.id,
                    words=seen.words,
                ),
                hint=phrase("Ask again after {again_at}.", again_at=seen.again_at.isoformat(timespec="seconds")),
            )
        said = _said(self._needs.person, written=written, reason=reason, seen=seen.words)
        to = _S.APPLIED if written else _S.PLANNED
        return await self._decided(correction, steps, Outcome(to, shortened(said), correction.record_id))

    async def _from_unknown(self, correction: Correction, steps: Sequence[JournalStep]) -> Found:
        last = steps[-1] if steps else None
        if last is not None and (outcome := _found_out(last)) is not None:
            # Whoever found it out ended before it was kept.
            return await self._moved(correction, outcome)
        verdict = await self._verdict(correction, steps)
        if verdict.outcome is None:
            return Found(correction, _S.UNKNOWN, verdict.words, verdict.again_at)
        return await self._decided(correction, steps, verdict.outcome)

    async def _verdict(self, correction: Correction, steps: Sequence[JournalStep]) -> _Verdict:
        """What the journal and the record say of what is `unknown`. Nothing is kept."""
        last = steps[-1] if steps else None
        if last is None or not _was_sent(steps):
            return _Verdict(Outcome(_S.PLANNED, _NOT_SENT))
        if (noted := _found_out(last)) is not None:
            return _Verdict(noted)
        settled_at = last.at + timedelta(seconds=self._needs.settle_s)
        # Taken before reading: what arrives between the reading and the question would not be seen.
        may_still_arrive = self._needs.clock() < settled_at
        try:
            outcome = await self._seen(correction)
        except (SystemReadError, NotWritableError) as error:
            words = shortened(phrase("Whether it was done is not known: {problem}", problem=error.message))
            return _Verdict(None, words, settled_at if may_still_arrive else None)
        if outcome.state is not _S.VERIFIED and may_still_arrive:
            return _Verdict(None, correction.words or _ENDED, settled_at)
        return _Verdict(outcome)

    async def _seen(self, correction: Correction) -> Outcome:
        """What the record as it is now says, once nothing can arrive any more."""
        identity = correction.record_id
        if correction.action is CorrectionAction.CREATE:
            new = asked_record(correction).record
            identity = await self._needs.writes[correction.side].look_up(correction.entity, new)
            if identity is None:
                return Outcome(_S.PLANNED, _NOT_ADDED)
        record = None if identity is None else await self._read(correction, identity)
        if record is None and self._left(correction):
            return Outcome(_S.VERIFIED, _HAS_LEFT, identity)
        if record is None:
            return Outcome(_S.SUPERSEDED, _GONE, identity)
        return self._outcome_of(correction, record)

    def _outcome_of(self, correction: Correction, record: CurrentRecord) -> Outcome:
        """What a record that is there says."""
        told, values = self._told(correction), read_values(correction, record)
        stands, is_new = standing(correction, record, told), correction.action is CorrectionAction.CREATE
        if stands is Standing.DONE:
            return Outcome(_S.VERIFIED, _WAS_DONE, record.id, None, values)
        if stands is Standing.LEFT and not is_new:
            acts = any(change.old != change.new for change in told)
            return Outcome(_S.PLANNED, _NOT_DONE if acts else _NOT_SEEN, record.id, values, None)
        others = ", ".join(not_as_wanted(told, record))
        words = phrase("Somebody changed {others}; whether our values were there before cannot be told.", others=others)
        if is_new:
            words = phrase("A record with this key is there, with other values in {others}.", others=others)
        return Outcome(_S.SUPERSEDED, shortened(words), record.id, values, None)

    def _told(self, correction: Correction) -> list[FieldChange]:
        """The changes that reading can tell about: what the system does not take in a new record is not in it."""
        if correction.action is not CorrectionAction.CREATE:
            return list(correction.changes)
        writes, entity = self._needs.writes[correction.side], correction.entity
        return [
            change
            for change in correction.changes
            if not (
                writes.problem(entity, "create", change.field)
                if change.line is None
                else writes.line_problem(entity, change.field)
            )
        ]

    def _left(self, correction: Correction) -> bool:
        """Whether a record that is not there is what the correction was to come to."""
        leaves = self._needs.writes[correction.side].leaves
        return correction.action is CorrectionAction.DEACTIVATE and leaves(correction.entity)

    async def _read(self, correction: Correction, identity: str) -> CurrentRecord | None:
        return await self._needs.writes[correction.side].read(correction.entity, identity)

    async def _decided(self, correction: Correction, steps: Sequence[JournalStep], outcome: Outcome) -> Found:
        """Keep what was found out, unless it is what was known."""
        if outcome.state is correction.state:
            return Found(correction, outcome.state, outcome.words)
        last = steps[-1] if steps else None
        step = JournalStep(
            correction.id,
            "" if last is None else last.plan,
            1 if last is None else last.attempt,
            StepKind.DONE,
            self._needs.clock(),
            outcome.record_id,
            outcome.state,
            outcome.words,
            outcome.before,
            outcome.after,
        )
        await self._needs.journal.note(step)
        return await self._moved(correction, outcome)

    async def _moved(self, correction: Correction, outcome: Outcome) -> Found:
        moves = moves_to(correction, correction.state, outcome.state, outcome.words, outcome.record_id)
        refused = await self._needs.corrections.move(moves, person=self._needs.person)
        if correction.id in refused:
            current = await self._needs.corrections.get(correction.id)
            return Found(current, current.state, current.words)
        return Found(correction, outcome.state, outcome.words)


def _found_out(last: JournalStep) -> Outcome | None:
    """What the last step says became of a correction that is still kept as `unknown`."""
    if last.state is None or not may_move(_S.UNKNOWN, last.state):
        return None
    return Outcome(last.state, last.words, last.record_id)


def _was_sent(steps: Sequence[JournalStep]) -> bool:
    """Whether anything can have been sent since it was last known that nothing was."""
    for step in reversed(steps):
        if step.kind is not StepKind.DONE:
            return True
        if step.state in (_S.PLANNED, _S.FAILED):
            return False
    return False


def _said(person: str, *, written: bool, reason: str, seen: str) -> Phrase:
    if written:
        return phrase("{person} says that it was written: {because} ({seen})", person=person, because=reason, seen=seen)
    return phrase("{person} says that it was not written: {because} ({seen})", person=person, because=reason, seen=seen)
