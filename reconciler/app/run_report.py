"""The report of a run: gathered from its outcome and the open findings, written in three formats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Final

from reconciler.app.finding_texts import explanations
from reconciler.app.judge import EntityOutcome
from reconciler.app.reconcile import RunOutcome
from reconciler.app.tax_run import reasons_of
from reconciler.app.wire import REPORTS, Workspace, load_descriptions
from reconciler.model.entities import ENTITIES, FieldType, Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.reports.data_files import write_json
from reconciler.reports.documents import run_document
from reconciler.reports.html.page import write_html
from reconciler.reports.report import MAX_EXAMPLES, Decision, EntityReport, Report, RunEnding, SystemTitle, TaxReport
from reconciler.reports.workbook import write_xlsx
from reconciler.store.state.records import FindingEventKind, FindingFilter
from reconciler.store.state.state import State
from reconciler.taxes.answer import money

_MAX_ACCEPTANCES: Final = 200


async def write_reports(workspace: Workspace, outcome: RunOutcome) -> dict[str, Any]:
    """Write HTML, XLSX and JSON, and return the document of the run (`run --json`).

    Raises:
        StateError: a report cannot be written.
    """
    project = workspace.project
    folder = project.data / REPORTS
    files = {kind: folder / f"{outcome.run_id}.{kind}" for kind in ("html", "json", "xlsx")}
    report = await _report(workspace, outcome, {kind: str(path.resolve()) for kind, path in files.items()})
    explain = explanations(project.file.project.locale)
    await write_json(report, files["json"], explain)
    await write_html(report, files["html"], explain)
    await write_xlsx(report, files["xlsx"], explain)
    document = run_document(report)
    for entity in outcome.entities.values():
        if entity.count is not None:
            document["entities"][entity.name]["second_look"] = {
                "records": entity.looked_again,
                "findings_gone": max(entity.settled, 0),
            }
    return document


async def _report(workspace: Workspace, outcome: RunOutcome, files: dict[str, str]) -> Report:
    project, state = workspace.project, workspace.state
    run = await state.runs.get(outcome.run_id)
    titles = _titles(workspace)
    return Report(
        project=project.file.project.name,
        run_id=outcome.run_id,
        status=RunEnding(outcome.status.value),
        started_at=run.started_at,
        seconds=outcome.seconds,
        crm=titles[Side.CRM],
        erp=titles[Side.ERP],
        entities=tuple([await _entity_report(state, outcome.run_id, entity) for entity in outcome.entities.values()]),
        decisions=tuple(await _decisions(state, list(outcome.entities))),
        warnings=tuple(outcome.warnings),
        locale=project.file.project.locale,
        timezone=project.file.project.timezone,
        files=files,
        taxes=_taxes(workspace, outcome),
        acceptances=tuple(await state.findings.acceptances(_MAX_ACCEPTANCES)),
    )


def _taxes(workspace: Workspace, outcome: RunOutcome) -> TaxReport | None:
    if outcome.taxes is None:
        return None
    currency, compared = workspace.project.file.project.currency, outcome.taxes.compared
    if compared is None:
        return TaxReport(currency=currency)
    return TaxReport(
        quotes=len(compared.quotes),
        calculated=compared.calculated,
        unavailable=compared.unavailable,
        drifted=compared.drifted,
        value_at_stake=Decimal(money(compared.at_stake)),
        currency=currency,
        reasons=reasons_of(compared),
    )


def _titles(workspace: Workspace) -> dict[Side, SystemTitle]:
    titles: dict[Side, SystemTitle] = {}
    for side, description in load_descriptions(workspace.project).items():
        address = workspace.project.system(side).base_url or description.default_address or ""
        titles[side] = SystemTitle.of(description.vendor.title, address)
    return titles


async def _entity_report(state: State, run_id: str, outcome: EntityOutcome) -> EntityReport:
    chosen = FindingFilter(entity=outcome.name, status=FindingStatus.OPEN)
    by_field = (await state.findings.summary(chosen)).by_field
    ended = (await state.findings.ended_acceptances(run_id)).get(outcome.name, {})
    return EntityReport(
        name=outcome.name,
        counts=outcome.count,
        findings=_stream(state, chosen),
        by_field={field: count for field, count in by_field.items() if field},
        suspicious=outcome.suspicious,
        failure=outcome.failure,
        field_types=_field_types(outcome.name),
        accepted=await state.findings.count(FindingFilter(entity=outcome.name, status=FindingStatus.ACCEPTED)),
        expired=ended.get(FindingEventKind.EXPIRED, 0),
        value_changed=ended.get(FindingEventKind.VALUE_CHANGED, 0),
    )


def _stream(state: State, chosen: FindingFilter) -> Callable[[], AsyncIterator[Finding]]:
    return lambda: state.findings.iterate(chosen)


def _field_types(entity: str) -> dict[str, FieldType]:
    parent, _, lines = entity.partition(".")
    described = ENTITIES[parent].lines if lines else ENTITIES[parent]
    return {field.name: field.type for field in described.fields} if described else {}


async def _decisions(state: State, entities: list[str]) -> list[Decision]:
    """Every group of open findings, with a few examples each."""
    groups = (await state.findings.summary(FindingFilter(entity=entities, status=FindingStatus.OPEN))).groups
    alike = [
        FindingFilter(
            entity=group.entity,
            kind=group.kind,
            field=group.field or "",
            cause=group.cause,
            status=FindingStatus.OPEN,
        )
        for group in groups
    ]
    examples = await state.findings.examples(alike, each=MAX_EXAMPLES)
    return [
        Decision(group.entity, group.kind, group.field, group.cause, group.count, tuple(some))
        for group, some in zip(groups, examples, strict=True)
        if some
    ]
