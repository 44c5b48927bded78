"""Days and instants: strict, in the right zone, and the same in columns as one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.column import read_column
from reconciler.mapping.instants import days_of_texts, instants_of_texts, layout_of, steady_offset
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import read_value
from reconciler.model.entities import FieldType

_PATHS = (parse_path("x"),)
_BRAZILIAN = "%d/%m/%Y %H:%M:%S"


def _day(codec: str = "date", text_format: str | None = None, zone: str = "America/Sao_Paulo") -> FieldMapping:
    return FieldMapping("x", FieldType.DATE, _PATHS, codec, text_format, time_zone=zone)


def _instant(codec: str = "timestamp", text_format: str | None = None, zone: str = "America/Sao_Paulo") -> FieldMapping:
    return FieldMapping("x", FieldType.TIMESTAMP, _PATHS, codec, text_format, time_zone=zone)


def _local(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC).replace(tzinfo=None)


def _check(field: FieldMapping, raw: object, expected: date) -> None:
    reading = read_value(field, raw)
    assert reading.problem is None
    assert reading.form == expected
    assert type(reading.form) is type(expected)
    assert read_column(field, [None, raw]).form.to_list() == [None, expected]


def _check_problem(field: FieldMapping, raw: object) -> None:
    reading = read_value(field, raw)
    assert reading.form is None
    assert reading.problem is not None
    column = read_column(field, [None, raw])
    assert column.form.to_list() == [None, None]
    assert column.problems == {1: reading.problem}


@pytest.mark.parametrize(
    ("field", "raw", "expected"),
    [
        (_day(), "2026-05-31", date(2026, 5, 31)),
        (_day(), " 2026-05-31 ", date(2026, 5, 31)),
        (_day(), "2024-02-29", date(2024, 2, 29)),
        (_day(), "0001-01-01", date(1, 1, 1)),
        (_day(), "9999-12-31", date(9999, 12, 31)),
        (_day("date", "%d/%m/%Y"), "05/03/2026", date(2026, 3, 5)),
        (_day("date", "%d/%m/%Y"), "5/3/2026", date(2026, 3, 5)),
        (_day("date", "%d/%m/%y"), "05/03/26", date(2026, 3, 5)),
        (_day("date", "%Y%m%d"), "20260305", date(2026, 3, 5)),
        (_day("date", _BRAZILIAN), "05/03/2026 23:59:59", date(2026, 3, 5)),
        (_day("timestamp"), "2026-05-02T00:00:00-03:00", date(2026, 5, 2)),
        (_day("timestamp"), "2026-05-02T02:59:59Z", date(2026, 5, 1)),
        (_day("timestamp", zone="UTC"), "2026-05-02T02:59:59Z", date(2026, 5, 2)),
        (_day("timestamp"), "2026-05-02T23:59:59", date(2026, 5, 2)),
        (_day("timestamp"), "2026-05-02", date(2026, 5, 2)),
        (_day("timestamp", _BRAZILIAN), "02/05/2026 10:00:00", date(2026, 5, 2)),
        (_day("parts"), {"__class__": "date", "year": 2026, "month": 11, "day": 22}, date(2026, 11, 22)),
        (_day("parts"), {"year": 2026, "month": 11, "day": 22, "hour": 23}, date(2026, 11, 22)),
    ],
)
def test_a_day_is_read_as_its_codec_says(field: FieldMapping, raw: object, expected: date) -> None:
    _check(field, raw, expected)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (_day(), "2026-02-29"),
        (_day(), "2026-13-01"),
        (_day(), "2026-00-10"),
        (_day(), "0000-01-01"),
        (_day(), "0000-00-00"),
        (_day(), "26-05-31"),
        (_day(), "2026-5-31"),
        (_day(), "2026-05-31T00:00:00"),
        (_day(), "31/05/2026"),
        (_day(), "２０２６-05-31"),
        (_day(), 20260531),
        (_day(), True),
        (_day("date", "%d/%m/%Y"), "31/02/2026"),
        (_day("date", "%d/%m/%Y"), "00/01/2026"),
        (_day("date", "%d/%m/%Y"), "01/02/0000"),
        (_day("date", "%d/%m/%Y"), "01/02/26"),
        (_day("date", "%d/%m/%Y"), "12/31/2026"),
        (_day("date", "%d/%m/%Y"), "05/03/2026 10:00"),
        (_day("date", "%d/%m/%Y"), "٠٥/03/2026"),
        (_day("timestamp"), "0001-01-01T00:00:00Z"),
        (_day("timestamp"), "9" * 100),
        (_day("parts"), {"year": 2026, "month": 2, "day": 30}),
        (_day("parts"), {"year": 2026, "month": 2}),
        (_day("parts"), {"year": 2026.0, "month": 2, "day": 3}),
        (_day("parts"), {"year": True, "month": 2, "day": 3}),
        (_day("parts"), {"year": 10**30, "month": 2, "day": 3}),
        (_day("parts"), "2026-01-01"),
    ],
)
def test_what_is_no_day_is_a_problem(field: FieldMapping, raw: object) -> None:
    _check_problem(field, raw)


@pytest.mark.parametrize(
    ("field", "raw", "expected"),
    [
        (_instant(), "2026-05-02T10:11:12.3-03:00", datetime(2026, 5, 2, 13, 11, 12, 300_000, UTC)),
        (_instant(), "2026-05-02T10:11:12-03:00", datetime(2026, 5, 2, 13, 11, 12, 0, UTC)),
        (_instant(), "2026-05-02T10:11:12Z", datetime(2026, 5, 2, 10, 11, 12, 0, UTC)),
        (_instant(), "2026-05-02t10:11:12z", datetime(2026, 5, 2, 10, 11, 12, 0, UTC)),
        (_instant(), "2026-05-02 10:11:12+0530", datetime(2026, 5, 2, 4, 41, 12, 0, UTC)),
        (_instant(), "2026-05-02T10:11+05", datetime(2026, 5, 2, 5, 11, 0, 0, UTC)),
        (_instant(), "2026-05-02T10:11:12.123456789Z", datetime(2026, 5, 2, 10, 11, 12, 123_456, UTC)),
        (_instant(), "1969-12-31T23:59:59.999999999Z", datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)),
        (_instant(), "2026-05-02T10:11:12,5Z", datetime(2026, 5, 2, 10, 11, 12, 500_000, UTC)),
        (_instant(), "2026-05-02T10:11:12", datetime(2026, 5, 2, 13, 11, 12, 0, UTC)),
        (_instant(zone="UTC"), "2026-05-02 10:11:12.5", datetime(2026, 5, 2, 10, 11, 12, 500_000, UTC)),
        (_instant(zone="America/Manaus"), "2026-05-02T10:11:12", datetime(2026, 5, 2, 14, 11, 12, 0, UTC)),
        (_instant(text_format=_BRAZILIAN), "02/05/2026 10:11:12", datetime(2026, 5, 2, 13, 11, 12, 0, UTC)),
        (_instant(text_format="%d/%m/%Y %H:%M"), "02/05/2026 10:11", datetime(2026, 5, 2, 13, 11, 0, 0, UTC)),
        (_instant(text_format="%d/%m/%Y"), "02/05/2026", datetime(2026, 5, 2, 3, 0, 0, 0, UTC)),
        (
            _instant(text_format="%d/%m/%Y %H:%M:%S%z"),
            "02/05/2026 10:11:12+0000",
            datetime(2026, 5, 2, 10, 11, 12, 0, UTC),
        ),
        (_instant("parts", zone="UTC"), {"year": 2026, "month": 5, "day": 2}, datetime(2026, 5, 2, 0, 0, 0, 0, UTC)),
        (
            _instant("parts", zone="UTC"),
            {
                "__class__": "datetime",
                "year": 2026,
                "month": 5,
                "day": 2,
                "hour": 1,
                "minute": 2,
                "second": 3,
                "microsecond": 4,
            },
            datetime(2026, 5, 2, 1, 2, 3, 4, UTC),
        ),
        (_instant(), "2018-01-15T12:00:00", datetime(2018, 1, 15, 14, 0, 0, 0, UTC)),
        (_instant(), "2018-11-04T00:30:00", datetime(2018, 11, 4, 3, 30, 0, 0, UTC)),
        (_instant(), "2018-02-17T23:30:00", datetime(2018, 2, 18, 1, 30, 0, 0, UTC)),
        (_instant(zone="America/New_York"), "2026-07-01T12:00:00", datetime(2026, 7, 1, 16, 0, 0, 0, UTC)),
        (_instant(zone="America/New_York"), "2026-01-01T12:00:00", datetime(2026, 1, 1, 17, 0, 0, 0, UTC)),
        (_instant(), "2050-07-01T12:00:00", datetime(2050, 7, 1, 15, 0, 0, 0, UTC)),
        (_instant(), "1900-01-01T00:00:00", datetime(1900, 1, 1, 3, 6, 28, 0, UTC)),
    ],
)
def test_an_instant_is_read_into_utc(field: FieldMapping, raw: object, expected: datetime) -> None:
    _check(field, raw, expected)


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (_instant(), "2026-05-02"),
        (_instant(), "2026-05-02T"),
        (_instant(), "2026-05-02T10"),
        (_instant(), "2026-05-02T24:00:00Z"),
        (_instant(), "2026-05-02T23:60:00Z"),
        (_instant(), "2026-05-02T23:59:60Z"),
        (_instant(), "2026-02-30T10:00:00Z"),
        (_instant(), "0000-01-01T10:00:00Z"),
        (_instant(), "2026-05-02T10:00:00+24:00"),
        (_instant(), "2026-05-02T10:00:00+03:60"),
        (_instant(), "2026-05-02T10:00:00.1234567890Z"),
        (_instant(), "2026-05-02T10:00:00.Z"),
        (_instant(), "2026-W18-6T10:00:00Z"),
        (_instant(), "20260502T101112"),
        (_instant(), "2026-05-02X10:11:12Z"),
        (_instant(), "2026-05-02T10:11:12 -03:00"),
        (_instant(), "0001-01-01T00:00:00+14:00"),
        (_instant(), "9999-12-31T23:59:59-14:00"),
        (_instant(), 1777726272),
        (_instant(), {"year": 2026}),
        (_instant(), "now"),
        (_instant(text_format=_BRAZILIAN), "02/05/2026 24:00:00"),
        (_instant(text_format=_BRAZILIAN), "02/05/2026 10:11:60"),
        (_instant(text_format=_BRAZILIAN), "31/02/2026 10:11:12"),
        (_instant(text_format=_BRAZILIAN), "2026-05-02T10:11:12"),
        (_instant(text_format=_BRAZILIAN), "02/05/2026"),
        (_instant("parts", zone="UTC"), {"year": 2026, "month": 5, "day": 2, "hour": 24}),
        (_instant("parts", zone="UTC"), {"year": 2026, "month": 5, "day": 2, "hour": "1"}),
        (_instant("parts", zone="Asia/Tokyo"), {"year": 1, "month": 1, "day": 1}),
    ],
)
def test_what_is_no_instant_is_a_problem(field: FieldMapping, raw: object) -> None:
    _check_problem(field, raw)


def test_a_time_that_clocks_skip_moves_forward_and_one_that_repeats_is_the_first() -> None:
    skipped = read_value(_instant(), "2018-11-04T00:00:00").form
    assert skipped == read_value(_instant(), "2018-11-04T01:00:00").form
    repeated = read_value(_instant(), "2018-02-17T23:00:00").form
    assert repeated == read_value(_instant(), "2018-02-17T23:00:00-02:00").form


def test_a_column_may_mix_ways_of_writing() -> None:
    texts: list[object] = [
        "2026-05-02T10:11:12.3-03:00",
        "2026-05-02T10:11:12",
        "",
        None,
        "2026-05-02 10:11:12Z",
        "2026-05-02T24:11:12-03:00",
        "2026-05-02T10:11:12-03:00",
        "2026-05-02T10:11Z",
    ]
    readings = [read_value(_instant(), text) for text in texts]
    column = read_column(_instant(), texts)
    assert column.form.to_list() == [reading.form for reading in readings]
    assert list(column.problems) == [5]


_two = st.integers(0, 61).map("{:02}".format)
_date_text = st.builds("{}-{}-{}".format, st.sampled_from(["0000", "0001", "1969", "2018", "2026", "9999"]), _two, _two)
_iso_texts = st.builds(
    "{}{}{}:{}{}{}{}".format,
    _date_text,
    st.sampled_from(["T", " ", "t"]),
    _two,
    _two,
    st.one_of(st.just(""), _two.map(":{}".format)),
    st.one_of(st.just(""), st.text("0123456789", max_size=10).map(".{}".format)),
    st.sampled_from(["", "Z", "z", "-03:00", "+14:00", "+0530", "-24:00", "+03:75"]),
)


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/New_York", "UTC"])
@given(texts=st.lists(_iso_texts, max_size=8))
def test_a_column_of_iso_texts_equals_the_plain_definition(zone: str, texts: list[str]) -> None:
    field = _instant(zone=zone)
    readings = [read_value(field, text) for text in texts]
    column = read_column(field, list(texts))
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}


@given(
    texts=st.lists(
        st.builds(
            "{}/{}/{} {}:{}:{}".format, _two, _two, st.sampled_from(["2018", "0000", "2026", "26"]), _two, _two, _two
        )
    ),
    text_format=st.sampled_from([_BRAZILIAN, "%d/%m/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]),
)
def test_a_column_of_formatted_texts_equals_the_plain_definition(texts: list[str], text_format: str) -> None:
    for field in (_instant(text_format=text_format), _day("date", text_format), _day("timestamp", text_format)):
        readings = [read_value(field, text) for text in texts]
        column = read_column(field, list(texts))
        assert column.form.to_list() == [reading.form for reading in readings]
        assert set(column.problems) == {place for place, reading in enumerate(readings) if reading.problem}


@given(texts=st.lists(st.one_of(_date_text, st.text(max_size=12)), max_size=8))
def test_a_column_of_days_equals_the_plain_definition(texts: list[str]) -> None:
    readings = [read_value(_day(), text) for text in texts]
    column = read_column(_day(), list(texts))
    assert column.form.to_list() == [reading.form for reading in readings]
    assert set(column.problems) == {place for place, reading in enumerate(readings) if reading.problem}


@given(moment=st.datetimes(_local(1970, 1, 3), _local(2037, 12, 30)))
@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/Noronha", "Asia/Kolkata", "UTC"])
def test_local_times_of_any_year_get_the_offset_of_their_day(zone: str, moment: datetime) -> None:
    text = moment.isoformat(sep=" ")
    field = _instant(zone=zone)
    assert read_column(field, [text]).form.to_list() == [read_value(field, text).form]


def test_usual_stamps_are_decided_in_columns_and_not_one_by_one() -> None:
    moments = [_local(2026, 1, 1) + timedelta(minutes=7 * step, milliseconds=step) for step in range(2_000)]
    iso = [moment.isoformat(timespec="milliseconds") + "-03:00" for moment in moments]
    assert instants_of_texts(iso, None, "UTC").undecided == []
    brazilian = [moment.strftime(_BRAZILIAN) for moment in moments]
    assert instants_of_texts(brazilian, _BRAZILIAN, "America/Sao_Paulo").undecided == []
    assert days_of_texts([moment.strftime("%d/%m/%Y") for moment in moments], "%d/%m/%Y").undecided == []


def test_a_zone_is_steady_from_its_last_clock_change_on() -> None:
    sao_paulo = steady_offset("America/Sao_Paulo")
    start = _local(1970, 1, 1) + timedelta(microseconds=sao_paulo.start)
    assert _local(2019, 2, 17) <= start <= _local(2019, 2, 20)
    assert sao_paulo.offset == timedelta(hours=-3) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text_format", "layout"),
    [
        ("%d/%m/%Y", ("00/00/0000", None, None)),
        (_BRAZILIAN, ("00/00/0000 00:00:00", 11, 17)),
        ("%H:%M %d.%m.%Y", ("00:00 00.00.0000", 0, None)),
        ("%Y%m%dT%H%M", ("00000000T0000", 9, None)),
        ("%d/%m/%y", None),
        ("%d/%m/%Y %H", None),
        ("%d/%m/%Y %S", None),
        ("%d/%m/%Y %H:%M:%S.%f", None),
        ("%d de %m de %Y", None),
        ("1%d/%m/%Y", None),
    ],
)
def test_only_formats_of_fixed_width_have_a_layout(text_format: str, layout: tuple[object, ...] | None) -> None:
    assert layout_of(text_format) == layout
