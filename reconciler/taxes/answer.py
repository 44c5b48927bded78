"""What is given back to whoever asked for taxes: checked amounts with where they come from, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from reconciler.model.taxes import Charge, Tax, TaxKind, TaxQuestion, plain_number
from reconciler.model.value import value
from reconciler.taxes.sentences import Language, sentence

_IN_PRICE: Final = Charge.IN_PRICE
_INFORMATIVE: Final = Charge.INFORMATIVE


@dataclass(frozen=True, slots=True)
class Note:
    """A code of `sentences` and what its sentence names."""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)


@value
class LineTaxes:
    """The taxes of one line.

    Attributes:
        goods: price of the line less its discount.
        taxes_total: in price and added together; what is only informative does not count.
    """

    goods: Decimal
    taxes: tuple[Tax, ...]
    taxes_total: Decimal


@value
class Totals:
    """Sums over all lines. `total` is goods and what is added."""

    goods: Decimal
    added: Decimal
    in_price: Decimal
    informative: Decimal

    @property
    def total(self) -> Decimal:
        return self.goods + self.added


@value
class Calculated:
    """An answer that passed every check. `lines` are in the order of the question."""

    lines: tuple[LineTaxes, ...]
    totals: Totals
    warnings: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedRate:
    """A rate that the ERP states without an amount."""

    kind: TaxKind
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Unavailable:
    """There are no amounts, and why.

    Attributes:
        rates: for each line the rates alone, where the ERP gives nothing else.
    """

    reason: Note
    rates: tuple[tuple[StatedRate, ...], ...] = ()


class Source(StrEnum):
    """Where an answer comes from."""

    LIVE = "live"
    CACHED = "cached"


@value
class Delivery:
    """An answer on its way to whoever asked.

    Attributes:
        as_of: when the ERP gave it (aware); for what is unavailable, when that was found.
        age_s: how long ago that was.
        expires_at: until when it is given again without asking; None for what is unavailable or stale.
        stale: older than that, and given only because the caller accepts it.
    """

    result: Calculated | Unavailable
    source: Source
    as_of: datetime
    age_s: float
    expires_at: datetime | None
    elapsed_ms: int
    stale: bool = False
    warnings: tuple[Note, ...] = ()


def answer_document(
    question: TaxQuestion,
    delivery: Delivery,
    *,
    system: str,
    currency: str,
    language: Language = "en",
    amounts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answer as CONTRACT.md has it: amounts and rates are text, and what is unavailable has no amounts at all.

    Args:
        system: name of the description the taxes come from.
        currency: ISO 4217 code of the amounts.
        language: of the sentences beside the codes.
        amounts: `amounts_document` of this question and result, where it was made before.
    """
    head: dict[str, Any] = {
        "status": "calculated" if isinstance(delivery.result, Calculated) else "unavailable",
        "source": delivery.source.value,
        "as_of": _written(delivery.as_of),
        "age_s": round(delivery.age_s, 3),
        "expires_at": None if delivery.expires_at is None else _written(delivery.expires_at),
        "stale": delivery.stale,
        "system": system,
        "currency": currency,
        "elapsed_ms": delivery.elapsed_ms,
    }
    if isinstance(delivery.result, Unavailable):
        return {**head, **_unavailable(question, delivery.result, language), "warnings": []}
    notes = (*delivery.result.warnings, *delivery.warnings)
    amounts = amounts_document(question, delivery.result) if amounts is None else amounts
    return {**head, **amounts, "warnings": [_note(note, language) for note in notes]}


@lru_cache(maxsize=1024)
def _written(moment: datetime) -> str:
    """A kept answer has the same two moments each time it is given, and writing them takes long."""
    return moment.isoformat()


def _unavailable(question: TaxQuestion, result: Unavailable, language: Language) -> dict[str, Any]:
    said = {"reason": result.reason.code, "message": sentence(result.reason.code, result.reason.details, language)}
    if not result.rates:
        return said
    rates = [
        {"line": line.label, "rates": [{"kind": each.kind.value, "rate": plain_number(each.rate)} for each in stated]}
        for line, stated in zip(question.lines, result.rates, strict=True)
    ]
    return {**said, "rates": rates}


def amounts_document(question: TaxQuestion, result: Calculated) -> dict[str, Any]:
    """The amounts of an answer, as text: `lines` and `totals`."""
    totals = result.totals
    return {
        "lines": [
            {
                "line": asked.label,
                "goods": money(line.goods),
                "taxes": [_tax(tax) for tax in line.taxes],
                "taxes_total": money(line.taxes_total),
            }
            for asked, line in zip(question.lines, result.lines, strict=True)
        ],
        "totals": {
            "goods": money(totals.goods),
            "taxes_added": money(totals.added),
            "taxes_in_price": money(totals.in_price),
            "taxes_informative": money(totals.informative),
            "total": money(totals.total),
        },
    }


def _tax(tax: Tax) -> dict[str, Any]:
    charge = tax.charge
    return {
        "kind": tax.kind._value_,
        "rate": None if tax.rate is None else plain_number(tax.rate),
        "base": None if tax.base is None else money(tax.base),
        "deduction": money(tax.deduction),
        "amount": money(tax.amount),
        "in_price": charge is _IN_PRICE,
        "informative": charge is _INFORMATIVE,
        "code": tax.code,
    }


def _note(note: Note, language: Language) -> dict[str, str]:
    return {"code": note.code, "message": sentence(note.code, note.details, language)}


def money(amount: Decimal) -> str:
    """At least two decimals, and never fewer than the amount has."""
    text = str(amount)
    if text[-3:-2] == ".":
        return text
    exponent = amount.normalize().as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{amount:.{places}f}"
