"""Corrections as JSON documents: what every entrance shows of them, the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from reconciler.app.correct import Applied, DeskEntry, LeftAlone, Planned, Proposed, Retried, ShownCorrection
from reconciler.corrections.approval import Missing
from reconciler.corrections.desk import what_to_do
from reconciler.corrections.plan_document import totals_of
from reconciler.corrections.reasons import sentence
from reconciler.model.corrections import Correction, FieldChange
from reconciler.model.staging import shown_key
from reconciler.reports.documents import instant

Document = dict[str, Any]


def correction_document(correction: Correction, missing: Missing | None = None) -> Document:
    """One correction; with how far it is from being approved, where that is known."""
    document: Document = {
        "id": correction.id,
        "entity": correction.entity,
        "key": correction.key,
        "side": correction.side.value,
        "action": correction.action.value,
        "record_id": correction.record_id,
        "source_id": correction.source_id,
        "state": correction.state.value,
        "changes": [change_document(change) for change in correction.changes],
        "digest": correction.digest,
        "problems": list(correction.problems),
        "proposed_by": correction.proposed_by,
        "proposed_at": instant(correction.proposed_at),
        "undoes": correction.undoes,
        "words": correction.words,
    }
    if missing is not None:
        document["approval"] = {
            "required": missing.required,
            "by": list(missing.counted),
            "missing": missing.number,
            "may_approve": list(missing.may_approve),
            "not_counted": [{"person": person, "why": why.value} for person, why in missing.not_counted],
        }
    return document


def change_document(change: FieldChange) -> Document:
    """One field, from the value it has to the one it is to have."""
    return {
        "field": change.field,
        "line": None if change.line is None else shown_key(change.line),
        "old": change.old,
        "new": change.new,
        "finding": change.finding,
        "edited_by": change.edited_by,
    }


def shown_document(shown: ShownCorrection) -> Document:
    """One correction with its approvals and its journal."""
    return {
        **correction_document(shown.correction, shown.missing),
        "approvals": [
            {
                "person": each.person,
                "at": instant(each.at),
                "expires_at": instant(each.expires_at),
                "digest": each.digest,
            }
            for each in shown.approvals
        ],
        "steps": [
            {
                "plan": step.plan,
                "attempt": step.attempt,
                "step": step.kind.value,
                "at": instant(step.at),
                "record_id": step.record_id,
                "state": None if step.state is None else step.state.value,
                "words": step.words,
                "before": step.before,
                "after": step.after,
            }
            for step in shown.steps
        ],
    }


def desk_document(entry: DeskEntry, locale: str) -> Document:
    """One correction that did not go through, and what can be done about it."""
    return {
        **correction_document(entry.correction),
        "trouble": entry.trouble.name.lower(),
        "remedy": entry.remedy.value,
        "what_to_do": what_to_do(entry.trouble, locale),
        "attempts": entry.attempts,
        "since": None if entry.since is None else instant(entry.since),
    }


def left_alone_documents(left: Iterable[LeftAlone]) -> list[Document]:
    """Corrections that were chosen and not touched."""
    return [
        {
            "id": each.correction.id,
            "entity": each.correction.entity,
            "key": each.correction.key,
            "side": each.correction.side.value,
            "state": each.correction.state.value,
            "why": each.why,
        }
        for each in left
    ]


def proposed_document(proposed: Proposed, locale: str) -> Document:
    """What became of findings; reasons in the language of the project."""
    return {
        "added": list(proposed.kept.added),
        "replaced": list(proposed.kept.replaced),
        "unchanged": list(proposed.kept.unchanged),
        "in_the_way": list(proposed.kept.refused),
        "of_the_other_side": proposed.other_side,
        "corrections": [correction_document(each) for each in proposed.corrections],
        "left_out": [
            {
                "finding": finding.id,
                "entity": finding.entity,
                "key": finding.key,
                "field": finding.field,
                "kind": finding.kind.value,
                "reason": left.reason.value,
                "explanation": sentence(left, locale),
            }
            for finding, left in proposed.left_out
        ],
    }


def planned_document(planned: Planned, *, at_most: int | None = None) -> Document:
    """A plan, and what is not in it.

    Args:
        at_most: so many of its corrections; the totals count all of them.
    """
    totals = totals_of(()) if planned.sealed is None else planned.sealed.head.totals
    return {
        "plan": None if planned.sealed is None else planned.sealed.digest,
        "file": None if planned.written_to is None else str(planned.written_to),
        "totals": {side.value: asdict(each) for side, each in totals.items()},
        "corrections": [correction_document(each) for each in planned.corrections[:at_most]],
        "left_out": [
            {**document, "lapsed": document["id"] in planned.lapsed}
            for document in left_alone_documents(planned.left_out)
        ],
    }


def applied_document(applied: Applied) -> Document:
    """What became of a plan."""
    summary = applied.summary
    return {
        "plan": applied.plan,
        "dry_run": applied.dry_run,
        "states": _states(applied.corrections),
        "written": 0 if summary is None else sum(summary.counts.values()),
        "interrupted": False if summary is None else summary.interrupted,
        "stopped": {} if summary is None else {side.value: why for side, why in summary.stopped.items()},
        "recovered": []
        if summary is None
        else [
            {"id": found.correction.id, "state": found.state.value, "words": found.words} for found in summary.recovered
        ],
        "corrections": [
            {**correction_document(each), "held_back": applied.held_back.get(each.id)} for each in applied.corrections
        ],
    }


def retried_document(retried: Retried) -> Document:
    """What trying again came to."""
    return {
        "states": _states(retried.corrections),
        "corrections": [correction_document(each) for each in retried.corrections],
        "proposed": [correction_document(each) for each in retried.proposals],
        "to_plan": sorted(retried.to_plan),
        "ask_again": {
            found.correction.id: instant(found.again_at) for found in retried.found_out if found.again_at is not None
        },
        "left_out": left_alone_documents(retried.left_alone),
    }


def _states(corrections: Iterable[Correction]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for each in corrections:
        counts[each.state.value] = counts.get(each.state.value, 0) + 1
    return counts
