"""A finding, or the heading of a cause, as one line of the review list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from reconciler.model.choice import chosen
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, Finding, FindingKind, FindingStatus, SideValue
from tui.review.graphemes import first_difference
from tui.review.sections import Section
from tui.review.source import HEADING, Listed
from tui.session import Session
from tui.status import LOOKS, Status, Tone, glyph, word
from tui.widgets.table_rows import Cell, Column, TableRow

OF_KIND: Final[Mapping[FindingKind, Status]] = {
    FindingKind.DIFFERS: Status.DIFFERS,
    FindingKind.ONLY_IN_CRM: Status.ONLY_LEFT,
    FindingKind.ONLY_IN_ERP: Status.ONLY_RIGHT,
    FindingKind.DUPLICATE: Status.DUPLICATE,
    FindingKind.AMBIGUOUS: Status.AMBIGUOUS,
    FindingKind.INVALID: Status.INVALID,
    FindingKind.TAX_DRIFT: Status.DRIFTED,
}
_OPENED: Final = ("▾", "v")
_CLOSED: Final = ("▸", ">")


def status_of(listed: Listed) -> Status:
    """What the line says first: how far the correction is, else what was decided or happened, else the kind."""
    if listed.finding.status is not FindingStatus.OPEN:
        if listed.finding.status is FindingStatus.CORRECTED:
            return Status.APPLIED if listed.mark is None else Status(listed.mark.state.value)
        return Status(listed.finding.status.value)
    if listed.mark is not None:
        return Status(listed.mark.state.value)
    return OF_KIND[listed.finding.kind]


def separator(session: Session) -> str:
    """Between the parts of a line."""
    return " | " if session.ascii_only else " · "


class Lines:
    """Makes the lines of the list for one session."""

    def __init__(self, session: Session, rules: Mapping[str, EntityRule]) -> None:
        self._session = session
        self._texts = session.texts
        self._amounts = {
            (entity, field.name)
            for entity, rule in rules.items()
            for field in rule.fields
            if field.type is FieldType.DECIMAL
        }

    def columns(self) -> tuple[Column, ...]:
        """The columns, those that are needed least last."""
        texts = self._texts
        return (
            Column(texts("review.column.status"), 12),
            Column(texts("review.column.key"), 14, 1),
            Column("CRM", 16, 3),
            Column("ERP", 16, 3),
            Column(texts("review.column.field"), 16, 0, order=1),
            Column(texts("review.column.owner"), 5, 0, order=3),
            Column(texts("review.column.last_seen"), 16, 0, order=2),
            Column(texts("review.column.times"), 6, 0, order=4),
        )

    def heading(self, section: Section) -> TableRow:
        """The line of a cause: how many, of what, why."""
        group = section.group
        if group is None:
            raise ValueError("a list without headings has none to draw")
        words, ascii_only = self._session.words, self._session.ascii_only
        sign = (_OPENED if section.is_open else _CLOSED)[ascii_only]
        dot = separator(self._session)
        what = words.entity_label(group.entity)
        if group.field is not None:
            what += f"{dot}{words.field_label(group.field)}"
        kind = "" if group.kind is FindingKind.DIFFERS else f"{dot}{words.kinds[group.kind]}"
        owned = self._owned(group.owners) if group.kind is FindingKind.DIFFERS else ""
        text = f"{sign} {self._texts.number(group.count):>9}  {what}{kind}{dot}{words.causes[group.cause]}{owned}"
        look = LOOKS[OF_KIND[group.kind]]
        return TableRow(HEADING + section.id, (), section.id, heading=Cell(text, look.tone))

    def _owned(self, owners: Collection[str | None]) -> str:
        named = ", ".join(sorted(owner.upper() for owner in owners if owner is not None))
        owned = self._texts("review.owned_by", owner=named) if named else self._texts("review.owned_by_none")
        return f"  ({owned})"

    def row(self, listed: Listed, section: Section) -> TableRow:
        """The line of a finding."""
        finding = listed.finding
        status = status_of(listed)
        statuses = chosen(section.filter.status)
        faded = statuses is not None and finding.status.value not in statuses
        sign = f"{glyph(status, ascii_only=self._session.ascii_only)} {word(status, self._texts)}"
        words = self._session.words
        field = "" if finding.field is None else words.field_label(finding.field)
        cells = (
            Cell(sign, LOOKS[status].tone),
            Cell(finding.key),
            self._value(finding, finding.crm, missing=finding.kind is FindingKind.ONLY_IN_ERP),
            self._value(finding, finding.erp, missing=finding.kind is FindingKind.ONLY_IN_CRM),
            Cell(field or words.entity_label(finding.entity), Tone.MUTED),
            Cell("" if finding.owner is None else finding.owner.upper(), Tone.MUTED),
            Cell(self._texts.moment(finding.last_seen), Tone.MUTED),
            Cell(str(finding.occurrences), Tone.MUTED, right=True),
        )
        return TableRow(finding.id, cells, section.id, faded=faded)

    def _value(self, finding: Finding, side: SideValue, *, missing: bool) -> Cell:
        if side.value is not None:
            amount = self.is_amount(finding.entity, finding.field)
            return Cell(side.value, right=amount, focus=0 if amount else _focus(finding))
        if finding.field is None and side.id is not None:
            return Cell(f"id {side.id}", Tone.MUTED)
        return Cell(self._texts("review.no_record" if missing else "review.no_value"), Tone.MUTED)

    def is_amount(self, entity: str, field: str | None) -> bool:
        """Whether values of the field are amounts."""
        return (entity, field) in self._amounts


def _focus(finding: Finding) -> int:
    """Where the values begin to differ."""
    crm, erp = finding.crm.value, finding.erp.value
    return 0 if crm is None or erp is None else first_difference(crm, erp)
