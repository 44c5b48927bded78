"""From a description to a mapping: where each field of one entity is read on one side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.connectors.description import Description, FieldEntry, FieldSource, Lines
from reconciler.errors import ConfigurationError
from reconciler.mapping.composite import parse_id
from reconciler.mapping.path import MappingSyntaxError, Path, parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping, MappingPlanError, default_codec
from reconciler.model.entities import FieldType
from reconciler.phrases.phrase import phrase


def entity_mapping(
    description: Description,
    entity: str,
    *,
    key: Sequence[str],
    fields: Mapping[str, FieldEntry],
    types: Mapping[str, FieldType],
    line_key: Sequence[str] = (),
    line_fields: Mapping[str, FieldEntry] | None = None,
    line_types: Mapping[str, FieldType] | None = None,
    link: str | None = None,
    time_zone: str,
) -> EntityMapping:
    """How records of one entity are read.

    Args:
        description: gives the record's id, filters, slots and where lines are.
        entity: one of `description.entities`.
        key: fields that together identify a record on both sides.
        fields: the fields to read and where each is, in the order of the columns: the description's own entries, or
            the project's instead of them.
        types: type of every one of `fields`.
        line_key, line_fields, line_types: the same for lines; without `line_fields` no lines are read.
        link: path of the other side's id; None takes the description's.
        time_zone: IANA name, for instants written without an offset where an entry names no zone of its own.

    Raises:
        ConfigurationError: a path or its options are wrong; the message names entity and field.
    """
    source = description.entities[entity]
    try:
        return EntityMapping(
            entity=entity,
            id=parse_id(source.id, source.slots),
            key=tuple(key),
            fields=_field_mappings(fields, types, source.slots, time_zone, false_is_empty=source.false_is_empty),
            link=None if (place := link or source.link) is None else parse_path(place, source.slots),
            only=_filters(source.only, source.slots),
            lines=None
            if source.lines is None or not line_fields
            else LinesMapping(
                entity=f"{entity}.lines",
                path=parse_path(source.lines.path, source.slots),
                id=None if source.lines.id is None else parse_path(source.lines.id),
                fields=_field_mappings(
                    line_fields,
                    line_types or {},
                    line_slots(source.slots, source.lines),
                    time_zone,
                    false_is_empty=source.false_is_empty,
                ),
                key=tuple(line_key),
                only=_filters(source.lines.only, line_slots(source.slots, source.lines)),
            ),
        )
    except (MappingSyntaxError, MappingPlanError) as error:
        raise ConfigurationError(
            phrase("{vendor}, {entity}: {error}.", vendor=description.vendor.name, entity=entity, error=error)
        ) from error


def field_mapping(
    name: str, kind: FieldType, entry: FieldEntry, slots: Mapping[str, str], time_zone: str
) -> FieldMapping:
    """One field, with what its entry leaves open filled in.

    Raises:
        MappingSyntaxError: a path is wrong.
        MappingPlanError: codec, format, codes or time zone do not fit the type.
    """
    source = FieldSource(path=entry) if isinstance(entry, str) else entry
    paths = [source.path] if isinstance(source.path, str) else source.path
    return FieldMapping(
        name=name,
        type=kind,
        paths=tuple(parse_path(path, slots) for path in paths),
        codec=source.codec or default_codec(kind),
        format=source.format,
        join=source.join,
        time_zone=source.time_zone or time_zone,
        codes=source.codes,
        written_in=source.written_in,
    )


def line_slots(slots: Mapping[str, str], lines: Lines) -> dict[str, str]:
    """The slots of a record as they apply to paths inside one of its lines.

    `Products.OtherProperties` speaks of every line's own list; a list named without the path of the lines, such as
    `OtherProperties`, has its attribute wherever it occurs.
    """
    inside = f"{lines.path}."
    return {path.removeprefix(inside): attribute for path, attribute in slots.items()}


def _filters(only: Mapping[str, str | list[str]], slots: Mapping[str, str]) -> tuple[tuple[Path, tuple[str, ...]], ...]:
    return tuple(
        (parse_path(path, slots), (wanted,) if isinstance(wanted, str) else tuple(wanted))
        for path, wanted in only.items()
    )


def _field_mappings(
    fields: Mapping[str, FieldEntry],
    types: Mapping[str, FieldType],
    slots: Mapping[str, str],
    time_zone: str,
    *,
    false_is_empty: bool,
) -> tuple[FieldMapping, ...]:
    mapped = (field_mapping(name, types[name], entry, slots, time_zone) for name, entry in fields.items())
    return tuple(replace(each, false_is_empty=false_is_empty and each.type is not FieldType.BOOLEAN) for each in mapped)
