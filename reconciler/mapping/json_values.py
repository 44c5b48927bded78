"""Decoded JSON values: what counts as empty, as text, and how a value is shown to a person."""

from __future__ import annotations

import re
from typing import Final

import orjson

SHOWN_CHARACTERS: Final = 80
"""Length of a raw value where it is quoted in a finding."""

_INTEGER_BITS = 256
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def unwrap(value: object) -> object:
    """The value inside `{"$": value}`, as Sankhya and other XML-born APIs write scalars; any other value as it is.

    However often it is wrapped, so that unwrapping twice is unwrapping once.
    """
    while isinstance(value, dict) and "$" in value:
        value = value["$"]
    return value


def is_empty(value: object) -> bool:
    """Whether a value counts as missing: null, blank text, an empty list or an empty object.

    An empty object is how Sankhya writes null. Zero and false are values.
    """
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value in ([], {})


def scalar_text(value: object) -> str | None:
    """The text of a JSON scalar: `true`, `false`, digits of an integer, text as it is; None for anything else.

    A number written with a fraction gives its integer when it is whole and below 2**53, otherwise its shortest text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _INTEGER_BITS else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return None


def shown(value: object, characters: int = SHOWN_CHARACTERS) -> str:
    """A value as a person may see it: no control, bidirectional or surrogate characters, at most `characters` long."""
    if isinstance(value, str):
        text = value[: characters * 4]
    elif isinstance(value, dict | list):
        text = _json(value)[: characters * 4]
    else:
        text = "null" if value is None else scalar_text(value) or type(value).__name__
    text = _UNSAFE.sub("�", text)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return "a value that cannot be shown"
