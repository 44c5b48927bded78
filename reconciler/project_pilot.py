"""`[pilot]` of the project file: who takes part, in what, for how long, and what counts as success or as a stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from reconciler.model.entities import ENTITIES, Entity
from reconciler.model.pilot import MeasureName
from reconciler.project_people import PersonSection
from reconciler.project_types import ExactDecimal, StrictSection
from reconciler.toml_file import Problem, suggestion

WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[WeekDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Participant(StrictSection):
    """Somebody of the small team.

    Attributes:
        crm_user: their id in the CRM.
    """

    crm_user: Annotated[str, Field(min_length=1)]
    role: Literal["sales", "technical_lead", "scope_owner", "other"] = "sales"


class PilotScope(StrictSection):
    """The records that stage “pilot” may write. What is left out does not limit, but for `entities`.

    Attributes:
        fields: by entity (`orders.lines` for lines), those that may be written. Where an entity has such a list, no
            record of it is added or taken out of use.
        customers: keys of customers as findings show them; orders and quotes are in the scope with their customer.
        salespeople: ids as `salesperson_field` carries them.
        salesperson_field: the project's own field, of every entity in the scope, that says whose record it is.
        max_value: no amount above this is written, nor anything in a document whose total is.
    """

    entities: Annotated[list[str], Field(min_length=1)]
    fields: dict[str, list[str]] = Field(default={})
    customers: Annotated[list[str], Field(min_length=1)] | None = None
    salespeople: Annotated[list[str], Field(min_length=1)] | None = None
    salesperson_field: str = "salesperson"
    max_value: ExactDecimal | None = None


class StopRule(StrictSection):
    """Writes are frozen at once when the measure of a run is beyond this."""

    measure: MeasureName
    above: ExactDecimal | None = None
    below: ExactDecimal | None = None

    @model_validator(mode="after")
    def _has_one_limit(self) -> StopRule:
        if (self.above is None) == (self.below is None):
            raise ValueError("a stop rule has either `above` or `below`")
        return self


class PilotSection(StrictSection):
    """A pilot as it is declared; `pilot start` seals it.

    Attributes:
        starts, ends: first and last day, in the project's time zone.
        technical_lead, scope_owner: who sign, by their names in `[people]`; two different people.
        writes_per_day: records that may be begun to be written in one calendar day, by all processes together.
        noise_minutes: between the two comparisons of a run; what is gone by the second is no mismatch.
        criteria: by measure, what every working day has to reach; `docs/pilot.md` says which way each of them goes.
        stop: rules that freeze writes.
    """

    starts: date
    ends: date
    working_days: Annotated[list[WeekDay], Field(min_length=1)] = Field(default=["mon", "tue", "wed", "thu", "fri"])
    technical_lead: Annotated[str, Field(min_length=1)]
    scope_owner: Annotated[str, Field(min_length=1)]
    participants: Annotated[dict[str, Participant], Field(min_length=1)]
    scope: PilotScope
    writes_per_day: Annotated[int, Field(ge=1, le=100_000)]
    noise_minutes: Annotated[float, Field(ge=0, le=60)] = 5.0
    criteria: Annotated[dict[MeasureName, ExactDecimal], Field(min_length=1)]
    stop: list[StopRule] = Field(default=[])

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> PilotSection:
        if self.ends < self.starts:
            raise ValueError("`ends` is before `starts`")
        return self

    def is_working_day(self, day: date) -> bool:
        """Whether the criteria are looked at on this day."""
        return self.starts <= day <= self.ends and WEEK[day.weekday()] in self.working_days


def pilot_problems(
    pilot: PilotSection | None,
    people: Mapping[str, PersonSection] | None,
    own_fields: Mapping[str, Mapping[str, object]],
) -> Iterator[Problem]:
    """What in `[pilot]` names nothing, or could never hold.

    Args:
        own_fields: fields that the project adds, by entity (those of lines under `<entity>.lines`).
    """
    if pilot is None:
        return
    if pilot.technical_lead == pilot.scope_owner:
        yield Problem(("pilot", "scope_owner"), "the technical lead and the scope owner are two different people.")
    for option in ("technical_lead", "scope_owner"):
        name = getattr(pilot, option)
        if people is not None and name not in people:
            yield Problem(("pilot", option), f"“{name}” is nobody in [people].", suggestion(name, people))
    yield from _scope_problems(pilot.scope, own_fields)


def _scope_problems(scope: PilotScope, own_fields: Mapping[str, Mapping[str, object]]) -> Iterator[Problem]:
    known = {entity.name: entity for each in ENTITIES.values() for entity in (each, each.lines) if entity}
    for position, name in enumerate(scope.entities):
        if name not in ENTITIES:
            hint = suggestion(name, ENTITIES)
            yield Problem(("pilot", "scope", "entities", position), f"there is no entity “{name}”.", hint)
        elif scope.salespeople is not None and scope.salesperson_field not in _fields_of(known[name], own_fields):
            problem = f"{name} has no field “{scope.salesperson_field}” that says whose record it is."
            hint = f"Add it under [scope.{name}.fields] with a type, or leave `salespeople` out."
            yield Problem(("pilot", "scope", "salespeople"), problem, hint)
    for name, chosen in scope.fields.items():
        entity = known.get(name)
        if entity is None:
            yield Problem(("pilot", "scope", "fields", name), f"there is no entity “{name}”.", suggestion(name, known))
            continue
        fields = _fields_of(entity, own_fields)
        for position, field in enumerate(chosen):
            if field not in fields:
                place = ("pilot", "scope", "fields", name, position)
                yield Problem(place, f"“{field}” is not a field of {name}.", suggestion(field, fields))


def _fields_of(entity: Entity, own_fields: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    return {field.name: field.type for field in entity.fields} | dict(own_fields.get(entity.name, {}))
