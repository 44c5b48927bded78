"""The `$filter` language, as far as the CRM speaks it: a recursive descent parser.

expression  = conjunction { "or" conjunction }
conjunction = term { "and" term }
term        = "(" expression ")" | path comparison literal
comparison  = "eq" | "ne" | "gt" | "ge" | "lt" | "le"
path        = name { "/" name }
literal     = 'text' (a quote inside is doubled) | number | instant with zone, unquoted | "true" | "false" | "null"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from reconciler.sandbox.crm.schema import Kind

Literal = str | int | float | bool | datetime | None
Path = tuple[str, ...]
KindOf = Callable[[Path], Kind]
"""The type of the property at a path; raises `QueryError` when there is none."""

_DEEPEST_NESTING = 40
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<text>'(?:[^']|'')*')
    | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d))
    | (?P<number>-?\d+(?:\.\d+)?)(?![\w-]) | (?P<word>[A-Za-z_][\w/]*)
    )""",
    re.VERBOSE,
)
_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class QueryError(ValueError):
    """A query option is not understood; the text is for the caller."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One property against one literal."""

    path: Path
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Comparison | AllOf | AnyOf


def parse_filter(text: str, kind_of: KindOf) -> Node:
    """Parse a `$filter`.

    Raises:
        QueryError: the text is not in the language, names no property, or compares with a literal of another type.
    """
    parser = _Parser(text, kind_of)
    node = parser.expression(0)
    parser.end()
    return node


def parse_instant(text: str) -> datetime | None:
    """An ISO 8601 instant with zone, aware; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


class _Parser:
    def __init__(self, text: str, kind_of: KindOf) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._kind_of = kind_of

    def expression(self, depth: int) -> Node:
        if depth > _DEEPEST_NESTING:
            raise QueryError(f"$filter: parentheses nested deeper than {_DEEPEST_NESTING}.")
        parts = [self._conjunction(depth)]
        while self._skip("or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._fail("“and”, “or” or the end")

    def _conjunction(self, depth: int) -> Node:
        parts = [self._term(depth)]
        while self._skip("and"):
            parts.append(self._term(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _term(self, depth: int) -> Node:
        if self._peek().kind == "open":
            self._at += 1
            inner = self.expression(depth + 1)
            if self._peek().kind != "close":
                self._fail("“)”")
            self._at += 1
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        operator = self._peek()
        if operator.kind != "word" or operator.text not in _COMPARISONS:
            self._fail("eq, ne, gt, ge, lt or le")
        self._at += 1
        literal = self._literal()
        expected = self._kind_of(path)
        if literal is not None and not _fits(literal, expected):
            raise QueryError(f"$filter: {'/'.join(path)} is {expected} and cannot be compared with that literal.")
        return Comparison(path, operator.text, literal)

    def _path(self) -> Path:
        token = self._peek()
        if token.kind != "word" or token.text in _CONSTANTS or "" in token.text.split("/"):
            self._fail("a property")
        self._at += 1
        return tuple(token.text.split("/"))

    def _literal(self) -> Literal:
        token = self._peek()
        moment = parse_instant(token.text) if token.kind == "instant" else None
        value: Literal
        if token.kind == "text":
            value = token.text[1:-1].replace("''", "'")
        elif token.kind == "number":
            value = float(token.text) if "." in token.text else int(token.text)
        elif moment is not None:
            value = moment
        elif token.kind == "word" and token.text in _CONSTANTS:
            value = _CONSTANTS[token.text]
        else:
            self._fail("a literal")
        self._at += 1
        return value

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "")

    def _skip(self, word: str) -> bool:
        found = self._peek() == _Token("word", word)
        self._at += found
        return found

    def _fail(self, expected: str) -> NoReturn:
        shown = self._peek().text[:40] or "the end"
        raise QueryError(f"$filter: expected {expected} at “{shown}” (token {self._at + 1}).")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise QueryError(f"$filter: character {at + 1} is not understood.")
        found.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _fits(literal: Literal, kind: Kind) -> bool:
    match literal:
        case bool():
            return kind is Kind.BOOLEAN
        case int() | float():
            return kind in (Kind.INTEGER, Kind.NUMBER)
        case str():
            return kind is Kind.TEXT
        case _:
            return kind is Kind.INSTANT
