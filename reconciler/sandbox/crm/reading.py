"""Runs queries over the collections: filter, order, page, expand."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from reconciler.sandbox.collection import FIRST, LAST, Collection, SortKey, sort_key
from reconciler.sandbox.crm.filter_text import AllOf, AnyOf, Comparison, Node, Path, parse_instant
from reconciler.sandbox.crm.query import BY_ID, Expansion, Order, Query, kind_of
from reconciler.sandbox.crm.schema import COLLECTIONS, SHAPES, Kind, Link

Read = Callable[[Any], Any]
"""Reads one value out of a record; None where there is nothing, or where the record is not an object."""

_LARGEST_CANDIDATES = 1_000
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


class Reader:
    """Answers queries. A page costs what is on it, not what is in the collection, once its order has been made."""

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._collections = collections

    def rows(self, collection: str, query: Query) -> tuple[list[Any], int]:
        """The wanted rows, and how many there are in all."""
        found = self._found(collection, query)
        page = found[query.skip : query.skip + query.top]
        return [self.shaped(record, COLLECTIONS[collection], query.select, query.expand) for record in page], len(found)

    def shaped(
        self, record: Any, shape_name: str, select: frozenset[str] | None = None, expand: Sequence[Expansion] = ()
    ) -> Any:
        """A record as it is sent: links are absent unless expanded. What is not an object is sent as it is."""
        if not isinstance(record, dict):
            return record
        shape = SHAPES[shape_name]
        row = {
            name: value
            for name, value in record.items()
            if name not in shape.links and (select is None or name in select)
        }
        for expansion in expand:
            row[expansion.name] = self._expanded(record, shape.links[expansion.name], expansion)
        return row

    def _expanded(self, record: dict[str, Any], link: Link, expansion: Expansion) -> Any:
        if link.key is None:
            inside = record.get(expansion.name, [])
            if not isinstance(inside, list):
                return inside
            return [self.shaped(item, link.kind, expansion.select, expansion.expand) for item in inside]
        linked = self._linked(record, link)
        if linked is None:
            linked = record.get(expansion.name)
        return self.shaped(linked, link.kind, expansion.select, expansion.expand)

    def _linked(self, record: Any, link: Link) -> Any:
        linked_id = record.get(link.key) if isinstance(record, dict) else None
        if link.collection is None or not isinstance(linked_id, (int, str)):
            return None
        return self._collections[link.collection].get(linked_id)

    def _found(self, name: str, query: Query) -> Sequence[Any]:
        """Every record the filter lets through, in order: from a kept view, cut at a lower bound where there is one."""
        collection, shape_name = self._collections[name], COLLECTIONS[name]
        conjuncts = _conjuncts(query.filter)
        candidates = self._candidates(collection, shape_name, conjuncts)
        if candidates is not None:
            return self._selected(candidates, shape_name, conjuncts, query.orderby)
        bound = _lower_bound(conjuncts, query.orderby[0])
        rest = tuple(part for part in conjuncts if part is not bound)

        def build(records: Sequence[Any]) -> tuple[Sequence[Any], list[SortKey]]:
            found = self._selected(records, shape_name, rest, query.orderby)
            return found, [self._order_key(shape_name, query.orderby[0])(record) for record in found]

        found, keys = collection.view(("found", rest, query.orderby), build)
        if bound is None:
            return found
        cut = bisect_left if bound.operator == "ge" else bisect_right
        return found[cut(keys, _value_key(bound.literal)) :]

    def _candidates(self, collection: Collection, shape_name: str, conjuncts: Sequence[Node]) -> Sequence[Any] | None:
        """The few records that have a wanted value, by an index of that property; None when nothing is that narrow."""
        for part in conjuncts:
            found: list[Any] = []
            for equality in _equalities(part):
                index = collection.view(("index", equality.path), self._index_builder(shape_name, equality.path))
                found.extend(index.get(equality.literal, ()))
            if _equalities(part) and len(found) <= _LARGEST_CANDIDATES:
                once = {id(record): record for record in found}
                return sorted(once.values(), key=self._order_key(shape_name, BY_ID[0]))
        return None

    def _index_builder(self, shape_name: str, path: Path) -> Callable[[Sequence[Any]], dict[Any, list[Any]]]:
        read = self._reader(shape_name, path)

        def build(records: Sequence[Any]) -> dict[Any, list[Any]]:
            index: dict[Any, list[Any]] = {}
            for record in records:
                value = read(record)
                if isinstance(value, (str, int)):
                    index.setdefault(value, []).append(record)
            return index

        return build

    def _selected(
        self, records: Sequence[Any], shape_name: str, conjuncts: Sequence[Node], orderby: Sequence[Order]
    ) -> Sequence[Any]:
        tests = [self._test(shape_name, part) for part in conjuncts]
        found = [record for record in records if all(test(record) for test in tests)] if tests else records
        if tuple(orderby) == BY_ID:
            return found
        # Records come by id, and each pass is stable: ties end in the order of the ids.
        ordered = list(found)
        for order in reversed(orderby):
            ordered.sort(key=self._order_key(shape_name, order), reverse=order.descending)
        return ordered

    def _order_key(self, shape_name: str, order: Order) -> Callable[[Any], SortKey]:
        read, kind = self._reader(shape_name, order.path), kind_of(shape_name, order.path)
        # Records without a usable id come last, as in the collection: a page by "id greater than" still ends with them.
        nothing = LAST if order.path == ("Id",) else FIRST
        return lambda record: _key(read(record), kind, nothing)

    def _test(self, shape_name: str, node: Node) -> Callable[[Any], bool]:
        match node:
            case AllOf(parts):
                tests = [self._test(shape_name, part) for part in parts]
                return lambda record: all(test(record) for test in tests)
            case AnyOf(parts):
                tests = [self._test(shape_name, part) for part in parts]
                return lambda record: any(test(record) for test in tests)
            case Comparison():
                return _comparison(node, self._reader(shape_name, node.path), kind_of(shape_name, node.path))

    def _reader(self, shape_name: str, path: Path) -> Read:
        name = path[0]
        if len(path) == 1:
            return lambda record: record.get(name) if isinstance(record, dict) else None
        link = SHAPES[shape_name].links[name]
        inner = self._reader(link.kind, path[1:])
        return lambda record: inner(self._linked(record, link))


def _conjuncts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.parts if isinstance(node, AllOf) else (node,)


def _equalities(node: Node) -> Sequence[Comparison]:
    """The equalities of which at least one must hold for the condition to hold; none when it is not of that kind."""
    parts = node.parts if isinstance(node, AnyOf) else (node,)
    found = [part for part in parts if isinstance(part, Comparison) and part.operator == "eq"]
    indexable = [part for part in found if isinstance(part.literal, (str, int))]
    return indexable if len(indexable) == len(parts) else ()


def _lower_bound(conjuncts: Sequence[Node], first: Order) -> Comparison | None:
    """A condition that cuts the ordered records at one place: later records all meet it, earlier ones do not."""
    for part in conjuncts:
        if (
            isinstance(part, Comparison)
            and part.path == first.path
            and part.operator in ("gt", "ge")
            and part.literal is not None
            and not first.descending
        ):
            return part
    return None


def _comparison(node: Comparison, read: Read, kind: Kind) -> Callable[[Any], bool]:
    wanted = node.literal
    if node.operator in ("eq", "ne"):
        equal = node.operator == "eq"
        return lambda record: (_comparable(read(record), kind) == wanted) is equal
    compare = _OPERATORS[node.operator]

    def test(record: Any) -> bool:
        value = _comparable(read(record), kind)
        # Nothing is neither more nor less than anything; a loaded value of another type is as good as nothing.
        return value is not None and wanted is not None and compare(value, wanted)

    return test


def _comparable(value: Any, kind: Kind) -> Any:
    """The value as its type compares, or None when it is not of that type."""
    match kind:
        case Kind.INSTANT:
            return _instant(value) if isinstance(value, str) else None
        case Kind.TEXT:
            return value if isinstance(value, str) else None
        case Kind.BOOLEAN:
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _key(value: Any, kind: Kind, nothing: SortKey) -> SortKey:
    comparable = _comparable(value, kind)
    return nothing if comparable is None else _value_key(comparable)


def _value_key(value: Any) -> SortKey:
    return (2, value.timestamp()) if isinstance(value, datetime) else sort_key(value)


@lru_cache(maxsize=65_536)
def _instant(text: str) -> datetime | None:
    return parse_instant(text)
