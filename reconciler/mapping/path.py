"""Paths into a decoded JSON record, such as `OtherProperties[contact_credit].DecimalValue`.

Grammar: steps joined by `.`; a step is a key, bare or in single quotes (`''` stands for one quote inside), followed by
any number of brackets:

* `[2]` the element at that place of a list, from 0;
* `[type=br_vat]` the first element of a list of objects whose `type` is that text (JSON scalars count as their text);
* `[contact_credit]` the same for a list with a declared slot attribute (`{"OtherProperties": "FieldKey"}`).

The text in brackets may be quoted too, and then is never a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from reconciler.mapping.json_values import scalar_text, unwrap

_NO_SLOTS: Mapping[str, str] = {}


class MappingSyntaxError(ValueError):
    """A path does not follow the grammar.

    Attributes:
        path: the text as given.
        position: index of the offending character in `path`, from 0; its length when the text ends too soon.
        problem: what is wrong there.
    """

    def __init__(self, path: str, position: int, problem: str) -> None:
        super().__init__(f"path {path!r}, character {position + 1}: {problem}")
        self.path = path
        self.position = position
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Key:
    """The value of an object under a name."""

    name: str

    def read(self, value: object) -> object:
        return value.get(self.name) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Place:
    """The element of a list at a position, from 0."""

    position: int

    def read(self, value: object) -> object:
        return value[self.position] if isinstance(value, list) and self.position < len(value) else None


@dataclass(frozen=True, slots=True)
class Element:
    """The first element of a list of objects whose attribute has the given text."""

    attribute: str
    text: str

    def read(self, value: object) -> object:
        if not isinstance(value, list):
            return None
        for element in value:
            if isinstance(element, dict) and scalar_text(unwrap(element.get(self.attribute))) == self.text:
                return element
        return None


Step = Key | Place | Element


@dataclass(frozen=True, slots=True)
class Path:
    """Where a value is in a record. Two paths are equal when they lead to the same place, however they are written."""

    steps: tuple[Step, ...]
    text: str = field(compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(self.steps))

    def __hash__(self) -> int:
        return self._hash

    def read(self, record: object) -> object:
        """The value there, out of its `{"$": value}` wrapping; None when any step is missing or of another shape."""
        value = record
        for step in self.steps:
            value = step.read(value)
            if value is None:
                return None
        return unwrap(value)

    def __str__(self) -> str:
        return self.text


def parse_path(text: str, slots: Mapping[str, str] = _NO_SLOTS) -> Path:
    """Parse a path.

    Args:
        text: the path.
        slots: path of a list to the attribute that names its elements.

    Raises:
        MappingSyntaxError: with the position of what is wrong, in `text` or in a key of `slots`.
    """
    attributes = {_Scanner(listed, {}).path(): attribute for listed, attribute in slots.items()}
    return Path(_Scanner(text, attributes).path(), text)


def step_text(name: str) -> str:
    """A member's name as a step of a path, in quotes where the grammar needs them."""
    plain = bool(name) and name == name.strip() and name.isprintable() and not set(name) & set(".[]'")
    return name if plain else "'" + name.replace("'", "''") + "'"


class _Scanner:
    """Reads one path text from left to right."""

    def __init__(self, text: str, slots: Mapping[tuple[Step, ...], str]) -> None:
        self._text = text
        self._slots = slots
        self._at = 0
        self._steps: list[Step] = []

    def path(self) -> tuple[Step, ...]:
        self._steps.append(Key(self._name(".[")))
        while self._at < len(self._text):
            if self._text[self._at] == ".":
                self._at += 1
                self._steps.append(Key(self._name(".[")))
            elif self._text[self._at] == "[":
                self._at += 1
                self._steps.append(self._bracket())
            else:
                self._fail("expected '.' or '[' here")
        return tuple(self._steps)

    def _bracket(self) -> Step:
        opened = self._at - 1
        quoted = self._peek() == "'"
        name = self._name("=]")
        if self._peek() == "=":
            self._at += 1
            step: Step = Element(name, self._name("]"))
        elif slot := self._slots.get(tuple(self._steps)):
            step = Element(slot, name)
        elif name.isascii() and name.isdigit() and not quoted:
            step = Place(int(name))
        else:
            self._at = opened
            self._fail("this list has no slot attribute: write [attribute=text], or declare one under slots")
        if self._peek() != "]":
            self._fail("expected ']' here")
        self._at += 1
        return step

    def _name(self, ends: str) -> str:
        return self._quoted() if self._peek() == "'" else self._bare(ends)

    def _bare(self, ends: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ends:
            if self._text[self._at] in "[]'":
                self._fail(f"{self._text[self._at]!r} must be inside quotes")
            self._at += 1
        name = self._text[start : self._at]
        if not name:
            self._fail("a name is missing here")
        if name != name.strip() or not name.isprintable():
            self._at = start
            self._fail("a name with outer spaces or control characters must be inside quotes")
        return name

    def _quoted(self) -> str:
        opened = self._at
        name = ""
        self._at += 1
        while True:
            closing = self._text.find("'", self._at)
            if closing < 0:
                self._at = opened
                self._fail("this quote is not closed")
            name += self._text[self._at : closing]
            self._at = closing + 1
            if self._peek() != "'":
                return name
            name += "'"
            self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _fail(self, problem: str) -> NoReturn:
        raise MappingSyntaxError(self._text, self._at, problem)
