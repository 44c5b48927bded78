"""The words of a report. One frozen object per language, so that a missing sentence is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.reports.report import RunEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Every text of a report in one language. `{name}` marks what is filled in; each language has the same marks."""

    language: str
    """As in the `lang` attribute of HTML."""
    date_pattern: str
    """Of a day, in the pattern letters of Unicode TR 35. Day and month cannot be taken for each other."""

    title: str
    run: str
    started: str
    duration: str
    seconds: str
    status_titles: Mapping[RunEnding, str]
    partial: str
    failed: str
    found: str
    all_clear: str
    nothing_in_what_was_read: str
    suspicious_title: str
    suspicious: str
    unbalanced: str
    limits: str

    open: str
    new: str
    closed: str
    compared: str

    decisions: str
    decisions_lead: str
    more_decisions: str
    examples: str
    list_them: str
    owner_is: str
    no_owner: str
    owner_mark: str

    accepted: str
    accepted_lead: str
    reopened: str
    while_values_stay: str

    charts: str
    by_entity: str
    by_cause: str
    by_field: str
    accounting: str
    accounting_lead: str
    adds_up: str
    does_not_add_up: str
    compared_fields: str
    not_compared: str

    key: str
    what: str
    explanation: str
    state: str
    entity: str
    field: str
    count: str
    owner: str
    shown_of: str
    shown_first: str
    from_earlier: str
    no_findings: str
    no_record: str
    empty_value: str
    record: str
    as_sent: str
    more_characters: str
    since: str
    times_seen: str
    filter_rows: str
    rows_matching: str
    marks_note: str

    summary: str
    side: str
    pulled: str
    matched: str
    only_here: str
    duplicate: str
    rejected: str
    check: str
    columns: Mapping[str, str]
    """Header of each of `cells.COLUMNS`."""

    taxes: str
    taxes_lead: str
    taxes_not_read: str

    kinds: Mapping[FindingKind, str]
    causes: Mapping[Cause, str]
    statuses: Mapping[FindingStatus, str]
    entities: Mapping[str, str]
    fields: Mapping[str, str]

    def entity_label(self, name: str) -> str:
        """The word for an entity; the name itself for one that a project added."""
        return self.entities.get(name, name)

    def field_label(self, name: str) -> str:
        """The word for a field; the name itself for one that a project added."""
        return self.fields.get(name, name)
