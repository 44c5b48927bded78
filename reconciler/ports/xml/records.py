"""Where the records of a tree are. A tree tells one record from many only by a list, and none from a wrong path not at
all; both are made plain here. Pure."""

from __future__ import annotations

from pydantic import JsonValue


def with_list_at(document: JsonValue, path: str, *, none_expected: bool = False) -> JsonValue:
    """The document with a list at `path`: one element alone becomes a list of one, a missing last step an empty list.

    A last step is missing only where the element around it is there, empty or not, and has no child of that name in
    another case, which would be a mistake of the description. Everything else is returned as it is.

    Args:
        path: names joined by dots; "" is the document.
        none_expected: the answer says elsewhere that there are no records: then more steps than the last may be
            missing.
    """
    if not path:
        return document if isinstance(document, list) else [document]
    return _listed(document, path.split("."), none_expected=none_expected)


def _listed(node: JsonValue, steps: list[str], *, none_expected: bool) -> JsonValue:
    node = {} if node in (None, "") else node
    if not isinstance(node, dict):
        return node
    for count in range(len(steps), 0, -1):
        name = ".".join(steps[:count])
        if name in node:
            value, rest = node[name], steps[count:]
            return {**node, name: _listed(value, rest, none_expected=none_expected) if rest else _as_list(value)}
    if steps[0].casefold() in {name.casefold() for name in node} or not (none_expected or len(steps) == 1):
        return node
    rest = steps[1:]
    return {**node, steps[0]: _listed({}, rest, none_expected=True) if rest else []}


def _as_list(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
