"""What a quote carries against the ERP's answer: each difference with its cause and the value at stake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.findings import Cause
from reconciler.model.taxes import Buyer, Charge, Destination, QuoteLine, Tax, TaxKind, TaxQuestion
from reconciler.taxes.answer import Calculated, LineTaxes, Totals
from reconciler.taxes.drift import CarriedLine, Member, Places, QuoteDrift, StatedTax, drift_of
from reconciler.taxes.drift_document import carried_document, drift_document

D = Decimal
ICMS, IPI, PIS, CBS = TaxKind.ICMS, TaxKind.IPI, TaxKind.PIS, TaxKind.CBS
ALL = frozenset(Member)
PLACES: Places = {ICMS: ALL, IPI: ALL, PIS: ALL, CBS: ALL}

TAX = Tax(ICMS, Charge.IN_PRICE, D("0.12"), D("1000.00"), D("120.00"))
"""What the ERP answers in most of these tests, and what a quote without drift carries."""
CARRIED = StatedTax(ICMS, D("0.12"), D("1000.00"), D("120.00"), True)


def answered(*taxes: Tax, lines: int = 1) -> tuple[TaxQuestion, Calculated]:
    """A question of so many lines, and the same answer to each."""
    asked = tuple(QuoteLine(str(place), f"P{place}", D(1), D(1000)) for place in range(1, lines + 1))
    paid = sum((tax.amount for tax in taxes if tax.charge is not Charge.INFORMATIVE), D("0.00"))
    question = TaxQuestion(Buyer("11222333000181"), Destination(), date(2026, 11, 22), asked)
    totals = Totals(D(1000) * lines, D(0), D(0), D(0))
    return question, Calculated(tuple(LineTaxes(D(1000), taxes, paid) for _ in asked), totals)


def drift(carried: Sequence[StatedTax], *taxes: Tax, places: Places = PLACES) -> QuoteDrift:
    return drift_of([CarriedLine("1", "P1", tuple(carried))], *answered(*taxes), places)


def changed(**values: object) -> StatedTax:
    said = {member.value: CARRIED.value(member) for member in Member}
    return StatedTax(ICMS, **{**said, **values})  # type: ignore[arg-type]  # names and types of StatedTax


def test_a_quote_that_carries_the_answer_has_no_drift() -> None:
    found = drift([CARRIED], TAX)
    assert not found.differences
    assert not found.carries_none
    assert found.at_stake == 0
    assert drift_document(found)["status"] == "none"


@pytest.mark.parametrize(
    ("carried", "cause", "members", "at_stake"),
    [
        (changed(rate=D("0.07"), amount=D("70.00")), Cause.STALE_RATE, "rate amount", "50.00"),
        (changed(base=D("900.00"), amount=D("108.00")), Cause.OTHER_BASE, "base amount", "12.00"),
        (changed(rate=D("0.10"), base=D("900"), amount=D("90")), Cause.UNEXPLAINED, "rate base amount", "30.00"),
        (changed(amount=D("119.00")), Cause.ROUNDING, "amount", "1.00"),
        (changed(amount=D("113.37")), Cause.UNEXPLAINED, "amount", "6.63"),
        (changed(in_price=False), Cause.OTHER_CHARGE, "in_price", "120.00"),
        (changed(rate=None, base=None, amount=D("140.00")), Cause.UNEXPLAINED, "amount", "20.00"),
        (changed(amount=None), Cause.TAX_MISSING, "rate base amount in_price", "120.00"),
        (changed(amount=D(0)), Cause.TAX_MISSING, "rate base amount in_price", "120.00"),
    ],
    ids=[
        "stale rate",
        "other base",
        "both",
        "rounded",
        "amount alone",
        "in price",
        "no more than an amount",
        "a rate without an amount",
        "zero",
    ],
)
def test_a_difference_has_a_cause_and_a_value(carried: StatedTax, cause: Cause, members: str, at_stake: str) -> None:
    answer = TAX if cause is not Cause.ROUNDING else Tax(ICMS, Charge.IN_PRICE, D("0.12"), D("1000"), D("119.40"))
    found = drift([carried], answer)
    (difference,) = found.differences
    assert (difference.cause, " ".join(difference.members)) == (cause, members)
    assert difference.at_stake == found.at_stake == (D(at_stake) if cause is not Cause.ROUNDING else D("0.40"))


@pytest.mark.parametrize(
    ("carried", "drifted"),
    [
        (changed(amount=D("120.01")), False),
        (changed(amount=D("119.98")), True),
        (changed(base=D("1000.01")), False),
        (changed(base=D("999.98")), True),
        (changed(rate=D("0.12001")), False),
        (changed(rate=D("0.12002")), True),
    ],
    ids=["a cent", "two cents", "a cent of the base", "two of it", "a cent by the rate", "two by it"],
)
def test_a_cent_is_no_drift(carried: StatedTax, drifted: bool) -> None:
    """The tolerance of R$ 0.01 counts itself in; a rate is measured by what it makes of the base."""
    assert bool(drift([carried], TAX).differences) is drifted


def test_a_tax_on_one_side_only() -> None:
    ipi = Tax(IPI, Charge.ADDED, D("0.05"), D("1000.00"), D("50.00"))
    nothing = Tax(PIS, Charge.IN_PRICE, D(0), D(1000), D("0.00"))
    missing = drift([CARRIED], TAX, ipi, nothing)
    assert [(each.kind, each.cause, each.carried) for each in missing.differences] == [(IPI, Cause.TAX_MISSING, None)]
    assert (missing.at_stake, missing.owed) == (D("50.00"), D("50.00"))
    not_due = drift([CARRIED, StatedTax(IPI, None, None, D("50.00"), False)], TAX, nothing)
    assert [(each.kind, each.cause, each.answered) for each in not_due.differences] == [(IPI, Cause.TAX_NOT_DUE, None)]
    assert (not_due.at_stake, not_due.owed) == (D("50.00"), D("-50.00"))


def test_a_quote_without_any_tax_says_so_of_each() -> None:
    ipi = Tax(IPI, Charge.ADDED, D("0.05"), D("1000.00"), D("50.00"))
    found = drift([], TAX, ipi)
    assert found.carries_none
    assert {each.cause for each in found.differences} == {Cause.TAXES_NOT_CARRIED}
    assert found.at_stake == D("170.00")


def test_too_much_here_never_hides_too_little_there() -> None:
    """Sums of distances, over lines and kinds."""
    question, answer = answered(TAX, lines=2)
    lines = [
        CarriedLine("1", "P1", (changed(amount=D("130.00")),)),
        CarriedLine("2", "P2", (changed(amount=D("110.00")),)),
    ]
    found = drift_of(lines, question, answer, PLACES)
    document = drift_document(found)
    assert found.at_stake == D("20.00")
    assert [(line["line"], line["value_at_stake"]) for line in document["lines"]] == [("1", "10.00"), ("2", "10.00")]


def test_a_line_that_one_side_lacks_counts_as_one_without_taxes() -> None:
    question, answer = answered(TAX, lines=2)
    lines = [CarriedLine("1", "P1", (CARRIED,)), CarriedLine("9", "P9", (CARRIED,))]
    found = drift_of(lines, question, answer, PLACES)
    assert [(each.label, each.sku, each.cause) for each in found.differences] == [
        ("2", "P2", Cause.TAX_MISSING),
        ("9", "P9", Cause.TAX_NOT_DUE),
    ]


def test_only_what_the_quote_can_hold_is_compared() -> None:
    cbs = Tax(CBS, Charge.INFORMATIVE, D("0.009"), D("1000.00"), D("9.00"))
    places: Places = {ICMS: frozenset({Member.AMOUNT})}
    found = drift([changed(rate=D("0.5"), base=D(1))], TAX, cbs, places=places)
    assert (found.differences, found.not_kept) == ((), (CBS,))
    (shown,) = drift([changed(amount=D("1.00"))], TAX, places=places).differences
    assert shown.answered == StatedTax(ICMS, amount=D("120.00"))


def test_what_is_only_informative_differs_without_a_value() -> None:
    cbs = Tax(CBS, Charge.INFORMATIVE, D("0.009"), D("1000.00"), D("9.00"))
    found = drift([CARRIED], TAX, cbs)
    assert [(each.kind, each.at_stake) for each in found.differences] == [(CBS, D("0.00"))]


def test_a_tax_that_the_erp_splits_is_compared_as_one() -> None:
    halves = [Tax(ICMS, Charge.IN_PRICE, D("0.06"), D("1000.00"), D("60.00"))] * 2
    assert not drift([CARRIED], *halves).differences
    assert drift([changed(amount=D("60.00"))], *halves).at_stake == D("60.00")


def test_where_only_the_sum_is_kept_the_sums_are_compared() -> None:
    question, answer = answered(TAX, Tax(IPI, Charge.ADDED, D("0.05"), D("1000.00"), D("50.00")))
    totals = (D("170.00"), D("120.00"), None)
    found = [drift_of([CarriedLine("1", "P1", (), total)], question, answer, {}) for total in totals]
    assert [each.at_stake for each in found] == [D(0), D("50.00"), D("170.00")]
    assert [[(one.kind, one.cause) for one in each.differences] for each in found[1:]] == [
        [(None, Cause.UNEXPLAINED)],
        [(None, Cause.TAXES_NOT_CARRIED)],
    ]


def test_documents_have_amounts_as_text() -> None:
    carried = carried_document([CarriedLine("1", "P1", (changed(rate=D("0.07"), amount=D("70")),), D("70"))])
    assert carried == {
        "lines": [
            {
                "line": "1",
                "sku": "P1",
                "taxes": [{"kind": "icms", "rate": "0.07", "base": "1000.00", "amount": "70.00", "in_price": True}],
                "taxes_total": "70.00",
            }
        ]
    }
    (line,) = drift_document(drift([changed(rate=D("0.07"), amount=D("70"))], TAX))["lines"]
    (difference,) = line["differences"]
    assert difference["erp"] == {"rate": "0.12", "base": "1000.00", "amount": "120.00", "in_price": True}
    assert (difference["members"], difference["value_at_stake"]) == (["rate", "amount"], "50.00")


CENTS = st.integers(0, 10**9).map(lambda cents: D(cents) / 100)
RATES = st.integers(0, 10_000).map(lambda rate: D(rate) / 10_000)
STATED = st.builds(
    StatedTax,
    st.sampled_from((ICMS, IPI, PIS)),
    st.none() | RATES,
    st.none() | CENTS,
    CENTS,
    st.none() | st.booleans(),
)
TAXES = st.lists(
    st.builds(
        Tax, st.sampled_from((ICMS, IPI, PIS)), st.sampled_from((Charge.ADDED, Charge.IN_PRICE)), RATES, CENTS, CENTS
    ),
    max_size=3,
    unique_by=lambda tax: tax.kind,
)


@settings(max_examples=50)
@given(TAXES)
def test_law_what_carries_the_answer_never_drifts(taxes: list[Tax]) -> None:
    same = [StatedTax(tax.kind, tax.rate, tax.base, tax.amount, tax.charge is Charge.IN_PRICE) for tax in taxes]
    assert not drift(same, *taxes).differences


@settings(max_examples=50)
@given(st.lists(STATED, max_size=3, unique_by=lambda tax: tax.kind), TAXES)
def test_law_the_value_at_stake_covers_what_the_total_changes_by(carried: list[StatedTax], taxes: list[Tax]) -> None:
    """And nothing at stake but a cent is ever left out: without a difference the amounts agree."""
    found = drift(carried, *taxes)
    assert all(each.at_stake >= 0 for each in found.differences)
    assert abs(found.owed) <= found.at_stake
    told = {each.kind for each in found.differences}
    for kind in (ICMS, IPI, PIS):
        one = sum((tax.amount or D(0) for tax in carried if tax.kind is kind), D(0))
        other = sum((tax.amount for tax in taxes if tax.kind is kind), D(0))
        assert kind in told or abs(one - other) <= D("0.01")
