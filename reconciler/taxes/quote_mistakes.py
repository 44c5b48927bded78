"""Everything that is wrong in a would-be quote: told one after the other, each mistake would cost a try."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from reconciler.errors import WrongQuoteError
from reconciler.taxes import quote_members as read
from reconciler.taxes.quote_members import Members

MOST_MISTAKES: Final = 100
"""That are told of one quote."""

_T = TypeVar("_T")
_LINE_PARTS: Final[tuple[Callable[[Members, int], object], ...]] = (
    read.sku,
    read.quantity,
    read.unit_price,
    read.discount,
)


def mistakes_of(document: object, today: date) -> list[WrongQuoteError]:
    """The mistakes of a quote in its order, the first `MOST_MISTAKES`; none where it can be asked about."""
    reading = _Reading()
    quote = reading.known(document, "", read.QUOTE)
    if quote is not None:
        reading.buyer(quote.get("customer"))
        if quote.get("ship_to") is not None:
            reading.destination(quote.get("ship_to"))
        reading.tried(read.day, quote, today)
        reading.lines(quote)
    return reading.mistakes[:MOST_MISTAKES]


class _Reading:
    """Reads each part whatever is wrong with the others."""

    def __init__(self) -> None:
        self.mistakes: list[WrongQuoteError] = []

    def tried(self, reader: Callable[..., _T], *about: Any) -> _T | None:
        """What the reader gives; None where it finds a mistake."""
        try:
            return reader(*about)
        except WrongQuoteError as error:
            self.mistakes.append(error)
            return None

    def known(self, value: object, place: str, names: frozenset[str]) -> Members | None:
        """The members of an object, the unknown ones among them; None where it is none."""
        members: Mapping[str, object] | None = self.tried(read.members, value, place)
        if members is not None:
            self.tried(read.only, members, place, names)
        return members

    def buyer(self, value: object) -> None:
        customer = self.known(value, "customer", read.CUSTOMER)
        if customer is not None:
            self.tried(read.tax_id, customer)
            for name in ("prospect", "final_consumer", "taxpayer"):
                self.tried(read.flag, customer, name)

    def destination(self, value: object) -> None:
        ship_to = self.known(value, "ship_to", read.SHIP_TO)
        if ship_to is not None:
            self.tried(read.state, ship_to)
            self.tried(read.city, ship_to)

    def lines(self, quote: Members) -> None:
        labels: list[str | None] = []
        for position, value in enumerate(self.tried(read.lines, quote) or ()):
            line = self.known(value, f"lines[{position}]", read.LINE)
            labels.append(None if line is None else self.tried(read.label, line, position))
            if line is not None:
                for part in _LINE_PARTS:
                    self.tried(part, line, position)
        named = [label for label in labels if label is not None]
        if len(named) == len(labels):
            self.tried(read.different_labels, named)
