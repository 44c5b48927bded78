"""The shapes of corrections and of what people decide about them, as JSON Schema."""

from __future__ import annotations

from typing import Final

from reconciler.corrections.approval import NotCounted
from reconciler.model.corrections import CorrectionAction, CorrectionState, StepKind
from reconciler.model.entities import Side
from reconciler.service.deciding import DIGEST_PATTERN, LONGEST_REASON_CHARACTERS, REASON_PATTERN
from reconciler.service.openapi_schemas import Schema, page_of, record

CORRECTION_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{16}$"}

_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_TEXT_OR_NONE: Final[Schema] = {"type": ["string", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_STATES: Final = [state.value for state in CorrectionState]
_DIGEST: Final[Schema] = {
    "type": "string",
    "pattern": DIGEST_PATTERN,
    "description": "SHA-256 of everything that decides what is written: an approval is about this.",
}
_VALUES: Final[Schema] = {"type": ["object", "null"], "additionalProperties": _TEXT_OR_NONE}

_CHANGE: Final = record(
    {
        "field": _TEXT,
        "line": {**_TEXT_OR_NONE, "description": "Key of the line; null for the record itself."},
        "old": {**_TEXT_OR_NONE, "description": "As it was when this was proposed."},
        "new": {**_TEXT_OR_NONE, "description": "As it is to be; null empties it."},
        "finding": _TEXT_OR_NONE,
        "edited_by": _TEXT_OR_NONE,
    }
)

_APPROVAL: Final = record(
    {
        "required": {**_COUNT, "description": "People who have to approve."},
        "by": {**_TEXTS, "description": "Those whose approval counts now."},
        "missing": _COUNT,
        "may_approve": {**_TEXTS, "description": "Who can be the next."},
        "not_counted": {
            "type": "array",
            "items": record({"person": _TEXT, "why": {"enum": [why.value for why in NotCounted]}}),
            "description": "Approvals that count for nothing, and why.",
        },
    }
)

_CORRECTION: Final[Schema] = {
    "id": CORRECTION_ID,
    "entity": _TEXT,
    "key": _TEXT,
    "side": {"enum": [side.value for side in Side], "description": "The system that is to be written."},
    "action": {"enum": [action.value for action in CorrectionAction]},
    "record_id": _TEXT_OR_NONE,
    "source_id": {**_TEXT_OR_NONE, "description": "Id in the other system, where the values come from."},
    "state": {"enum": _STATES},
    "changes": {"type": "array", "items": _CHANGE},
    "digest": _DIGEST,
    "problems": {**_TEXTS, "description": "Why the system will not take it; then it cannot be approved."},
    "proposed_by": _TEXT,
    "proposed_at": _MOMENT,
    "undoes": _TEXT_OR_NONE,
    "words": {**_TEXT, "description": "What the system, or the check before the write, said last."},
    "approval": _APPROVAL,
}

_GIVEN: Final = record({"person": _TEXT, "at": _MOMENT, "expires_at": _MOMENT, "digest": _DIGEST})
_STEP: Final = record(
    {
        "plan": _TEXT,
        "attempt": {"type": "integer", "minimum": 1},
        "step": {"enum": [kind.value for kind in StepKind]},
        "at": _MOMENT,
        "record_id": _TEXT_OR_NONE,
        "state": {"enum": [*_STATES, None]},
        "words": _TEXT,
        "before": _VALUES,
        "after": _VALUES,
    }
)

CORRECTION_SCHEMAS: Final[dict[str, Schema]] = {
    "Correction": record(_CORRECTION),
    "Corrections": page_of("corrections", "Correction"),
    "ShownCorrection": record(
        {
            **_CORRECTION,
            "approvals": {"type": "array", "items": _GIVEN},
            "steps": {"type": "array", "items": _STEP, "description": "What happened while it was written."},
            "held_back": {**_TEXT_OR_NONE, "description": "Why the stage would not let it be written now."},
        }
    ),
    "Approval": record({"digest": _DIGEST}),
    "Rejection": record(
        {
            "digest": _DIGEST,
            "reason": {"type": "string", "pattern": REASON_PATTERN, "maxLength": LONGEST_REASON_CHARACTERS},
        }
    ),
}
