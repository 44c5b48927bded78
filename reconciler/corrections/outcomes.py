"""What became of one attempt to write: the state a correction is left in, and in which words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.connectors.write.result import WriteResult
from reconciler.corrections.asked import ReadValues, read_values
from reconciler.corrections.ports import RecordWrites
from reconciler.corrections.values import text_of
from reconciler.errors import (
    NotWritableError,
    OutcomeUnknownError,
    ReconcilerError,
    SupersededError,
    SystemReadError,
    WriteError,
    WriteRefusedError,
)
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.phrases.phrase import phrase

WAS_SO_ALREADY: Final = phrase("It was so already; nothing was written.")
INTERRUPTED: Final = phrase("Interrupted while it was being written; whether it was done is not known.")
ACCEPTED_ONLY: Final = phrase("The system accepted it; it was interrupted before it was read back.")

_WORDS_CHARACTERS: Final = 2000
_STATES: Final[tuple[tuple[type[ReconcilerError], CorrectionState], ...]] = (
    (SupersededError, CorrectionState.SUPERSEDED),
    (OutcomeUnknownError, CorrectionState.UNKNOWN),
    (WriteRefusedError, CorrectionState.REFUSED),
    (NotWritableError, CorrectionState.REFUSED),
    (SystemReadError, CorrectionState.FAILED),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        record_id: of the record written; of a new one, the one it got.
        before, after: as of `JournalStep`.
    """

    state: CorrectionState
    words: str = ""
    record_id: str | None = None
    before: ReadValues | None = None
    after: ReadValues | None = None


def outcome_of_result(correction: Correction, result: WriteResult, writes: RecordWrites) -> Outcome:
    """What a write that was not refused came to."""
    before, after = read_values(correction, result.before), read_values(correction, result.after)
    if before is not None and after is not None and correction.action is CorrectionAction.DEACTIVATE:
        before, after = _with_what_changed(correction.entity, result, before, after, writes)
    if correction.action is CorrectionAction.CREATE and not result.written:
        # A record that was there is no work of ours, and nothing of it is to be taken back.
        return Outcome(*_found_there(result), result.id, after, after)
    state = CorrectionState.VERIFIED if result.verified else CorrectionState.APPLIED
    return Outcome(state, _words_of(result), result.id, before, after)


def outcome_of_failure(error: WriteError | SystemReadError, record_id: str | None) -> Outcome:
    """What a write that raised came to."""
    state = next(state for kind, state in _STATES if isinstance(error, kind))
    return Outcome(state, shortened(str(error)), record_id)


def outcome_of_interruption(accepted_id: str | None, record_id: str | None) -> Outcome:
    """What a write came to that could not be waited for any longer.

    Args:
        accepted_id: the record's id where the system said that it did it.
    """
    if accepted_id is None:
        return Outcome(CorrectionState.UNKNOWN, INTERRUPTED, record_id)
    return Outcome(CorrectionState.APPLIED, ACCEPTED_ONLY, accepted_id)


def shortened(words: str) -> str:
    """Words of a system, of bounded length: they are kept with every correction and shown in lists."""
    return words if len(words) <= _WORDS_CHARACTERS else f"{words[: _WORDS_CHARACTERS - 1]}…"


def _with_what_changed(
    entity: str, result: WriteResult, before: ReadValues, after: ReadValues, writes: RecordWrites
) -> tuple[ReadValues, ReadValues]:
    """Taking out of use changes what the description says, which the correction need not name; an undo has to know."""
    if result.before is None or result.after is None:
        return before, after
    was, now = result.before.values, result.after.values
    # What the system keeps by itself, such as its change stamp, is nobody's to take back.
    changed = [name for name in was if was[name] != now.get(name) and writes.problem(entity, "update", name) is None]
    return (
        before | {name: text_of(was[name]) for name in changed},
        after | {name: text_of(now.get(name)) for name in changed},
    )


def _found_there(result: WriteResult) -> tuple[CorrectionState, str]:
    if result.verified:
        return CorrectionState.VERIFIED, phrase("A record with this key was there already, with these values.")
    if result.problem is not None:
        why = phrase(
            "A record with this key was there already, and could not be read: {problem}", problem=result.problem.message
        )
        return CorrectionState.FAILED, shortened(why)
    others = ", ".join(result.differing)
    why = phrase(
        "A record with this key was there already, with other values in {others}; nothing was written.", others=others
    )
    return CorrectionState.SUPERSEDED, shortened(why)


def _words_of(result: WriteResult) -> str:
    if not result.written:
        return WAS_SO_ALREADY
    said = []
    if result.problem is not None:
        said.append(phrase("Accepted, and it could not be read back: {problem}", problem=result.problem.message))
    elif not result.verified:
        said.append(
            phrase(
                "Accepted, and it reads back otherwise in {differing}.",
                differing=", ".join(result.differing) or "the record",
            )
        )
    if result.left_out:
        said.append(phrase("The system does not take {left_out}.", left_out=", ".join(result.left_out)))
    return shortened(" ".join(said))
