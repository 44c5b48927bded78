"""A finding of tax drift as the changes that write the ERP's answer into the line of the quote. Pure.

What the answer rests on stays in the correction beside them, with the same value before and after: it is compared right
before the write, so that an answer about another quantity, price or customer is never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.corrections.basis import Basis, Draft, NotProposedError
from reconciler.corrections.problems import LINES, field_rule
from reconciler.corrections.reasons import Reason
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import QUOTES, Side
from reconciler.model.findings import Finding

LINE: Final = "line"
QUOTE: Final = "quote"
"""Names in the detail of such a finding: keys of the line within the quote, and of the quote, as it is shown."""

MEMBERS: Final = ("rate", "base", "amount", "in_price")
"""What is said of a tax: each is a field of the line, named after kind and member. The rate is a percentage."""

SUM: Final = "taxes"
"""The field of a finding, and of a line, that is about the sum of all taxes."""

RESTS_ON: Final = ("customer",)
LINE_RESTS_ON: Final = ("quantity", "unit_price", "discount")
"""Fields of a quote, and of its line, that the ERP's answer was calculated from."""


def member_name(side: Side, member: str) -> str:
    """Name in the detail of what one side says of a tax."""
    return f"{side.value}_{member}"


def rests_on_name(field: str) -> str:
    """Name in the detail of a value that the answer was calculated from."""
    return f"asked_{field}"


def drifted_tax(finding: Finding, basis: Basis) -> Draft:
    """The changes of one tax of one line.

    Raises:
        NotProposedError: the line cannot be told from others, or the CRM does not take such a field.
    """
    line, key = finding.detail.get(LINE), finding.detail.get(QUOTE)
    if line is None or key is None or finding.crm.id is None:
        raise NotProposedError(Reason.LINES_NOT_DISTINCT)
    found = list(_of_tax(finding, basis, line))
    if not found:
        raise NotProposedError(Reason.OUT_OF_SCOPE, {"field": finding.field or finding.entity})
    found += _rested_on(finding, basis, line)
    return Draft(
        entity=QUOTES.name,
        key=key,
        side=Side.CRM,
        action=CorrectionAction.UPDATE,
        record_id=finding.crm.id,
        source_id=None,
        changes={(change.line, change.field): change for change in found},
    )


def is_rested_on(change: FieldChange) -> bool:
    """Whether a change is none, but a value that other changes of the correction were calculated from."""
    return change.finding is None and change.old == change.new


def is_still_said(finding: Finding, change: FieldChange) -> bool:
    """Whether the finding asks for exactly this change of a tax, as it stands now."""
    member = "amount" if change.field == SUM else change.field.removeprefix(f"{finding.field}_")
    said = [finding.detail.get(member_name(side, member)) for side in Side]
    return finding.detail.get(LINE) == change.line and said == [change.old, change.new]


def _of_tax(finding: Finding, basis: Basis, line: str) -> Iterator[FieldChange]:
    entity = f"{QUOTES.name}{LINES}"
    is_due = finding.erp.value is not None
    for member in ("amount",) if finding.field == SUM else MEMBERS:
        name = SUM if finding.field == SUM else f"{finding.field}_{member}"
        old, new = (finding.detail.get(member_name(side, member)) for side in Side)
        if field_rule(basis.rules.get(entity), name) is None or old == new:
            continue
        # What the ERP does not tell of a tax that is due stays; of one that is not, nothing is left.
        if new is None and is_due:
            continue
        problem = basis.unwritable(Side.CRM, entity, "update", name)
        if problem is not None:
            detail = {"field": name, "side": Side.CRM.value, "problem": problem}
            raise NotProposedError(Reason.NOT_WRITABLE, detail)
        yield FieldChange(name, old, new, line=line, finding=finding.id)


def _rested_on(finding: Finding, basis: Basis, line: str) -> Iterator[FieldChange]:
    places = ((QUOTES.name, RESTS_ON, None), (f"{QUOTES.name}{LINES}", LINE_RESTS_ON, line))
    for entity, fields, place in places:
        for name in fields:
            value = finding.detail.get(rests_on_name(name))
            if value is not None and field_rule(basis.rules.get(entity), name) is not None:
                yield FieldChange(name, value, value, line=place)
