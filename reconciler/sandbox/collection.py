"""One collection of records in memory: ordered by id, found by id, with views that are kept while nothing changes."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final, TypeVar

Record = dict[str, Any]
"""A JSON object."""
SortKey = tuple[int, Any]

FIRST: Final[SortKey] = (0, 0)
"""Sorts before every value: where nothing stands."""
LAST: Final[SortKey] = (9, 0)
"""Sorts after every value: where records without an id stand."""
_VIEWS_KEPT = 32
V = TypeVar("V")


def sort_key(value: object) -> SortKey:
    """Orders values of any JSON type: nothing, booleans, numbers, texts, and whatever else, each among its own."""
    match value:
        case None:
            return FIRST
        case bool():
            return (1, value)
        case int() | float():
            return (2, value)
        case str():
            return (3, value)
        case _:
            return (4, repr(value))


class Collection:
    """Records of one kind.

    Loaded records may be anything: what is not an object, or has no id, is served too, but cannot be found by id.
    Objects are changed in place, so a caller never keeps one across an `await` as a picture of the past.
    """

    def __init__(self, id_member: str, records: Iterable[Any] = ()) -> None:
        self.id_member = id_member
        self._records = sorted(records, key=self._order)
        self._by_id = self._indexed()
        self._views: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    @property
    def records(self) -> Sequence[Any]:
        """Every record, by id."""
        return self._records

    def get(self, record_id: Hashable) -> Record | None:
        """The record with this id."""
        return self._by_id.get(record_id)

    def view(self, name: Hashable, build: Callable[[Sequence[Any]], V]) -> V:
        """What `build` makes of all records; made again only after a change. `name` tells different builds apart."""
        if name not in self._views:
            self._views[name] = build(self._records)
            if len(self._views) > _VIEWS_KEPT:
                self._views.popitem(last=False)
        self._views.move_to_end(name)
        found: V = self._views[name]
        return found

    def add(self, record: Record) -> None:
        """Put a new record where its id belongs. Its id must not be there yet."""
        record_id = record[self.id_member]
        if record_id in self._by_id:
            raise ValueError(f"{self.id_member} {record_id!r} is there already")
        self._records.insert(bisect_left(self._records, sort_key(record_id), key=self._order), record)
        self._by_id[record_id] = record
        self._views.clear()

    def change(self, record_id: Hashable, members: Record) -> Record:
        """Put new values into a record. The record itself; `KeyError` when there is none."""
        record = self._by_id[record_id]
        record.update(members)
        self._views.clear()
        return record

    def remove(self, record_id: Hashable) -> Record | None:
        """Take a record out. None when there is none."""
        record = self._by_id.pop(record_id, None)
        if record is None:
            return None
        start = bisect_left(self._records, sort_key(record_id), key=self._order)
        position = next(at for at in range(start, len(self._records)) if self._records[at] is record)
        del self._records[position]
        # Loaded records may share an id: the next one of them is found from now on.
        if position < len(self._records) and self._order(self._records[position]) == sort_key(record_id):
            self._by_id[record_id] = self._records[position]
        self._views.clear()
        return record

    def first_id(self) -> Any:
        """The id that sorts first, or None."""
        return self._id_of(self._records[0]) if self._records else None

    def next_number(self, first: int) -> int:
        """One more than the largest whole-number id, and at least `first`."""
        for record in reversed(self._records):
            record_id = self._id_of(record)
            if isinstance(record_id, int):
                return max(first, record_id + 1)
        return first

    def _id_of(self, record: Any) -> Any:
        return record.get(self.id_member) if isinstance(record, dict) else None

    def _order(self, record: Any) -> SortKey:
        record_id = self._id_of(record)
        return LAST if record_id is None else sort_key(record_id)

    def _indexed(self) -> dict[Hashable, Record]:
        found: dict[Hashable, Record] = {}
        for record in self._records:
            record_id = self._id_of(record)
            if isinstance(record_id, (str, int)) and not isinstance(record_id, bool):
                found.setdefault(record_id, record)
        return found
