"""Taxes of a sale by the rule table `fixtures/taxes.toml`. Exact decimals; every amount is rounded half up to the cent.

For each line, with goods = quantity × price less discount:

* IPI: on goods, by product class; added to the price.
* ICMS: on goods (and IPI, for a final consumer), at the internal rate inside the state of origin, else interstate.
* ICMS-ST: where the class has a margin for the destination and the buyer resells: (goods + IPI) × (1 + margin) at the
  destination's internal rate, less the ICMS; added to the price.
* DIFAL: interstate to a final consumer, the difference of the two rates on the ICMS base.
* PIS, COFINS: on goods, by product class.

Always amount = base × rate ÷ 100 − deduction, so that an answer can be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from reconciler.sandbox.amounts import cents
from reconciler.sandbox.data_files import read_data_file

ADDED_TO_PRICE: Final = frozenset({"IPI", "ICMS-ST"})
ORDER: Final = ("ICMS", "ICMS-ST", "DIFAL", "IPI", "PIS", "COFINS")
_NONE = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of one line. `rate` is a percentage; `amount` = `base` × `rate` ÷ 100 − `deduction`, in cents."""

    kind: str
    base: Decimal
    rate: Decimal
    amount: Decimal
    deduction: Decimal = _NONE

    @property
    def in_price(self) -> bool:
        """Whether the price of the goods already holds it."""
        return self.kind not in ADDED_TO_PRICE


@dataclass(frozen=True, slots=True)
class ProductClass:
    """Rates of one class of products, in percent; `st_margin` by destination state."""

    ipi: Decimal
    pis: Decimal
    cofins: Decimal
    st_margin: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold in one line: `amount` in cents, the product's class, and its origin code (0 is national)."""

    amount: Decimal
    product_class: str
    origin: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where goods go. A final consumer does not resell."""

    state: str
    final_consumer: bool


@dataclass(frozen=True, slots=True)
class TaxTable:
    """The rule table."""

    origin_state: str
    normal: Decimal
    low: Decimal
    imported: Decimal
    low_from: frozenset[str]
    low_to: frozenset[str]
    imported_origins: frozenset[str]
    internal: Mapping[str, Decimal]
    natures: Mapping[str, frozenset[str]]
    classes: Mapping[str, ProductClass]

    def taxes(self, goods: Goods, to: Destination, nature: str = "VENDA") -> list[Tax]:
        """The taxes of one line, in the order of `ORDER`; those that do not apply are absent, a zero rate is not.

        Raises:
            KeyError: the class, the state or the nature of operation is not in the table.
        """
        rates = self.classes[goods.product_class]
        ipi = _tax("IPI", goods.amount, rates.ipi)
        own_rate = self._icms_rate(goods.origin, to.state)
        base = goods.amount + ipi.amount if to.final_consumer else goods.amount
        icms = _tax("ICMS", base, own_rate)
        found = [icms, ipi, _tax("PIS", goods.amount, rates.pis), _tax("COFINS", goods.amount, rates.cofins)]
        internal = self.internal[to.state]
        margin = rates.st_margin.get(to.state)
        if margin is not None and not to.final_consumer:
            raised = cents((goods.amount + ipi.amount) * (100 + margin) / 100)
            found.append(_tax("ICMS-ST", raised, internal, icms.amount))
        if to.final_consumer and to.state != self.origin_state:
            found.append(_tax("DIFAL", base, internal - own_rate))
        charged = self.natures[nature]
        return sorted((tax for tax in found if tax.kind in charged), key=lambda tax: ORDER.index(tax.kind))

    def _icms_rate(self, origin: str, destination_state: str) -> Decimal:
        if destination_state == self.origin_state:
            return self.internal[self.origin_state]
        if origin in self.imported_origins:
            return self.imported
        reduced = self.origin_state in self.low_from and destination_state in self.low_to
        return self.low if reduced else self.normal


def _tax(kind: str, base: Decimal, rate: Decimal, deduction: Decimal = _NONE) -> Tax:
    return Tax(kind, base, rate, cents(base * rate / 100) - deduction, deduction)


def sum_by_kind(lines: Iterable[Iterable[Tax]]) -> dict[str, Decimal]:
    """Total of each tax over all lines, in the order of `ORDER`; kinds that no line has are absent."""
    totals: dict[str, Decimal] = {}
    for taxes in lines:
        for tax in taxes:
            totals[tax.kind] = totals.get(tax.kind, _NONE) + tax.amount
    return {kind: totals[kind] for kind in ORDER if kind in totals}


@cache
def tax_table() -> TaxTable:
    """The rule table of the fixtures."""
    data = read_data_file("taxes.toml")
    interstate = data["interstate"]
    return TaxTable(
        origin_state=data["origin_state"],
        normal=Decimal(interstate["normal"]),
        low=Decimal(interstate["low"]),
        imported=Decimal(interstate["imported"]),
        low_from=frozenset(interstate["low_from"]),
        low_to=frozenset(interstate["low_to"]),
        imported_origins=frozenset(interstate["imported_origins"]),
        internal=_decimals(data["internal"]),
        natures={name: frozenset(kinds) for name, kinds in data["natures"].items()},
        classes={
            name: ProductClass(
                Decimal(row["ipi"]), Decimal(row["pis"]), Decimal(row["cofins"]), _decimals(row.get("st_margin", {}))
            )
            for name, row in data["classes"].items()
        },
    )


def _decimals(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}
