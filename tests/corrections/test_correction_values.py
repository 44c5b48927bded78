"""Canonical values as text and back: exact, and the same text that the comparison writes into findings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.compare.layout import MAX_SHOWN_CHARACTERS, value_as_text
from reconciler.connectors.write.current_record import Unreadable
from reconciler.corrections.values import ValueTextError, canonical_text, text_of, typed_value, was_cut
from reconciler.mapping.reading import Form
from reconciler.model.entities import FieldType

_T = FieldType
_AMOUNTS = st.decimals(min_value=-(10**17), max_value=10**17, places=10) | st.integers(-(10**9), 10**9).map(Decimal)
_INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
_TYPED: dict[FieldType, st.SearchStrategy[Form]] = {
    _T.DECIMAL: _AMOUNTS,
    _T.BOOLEAN: st.booleans(),
    _T.DATE: st.dates(),
    _T.TIMESTAMP: _INSTANTS,
}


_TYPED_BY_PEOPLE = [" ABC ", "1.50", "TRUE", "2026-05-02T10:00:00-03:00", "11.222.333/0001-81"]


@pytest.mark.parametrize("kind", list(_TYPED), ids=str)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_typed_value_survives_its_text(kind: FieldType, data: st.DataObject) -> None:
    value = data.draw(_TYPED[kind])
    text = text_of(value)
    assert typed_value(kind, text) == value
    assert canonical_text(kind, text) == text


@pytest.mark.parametrize("kind", list(_T), ids=str)
@settings(max_examples=60, deadline=None)
@given(
    text=st.text(max_size=20)
    | st.sampled_from([" ABC ", "1.50", "TRUE", "2026-05-02T10:00:00-03:00", "11.222.333/0001-81"])
)
def test_what_was_made_canonical_once_stays_as_it_is(kind: FieldType, text: str) -> None:
    try:
        once = canonical_text(kind, text)
    except ValueTextError:
        return
    assert canonical_text(kind, once) == once


@pytest.mark.parametrize(
    ("kind", "sql_type"),
    [(_T.DECIMAL, "DECIMAL(28,10)"), (_T.BOOLEAN, "BOOLEAN"), (_T.DATE, "DATE"), (_T.TIMESTAMP, "TIMESTAMPTZ")],
    ids=str,
)
def test_the_text_is_the_one_of_findings(kind: FieldType, sql_type: str) -> None:
    """Else what was approved and what is read before the write would differ in spelling only."""
    values: list[Form] = []

    @settings(max_examples=50, deadline=None, database=None)
    @given(_TYPED[kind])
    def collect(value: Form) -> None:
        values.append(value)

    collect()
    with duckdb.connect() as session:
        for value in {*values, *_CORNERS[kind]}:
            written = value.isoformat() if isinstance(value, date) else str(value)
            shown = value_as_text(kind, "v")
            row = session.execute(f"SELECT {shown} FROM (SELECT CAST(? AS {sql_type}) AS v)", [written])
            assert row.fetchall() == [(text_of(value),)]


_CORNERS: dict[FieldType, list[Form]] = {
    _T.DECIMAL: [
        Decimal(0),
        Decimal("-0.0"),
        Decimal("1E+3"),
        Decimal("0.0000000001"),
        Decimal("100.00"),
        Decimal("-7.50"),
    ],
    _T.BOOLEAN: [True, False],
    _T.DATE: [date(1, 1, 1), date(9999, 12, 31)],
    _T.TIMESTAMP: [datetime(2026, 5, 2, 10, 0, 0, 120000, UTC), datetime(2026, 5, 2, tzinfo=UTC)],
}


@pytest.mark.parametrize(
    ("kind", "typed", "text"),
    [
        (_T.DECIMAL, " +1500.50 ", "1500.5"),
        (_T.DECIMAL, "1e3", "1000"),
        (_T.DOCUMENT, "11.222.333/0001-81", "11222333000181"),
        (_T.EMAIL, " Compras@Example.com ", "compras@example.com"),
        (_T.CODE, " 00a ", "00A"),
        (_T.TEXT, "Ac\u0327a\u0303o  Ltda", "Ação  Ltda"),
        (_T.TIMESTAMP, "2026-05-02T10:00:00.50-03:00", "2026-05-02T13:00:00.5Z"),
        (_T.BOOLEAN, "True", "true"),
        (_T.DATE, "2026-05-02 ", "2026-05-02"),
        (_T.TEXT, " \u00a0 ", None),
        (_T.DIGITS, "( ) -", None),
        (_T.DECIMAL, None, None),
    ],
    ids=str,
)
def test_what_a_person_typed_is_read_where_it_means_one_value(
    kind: FieldType, typed: str | None, text: str | None
) -> None:
    assert canonical_text(kind, typed) == text


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (_T.DECIMAL, "1.234,56", "is not a number written as 1234.56"),
        (_T.DECIMAL, "NaN", "is not a number written as 1234.56"),
        (_T.DECIMAL, "0.12345678901", "has more than 10 decimals"),
        (_T.DOCUMENT, "11222333000182", "is not a CNPJ: check digits or shape"),
        (_T.DOCUMENT, "1122", "has neither 14 characters (CNPJ) nor 11 digits (CPF)"),
        (_T.BOOLEAN, "1", "is not 'true' or 'false'"),
        (_T.DATE, "02/05/2026", "is not a day written as 2026-05-31"),
        (_T.DATE, "2026-02-30", "does not exist in the calendar or on the clock"),
        (_T.TIMESTAMP, "2026-05-02T10:00:00", "is not a moment written as 2026-05-31T23:59:59-03:00"),
        (_T.TIMESTAMP, "2026-05-02", "is not a moment written as 2026-05-31T23:59:59-03:00"),
        (_T.TEXT, "x" * 65_537, "is longer than 65536 characters"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_is_no_value_is_refused_with_its_reason(kind: FieldType, text: str, reason: str) -> None:
    with pytest.raises(ValueTextError) as caught:
        typed_value(kind, text)
    assert caught.value.reason == reason


def test_an_instant_of_any_zone_is_told_in_utc() -> None:
    moment = datetime(2026, 5, 2, 10, 0, tzinfo=timezone(timedelta(hours=-3)))
    assert text_of(moment) == "2026-05-02T13:00:00Z"


@pytest.mark.parametrize("value", [datetime(2026, 5, 2, 10, 0), Decimal("Infinity")], ids=["naive", "infinite"])  # noqa: DTZ001
def test_what_has_no_canonical_text_is_a_mistake_of_the_caller(value: Form) -> None:
    with pytest.raises(ValueError, match=r"an instant|an amount"):
        text_of(value)


def test_an_unreadable_value_is_told_as_it_is_shown() -> None:
    assert text_of(Unreadable("mil reais")) == "mil reais"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("x" * (MAX_SHOWN_CHARACTERS - 1) + "…", True),
        ("x" * MAX_SHOWN_CHARACTERS, False),
        ("Alfa…", False),
        (None, False),
    ],
    ids=["cut", "as long as shown", "an ellipsis of its own", "nothing"],
)
def test_a_value_that_a_finding_shows_in_part_is_recognised(text: str | None, *, cut: bool) -> None:
    assert was_cut(text) is cut
