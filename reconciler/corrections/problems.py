"""What a target will not take, said when a correction is proposed or edited and not when it is written. Pure.

Problems are English clauses with the field before them (`email: the system takes at most 60 characters`);
`problems_pt` has them in Portuguese. None of them holds a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.corrections.ports import Call, WriteRules
from reconciler.corrections.values import ValueTextError, typed_value
from reconciler.mapping.reading import Form
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.model.staging import PARENT_PREFIX

LINES: Final = ".lines"
"""What the name of an entity of lines ends with."""

_NO_KEY: Final = "a key field needs a value"
_CALLS: Mapping[CorrectionAction, Call] = {CorrectionAction.UPDATE: "update", CorrectionAction.CREATE: "create"}


def problems_of(
    entity: str,
    action: CorrectionAction,
    changes: Sequence[FieldChange],
    rules: Mapping[str, EntityRule],
    target: WriteRules,
) -> tuple[str, ...]:
    """Why the target will not take these changes, as far as can be said without asking it; empty when nothing is known.

    Args:
        rules: of the entity and, under `<entity>.lines`, of its lines.
    """
    found = dict.fromkeys(_found(entity, action, changes, rules, target))
    return tuple(found)


def _found(
    entity: str,
    action: CorrectionAction,
    changes: Sequence[FieldChange],
    rules: Mapping[str, EntityRule],
    target: WriteRules,
) -> Iterator[str]:
    if action is CorrectionAction.DEACTIVATE:
        if not target.can_deactivate(entity):
            yield "the description does not say how such records are taken out of use"
        return
    call = _CALLS[action]
    if action is CorrectionAction.CREATE:
        yield from _incomplete(entity, changes, rules, target)
    elif all(change.old == change.new for change in changes):
        yield "nothing changes"
    yield from _repeated(changes)
    for change in changes:
        if action is CorrectionAction.UPDATE and change.old == change.new:
            # It is compared and not written.
            continue
        if change.line is None:
            problem = _of_field(entity, call, change, rules.get(entity), target)
        else:
            problem = _of_line(entity, call, change, rules.get(f"{entity}{LINES}"), target)
        if problem is not None:
            yield f"{change.field}: {problem}"


def _repeated(changes: Sequence[FieldChange]) -> Iterator[str]:
    seen: set[tuple[str | None, str]] = set()
    for change in changes:
        if (change.line, change.field) in seen:
            yield f"{change.field}: the field is changed twice"
        seen.add((change.line, change.field))


def _incomplete(
    entity: str, changes: Sequence[FieldChange], rules: Mapping[str, EntityRule], target: WriteRules
) -> Iterator[str]:
    """What a new record lacks. Without its key nothing could tell afterwards whether it was added."""
    if not target.can_create(entity):
        yield "the description has no `create`"
    given = {change.field for change in changes if change.line is None and change.new is not None}
    for name in rules[entity].key if entity in rules else ():
        if name not in given:
            yield f"{name}: {_NO_KEY}"
    yield from _incomplete_lines(changes, rules.get(f"{entity}{LINES}"))


def _incomplete_lines(changes: Sequence[FieldChange], rule: EntityRule | None) -> Iterator[str]:
    if rule is None:
        return
    own_key = [each.name for each in own_fields(rule) if each.name in rule.key]
    lines: dict[str, set[str]] = {}
    for change in changes:
        if change.line is not None:
            given = lines.setdefault(change.line, set())
            given.update({change.field} if change.new is not None else ())
    for given in lines.values():
        yield from (f"{name}: {_NO_KEY}" for name in own_key if name not in given)


def _of_field(entity: str, call: Call, change: FieldChange, rule: EntityRule | None, target: WriteRules) -> str | None:
    described = field_rule(rule, change.field)
    if rule is None or described is None:
        return "the field is not mapped"
    if change.new is None and change.field in rule.key:
        return _NO_KEY
    value, problem = _read(described, change.new)
    return problem or target.problem(entity, call, change.field, value)


def _of_line(entity: str, call: Call, change: FieldChange, rule: EntityRule | None, target: WriteRules) -> str | None:
    described = field_rule(rule, change.field)
    if described is None:
        return "the field is not mapped"
    problem = target.line_problem(entity, change.field) if call == "update" else None
    return problem or _read(described, change.new)[1]


def _read(rule: FieldRule, text: str | None) -> tuple[Form | None, str | None]:
    """The value that a text stands for, and why it is none of the field. Emptying a field is never wrong here."""
    try:
        value = typed_value(rule.type, text)
    except ValueTextError as error:
        return None, f"the value {error.reason}"
    if rule.known_codes is not None and value is not None and value not in rule.known_codes:
        return None, "the value is not in the code list"
    return value, None


def field_rule(rule: EntityRule | None, name: str) -> FieldRule | None:
    """The rule of that field, or None."""
    return None if rule is None else next((field for field in rule.fields if field.name == name), None)


def own_fields(rule: EntityRule) -> list[FieldRule]:
    """The fields of the record or line itself, without the parent's that are in the key of a line."""
    return [each for each in rule.fields if not (each.name in rule.key and _is_of_parent(rule, each.name))]


def _is_of_parent(rule: EntityRule, name: str) -> bool:
    return rule.entity.endswith(LINES) and name.startswith(PARENT_PREFIX)
