"""Taxes of a quote that is not saved: what is asked, and what an ERP reports. Plain frozen values.

Rates are shares of one. Nothing here computes a tax: what is derived is the price of the goods, which the quote states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Final, Literal

from reconciler.model.value import value

CENT: Final = Decimal("0.01")
NOTHING: Final = Decimal("0.00")
LONGEST_QUOTE_NUMBER_CHARACTERS: Final = 64

Rounding = Literal["half_up", "half_even"]
"""How an ERP rounds halves of a cent: away from zero (RTC), or to the even neighbour (ABNT NBR 5891)."""

_ROUNDINGS: Final[Mapping[Rounding, str]] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
_WIDE: Final = Context(prec=120)
"""Digits enough for the product of any two numbers that are read: Python's own context would round it."""


product: Final = _WIDE.multiply
"""One number times another, exactly."""


def plain_number(number: Decimal) -> str:
    """The number as text, without an exponent, and without zeros at the end."""
    text = str(number)
    if "E" in text:
        return f"{number.normalize(_WIDE):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_cents(amount: Decimal, rounding: Rounding) -> Decimal:
    """The amount rounded to two decimals."""
    return amount.quantize(CENT, _ROUNDINGS[rounding], _WIDE)


def cents_of(rounding: Rounding) -> Callable[[Decimal], Decimal]:
    """`in_cents` with that rounding, for whoever rounds again and again."""
    mode, wide = _ROUNDINGS[rounding], _WIDE

    def cents(amount: Decimal) -> Decimal:
        return amount.quantize(CENT, mode, wide)

    return cents


def can_be_quote_number(text: str) -> bool:
    """Whether a quote may have such a number; of any other text no CRM is asked."""
    return 0 < len(text) <= LONGEST_QUOTE_NUMBER_CHARACTERS and text.isprintable()


class TaxKind(StrEnum):
    """Kinds of tax, the same for every ERP."""

    ICMS = "icms"
    ICMS_ST = "icms_st"
    ICMS_SN = "icms_sn"
    FCP = "fcp"
    FCP_ST = "fcp_st"
    DIFAL = "difal"
    IPI = "ipi"
    PIS = "pis"
    PIS_ST = "pis_st"
    COFINS = "cofins"
    COFINS_ST = "cofins_st"
    ISS = "iss"
    II = "ii"
    IRRF = "irrf"
    CSLL = "csll"
    INSS = "inss"
    IBS_UF = "ibs_uf"
    IBS_MUN = "ibs_mun"
    CBS = "cbs"
    IS = "is"


TaxKindName = Literal[
    "icms", "icms_st", "icms_sn", "fcp", "fcp_st", "difal", "ipi", "pis", "pis_st", "cofins", "cofins_st",
    "iss", "ii", "irrf", "csll", "inss", "ibs_uf", "ibs_mun", "cbs", "is",
]  # fmt: skip
"""The values of `TaxKind`, for files in which they are keys."""


class Charge(StrEnum):
    """What a tax does to the price."""

    IN_PRICE = "in_price"
    """The price of the goods already holds it."""
    ADDED = "added"
    """It is paid beside the price."""
    INFORMATIVE = "informative"
    """It is stated and not paid (CBS and IBS in 2026)."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who would buy.

    Attributes:
        tax_id: canonical CNPJ or CPF; None only for a prospect.
        prospect: the ERP does not know the buyer, and that is meant: somebody it does not know is a mistake otherwise.
        final_consumer: buys for own use and not to resell; None leaves it to the ERP.
        taxpayer: pays ICMS ("contribuinte"); None leaves it to the ERP.
    """

    tax_id: str | None
    prospect: bool = False
    final_consumer: bool | None = None
    taxpayer: bool | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the goods would go; None leaves it to the ERP, which knows the customer's address."""

    state: str | None = None
    city_ibge: str | None = None


@value
class QuoteLine:
    """One line.

    Attributes:
        label: how whoever asks names the line. No ERP sees it.
        discount: in percent of the price.
    """

    label: str
    sku: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)

    @property
    def net_unit_price(self) -> Decimal:
        """The price of one, less the discount; exact."""
        return product(self.unit_price, _WIDE.scaleb(100 - self.discount, -2))

    @property
    def goods(self) -> Decimal:
        """The price of the line, less the discount; exact, so with more decimals than money has."""
        return product(self.quantity, self.net_unit_price)


@dataclass(frozen=True, slots=True)
class TaxQuestion:
    """A would-be quote. `lines` has at least one."""

    customer: Buyer
    ship_to: Destination
    date: date
    lines: tuple[QuoteLine, ...]


@value
class Tax:
    """One tax of one line, as the ERP states it.

    Attributes:
        rate: share of one; None where the ERP does not tell it.
        base: None where the ERP does not tell it, or not the one it calculates with.
        deduction: what `base` × `rate` is lessened by (own ICMS, in ICMS-ST).
        code: the ERP's own code of the tax situation (CST, CSOSN), or None.
    """

    kind: TaxKind
    charge: Charge
    rate: Decimal | None
    base: Decimal | None
    amount: Decimal
    deduction: Decimal = NOTHING
    code: str | None = None


Echo = str | Decimal | None
"""What was sent with a line, or came back with it."""


@value
class ReportedTax:
    """One tax of one line, before it is checked.

    Attributes:
        amount: None only where the ERP gives rates and no amounts.
        deducts: kinds whose amounts in the same line lessen this one, where the ERP states no deduction.
    """

    kind: TaxKind
    charge: Charge
    rate: Decimal | None
    base: Decimal | None
    amount: Decimal | None
    deduction: Decimal | None = None
    deducts: tuple[TaxKind, ...] = ()
    code: str | None = None


@value
class ReportedLine:
    """One line of an answer.

    Attributes:
        id: the id that was sent with the line; None where the ERP gives none back.
        echoes: other values that should be those sent, by name.
        goods, taxes_total: None where the ERP does not tell them.
    """

    id: str | None
    echoes: Mapping[str, Echo]
    goods: Decimal | None
    taxes: tuple[ReportedTax, ...]
    taxes_total: Decimal | None = None


@value
class ReportedTotals:
    """Totals as the ERP states them; None for what it does not tell.

    Attributes:
        taxes: in price and added together.
        total: goods and what is added.
    """

    goods: Decimal | None = None
    added: Decimal | None = None
    in_price: Decimal | None = None
    taxes: Decimal | None = None
    total: Decimal | None = None
    by_kind: Mapping[TaxKind, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class ReportedNote:
    """What is to be told with an answer: a code of `taxes.sentences`, and what its sentence names."""

    code: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft, saved to ask for taxes, that may still be in the ERP.

    Attributes:
        mark: a text that is in no other draft.
        draft: its id in the ERP; None where the answer to saving it never came.
    """

    mark: str
    draft: str | None


@value
class ReportedTaxes:
    """An answer as it was read, before it is checked.

    Attributes:
        sent: for each line of the question its `id` and the values that `echoes` are compared with.
        by_id: lines are matched by id; otherwise by position.
        currency: None where the ERP does not tell it.
        records: names of the customer and products the answer depends on, as (entity, id or key).
    """

    lines: tuple[ReportedLine, ...]
    sent: tuple[Mapping[str, Echo], ...]
    by_id: bool
    totals: ReportedTotals = ReportedTotals()
    currency: str | None = None
    records: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    notes: tuple[ReportedNote, ...] = ()
