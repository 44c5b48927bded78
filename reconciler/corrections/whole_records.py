"""A record that only one side has: added to the other one whole, or taken out of use here. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

from reconciler.corrections.basis import DEFAULT_ONLY_HERE, Basis, ChangePlace, Draft, NotProposedError, OnlyHere
from reconciler.corrections.ports import KnownLine, KnownRecord
from reconciler.corrections.problems import LINES, field_rule, own_fields
from reconciler.corrections.reasons import Reason
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, EntityRule, Finding, FindingKind

_ACTIVE: Final = "active"
_HAS_IT: Final = {FindingKind.ONLY_IN_CRM: Side.CRM, FindingKind.ONLY_IN_ERP: Side.ERP}


def only_on_one_side(finding: Finding, basis: Basis) -> Draft:
    """What becomes of the record, as the project says.

    Raises:
        NotProposedError: nothing does, or it cannot be done.
    """
    here = _HAS_IT[finding.kind]
    if finding.entity not in basis.rules:
        raise NotProposedError(Reason.OUT_OF_SCOPE, {"field": finding.entity})
    record = basis.kept_record(finding.entity, here, (finding.crm if here is Side.CRM else finding.erp).id)
    rule = basis.only_here.get(finding.entity, DEFAULT_ONLY_HERE)
    what = (rule.new if record.link is None else rule.gone)[here]
    if what is OnlyHere.DEACTIVATE:
        return _deactivated(finding, basis, here, record)
    if what is OnlyHere.CREATE:
        return _created(finding, basis, here, record)
    if record.link is not None:
        raise NotProposedError(Reason.GONE, {"side": here.other.value, "id": record.link})
    raise NotProposedError(Reason.LEFT_ALONE, {"side": here.value})


def _deactivated(finding: Finding, basis: Basis, here: Side, record: KnownRecord) -> Draft:
    if not basis.targets[here].can_deactivate(finding.entity):
        raise NotProposedError(Reason.CANNOT_DEACTIVATE, {"side": here.value})
    rule = basis.rules[finding.entity]
    seen = record.values.get(_ACTIVE)
    if seen == "false":
        raise NotProposedError(Reason.ALREADY_INACTIVE, {"side": here.value})
    if field_rule(rule, _ACTIVE) is not None:
        changes = [FieldChange(_ACTIVE, seen, "false", finding=finding.id)]
    else:
        # The description says what changes then; the key is what the record must still have.
        kept = [(name, record.values.get(name)) for name in rule.key]
        changes = [FieldChange(name, value, value, finding=finding.id) for name, value in kept]
    places: dict[ChangePlace, FieldChange] = {(None, change.field): change for change in changes}
    return Draft(finding.entity, finding.key, here, CorrectionAction.DEACTIVATE, record.id, None, places)


def _created(finding: Finding, basis: Basis, here: Side, record: KnownRecord) -> Draft:
    there = here.other
    if finding.cause is Cause.SIMILAR_RECORD and not basis.even_if_similar:
        raise NotProposedError(Reason.SIMILAR_RECORD, {"side": there.value, "id": finding.detail.get("id", "?")})
    if not basis.targets[there].can_create(finding.entity):
        raise NotProposedError(Reason.CANNOT_CREATE, {"side": there.value})
    rule, lines_rule = basis.rules[finding.entity], basis.rules.get(f"{finding.entity}{LINES}")
    taken = _taken(finding.entity, rule, there, basis)
    changes: dict[ChangePlace, FieldChange] = {}
    for name, value in _given(record.values, record.unreadable & taken, taken, here):
        mends = finding.id if name in rule.key else None
        changes[None, name] = FieldChange(name, None, value, finding=mends)
    changes |= _new_lines(record, lines_rule, here)
    return Draft(finding.entity, finding.key, there, CorrectionAction.CREATE, None, record.id, changes)


def _taken(entity: str, rule: EntityRule, there: Side, basis: Basis) -> Set[str]:
    """The fields that the other side takes in a new record. It takes every part of the key, or nothing could be added
    that is found again."""
    problems = {each.name: basis.unwritable(there, entity, "create", each.name) for each in rule.fields}
    for name in rule.key:
        if (problem := problems[name]) is not None:
            raise NotProposedError(Reason.NOT_WRITABLE, {"field": name, "side": there.value, "problem": problem})
    return {name for name, problem in problems.items() if problem is None}


def _new_lines(record: KnownRecord, rule: EntityRule | None, here: Side) -> dict[ChangePlace, FieldChange]:
    if rule is None or not record.lines:
        return {}
    keys = [line.key for line in record.lines if line.key is not None]
    if len(set(keys)) != len(record.lines):
        raise NotProposedError(Reason.LINES_NOT_DISTINCT)
    own = {each.name for each in own_fields(rule)}
    return {place: change for line in record.lines for place, change in _new_line(line, own, here)}


def _new_line(line: KnownLine, own: Set[str], here: Side) -> list[tuple[ChangePlace, FieldChange]]:
    given = _given(line.values, line.unreadable & own, own, here)
    return [((line.key, name), FieldChange(name, None, value, line=line.key)) for name, value in given]


def _given(
    values: Mapping[str, str | None], unreadable: Set[str], taken: Set[str], here: Side
) -> list[tuple[str, str]]:
    """What is known of the record. A value that could not be read must not be taken for an empty one."""
    if unreadable:
        raise NotProposedError(Reason.UNREADABLE, {"field": ", ".join(sorted(unreadable)), "side": here.value})
    return [(name, value) for name, value in values.items() if name in taken and value is not None]
