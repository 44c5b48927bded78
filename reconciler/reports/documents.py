"""The JSON documents of CONTRACT.md: a run, a finding, a group of findings. Plain values, never localised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model.findings import Acceptance, EntityCount, Finding, SideCount, SideValue
from reconciler.model.staging import shown_key
from reconciler.reports.report import Decision, EntityReport, Explain, Report, TaxReport

Document = dict[str, Any]


def instant(moment: datetime) -> str:
    """An aware instant as RFC 3339 in UTC, ending in `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def run_document(report: Report) -> Document:
    """What `run --json` prints.

    Beyond CONTRACT.md: `taxes` has the value at stake, and why quotes could not be compared; an entity that could not
    be compared has null sides and a `failure`; one that is not believed has `suspicious`; `warnings` is there when
    something limits the result; of the findings it tells how many are `accepted`, and how many acceptances this run
    ended (`reopened`), by why.
    """
    document: Document = {
        "run": report.run_id,
        "status": report.status.value,
        "started_at": instant(report.started_at),
        "seconds": round(report.seconds, 3),
        "entities": {entity.name: _entity_document(entity) for entity in report.entities},
        "reports": dict(report.files),
    }
    if report.taxes is not None:
        document["taxes"] = _tax_document(report.taxes)
    if report.warnings:
        document["warnings"] = list(report.warnings)
    return document


def finding_document(finding: Finding, explain: Explain) -> Document:
    """One finding as `findings list --json` gives it. An acceptance is there only when someone accepted it."""
    document: Document = {
        "id": finding.id,
        "entity": finding.entity,
        "key": shown_key(finding.key),
        "kind": finding.kind.value,
        "field": finding.field,
        "crm": _side_document(finding.crm),
        "erp": _side_document(finding.erp),
        "cause": finding.cause.value,
        "explanation": explain(finding),
        "status": finding.status.value,
        "owner": finding.owner,
        "first_seen": instant(finding.first_seen),
        "last_seen": instant(finding.last_seen),
        "occurrences": finding.occurrences,
    }
    if finding.accepted_reason is not None:
        until = finding.accepted_until
        document["accepted"] = {
            "by": finding.accepted_by,
            "reason": finding.accepted_reason,
            "until": until.isoformat() if until else None,
        }
    return document


def decision_document(decision: Decision, explain: Explain) -> Document:
    """One group of findings, with the ids of its examples and the explanation of the first."""
    return {
        "entity": decision.entity,
        "kind": decision.kind.value,
        "field": decision.field,
        "cause": decision.cause.value,
        "count": decision.count,
        "owner": decision.owner,
        "explanation": explain(decision.examples[0]),
        "examples": [example.id for example in decision.examples],
    }


def acceptance_document(acceptance: Acceptance) -> Document:
    """What one decision accepted in one entity."""
    return {
        "entity": acceptance.entity,
        "findings": acceptance.findings,
        "by": acceptance.person,
        "at": instant(acceptance.at),
        "reason": acceptance.reason,
        "until": acceptance.until.isoformat() if acceptance.until else None,
    }


def report_head(report: Report, explain: Explain) -> Document:
    """The JSON report but for its findings: the run document, the systems, and the decisions.

    Those to take (`decisions`) come largest first; those taken (`accepted`) by when they end.
    """
    return {
        "project": report.project,
        "systems": {
            "crm": {"vendor": report.crm.vendor, "host": report.crm.host},
            "erp": {"vendor": report.erp.vendor, "host": report.erp.host},
        },
        **run_document(report),
        "decisions": [decision_document(decision, explain) for decision in report.ranked_decisions],
        "accepted": [acceptance_document(acceptance) for acceptance in report.acceptances],
    }


def _entity_document(entity: EntityReport) -> Document:
    counts = entity.counts
    document: Document = {
        "crm": _count_document(counts.crm) if counts else None,
        "erp": _count_document(counts.erp) if counts else None,
        "compared_fields": counts.compared_fields if counts else 0,
        "findings": _findings_document(entity, counts) if counts else None,
    }
    if entity.suspicious is not None:
        document["suspicious"] = entity.suspicious
    if entity.failure is not None:
        document["failure"] = entity.failure
    return document


def _tax_document(taxes: TaxReport) -> Document:
    return {
        "quotes": taxes.quotes,
        "calculated": taxes.calculated,
        "unavailable": taxes.unavailable,
        "drifted": taxes.drifted,
        "value_at_stake": None if taxes.value_at_stake is None else str(taxes.value_at_stake),
        "currency": taxes.currency,
        "reasons": largest_first(taxes.reasons),
    }


def _count_document(count: SideCount) -> Document:
    return {
        "pulled": count.pulled,
        "matched": count.matched,
        "only_here": count.only_here,
        "duplicate": count.duplicate,
        "rejected": count.rejected,
    }


def _findings_document(entity: EntityReport, counts: EntityCount) -> Document:
    return {
        "new": counts.new,
        "open": counts.open,
        "closed": counts.closed,
        "accepted": entity.accepted,
        "reopened": {"expired": entity.expired, "value_changed": entity.value_changed},
        "by_kind": largest_first(counts.by_kind),
        "by_cause": largest_first(counts.by_cause),
    }


def largest_first(numbers: Mapping[str, int]) -> dict[str, int]:
    """The same numbers, the largest first and ties by name, without zeros."""
    return {
        str(name): count for name, count in sorted(numbers.items(), key=lambda item: (-item[1], str(item[0]))) if count
    }


def _side_document(side: SideValue) -> Document:
    return {"id": side.id, "value": side.value, "raw": side.raw}
