"""Small values that are made by the dozen for each answer about taxes: frozen, as far as the type checker can see.

The frozen ones of the library cost three times as much to make. Nobody changes these either: that is an error of types.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def value(made: type[T]) -> type[T]:
    """A dataclass with slots, compared and hashed by what it holds."""
    return dataclass(slots=True, unsafe_hash=True)(made)
