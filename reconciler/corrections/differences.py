"""One finding about one field, of a record or of a line, as the change that mends it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.corrections.basis import Basis, Draft, NotProposedError
from reconciler.corrections.ports import LineOfRecord
from reconciler.corrections.problems import LINES
from reconciler.corrections.reasons import Reason
from reconciler.corrections.values import was_cut
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import FieldRule, Finding, SideValue


def differing_field(finding: Finding, basis: Basis) -> Draft:
    """The change of a field of a record.

    Raises:
        NotProposedError: nobody owns the field, it cannot be written, or the whole value is not kept.
    """
    rule = basis.described(finding.entity, finding.field)
    side = basis.corrected_side(rule)
    _refuse_unwritable(finding, basis, rule, side)
    values = {each: _whole_value(finding, basis, each, rule) for each in Side}
    return Draft(
        entity=finding.entity,
        key=finding.key,
        side=side,
        action=CorrectionAction.UPDATE,
        record_id=_single_id(finding, side),
        source_id=_value(finding, side.other).id,
        changes={(None, rule.name): FieldChange(rule.name, values[side], values[side.other], finding=finding.id)},
    )


def differing_line(finding: Finding, basis: Basis) -> Draft:
    """The change of a field of a line, in the document it is part of.

    Raises:
        NotProposedError: as `differing_field`, or the document is not kept.
    """
    rule = basis.described(finding.entity, finding.field)
    side = basis.corrected_side(rule)
    entity = finding.entity.removesuffix(LINES)
    _refuse_unwritable(finding, basis, rule, side)
    found = {each: _kept_line(finding, basis, each) for each in Side}
    line = found[side].line.key
    if line is None:
        raise NotProposedError(Reason.LINES_NOT_DISTINCT)
    values = {each: _line_value(finding, each, rule, found[each].line.values) for each in Side}
    change = FieldChange(rule.name, values[side], values[side.other], line=line, finding=finding.id)
    return Draft(
        entity=entity,
        key=found[Side.CRM].record.key,
        side=side,
        action=CorrectionAction.UPDATE,
        record_id=found[side].record.id,
        source_id=found[side.other].record.id,
        changes={(line, rule.name): change},
    )


def _refuse_unwritable(finding: Finding, basis: Basis, rule: FieldRule, side: Side) -> None:
    """A field that the system never takes is told apart, so that it does not hold up the other fields."""
    problem = basis.unwritable(side, finding.entity, "update", rule.name)
    if problem is not None:
        raise NotProposedError(Reason.NOT_WRITABLE, {"field": rule.name, "side": side.value, "problem": problem})


def _value(finding: Finding, side: Side) -> SideValue:
    return finding.crm if side is Side.CRM else finding.erp


def _single_id(finding: Finding, side: Side) -> str:
    identity = _value(finding, side).id
    if identity is None:
        raise NotProposedError(Reason.RECORD_NOT_KEPT, {"side": side.value})
    return identity


def _whole_value(finding: Finding, basis: Basis, side: Side, rule: FieldRule) -> str | None:
    """What the finding shows, unless that is only the beginning of the value."""
    shown = _value(finding, side)
    if not was_cut(shown.value):
        return shown.value
    record = basis.kept_record(finding.entity, side, shown.id)
    return _of_the_same_beginning(shown.value, record.values.get(rule.name), side)


def _line_value(finding: Finding, side: Side, rule: FieldRule, values: Mapping[str, str | None]) -> str | None:
    shown = _value(finding, side).value
    return _of_the_same_beginning(shown, values.get(rule.name), side) if was_cut(shown) else shown


def _of_the_same_beginning(shown: str | None, whole: str | None, side: Side) -> str:
    """A snapshot taken since may hold another value than the one that was found to differ."""
    if shown is None or whole is None or not whole.startswith(shown[:-1]):
        raise NotProposedError(Reason.RECORD_NOT_KEPT, {"side": side.value})
    return whole


def _kept_line(finding: Finding, basis: Basis, side: Side) -> LineOfRecord:
    identity = _value(finding, side).id
    found = None if identity is None else basis.records.line(finding.entity, side, identity)
    if found is None:
        raise NotProposedError(Reason.RECORD_NOT_KEPT, {"side": side.value})
    return found
