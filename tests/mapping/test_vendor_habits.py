"""Habits of single vendors: false for nothing (Odoo), seconds since 1970 (Dolibarr), lines that are no goods."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.column import read_column
from reconciler.mapping.encode import encode
from reconciler.mapping.extract import Extraction, select_column
from reconciler.mapping.page import map_page
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping, MappingPlanError, default_codec
from reconciler.mapping.reading import read_value, select_plain
from reconciler.model.entities import FieldType


def _field(kind: FieldType, *paths: str, codec: str | None = None, **more: Any) -> FieldMapping:
    return FieldMapping("x", kind, tuple(map(parse_path, paths or ("x",))), codec or default_codec(kind), **more)


_KINDS = [kind for kind in FieldType if kind is not FieldType.BOOLEAN]


@pytest.mark.parametrize("kind", _KINDS)
def test_false_is_nothing_where_the_description_says_so(kind: FieldType) -> None:
    field = _field(kind, false_is_empty=True)
    columns = Extraction(field.paths).columns([{"x": False}, {"x": None}])
    column = read_column(field, select_column(field, columns))
    assert (column.form.to_list(), column.problems) == ([None, None], {})
    assert select_plain(field, {"x": False}) is None


@pytest.mark.parametrize("kind", _KINDS)
def test_false_is_a_problem_where_it_does_not(kind: FieldType) -> None:
    field = _field(kind)
    columns = Extraction(field.paths).columns([{"x": False}])
    assert list(read_column(field, select_column(field, columns)).problems) == [0]


def test_the_next_path_counts_when_the_first_holds_false() -> None:
    field = _field(FieldType.TEXT, "a", "b", false_is_empty=True)
    records: list[dict[str, object]] = [{"a": False, "b": "second"}, {"a": "first", "b": False}]
    assert select_column(field, Extraction(field.paths).columns(records)) == ["second", "first"]
    assert [select_plain(field, record) for record in records] == ["second", "first"]


_SECONDS = {
    "a day in the zone": (FieldType.DATE, 1788230400 - 1, date(2026, 8, 31)),
    "digits in text": (FieldType.DATE, "1788231600", date(2026, 9, 1)),
    "an instant": (FieldType.TIMESTAMP, 1788231600, datetime(2026, 9, 1, 3, 0, tzinfo=UTC)),
    "before 1970": (FieldType.TIMESTAMP, -1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
}


@pytest.mark.parametrize(("kind", "raw", "expected"), _SECONDS.values(), ids=_SECONDS)
def test_seconds_since_1970_are_read(kind: FieldType, raw: object, expected: date) -> None:
    field = _field(kind, codec="unix")
    assert read_value(field, raw).form == expected
    assert read_column(field, [raw, None]).form.to_list() == [expected, None]


@pytest.mark.parametrize("raw", [1.5, True, "1.5", "soon", "", 10**4000, 253402300799, -62135596800, {"s": 1}])
def test_what_is_no_number_of_seconds_is_told_or_empty(raw: object) -> None:
    reading = read_value(_field(FieldType.DATE, codec="unix"), raw)
    assert reading.form is None
    assert (reading.problem is None) is (raw == "")


@given(st.integers(-62104060800, 253370764800))
def test_seconds_are_written_as_they_were_read(seconds: int) -> None:
    field = _field(FieldType.TIMESTAMP, codec="unix")
    instant = read_value(field, seconds).form
    assert encode(field, instant) == seconds
    day = _field(FieldType.DATE, codec="unix")
    form = read_value(day, seconds).form
    assert read_value(day, encode(day, form)).form == form


def test_lines_that_are_no_goods_are_left_out_and_the_others_keep_their_position() -> None:
    mapping = EntityMapping(
        "orders",
        parse_path("id"),
        ("number",),
        (FieldMapping("number", FieldType.CODE, (parse_path("name"),), "text"),),
        lines=LinesMapping(
            "orders.lines",
            parse_path("order_line"),
            None,
            (FieldMapping("sku", FieldType.CODE, (parse_path("sku"),), "text"),),
            ("sku",),
            only=((parse_path("display_type"), ("false",)),),
        ),
    )
    heading = {"display_type": "line_section", "name": "Parafusos"}
    goods = {"display_type": False, "sku": "P1"}
    lines = map_page(mapping, [{"id": 1, "name": "S1", "order_line": [heading, goods, "no object"]}], 0).lines
    assert lines is not None
    assert lines["_id"].to_list() == ["1#1", "1#2"]
    assert lines["form.sku"].to_list() == ["P1", None]
    assert [text is not None for text in lines["_rejected"].to_list()] == [False, True]


def _evening(written_in: str | None) -> FieldMapping:
    more = {"format": "%Y-%m-%d %H:%M:%S", "time_zone": "America/Sao_Paulo", "written_in": written_in}
    return _field(FieldType.DATE, codec="timestamp", **more)


@pytest.mark.parametrize(("written_in", "day"), [("UTC", 21), ("America/Sao_Paulo", 22), (None, 22)])
def test_the_day_of_an_instant_counts_where_the_field_says_and_not_where_it_is_written(
    written_in: str | None, day: int
) -> None:
    field = _evening(written_in)
    assert read_value(field, "2026-11-22 01:30:00").form == date(2026, 11, day)
    assert read_column(field, ["2026-11-22 01:30:00"]).form.to_list() == [date(2026, 11, day)]
    assert read_value(field, encode(field, date(2026, 11, 22))).form == date(2026, 11, 22)


def test_only_the_day_of_an_instant_can_be_written_elsewhere() -> None:
    with pytest.raises(MappingPlanError, match="written_in"):
        _field(FieldType.TIMESTAMP, written_in="UTC")
    with pytest.raises(MappingPlanError, match="'Nowhere/Land' is not an IANA time zone"):
        _evening("Nowhere/Land")
