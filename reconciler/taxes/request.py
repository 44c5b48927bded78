"""A would-be quote as JSON that came from outside. Strict: every mistake is named, and nothing is filled in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from reconciler.errors import WrongQuoteError
from reconciler.mapping.canonical_plain import UnreadableValueError, document_plain
from reconciler.mapping.json_values import shown
from reconciler.model.taxes import Buyer, Destination, QuoteLine, TaxQuestion
from reconciler.phrases.phrase import phrase

MOST_LINES: Final = 500
LONGEST_SKU_CHARACTERS: Final = 80
LONGEST_LABEL_CHARACTERS: Final = 40
MOST_DIGITS: Final = 15
"""Significant ones: so many a JSON number carries exactly, which is what most systems are sent."""

_SHOWN_CHARACTERS: Final = 40
_REMEMBERED_CHARACTERS: Final = 20
"""A CNPJ with its dots, slash and hyphen has 18."""

_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CITY: Final = re.compile(r"[0-9]{7}")
_STATE: Final = re.compile("A[CLMP]|BA|CE|DF|E[SX]|GO|M[AGST]|P[ABEIR]|R[JNORS]|S[CEP]|TO")
"""Federal units, and EX for abroad, as fiscal documents write them."""

_QUOTE: Final = frozenset({"customer", "ship_to", "date", "lines"})
_CUSTOMER: Final = frozenset({"tax_id", "prospect", "final_consumer", "taxpayer"})
_SHIP_TO: Final = frozenset({"state", "city_ibge"})
_LINE: Final = frozenset({"line", "sku", "quantity", "unit_price", "discount"})

Members = Mapping[str, object]


def question_of(document: object, today: date) -> TaxQuestion:
    """The would-be quote in a decoded JSON document.

    Args:
        today: the day taxes are asked for where the quote names none.

    Raises:
        WrongQuoteError: the first mistake, with its place. Amounts must be text such as "4928.84": a JSON number may
            have been changed on its way.
    """
    quote = _members(document, "", _QUOTE)
    lines = quote.get("lines")
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LINES:
        raise _wrong("lines", f"must be a list of 1 to {MOST_LINES} lines")
    found = tuple(_line(line, position) for position, line in enumerate(lines))
    labels = [line.label for line in found]
    if len(set(labels)) < len(labels):
        repeated = next(position for position, label in enumerate(labels) if label in labels[:position])
        raise _wrong(f"lines[{repeated}].line", "names a line that another one names too")
    return TaxQuestion(_buyer(quote.get("customer")), _destination(quote.get("ship_to")), _date(quote, today), found)


def _buyer(value: object) -> Buyer:
    members = _members(value, "customer", _CUSTOMER)
    prospect = _flag(members, "prospect") or False
    tax_id = members.get("tax_id")
    if tax_id is None and not prospect:
        raise _wrong("customer.tax_id", "is missing: name a customer the ERP knows, or say prospect: true")
    return Buyer(
        tax_id=None if tax_id is None else _document(tax_id),
        prospect=prospect,
        final_consumer=_flag(members, "final_consumer"),
        taxpayer=_flag(members, "taxpayer"),
    )


_known_document: Final = lru_cache(maxsize=1024)(document_plain)
"""Checking check digits takes as long as reading two lines, and whoever quotes does so for the same customers."""


def _document(value: object) -> str:
    try:
        if not isinstance(value, str):
            found = ""
        else:
            # What is long is not remembered: mask characters may be as many as fit into a request.
            found = _known_document(value) if len(value) <= _REMEMBERED_CHARACTERS else document_plain(value)
    except UnreadableValueError as error:
        raise _wrong("customer.tax_id", error.reason) from None
    if not found:
        raise _wrong("customer.tax_id", "must be a CNPJ or a CPF, as text")
    return found


def _flag(members: Members, name: str) -> bool | None:
    value = members.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(f"customer.{name}", "must be true or false")


def _destination(value: object) -> Destination:
    if value is None:
        return Destination()
    members = _members(value, "ship_to", _SHIP_TO)
    state, city = members.get("state"), members.get("city_ibge")
    if state is not None and not (isinstance(state, str) and _STATE.fullmatch(state)):
        raise _wrong("ship_to.state", "must be the two letters of a federal unit, such as PR")
    if city is not None and not (isinstance(city, str) and _CITY.fullmatch(city)):
        raise _wrong("ship_to.city_ibge", "must be the seven digits of a municipality, as text")
    return Destination(_text_or_none(state), _text_or_none(city))


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _date(quote: Members, today: date) -> date:
    value = quote.get("date")
    if value is None:
        return today
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _wrong("date", "must be a day written as 2026-11-22")


def _line(value: object, position: int) -> QuoteLine:
    place = f"lines[{position}]"
    members = _members(value, place, _LINE)
    discount = Decimal(0) if members.get("discount") is None else _number(members, "discount", place)
    if discount > 100:
        raise _wrong(f"{place}.discount", "is a percentage from 0 to 100")
    quantity = _number(members, "quantity", place)
    if not quantity:
        raise _wrong(f"{place}.quantity", "must be more than zero")
    return QuoteLine(
        label=_label(members, position),
        sku=_name(members, "sku", place, LONGEST_SKU_CHARACTERS),
        quantity=quantity,
        unit_price=_number(members, "unit_price", place),
        discount=discount,
    )


def _label(members: Members, position: int) -> str:
    if members.get("line") is None:
        return str(position + 1)
    return _name(members, "line", f"lines[{position}]", LONGEST_LABEL_CHARACTERS)


def _name(members: Members, name: str, place: str, characters: int) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > characters or not value.isprintable():
        raise _wrong(f"{place}.{name}", f"must be a text of 1 to {characters} printable characters")
    return value.strip()


def _number(members: Members, name: str, place: str) -> Decimal:
    value = members.get(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        hint = "at most 12 digits before the point and 6 after it"
        raise _wrong(f"{place}.{name}", f'must be a decimal as text, such as "4928.84", {hint}')
    number = Decimal(value)
    # So few characters cannot be too many digits.
    if len(value) > MOST_DIGITS and len(number.normalize().as_tuple().digits) > MOST_DIGITS:
        raise _wrong(f"{place}.{name}", f"has more than {MOST_DIGITS} significant digits")
    return number


def _members(value: object, place: str, known: frozenset[str]) -> Members:
    if not isinstance(value, dict):
        raise _wrong(place, "must be an object")
    if value.keys() <= known:
        return value
    for name in value:
        if name not in known:
            raise _wrong(
                f"{place}.{shown(name, _SHOWN_CHARACTERS)}".lstrip("."),
                f"is not known; known are {', '.join(sorted(known))}",
            )
    return value


def _wrong(place: str, problem: str) -> WrongQuoteError:
    return WrongQuoteError(phrase("{place} {problem}.", place=place or "the quote", problem=problem), place=place)
