"""Orders and quotes that only the sandbox CRM has, for customers and of products that the server has too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tests.real.crm_copies import CONTACT_ID, LINES_PER_SALE, PRODUCT_ID, Held, amount
from tests.real.tryton_rpc import Record

_NEW_ID: Final = 60_000
_WRITTEN_ON: Final = date(2026, 11, 3)
_VALID_UNTIL: Final = date(2026, 12, 3)
_PRICE_STEP: Final = Decimal("0.0001")
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as it was agreed: a price of its own, or the product's; the discount in per cent."""

    product: int
    quantity: int
    discount: Decimal
    price: Decimal

    @property
    def net_price(self) -> Decimal:
        """What one costs after the discount, with the server's four decimals."""
        return (self.price * (1 - self.discount / 100)).quantize(_PRICE_STEP)

    @property
    def total(self) -> Decimal:
        """What the line costs."""
        return (self.net_price * self.quantity).quantize(_CENT)


def some_lines(held: Held) -> list[NewLine]:
    """Three lines: at the product's price, with a discount, and at another price with a discount."""
    first, second, third = sorted(held.products)[:3]
    prices = {each: amount(held.products[each]["list_price_used"]) or Decimal(1) for each in (first, second, third)}
    return [
        NewLine(first, 2, Decimal(0), prices[first]),
        NewLine(second, 7, Decimal("7.5"), prices[second]),
        NewLine(third, 12, Decimal("2.25"), prices[third] + Decimal("10.30")),
    ]


def new_order(number: int, party: int, lines: Sequence[NewLine]) -> Record:
    """An open order."""
    return {**_sale(number, party, lines), "OrderNumber": number, "StageId": 1, "OtherProperties": []}


def cancelled_order(number: int, party: int, lines: Sequence[NewLine]) -> Record:
    """One that the ERP must never get."""
    return {**new_order(number, party, lines), "StageId": 3}


def new_quote(number: int, party: int, lines: Sequence[NewLine]) -> Record:
    """An open quote."""
    return {
        **_sale(number, party, lines),
        "QuoteNumber": number,
        "ReviewNumber": 1,
        "LastReview": True,
        "ExpirationDate": _midnight(_VALID_UNTIL),
        "OtherProperties": [{"FieldKey": "quote_status", "StringValue": "open"}],
    }


def _sale(number: int, party: int, lines: Sequence[NewLine]) -> dict[str, Any]:
    identity = _NEW_ID + number
    return {
        "Id": identity,
        "ContactId": CONTACT_ID + party,
        "Date": _midnight(_WRITTEN_ON),
        "Amount": float(sum(line.total for line in lines)),
        "LastUpdateDate": "2026-11-03T12:00:00+00:00",
        "Products": [_line(line, identity * LINES_PER_SALE + place) for place, line in enumerate(lines, 1)],
    }


def _line(line: NewLine, identity: int) -> Record:
    return {
        "Id": identity,
        "ProductId": PRODUCT_ID + line.product,
        "Quantity": line.quantity,
        "UnitPrice": float(line.price),
        "Discount": float(line.discount),
        "Total": float(line.total),
        "OtherProperties": [],
    }


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00-03:00"
