"""Decodes JSON without loss: what our own readers and writers of JSON hold, and what they do not.

Numbers stay numbers where a 64-bit integer or a float holds every digit, and become their text otherwise.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final, NoReturn

from pydantic import JsonValue

DEEPEST_LEVEL: Final = 100
"""Lists and objects inside one another. Records are a handful of levels deep, and JSON writers refuse 255."""

_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1
_EXACT_DIGITS: Final = 15
"""So many digits every float holds, and its shortest text gives them back."""


class JsonRefusedError(ValueError):
    """Text is JSON, and is not taken. The message says why, without anything of the text."""


def exact_integer(text: str) -> int | str:
    """The integer, or its digits when it has more than 64 bits. Raises ValueError for thousands of digits."""
    value = int(text)
    return value if _SMALLEST <= value <= _LARGEST else str(value)


def exact_number(text: str) -> float | str:
    """The float that is written so, or the text of the number when there is none.

    Equality is of the shortest text of the float, as mapping reads it: 0.1 is 0.1, 0.10000000000000000001 a text.
    """
    if len(text) <= _EXACT_DIGITS and "e" not in text and "E" not in text:
        return float(text)
    value = Decimal(text)
    nearest = float(value)
    return nearest if Decimal(repr(nearest)) == value else str(value)


def _refused(_name: str) -> NoReturn:
    raise JsonRefusedError("NaN or Infinity, which are not JSON")


EXACT_DECODER: Final = json.JSONDecoder(parse_float=exact_number, parse_int=exact_integer, parse_constant=_refused)
"""Raises ValueError for what is not JSON and for a number of thousands of digits, RecursionError for deep nesting, and
ArithmeticError for an exponent beyond all bounds."""


def check_value(value: JsonValue, text: str) -> None:
    """Make sure that a decoded value can be written again.

    Args:
        text: what it was decoded from.

    Raises:
        JsonRefusedError: nested too deeply, or with half of a surrogate pair in it.
    """
    if text.count("{") + text.count("[") > DEEPEST_LEVEL and _depth(value) > DEEPEST_LEVEL:
        raise too_deep()
    if ("\\ud" in text or "\\uD" in text) and _has_half_pair(value):
        raise JsonRefusedError("half of a surrogate pair, which is no character")


def too_deep() -> JsonRefusedError:
    """The error for nesting beyond `DEEPEST_LEVEL`, and beyond what the decoder bears."""
    return JsonRefusedError(f"lists and objects nested more than {DEEPEST_LEVEL} levels deep")


def _depth(value: JsonValue) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _has_half_pair(value: JsonValue) -> bool:
    match value:
        case str():
            return any("\ud800" <= character <= "\udfff" for character in value)
        case dict():
            return any(_has_half_pair(name) or _has_half_pair(member) for name, member in value.items())
        case list():
            return any(map(_has_half_pair, value))
        case _:
            return False
