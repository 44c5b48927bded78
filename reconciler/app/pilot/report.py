"""The report of the pilot: the scorecard and everything beside it, in three formats and as one document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from reconciler.app.correct import Acting
from reconciler.app.pilot.assessment import Assessment, assess
from reconciler.app.pilot.status import feedback_document, freeze_document, result_document
from reconciler.app.wire import REPORTS
from reconciler.model.pilot import Feedback, Freeze, ScenarioResult, Signature
from reconciler.pilot.measures import MEASURES, Measure
from reconciler.pilot.scenarios import SCENARIOS
from reconciler.pilot.scorecard import Scorecard
from reconciler.pilot.stopping import rules_in_language
from reconciler.reports.documents import instant
from reconciler.reports.files import in_thread, replacing
from reconciler.reports.html.pilot import pilot_html
from reconciler.reports.pilot_report import (
    PilotCell,
    PilotNote,
    PilotReport,
    PilotRow,
    PilotScenario,
    pilot_json,
    pilot_words,
)
from reconciler.reports.pilot_workbook import pilot_workbook

_PORTUGUESE: Final = "pt-BR"
_FORMATS: Final[dict[str, Callable[[PilotReport], bytes]]] = {
    "html": pilot_html,
    "xlsx": pilot_workbook,
    "json": pilot_json,
}


async def write_pilot_report(acting: Acting) -> dict[str, Any]:
    """Write the report as it is now, and give its document. What an earlier one wrote is replaced.

    Raises:
        RefusedError: no pilot was started, or [pilot] is another now.
        StateError: the state cannot be read, or a file not be written.
    """
    assessment = await assess(acting)
    project = acting.workspace.project
    name = f"pilot-{assessment.scorecard.number}"
    paths = {kind: (project.data / REPORTS / f"{name}.{kind}").resolve() for kind in _FORMATS}
    document = assessment_document(assessment) | {"reports": {kind: str(path) for kind, path in paths.items()}}
    section = project.file.project
    report = _report(assessment, document, section.locale, section.timezone)
    for kind, path in paths.items():
        await _write(path, await in_thread(_FORMATS[kind], report))
    return document


def assessment_document(assessment: Assessment) -> dict[str, Any]:
    """The pilot as it stands, as JSON."""
    return {
        "content": assessment.scorecard.content,
        "scorecard": assessment.scorecard.document(),
        "signatures": [signature_document(each) for each in assessment.signatures],
        "freezes": [freeze_document(each) for each in assessment.freezes],
        "feedback": [feedback_document(each) for each in assessment.feedback],
        "scenarios": [result_document(each) for each in assessment.scorecard.scenarios.values()],
    }


def signature_document(signature: Signature) -> dict[str, Any]:
    """A signature as JSON."""
    return {
        "at": instant(signature.at),
        "person": signature.person,
        "role": signature.role,
        "content": signature.content,
    }


async def _write(path: Path, content: bytes) -> None:
    async with replacing(path) as file:
        await in_thread(file.write, content)


def _report(assessment: Assessment, document: dict[str, Any], locale: str, timezone: str) -> PilotReport:
    card, words = assessment.scorecard, pilot_words(locale)
    return PilotReport(
        project=card.project,
        locale=locale,
        timezone=timezone,
        verdict=card.verdict.value,
        reasons=tuple(each.words(locale) for each in card.reasons),
        content=card.content,
        days=tuple(each.day.isoformat() for each in card.days),
        days_off=frozenset(each.day.isoformat() for each in card.days if not each.is_working_day),
        rows=tuple(_row(card, measure, locale) for measure in MEASURES.values()),
        signatures=tuple(
            PilotNote(each.at, each.person, words.roles[each.role], each.content) for each in assessment.signatures
        ),
        freezes=tuple(_freeze(each, locale) for each in assessment.freezes),
        feedback=tuple(_feedback(each, locale) for each in assessment.feedback),
        declarations=tuple(
            PilotNote(each.at, each.person, each.digest, each.reason) for each in assessment.declarations
        ),
        scenarios=tuple(_scenario(each, locale) for each in card.scenarios.values()),
        document=document,
    )


def _row(card: Scorecard, measure: Measure, locale: str) -> PilotRow:
    marks = [each.marks.get(measure.name) for each in card.days]
    return PilotRow(
        measure.title_pt if locale == _PORTUGUESE else measure.title,
        measure.unit,
        measure.meaning_pt if locale == _PORTUGUESE else measure.meaning,
        card.criteria.get(measure.name),
        measure.good,
        tuple(PilotCell() if mark is None else PilotCell(mark.value, mark.sample, mark.met) for mark in marks),
    )


def _scenario(result: ScenarioResult, locale: str) -> PilotScenario:
    known = SCENARIOS.get(result.scenario)
    return PilotScenario(
        result.at,
        result.person,
        result.scenario if known is None else known.told(locale).title,
        result.status,
        result.expected,
        result.seen,
        result.digest,
    )


def _freeze(freeze: Freeze, locale: str) -> PilotNote:
    lifted = "" if freeze.lifted_at is None else f"{freeze.lifted_by}, {instant(freeze.lifted_at)}: {freeze.why_lifted}"
    return PilotNote(freeze.at, "reconciler", rules_in_language(freeze.rule, locale), lifted)


def _feedback(said: Feedback, locale: str) -> PilotNote:
    words = pilot_words(locale)
    about = f" ({words.entity(said.entity)} {said.key})" if said.entity else ""
    closed = "" if said.closed_at is None else f"{said.closed_by}: {said.answer}"
    return PilotNote(said.at, said.who, f"{words.severities[said.severity]}{about}: {said.text}", closed)
