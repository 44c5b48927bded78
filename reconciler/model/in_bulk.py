"""Making frozen values by the hundred thousand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import TypeVar

T = TypeVar("T")


def in_bulk(frozen: type[T]) -> Callable[..., T]:
    """What makes values of a frozen dataclass with slots, from all of their fields in order, in a quarter of the time.

    A frozen dataclass sets each attribute past its own guard against setting attributes. This makes the same object
    without a guard, which then becomes one of the frozen class; a `__post_init__` is not called.

    Raises:
        TypeError: when a value is made, where the class has no slots.
    """

    def freeze(made: object) -> None:
        made.__class__ = frozen

    members = [each.name for each in fields(frozen)]  # type: ignore[arg-type]  # a dataclass, which has no type
    return make_dataclass(frozen.__name__, members, slots=True, namespace={"__post_init__": freeze})
