"""What a system takes, as its description says: asked without reaching the system, and without its credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, Lines
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.plan import Call, WritePlan
from reconciler.errors import NotWritableError
from reconciler.mapping.plan import EntityMapping
from reconciler.phrases.phrase import phrase

Values = Mapping[str, FieldValue]

NO_CONTEXT: Final[Mapping[str, JsonValue]] = MappingProxyType({})
_NOT_DESCRIBED: Final = "the description does not say how it is written"
_Composed = TypeVar("_Composed")


class Writable:
    """Tells what can be written, and refuses what cannot.

    Args:
        system: `crm` or `erp`, for messages.
        mappings: how the project reads each entity.
        context: the project's values for `context.<name>`.
    """

    def __init__(
        self,
        system: str,
        description: Description,
        mappings: Mapping[str, EntityMapping],
        context: Mapping[str, JsonValue] = NO_CONTEXT,
    ) -> None:
        self._system = system
        self._description = description
        self._mappings = mappings
        self._plans = {
            entity: WritePlan(description.entities[entity], mapping, context)
            for entity, mapping in mappings.items()
            if description.entities[entity].write is not None
        }

    def can_create(self, entity: str) -> bool:
        """Whether records can be added."""
        return entity in self._plans and self._plans[entity].write.create is not None

    def can_deactivate(self, entity: str) -> bool:
        """Whether records can be taken out of use."""
        plan = self._plans.get(entity)
        return plan is not None and (plan.write.deactivate is not None or plan.problem("update", "active") is None)

    def leaves(self, entity: str) -> bool:
        """Whether a record that is taken out of use cannot be read as one of the entity any more."""
        plan = self._plans.get(entity)
        return plan is not None and plan.leaves

    def deactivation_problem(self, entity: str, record: CurrentRecord) -> str | None:
        """Why this record, as it is now, cannot be taken out of use; None when nothing is known against it."""
        plan = self._plans.get(entity)
        return _NOT_DESCRIBED if plan is None else plan.deactivation_problem(record)

    def problem(self, entity: str, call: Call, field: str, value: FieldValue = None) -> str | None:
        """Why a field cannot be written, or not with this value; None when nothing is known against it."""
        plan = self._plans.get(entity)
        if plan is None:
            return _NOT_DESCRIBED
        return plan.problem(call, field) or plan.value_problem(call, field, value)

    def line_problem(self, entity: str, field: str) -> str | None:
        """Why a field of a line cannot be changed in a record that is there; None when nothing is known against it."""
        plan = self._plans.get(entity)
        return _NOT_DESCRIBED if plan is None else plan.line_problem(field)

    def _plan(self, entity: str, identity: str | None) -> WritePlan:
        plan = self._plans.get(entity)
        if plan is None:
            raise self._refused(entity, identity, _NOT_DESCRIBED)
        return plan

    def _check_asked(self, plan: WritePlan, identity: str, changes: Values, expected: Values, lines: Lines) -> None:
        entity = plan.mapping.entity
        asked = [(changes, expected), *((line.changes, line.expected) for line in lines.values())]
        if any(not each.keys() <= seen.keys() for each, seen in asked):
            raise ValueError("every field that changes needs the value that was seen")
        for name in changes:
            if (problem := plan.problem("update", name)) is not None:
                raise self._refused(entity, identity, f"{name}: {problem}")
        for name in {name for line in lines.values() for name in line.changes}:
            if (problem := plan.line_problem(name)) is not None:
                raise self._refused(entity, identity, f"{name} of a line: {problem}")

    def _composed(self, entity: str, identity: str | None, compose: Callable[[], _Composed]) -> _Composed:
        try:
            return compose()
        except CompositionError as error:
            raise self._refused(entity, identity, str(error)) from error

    def _refused(self, entity: str, identity: str | None, why: str) -> NotWritableError:
        return NotWritableError(self._system, entity, identity, phrase("{why}; nothing was sent", why=why))
