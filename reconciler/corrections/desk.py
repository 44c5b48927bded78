"""The error desk: what did not go through, why, and what can be done about it. As many as there are."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.connectors.write.current_record import CurrentRecord
from reconciler.corrections.asked import place_of, read_values
from reconciler.corrections.content import content_digest
from reconciler.corrections.ports import Corrections, Journal, RecordWrites
from reconciler.corrections.problems import problems_of
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule
from reconciler.phrases.phrase import phrase


class Trouble(StrEnum):
    """What kind of trouble a correction is in. The values are those of its state."""

    SUPERSEDED = CorrectionState.SUPERSEDED.value
    REFUSED = CorrectionState.REFUSED.value
    FAILED = CorrectionState.FAILED.value
    UNKNOWN = CorrectionState.UNKNOWN.value
    UNPROVED = CorrectionState.APPLIED.value


class Remedy(StrEnum):
    """What can be done."""

    PROPOSE_AGAIN = "propose_again"
    EDIT_AND_PROPOSE = "edit_and_propose"
    RETRY = "retry"
    RESOLVE = "resolve"


REMEDIES: Final[Mapping[Trouble, Remedy]] = {
    Trouble.SUPERSEDED: Remedy.PROPOSE_AGAIN,
    Trouble.REFUSED: Remedy.EDIT_AND_PROPOSE,
    Trouble.FAILED: Remedy.RETRY,
    Trouble.UNKNOWN: Remedy.RESOLVE,
    Trouble.UNPROVED: Remedy.RESOLVE,
}

WHAT_TO_DO: Final[Mapping[Trouble, str]] = {
    Trouble.SUPERSEDED: "Somebody changed the record. Look at its values of now, and propose again if they are wrong.",
    Trouble.REFUSED: "The system does not take it. Propose it again and edit the value, or let it be.",
    Trouble.FAILED: "The system could not be reached or read; nothing was written. Try again.",
    Trouble.UNKNOWN: "It was sent, and no answer came. Retry reads the record; where that tells nothing, settle it.",
    Trouble.UNPROVED: "The system accepted it, and the record does not show it. Read it again; then look there.",
}
WHAT_TO_DO_PT: Final[Mapping[Trouble, str]] = {
    Trouble.SUPERSEDED: "Alguém alterou o registro. Veja os valores atuais e proponha de novo se estiverem errados.",
    Trouble.REFUSED: "O sistema não aceita. Proponha de novo e edite o valor, ou deixe como está.",
    Trouble.FAILED: "O sistema não pôde ser alcançado ou lido; nada foi gravado. Tente de novo.",
    Trouble.UNKNOWN: "Foi enviado e não houve resposta. Retry lê o registro; se isso nada disser, use settle.",
    Trouble.UNPROVED: "O sistema aceitou e o registro não mostra. Leia de novo; depois verifique lá.",
}

_TROUBLED: Final = frozenset(CorrectionState(trouble.value) for trouble in Trouble)


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """One correction that did not go through. What the system said is in its `words`.

    Attributes:
        attempts: how often it was begun to be written.
        since: when it came into this state; None where the journal does not tell.
    """

    correction: Correction
    trouble: Trouble
    remedy: Remedy
    attempts: int
    since: datetime | None


async def on_the_desk(
    corrections: Corrections, journal: Journal, chosen: CorrectionFilter
) -> AsyncGenerator[DeskEntry, None]:
    """Every chosen correction that is in trouble, in the order of the store. `chosen.states` is not looked at."""
    async with aclosing(corrections.iterate(replace(chosen, states=_TROUBLED))) as troubled:
        async for correction in troubled:
            yield desk_entry(correction, await journal.steps(correction.id))


def what_to_do(trouble: Trouble, locale: str) -> str:
    """What can be done, one or two sentences in the language of the project."""
    return (WHAT_TO_DO_PT if locale.startswith("pt") else WHAT_TO_DO)[trouble]


def desk_entry(correction: Correction, steps: Sequence[JournalStep]) -> DeskEntry:
    """The entry of a correction that is in trouble.

    Raises:
        ValueError: it is not.
    """
    trouble = Trouble(correction.state.value)
    told = (step.at for step in reversed(steps) if step.kind is StepKind.DONE and step.state is correction.state)
    attempts = sum(step.kind is StepKind.INTENT for step in steps)
    return DeskEntry(correction, trouble, REMEDIES[trouble], attempts, next(told, None))


async def proposed_again(
    correction: Correction,
    writes: Mapping[Side, RecordWrites],
    rules: Mapping[str, EntityRule],
    *,
    person: str,
    now: datetime,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Correction:
    """The same once more as a new proposal, resting on the values the record has now; `Corrections.add` keeps it.

    Raises:
        RefusedError: it is neither superseded nor refused, there is nothing left to change, or its record is gone.
        SystemReadError: the record could not be read.
    """
    if correction.state not in (CorrectionState.SUPERSEDED, CorrectionState.REFUSED):
        raise RefusedError(
            phrase(
                "correction {correction} is {state}; it is not proposed again.",
                correction=correction.id,
                state=correction.state.value,
            )
        )
    if correction.undoes is not None:
        raise RefusedError(
            phrase(
                "correction {correction} takes back {undoes}; it is not proposed again.",
                correction=correction.id,
                undoes=correction.undoes,
            ),
            hint=phrase(
                "`reconciler corrections undo {undoes}` says whether it still can be undone.", undoes=correction.undoes
            ),
        )
    again = replace(
        correction, id=new_id(), state=CorrectionState.PROPOSED, proposed_by=person, proposed_at=now, words=""
    )
    target = writes[correction.side]
    if correction.action is CorrectionAction.CREATE:
        if correction.state is CorrectionState.SUPERSEDED:
            text = phrase(
                "correction {correction}: a record with the key {key} is there now.",
                correction=correction.id,
                key=correction.key,
            )
            raise RefusedError(text, hint=phrase("Reconcile again: its differences are found, and can be corrected."))
        again = replace(again, record_id=None)
    else:
        record = None
        if correction.record_id is not None:
            record = await target.read(correction.entity, correction.record_id)
        again = _resting_on(again, record)
    problems = problems_of(again.entity, again.action, again.changes, rules, target)
    digest = content_digest(again.entity, again.key, again.side, again.action, again.record_id, again.changes)
    return replace(again, digest=digest, problems=problems)


def _resting_on(correction: Correction, record: CurrentRecord | None) -> Correction:
    values = read_values(correction, record)
    if values is None:
        raise RefusedError(
            phrase(
                "correction of {entity} {key}: the record is not there any more.",
                entity=correction.entity,
                key=correction.key,
            )
        )
    changes = []
    for change in correction.changes:
        now = values[place_of(change)]
        # A value that was only compared, and not to be changed, is compared with what it is now.
        changes.append(replace(change, old=now, new=now if change.old == change.new else change.new))
    if all(change.old == change.new for change in changes) and any(each.old != each.new for each in correction.changes):
        raise RefusedError(
            phrase(
                "correction of {entity} {key}: the record is so already.", entity=correction.entity, key=correction.key
            )
        )
    return replace(correction, changes=tuple(changes))
