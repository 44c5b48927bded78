"""Query options of a read, parsed and checked against the shape of the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox.crm.filter_text import Node, Path, QueryError, parse_filter
from reconciler.sandbox.crm.schema import SHAPES, Kind, Shape

LARGEST_TOP = 300
"""More is never returned, whatever `$top` says, and nothing tells the caller."""
_DEEPEST_EXPANSION = 3
_KNOWN = frozenset({"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count"})


@dataclass(frozen=True, slots=True)
class Expansion:
    """A link to follow, with what is wanted of the linked objects. `select` None: everything."""

    name: str
    select: frozenset[str] | None = None
    expand: tuple[Expansion, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One part of `$orderby`."""

    path: Path
    descending: bool = False


BY_ID: Final = (Order(("Id",)),)
"""The order when none is asked for."""


@dataclass(frozen=True, slots=True)
class Query:
    """A whole read. `top` is within the cap already."""

    filter: Node | None = None
    select: frozenset[str] | None = None
    expand: tuple[Expansion, ...] = ()
    orderby: tuple[Order, ...] = BY_ID
    top: int = LARGEST_TOP
    skip: int = 0
    count: bool = False


def parse_query(options: Mapping[str, str], shape_name: str) -> Query:
    """The query options of a request; parameters that do not begin with `$` are ignored, as OData says.

    Raises:
        QueryError: an option is unknown, malformed, or names a property that is not there.
    """
    unknown = [name for name in options if name.startswith("$") and name not in _KNOWN]
    if unknown:
        raise QueryError(f"The query option {unknown[0]} is not supported.")
    shape = SHAPES[shape_name]
    filter_text = options.get("$filter")
    return Query(
        filter=None if filter_text is None else parse_filter(filter_text, lambda path: kind_of(shape_name, path)),
        select=_select(options["$select"], shape) if "$select" in options else None,
        expand=_expansions(options["$expand"], shape, 1) if "$expand" in options else (),
        orderby=_orderby(options["$orderby"], shape_name) if "$orderby" in options else BY_ID,
        top=min(LARGEST_TOP, _whole(options, "$top", LARGEST_TOP)),
        skip=_whole(options, "$skip", 0),
        count=_flag(options, "$count"),
    )


def kind_of(shape_name: str, path: Path) -> Kind:
    """The type of the property at a path that may lead over links to one object.

    Raises:
        QueryError: there is no such property.
    """
    shape = SHAPES[shape_name]
    for name in path[:-1]:
        link = shape.links.get(name)
        if link is None or link.key is None:
            raise QueryError(f"{shape_name} has no link “{name}” to one object.")
        shape = SHAPES[link.kind]
    kind = shape.properties.get(path[-1])
    if kind is None:
        raise QueryError(f"There is no property “{'/'.join(path)}” in {shape_name}.")
    return kind


def _select(text: str, shape: Shape) -> frozenset[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in shape.properties and name not in shape.links:
            raise QueryError(f"$select: there is no property “{name}”.")
    return frozenset(names)


def _orderby(text: str, shape_name: str) -> tuple[Order, ...]:
    found: list[Order] = []
    for part in text.split(","):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise QueryError(f"$orderby: “{part.strip()}” is not a property with asc or desc.")
        path = tuple(words[0].split("/"))
        kind_of(shape_name, path)
        found.append(Order(path, words[-1] == "desc"))
    return tuple(found)


def _expansions(text: str, shape: Shape, depth: int) -> tuple[Expansion, ...]:
    if depth > _DEEPEST_EXPANSION:
        raise QueryError(f"$expand: at most {_DEEPEST_EXPANSION} levels.")
    return tuple(_expansion(part.strip(), shape, depth) for part in _split_outside_parentheses(text, ","))


def _expansion(text: str, shape: Shape, depth: int) -> Expansion:
    name, opened, rest = text.partition("(")
    link = shape.links.get(name)
    if link is None:
        raise QueryError(f"$expand: there is no link “{name}”.")
    if not opened:
        return Expansion(name)
    if not rest.endswith(")"):
        raise QueryError(f"$expand: “{text}” is not closed.")
    select: frozenset[str] | None = None
    expand: tuple[Expansion, ...] = ()
    for option in _split_outside_parentheses(rest[:-1], ";"):
        key, _, value = option.strip().partition("=")
        if key == "$select":
            select = _select(value, SHAPES[link.kind])
        elif key == "$expand":
            expand = _expansions(value, SHAPES[link.kind], depth + 1)
        else:
            raise QueryError(f"$expand: the option “{key}” is not supported inside “{name}”.")
    return Expansion(name, select, expand)


def _split_outside_parentheses(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            raise QueryError("$expand: a parenthesis is closed that was not opened.")
        if character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if depth:
        raise QueryError("$expand: a parenthesis is not closed.")
    return [*parts, text[start:]]


def _whole(options: Mapping[str, str], name: str, default: int) -> int:
    text = options.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise QueryError(f"{name}: “{text[:20]}” is not a whole number from zero up.")
    return int(text)


def _flag(options: Mapping[str, str], name: str) -> bool:
    text = options.get(name, "false")
    if text not in ("true", "false"):
        raise QueryError(f"{name} is true or false.")
    return text == "true"
