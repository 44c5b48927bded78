"""Amounts as the two systems write them: JSON numbers in the CRM, text with a decimal comma in the ERP."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

_COMMA_DECIMAL = re.compile(r"-?\d{1,13}(,\d{1,10})?")
_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded to two decimals, half away from zero."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def comma_decimal(amount: Decimal, places: int = 2) -> str:
    """`1234.5` as `"1234,50"`; never fewer than `places` decimals, never fewer than the amount has."""
    exponent = amount.normalize().as_tuple().exponent
    written = max(places, -exponent if isinstance(exponent, int) else 0)
    return f"{amount:.{written}f}".replace(".", ",")


def from_comma_decimal(text: object) -> Decimal | None:
    """`"1234,50"` as an exact decimal, or None when the text is anything else (no thousands points)."""
    if not isinstance(text, str) or not _COMMA_DECIMAL.fullmatch(text):
        return None
    return Decimal(text.replace(",", "."))


def json_number(amount: Decimal) -> int | float:
    """The JSON number of an amount of at most 15 digits: its shortest form is the amount itself."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def line_total(quantity: Decimal, unit_price: Decimal, discount: Decimal) -> Decimal:
    """What a line costs, in cents. `discount` is a percentage."""
    return cents(quantity * unit_price * (100 - discount) / 100)
