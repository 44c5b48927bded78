"""What must hold before taxes leave the house. Anything else makes them unavailable: never a silent number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn

from reconciler.errors import TaxAnswerError
from reconciler.model.taxes import (
    CENT,
    NOTHING,
    Charge,
    Echo,
    QuoteLine,
    ReportedLine,
    ReportedTax,
    ReportedTaxes,
    ReportedTotals,
    Rounding,
    Tax,
    TaxKind,
    TaxQuestion,
    cents_of,
    plain_number,
    product,
)
from reconciler.taxes.answer import Calculated, LineTaxes, Note, StatedRate, Totals

_SHOWN_CHARACTERS: Final = 40
_INFORMATIVE: Final = Charge.INFORMATIVE
_HALF_CENT: Final = CENT / 2


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """What an ERP is known to do, and what is expected of it.

    Attributes:
        system: `erp`, for messages.
        rounding: how it rounds halves of a cent.
        goods_tolerance: how far its price of a line may be from the quote's own, where it rounds the price of one.
        price_decimals: it rounds the price of one so, and a line of many by as much for each; None: it does not.
        untaxed_lines: it answers a line without any tax when none applies. Otherwise such a line is refused, since a
            gap in its configuration looks the same.
        currency: that amounts must be in, where the ERP tells it.
    """

    system: str
    rounding: Rounding
    goods_tolerance: Decimal = CENT
    untaxed_lines: bool = False
    currency: str = "BRL"
    price_decimals: int | None = None

    def goods_distance(self, quantity: Decimal) -> Decimal:
        """How far its price of a line of so many may be from the quote's own."""
        if self.price_decimals is None:
            return self.goods_tolerance
        return max(self.goods_tolerance, _HALF_CENT + product(quantity, _HALF_CENT.scaleb(2 - self.price_decimals)))


def checked(question: TaxQuestion, reported: ReportedTaxes, policy: CheckPolicy) -> Calculated:
    """The answer, when every line is answered and matched and its arithmetic holds.

    Raises:
        TaxAnswerError: it is not so; `reason` is one of the codes of `sentences`.
    """
    check = _Check(policy)
    check.currency(reported.currency)
    lines = tuple(
        check.line(asked, found) for asked, found in zip(question.lines, check.matched(question, reported), strict=True)
    )
    totals = _summed(lines)
    check.totals(lines, totals, reported.totals)
    told = (Note(note.code, note.details) for note in reported.notes)
    return Calculated(lines, totals, (*_warnings(lines), *told))


def stated_rates(
    question: TaxQuestion, reported: ReportedTaxes, policy: CheckPolicy
) -> tuple[tuple[StatedRate, ...], ...]:
    """The rates of each line, of an ERP that gives no amounts, in the order of the question.

    Raises:
        TaxAnswerError: a line is not answered, not matched, or states a negative rate.
    """
    check = _Check(policy)
    rates = []
    for asked, found in zip(question.lines, check.matched(question, reported), strict=True):
        stated = [StatedRate(tax.kind, tax.rate) for tax in found.taxes if tax.rate is not None]
        for each in stated:
            check.not_negative(each.rate, each.kind.value, asked.label)
        rates.append(tuple(stated))
    return tuple(rates)


class _Check:
    def __init__(self, policy: CheckPolicy) -> None:
        self.policy = policy
        self._cents = cents_of(policy.rounding)

    def refuse(self, reason: str, **details: str) -> NoReturn:
        raise TaxAnswerError(
            self.policy.system, reason, **{name: value[:_SHOWN_CHARACTERS] for name, value in details.items()}
        )

    def currency(self, answered: str | None) -> None:
        if answered is not None and answered != self.policy.currency:
            self.refuse("currency", answered=answered, expected=self.policy.currency)

    def matched(self, question: TaxQuestion, reported: ReportedTaxes) -> list[ReportedLine]:
        """The answered lines in the order of the question, each proved to be about that line."""
        if len(reported.lines) != len(question.lines):
            self.refuse("line_count", answered=str(len(reported.lines)), asked=str(len(question.lines)))
        found = self._by_id(reported) if reported.by_id else list(reported.lines)
        for asked, line, sent in zip(question.lines, found, reported.sent, strict=True):
            for member, value in line.echoes.items():
                if not _same(value, sent.get(member)):
                    self.refuse("line_differs", line=asked.label, member=member)
        return found

    def _by_id(self, reported: ReportedTaxes) -> list[ReportedLine]:
        by_id: dict[str | None, ReportedLine] = {}
        for line in reported.lines:
            if line.id in by_id:
                self.refuse("line_repeated", line=line.id or "")
            by_id[line.id] = line
        found = [by_id.pop(sent["id"] if isinstance(sent["id"], str) else None, None) for sent in reported.sent]
        if by_id:
            self.refuse("line_unknown", line=next(iter(by_id)) or "")
        # As many lines as were asked for and none unknown: each was found.
        return [line for line in found if line is not None]

    def line(self, asked: QuoteLine, reported: ReportedLine) -> LineTaxes:
        goods = self._goods(asked, reported.goods)
        if not reported.taxes and not self.policy.untaxed_lines:
            self.refuse("no_taxes", line=asked.label)
        amounts = self._amounts(asked.label, reported.taxes)
        taxes: list[Tax] = []
        total = NOTHING
        for each in reported.taxes:
            tax = self._tax(asked.label, each, amounts)
            taxes.append(tax)
            if tax.charge is not _INFORMATIVE:
                total += tax.amount
        if reported.taxes_total is not None and total != reported.taxes_total:
            self._sum_differs(total, reported.taxes_total, f"taxes_total, {asked.label}")
        return LineTaxes(goods, tuple(taxes), total)

    def _goods(self, asked: QuoteLine, answered: Decimal | None) -> Decimal:
        """The price of the line. An ERP that states another one calculated something else than was asked."""
        goods = asked.goods
        if answered is None:
            return self._cents(goods)
        self.not_negative(answered, "goods", asked.label)
        cents = self._whole_cents(answered, "goods", asked.label)
        if answered != goods and abs(answered - goods) > self.policy.goods_distance(asked.quantity):
            self.refuse("goods_differ", line=asked.label, answered=_shown(answered), asked=_shown(self._cents(goods)))
        return cents

    def _amounts(self, label: str, taxes: Sequence[ReportedTax]) -> Mapping[TaxKind, Decimal]:
        """Amounts by kind within one line, where a tax of it is lessened by another."""
        needed = False
        for tax in taxes:
            if tax.amount is None:
                self.refuse("value_missing", member=tax.kind.value, line=label)
            needed = needed or bool(tax.deducts)
        amounts: dict[TaxKind, Decimal] = {}
        for tax in taxes if needed else ():
            amounts[tax.kind] = amounts.get(tax.kind, NOTHING) + (tax.amount or NOTHING)
        return amounts

    def _tax(self, label: str, reported: ReportedTax, amounts: Mapping[TaxKind, Decimal]) -> Tax:
        amount = NOTHING if reported.amount is None else reported.amount
        base, rate, deduction = reported.base, reported.rate, reported.deduction
        if deduction is None:
            deduction = _sum(amounts.get(other, NOTHING) for other in reported.deducts) if reported.deducts else NOTHING
        negative = amount < NOTHING or deduction < NOTHING
        if negative or (base is not None and base < NOTHING) or (rate is not None and rate < NOTHING):
            self.refuse("negative", kind=reported.kind.value, line=label)
        paid = self._cents(amount)
        if paid != amount:
            self.refuse("not_in_cents", kind=reported.kind.value, line=label)
        if base is not None and rate is not None:
            # A deduction that exceeds the tax leaves nothing to pay, and no credit.
            expected = self._cents(product(base, rate)) - deduction
            if expected != paid and abs(max(expected, NOTHING) - paid) > CENT:
                shown = {"expected": _shown(max(expected, NOTHING)), "answered": _shown(amount)}
                self.refuse("arithmetic", line=label, kind=reported.kind.value, **shown)
        return Tax(reported.kind, reported.charge, rate, base, paid, deduction, reported.code)

    def totals(self, lines: Sequence[LineTaxes], sums: Totals, reported: ReportedTotals) -> None:
        """The sums of the items must be the ERP's own totals, exactly."""
        stated = (
            ("goods", sums.goods, reported.goods),
            ("taxes_added", sums.added, reported.added),
            ("taxes_in_price", sums.in_price, reported.in_price),
            ("taxes", sums.added + sums.in_price, reported.taxes),
            ("total", sums.total, reported.total),
        )
        for member, items, answered in stated:
            if answered is not None and items != answered:
                self._sum_differs(items, answered, member)
        if reported.by_kind is not None:
            answered_by_kind = {kind._value_: amount for kind, amount in reported.by_kind.items()}
            summed = dict.fromkeys(answered_by_kind, NOTHING)
            for line in lines:
                for tax in line.taxes:
                    kind = tax.kind._value_
                    summed[kind] = summed.get(kind, NOTHING) + tax.amount
            if summed != answered_by_kind:
                self._kinds_differ(summed, answered_by_kind)

    def _kinds_differ(self, summed: Mapping[str, Decimal], answered: Mapping[str, Decimal]) -> None:
        """Tell the first kind. One without taxes is as good as one that is nothing."""
        for kind in sorted(summed):
            if summed[kind] != answered.get(kind, NOTHING):
                self._sum_differs(summed[kind], answered.get(kind, NOTHING), kind)

    def _sum_differs(self, items: Decimal, answered: Decimal, member: str) -> NoReturn:
        self.refuse("sum_differs", items=_shown(items), answered=_shown(answered), member=member)

    def not_negative(self, value: Decimal, kind: str, label: str) -> None:
        if value < 0:
            self.refuse("negative", kind=kind, line=label)

    def _whole_cents(self, amount: Decimal, kind: str, label: str) -> Decimal:
        cents = self._cents(amount)
        if cents != amount:
            self.refuse("not_in_cents", kind=kind, line=label)
        return cents


def _shown(amount: Decimal) -> str:
    return plain_number(amount)


def _same(answered: Echo, sent: Echo) -> bool:
    """Whether the ERP means what was sent. Fixed-width systems fill their codes up with spaces."""
    if isinstance(answered, str) and isinstance(sent, str):
        return answered.strip() == sent.strip()
    return answered is not None and answered == sent


def _summed(lines: Sequence[LineTaxes]) -> Totals:
    goods = NOTHING
    charged = {Charge.ADDED.value: NOTHING, Charge.IN_PRICE.value: NOTHING, Charge.INFORMATIVE.value: NOTHING}
    for line in lines:
        goods += line.goods
        for tax in line.taxes:
            charged[tax.charge._value_] += tax.amount
    return Totals(goods, charged[Charge.ADDED.value], charged[Charge.IN_PRICE.value], charged[Charge.INFORMATIVE.value])


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, NOTHING)


def _warnings(lines: Sequence[LineTaxes]) -> Iterator[Note]:
    taxes = [tax for line in lines for tax in line.taxes]
    unproved = sorted({tax.kind.value for tax in taxes if tax.base is None or tax.rate is None})
    if unproved:
        yield Note("base_not_given", {"kind": ", ".join(unproved)})
    if not any(tax.amount for tax in taxes):
        yield Note("every_amount_zero")
