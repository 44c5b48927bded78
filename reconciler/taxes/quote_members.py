"""Parts of a would-be quote, each read by itself. Strict: a part that cannot be used is a mistake with its place.

Every reader raises WrongQuoteError. Amounts must be text such as "4928.84": a JSON number may have been changed on its
way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, cast

from reconciler.errors import WrongQuoteError
from reconciler.mapping.canonical_plain import UnreadableValueError, document_plain
from reconciler.mapping.json_values import shown
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

QUOTE: Final = frozenset({"customer", "ship_to", "date", "lines"})
CUSTOMER: Final = frozenset({"tax_id", "prospect", "final_consumer", "taxpayer"})
SHIP_TO: Final = frozenset({"state", "city_ibge"})
LINE: Final = frozenset({"line", "sku", "quantity", "unit_price", "discount"})

Members = Mapping[str, object]


def members(value: object, place: str) -> Members:
    """The members of an object, whatever they are called."""
    if not isinstance(value, dict):
        raise _wrong(place, "must be an object")
    return cast("Members", value)


def only(given: Members, place: str, known: frozenset[str]) -> Members:
    """The same members, of which each is known."""
    if given.keys() <= known:
        return given
    unknown = next(name for name in given if name not in known)
    raise _wrong(
        f"{place}.{shown(unknown, _SHOWN_CHARACTERS)}".lstrip("."),
        f"is not known; known are {', '.join(sorted(known))}",
    )


def lines(quote: Members) -> list[object]:
    """The lines, none of them read yet."""
    value = quote.get("lines")
    if not isinstance(value, list) or not 0 < len(value) <= MOST_LINES:
        raise _wrong("lines", f"must be a list of 1 to {MOST_LINES} lines")
    return value


def different_labels(labels: Sequence[str]) -> None:
    """Raise where two lines are named alike."""
    if len(set(labels)) < len(labels):
        repeated = next(position for position, label in enumerate(labels) if label in labels[:position])
        raise _wrong(f"lines[{repeated}].line", "names a line that another one names too")


def tax_id(customer: Members) -> str | None:
    """The CNPJ or CPF in its canonical form; None of a prospect without one."""
    value = customer.get("tax_id")
    if value is not None:
        return _document(value)
    if customer.get("prospect") is not True:
        raise _wrong("customer.tax_id", "is missing: name a customer the ERP knows, or say prospect: true")
    return None


def flag(customer: Members, name: str) -> bool | None:
    """Yes, no, or not said."""
    value = customer.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(f"customer.{name}", "must be true or false")


def state(ship_to: Members) -> str | None:
    """A federal unit, or EX."""
    value = ship_to.get("state")
    if value is None or (isinstance(value, str) and _STATE.fullmatch(value)):
        return value
    raise _wrong("ship_to.state", "must be the two letters of a federal unit, such as PR")


def city(ship_to: Members) -> str | None:
    """A municipality's code of IBGE."""
    value = ship_to.get("city_ibge")
    if value is None or (isinstance(value, str) and _CITY.fullmatch(value)):
        return value
    raise _wrong("ship_to.city_ibge", "must be the seven digits of a municipality, as text")


def day(quote: Members, today: date) -> date:
    """The day of the quote, or today."""
    value = quote.get("date")
    if value is None:
        return today
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _wrong("date", "must be a day written as 2026-11-22")


def label(line: Members, position: int) -> str:
    """What the caller calls the line; its position from 1 where they do not say."""
    if line.get("line") is None:
        return str(position + 1)
    return _name(line, "line", position, LONGEST_LABEL_CHARACTERS)


def sku(line: Members, position: int) -> str:
    """The code of the product."""
    return _name(line, "sku", position, LONGEST_SKU_CHARACTERS)


def quantity(line: Members, position: int) -> Decimal:
    """More than zero."""
    number = _number(line, "quantity", position)
    if not number:
        raise _wrong(f"lines[{position}].quantity", "must be more than zero")
    return number


def unit_price(line: Members, position: int) -> Decimal:
    """Zero or more."""
    return _number(line, "unit_price", position)


def discount(line: Members, position: int) -> Decimal:
    """Percent, from 0 to 100."""
    number = Decimal(0) if line.get("discount") is None else _number(line, "discount", position)
    if number > 100:
        raise _wrong(f"lines[{position}].discount", "is a percentage from 0 to 100")
    return number


def _name(line: Members, name: str, position: int, characters: int) -> str:
    value = line.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > characters or not value.isprintable():
        raise _wrong(f"lines[{position}].{name}", f"must be a text of 1 to {characters} printable characters")
    return value.strip()


def _number(line: Members, name: str, position: int) -> Decimal:
    value = line.get(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        hint = "at most 12 digits before the point and 6 after it"
        raise _wrong(f"lines[{position}].{name}", f'must be a decimal as text, such as "4928.84", {hint}')
    number = Decimal(value)
    # So few characters cannot be too many digits.
    if len(value) > MOST_DIGITS and len(number.normalize().as_tuple().digits) > MOST_DIGITS:
        raise _wrong(f"lines[{position}].{name}", f"has more than {MOST_DIGITS} significant digits")
    return number


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


def _wrong(place: str, problem: str) -> WrongQuoteError:
    return WrongQuoteError(phrase("{place} {problem}.", place=place or "the quote", problem=problem), place=place)
