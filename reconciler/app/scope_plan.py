"""From the project file and two descriptions: what is read on each side, and what is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.connectors.description import Description, EntitySource, FieldEntry, FieldSource
from reconciler.connectors.plan import entity_mapping
from reconciler.errors import ConfigurationError
from reconciler.mapping.plan import EntityMapping
from reconciler.model import staging
from reconciler.model.entities import ENTITIES, QUOTES, Entity, Field, FieldType, Side
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.phrases.phrase import phrase
from reconciler.project import EntityScope, FieldScope, Project
from reconciler.toml_file import suggestion


@dataclass(frozen=True, slots=True)
class EntityPlan:
    """Everything a run needs to know about one entity.

    Attributes:
        rule, lines_rule: how records and lines are compared; `lines_rule` is None where a side has no lines.
        mappings: how each side's records are read.
    """

    entity: Entity
    rule: EntityRule
    lines_rule: EntityRule | None
    mappings: Mapping[Side, EntityMapping]

    def digest(self, side: Side) -> str:
        """Changes whenever records of this side would be staged differently."""
        return self.mappings[side].digest


def plan_entities(
    project: Project, descriptions: Mapping[Side, Description], wanted: Sequence[str]
) -> list[EntityPlan]:
    """The plans of the wanted entities (all in scope when none is named), in the order they run.

    Quotes that only the CRM has, and of which only the taxes are compared, have none.

    Raises:
        ConfigurationError: an entity or field is unknown, or a side does not have what the scope asks for.
    """
    scopes = project.file.scope or _everything_both_have(descriptions)
    for name in scopes:
        if name not in ENTITIES:
            raise project.fault(
                ("scope", name),
                phrase("there is no entity “{name}”.", name=name),
                hint=suggestion(name, list(ENTITIES)),
            )
    for name in wanted:
        if name not in scopes:
            raise ConfigurationError(
                phrase("“{name}” is not in the scope of this project.", name=name), hint=suggestion(name, list(scopes))
            )
    return [
        _plan_entity(project, descriptions, entity, scopes[name])
        for name, entity in ENTITIES.items()
        if name in scopes and (not wanted or name in wanted) and not _only_taxed(name, scopes[name], descriptions)
    ]


def _only_taxed(name: str, scope: EntityScope, descriptions: Mapping[Side, Description]) -> bool:
    """Whether an ERP that holds no quotes is only asked for their taxes."""
    held = {side for side, description in descriptions.items() if name in description.entities}
    return scope.taxes and name == QUOTES.name and held == {Side.CRM}


def _everything_both_have(descriptions: Mapping[Side, Description]) -> dict[str, EntityScope]:
    both = set(descriptions[Side.CRM].entities) & set(descriptions[Side.ERP].entities)
    return {name: EntityScope() for name in ENTITIES if name in both}


def _plan_entity(
    project: Project, descriptions: Mapping[Side, Description], entity: Entity, scope: EntityScope
) -> EntityPlan:
    place = ("scope", entity.name)
    sources: dict[Side, EntitySource] = {}
    for side, description in descriptions.items():
        source = description.entities.get(entity.name)
        if source is None:
            raise project.fault(
                place,
                phrase(
                    "the description “{vendor}” ({side}) has no {entity}.",
                    vendor=description.vendor.name,
                    side=side.value,
                    entity=entity.name,
                ),
                hint=phrase("It has: {entities}.", entities=", ".join(description.entities)),
            )
        sources[side] = source
    entries = {side: _entries(scope.fields, source.fields, side) for side, source in sources.items()}
    fields = _shared_fields(project, (*place, "fields"), entity, scope.fields, entries)
    key = _key(project, (*place, "key"), scope.key or list(entity.key), fields)
    lines = _plan_lines(project, entity, scope, sources)
    mappings = {
        side: entity_mapping(
            descriptions[side],
            entity.name,
            key=key,
            fields={name: entries[side][name] for name in _staged(fields, entries[side])},
            types={field.name: field.type for field in _with_stamp(entity, fields)},
            line_key=lines.key if lines else (),
            line_fields=lines.entries[side] if lines else {},
            line_types={field.name: field.type for field in lines.fields} if lines else {},
            link=scope.link.crm if side is Side.CRM else scope.link.erp,
            time_zone=project.file.project.timezone,
        )
        for side in Side
    }
    return EntityPlan(
        entity=entity,
        rule=EntityRule(entity.name, tuple(_rule(f, scope.fields.get(f.name), entries) for f in fields), key),
        lines_rule=_lines_rule(entity, scope, lines, fields, key),
        mappings=mappings,
    )


def _entries(
    scoped: Mapping[str, FieldScope], described: Mapping[str, FieldEntry], side: Side
) -> dict[str, FieldEntry]:
    """Where each field of this side is; the project's own places replace or add to the vendor's."""
    own = {name: field.crm if side is Side.CRM else field.erp for name, field in scoped.items()}
    return {**described, **{name: entry for name, entry in own.items() if entry is not None}}


def _shared_fields(
    project: Project,
    place: tuple[str, ...],
    entity: Entity,
    scoped: Mapping[str, FieldScope],
    entries: Mapping[Side, Mapping[str, FieldEntry]],
) -> tuple[Field, ...]:
    """The fields both sides have, canonical ones first; asking for one that a side lacks is an error."""
    for name, field in scoped.items():
        if entity.field(name) is None and field.type is None:
            known = [known.name for known in entity.fields]
            raise project.fault(
                (*place, name),
                phrase(
                    "“{name}” is not a field of {entity}; a field of your own needs a type.",
                    name=name,
                    entity=entity.name,
                ),
                hint=suggestion(name, known),
            )
        for side in Side:
            if name not in entries[side] and field.compare != "no":
                raise project.fault(
                    (*place, name),
                    phrase("the {side} description does not say where {name} is.", side=side.value.upper(), name=name),
                    hint=phrase('Add {side} = "path.of.the.value" to this field.', side=side.value),
                )
    canonical = [field for field in entity.fields if all(field.name in entries[side] for side in Side)]
    own = [
        Field(name, field.type)
        for name, field in scoped.items()
        if field.type is not None and entity.field(name) is None and all(name in entries[side] for side in Side)
    ]
    return (*canonical, *own)


def _key(project: Project, place: tuple[str, ...], key: Sequence[str], fields: Sequence[Field]) -> tuple[str, ...]:
    names = [field.name for field in fields]
    for name in key:
        if name not in names:
            raise project.fault(
                place, phrase("the key field “{name}” is not on both sides.", name=name), hint=suggestion(name, names)
            )
    return tuple(key)


def _with_stamp(entity: Entity, fields: Sequence[Field]) -> list[Field]:
    stamp = entity.field("updated_at")
    return [*fields, *([stamp] if stamp is not None and stamp not in fields else [])]


def _staged(fields: Sequence[Field], entries: Mapping[str, FieldEntry]) -> list[str]:
    """The shared fields, and this side's own change stamp even where the other side has none: pulls resume from it."""
    names = [field.name for field in fields]
    return [*names, *(["updated_at"] if "updated_at" in entries and "updated_at" not in names else [])]


def _rule(field: Field, scope: FieldScope | None, entries: Mapping[Side, Mapping[str, FieldEntry]]) -> FieldRule:
    return FieldRule(
        name=field.name,
        type=field.type,
        exact=scope is None or scope.compare == "exact",
        tolerance=None if scope is None or scope.tolerance is None else str(scope.tolerance),
        compared=field.compared and (scope is None or scope.compare != "no"),
        owner=None if scope is None else scope.owner,
        known_codes=_known_codes(field, entries),
    )


def _known_codes(field: Field, entries: Mapping[Side, Mapping[str, FieldEntry]]) -> frozenset[str] | None:
    """The canonical values the two code lists lead to, where either side translates codes."""
    known: set[str] = set()
    for side in Side:
        entry = entries[side][field.name]
        if isinstance(entry, FieldSource):
            known.update(str(value).upper() for value in entry.codes.values())
    return frozenset(known) if known and field.type is FieldType.CODE else None


@dataclass(frozen=True, slots=True)
class _LinesPlan:
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    entries: Mapping[Side, Mapping[str, FieldEntry]]


def _plan_lines(
    project: Project, entity: Entity, scope: EntityScope, sources: Mapping[Side, EntitySource]
) -> _LinesPlan | None:
    if entity.lines is None or any(source.lines is None for source in sources.values()):
        return None
    described = {side: source.lines.fields for side, source in sources.items() if source.lines is not None}
    entries = {side: _entries(scope.lines.fields, described[side], side) for side in Side}
    place = ("scope", entity.name, "lines")
    fields = _shared_fields(project, (*place, "fields"), entity.lines, scope.lines.fields, entries)
    key = _key(project, (*place, "key"), scope.lines.key or list(entity.lines.key), fields)
    shared = {side: {field.name: entries[side][field.name] for field in fields} for side in Side}
    return _LinesPlan(fields, key, shared)


def _lines_rule(
    entity: Entity, scope: EntityScope, lines: _LinesPlan | None, fields: Sequence[Field], key: Sequence[str]
) -> EntityRule | None:
    if lines is None or entity.lines is None:
        return None
    types = {field.name: field.type for field in fields}
    parents = tuple(FieldRule(staging.PARENT_PREFIX + name, types[name], compared=False) for name in key)
    own = tuple(_rule(field, scope.lines.fields.get(field.name), lines.entries) for field in lines.fields)
    return EntityRule(entity.lines.name, (*parents, *own), (*(parent.name for parent in parents), *lines.key))
