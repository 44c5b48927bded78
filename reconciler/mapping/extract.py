"""Columns out of records: every path of a mapping at once, each common step taken once for all records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, TypeVar, cast

from reconciler.mapping.json_values import is_empty, scalar_text, unwrap
from reconciler.mapping.path import Element, Key, Path, Place
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import join_plain

Column = list[object]
_Elements = dict[object, object]
_Name = TypeVar("_Name", str, int)

_SCALAR_LOOK = re.compile(r"[-0-9]|true|false|inf|nan")
"""Beginnings of what the text of a JSON number or boolean can look like."""


class _Node:
    """A step of some path, and the further steps from there; those of one kind are taken together."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.keys: dict[str, _Node] = {}
        self.positions: dict[int, _Node] = {}
        self.elements: dict[str, dict[str, _Node]] = {}

    def branches(self) -> Iterator[tuple[Callable[[Column], list[Column]], list[_Node]]]:
        """How to take further steps, several at once, and where each of them leads."""
        if self.keys:
            yield _keys(tuple(self.keys)), list(self.keys.values())
        for position, node in self.positions.items():
            yield _place(Place(position)), [node]
        for attribute, nodes in self.elements.items():
            yield _elements_of(attribute, tuple(nodes)), list(nodes.values())


class _Branch(NamedTuple):
    parent: int
    take: Callable[[Column], list[Column]]
    places: list[int]


class Extraction:
    """The values of a set of paths for many records, as `Path.read` gives them one at a time."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._nodes = [_Node(0)]
        self._ends = {path: self._add(path) for path in paths}
        self._branches = [
            _Branch(node.place, take, [child.place for child in children])
            for node in self._nodes
            for take, children in node.branches()
        ]

    def columns(self, records: Sequence[object]) -> dict[Path, Column]:
        """For each path its value in each record, None where missing, still in a `{"$": value}` where it was.

        `records` are objects.
        """
        computed: dict[int, Column] = {0: list(records)}
        for parent, take, places in self._branches:
            computed.update(zip(places, take(computed[parent]), strict=True))
        return {path: computed[end] for path, end in self._ends.items()}

    def _add(self, path: Path) -> int:
        at = self._nodes[0]
        for step in path.steps:
            match step:
                case Key(name):
                    at = self._node(at.keys, name)
                case Place(position):
                    at = self._node(at.positions, position)
                case Element(attribute, text):
                    at = self._node(at.elements.setdefault(attribute, {}), text)
        return at.place

    def _node(self, known: dict[_Name, _Node], name: _Name) -> _Node:
        """The node of that name, made when it is new. A node comes after its parent in `_nodes`."""
        if name not in known:
            known[name] = _Node(len(self._nodes))
            self._nodes.append(known[name])
        return known[name]


def select_column(field: FieldMapping, columns: Mapping[Path, Column]) -> Column:
    """The raw values of a field, which `read_value` reads like those of `select_plain`."""
    parts = [columns[path] for path in field.paths]
    if field.false_is_empty:
        parts = [[None if value is False else value for value in part] for part in parts]
    if len(parts) == 1:
        return parts[0]
    parts = [unwrapped(part) for part in parts]
    if field.join:
        return _joined(parts)
    chosen = parts[0]
    for other in parts[1:]:
        if _without_blanks(chosen):
            break
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


def _keys(names: Iterable[str]) -> Callable[[Column], list[Column]]:
    return lambda parents: [_key(name, parents) for name in names]


def _key(name: str, parents: Column) -> Column:
    try:
        return list(map(itemgetter(name), cast("list[dict[str, object]]", parents)))
    except (KeyError, TypeError):
        return [parent.get(name) if isinstance(parent, dict) else None for parent in parents]


def _place(step: Place) -> Callable[[Column], list[Column]]:
    def take(parents: Column) -> list[Column]:
        if set(map(type, parents)) == {list}:
            try:
                return [[parent[step.position] for parent in cast("list[Column]", parents)]]
            except IndexError:
                pass
        return [[step.read(parent) for parent in parents]]

    return take


def _elements_of(attribute: str, texts: tuple[str, ...]) -> Callable[[Column], list[Column]]:
    """Lists of objects to the object whose attribute has each text, the first of equals winning."""
    plain = any(_SCALAR_LOOK.match(text) for text in texts)
    take_keys = _keys(texts)

    def take(parents: Column) -> list[Column]:
        aligned = _aligned(parents, attribute)
        if aligned is not None:
            return [aligned[text] if text in aligned else [None] * len(parents) for text in texts]
        return take_keys(_by_text(parents, attribute, plain=plain))

    return take


def _aligned(parents: Column, attribute: str) -> dict[str, Column] | None:
    """The objects by the text of their attribute, when all lists hold the same ones in the same order; else None."""
    try:
        columns = list(zip(*cast("list[list[dict[str, object]]]", parents), strict=True))
        found = [set(map(itemgetter(attribute), column)) for column in columns]
    except (KeyError, TypeError, ValueError):
        return None
    named = {}
    for names, column in zip(reversed(found), reversed(columns), strict=True):
        name = names.pop()
        # 1, 1.0 and true are one to a set, and three texts.
        if names or not isinstance(name, str):
            return None
        named[name] = list(column)
    return cast("dict[str, Column]", named)


def _by_text(parents: Column, attribute: str, *, plain: bool) -> Column:
    """Each list as an object by the text of the attribute, the first of equals winning.

    Args:
        plain: whether an attribute may be wanted that JSON writes without quotes.
    """
    if not plain:
        try:
            lists = cast("list[list[dict[str, object]] | None]", parents)
            return [{each[attribute]: each for each in reversed(each_list or ())} for each_list in lists]
        except (KeyError, TypeError):
            pass
    return [_elements(parent, attribute) for parent in parents]


def _elements(parent: object, attribute: str) -> _Elements:
    if not isinstance(parent, list):
        return {}
    return {scalar_text(unwrap(each.get(attribute))): each for each in reversed(parent) if isinstance(each, dict)}
