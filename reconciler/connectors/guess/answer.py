"""What one answer of an unknown system shows: where its records are, how they are told apart, how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import JsonValue

from reconciler.mapping.identifiers import identifier_of

Record = dict[str, JsonValue]

_DEPTH: Final = 3
_ID_NAMES: Final = ("id", "uuid", "_id", "codigo", "code", "key", "number", "numero")
_TOTAL_NAMES: Final = (
    "total",
    "totalcount",
    "totalrecords",
    "totalitems",
    "totalderegistros",
    "totalregistros",
    "count",
    "@odata.count",
)
_LINK_NAMES: Final = ("next", "nextlink", "@odata.nextlink", "odata.nextlink", "nextrecordsurl", "nextpage")
_MORE_NAMES: Final = ("hasmore", "hasnext", "hasmoreresult", "more")
_PLAIN: Final = str.maketrans("", "", "_- ")


class Member(NamedTuple):
    """A value of an answer and the dotted path to it."""

    path: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """The records of an answer; `path` is where the list is, "" when it is the whole answer."""

    path: str
    records: list[Record]


def find_records(document: JsonValue) -> FoundRecords | None:
    """The longest list of objects within three levels, the outermost of equals; None when there is none."""
    best: FoundRecords | None = None
    for member in _members(document):
        if not isinstance(member.value, list):
            continue
        records = [element for element in member.value if isinstance(element, dict)]
        if records and len(records) == len(member.value) and (best is None or len(records) > len(best.records)):
            best = FoundRecords(member.path, records)
    return best


def id_name(records: list[Record]) -> str | None:
    """The member that tells the records apart: a usual name first, then any; None when no member does."""
    names = list(records[0])
    usual = sorted(
        (name for name in names if plain_name(name) in _ID_NAMES), key=lambda name: _ID_NAMES.index(plain_name(name))
    )
    return next((name for name in (*usual, *names) if _tells_apart(records, name)), None)


def ids_of(records: list[Record], name: str) -> list[str]:
    """The ids of records, as they are staged."""
    return [str(identifier_of(record.get(name))) for record in records]


def total_path(document: JsonValue, at_least: int) -> str | None:
    """Where the answer says how many records there are in all."""
    return next(
        (
            path
            for path, value in _members(document)
            if _is_named(path, _TOTAL_NAMES) and (count := _count(value)) is not None and count >= at_least
        ),
        None,
    )


def count_at(document: JsonValue, wanted: str) -> int | None:
    """The whole number at a path that `total_path` gave."""
    return next((_count(value) for path, value in _members(document) if path == wanted), None)


def link_path(document: JsonValue) -> str | None:
    """Where the answer gives the address of the next page."""
    return next(
        (
            path
            for path, value in _members(document)
            if isinstance(value, str) and _is_named(path, _LINK_NAMES) and ("/" in value or "?" in value)
        ),
        None,
    )


def more_path(document: JsonValue) -> str | None:
    """Where the answer says whether pages remain: true or false, or these as text."""
    return next(
        (
            path
            for path, value in _members(document)
            if _is_named(path, _MORE_NAMES) and str(value).lower() in ("true", "false")
        ),
        None,
    )


def plain_name(name: str) -> str:
    """A member's name without case, underscores, hyphens and spaces."""
    return name.lower().translate(_PLAIN)


def _members(document: JsonValue, path: str = "", depth: int = 0) -> Iterator[Member]:
    yield Member(path, document)
    if isinstance(document, dict) and depth < _DEPTH:
        for name, value in document.items():
            yield from _members(value, f"{path}.{name}" if path else name, depth + 1)


def _is_named(path: str, names: tuple[str, ...]) -> bool:
    """Whether the last member of the path has one of the names, which may hold a dot themselves."""
    plain = f".{plain_name(path)}"
    return any(plain.endswith(f".{name}") for name in names)


def _count(value: JsonValue) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _tells_apart(records: list[Record], name: str) -> bool:
    ids = [identifier_of(record.get(name)) for record in records]
    return all(isinstance(identity, str) for identity in ids) and len(set(ids)) == len(ids)
