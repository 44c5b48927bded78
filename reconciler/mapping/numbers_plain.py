"""Numbers and booleans, one value at a time: the definition that the column kernels must equal."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Context, Decimal, Inexact
from typing import Final

from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.model.staging import DECIMAL_PRECISION, DECIMAL_SCALE

INTEGER_DIGITS: Final = DECIMAL_PRECISION - DECIMAL_SCALE

_POINT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMMA = re.compile(r"[+-]?(?:(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?|,[0-9]+)")
_NUMBER_CHARACTERS = 200
_INTEGER_BITS = 256
_STEP = Decimal(1).scaleb(-DECIMAL_SCALE)
_ZERO = Decimal(0).scaleb(-DECIMAL_SCALE)
_EXACT = Context(prec=2 * _NUMBER_CHARACTERS, traps=[Inexact])
_FLOAT_DIGITS = 15

_TRUE_FALSE: Final = {"true": True, "false": False}
_YES_NO: Final = {"s": True, "n": False}
_ONE_ZERO: Final = {"1": True, "0": False}
_BOOLEAN_TEXTS: Final[Mapping[str, Mapping[str, bool]]] = {
    "boolean": {**_TRUE_FALSE, **_ONE_ZERO},
    "boolean_text": _TRUE_FALSE,
    "boolean_sn": _YES_NO,
}


def decimal_plain(raw: object, codec: str = "decimal") -> Decimal:
    """An exact number with 10 decimals.

    A JSON number is taken for what it is whatever the codec. A float is read through its shortest text; when that has
    more than 10 decimals, through the 15 significant digits that a double carries: `1234.5600000000002` is 1234.56.

    Args:
        raw: int, float, `Decimal` or text. Outer spaces of a text are ignored.
        codec: `decimal` (`-1234.5`, an exponent is allowed), `decimal_comma` (`1.234,5`, dots only at thousands) or
            `fraction` (written as `decimal`, and read as percent: `0.075` is 7.5).

    Raises:
        UnreadableValueError: not a number, not finite, more than 18 digits before the point or more than 10 after it
            that are not zeros.
    """
    if codec == "fraction":
        return _canonical(_EXACT.scaleb(decimal_plain(raw), 2))
    if isinstance(raw, str):
        return _canonical(_decimal_of_text(raw.strip(), codec))
    if isinstance(raw, float):
        return _decimal_of_float(raw)
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise UnreadableValueError("is not a finite number")
        return _canonical(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw.bit_length() > _INTEGER_BITS:
            raise UnreadableValueError(f"has more than {INTEGER_DIGITS} digits before the point")
        return _canonical(Decimal(raw))
    raise UnreadableValueError("is not a number")


def boolean_plain(raw: object, codec: str = "boolean") -> bool:
    """A boolean.

    JSON true and false are understood under every codec. `boolean` also reads 1 and 0, as numbers or text, and the
    texts that `boolean_text` reads: `true` and `false`. `boolean_sn` reads `S` and `N`. Case and outer spaces do not
    matter.

    Raises:
        UnreadableValueError: anything else.
    """
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int) and codec == "boolean":
        raw = str(raw) if raw in (0, 1) else raw
    if isinstance(raw, str):
        value = _BOOLEAN_TEXTS[codec].get(raw.strip().lower())
        if value is not None:
            return value
    wanted = " or ".join(repr(text.upper() if codec == "boolean_sn" else text) for text in _BOOLEAN_TEXTS[codec])
    raise UnreadableValueError(f"is not {wanted}")


def _decimal_of_text(text: str, codec: str) -> Decimal:
    if len(text) > _NUMBER_CHARACTERS:
        raise UnreadableValueError("is too long for a number")
    if codec == "decimal_comma":
        if not _COMMA.fullmatch(text):
            raise UnreadableValueError("is not a number written as 1.234,56")
        return Decimal(text.replace(".", "").replace(",", "."))
    if not _POINT.fullmatch(text):
        raise UnreadableValueError("is not a number written as 1234.56")
    return Decimal(text)


def _decimal_of_float(number: float) -> Decimal:
    if not math.isfinite(number):
        raise UnreadableValueError("is not a finite number")
    try:
        return _canonical(Decimal(repr(number)))
    except UnreadableValueError:
        return _canonical(Decimal(f"{number:.{_FLOAT_DIGITS}g}"))


def _canonical(number: Decimal) -> Decimal:
    if not number:
        return _ZERO
    if number.adjusted() >= INTEGER_DIGITS:
        raise UnreadableValueError(f"has more than {INTEGER_DIGITS} digits before the point")
    try:
        return number.quantize(_STEP, context=_EXACT)
    except Inexact:
        raise UnreadableValueError(f"has more than {DECIMAL_SCALE} decimals") from None
