"""Taking back what was written: an inverse correction, with its own approval and the same guard as any other."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reconciler.connectors.write.current_record import CurrentRecord
from reconciler.corrections.asked import ReadValues, not_as_wanted, place_of
from reconciler.corrections.content import content_digest
from reconciler.corrections.ports import Corrections, Journal, RecordWrites
from reconciler.corrections.problems import problems_of
from reconciler.corrections.values import text_of
from reconciler.errors import RefusedError
from reconciler.model.corrections import (
    Correction,
    CorrectionAction,
    CorrectionState,
    FieldChange,
    JournalStep,
    StepKind,
)
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule
from reconciler.phrases.phrase import phrase

_ACTIVE: Final = "active"
_NO_VALUES: Final[ReadValues] = {}


@dataclass(frozen=True, slots=True)
class UndoNeeds:
    """What undoing needs.

    Attributes:
        writes: of each side; only read.
        rules: by entity, those of lines too.
    """

    corrections: Corrections
    journal: Journal
    writes: Mapping[Side, RecordWrites]
    rules: Mapping[str, EntityRule]


async def undo_of(
    correction_id: str,
    needs: UndoNeeds,
    *,
    person: str,
    now: datetime,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Correction:
    """The proposal that takes a correction back; `Corrections.add` keeps it. What was created is taken out of use.

    That the record still holds what was written is checked here, so that nobody approves what cannot be, and again
    right before the undo is written.

    Raises:
        RefusedError: it is not `verified`, it wrote nothing, its record changed since, or cannot be taken out of use.
        SystemReadError: the record could not be read.
    """
    original = await needs.corrections.get(correction_id)
    if original.state is not CorrectionState.VERIFIED or original.record_id is None:
        raise _refused(original, phrase("is {state}; only what is verified can be undone", state=original.state.value))
    target = needs.writes[original.side]
    record = await target.read(original.entity, original.record_id)
    if record is None:
        raise _refused(original, phrase("cannot be undone: the record is not there any more"))
    proof = _proof(await needs.journal.steps(original.id))
    action, changes = _inverse(original, proof, record, target)
    held = [FieldChange(change.field, None, change.old, change.line) for change in changes]
    if changed := not_as_wanted(held, record):
        raise _refused(
            original, phrase("cannot be undone: since then somebody changed {changed}", changed=", ".join(changed))
        )
    digest = content_digest(original.entity, original.key, original.side, action, original.record_id, changes)
    return Correction(
        id=new_id(),
        entity=original.entity,
        key=original.key,
        side=original.side,
        action=action,
        record_id=original.record_id,
        source_id=None,
        changes=changes,
        digest=digest,
        state=CorrectionState.PROPOSED,
        proposed_by=person,
        proposed_at=now,
        problems=problems_of(original.entity, action, changes, needs.rules, target),
        undoes=original.id,
    )


def _proof(steps: Sequence[JournalStep]) -> JournalStep | None:
    """The step that says what was read before and after the write."""
    proofs = (step for step in steps if step.kind is StepKind.DONE and step.state is CorrectionState.VERIFIED)
    return next(proofs, None)


def _inverse(
    original: Correction, proof: JournalStep | None, record: CurrentRecord, target: RecordWrites
) -> tuple[CorrectionAction, tuple[FieldChange, ...]]:
    before = None if proof is None else proof.before
    after = _NO_VALUES if proof is None or proof.after is None else proof.after
    if original.action is CorrectionAction.CREATE:
        return CorrectionAction.DEACTIVATE, _out_of_use(original, before, after, record, target)
    changes = _back(original, _NO_VALUES if before is None else before, after)
    if not changes:
        raise _refused(original, phrase("cannot be undone: it wrote nothing, the record was so already"))
    return CorrectionAction.UPDATE, changes


def _back(original: Correction, before: ReadValues, after: ReadValues) -> tuple[FieldChange, ...]:
    """From what is there now to what was there before; what the write did not change stays."""
    changes = []
    for change in original.changes:
        place = place_of(change)
        changes.append(
            FieldChange(change.field, after.get(place, change.new), before.get(place, change.old), change.line)
        )
    named = {place_of(change) for change in original.changes}
    others = sorted((before.keys() & after.keys()) - named)
    changes += [FieldChange(name, after[name], before[name]) for name in others]
    return tuple(change for change in changes if change.old != change.new)


def _out_of_use(
    original: Correction,
    before: ReadValues | None,
    after: ReadValues,
    record: CurrentRecord,
    target: RecordWrites,
) -> tuple[FieldChange, ...]:
    """A new record is taken out of use as long as it is what was added: every value of it is compared."""
    if before is not None:
        raise _refused(original, phrase("cannot be undone: it added nothing, the record was there already"))
    if not target.can_deactivate(original.entity):
        raise _refused(original, phrase("cannot be undone: the system cannot take such records out of use"))
    if (problem := target.deactivation_problem(original.entity, record)) is not None:
        raise _refused(original, phrase("cannot be undone: {problem}", problem=problem))
    kept = [change for change in original.changes if change.line is None and change.field != _ACTIVE]
    taken = [change for change in kept if target.problem(original.entity, "create", change.field) is None]
    values = {change.field: after.get(change.field, change.new) for change in taken}
    guards = [FieldChange(name, value, value) for name, value in values.items()]
    if _ACTIVE not in record.values:
        return tuple(guards)
    active = text_of(record.values[_ACTIVE])
    if active == "false":
        raise _refused(original, phrase("cannot be undone: the record is out of use already"))
    return (*guards, FieldChange(_ACTIVE, active, "false"))


def _refused(correction: Correction, why: str) -> RefusedError:
    return RefusedError(
        phrase(
            "correction {correction} of {entity} {key} {why}.",
            correction=correction.id,
            entity=correction.entity,
            key=correction.key,
            why=why,
        )
    )
