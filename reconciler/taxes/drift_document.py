"""What quotes carry, and their drift, as JSON: amounts and rates are text, rates are shares of one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from reconciler.model.taxes import TaxKind, plain_number
from reconciler.taxes.answer import money
from reconciler.taxes.drift import CarriedLine, QuoteDrift, StatedTax, TaxDifference


def carried_document(lines: Sequence[CarriedLine]) -> dict[str, Any]:
    """The taxes a quote carries. What the CRM has no place for, or the quote no value of, is null."""
    return {
        "lines": [
            {
                "line": line.label,
                "sku": line.sku,
                "taxes": [{"kind": _kind(tax.kind), **_stated(tax)} for tax in line.taxes],
                "taxes_total": None if line.total is None else money(line.total),
            }
            for line in lines
        ]
    }


def drift_document(drift: QuoteDrift) -> dict[str, Any]:
    """The differences of one quote, by line. `owed` is what the quote's total would change by."""
    return {
        "status": "drifted" if drift.differences else "none",
        "value_at_stake": money(drift.at_stake),
        "owed": money(drift.owed),
        "carries_none": drift.carries_none,
        "not_kept": [kind.value for kind in drift.not_kept],
        "lines": [
            _line(label, list(found)) for label, found in groupby(drift.differences, key=lambda each: each.label)
        ],
    }


def _line(label: str, differences: Sequence[TaxDifference]) -> dict[str, Any]:
    return {
        "line": label,
        "sku": differences[0].sku,
        "value_at_stake": money(sum((each.at_stake for each in differences), Decimal("0.00"))),
        "differences": [
            {
                "kind": _kind(each.kind),
                "cause": each.cause.value,
                "members": [member.value for member in each.members],
                "carried": None if each.carried is None else _stated(each.carried),
                "erp": None if each.answered is None else _stated(each.answered),
                "value_at_stake": money(each.at_stake),
            }
            for each in differences
        ],
    }


def _kind(kind: TaxKind | None) -> str | None:
    return None if kind is None else kind.value


def _stated(tax: StatedTax) -> dict[str, Any]:
    return {
        "rate": None if tax.rate is None else plain_number(tax.rate),
        "base": None if tax.base is None else money(tax.base),
        "amount": None if tax.amount is None else money(tax.amount),
        "in_price": tax.in_price,
    }
