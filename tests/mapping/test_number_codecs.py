"""Decimals and booleans: exact, strict, and the same in columns as one by one."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.column import read_column
from reconciler.mapping.numbers import decimals_of_numbers, decimals_of_texts
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import read_value
from reconciler.model.entities import FieldType

_PATHS = (parse_path("x"),)
_ZERO = Decimal("0E-10")


def _decimal(codec: str = "decimal") -> FieldMapping:
    return FieldMapping("x", FieldType.DECIMAL, _PATHS, codec)


def _boolean(codec: str = "boolean", codes: dict[str, str | bool] | None = None) -> FieldMapping:
    return FieldMapping("x", FieldType.BOOLEAN, _PATHS, codec, codes=codes or {})


@pytest.mark.parametrize(
    ("codec", "raw", "expected"),
    [
        ("decimal", 1500, "1500"),
        ("decimal", 0, "0"),
        ("decimal", -3, "-3"),
        ("decimal", 4928.84, "4928.84"),
        ("decimal", 0.1, "0.1"),
        ("decimal", 1e-10, "0.0000000001"),
        ("decimal", -0.0, "0"),
        ("decimal", 1e17, "100000000000000000"),
        ("decimal", 123456789012345.67, "123456789012345.67"),
        ("decimal", 1234.5600000000002, "1234.56"),
        ("decimal", 0.30000000000000004, "0.3"),
        ("decimal", 999999999999999999, "999999999999999999"),
        ("decimal", "4928.8400", "4928.84"),
        ("decimal", "  12.5 ", "12.5"),
        ("decimal", "+1.5", "1.5"),
        ("decimal", "-1.5", "-1.5"),
        ("decimal", "-0", "0"),
        ("decimal", ".5", "0.5"),
        ("decimal", "1E+3", "1000"),
        ("decimal", "1.85e5", "185000"),
        ("decimal", "0e999", "0"),
        ("decimal", "0001.50", "1.5"),
        ("decimal", "1.00000000000000000000", "1"),
        ("decimal", "999999999999999999.9999999999", "999999999999999999.9999999999"),
        ("decimal", {"$": "12.5"}, "12.5"),
        ("decimal", {"$": 12.5}, "12.5"),
        ("decimal_comma", "1.234,56", "1234.56"),
        ("decimal_comma", "1234,56", "1234.56"),
        ("decimal_comma", "1.234.567,8", "1234567.8"),
        ("decimal_comma", "1.234", "1234"),
        ("decimal_comma", "-0,01", "-0.01"),
        ("decimal_comma", ",5", "0.5"),
        ("decimal_comma", "0,00", "0"),
        ("decimal_comma", 1234.56, "1234.56"),
        ("decimal_comma", 7, "7"),
        ("fraction", "0.0750", "7.5"),
        ("fraction", 0.1, "10"),
        ("fraction", 0, "0"),
        ("fraction", "-0.125", "-12.5"),
        ("fraction", "1234567890123456.7890123456", "123456789012345678.90123456"),
    ],
)
def test_a_number_is_read_exactly(codec: str, raw: object, expected: str) -> None:
    reading = read_value(_decimal(codec), raw)
    assert reading.problem is None
    assert str(reading.form) == str(Decimal(expected).quantize(_ZERO))
    assert read_column(_decimal(codec), [None, raw]).form.to_list() == [None, Decimal(expected)]


@pytest.mark.parametrize(
    ("codec", "raw", "reason"),
    [
        ("decimal", "1,234.56", "1234.56"),
        ("decimal", "1.234,56", "1234.56"),
        ("decimal", "12,5", "1234.56"),
        ("decimal", "R$ 12.50", "1234.56"),
        ("decimal", "1_000", "1234.56"),
        ("decimal", "0x10", "1234.56"),
        ("decimal", "5.", "1234.56"),
        ("decimal", "1 000", "1234.56"),
        ("decimal", "١٢", "1234.56"),
        ("decimal", "１２", "1234.56"),
        ("decimal", "NaN", "1234.56"),
        ("decimal", "Infinity", "1234.56"),
        ("decimal", "--1", "1234.56"),
        ("decimal", "1e9999", "1234.56"),
        ("decimal_comma", "1,234.56", "1.234,56"),
        ("decimal_comma", "1234.56", "1.234,56"),
        ("decimal_comma", "1.23,4", "1.234,56"),
        ("decimal_comma", "12.34.567,8", "1.234,56"),
        ("decimal_comma", "1,2,3", "1.234,56"),
        ("decimal_comma", "12,50-", "1.234,56"),
        ("decimal_comma", "(12,50)", "1.234,56"),
        ("decimal_comma", "0,12345678901", "10 decimals"),
        ("decimal_comma", "1.000.000.000.000.000.000,5", "18 digits"),
        ("fraction", "0,5", "1234.56"),
        ("fraction", "10000000000000000", "18 digits"),
        ("decimal", "0.12345678901", "10 decimals"),
        ("decimal", math.nan, "finite"),
        ("decimal", math.inf, "finite"),
        ("decimal", -math.inf, "finite"),
        ("decimal", 10**18, "18 digits"),
        ("decimal", 10**400, "18 digits"),
        ("decimal", 1e18, "18 digits"),
        ("decimal", 1e300, "18 digits"),
        ("decimal", "1000000000000000000", "18 digits"),
        ("decimal", "1e18", "18 digits"),
        ("decimal", "0.00000000001", "10 decimals"),
        ("decimal", "1e-11", "10 decimals"),
        ("decimal", "1e-999", "10 decimals"),
        ("decimal", 1e-11, "10 decimals"),
        ("decimal", 1 / 3, "10 decimals"),
        ("decimal", True, "not a number"),
        ("decimal", [1], "not a number"),
        ("decimal", {"value": 1}, "not a number"),
        ("decimal", "9" * 201, "too long"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_not_exactly_a_number_is_a_problem(codec: str, raw: object, reason: str) -> None:
    reading = read_value(_decimal(codec), raw)
    assert reading.form is None
    assert reading.problem is not None
    assert reason in reading.problem.reason
    column = read_column(_decimal(codec), [raw, None])
    assert column.form.to_list() == [None, None]
    assert column.problems == {0: reading.problem}


@pytest.mark.parametrize("raw", [None, "", "  ", "\u00a0", {}, [], {"$": None}, {"$": ""}], ids=repr)
@pytest.mark.parametrize("kind", list(FieldType))
def test_an_empty_value_is_null_in_every_type(kind: FieldType, raw: object) -> None:
    codec = {FieldType.DECIMAL: "decimal_comma", FieldType.BOOLEAN: "boolean_sn"}.get(kind)
    field = FieldMapping("x", kind, _PATHS, codec or {"date": "date", "timestamp": "timestamp"}.get(kind, "text"))
    assert read_value(field, raw) == (None, None, None)
    column = read_column(field, [raw, raw])
    assert column.form.to_list() == [None, None]
    assert column.problems == {}


@given(
    cents=st.integers(-(10**15) + 1, 10**15 - 1),
    decimals=st.integers(0, 10),
)
def test_a_float_of_up_to_15_digits_is_the_decimal_it_was_written_as(cents: int, decimals: int) -> None:
    written = Decimal(cents).scaleb(-decimals)
    raw = float(written)
    assert Decimal(repr(raw)) == written
    assert read_value(_decimal(), raw).form == written
    assert read_column(_decimal(), [raw]).form.to_list() == [written]


@given(
    numbers=st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.floats(-1e6, 1e6).map(lambda x: round(x, 4))))
)
def test_a_column_of_numbers_equals_the_plain_definition(numbers: list[object]) -> None:
    readings = [read_value(_decimal(), number) for number in numbers]
    column = read_column(_decimal(), list(numbers))
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}


@given(numbers=st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=30))
def test_a_decided_float_is_exactly_its_shortest_text(numbers: list[float]) -> None:
    neighbours = [near for number in numbers for near in (round(number, 2), math.nextafter(round(number, 2), math.inf))]
    form, undecided = decimals_of_numbers(neighbours)
    for place, (number, decimal) in enumerate(zip(neighbours, form.to_list(), strict=True)):
        assert (decimal is None) is (place in undecided)
        assert decimal is None or decimal == Decimal(repr(number))


def test_amounts_are_decided_in_columns_and_not_one_by_one() -> None:
    amounts = [float(Decimal(cents).scaleb(-2)) for cents in range(-50_000, 50_000, 7)]
    assert decimals_of_numbers(amounts).undecided == []
    texts = [f"{amount:.2f}" for amount in amounts]
    assert decimals_of_texts(texts, "decimal").undecided == []
    commas = [f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") for amount in amounts]
    form, undecided = decimals_of_texts(commas, "decimal_comma")
    assert undecided == []
    assert form.to_list() == [Decimal(text) for text in texts]


@pytest.mark.parametrize("codec", ["decimal", "decimal_comma"])
@given(texts=st.lists(st.text(alphabet="0123456789.,-+eE \x1f\x00９é", max_size=24), max_size=12))
def test_a_column_of_number_texts_equals_the_plain_definition(codec: str, texts: list[str]) -> None:
    readings = [read_value(_decimal(codec), text) for text in texts]
    column = read_column(_decimal(codec), list(texts))
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}


@pytest.mark.parametrize(
    ("codec", "raw", "expected"),
    [
        ("boolean", True, True),
        ("boolean", False, False),
        ("boolean", 1, True),
        ("boolean", 0, False),
        ("boolean", "1", True),
        ("boolean", "0", False),
        ("boolean", "TRUE", True),
        ("boolean_text", "true", True),
        ("boolean_text", " False ", False),
        ("boolean_text", True, True),
        ("boolean_sn", "S", True),
        ("boolean_sn", "n", False),
        ("boolean_sn", False, False),
        ("boolean_sn", {"$": "S"}, True),
    ],
)
def test_a_boolean_is_read_as_its_codec_says(codec: str, raw: object, expected: bool) -> None:
    assert read_value(_boolean(codec), raw).form is expected
    assert read_column(_boolean(codec), [raw, None, raw]).form.to_list() == [expected, None, expected]


@pytest.mark.parametrize(
    ("codec", "raw"),
    [
        ("boolean", "S"),
        ("boolean", 2),
        ("boolean", 1.0),
        ("boolean", "yes"),
        ("boolean_text", 1),
        ("boolean_text", "1"),
        ("boolean_text", "S"),
        ("boolean_sn", "Sim"),
        ("boolean_sn", "true"),
        ("boolean_sn", 1),
        ("boolean", [True]),
    ],
)
def test_what_is_not_a_boolean_is_a_problem(codec: str, raw: object) -> None:
    reading = read_value(_boolean(codec), raw)
    assert reading.form is None
    assert reading.problem is not None
    assert read_column(_boolean(codec), [True, raw]).problems == {1: reading.problem}


def test_the_text_false_is_not_true() -> None:
    assert read_column(_boolean("boolean_text"), ["false", "true"]).form.to_list() == [False, True]


@given(
    values=st.lists(st.one_of(st.booleans(), st.integers(-1, 2), st.just(1.0), st.none(), st.sampled_from("SNsn10x")))
)
def test_equal_looking_values_of_other_types_are_told_apart_in_a_column(values: list[object]) -> None:
    for codec in ("boolean", "boolean_text", "boolean_sn"):
        readings = [read_value(_boolean(codec), value) for value in values]
        column = read_column(_boolean(codec), list(values))
        assert column.form.to_list() == [reading.form for reading in readings]
        assert set(column.problems) == {place for place, reading in enumerate(readings) if reading.problem}


def test_codes_are_looked_up_before_the_codec() -> None:
    field = _boolean("boolean_sn", {"A": True, "I": False, "1": False})
    assert read_column(field, ["A", " I ", 1, "S", "N", None, True]).form.to_list() == [
        True, False, False, True, False, None, True,
    ]  # fmt: skip


def test_an_unknown_code_of_a_boolean_is_a_problem() -> None:
    assert 0 in read_column(_boolean("boolean", {"A": True}), ["X"]).problems


def test_an_unknown_code_of_a_text_is_kept() -> None:
    field = FieldMapping("x", FieldType.CODE, _PATHS, "text", codes={"10": "open", "true": "closed"})
    assert read_column(field, ["10", 10, 10.0, True, "99", "z", None]).form.to_list() == [
        "OPEN", "OPEN", "OPEN", "CLOSED", "99", "Z", None,
    ]  # fmt: skip


def test_a_code_of_a_decimal_stands_for_a_canonical_number() -> None:
    field = FieldMapping("x", FieldType.DECIMAL, _PATHS, "decimal_comma", codes={"ISENTO": "0.5"})
    assert read_column(field, ["ISENTO", "1,25"]).form.to_list() == [Decimal("0.5"), Decimal("1.25")]


@pytest.mark.parametrize(
    ("raw", "form"),
    [(1203, "1203"), (-5, "-5"), (7.0, "7"), (0, "0"), (2**63 - 1, str(2**63 - 1)), (2**64, str(2**64))],
)
def test_a_number_where_a_code_is_expected_is_its_digits(raw: object, form: str) -> None:
    field = FieldMapping("x", FieldType.CODE, _PATHS, "text")
    assert read_value(field, raw).form == form
    assert read_column(field, [raw, None, "a"]).form.to_list() == [form, None, "A"]
    assert read_column(field, [raw, None]).form.to_list() == [form, None]


@pytest.mark.parametrize("raw", [1.5, 1e22, math.nan, True, [1], {"a": 1}, 10**5000], ids=lambda raw: repr(type(raw)))
def test_what_has_no_exact_text_is_a_problem_where_a_text_is_expected(raw: object) -> None:
    for kind in (FieldType.TEXT, FieldType.CODE, FieldType.EMAIL, FieldType.DIGITS, FieldType.REGISTRATION):
        field = FieldMapping("x", kind, _PATHS, "text")
        column = read_column(field, [raw, "1a"])
        assert list(column.problems) == [0]
        assert column.form[0] is None
        assert column.form[1] is not None
