"""The query of an address, read strictly: what nobody understands is refused instead of ignored."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from aiohttp import web

from reconciler.service.problems import problem

MOST_VALUES: Final = 20
LONGEST_VALUE_CHARACTERS: Final = 128
VALUE_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f]*$"
"""No database holds the characters that this leaves out."""

_VALUE: Final = re.compile(VALUE_PATTERN[1:-1])


class WrongQueryError(Exception):
    """A part of the address cannot be used.

    Args:
        place: name of the parameter, unless the caller invented it.
        status: 422 for what has the right form and means nothing.
    """

    def __init__(self, place: str, reason: str, *, status: int = 400) -> None:
        super().__init__(f"{place} {reason}")
        self._place = place
        self._status = status

    def answer(self) -> web.Response:
        """What the caller is told."""
        title = "A parameter of the address is wrong."
        return problem(self._status, "wrong_parameter", title, detail=f"{self}.", place=self._place)


class Query:
    """The parameters of one request.

    Raises:
        WrongQueryError: one is not among those that are known.
    """

    def __init__(self, request: web.Request, known: Collection[str]) -> None:
        self._query = request.query
        for name in self._query:
            if name not in known:
                raise WrongQueryError("query", f"has a parameter that is none of {', '.join(sorted(known))}")

    def several(self, name: str, among: Collection[str] | None = None) -> list[str] | None:
        """The values of a parameter that may be repeated; None when it is not there.

        Args:
            among: the values that exist.

        Raises:
            WrongQueryError: a value is none of them, or too long, or holds characters that no value has.
        """
        values = self._query.getall(name, [])
        if not values:
            return None
        if len(values) > MOST_VALUES:
            raise WrongQueryError(name, f"is given more than {MOST_VALUES} times")
        for value in values:
            if among is not None and value not in among:
                raise WrongQueryError(name, f"is one of {', '.join(among)}")
            if len(value) > LONGEST_VALUE_CHARACTERS or not _VALUE.fullmatch(value):
                raise WrongQueryError(name, f"is up to {LONGEST_VALUE_CHARACTERS} characters, none for control")
        return values

    def one(self, name: str) -> str | None:
        """The value of a parameter that is given once, or not at all."""
        values = self.several(name)
        if values is None:
            return None
        if len(values) > 1:
            raise WrongQueryError(name, "is given more than once")
        return values[0]

    def flag(self, name: str) -> bool:
        """Whether it is `true`."""
        value = self.one(name)
        if value not in (None, "true", "false"):
            raise WrongQueryError(name, "is true or false")
        return value == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        value = self.one(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
            raise WrongQueryError(name, f"is a whole number from 1 to {most}")
        return int(value)
