"""Shapes of texts: what is left of a number or a date when every digit reads 0.

A column has thousands of amounts and a handful of shapes, so checking each distinct shape checks every value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from reconciler.mapping.canonical import pieces

_LONGEST_SHAPE: Final = 40
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")


def shapes_of(texts: list[str]) -> list[str]:
    """The shape of each text; characters outside Latin-1 show as escapes, which no accepted shape holds."""
    return pieces(texts, lambda data: data.translate(_DIGITS_TO_ZERO)).texts


def places_of_other_shapes(shapes: list[str], accept: Callable[[str], bool]) -> list[int]:
    """Positions of the shapes that are neither empty nor accepted. `accept` is asked once about each distinct one."""
    refused = {shape for shape in set(shapes) if shape and (len(shape) > _LONGEST_SHAPE or not accept(shape))}
    return [place for place, shape in enumerate(shapes) if shape in refused] if refused else []


def without(texts: list[str], places: Sequence[int]) -> list[str]:
    """The texts with "" at the given positions; the same list when there are none."""
    if not places:
        return texts
    kept = list(texts)
    for place in places:
        kept[place] = ""
    return kept
