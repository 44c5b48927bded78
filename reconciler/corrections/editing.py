"""A person gives a proposal another value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.corrections.content import content_digest
from reconciler.corrections.ports import WriteRules
from reconciler.corrections.problems import LINES, field_rule, problems_of
from reconciler.corrections.values import canonical_text
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.findings import EntityRule
from reconciler.phrases.phrase import phrase


@dataclass(frozen=True, slots=True)
class Edit:
    """A new value of one field.

    Attributes:
        text: as `values.typed_value` reads it; None or blank empties the field.
        line: key of the line; None for a field of the record itself.
    """

    field: str
    text: str | None
    line: str | None = None


def edited(
    correction: Correction, edit: Edit, rules: Mapping[str, EntityRule], target: WriteRules, *, person: str
) -> Correction:
    """The proposal with that value, its content digest and problems found anew. Earlier approvals do not fit it any
    more; who edits is remembered with the field, also when the value is given back what it was.

    A field that is not to be changed after all is given the value it has.

    Raises:
        RefusedError: it is not `proposed` any more, the field is not among its changes, or takes no edits.
        ValueTextError: the text is no value of the field.
    """
    if correction.state is not CorrectionState.PROPOSED:
        raise RefusedError(
            phrase(
                "correction {correction} is {state}; only proposals are edited.",
                correction=correction.id,
                state=correction.state.value,
            ),
            hint=phrase("Propose it anew and edit that."),
        )
    if correction.action is CorrectionAction.DEACTIVATE:
        raise RefusedError(
            phrase(
                "correction {correction} takes a record out of use; there is no value to edit.",
                correction=correction.id,
            )
        )
    entity = correction.entity if edit.line is None else f"{correction.entity}{LINES}"
    rule = field_rule(rules.get(entity), edit.field)
    if rule is None or not any(_is_meant(edit, change) for change in correction.changes):
        raise RefusedError(
            phrase("correction {correction} does not change {field}.", correction=correction.id, field=edit.field),
            hint=phrase(
                "It changes {fromkeys}.",
                fromkeys=", ".join(dict.fromkeys(change.field for change in correction.changes)),
            ),
        )
    text = canonical_text(rule.type, edit.text)
    changes = tuple(
        replace(change, new=text, edited_by=person) if _is_meant(edit, change) else change
        for change in correction.changes
    )
    return replace(
        correction,
        changes=changes,
        digest=content_digest(
            correction.entity, correction.key, correction.side, correction.action, correction.record_id, changes
        ),
        problems=problems_of(correction.entity, correction.action, changes, rules, target),
    )


def _is_meant(edit: Edit, change: FieldChange) -> bool:
    return (change.field, change.line) == (edit.field, edit.line)
