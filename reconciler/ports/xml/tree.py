"""A JSON-like tree out of the events of a parser. Pure.

* An element is found by its local name; namespaces and the order of different elements do not matter.
* An element with neither attributes nor children is its text; an empty one is "".
* Any other is an object: `@name` for each attribute, and a member for each name of a child. A name that comes more than
  once is a list.
* Text beside attributes is the member `$`; an element that has attributes and no text has no `$`.
* Text among children (mixed content) is the member `$` too: all of the text, with that of the children in its place.
* `xsi:nil` is null. Other notes about the notation (`xsi:type`, `soap:encodingStyle`) are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, cast

from pydantic import JsonValue

DEEPEST_LEVEL: Final = 100
"""Elements inside one another; records are a handful of levels deep, and JSON writers refuse 255."""

MOST_NODES: Final = 1_000_000
"""Elements and attributes of one answer. With more, its objects would fill the memory."""

TEXT: Final = "$"
"""Member that holds the text of an element that is an object. Mapping unwraps it wherever it is met."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NIL: Final = f"{{{_XSI}}}nil"
_ABOUT_NOTATION: Final = tuple(
    f"{{{namespace}}}"
    for namespace in (
        _XSI,
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://schemas.xmlsoap.org/soap/encoding/",
        "http://www.w3.org/2003/05/soap-envelope",
        "http://www.w3.org/2003/05/soap-encoding",
    )
)
_TRUE: Final = frozenset({"true", "1"})


class TreeRefusedError(ValueError):
    """A document is not read on. The text says why, without anything of the document."""


class _Open:
    """An element whose end has not come yet."""

    __slots__ = ("attributes", "children", "is_nil", "name", "sequence", "written")

    def __init__(self, name: str, attributes: dict[str, JsonValue], *, is_nil: bool) -> None:
        self.name = name
        self.attributes = attributes
        self.is_nil = is_nil
        self.children: dict[str, JsonValue] = {}
        self.sequence: list[JsonValue] = []
        self.written = False

    def value(self) -> JsonValue:
        """What the element becomes."""
        if self.children:
            members = {**self.attributes, **self.children}
            return {**members, TEXT: string_value(self.sequence).strip()} if self.written else members
        # Without children all of the sequence is text.
        content = None if self.is_nil else "".join(cast("list[str]", self.sequence))
        if not self.attributes:
            return content
        return self.attributes if content == "" else {**self.attributes, TEXT: content}


class TreeBuilder:
    """Target of an lxml parser.

    Args:
        lists: local names that are always lists.

    Attributes:
        tree: one member, the root element; empty until that has ended.
        root_name: local name of the root element, as soon as it has begun; None before.

    Raises (while it is fed):
        TreeRefusedError: a document type declaration, too deep, or too many nodes.
    """

    def __init__(self, lists: Collection[str] = ()) -> None:
        self._lists = frozenset(lists)
        self._open: list[_Open] = []
        self._nodes = 0
        self._local_names: dict[str, str] = {}
        self.tree: dict[str, JsonValue] = {}
        self.root_name: str | None = None

    def doctype(self, name: str, public_id: str | None, system_url: str | None) -> None:
        """A document type: nothing a system sends as data has one, and entities are declared only there."""
        self.root_name = name
        raise TreeRefusedError("declares a document type (DTD), which is refused because entities come with it")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = self._local(tag)
        self._nodes += 1 + len(attributes)
        if self._nodes > MOST_NODES:
            raise TreeRefusedError(f"holds more than {MOST_NODES:,} elements and attributes")
        if len(self._open) >= DEEPEST_LEVEL:
            raise TreeRefusedError(f"nests elements more than {DEEPEST_LEVEL} levels deep")
        if not self._open:
            self.root_name = name
        if attributes:
            is_nil = attributes.get(_NIL, "").strip() in _TRUE
            self._open.append(_Open(name, self._attributes(attributes), is_nil=is_nil))
        else:
            self._open.append(_Open(name, {}, is_nil=False))

    def data(self, text: str) -> None:
        """A piece of text."""
        element = self._open[-1]
        element.sequence.append(text)
        element.written = element.written or not text.isspace()

    def end(self, _tag: str) -> None:
        """An element ends."""
        element = self._open.pop()
        value = element.value()
        if not self._open:
            self.tree = {element.name: value}
            return
        parent = self._open[-1]
        parent.sequence.append(value)
        _add(parent.children, element.name, value, always_list=element.name in self._lists)

    def close(self) -> None:
        """Part of the interface of a target: everything was read."""

    def _attributes(self, attributes: Mapping[str, str]) -> dict[str, JsonValue]:
        found: dict[str, JsonValue] = {}
        for name, value in attributes.items():
            if not name.startswith(_ABOUT_NOTATION):
                member = f"@{self._local(name)}"
                # An attribute without a namespace belongs to its element, and wins over a stranger's of that name.
                if name[0] != "{" or member not in found:
                    found[member] = value
        return found

    def _local(self, name: str) -> str:
        local = self._local_names.get(name)
        if local is None:
            # A prefix that was never declared stays in the name; it means as little as one that was.
            local = self._local_names.setdefault(name, name.rpartition("}")[2].rpartition(":")[2])
        return local


def string_value(value: JsonValue) -> str:
    """All text of an element and of what is in it, without attributes."""
    match value:
        case str():
            return value
        case list():
            return "".join(map(string_value, value))
        case dict():
            if TEXT in value:
                return string_value(value[TEXT])
            return "".join(string_value(member) for name, member in value.items() if not name.startswith("@"))
        case _:
            return ""


def _add(members: dict[str, JsonValue], name: str, value: JsonValue, *, always_list: bool) -> None:
    if name not in members:
        members[name] = [value] if always_list else value
        return
    present = members[name]
    # An element never becomes a list by itself, so a list here is the earlier ones of this name.
    if isinstance(present, list):
        present.append(value)
    else:
        members[name] = [present, value]
