"""What a quote carries against what the ERP answers today: line by line, kind by kind. Pure; nothing is computed anew.

A tax that one side does not have counts as an amount of zero there, and so does one that is there with zero. Two taxes
of a kind differ when their amounts or bases differ by more than R$ 0.01, when their rates would on that base, or when
they disagree whether the price holds the tax. Only what the quote has a place for is compared: a kind that the CRM
keeps nowhere is named in `QuoteDrift.not_kept`, and a rate or base that one side does not tell is no difference. Where
the CRM keeps no kind at all, but the sum of the taxes of a line, the sums are compared.

The value at stake of a difference is the distance of the two amounts, and the larger one of them where the two disagree
whether the price holds it; what is only informative has none. Those of a line, of a quote and of all quotes are sums,
so that too much in one place never hides too little in another. `QuoteDrift.owed` has the sign: what the quote's total
would change by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import Final

from reconciler.model.findings import Cause
from reconciler.model.taxes import CENT, NOTHING, Charge, TaxKind, TaxQuestion, product
from reconciler.taxes.answer import Calculated, LineTaxes

_HUNDRED: Final = Decimal(100)
_FEWER_DECIMALS: Final = (0, 1)


class Member(StrEnum):
    """One thing that is said of a tax."""

    RATE = "rate"
    BASE = "base"
    AMOUNT = "amount"
    IN_PRICE = "in_price"


Places = Mapping[TaxKind, frozenset[Member]]
"""For each kind the CRM can keep, what it can keep of it: the amount always."""


@dataclass(frozen=True, slots=True)
class StatedTax:
    """One tax of one line as one side has it; None for what it does not tell or keep.

    Attributes:
        kind: None for the sum of all taxes that are paid.
        rate: share of one.
        informative: stated and not paid; only an ERP says so.
    """

    kind: TaxKind | None
    rate: Decimal | None = None
    base: Decimal | None = None
    amount: Decimal | None = None
    in_price: bool | None = None
    informative: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it says no more than that there is no such tax."""
        return not self.amount

    def value(self, member: Member) -> Decimal | bool | None:
        """One thing that it says."""
        match member:
            case Member.RATE:
                return self.rate
            case Member.BASE:
                return self.base
            case Member.AMOUNT:
                return self.amount
            case Member.IN_PRICE:
                return self.in_price


@dataclass(frozen=True, slots=True)
class CarriedLine:
    """The taxes a line of a quote carries.

    Attributes:
        label: as in the question.
        taxes: those of which the quote holds at least one thing.
        total: the sum of the line's taxes, where the CRM keeps it.
    """

    label: str
    sku: str
    taxes: tuple[StatedTax, ...]
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxDifference:
    """One kind in one line that is not as the ERP has it.

    Attributes:
        kind: None for the sum of all taxes, where the CRM keeps no more.
        carried, answered: None where that side has no such tax. Of both, only what the CRM has a place for.
        members: what differs; all that there is where one side has no such tax.
        cause: why, where that can be told.
        at_stake: see the module.
        owed: what the total of the quote would change by; nothing for what the price holds.
    """

    label: str
    sku: str
    kind: TaxKind | None
    carried: StatedTax | None
    answered: StatedTax | None
    members: tuple[Member, ...]
    cause: Cause
    at_stake: Decimal
    owed: Decimal


@dataclass(frozen=True, slots=True)
class QuoteDrift:
    """The differences of one quote, in the order of its lines.

    Attributes:
        carries_none: the quote has no tax in any line.
        not_kept: kinds the ERP answered with an amount and the CRM has no place for.
    """

    differences: tuple[TaxDifference, ...]
    carries_none: bool
    not_kept: tuple[TaxKind, ...]

    @property
    def at_stake(self) -> Decimal:
        """The value at stake, in the currency of the quote."""
        return sum((each.at_stake for each in self.differences), NOTHING)

    @property
    def owed(self) -> Decimal:
        """What the customer would pay more, or less when negative, for the same goods."""
        return sum((each.owed for each in self.differences), NOTHING)


def drift_of(carried: Sequence[CarriedLine], question: TaxQuestion, answer: Calculated, places: Places) -> QuoteDrift:
    """Compare what a quote carries with an answer about it.

    Args:
        carried: lines are matched by label. A line that only one side has counts as one without taxes on the other.
        question: what `answer` answers.
        places: what the CRM can keep.
    """
    answered = {
        asked.label: _Line(asked.sku, _by_kind(_stated(line)), line.taxes_total)
        for asked, line in zip(question.lines, answer.lines, strict=True)
    }
    present = {line.label: _Line(line.sku, _by_kind(line.taxes), line.total) for line in carried}
    carries_none = not any(line.taxes if places else line.total is not None for line in present.values())
    compare = _kinds_of(places) if places else _sums
    differences = []
    for label in dict.fromkeys(chain(answered, present)):
        ours, theirs = present.get(label, _NO_LINE), answered.get(label, _NO_LINE)
        for kind, one, other, kept in compare(ours, theirs):
            found = _difference(one, other, kept, carries_none=carries_none)
            if found is not None:
                members, cause, at_stake, owed = found
                told = _kept(other, kept)
                sku = ours.sku or theirs.sku
                differences.append(TaxDifference(label, sku, kind, one, told, members, cause, at_stake, owed))
    return QuoteDrift(tuple(differences), carries_none, _not_kept(answered.values(), places))


@dataclass(frozen=True, slots=True)
class _Line:
    sku: str
    taxes: Mapping[TaxKind | None, StatedTax]
    total: Decimal | None


_NO_LINE: Final = _Line("", {}, None)
_Pairs = Iterator[tuple[TaxKind | None, StatedTax | None, StatedTax | None, frozenset[Member]]]


def _kinds_of(places: Places) -> Callable[[_Line, _Line], _Pairs]:
    ordered = [kind for kind in TaxKind if kind in places]

    def pairs(ours: _Line, theirs: _Line) -> _Pairs:
        for kind in ordered:
            yield kind, ours.taxes.get(kind), theirs.taxes.get(kind), places[kind]

    return pairs


def _sums(ours: _Line, theirs: _Line) -> _Pairs:
    one, other = (None if line.total is None else StatedTax(None, amount=line.total) for line in (ours, theirs))
    yield None, one, other, frozenset({Member.AMOUNT})


def _stated(line: LineTaxes) -> Iterator[StatedTax]:
    for tax in line.taxes:
        yield StatedTax(
            tax.kind,
            tax.rate,
            tax.base,
            tax.amount,
            None if tax.charge is Charge.INFORMATIVE else tax.charge is Charge.IN_PRICE,
            tax.charge is Charge.INFORMATIVE,
        )


def _by_kind(taxes: Iterable[StatedTax]) -> dict[TaxKind | None, StatedTax]:
    """One tax per kind. Of several, as one ERP splits a tax, only the amounts can be put together."""
    found: dict[TaxKind | None, StatedTax] = {}
    for tax in taxes:
        earlier = found.get(tax.kind)
        if earlier is None:
            found[tax.kind] = tax
            continue
        amount = (earlier.amount or NOTHING) + (tax.amount or NOTHING)
        in_price = tax.in_price if tax.in_price == earlier.in_price else None
        informative = tax.informative and earlier.informative
        found[tax.kind] = StatedTax(tax.kind, None, None, amount, in_price, informative)
    return found


_Found = tuple[tuple[Member, ...], Cause, Decimal, Decimal]


def _difference(
    carried: StatedTax | None, answered: StatedTax | None, places: frozenset[Member], *, carries_none: bool
) -> _Found | None:
    if carried is None or answered is None or carried.is_nothing or answered.is_nothing:
        return _one_sided(carried, answered, places, carries_none=carries_none)
    members = tuple(member for member in Member if member in places and _differs(member, carried, answered))
    if not members:
        return None
    distance = _amount(answered) - _amount(carried)
    at_stake = abs(distance)
    if Member.IN_PRICE in members:
        at_stake = max(_amount(answered), _amount(carried))
    if answered.informative:
        at_stake = NOTHING
    return members, _cause(members, carried, answered), at_stake, _owed(carried, answered)


def _one_sided(
    carried: StatedTax | None, answered: StatedTax | None, places: frozenset[Member], *, carries_none: bool
) -> _Found | None:
    """The difference where one side has no such tax, or none but in name."""
    if _amount(carried) == _amount(answered) == NOTHING:
        return None
    members = tuple(member for member in Member if member in places)
    missing = Cause.TAXES_NOT_CARRIED if carries_none else Cause.TAX_MISSING
    cause = missing if _amount(answered) else Cause.TAX_NOT_DUE
    informative = answered is not None and answered.informative
    at_stake = NOTHING if informative else abs(_amount(answered) - _amount(carried))
    return (members, cause, at_stake, _owed(carried, answered)) if at_stake > CENT or informative else None


def _amount(tax: StatedTax | None) -> Decimal:
    return NOTHING if tax is None or tax.amount is None else tax.amount


def _owed(carried: StatedTax | None, answered: StatedTax | None) -> Decimal:
    """What is added to the price, less what the quote adds now; whoever does not say agrees with the other side."""

    def added(tax: StatedTax | None, other: StatedTax | None) -> Decimal:
        if tax is None or tax.informative:
            return NOTHING
        in_price = tax.in_price if tax.in_price is not None or other is None else other.in_price
        return NOTHING if in_price is not False else _amount(tax)

    return added(answered, carried) - added(carried, answered)


def _differs(member: Member, carried: StatedTax, answered: StatedTax) -> bool:
    one, other = carried.value(member), answered.value(member)
    if one is None or other is None or one == other:
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        return True
    if member is Member.RATE and answered.base is not None:
        return abs(product(one - other, answered.base)) > CENT
    return member is Member.RATE or abs(one - other) > CENT


def _cause(members: Sequence[Member], carried: StatedTax, answered: StatedTax) -> Cause:
    if Member.RATE in members and Member.BASE in members:
        return Cause.UNEXPLAINED
    if Member.RATE in members:
        return Cause.STALE_RATE
    if Member.BASE in members:
        return Cause.OTHER_BASE
    if members == (Member.IN_PRICE,):
        return Cause.OTHER_CHARGE
    if rounded_to(carried, answered) is not None:
        return Cause.ROUNDING
    return Cause.UNEXPLAINED


def rounded_to(carried: StatedTax, answered: StatedTax) -> int | None:
    """How many decimals the quote keeps of the amount, where it is the ERP's rounded to fewer than two; else None."""
    if carried.amount is None or answered.amount is None:
        return None
    for places in _FEWER_DECIMALS:
        step = Decimal(1).scaleb(-places)
        if carried.amount % step == 0 and abs(carried.amount - answered.amount) * 2 <= step:
            return places
    return None


def _kept(answered: StatedTax | None, places: frozenset[Member]) -> StatedTax | None:
    """What the CRM can keep of an answered tax."""
    if answered is None:
        return None
    return StatedTax(
        answered.kind,
        answered.rate if Member.RATE in places else None,
        answered.base if Member.BASE in places else None,
        answered.amount if Member.AMOUNT in places else None,
        answered.in_price if Member.IN_PRICE in places else None,
        answered.informative,
    )


def _not_kept(answered: Iterable[_Line], places: Places) -> tuple[TaxKind, ...]:
    told = {kind for line in answered for kind, tax in line.taxes.items() if not tax.is_nothing}
    return tuple(kind for kind in TaxKind if places and kind in told and kind not in places)


def percent(rate: Decimal) -> Decimal:
    """A share of one as a percentage, exactly."""
    return product(rate, _HUNDRED)
