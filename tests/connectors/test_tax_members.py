"""Numbers of an answer are read as every other number is, whichever way is the shorter one."""

from __future__ import annotations

from decimal import Context, Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.connectors.tax.members import Members
from reconciler.errors import TaxAnswerError
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.json_values import is_empty
from reconciler.mapping.numbers_plain import decimal_plain
from reconciler.model.taxes import plain_number

_SCALARS = st.one_of(
    st.text("0123456789.,-+eE ", max_size=24),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.none(),
    st.just([]),
    st.just({"a": 1}),
)


@given(_SCALARS, st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
@example("1.234,56", True, False)
@example("-0,00", True, True)
@example("123456789012345678", False, False)
@example("0.12345678901", False, False)
@example(True, False, False)
@example(" ", False, False)
def test_a_number_is_what_the_definition_says_or_refused(found: object, comma: bool, percent: bool) -> None:
    read = Members("erp", comma=comma).number("value", percent=percent)
    expected: Decimal | str
    try:
        expected = decimal_plain(found, "decimal_comma" if comma else "decimal")
    except UnreadableValueError:
        expected = "value_missing" if is_empty(found) else "value_unreadable"
    got: Decimal | str
    try:
        got = read({"value": found}, "1")  # type: ignore[dict-item]  # what an ERP may send
    except TaxAnswerError as error:
        got = error.reason
    assert got == (expected.scaleb(-2) if percent and isinstance(expected, Decimal) else expected)


@pytest.mark.parametrize("part", [{}, {"other": "1"}, [], "text", None], ids=["empty", "other", "list", "text", "null"])
def test_what_is_not_there_is_missing(part: object) -> None:
    with pytest.raises(TaxAnswerError) as refused:
        Members("erp", comma=False).number("value")(part, "1")  # type: ignore[arg-type]  # what an ERP may send
    assert refused.value.reason == "value_missing"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
@settings(max_examples=200, deadline=None)
@example(Decimal("1E+3"))
@example(Decimal("100"))
@example(Decimal("0.00"))
@example(Decimal("-0"))
@example(Decimal("12.3400"))
@example(Decimal("1E-7"))
def test_a_plain_number_has_neither_exponent_nor_zeros_at_its_end(number: Decimal) -> None:
    assert plain_number(number) == f"{number.normalize(Context(prec=120)):f}"
