"""Columns out of records: every path of a mapping at once, each common step taken once for all records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, cast

from reconciler.mapping.json_values import is_empty, scalar_text, unwrap
from reconciler.mapping.path import Element, Key, Path, Place
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import join_plain

Column = list[object]
_Elements = dict[object, object]

_SCALAR_LOOK = re.compile(r"[-0-9]|true|false|inf|nan")
"""Beginnings of what the text of a JSON number or boolean can look like."""


class _Node(NamedTuple):
    parent: int
    step: Callable[[Column], Column]


class Extraction:
    """The values of a set of paths for many records, as `Path.read` gives them one at a time."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._nodes: list[_Node] = []
        self._places: dict[tuple[object, ...], int] = {}
        self._ends = {path: self._add(path) for path in paths}

    def columns(self, records: Sequence[object]) -> dict[Path, Column]:
        """For each path its value in each record, None where missing, still in a `{"$": value}` where it was.

        `records` are objects.
        """
        computed: list[Column] = [list(records)]
        for parent, step in self._nodes:
            computed.append(step(computed[parent]))
        return {path: computed[end] for path, end in self._ends.items()}

    def _add(self, path: Path) -> int:
        at = 0
        trail: tuple[object, ...] = ()
        for step in path.steps:
            if isinstance(step, Element):
                plain = _SCALAR_LOOK.match(step.text) is not None
                trail, at = self._node((*trail, step.attribute, plain), at, _elements_by(step.attribute, plain=plain))
                trail, at = self._node((*trail, step.text), at, _key(step.text))
            else:
                trail, at = self._node((*trail, step), at, _key(step.name) if isinstance(step, Key) else _place(step))
        return at

    def _node(
        self, trail: tuple[object, ...], parent: int, step: Callable[[Column], Column]
    ) -> tuple[tuple[object, ...], int]:
        if trail not in self._places:
            self._nodes.append(_Node(parent, step))
            self._places[trail] = len(self._nodes)
        return trail, self._places[trail]


def select_column(field: FieldMapping, columns: Mapping[Path, Column]) -> Column:
    """The raw values of a field, which `read_value` reads like those of `select_plain`."""
    if len(field.paths) == 1:
        return columns[field.paths[0]]
    parts = [unwrapped(columns[path]) for path in field.paths]
    if field.join:
        return _joined(parts)
    chosen = parts[0]
    for other in parts[1:]:
        chosen = [later if is_empty(first) else first for first, later in zip(chosen, other, strict=True)]
    return chosen


def unwrapped(column: Column) -> Column:
    """The column with every `{"$": value}` replaced by its value."""
    return [unwrap(value) for value in column] if dict in set(map(type, column)) else column


def _joined(parts: list[Column]) -> Column:
    texts = [part for part in parts if _without_blanks(part)]
    if len(texts) == len(parts):
        return list(map(" ".join, zip(*texts, strict=True)))
    return [join_plain([value for value in row if not is_empty(value)]) for row in zip(*parts, strict=True)]


def _without_blanks(column: Column) -> bool:
    return set(map(type, column)) == {str} and "" not in column and not any(map(str.isspace, cast("list[str]", column)))


def _key(name: str) -> Callable[[Column], Column]:
    get = itemgetter(name)

    def step(parents: Column) -> Column:
        try:
            return list(map(get, cast("list[dict[str, object]]", parents)))
        except (KeyError, TypeError):
            return [parent.get(name) if isinstance(parent, dict) else None for parent in parents]

    return step


def _place(step: Place) -> Callable[[Column], Column]:
    def column(parents: Column) -> Column:
        if set(map(type, parents)) == {list}:
            try:
                return [parent[step.position] for parent in cast("list[Column]", parents)]
            except IndexError:
                pass
        return [step.read(parent) for parent in parents]

    return column


def _elements_by(attribute: str, *, plain: bool) -> Callable[[Column], Column]:
    """Lists of objects to objects by the text of an attribute, the first of equals winning.

    Args:
        attribute: name of the attribute.
        plain: whether an attribute may be wanted that JSON writes without quotes.
    """

    def step(parents: Column) -> Column:
        if plain:
            return [_elements(parent, attribute) for parent in parents]
        try:
            lists = cast("list[list[dict[str, object]] | None]", parents)
            return [{each[attribute]: each for each in reversed(each_list or ())} for each_list in lists]
        except (KeyError, TypeError):
            return [_elements(parent, attribute) for parent in parents]

    return step


def _elements(parent: object, attribute: str) -> _Elements:
    if not isinstance(parent, list):
        return {}
    return {scalar_text(unwrap(each.get(attribute))): each for each in reversed(parent) if isinstance(each, dict)}
