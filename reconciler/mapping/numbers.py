"""Decimal columns, equal to `numbers_plain` value by value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from reconciler.mapping.canonical import SEPARATOR
from reconciler.mapping.shapes import places_of_other_shapes, shapes_of, without
from reconciler.model.staging import DECIMAL_PRECISION, DECIMAL_SCALE

DECIMAL: Final = pl.Decimal(DECIMAL_PRECISION, DECIMAL_SCALE)

_STEPS = 10_000
# From a text: of a `Decimal` the column library makes a column only with numpy, which takes longer to load than itself.
_STEP = pl.Series(["0.0001"]).cast(pl.Decimal(5, 4))
_TOO_MANY_STEPS = 1e15
_WHOLE = 1.5 * 2.0**52
"""Added to and taken off a double below 2**51 it leaves the nearest whole number: doubles so large have no fraction."""
_COMMA_TO_POINT = str.maketrans({",": ".", ".": None})
_SHAPES: Final = {
    "decimal": re.compile(r"-?0{1,18}(?:\.0{1,10})?"),
    "decimal_comma": re.compile(r"-?(?:0{1,3}(?:\.000){0,5}|0{1,18})(?:,0{1,10})?"),
}


class Typed(NamedTuple):
    """A column of forms, and the positions whose form the plain definition must give (null until then)."""

    form: pl.Series
    undecided: Sequence[int]


def decimals_of_numbers(values: Sequence[object]) -> Typed:
    """Decimals of integers, floats and nulls, as `decimal_plain`.

    A number of at most 4 decimals and 15 digits is decided: when its nearest whole number of ten-thousandths, divided
    again, is the very same double, then that decimal is also the double's shortest text, because two decimals of up to
    15 digits never share a double.
    """
    numbers = pl.Series(values, dtype=pl.Float64, strict=False)
    steps = numbers * _STEPS + _WHOLE - _WHOLE
    # By a scalar Polars multiplies with the reciprocal, which is not the IEEE 754 quotient; by a column it divides.
    divisor = pl.Series([float(_STEPS)]).new_from_index(0, len(numbers))
    exact = (steps / divisor == numbers) & (steps < _TOO_MANY_STEPS) & (steps > -_TOO_MANY_STEPS)
    undecided = [] if exact.all() else (~exact).arg_true().to_list()
    if undecided:
        steps = steps.set(~exact, None)
    return Typed((steps.cast(pl.Int64).cast(DECIMAL) * _STEP).cast(DECIMAL), undecided)


def decimals_of_texts(texts: list[str], codec: str) -> Typed:
    """Decimals of texts written for `codec`, "" being null, as `decimal_plain`.

    Decided texts have at most 18 digits before the point and 10 after it, so the cast is exact.
    """
    undecided = places_of_other_shapes(shapes_of(texts), lambda shape: bool(_SHAPES[codec].fullmatch(shape)))
    texts = without(texts, undecided)
    if codec == "decimal_comma":
        texts = SEPARATOR.join(texts).translate(_COMMA_TO_POINT).split(SEPARATOR)
    return Typed(pl.Series(texts, dtype=pl.String).cast(DECIMAL, strict=False), undecided)
