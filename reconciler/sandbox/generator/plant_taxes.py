"""Open quotes whose lines carry other taxes than the ERP answers: each is made for one discrepancy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final

from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.amounts import cents
from reconciler.sandbox.generator.crm_records import TAX_KINDS
from reconciler.sandbox.generator.planting import Row, recipe
from reconciler.sandbox.generator.records import CarriedTax, Document, Line, Planted, Twin
from reconciler.sandbox.generator.sales import SalesMaker

_ENTITY: Final = "quotes.taxes"
_TRIES: Final = 500
_POINT: Final = Decimal(1)
_CENT: Final = Decimal("0.01")
_UNIT: Final = Decimal(1)
_NAMES: Final = {ours: theirs for theirs, ours in TAX_KINDS.items()}

Taxes = Mapping[str, CarriedTax]
Change = Callable[[Taxes, str], dict[str, CarriedTax] | None]
"""From the right taxes of a line, and a kind, to what it carries instead; None where that would show nothing."""


class DriftMaker:
    """Makes the quotes that the rows of the recipe ask for.

    Args:
        position: of the first quote it may make.

    Attributes:
        next_position: of the first quote that was not made.
        twins, found: the quotes, and what a reconciliation must find in them.
    """

    def __init__(self, random: Random, sales: SalesMaker, position: int) -> None:
        self._random = random
        self._sales = sales
        self._others = position
        self.next_position = position
        self.twins: list[Twin[Document]] = []
        self.found: list[Planted] = []

    def plant(self) -> None:
        """Work through the recipe."""
        for row in recipe(_ENTITY):
            for _ in range(max(1, self._others * row.per_thousand // 1000)):
                self._plant(row)

    def _plant(self, row: Row) -> None:
        if row.plant not in _PLANTS:
            raise ValueError(f"discrepancies.toml: there is no plant {row.plant} for {row.entity}")
        change, cause, everywhere = _PLANTS[row.plant]
        for _ in range(_TRIES):
            twin = self._sales.open_quote(self.next_position)
            if twin is None:
                return
            right = twin.crm[0]
            lines = [_changed(line, change, row.field) for line in right.lines]
            if lines[0] is None or (everywhere and None in lines):
                continue
            wrong = [line for line in lines if line is not None] if everywhere else [lines[0], *right.lines[1:]]
            twin.crm[0] = replace(right, lines=tuple(wrong))
            twin.planted = True
            self.twins.append(twin)
            self.next_position += 1
            self.found += _noted(right, wrong, cause)
            return


def _changed(line: Line, change: Change, kind: str | None) -> Line | None:
    taxes = change(line.taxes, "" if kind is None else _NAMES[kind])
    return None if taxes is None else replace(line, taxes=taxes)


def _noted(right: Document, wrong: list[Line], cause: Cause) -> Iterator[Planted]:
    for before, after in zip(right.lines, wrong, strict=True):
        for kind, ours in TAX_KINDS.items():
            one, other = before.taxes.get(kind), after.taxes.get(kind)
            nothing_due = one is not None and not one.amount and other is None
            if one != other and not nothing_due:
                yield Planted(_ENTITY, f"{right.number}|{before.sku}", ours, FindingKind.TAX_DRIFT.value, cause.value)


def _stale_rate(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    """One percentage point less than today."""
    tax = taxes.get(kind)
    if tax is None or tax.rate <= _POINT or tax.base < _UNIT:
        return None
    rate = tax.rate - _POINT
    return {**taxes, kind: replace(tax, rate=rate, amount=cents(tax.base * rate / 100))}


def _price_changed_since(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    """Asked for when the line cost half."""
    halves = {
        name: replace(tax, base=cents(tax.base / 2), amount=cents(tax.amount / 2)) if tax.amount else tax
        for name, tax in taxes.items()
    }
    apart = [abs(tax.base - halves[name].base) for name, tax in taxes.items() if tax.amount]
    return halves if apart and min(apart) > _CENT and all(half.amount for half in halves.values()) else None


def _missing_kind(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    tax = taxes.get(kind)
    if tax is None or tax.amount <= _CENT:
        return None
    return {name: other for name, other in taxes.items() if name != kind}


def _kind_not_due(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    """As if the buyer were a final consumer."""
    icms = taxes.get("ICMS")
    if kind in taxes or icms is None or icms.base < _UNIT:
        return None
    rate = Decimal("6.00")
    return {**taxes, kind: CarriedTax(rate, icms.base, cents(icms.base * rate / 100), in_price=True)}


def _no_taxes(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    due = [tax.amount for tax in taxes.values() if tax.amount]
    return {} if due and min(due) > _CENT else None


def _rounded_amount(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    tax = taxes.get(kind)
    if tax is None:
        return None
    rounded = tax.amount.quantize(_UNIT)
    if not rounded or abs(rounded - tax.amount) <= _CENT:
        return None
    return {**taxes, kind: replace(tax, amount=rounded)}


def _other_charge(taxes: Taxes, kind: str) -> dict[str, CarriedTax] | None:
    tax = taxes.get(kind)
    if tax is None or not tax.amount:
        return None
    return {**taxes, kind: replace(tax, in_price=not tax.in_price)}


_PLANTS: Final[Mapping[str, tuple[Change, Cause, bool]]] = {
    "stale_rate": (_stale_rate, Cause.STALE_RATE, False),
    "price_changed_since": (_price_changed_since, Cause.OTHER_BASE, False),
    "missing_kind": (_missing_kind, Cause.TAX_MISSING, False),
    "kind_not_due": (_kind_not_due, Cause.TAX_NOT_DUE, False),
    "no_taxes": (_no_taxes, Cause.TAXES_NOT_CARRIED, True),
    "rounded_amount": (_rounded_amount, Cause.ROUNDING, False),
    "other_charge": (_other_charge, Cause.OTHER_CHARGE, False),
}
"""By name in the recipe: what happens, the cause a reconciliation must see, and whether it happens to every line."""
