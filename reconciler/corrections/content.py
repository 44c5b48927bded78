"""What a correction comes to, as one digest: the thing that people approve and that must not change after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import orjson

from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import Side

_FieldValues = dict[str, list[str | None]]


def content_digest(
    entity: str,
    key: str,
    side: Side,
    action: CorrectionAction,
    record_id: str | None,
    changes: Sequence[FieldChange],
) -> str:
    """SHA-256, in hexadecimal, of everything that decides what is written, where, and what it rests on.

    The order of fields means nothing, nor that of the lines of a record that is there; a new document's lines are
    written in their order. Who edited a value and which finding it mends are not part of the content. The id of a new
    record is not either: it gets one when it is written, and stays the same content.

    Raises:
        ValueError: a field of the record, or of a line, is changed twice.
    """
    is_new = action is CorrectionAction.CREATE
    record: _FieldValues = {}
    lines: dict[str, _FieldValues] = {}
    for change in changes:
        fields = record if change.line is None else lines.setdefault(change.line, {})
        if change.field in fields:
            raise ValueError(f"{change.field} is changed twice")
        fields[change.field] = [change.old, change.new]
    content = {
        "entity": entity,
        "key": key,
        "side": side.value,
        "action": action.value,
        "record": None if is_new else record_id,
        "fields": record,
        "lines": list(lines.items()) if is_new else sorted(lines.items()),
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def digest_of(correction: Correction) -> str:
    """The digest of the correction as it stands now; equal to its own `digest` unless somebody changed it.

    Raises:
        ValueError: as `content_digest`.
    """
    return content_digest(
        correction.entity,
        correction.key,
        correction.side,
        correction.action,
        correction.record_id,
        correction.changes,
    )
