"""From findings to corrections: which side, which record, which fields, from which value to which. Pure.

The owner of a field says which side is right, and the other one is corrected. One correction holds everything that is
to change in one record of one side, its lines included.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reconciler.corrections.basis import Basis, Draft, NotProposedError
from reconciler.corrections.content import content_digest
from reconciler.corrections.differences import differing_field, differing_line
from reconciler.corrections.order import in_writing_order
from reconciler.corrections.problems import LINES, problems_of
from reconciler.corrections.reasons import LeftOut, Reason
from reconciler.corrections.tax_changes import drifted_tax
from reconciler.corrections.whole_records import only_on_one_side
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingKind, FindingStatus

_NOT_OPEN: Final = {
    FindingStatus.ACCEPTED: Reason.ACCEPTED,
    FindingStatus.CORRECTED: Reason.CORRECTED,
    FindingStatus.CLOSED: Reason.CLOSED,
}
_NEVER: Final = {
    FindingKind.DUPLICATE: Reason.DUPLICATE,
    FindingKind.AMBIGUOUS: Reason.AMBIGUOUS,
    FindingKind.INVALID: Reason.INVALID,
}


@dataclass(frozen=True, slots=True)
class Proposals:
    """What findings come to.

    Attributes:
        corrections: in writing order (`order.py`); problems are found already.
        left_out: the findings without a correction, each with its reason.
    """

    corrections: tuple[Correction, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def propose(
    findings: Iterable[Finding],
    basis: Basis,
    *,
    person: str,
    now: datetime,
    new_id: Callable[[], str] = lambda: secrets.token_hex(8),
) -> Proposals:
    """The corrections that mend these findings, and the findings that none can mend.

    Every finding is in exactly one of the two: as `FieldChange.finding` of a correction, or left out.

    Args:
        person: who proposes.
        now: aware.
        new_id: gives an id that was never used.
    """
    chosen = list(findings)
    doubtful = basis.doubtful | {
        (finding.entity, finding.key)
        for finding in chosen
        if finding.kind is FindingKind.AMBIGUOUS and finding.status is FindingStatus.OPEN
    }
    gathered = _Gathered()
    for finding in chosen:
        try:
            draft = _draft(finding, basis)
            if (draft.entity, draft.key) in doubtful:
                raise NotProposedError(Reason.AMBIGUOUS)
            gathered.add(finding, draft)
        except NotProposedError as why:
            gathered.left_out.append(LeftOut(finding.id, why.reason, why.detail))
    corrections = [_correction(draft, basis, person, now, new_id()) for draft in gathered.drafts.values()]
    return Proposals(tuple(in_writing_order(corrections)), tuple(gathered.left_out))


def _draft(finding: Finding, basis: Basis) -> Draft:
    if finding.status is not FindingStatus.OPEN:
        raise NotProposedError(_NOT_OPEN[finding.status])
    if finding.kind in _NEVER:
        raise NotProposedError(_NEVER[finding.kind])
    if finding.kind is FindingKind.TAX_DRIFT:
        return drifted_tax(finding, basis)
    of_a_line = finding.entity.endswith(LINES)
    if finding.kind is FindingKind.DIFFERS:
        return differing_line(finding, basis) if of_a_line else differing_field(finding, basis)
    if of_a_line:
        raise NotProposedError(Reason.LINE_ONLY_HERE)
    return only_on_one_side(finding, basis)


@dataclass(slots=True)
class _Gathered:
    """Drafts of the same record of the same side become one."""

    drafts: dict[tuple[str, Side, CorrectionAction, str], Draft] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, finding: Finding, draft: Draft) -> None:
        place = (draft.entity, draft.side, draft.action, draft.record_id or draft.key)
        earlier = self.drafts.get(place)
        if earlier is None:
            self.drafts[place] = draft
            return
        for name, change in draft.changes.items():
            # What several taxes of a line rest on is compared once.
            known = earlier.changes.get(name)
            if known is not None and not (known == change and change.old == change.new):
                raise NotProposedError(Reason.CONTRADICTED, {"field": change.field})
        earlier.changes.update(draft.changes)
        # A line's draft knows the other side's document only where its snapshot is kept.
        earlier.source_id = earlier.source_id or draft.source_id


def _correction(draft: Draft, basis: Basis, person: str, now: datetime, identity: str) -> Correction:
    changes = _in_order(draft, basis)
    return Correction(
        id=identity,
        entity=draft.entity,
        key=draft.key,
        side=draft.side,
        action=draft.action,
        record_id=draft.record_id,
        source_id=draft.source_id,
        changes=changes,
        digest=content_digest(draft.entity, draft.key, draft.side, draft.action, draft.record_id, changes),
        state=CorrectionState.PROPOSED,
        proposed_by=person,
        proposed_at=now,
        problems=problems_of(draft.entity, draft.action, changes, basis.rules, basis.targets[draft.side]),
    )


def _in_order(draft: Draft, basis: Basis) -> tuple[FieldChange, ...]:
    """By the entity's fields, lines last; a new document's lines stay in their order, others go by their key."""
    places = {
        (entity, rule.name): number
        for entity in (draft.entity, f"{draft.entity}{LINES}")
        if entity in basis.rules
        for number, rule in enumerate(basis.rules[entity].fields)
    }
    lines = [change.line for change in draft.changes.values() if change.line is not None]
    in_document = draft.action is CorrectionAction.CREATE
    line_places = {line: number for number, line in enumerate(dict.fromkeys(lines if in_document else sorted(lines)))}

    def place(change: FieldChange) -> tuple[int, int]:
        if change.line is None:
            return -1, places[draft.entity, change.field]
        return line_places[change.line], places[f"{draft.entity}{LINES}", change.field]

    return tuple(sorted(draft.changes.values(), key=place))
