"""A would-be quote as JSON that came from outside. Strict: every mistake is named, and nothing is filled in for it."""

from __future__ import annotations

from datetime import date

from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Buyer, Destination, QuoteLine, TaxQuestion
from reconciler.taxes import quote_members as read
from reconciler.taxes.quote_mistakes import mistakes_of


def question_of(document: object, today: date) -> TaxQuestion:
    """The would-be quote in a decoded JSON document.

    Args:
        today: the day taxes are asked for where the quote names none.

    Raises:
        WrongQuoteError: a mistake with its place; `others` holds what else is wrong.
    """
    try:
        return _question(document, today)
    except WrongQuoteError as error:
        first, *others = mistakes_of(document, today) or [error]
    raise WrongQuoteError(first.message, place=first.place, others=others)


def _question(document: object, today: date) -> TaxQuestion:
    quote = read.only(read.members(document, ""), "", read.QUOTE)
    lines = tuple(_line(line, position) for position, line in enumerate(read.lines(quote)))
    read.different_labels([line.label for line in lines])
    return TaxQuestion(_buyer(quote.get("customer")), _destination(quote.get("ship_to")), read.day(quote, today), lines)


def _buyer(value: object) -> Buyer:
    customer = read.only(read.members(value, "customer"), "customer", read.CUSTOMER)
    return Buyer(
        tax_id=read.tax_id(customer),
        prospect=read.flag(customer, "prospect") or False,
        final_consumer=read.flag(customer, "final_consumer"),
        taxpayer=read.flag(customer, "taxpayer"),
    )


def _destination(value: object) -> Destination:
    if value is None:
        return Destination()
    ship_to = read.only(read.members(value, "ship_to"), "ship_to", read.SHIP_TO)
    return Destination(read.state(ship_to), read.city(ship_to))


def _line(value: object, position: int) -> QuoteLine:
    place = f"lines[{position}]"
    line = read.only(read.members(value, place), place, read.LINE)
    return QuoteLine(
        label=read.label(line, position),
        sku=read.sku(line, position),
        quantity=read.quantity(line, position),
        unit_price=read.unit_price(line, position),
        discount=read.discount(line, position),
    )
