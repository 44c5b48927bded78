"""What is wrong in a quote, said at the field it was typed into."""

from __future__ import annotations

import re
from typing import Final

from reconciler.service.page.asking import Refused
from reconciler.service.page.texts import PageTexts
from reconciler.service.page.typed import LINE_FIELDS, Mistake, TypedQuote
from reconciler.service.page.view import View

_LINE_PLACE: Final = re.compile(r"lines\[([0-9]+)\]\.([a-z_]+)")
_SKU: Final = "sku "
HEAD_FIELDS: Final = ("customer.tax_id", "ship_to.state", "ship_to.city_ibge", "date")


def mistakes_in(typed: TypedQuote, refused: Refused, view: View) -> list[Mistake]:
    """The mistakes in words of the page, in the order of the form; none when a mistake is in no field of it."""
    found = [_mistake_in(typed, each, view.texts) for each in (refused, *refused.others)]
    mistakes = [mistake for mistake in found if mistake is not None]
    ambiguous = {mistake.place: mistake for mistake in typed.ambiguous(view.texts, view.figures)}
    return [ambiguous.get(mistake.place, mistake) for mistake in mistakes] if len(mistakes) == len(found) else []


def _mistake_in(typed: TypedQuote, refused: Refused, texts: PageTexts) -> Mistake | None:
    place = refused.place
    if refused.code == "unknown_product":
        place = _line_of_product(typed, refused)
    return Mistake(place, message_of(place, refused, texts)) if field_id(place) else None


def message_of(place: str, refused: Refused, texts: PageTexts) -> str:
    """The sentence for a wrong quote."""
    match refused.code:
        case "unknown_customer":
            return texts.unknown_customer
        case "unknown_product":
            return texts.unknown_product
        case _:
            known = texts.mistakes.get(place.rpartition(".")[2])
            return known or texts.wrong_quote.format(detail=refused.detail)


def field_id(place: str) -> str:
    """The id of the field for that place in a would-be quote; "" when there is none."""
    if place in HEAD_FIELDS:
        return place.rpartition(".")[2]
    found = _LINE_PLACE.fullmatch(place)
    return f"line-{found[1]}-{found[2]}" if found is not None and found[2] in LINE_FIELDS else ""


def line_number(place: str) -> int | None:
    """Which line a place is in, from 1."""
    found = _LINE_PLACE.match(place)
    return None if found is None else int(found[1]) + 1


def _line_of_product(typed: TypedQuote, refused: Refused) -> str:
    """The line whose product the ERP does not know: named by its canonical code, or only in the ERP's own words."""
    codes = [line.sku.upper() for line in typed.lines]
    if refused.place.startswith(_SKU):
        found = [refused.place.removeprefix(_SKU).upper()]
    else:
        said = refused.detail.upper()
        found = [code for code in dict.fromkeys(codes) if code and code in said]
    return f"lines[{codes.index(found[0])}].sku" if len(found) == 1 and found[0] in codes else refused.place
