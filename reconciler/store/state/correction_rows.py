"""Corrections, approvals and plans as rows and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from sys import intern
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, type_coerce

from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.in_bulk import in_bulk
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.fingerprint import fingerprint, number, numbers
from reconciler.store.state.instant import from_microseconds, to_microseconds

_ROWS: Final = schema.corrections.c
_READ: Final = (
    "id", "entity", "key", "side", "action", "record_id", "source_id", "changes", "digest", "state",
    "proposed_by", "proposed_at", "problems", "undoes", "words",
)  # fmt: skip

READ_COLUMNS: Final = tuple(
    type_coerce(_ROWS[name], BigInteger) if name == "proposed_at" else _ROWS[name] for name in _READ
)
"""What `correction_of` takes, in its order, as the driver has it."""

WRITTEN_COLUMNS: Final = ("number", *_READ, "makes_new", "target", "offer", "topic")
"""What `row_of` gives, in its order."""

_SIDES: Final = {side.value: side for side in Side}
_ACTIONS: Final = {action.value: action for action in CorrectionAction}
_STATES: Final = {state.value: state for state in CorrectionState}
_NO_PROBLEMS: Final = "[]"
_correction: Final = in_bulk(Correction)
_change: Final = in_bulk(FieldChange)

Target = tuple[str, str, str, bool]
"""What a correction is about: the record's id, or the key of one to be made; entity; side; whether it is made."""


def row_number(correction_id: str) -> int:
    """The stored form of a whole id.

    Raises:
        ValueError: it is not sixteen lower-case hexadecimal digits.
    """
    return number(correction_id)


def row_numbers(correction_ids: Iterable[str]) -> list[int]:
    """The stored forms of whole ids that somebody gave.

    Raises:
        RefusedError: one of them is not an id.
    """
    try:
        return numbers(list(correction_ids))
    except ValueError:
        raise RefusedError(phrase("a correction id has 16 hexadecimal digits.")) from None


def target_of(correction: Correction) -> Target:
    """What the correction is about.

    Raises:
        ValueError: the record is there, and nothing says which it is.
    """
    makes_new = correction.action is CorrectionAction.CREATE
    target = correction.key if makes_new else correction.record_id
    if target is None:
        raise ValueError(f"correction {correction.id} names no record to {correction.action}")
    return target, correction.entity, correction.side.value, makes_new


def changes_text(changes: Sequence[FieldChange]) -> str:
    """Changes as kept: a JSON array of arrays, a third shorter than objects and twice as fast to read."""
    return orjson.dumps(
        [(each.field, each.old, each.new, each.line, each.finding, each.edited_by) for each in changes]
    ).decode()


def offer_of(correction: Correction) -> str:
    """Digest of everything a proposal offers, so that the same offer is known again."""
    parts = (
        changes_text(correction.changes),
        correction.digest,
        correction.source_id,
        correction.undoes,
        list(correction.problems),
    )
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def row_of(correction: Correction, row: int, offer: str, topic: int) -> tuple[object, ...]:
    """A proposal as the driver takes it, in the order of `WRITTEN_COLUMNS`."""
    target, _, _, makes_new = target_of(correction)
    return (
        row,
        number(correction.id),
        correction.entity,
        correction.key,
        correction.side.value,
        correction.action.value,
        correction.record_id,
        correction.source_id,
        changes_text(correction.changes),
        correction.digest,
        correction.state.value,
        correction.proposed_by,
        to_microseconds(correction.proposed_at),
        orjson.dumps(correction.problems).decode(),
        None if correction.undoes is None else number(correction.undoes),
        correction.words,
        makes_new,
        target,
        offer,
        topic,
    )


def correction_of(row: Sequence[Any]) -> Correction:
    """A row of `READ_COLUMNS` as a correction."""
    identity, entity, key, side, action, record_id, source_id, changes, digest, state, *others = row
    proposed_by, proposed_at, problems, undoes, words = others
    return _correction(
        fingerprint(identity),
        intern(entity),
        key,
        _SIDES[side],
        _ACTIONS[action],
        record_id,
        source_id,
        tuple([_change(intern(field), *others) for field, *others in orjson.loads(changes)]),
        digest,
        _STATES[state],
        intern(proposed_by),
        from_microseconds(proposed_at),
        () if problems == _NO_PROBLEMS else tuple(orjson.loads(problems)),
        None if undoes is None else fingerprint(undoes),
        words,
    )
