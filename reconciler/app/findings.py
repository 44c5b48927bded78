"""Reading findings with the raw values behind them, explaining one, accepting, exporting."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.app.correct import REVIEWING, Acting
from reconciler.app.finding_texts import explanations
from reconciler.app.pilot.feedback import feedback_about
from reconciler.app.raw_values import RawRecord, RawValues
from reconciler.app.scope_plan import plan_entities
from reconciler.app.wire import Workspace, load_descriptions
from reconciler.errors import ConfigurationError
from reconciler.mapping.explain import Trace, trace
from reconciler.model.entities import Side
from reconciler.model.findings import Finding
from reconciler.model.pilot import Feedback
from reconciler.phrases.phrase import phrase
from reconciler.reports.data_files import write_csv, write_jsonl
from reconciler.reports.documents import finding_document
from reconciler.store.state.records import FindingEvent, FindingFilter

_READ_AT_ONCE = 500
_FILLED_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """A finding with everything that led to it.

    Attributes:
        document: as `findings list --json` gives it.
        records: the raw record of each side, where its snapshot is still kept.
        traces: from the raw value to the canonical form, by side; only for findings of one field.
        history: what happened to it since it was first seen.
        feedback: what participants of the pilot said about the record.
    """

    document: dict[str, Any]
    records: dict[Side, RawRecord]
    traces: dict[Side, Trace]
    history: list[FindingEvent]
    feedback: tuple[Feedback, ...]


async def findings(workspace: Workspace, chosen: FindingFilter) -> AsyncGenerator[Finding, None]:
    """Every finding of the filter, with its raw values, some hundreds in memory at a time."""
    raw_values = _raw_values(workspace)
    async with aclosing(workspace.state.findings.iterate(chosen)) as source:
        batch: list[Finding] = []
        async for finding in source:
            batch.append(finding)
            if len(batch) >= _READ_AT_ONCE:
                for complete in await raw_values.filled(batch):
                    yield complete
                batch = []
        for complete in await raw_values.filled(batch):
            yield complete


async def finding_documents(workspace: Workspace, chosen: FindingFilter, limit: int | None) -> list[dict[str, Any]]:
    """Findings as `findings list --json` gives them, at most `limit`."""
    explain = explanations(workspace.project.file.project.locale)
    documents: list[dict[str, Any]] = []
    async with aclosing(findings(workspace, chosen)) as source:
        async for finding in source:
            if limit is not None and len(documents) >= limit:
                break
            documents.append(finding_document(finding, explain))
    return documents


class FindingPages:
    """Findings in pages, as `findings list --json` gives them, for a process that is asked for many.

    Raises:
        ConfigurationError: the project file or a description is wrong.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._state = workspace.state
        self._raw_values = _raw_values(workspace)
        self._explain = explanations(workspace.project.file.project.locale)

    async def page(self, chosen: FindingFilter, *, after: str | None, limit: int) -> list[dict[str, Any]]:
        """At most `limit` findings, by id.

        Args:
            after: id of the last finding of the page before; None begins.

        Raises:
            RefusedError: `after` is not the id of a finding, or the filter has too many patterns.
        """
        found = await self._state.findings.page(chosen, after=after, limit=limit)
        documents: list[dict[str, Any]] = []
        # In small parts: each may need other pages of the systems, and a long page must not hold up everybody else.
        for start in range(0, len(found), _FILLED_AT_ONCE):
            complete = await self._raw_values.filled(found[start : start + _FILLED_AT_ONCE])
            documents += [finding_document(finding, self._explain) for finding in complete]
        return documents


async def explained_finding(workspace: Workspace, finding_id: str) -> ExplainedFinding:
    """One finding, by its id or the beginning of it, with the way of its values.

    Raises:
        RefusedError: there is none, or several.
    """
    raw_values = _raw_values(workspace)
    (finding,) = await raw_values.filled([await workspace.state.findings.get(finding_id)])
    records = await raw_values.records(finding)
    traces: dict[Side, Trace] = {}
    if finding.field is not None:
        for side, record in records.items():
            mapping = raw_values.mapping(finding.entity, side)
            if mapping is not None and finding.field in {field.name for field in mapping.fields}:
                traces[side] = trace(mapping, record.mapped, finding.field)
    return ExplainedFinding(
        document=finding_document(finding, explanations(workspace.project.file.project.locale)),
        records=records,
        traces=traces,
        history=await workspace.state.findings.history(finding.id),
        feedback=await feedback_about(workspace, finding),
    )


async def accept_findings(acting: Acting, chosen: FindingFilter, *, reason: str, until: date | None) -> int:
    """Accept the open findings of the filter as known differences; returns how many.

    Raises:
        RefusedError: the person may not, the filter restricts nothing, the reason is blank, or the day has passed.
    """
    acting.require(REVIEWING, "accept differences")
    findings = acting.workspace.state.findings
    return await findings.accept(chosen, reason=reason, person=acting.person.name, until=until)


async def export_findings(workspace: Workspace, chosen: FindingFilter, path: Path) -> None:
    """Write the findings of the filter to a `.csv` or `.jsonl` file.

    Raises:
        ConfigurationError: the name of the file says no known format.
        StateError: the file cannot be written.
    """
    explain: Callable[[Finding], str] = explanations(workspace.project.file.project.locale)
    match path.suffix.lower():
        case ".csv":
            await write_csv(findings(workspace, chosen), path, explain)
        case ".jsonl":
            await write_jsonl(findings(workspace, chosen), path, explain)
        case other:
            raise ConfigurationError(
                phrase("“{other}” is not a format of an export.", other=other),
                hint=phrase("Name a file that ends in .csv or .jsonl."),
            )


def _raw_values(workspace: Workspace) -> RawValues:
    descriptions = load_descriptions(workspace.project)
    return RawValues(workspace, descriptions, plan_entities(workspace.project, descriptions, ()))
