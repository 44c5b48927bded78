"""How the page reads and writes numbers: exactly, and never one for another."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.service.page.figures import AmbiguousNumberError, Figures

PORTUGUESE = Figures(",", "%d/%m/%Y", ZoneInfo("America/Sao_Paulo"))
ENGLISH = Figures(".", "%Y-%m-%d", ZoneInfo("America/Sao_Paulo"))

READ = [
    ("4928,84", "4928.84", "4928.84"),
    ("4928.84", "4928.84", "4928.84"),
    ("1.234,56", "1234.56", None),
    ("1,234.56", None, "1234.56"),
    ("1.234", "?", "1.234"),
    ("1,234", "1.234", "?"),
    ("0,125", "0.125", "0.125"),
    ("0.125", "0.125", "0.125"),
    ("1.234.567", "1234567", None),
    ("1,234,567", None, "1234567"),
    (" 12 345,5 ", "12345.5", "12345.5"),
    ("12", "12", "12"),
    ("-1", "-1", "-1"),
    ("1,2,3", None, None),
    ("1.23.456,00", None, None),
    ("abc", None, None),
]


@pytest.mark.parametrize(("typed", "in_portuguese", "in_english"), READ)
def test_a_typed_number_has_one_meaning_or_none(typed: str, in_portuguese: str | None, in_english: str | None) -> None:
    """None: what comes back is no plain decimal, so that the engine refuses it. `?`: both meanings are named."""
    for figures, expected in ((PORTUGUESE, in_portuguese), (ENGLISH, in_english)):
        if expected == "?":
            with pytest.raises(AmbiguousNumberError):
                figures.read(typed)
        elif expected is None:
            found = figures.read(typed)
            assert not found.replace(".", "", 1).isdecimal(), found
        else:
            assert figures.read(typed) == expected


AMOUNTS = st.decimals(min_value=0, max_value=10**11, places=2, allow_nan=False)


@given(AMOUNTS, st.sampled_from([PORTUGUESE, ENGLISH]))
def test_an_amount_is_shown_to_the_cent_and_what_is_typed_reads_back(amount: Decimal, figures: Figures) -> None:
    shown = figures.amount(amount)
    groups = "." if figures.decimal_mark == "," else ","
    assert Decimal(shown.replace(groups, "").replace(figures.decimal_mark, ".")) == amount
    assert Decimal(figures.read(figures.typed(amount))) == amount
    assert len(shown.rpartition(figures.decimal_mark)[2]) >= 2


def test_shapes() -> None:
    assert PORTUGUESE.amount(Decimal("-1234567.5")) == "-1.234.567,50"
    assert PORTUGUESE.amount(Decimal("-0.5")) == "-0,50"
    assert ENGLISH.rate(Decimal("0.0165")) == "1.65 %"
    assert [PORTUGUESE.age(each) for each in (0.4, 61, 3725, 90_000)] == ["0 s", "1 min 1 s", "1 h 2 min", "1 d 1 h"]
