"""Canonical values written in the vendor's form read back the same, or are refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.br import cnpj

from reconciler.mapping.encode import EncodeError, encode
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping, default_codec
from reconciler.mapping.reading import Form, join_plain, read_value
from reconciler.model.entities import FieldType

_BRAZILIAN = "%d/%m/%Y %H:%M:%S"


def _field(kind: FieldType, codec: str | None = None, paths: int = 1, **options: object) -> FieldMapping:
    parsed = tuple(parse_path(f"x{number}") for number in range(paths))
    return FieldMapping("x", kind, parsed, codec or default_codec(kind), **options)  # type: ignore[arg-type]  # mixed


_NOON = datetime(2026, 5, 2, 15, 0, 0, 0, UTC)
_STATUS = {"10": "open", "20": "CLOSED", "21": "closed"}


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        (_field(FieldType.TEXT), "São  João ", "São  João "),
        (_field(FieldType.CODE), " p1", "P1"),
        (_field(FieldType.DOCUMENT), "16.727.230/0001-97", "16727230000197"),
        (_field(FieldType.EMAIL), "A@Example.com", "a@example.com"),
        (_field(FieldType.DIGITS), "01310-100", "01310100"),
        (_field(FieldType.REGISTRATION), "isento", "ISENTO"),
        (_field(FieldType.DECIMAL), Decimal("1234.560"), 1234.56),
        (_field(FieldType.DECIMAL), Decimal("1500.00"), 1500),
        (_field(FieldType.DECIMAL), Decimal("-0.0"), 0),
        (_field(FieldType.DECIMAL), Decimal("1E+3"), 1000),
        (_field(FieldType.DECIMAL, "decimal_comma"), Decimal("1234.50"), "1234,5"),
        (_field(FieldType.DECIMAL, "fraction"), Decimal("7.25"), 0.0725),
        (_field(FieldType.DECIMAL, "decimal_comma"), Decimal("1E+3"), "1000"),
        (_field(FieldType.BOOLEAN), True, True),
        (_field(FieldType.BOOLEAN, "boolean_text"), False, "false"),
        (_field(FieldType.BOOLEAN, "boolean_sn"), True, "S"),
        (_field(FieldType.BOOLEAN, "boolean_sn"), False, "N"),
        (_field(FieldType.BOOLEAN, codes={"A": True, "I": False}), False, "I"),
        (_field(FieldType.BOOLEAN, codes={"A": True}), False, False),
        (_field(FieldType.CODE, codes=_STATUS), "Open", "10"),
        (_field(FieldType.CODE, codes=_STATUS), "closed", "20"),
        (_field(FieldType.CODE, codes=_STATUS), "other", "OTHER"),
        (_field(FieldType.DATE), date(2026, 5, 2), "2026-05-02"),
        (_field(FieldType.DATE, format="%d/%m/%Y"), date(2026, 5, 2), "02/05/2026"),
        (_field(FieldType.DATE, "timestamp"), date(2026, 5, 2), "2026-05-02T00:00:00-03:00"),
        (_field(FieldType.DATE, "parts"), date(2026, 5, 2), {"__class__": "date", "year": 2026, "month": 5, "day": 2}),
        (_field(FieldType.TIMESTAMP), _NOON, "2026-05-02T12:00:00-03:00"),
        (_field(FieldType.TIMESTAMP, time_zone="UTC"), _NOON, "2026-05-02T15:00:00+00:00"),
        (_field(FieldType.TIMESTAMP, format=_BRAZILIAN), _NOON, "02/05/2026 12:00:00"),
        (_field(FieldType.TIMESTAMP, paths=2, format=_BRAZILIAN, join=True), _NOON, ("02/05/2026", "12:00:00")),
        (
            _field(FieldType.TIMESTAMP, "parts", time_zone="UTC"),
            _NOON,
            {
                "__class__": "datetime",
                "year": 2026,
                "month": 5,
                "day": 2,
                "hour": 15,
                "minute": 0,
                "second": 0,
                "microsecond": 0,
            },
        ),
        (_field(FieldType.TEXT), None, None),
        (_field(FieldType.TEXT), "  ", None),
    ],
)
def test_a_value_is_written_as_its_codec_says(field: FieldMapping, value: Form | None, written: object) -> None:
    encoded = encode(field, value)
    assert encoded == written
    assert type(encoded) is type(written)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (_field(FieldType.DECIMAL), 1.5, "float"),
        (_field(FieldType.DECIMAL), True, "bool"),
        (_field(FieldType.DECIMAL), "1.5", "str"),
        (_field(FieldType.TEXT), 5, "int"),
        (_field(FieldType.BOOLEAN), 1, "int"),
        (_field(FieldType.DATE), _NOON, "datetime"),
        (_field(FieldType.TIMESTAMP), date(2026, 5, 2), "date"),
        (_field(FieldType.TIMESTAMP), _NOON.replace(tzinfo=None), "datetime"),
        (_field(FieldType.DOCUMENT), "16727230000198", "CNPJ"),
        (_field(FieldType.DECIMAL), Decimal("1E-11"), "10 decimals"),
        (_field(FieldType.DECIMAL), Decimal("NaN"), "finite"),
        (_field(FieldType.DECIMAL), Decimal("-Infinity"), "finite"),
        (_field(FieldType.DECIMAL), Decimal("123456789012345.6789"), "changed"),
        (_field(FieldType.TIMESTAMP, format=_BRAZILIAN), _NOON + timedelta(microseconds=1), "changed"),
        (_field(FieldType.CODE, codes=_STATUS), "10", "changed"),
        (_field(FieldType.CODE, codes={"A": "B", "B": "C"}), "A", "changed"),
        (_field(FieldType.TEXT, paths=2, join=True), "Rua", "2 joined parts"),
        (_field(FieldType.DECIMAL, paths=2, join=True), Decimal(1), "2 joined parts"),
        (_field(FieldType.DATE, format="%d/%m/%y"), date(1950, 1, 1), "changed"),
        (_field(FieldType.TIMESTAMP, format=_BRAZILIAN), datetime(2018, 2, 18, 2, 30, 0, 0, UTC), "changed"),
    ],
)
def test_a_value_that_would_not_be_read_back_is_refused(field: FieldMapping, value: Form, reason: str) -> None:
    with pytest.raises(EncodeError, match=reason) as caught:
        encode(field, value)
    assert str(caught.value).startswith("x: ")


def test_an_error_does_not_show_the_value() -> None:
    with pytest.raises(EncodeError) as caught:
        encode(_field(FieldType.DOCUMENT), "16727230000198")
    assert not re.search(r"16727230", str(caught.value))


def _round_trip(field: FieldMapping, value: Form) -> Form | None:
    written = encode(field, value)
    raw = join_plain(list(written)) if isinstance(written, tuple) else written
    return read_value(field, orjson.loads(orjson.dumps(raw))).form


@pytest.mark.parametrize("codec", ["decimal", "decimal_comma"])
@given(number=st.decimals(-(10**9), 10**9, places=6))
def test_decimals_survive_the_round_trip_through_json(codec: str, number: Decimal) -> None:
    assert _round_trip(_field(FieldType.DECIMAL, codec), number) == number


@given(number=st.decimals(-(10**17), 10**17, places=10))
def test_any_decimal_survives_as_text_and_as_a_number_or_is_refused(number: Decimal) -> None:
    assert _round_trip(_field(FieldType.DECIMAL, "decimal_comma"), number) == number
    try:
        again = _round_trip(_field(FieldType.DECIMAL), number)
    except EncodeError:
        again = number
    assert again == number


@pytest.mark.parametrize("codec", ["boolean", "boolean_text", "boolean_sn"])
@pytest.mark.parametrize("value", [True, False])
def test_booleans_survive_the_round_trip_through_json(codec: str, value: bool) -> None:
    assert _round_trip(_field(FieldType.BOOLEAN, codec), value) is value


@pytest.mark.parametrize(
    "field",
    [
        _field(FieldType.DATE),
        _field(FieldType.DATE, format="%d/%m/%Y"),
        _field(FieldType.DATE, "timestamp"),
        _field(FieldType.DATE, "timestamp", time_zone="America/New_York"),
        _field(FieldType.DATE, "timestamp", format=_BRAZILIAN),
        _field(FieldType.DATE, "parts"),
    ],
    ids=lambda field: f"{field.codec} {field.format} {field.time_zone}",
)
@given(day=st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_days_survive_the_round_trip_through_json(field: FieldMapping, day: date) -> None:
    assert _round_trip(field, day) == day


@pytest.mark.parametrize(
    "field",
    [
        _field(FieldType.TIMESTAMP),
        _field(FieldType.TIMESTAMP, time_zone="America/New_York"),
        _field(FieldType.TIMESTAMP, "parts", time_zone="UTC"),
        _field(FieldType.TIMESTAMP, paths=2, format="%d/%m/%Y %H:%M:%S.%f", join=True, time_zone="UTC"),
    ],
    ids=lambda field: f"{field.codec} {field.format} {field.time_zone}",
)
@given(moment=st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))))
def test_instants_survive_the_round_trip_through_json(field: FieldMapping, moment: datetime) -> None:
    assume(1900 < moment.year < 9999)
    assert _round_trip(field, moment) == moment


@given(text=st.text(max_size=20))
def test_texts_survive_the_round_trip_through_json(text: str) -> None:
    for kind in (FieldType.TEXT, FieldType.CODE, FieldType.EMAIL):
        field = _field(kind)
        wanted = read_value(field, text)
        assert _round_trip(field, text) == wanted.form
        assert read_value(field, encode(field, text)) == wanted


@given(base=st.text("0123456789ABCXYZ", min_size=12, max_size=12))
def test_documents_survive_the_round_trip_through_json(base: str) -> None:
    number = base + cnpj.calc_check_digits(base)
    assume(cnpj.is_valid(number))
    assert _round_trip(_field(FieldType.DOCUMENT), cnpj.format(number).lower()) == number
