"""What a diagnosis is made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

Fact = str | int | float | bool | None

_NOTHING: Final[Mapping[str, Fact]] = MappingProxyType({})
_CODES: Final = {"ok": 0, "warning": 1, "unknown": 4, "failure": 2}


class Grade(StrEnum):
    """How one check ended, the mildest first."""

    OK = "ok"
    WARNING = "warning"
    """It works, and somebody should see to it."""
    UNKNOWN = "unknown"
    """Something was sent to a system and nobody knows whether it was done."""
    FAILURE = "failure"
    """The product cannot do its work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: stable, lower case with hyphens.
        words: what was seen, for whoever runs the installation: may hold paths and names of this machine.
        hint: what to do, or "".
        facts: the same as numbers, moments and words of ours. They leave the house with a support bundle: never a
            path, a name, an address or a value.
    """

    name: str
    grade: Grade
    words: str
    hint: str = ""
    facts: Mapping[str, Fact] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks, in the order they were made."""

    checks: tuple[Check, ...]

    @property
    def grade(self) -> Grade:
        """The worst of them."""
        order = list(Grade)
        return max((check.grade for check in self.checks), key=order.index, default=Grade.OK)

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 there is something to see to, 4 an outcome is unknown, 2 the product cannot work."""
        return _CODES[self.grade]
