"""`[people]` and `[approvals]` of the project file: who may do what with corrections, and how many must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from reconciler.model.entities import ENTITIES, Entity, FieldType
from reconciler.project_types import ExactDecimal, StrictSection
from reconciler.toml_file import Problem, suggestion

Role = Literal["reviewer", "operator", "admin"]

OURSELVES: Final = "reconciler"
"""The name in the trail for what the product does by itself; no person has it."""

LONGEST_NAME_CHARACTERS: Final = 64
"""Of people, whether they are in the file or sign what they say."""

_LINES: Final = ".lines"


class PersonSection(StrictSection):
    """One person, by the name that the trail shows.

    Attributes:
        roles: `reviewer` proposes, edits, approves, rejects, accepts differences; `operator` plans, applies, retries;
            `admin` does all of it.
        os_users: operating-system users that are this person; without it, the one of the same name.
        tokens: names of service tokens that are this person.
    """

    roles: Annotated[list[Role], Field(min_length=1)]
    os_users: list[str] | None = None
    tokens: list[str] = Field(default=[])


class ApprovalRule(StrictSection):
    """How many people have to approve corrections of an entity.

    Attributes:
        entity: such as `customers`, or `orders.lines`. A rule for `orders` without a field is about its lines too.
        field: only corrections that change this field; every one without it.
        above: only where an amount changes by more than this: that of `field`, or any when no field is named.
        required: people.
    """

    entity: str
    field: str | None = None
    above: ExactDecimal | None = None
    required: Annotated[int, Field(ge=1, le=5)]


class ApprovalsSection(StrictSection):
    """Four-eyes rules. The highest that applies counts; where two or more are required, who proposed or edited a
    correction is none of them.

    Attributes:
        required: people for every correction.
        expires_h: hours after which an approval counts no more.
    """

    required: Annotated[int, Field(ge=1, le=5)] = 1
    expires_h: Annotated[float, Field(gt=0, le=8760)] = 24.0
    rules: list[ApprovalRule] = Field(default=[])


def people_problems(people: Mapping[str, PersonSection]) -> Iterator[Problem]:
    """Names that cannot be told apart, and users or tokens that would be two people."""
    users: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for name, person in people.items():
        place = ("people", name)
        if name == OURSELVES:
            yield Problem(place, f"“{OURSELVES}” is what the trail calls the product itself.", "Give another name.")
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME_CHARACTERS:
            yield Problem(place, f"a name has from 1 to {LONGEST_NAME_CHARACTERS} printable characters.")
        for user in person.os_users if person.os_users is not None else [name]:
            if user in users:
                yield Problem(place, f"the operating-system user “{user}” is {users[user]} already.")
            users[user] = name
        for token in person.tokens:
            if token in tokens:
                yield Problem((*place, "tokens"), f"the token “{token}” is {tokens[token]} already.")
            tokens[token] = name


def approval_problems(
    approvals: ApprovalsSection, own_fields: Mapping[str, Mapping[str, FieldType]]
) -> Iterator[Problem]:
    """Rules that could never apply, which would leave unprotected what they are about.

    Args:
        own_fields: fields that the project adds, by entity (those of lines under `<entity>.lines`).
    """
    entities = {entity.name: entity for each in ENTITIES.values() for entity in (each, each.lines) if entity}
    for position, rule in enumerate(approvals.rules):
        place = ("approvals", "rules", position)
        entity = entities.get(rule.entity)
        if entity is None:
            hint = suggestion(rule.entity, entities)
            yield Problem((*place, "entity"), f"there is no entity “{rule.entity}”.", hint)
            continue
        fields = _fields_of(entity, own_fields)
        if rule.field is not None and rule.field not in fields:
            hint = suggestion(rule.field, fields)
            yield Problem((*place, "field"), f"“{rule.field}” is not a field of {rule.entity}.", hint)
        elif rule.field is not None and rule.above is not None and fields[rule.field] is not FieldType.DECIMAL:
            yield Problem((*place, "above"), f"“{rule.field}” is not an amount.")


def _fields_of(entity: Entity, own_fields: Mapping[str, Mapping[str, FieldType]]) -> dict[str, FieldType]:
    return {field.name: field.type for field in entity.fields} | dict(own_fields.get(entity.name, {}))
