"""Puts values into requests: `"$page.size"` is the value with its type, `"Id gt {page.after}"` is text (settings.py).

A value can never change what a request means. In a path it is percent-encoded and cannot be `.` or `..`. In text it
must be plain, or stand inside a string literal of the declared quoting, where it is escaped. A whole query parameter,
header or JSON leaf needs no such care: nothing surrounds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Final, Literal
from urllib.parse import quote

import orjson
from pydantic import JsonValue

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.settings import Request

Value = JsonValue | datetime
Values = Mapping[str, Value]
"""What references may name: plain values, tables for dotted names, and for `since` an aware datetime. A dotted name may
also be given as one key (`"since.day"`), which wins over the table."""

Filler = Callable[[Values], JsonValue]
"""A template that waits for its values."""

Quoting = Literal["odata", "json"] | None

_NAME: Final = r"[A-Za-z_]\w*(?:\.\w+)*"
_WHOLE: Final = re.compile(rf"\$({_NAME})", re.ASCII)
_IN_TEXT: Final = re.compile(rf"\{{({_NAME})\}}", re.ASCII)
_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_PUNCTUATION: Final = frozenset("-_.:+@ /")
_URL_CHARACTERS: Final = "/?&=%:@!$'()*+,;~-._[]"
_MOMENT_WIDTHS: Final = {"year": 4, "month": 2, "day": 2, "hour": 2, "minute": 2, "second": 2, "microsecond": 6}
MOMENT_PARTS: Final = tuple(_MOMENT_WIDTHS)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: literal text, and the name of the reference that follows it (None at the end)."""

    literal: str
    name: str | None


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """A request with its values in place. `path` is percent-encoded; the others are not encoded yet."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: JsonValue


@lru_cache(maxsize=4096)
def whole_reference(template: str) -> str | None:
    """The name, when the whole leaf is a reference with a type (`"$page.size"`)."""
    found = _WHOLE.fullmatch(template)
    return found[1] if found else None


@lru_cache(maxsize=4096)
def pieces_of(template: str) -> tuple[Piece, ...]:
    """A template cut at its `{name}` references."""
    pieces: list[Piece] = []
    start = 0
    for found in _IN_TEXT.finditer(template):
        pieces.append(Piece(template[start : found.start()], found[1]))
        start = found.end()
    pieces.append(Piece(template[start:], None))
    return tuple(pieces)


def resolve_request(request: Request, values: Values) -> ResolvedRequest:
    """Put values into every part of a request.

    Raises:
        ConfigurationError: a name is unknown, a path lacks its value, or a value is not plain where it must be. The
            message names the reference, never the value.
    """
    query: dict[str, str] = {}
    for name, template in request.query.items():
        text = _query_text(template, request, values)
        if text is not None:
            query[name] = text
    return ResolvedRequest(
        _path(request, values), query, resolve_headers(request.headers, values), _body(request, request.body, values)
    )


def resolve_table(table: Mapping[str, JsonValue], request: Request, values: Values) -> dict[str, JsonValue]:
    """A table of the request, such as the content of an envelope, with its values; null entries are left out.

    Raises:
        ConfigurationError: as `resolve_request`.
    """
    resolved = _body(request, dict(table), values)
    return resolved if isinstance(resolved, dict) else {}


def resolve_headers(templates: Mapping[str, str], values: Values) -> dict[str, str]:
    """Headers with their values; those whose value is null are left out."""
    resolved = ((name, resolve_text(template, values)) for name, template in templates.items())
    return {name: text for name, text in resolved if text is not None}


def resolve_text(template: str, values: Values) -> str | None:
    """Text for a header, a credential or a form field: any characters but control characters.

    Returns:
        None when a reference is null.

    Raises:
        ConfigurationError: a name is unknown, or a value holds control characters (a line end would forge a header).
    """
    whole = whole_reference(template)
    parts = (Piece("", whole), Piece("", None)) if whole else pieces_of(template)
    text = ""
    for piece in parts:
        text += piece.literal
        if piece.name is None:
            continue
        value = _text_of(piece.name, _look_up(piece.name, values))
        if value is None:
            return None
        if _CONTROL_CHARACTER.search(value):
            raise ConfigurationError(
                phrase("The value of {piece} holds a line end or another control character.", piece=piece.name),
                hint=phrase("A secret read from a file may end with an empty line."),
            )
        text += value
    return text


def _query_text(template: str | list[str], request: Request, values: Values) -> str | None:
    if isinstance(template, list):
        parts = [text for part in template if (text := _leaf_text(part, request.quoting, values)) is not None]
        return request.join.join(parts) if parts else None
    return _leaf_text(template, request.quoting, values)


def _leaf_text(template: str, quoting: Quoting, values: Values) -> str | None:
    whole = whole_reference(template)
    if whole is not None:
        return _text_of(whole, _look_up(whole, values))
    return _filled(template, quoting, values)


def _body(request: Request, template: JsonValue, values: Values) -> JsonValue:
    return compiled(template, request.quoting)(values)


def compiled(template: JsonValue, quoting: Quoting, *, without_empty: bool = False) -> Filler:
    """What puts values into a template, for whoever does it again and again. It raises as `resolve_request`.

    Args:
        without_empty: a table that has something in it and is left with nothing is left out.
    """
    match template:
        case dict():
            entries = [
                (
                    name,
                    compiled(entry, quoting, without_empty=without_empty),
                    entry is None,
                    without_empty and entry != {},
                )
                for name, entry in template.items()
            ]
            return partial(_table, entries)
        case list():
            fillers = [compiled(entry, quoting, without_empty=without_empty) for entry in template]
            # A null stays where it is: positions in a list have a meaning (JSON-RPC parameters).
            return lambda values: [fill(values) for fill in fillers]
        case str():
            whole = whole_reference(template)
            return partial(_filled, template, quoting) if whole is None else partial(_leaf, whole)
        case _:
            return lambda _values: template


def _table(entries: Sequence[tuple[str, Filler, bool, bool]], values: Values) -> JsonValue:
    filled: dict[str, JsonValue] = {}
    for name, fill, keeps_null, drops_empty in entries:
        value = fill(values)
        if (value is not None or keeps_null) and not (drops_empty and value == {}):
            filled[name] = value
    return filled


def _leaf(name: str, values: Values) -> JsonValue:
    value = values[name] if name in values else _look_up(name, values)
    return value.isoformat() if isinstance(value, datetime) else value


@lru_cache(maxsize=4096)
def _literal_path(literal: str) -> str:
    return quote(literal, safe=_URL_CHARACTERS)


def _path(request: Request, values: Values) -> str:
    path = ""
    literals = ""
    for piece in pieces_of(request.path):
        literals += piece.literal
        path += _literal_path(piece.literal)
        if piece.name is None:
            continue
        text = _text_of(piece.name, _look_up(piece.name, values))
        if text is None or text == "":
            raise ConfigurationError(
                phrase(
                    "The path {path} needs a value for {piece}, and there is none.", path=request.path, piece=piece.name
                )
            )
        text = _fitted(piece.name, text, literals, request.quoting)
        if {".", ".."} & set(text.split("/")):
            raise ConfigurationError(
                phrase("The value of {piece} cannot stand in the path {path}.", piece=piece.name, path=request.path)
            )
        path += quote(text, safe="")
    return path


def _filled(template: str, quoting: Quoting, values: Values) -> str | None:
    pieces = pieces_of(template)
    alone = len(pieces) == 2 and not pieces[0].literal and not pieces[1].literal
    text = ""
    literals = ""
    for piece in pieces:
        literals += piece.literal
        text += piece.literal
        if piece.name is None:
            continue
        value = _text_of(piece.name, _look_up(piece.name, values))
        if value is None:
            return None
        text += value if alone else _fitted(piece.name, value, literals, quoting)
    return text


def _fitted(name: str, value: str, before: str, quoting: Quoting) -> str:
    """The value as it may stand after the literal text `before`."""
    if quoting == "odata" and before.count("'") % 2:
        return value.replace("'", "''")
    if quoting == "json" and re.sub(r"\\.", "", before).count('"') % 2:
        return orjson.dumps(value).decode()[1:-1]
    if all(character.isalnum() or character in _PUNCTUATION for character in value):
        return value
    raise ConfigurationError(
        phrase("The value of {name} holds characters that would change the request around it.", name=name),
        hint=phrase(
            'Declare quoting = "odata" or "json" in the description and put the reference inside a string literal.'
        ),
    )


def _look_up(name: str, values: Values) -> Value:
    if name in values:
        return values[name]
    root, *rest = name.split(".")
    node: Value = values.get(root)
    known = root in values
    for part in rest:
        if isinstance(node, datetime) and part in _MOMENT_WIDTHS:
            node = getattr(node, part)
        elif isinstance(node, dict) and part in node:
            node = node[part]
        elif node is None and known:
            return None
        else:
            known = False
            break
    if not known:
        raise ConfigurationError(phrase("A request refers to {name}, which has no value here.", name=name))
    return node


def _text_of(name: str, value: Value) -> str | None:
    match value:
        case None:
            return None
        case str():
            if not value.isascii() and _SURROGATE.search(value):
                raise ConfigurationError(phrase("The value of {name} is not Unicode text.", name=name))
            return value
        case bool():
            return "true" if value else "false"
        case int():
            root, _, part = name.rpartition(".")
            return f"{value:0{_MOMENT_WIDTHS[part]}d}" if root == "since" and part in _MOMENT_WIDTHS else str(value)
        case float():
            return repr(value)
        case datetime():
            return value.isoformat()
        case _:
            raise ConfigurationError(phrase("{name} is a table or a list and cannot become text.", name=name))
