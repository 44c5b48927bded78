"""Mistakes in what a description says of writing fields: their names, options and paths. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.connectors.description import EntitySource, FieldEntry, FieldSource
from reconciler.connectors.plan import line_slots
from reconciler.connectors.write.description import DeactivateCall, WriteCall, WriteField, WriteSource
from reconciler.mapping.path import Key, MappingSyntaxError, Path, parse_path
from reconciler.model.entities import ENTITIES, Entity, FieldType
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of
from reconciler.toml_file import KeyPath, Problem, suggestion

_LIMITED: Final = frozenset(FieldType) - {FieldType.DECIMAL, FieldType.BOOLEAN, FieldType.DATE, FieldType.TIMESTAMP}
"""Types whose values have a length."""

Types = Mapping[str, FieldType | None]
"""The fields a description may name, with their types."""


def field_problems(place: KeyPath, name: str, source: EntitySource, write: WriteSource) -> Iterator[Problem]:
    """Mistakes in fields, lists of fields and every path of the writes of one entity.

    Args:
        place: of `write`.
        name: of the entity.
    """
    slots, canonical = source.slots, ENTITIES.get(name)
    types = _types(canonical, source.fields)
    yield from _path_list_problems(place, write, slots)
    yield from _entry_problems(place, write.fields, write.read_only, types, slots)
    for option, call in (("create", write.create), ("update", write.update)):
        if call is not None:
            yield from _call_problems((*place, option), call, types, slots)
    if write.create is not None:
        yield from _paths_problems((*place, "create", "defaults"), write.create.defaults, slots)
        for position, each in enumerate(write.create.finishing.calls if write.create.finishing else ()):
            at: KeyPath = (*place, "create", "finishing", "calls", position, "shown_by")
            yield from _paths_problems(at, each.shown_by, slots)
    if write.deactivate is not None:
        yield from _deactivation_problems((*place, "deactivate"), write.deactivate, types, slots)
    yield from _line_problems((*place, "lines"), source, write, canonical)


def unsaid_lists(place: KeyPath, source: EntitySource, write: WriteSource) -> Iterator[Problem]:
    """Fields that an update would send through a list of which nothing says how the system takes it.

    Sent alone, an element may stand for the whole list: the others would be gone.
    """
    update = write.update
    if update is None or "record" in names_of(update.request):
        return
    merged = [parse_path(path, source.slots).steps for path in write.merge]
    for name, entry in source.fields.items():
        own = update.fields.get(name) or write.fields.get(name)
        if name in {*write.read_only, *update.read_only} or (own and own.path is not None):
            continue
        for path in _paths_of(entry):
            if _goes_through_a_list(parse_path(path, source.slots), merged):
                yield Problem(
                    place,
                    phrase(
                        "{name} is read at `{path}`, inside a list, and nothing says how the list is written",
                        name=name,
                        path=path,
                    ),
                    phrase(
                        "Name the list in merge, give the field a path under update.fields, or name it in read_only."
                    ),
                )
                break


def _goes_through_a_list(path: Path, merged: Iterable[tuple[object, ...]]) -> bool:
    for taken, step in enumerate(path.steps):
        if not isinstance(step, Key):
            listed = path.steps[:taken]
            return not any(listed[: len(each)] == each for each in merged)
    return False


def _paths_of(entry: FieldEntry) -> list[str]:
    path = entry.path if isinstance(entry, FieldSource) else entry
    return [path] if isinstance(path, str) else path


def _types(canonical: Entity | None, fields: Mapping[str, FieldEntry]) -> Types:
    """A field of one's own, and a canonical one that a project may map, can be written too."""
    known: dict[str, FieldType | None] = {
        name: entry.type if isinstance(entry, FieldSource) else None for name, entry in fields.items()
    }
    return {**known, **{field.name: field.type for field in (canonical.fields if canonical else ())}}


def _path_list_problems(place: KeyPath, write: WriteSource, slots: Mapping[str, str]) -> Iterator[Problem]:
    for option in ("merge", "leave_out"):
        for position, path in enumerate(getattr(write, option)):
            at: KeyPath = (*place, option, position)
            found = list(_path_problems(at, path, slots))
            yield from found
            if not found and not all(isinstance(step, Key) for step in parse_path(path, slots).steps):
                yield Problem(at, phrase("must name a list or object, not one element of a list"))
    for name, path in write.current.items():
        yield from _path_problems((*place, "current", name), path, slots)
    if write.guard is not None:
        if write.guard.at is not None:
            yield from _path_problems((*place, "guard", "at"), write.guard.at, slots)
        for name, path in write.guard.table.items():
            yield from _path_problems((*place, "guard", "table", name), path, slots)


def _call_problems(place: KeyPath, call: WriteCall, types: Types, slots: Mapping[str, str]) -> Iterator[Problem]:
    yield from _entry_problems(place, call.fields, call.read_only, types, slots)
    for position, each in enumerate(call.companions):
        at: KeyPath = (*place, "companions", position)
        yield from _name_problems((*at, "fields"), each.fields, types)
        yield from _paths_problems((*at, "values"), each.values, slots)


def _entry_problems(
    place: KeyPath, fields: Mapping[str, WriteField], read_only: Iterable[str], types: Types, slots: Mapping[str, str]
) -> Iterator[Problem]:
    yield from _name_problems((*place, "read_only"), read_only, types)
    for name, entry in fields.items():
        at: KeyPath = (*place, "fields", name)
        if name not in types:
            yield Problem(at, phrase("is not a field of this entity"), suggestion(name, types))
            continue
        for path in _own_paths(entry):
            yield from _path_problems((*at, "path"), path, slots)
        yield from _option_problems(at, entry, types[name], slots)


def _option_problems(
    place: KeyPath, entry: WriteField, kind: FieldType | None, slots: Mapping[str, str]
) -> Iterator[Problem]:
    if entry.max_characters is not None and kind not in _LIMITED:
        yield Problem((*place, "max_characters"), phrase("is for texts; this field is none"))
    if entry.send == "text" and kind is not FieldType.DECIMAL:
        yield Problem((*place, "send"), phrase("`text` is for numbers; this field is none"))
    if entry.cpf_path is not None:
        if kind is not FieldType.DOCUMENT:
            yield Problem((*place, "cpf_path"), phrase("is for documents; this field is none"))
        yield from _path_problems((*place, "cpf_path"), entry.cpf_path, slots)
    elif entry.cpf_values:
        yield Problem((*place, "cpf_values"), phrase("goes with cpf_path, which is not there"))
    yield from _paths_problems((*place, "cpf_values"), entry.cpf_values, slots)
    for code, value in (entry.codes or {}).items():
        if isinstance(value, bool) is not (kind is FieldType.BOOLEAN):
            wanted = phrase("true or false") if kind is FieldType.BOOLEAN else phrase("a text")
            yield Problem((*place, "codes", code), phrase("must stand for {wanted}", wanted=wanted))


def _deactivation_problems(
    place: KeyPath, call: DeactivateCall, types: Types, slots: Mapping[str, str]
) -> Iterator[Problem]:
    yield from _paths_problems((*place, "possible"), call.possible, slots)
    if not call.leaves:
        yield from _after_problems((*place, "after"), call.after, types)
    elif "after" in call.model_fields_set:
        yield Problem((*place, "after"), phrase("goes without leaves: what left the entity is not read"))


def _after_problems(place: KeyPath, after: Mapping[str, str | bool], types: Types) -> Iterator[Problem]:
    yield from _name_problems(place, after, types)
    for name, value in after.items():
        if name in types and isinstance(value, bool) is not (types[name] is FieldType.BOOLEAN):
            wanted = phrase("true or false") if types[name] is FieldType.BOOLEAN else phrase("a text")
            yield Problem((*place, name), phrase("must be {wanted}", wanted=wanted))


def _line_problems(
    place: KeyPath, source: EntitySource, write: WriteSource, canonical: Entity | None
) -> Iterator[Problem]:
    if write.lines is None:
        return
    if source.lines is None:
        yield Problem(place, phrase("the entity is described without lines"))
        return
    slots = line_slots(source.slots, source.lines)
    types = _types(canonical.lines if canonical else None, source.lines.fields)
    if write.lines.path is not None:
        yield from _path_problems((*place, "path"), write.lines.path, source.slots)
    yield from _entry_problems(place, write.lines.fields, write.lines.read_only, types, slots)
    yield from _paths_problems((*place, "values"), write.lines.values, slots)
    yield from _paths_problems((*place, "record_values"), write.lines.record_values, source.slots)


def _name_problems(place: KeyPath, named: Iterable[str], types: Types) -> Iterator[Problem]:
    for name in named:
        if name not in types:
            yield Problem(place, phrase("{name} is not a field of this entity", name=name), suggestion(name, types))


def _own_paths(entry: WriteField) -> list[str]:
    return [entry.path] if isinstance(entry.path, str) else entry.path or []


def _paths_problems(place: KeyPath, paths: Iterable[str], slots: Mapping[str, str]) -> Iterator[Problem]:
    for path in paths:
        yield from _path_problems((*place, path), path, slots)


def _path_problems(place: KeyPath, path: str, slots: Mapping[str, str]) -> Iterator[Problem]:
    try:
        parse_path(path, slots)
    except MappingSyntaxError as error:
        yield Problem(place, str(error))
