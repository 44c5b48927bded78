"""What types alone cannot say about the entities of a description: paths, field types, codecs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.connectors.description import (
    LINE_TAX_TYPES,
    Description,
    EntitySource,
    FieldEntry,
    FieldSource,
    Lines,
)
from reconciler.connectors.plan import field_mapping, line_slots
from reconciler.mapping.path import MappingSyntaxError, parse_path
from reconciler.mapping.plan import PROJECT_TIME_ZONE, MappingPlanError, codecs_of
from reconciler.model.entities import ENTITIES, QUOTES, Entity, FieldType
from reconciler.phrases.phrase import phrase
from reconciler.toml_file import KeyPath, Problem, suggestion

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_OPTIONS: Final = ("format", "codes", "time_zone", "written_in")


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of an entity or of its lines, and what is known about them."""

    place: KeyPath
    canonical: Entity | None
    entries: Mapping[str, FieldEntry]
    slots: Mapping[str, str]


def entity_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `entities`. What is told names paths and options of the description only."""
    if not description.entities:
        yield Problem(("entities",), phrase("describes no entity"))
    for name, source in description.entities.items():
        yield from _problems_of(name, source)


def _problems_of(name: str, source: EntitySource) -> Iterator[Problem]:
    place: KeyPath = ("entities", name)
    canonical = ENTITIES.get(name)
    if canonical is None and not _NAME.fullmatch(name):
        yield Problem(place, phrase("an entity is named in lower case letters, digits and underscores"))
        return
    if canonical is None and not all(_has_type(entry) for entry in source.fields.values()):
        known = ", ".join(ENTITIES)
        text = phrase(
            "is not one of {known}, and an entity of your own needs a type for each of its fields", known=known
        )
        yield Problem(place, text, suggestion(name, ENTITIES))
        return
    unreadable_slots = list(_slot_problems(place, source))
    if unreadable_slots:
        # Every path is read with the slots: with these in doubt, the rest would only repeat the same mistake.
        yield from unreadable_slots
        return
    yield from _place_problems(place, source)
    yield from _field_problems(_Fields((*place, "fields"), canonical, source.fields, source.slots))
    yield from _line_problems(place, canonical, source)


def _has_type(entry: FieldEntry) -> bool:
    return isinstance(entry, FieldSource) and entry.type is not None


def _slot_problems(place: KeyPath, source: EntitySource) -> Iterator[Problem]:
    for path in source.slots:
        yield from _path_problems((*place, "slots", path), path, {})


def _place_problems(place: KeyPath, source: EntitySource) -> Iterator[Problem]:
    for position, path in enumerate([source.id] if isinstance(source.id, str) else source.id):
        at = ("id",) if isinstance(source.id, str) else ("id", position)
        yield from _path_problems((*place, *at), path, source.slots)
    if source.link is not None:
        yield from _path_problems((*place, "link"), source.link, source.slots)
    for path in source.only:
        yield from _path_problems((*place, "only", path), path, source.slots)


def _line_problems(place: KeyPath, canonical: Entity | None, source: EntitySource) -> Iterator[Problem]:
    if source.lines is None:
        return
    place = (*place, "lines")
    if canonical is not None and canonical.lines is None:
        yield Problem(place, phrase("{name} have no lines", name=canonical.name))
        return
    yield from _path_problems((*place, "path"), source.lines.path, source.slots)
    for path in source.lines.only:
        yield from _path_problems((*place, "only", path), path, line_slots(source.slots, source.lines))
    if source.lines.id is not None:
        yield from _path_problems((*place, "id"), source.lines.id, {})
    yield from _tax_problems(place, canonical, source, source.lines)
    lines = None if canonical is None else canonical.lines
    yield from _field_problems(
        _Fields((*place, "fields"), lines, source.lines.fields, line_slots(source.slots, source.lines))
    )


def _tax_problems(place: KeyPath, canonical: Entity | None, source: EntitySource, lines: Lines) -> Iterator[Problem]:
    if lines.taxes and canonical is not QUOTES:
        yield Problem((*place, "taxes"), phrase("only lines of quotes carry taxes"))
        return
    slots = line_slots(source.slots, lines)
    for kind, places in lines.taxes.items():
        for member, type_ in LINE_TAX_TYPES.items():
            entry: FieldEntry | None = getattr(places, member)
            if entry is not None:
                yield from _source_problems((*place, "taxes", kind, member), member, type_, entry, slots)


def _path_problems(place: KeyPath, path: str, slots: Mapping[str, str]) -> Iterator[Problem]:
    try:
        parse_path(path, slots)
    except MappingSyntaxError as error:
        yield Problem(place, str(error))


def _field_problems(fields: _Fields) -> Iterator[Problem]:
    if not fields.entries:
        yield Problem(fields.place, phrase("names no field"))
    for name, entry in fields.entries.items():
        place = (*fields.place, name)
        kind, problem = _type_of(place, name, entry, fields.canonical)
        if problem is not None:
            yield problem
        elif kind is not None:
            yield from _source_problems(place, name, kind, entry, fields.slots)


def _type_of(
    place: KeyPath, name: str, entry: FieldEntry, canonical: Entity | None
) -> tuple[FieldType | None, Problem | None]:
    """The field's type, or why it has none."""
    own = entry.type if isinstance(entry, FieldSource) else None
    field = None if canonical is None else canonical.field(name)
    if field is None and own is None:
        known = [] if canonical is None else [known.name for known in canonical.fields]
        what = "an entity of your own" if canonical is None else canonical.name
        return None, Problem(
            place,
            phrase("is not a known field of {what}; a field of your own needs a type", what=what),
            suggestion(name, known),
        )
    if field is not None and own not in (None, field.type):
        return None, Problem((*place, "type"), phrase("{name} is always of type {type}", name=name, type=field.type))
    return field.type if field is not None else own, None


def _source_problems(
    place: KeyPath, name: str, kind: FieldType, entry: FieldEntry, slots: Mapping[str, str]
) -> Iterator[Problem]:
    if isinstance(entry, str):
        yield from _path_problems(place, entry, slots)
        return
    wrong_paths = list(_entry_path_problems(place, entry, slots))
    if wrong_paths:
        yield from wrong_paths
    elif entry.codec is not None and entry.codec not in codecs_of(kind):
        allowed = codecs_of(kind)
        text = phrase(
            "a {kind} field is written as {allowed}, not {codec}",
            kind=kind,
            allowed=" or ".join(allowed),
            codec=entry.codec,
        )
        yield Problem((*place, "codec"), text, suggestion(entry.codec, allowed) if len(allowed) > 1 else "")
    else:
        yield from _option_problems(place, name, kind, entry, slots)


def _entry_path_problems(place: KeyPath, entry: FieldSource, slots: Mapping[str, str]) -> Iterator[Problem]:
    if isinstance(entry.path, str):
        yield from _path_problems((*place, "path"), entry.path, slots)
    else:
        for position, path in enumerate(entry.path):
            yield from _path_problems((*place, "path", position), path, slots)
        if not entry.path:
            yield Problem((*place, "path"), phrase("names no path"))
    if entry.join and (isinstance(entry.path, str) or len(entry.path) < 2):
        yield Problem((*place, "join"), phrase("there is only one path, and nothing to join"))


def _option_problems(
    place: KeyPath, name: str, kind: FieldType, entry: FieldSource, slots: Mapping[str, str]
) -> Iterator[Problem]:
    """Try each option alone, so that the one that does not fit can be named."""
    bare = FieldSource(path=entry.path, codec=entry.codec)
    for option in _OPTIONS:
        alone = bare.model_copy(update={option: getattr(entry, option)})
        try:
            field_mapping(name, kind, alone, slots, PROJECT_TIME_ZONE)
        except MappingPlanError as error:
            yield Problem((*place, option), str(error).removeprefix(f"{name}: "))
