"""Readers of the members of an answer, each made once from its path and called for every line and tax. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final, NoReturn

from pydantic import JsonValue

from reconciler.errors import TaxAnswerError
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.json_values import is_empty, scalar_text, shown
from reconciler.mapping.numbers_plain import decimal_plain
from reconciler.ports.http.json_path import ABSENT, value_at

Scalar = str | int | float
Numbers = Callable[[JsonValue, str], Decimal]
Texts = Callable[[JsonValue, str], str]
"""Each takes a part of the answer, and the label of its line for messages. Raises TaxAnswerError."""

_SHOWN_CHARACTERS: Final = 40
_REMEMBERED: Final = 4096
"""Rates, zeros, and the base of a line, which are the same for several taxes."""

_PLAIN_POINT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_PLAIN_COMMA: Final = re.compile(r"-?[0-9]{1,15}(?:,[0-9]{1,10})?")
"""Numbers as they nearly always are: within the bounds of `decimal_plain`, and with nothing to take away."""


class Members:
    """Makes the readers of one description.

    Args:
        system: `erp`, for messages.
        comma: texts are numbers written with a comma.
    """

    def __init__(self, system: str, *, comma: bool) -> None:
        self._system = system
        self._decimal = _with_comma if comma else _with_point
        self._share = _share_with_comma if comma else _share_with_point

    def refuse(self, reason: str, member: str, label: str) -> NoReturn:
        """Raises TaxAnswerError."""
        raise TaxAnswerError(self._system, reason, member=member or "lines", line=label)

    def refuse_kind(self, name: str) -> NoReturn:
        """Raises TaxAnswerError: the ERP's kind of a tax is not described."""
        raise TaxAnswerError(self._system, "kind_unknown", kind=shown(name, _SHOWN_CHARACTERS))

    def number(self, path: str, *, percent: bool = False) -> Numbers:
        """Of a number that must be there.

        Args:
            percent: it is written in percent, and read as a share of one.
        """
        read = self._share if percent else self._decimal

        def number(part: JsonValue, label: str) -> Decimal:
            found = part.get(path) if type(part) is dict else None
            if type(found) is not str:
                found = self._other_than_text(part, path, label)
            try:
                return read(found)
            except UnreadableValueError:
                self.refuse("value_missing" if is_empty(found) else "value_unreadable", path, label)

        return number

    def text(self, path: str) -> Texts:
        """Of a text that must be there, as it stands; a number is one, too."""

        def text(part: JsonValue, label: str) -> str:
            found = part.get(path) if type(part) is dict else None
            if type(found) is not str:
                found = scalar_text(value_at(part, path))
            if not found or found.isspace():
                self.refuse("value_missing", path, label)
            return found

        return text

    def _other_than_text(self, part: JsonValue, path: str, label: str) -> Scalar:
        """What is at the path, where that is something and neither a table nor a list."""
        found = value_at(part, path)
        if found is ABSENT or found is None or is_empty(found):
            self.refuse("value_missing", path, label)
        if isinstance(found, dict | list):
            self.refuse("value_unreadable", path, label)
        return found


def is_there(part: JsonValue, path: str) -> bool:
    """Whether there is something at the path that is not empty."""
    found = value_at(part, path)
    return found is not ABSENT and not is_empty(found)


def _decimal(raw: Scalar, *, codec: str, plain: re.Pattern[str]) -> Decimal:
    # What needs neither rounding nor a bound keeps the decimals it is written with: it is written again like that.
    if type(raw) is str and plain.fullmatch(raw):
        return Decimal(raw.replace(",", "."))
    return decimal_plain(raw, codec)


def _remembering(read: Callable[[Scalar], Decimal]) -> Callable[[Scalar], Decimal]:
    # Typed, because True and 1.0 are equal to 1.
    return lru_cache(maxsize=_REMEMBERED, typed=True)(read)


def _share_of(raw: Scalar, read: Callable[[Scalar], Decimal]) -> Decimal:
    return read(raw).scaleb(-2)


_plain_comma = partial(_decimal, codec="decimal_comma", plain=_PLAIN_COMMA)
_plain_point = partial(_decimal, codec="decimal", plain=_PLAIN_POINT)
_with_comma: Final = _remembering(_plain_comma)
_with_point: Final = _remembering(_plain_point)
_share_with_comma: Final = _remembering(partial(_share_of, read=_plain_comma))
_share_with_point: Final = _remembering(partial(_share_of, read=_plain_point))
