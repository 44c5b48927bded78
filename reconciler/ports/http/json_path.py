"""Paths into a decoded JSON answer, such as `result.0`, `error.message` or `@odata.count`.

A path is names and list positions (from 0) joined by dots. Names may hold dots themselves: at every object the longest
name that is there wins, so `@odata.count` finds the member of that name without quoting.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from pydantic import JsonValue


class _Absence(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absence.ABSENT
"""What `value_at` gives when nothing is at the path; JSON null is something else."""

Found = JsonValue | Literal[_Absence.ABSENT]


def is_path(text: str) -> bool:
    """Whether a text can lead anywhere: it has no empty name, and no brackets as the paths of records have."""
    return "[" not in text and all(text.split("."))


def value_at(document: JsonValue, path: str) -> Found:
    """The value at `path`, or ABSENT. The empty path is the document itself.

    `{"$": value}` is its value, as in records: so are written scalars of APIs born from XML, and elements of XML that
    have attributes.
    """
    if not path:
        return document
    found: Found = ABSENT
    if isinstance(document, dict):
        # The longest name there can be: most paths are one name.
        found = document.get(path, ABSENT)
    if found is ABSENT and ("." in path or isinstance(document, list)):
        found = _descend(document, path.split("."))
    while isinstance(found, dict) and "$" in found:
        found = found["$"]
    return found


def _descend(node: JsonValue, parts: list[str]) -> Found:
    if not parts:
        return node
    if isinstance(node, dict):
        for count in range(len(parts), 0, -1):
            name = ".".join(parts[:count])
            if name in node:
                found = _descend(node[name], parts[count:])
                if found is not ABSENT:
                    return found
    elif isinstance(node, list) and parts[0].isascii() and parts[0].isdigit():
        position = int(parts[0])
        if position < len(node):
            return _descend(node[position], parts[1:])
    return ABSENT


def scalar_text(value: Found) -> str | None:
    """A JSON scalar as text (`true`, `null`, `1.5`, a string as it is); None for objects, lists and ABSENT."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case None:
            return "null"
        case _:
            return None


def count_of(value: Found) -> int | None:
    """A number of things written as a JSON number or as digits in text (Sankhya); None when it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None
