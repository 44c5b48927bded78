"""Where the project stands on its way to production, as one document."""

from __future__ import annotations

from typing import Any

from reconciler.app.correct import Acting
from reconciler.app.pilot.assessment import today_of
from reconciler.app.pilot.promotion import prospect_of
from reconciler.app.pilot.standing import file_stage
from reconciler.model.pilot import Declared, Feedback, Freeze, ScenarioResult, StageChange
from reconciler.pilot.stages import Standing
from reconciler.reports.documents import instant


async def status_document(acting: Acting) -> dict[str, Any]:
    """What `pilot status` tells.

    Raises:
        StateError: the state cannot be read.
    """
    prospect, state = await prospect_of(acting), acting.workspace.state
    standing, pilot = prospect.standing, acting.workspace.project.file.pilot
    return {
        "stage": standing.stage.value,
        "file_stage": file_stage(acting.workspace.project).value,
        "granted": standing.granted.value,
        "why_lower": standing.why_lower or None,
        "frozen": None if standing.freeze is None else freeze_document(standing.freeze),
        "next": None if prospect.target is None else prospect.target.value,
        "missing": list(prospect.objections),
        "history": [change_document(each) for each in await state.stages.history()],
        "pilot": None if standing.declared is None else _declared_document(standing, standing.declared),
        "writes_today": await state.stages.writes_on(today_of(acting)),
        "writes_per_day": None if pilot is None else pilot.writes_per_day,
        "scenarios": [result_document(each) for each in (await state.scenarios.latest()).values()],
    }


def change_document(change: StageChange) -> dict[str, Any]:
    """A promotion or fall-back as JSON."""
    return {
        "at": instant(change.at),
        "from": change.previous.value,
        "to": change.stage.value,
        "person": change.person,
        "reason": change.reason,
    }


def freeze_document(freeze: Freeze) -> dict[str, Any]:
    """A freeze as JSON."""
    return {
        "at": instant(freeze.at),
        "rule": freeze.rule,
        "lifted_at": None if freeze.lifted_at is None else instant(freeze.lifted_at),
        "lifted_by": freeze.lifted_by,
        "why_lifted": freeze.why_lifted or None,
    }


def feedback_document(feedback: Feedback) -> dict[str, Any]:
    """Feedback as JSON."""
    return {
        "id": feedback.id,
        "at": instant(feedback.at),
        "who": feedback.who,
        "severity": feedback.severity,
        "text": feedback.text,
        "entity": feedback.entity or None,
        "key": feedback.key or None,
        "status": "open" if feedback.closed_at is None else "closed",
        "closed_by": feedback.closed_by,
        "answer": feedback.answer or None,
    }


def result_document(result: ScenarioResult) -> dict[str, Any]:
    """What came of a scenario, as JSON."""
    return {
        "scenario": result.scenario,
        "at": instant(result.at),
        "seconds": round(result.seconds, 3),
        "person": result.person,
        "stage": result.stage.value,
        "status": result.status,
        "expected": result.expected,
        "seen": result.seen,
        "evidence": result.evidence or None,
        "digest": result.digest or None,
    }


def _declared_document(standing: Standing, declared: Declared) -> dict[str, Any]:
    return {
        "number": declared.number,
        "started_at": instant(declared.at),
        "started_by": declared.person,
        "reason": declared.reason or None,
        "declaration": declared.digest,
        "as_started": standing.declared_as_started,
    }
