"""One record side by side: every field as each system has it, raw records, trace, correction and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.app.correct import Acting, ShownCorrection, shown_correction
from reconciler.app.finding_texts import explanations
from reconciler.app.pilot.feedback import feedback_about
from reconciler.app.raw_values import RawRecord, RawValues
from reconciler.errors import ReconcilerError
from reconciler.mapping.explain import Trace, trace
from reconciler.model.entities import Side
from reconciler.model.findings import FieldRule, Finding
from reconciler.model.pilot import Feedback
from reconciler.store.state.finding_lists import CorrectionMark
from reconciler.store.state.records import FindingEvent, FindingFilter

_MOST_OF_A_RECORD: Final = 200
"""Findings of one record that are looked at."""


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field of a record, side by side.

    Attributes:
        values: by side, as findings hold them; a side that has none, or no record, is left out.
        problems: by side, why its value could not be read.
        finding: what is found about it, or None.
        compared: False for a field that is only read.
    """

    name: str
    values: Mapping[Side, str]
    problems: Mapping[Side, str]
    finding: Finding | None
    compared: bool
    owner: str | None


@dataclass(frozen=True, slots=True)
class ReviewedRecord:
    """Everything that is known of the record a finding is about.

    Attributes:
        finding: as it is now, with its raw values.
        fields: those with a finding first, then the others in the order of the entity.
        raw: the raw record of each side, where its snapshot is still kept.
        traces: how the value of the finding's field came to be, by side.
        history: of the finding, oldest first.
        correction: the newest that mends the finding, or None.
        feedback: what participants of the pilot said about the record, the latest last.
    """

    finding: Finding
    explanation: str
    fields: tuple[ComparedField, ...]
    raw: Mapping[Side, RawRecord]
    traces: Mapping[Side, Trace]
    history: Sequence[FindingEvent]
    correction: ShownCorrection | None
    feedback: Sequence[Feedback] = ()


class RecordReader:
    """Reads records for one person. Descriptions and plans are read once."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._raw = RawValues(acting.workspace, acting.descriptions, tuple(acting.plans.values()))
        self._explain = explanations(acting.workspace.project.file.project.locale)

    async def read(self, finding_id: str) -> ReviewedRecord:
        """The record of a finding.

        Raises:
            RefusedError: there is no such finding.
            StateError: the state or a snapshot cannot be read.
        """
        findings = self._acting.workspace.state.findings
        (finding,) = await self._raw.filled([await findings.get(finding_id)])
        raw = await self._raw.records(finding)
        mark = (await self._acting.workspace.state.lists.corrections_of([finding])).get(finding.id)
        return ReviewedRecord(
            finding,
            self._explain(finding),
            tuple(self._fields(finding, raw, await self._of_the_record(finding))),
            raw,
            self._traces(finding, raw, finding.field),
            await findings.history(finding.id),
            None if mark is None else await self._correction(mark),
            await feedback_about(self._acting.workspace, finding),
        )

    async def _correction(self, mark: CorrectionMark) -> ShownCorrection | None:
        try:
            return await shown_correction(self._acting, mark.id)
        except ReconcilerError:
            # Replaced by another proposal between two readings: the next look at the store shows that one.
            return None

    async def _of_the_record(self, finding: Finding) -> dict[str, Finding]:
        """What is found about the fields of the same record, by field."""
        chosen = FindingFilter(entity=finding.entity, key=finding.key, status=("open", "accepted", "corrected"))
        page = await self._acting.workspace.state.findings.page(chosen, limit=_MOST_OF_A_RECORD)
        # A star in a key would choose other keys as well.
        return {each.field: each for each in (*page, finding) if each.field is not None and each.key == finding.key}

    def _fields(
        self, finding: Finding, raw: Mapping[Side, RawRecord], found: Mapping[str, Finding]
    ) -> list[ComparedField]:
        rule = self._acting.rules.get(finding.entity)
        rules: Sequence[FieldRule] = () if rule is None else rule.fields
        # Without a raw record nothing is known of a field but what was found about it.
        known = [each for each in rules if raw or each.name in found]
        fields = [self._field(each, finding, raw, found.get(each.name)) for each in known]
        return sorted(fields, key=lambda field: (field.name != finding.field, field.finding is None))

    def _field(
        self, rule: FieldRule, finding: Finding, raw: Mapping[Side, RawRecord], found: Finding | None
    ) -> ComparedField:
        values: dict[Side, str] = {}
        problems: dict[Side, str] = {}
        for side, traced in self._traces(finding, raw, rule.name).items():
            text = traced.value if traced.value is not None else traced.form
            if traced.problem is not None:
                problems[side] = traced.problem.reason
            elif text is not None:
                values[side] = text
        if found is not None:
            # What was found counts: it is what is decided about, and the snapshot may be gone.
            sides = ((Side.CRM, found.crm.value), (Side.ERP, found.erp.value))
            values |= {side: value for side, value in sides if value is not None}
        return ComparedField(rule.name, values, problems, found, rule.compared, rule.owner)

    def _traces(self, finding: Finding, raw: Mapping[Side, RawRecord], field: str | None) -> dict[Side, Trace]:
        if field is None:
            return {}
        traces: dict[Side, Trace] = {}
        for side, record in raw.items():
            mapping = self._raw.mapping(finding.entity, side)
            if mapping is not None and field in {mapped.name for mapped in mapping.fields}:
                traces[side] = trace(mapping, record.mapped, field)
        return traces
