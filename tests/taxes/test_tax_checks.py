"""What must hold before taxes leave the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import TaxAnswerError
from reconciler.model.taxes import (
    Charge,
    ReportedLine,
    ReportedNote,
    ReportedTax,
    ReportedTaxes,
    ReportedTotals,
    Rounding,
    TaxKind,
    TaxQuestion,
)
from reconciler.taxes.answer import Calculated
from reconciler.taxes.checks import CheckPolicy, checked, stated_rates
from tests.taxes.asking import line, quote

POLICY = CheckPolicy("erp", "half_up")
CENT = Decimal("0.01")
QUESTION = quote(line("A-1", "2", "50.00"), line("B-2", "3", "33.33", "10"))


def tax(
    kind: str = "icms", rate: str = "0.12", base: str = "100.00", amount: str = "12.00", **more: Any
) -> ReportedTax:
    charge = Charge.ADDED if kind in {"ipi", "icms_st"} else Charge.IN_PRICE
    known = ReportedTax(TaxKind(kind), charge, Decimal(rate), Decimal(base), Decimal(amount))
    return replace(known, **more)


def answer(
    *lines: ReportedLine, totals: ReportedTotals | None = None, by_id: bool = True, **more: Any
) -> ReportedTaxes:
    """An answer to QUESTION: 100.00 and 89.99 (3 × 33.33 less 10 %)."""
    found = lines or (
        ReportedLine("1", {"line.sku": "A-1"}, Decimal("100.00"), (tax(), tax("ipi", "0.05", "100.00", "5.00"))),
        ReportedLine("2", {"line.sku": "B-2"}, Decimal("89.99"), (tax(base="89.99", amount="10.80"),)),
    )
    sent = ({"id": "1", "line.sku": "A-1"}, {"id": "2", "line.sku": "B-2"})
    return ReportedTaxes(found, sent, by_id, totals or ReportedTotals(), **more)


def changed(place: int, **more: Any) -> ReportedTaxes:
    """The good answer with one line changed."""
    lines = list(answer().lines)
    lines[place] = replace(lines[place], **more)
    return answer(*lines)


def refusal(reported: ReportedTaxes, policy: CheckPolicy = POLICY, question: TaxQuestion = QUESTION) -> TaxAnswerError:
    with pytest.raises(TaxAnswerError) as refused:
        checked(question, reported, policy)
    return refused.value


def test_a_good_answer_is_summed_and_nothing_else_is_done_to_it() -> None:
    totals = ReportedTotals(
        goods=Decimal("189.99"),
        added=Decimal("5"),
        in_price=Decimal("22.8"),
        taxes=Decimal("27.80"),
        total=Decimal("194.99"),
        by_kind={TaxKind.ICMS: Decimal("22.80"), TaxKind.IPI: Decimal("5.00")},
    )
    found = checked(QUESTION, answer(totals=totals, currency="BRL"), POLICY)
    assert [each.taxes_total for each in found.lines] == [Decimal("17.00"), Decimal("10.80")]
    sums = found.totals
    assert (sums.goods, sums.added, sums.in_price, sums.total) == tuple(
        map(Decimal, ("189.99", "5.00", "22.80", "194.99"))
    )
    assert found.warnings == ()


def test_lines_come_in_the_order_of_the_question_whatever_the_order_of_the_answer() -> None:
    found = checked(QUESTION, answer(*reversed(answer().lines)), POLICY)
    assert [each.goods for each in found.lines] == [Decimal("100.00"), Decimal("89.99")]


WRONG: dict[str, tuple[Callable[[], ReportedTaxes], str]] = {
    "a line too few": (lambda: answer(answer().lines[0]), "line_count"),
    "a line too many": (lambda: answer(*answer().lines, answer().lines[0]), "line_count"),
    "a line nobody asked for": (lambda: changed(1, id="3"), "line_unknown"),
    "a line without its id": (lambda: changed(1, id=None), "line_unknown"),
    "a line twice": (lambda: changed(1, id="1"), "line_repeated"),
    "another product": (lambda: changed(1, echoes={"line.sku": "A-1"}), "line_differs"),
    "no product": (lambda: changed(1, echoes={"line.sku": None}), "line_differs"),
    "another order": (lambda: replace(answer(*reversed(answer().lines)), by_id=False), "line_differs"),
    "another price": (lambda: changed(0, goods=Decimal("100.02")), "goods_differ"),
    "a negative price": (lambda: changed(0, goods=Decimal("-100.00")), "negative"),
    "no taxes": (lambda: changed(0, taxes=()), "no_taxes"),
    "no amount": (lambda: changed(0, taxes=(replace(tax(), amount=None),)), "value_missing"),
    "a negative amount": (lambda: changed(0, taxes=(tax(amount="-12.00"),)), "negative"),
    "a negative rate": (lambda: changed(0, taxes=(tax(rate="-0.12"),)), "negative"),
    "a negative base": (lambda: changed(0, taxes=(tax(base="-100"),)), "negative"),
    "fractions of a cent": (lambda: changed(0, taxes=(tax(amount="12.005"),)), "not_in_cents"),
    "two cents off": (lambda: changed(0, taxes=(tax(amount="12.02"),)), "arithmetic"),
    "zero instead of a tax": (lambda: changed(0, taxes=(tax(amount="0.00"),)), "arithmetic"),
    "a line's sum": (lambda: changed(0, taxes_total=Decimal("17.01")), "sum_differs"),
    "dollars": (lambda: answer(currency="USD"), "currency"),
}


@pytest.mark.parametrize(("reported", "reason"), WRONG.values(), ids=WRONG)
def test_anything_else_is_refused_with_its_reason(reported: Callable[[], ReportedTaxes], reason: str) -> None:
    """Trap 17 among them: count, order, product."""
    assert refusal(reported()).reason == reason


@pytest.mark.parametrize("member", ["goods", "added", "in_price", "taxes", "total"])
@pytest.mark.parametrize("off", ["0.01", "-0.01"])
def test_a_total_that_is_a_cent_off_is_refused(member: str, off: str) -> None:
    right = {"goods": "189.99", "added": "5.00", "in_price": "22.80", "taxes": "27.80", "total": "194.99"}
    wrong: dict[str, Any] = {member: Decimal(right[member]) + Decimal(off)}
    totals = ReportedTotals(**wrong)
    refused = refusal(answer(totals=totals))
    assert (refused.reason, refused.details["items"]) == ("sum_differs", f"{Decimal(right[member]).normalize():f}")


@pytest.mark.parametrize(
    "by_kind",
    [{"icms": "22.81", "ipi": "5.00"}, {"icms": "22.80"}, {"icms": "22.80", "ipi": "5.00", "pis": "1.00"}],
    ids=["another", "one lacks", "one more"],
)
def test_totals_by_kind_must_be_those_of_the_items(by_kind: dict[str, str]) -> None:
    totals = ReportedTotals(by_kind={TaxKind(kind): Decimal(amount) for kind, amount in by_kind.items()})
    assert refusal(answer(totals=totals)).reason == "sum_differs"


@pytest.mark.parametrize(("amount", "holds"), [("10.79", True), ("10.81", True), ("10.78", False), ("10.82", False)])
def test_base_times_rate_may_differ_by_one_cent(amount: str, holds: bool) -> None:
    """89.99 × 12 % = 10.7988."""
    reported = changed(1, taxes=(tax(base="89.99", amount=amount),))
    if holds:
        assert checked(QUESTION, reported, POLICY).lines[1].taxes[0].amount == Decimal(amount)
    else:
        assert refusal(reported).reason == "arithmetic"


@pytest.mark.parametrize(
    ("rounding", "amount", "holds"),
    [("half_up", "4.61", False), ("half_even", "4.61", True), ("half_up", "4.64", True), ("half_even", "4.64", False)],
)
def test_the_erps_own_rounding_decides_where_that_cent_begins(rounding: Rounding, amount: str, holds: bool) -> None:
    """250.00 × 1.85 % = 4.625: 4.63 by halves away from zero, 4.62 by halves to the even neighbour."""
    reported = changed(0, taxes=(tax("pis", "0.0185", "250.00", amount),))
    policy = replace(POLICY, rounding=rounding)
    if holds:
        checked(QUESTION, reported, policy)
    else:
        assert refusal(reported, policy).reason == "arithmetic"


def test_what_lessens_a_tax_is_taken_into_account() -> None:
    """ICMS-ST: 140.00 × 18 % less the line's own ICMS of 12.00; a deduction that is told wins."""
    st_tax = tax("icms_st", "0.18", "140.00", "13.20", deducts=(TaxKind.ICMS,))
    told = tax("icms_st", "0.18", "140.00", "15.20", deducts=(TaxKind.ICMS,), deduction=Decimal("10.00"))
    for each, deduction in ((st_tax, "12.00"), (told, "10.00")):
        found = checked(QUESTION, changed(0, taxes=(tax(), each)), POLICY)
        assert found.lines[0].taxes[1].deduction == Decimal(deduction)
    assert refusal(changed(0, taxes=(st_tax,))).reason == "arithmetic"


def test_a_deduction_that_exceeds_the_tax_leaves_nothing_and_no_credit() -> None:
    nothing = tax("icms_st", "0.01", "100.00", "0.00", deducts=(TaxKind.ICMS,))
    assert checked(QUESTION, changed(0, taxes=(tax(), nothing)), POLICY).totals.added == Decimal("0.00")


def test_without_a_base_nothing_can_be_checked_and_the_answer_says_so() -> None:
    found = checked(QUESTION, changed(0, taxes=(replace(tax(), base=None),)), POLICY)
    assert [(note.code, note.details) for note in found.warnings] == [("base_not_given", {"kind": "icms"})]


def test_zero_everywhere_is_said_aloud() -> None:
    zero = tax(rate="0", amount="0.00")
    lines = [replace(each, taxes=(zero,)) for each in answer().lines]
    assert [note.code for note in checked(QUESTION, answer(*lines), POLICY).warnings] == ["every_amount_zero"]


def test_an_erp_that_leaves_out_what_does_not_apply_may_answer_a_line_without_taxes() -> None:
    found = checked(QUESTION, changed(0, taxes=()), replace(POLICY, untaxed_lines=True))
    assert found.lines[0].taxes == ()


def test_what_is_only_informative_changes_no_total() -> None:
    cbs = ReportedTax(TaxKind.CBS, Charge.INFORMATIVE, Decimal("0.009"), Decimal("100.00"), Decimal("0.90"))
    found = checked(QUESTION, changed(0, taxes=(tax(), cbs)), POLICY)
    assert found.lines[0].taxes_total == Decimal("12.00")
    assert (found.totals.informative, found.totals.total) == (Decimal("0.90"), Decimal("189.99"))


def test_where_the_erp_tells_no_price_the_quotes_own_counts() -> None:
    assert checked(QUESTION, changed(1, goods=None), POLICY).lines[1].goods == Decimal("89.99")


def test_rates_are_matched_and_refused_like_amounts() -> None:
    assert [each[0].rate for each in stated_rates(QUESTION, answer(), POLICY)] == [Decimal("0.12")] * 2
    for wrong in (changed(1, id="3"), changed(0, taxes=(tax(rate="-0.12"),))):
        with pytest.raises(TaxAnswerError):
            stated_rates(QUESTION, wrong, POLICY)


cents = st.integers(min_value=0, max_value=10**11).map(lambda number: Decimal(number) / 100)
rates = st.integers(min_value=0, max_value=10**6).map(lambda number: Decimal(number) / 10**6)


@given(
    items=st.lists(st.tuples(cents, rates, st.sampled_from(["icms", "ipi", "pis", "icms_st"])), min_size=1, max_size=8),
    rounding=st.sampled_from(["half_up", "half_even"]),
)
def test_what_an_erp_rounds_its_own_way_always_holds(
    items: list[tuple[Decimal, Decimal, str]], rounding: Rounding
) -> None:
    """For every base and rate; and the totals are the sums, to the cent."""
    found = _exact(items, rounding)
    taxes = [each for line_ in found.lines for each in line_.taxes]
    assert found.totals.added + found.totals.in_price == sum((each.amount for each in taxes), Decimal(0))
    assert found.totals.total - found.totals.goods == found.totals.added


@given(
    items=st.lists(st.tuples(cents, rates, st.sampled_from(["icms", "ipi"])), min_size=1, max_size=4),
    rounding=st.sampled_from(["half_up", "half_even"]),
    off=st.integers(min_value=-100, max_value=100),
)
def test_an_amount_holds_exactly_as_far_as_one_cent(
    items: list[tuple[Decimal, Decimal, str]], rounding: Rounding, off: int
) -> None:
    off_by = CENT * off
    first = _rounded(items[0], rounding) + off_by
    if first < 0:
        return
    if abs(off) <= 1:
        _exact(items, rounding, off_by)
    else:
        with pytest.raises(TaxAnswerError, match="arithmetic"):
            _exact(items, rounding, off_by)


def _exact(items: list[tuple[Decimal, Decimal, str]], rounding: Rounding, off_by: Decimal = Decimal(0)) -> Calculated:
    question = quote(*(line("A-1", "1", str(base)) for base, _, _ in items))
    amounts = [_rounded(item, rounding) for item in items]
    amounts[0] += off_by
    lines = tuple(
        ReportedLine(None, {}, base, (tax(kind, str(rate), str(base), str(amount)),))
        for (base, rate, kind), amount in zip(items, amounts, strict=True)
    )
    total = sum(amounts, Decimal(0))
    reported = ReportedTaxes(lines, tuple({} for _ in lines), False, ReportedTotals(taxes=total))
    return checked(question, reported, replace(POLICY, rounding=rounding))


def _rounded(item: tuple[Decimal, Decimal, str], rounding: Rounding) -> Decimal:
    mode = ROUND_HALF_UP if rounding == "half_up" else ROUND_HALF_EVEN
    return (item[0] * item[1]).quantize(CENT, mode)


@pytest.mark.parametrize(
    ("answered", "refused"),
    [("33333.00", False), ("33332.95", False), ("33332.94", True), ("33333.06", True)],
    ids=["as asked", "each rounded down", "more than that", "more than that upwards"],
)
def test_a_price_of_one_that_the_erp_rounds_moves_a_line_of_many_by_no_more(answered: str, refused: bool) -> None:
    """A thousand pieces at four decimals: 5 cents, and half a cent for the line itself."""
    policy = replace(POLICY, price_decimals=4, untaxed_lines=True)
    question = quote(line("A-1", "1000", "33.3330"))
    found = ReportedLine(id="1", echoes={}, goods=Decimal(answered), taxes=())
    reported = ReportedTaxes((found,), ({"id": "1"},), by_id=True)
    if refused:
        assert refusal(reported, policy, question).reason == "goods_differ"
    else:
        assert checked(question, reported, policy).totals.goods == Decimal(answered)


def test_what_is_to_be_told_with_an_answer_is_told() -> None:
    reported = replace(answer(), notes=(ReportedNote("draft_left", {"draft": "7"}),))
    assert [(note.code, note.details) for note in checked(QUESTION, reported, POLICY).warnings] == [
        ("draft_left", {"draft": "7"})
    ]
