"""Ids made of several members, as Protheus knows its customers by code and unit."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.connectors.scan import ScanWatch
from reconciler.mapping.composite import CompositePath, members_of, parse_id
from reconciler.mapping.page import map_page
from reconciler.mapping.path import MappingSyntaxError, Path, parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.model.entities import FieldType
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.settings import NumberPaging

_ID = parse_id(["code", "unit"])


def _mapping() -> EntityMapping:
    field = FieldMapping("tax_id", FieldType.TEXT, (parse_path("doc"),), "text")
    return EntityMapping("customers", _ID, ("tax_id",), (field,))


_READINGS: dict[str, tuple[Any, Any, str | None]] = {
    "texts": ("000001", "01", "000001|01"),
    "a number": (7, "01", "7|01"),
    "outer spaces": ("000001 ", " 01", "000001|01"),
    "one is missing": ("000001", None, None),
    "one is blank": ("000001", "  ", None),
    "one is no scalar": ("000001", ["01"], None),
    "wrapped": ({"$": "000001"}, {"$": "01"}, "000001|01"),
}


@pytest.mark.parametrize(("code", "unit", "expected"), _READINGS.values(), ids=_READINGS)
def test_all_members_together_are_the_id(code: Any, unit: Any, expected: str | None) -> None:
    """One record at a time and a page at once agree."""
    record = {"code": code, "unit": unit, "doc": "x"}
    assert _ID.read(record) == expected
    row = map_page(_mapping(), [record], 0).records.row(0, named=True)
    assert row["_id"] == expected
    assert (row["_rejected"] is None) == (expected is not None)


def test_the_same_code_in_two_units_is_two_records() -> None:
    records = [{"code": "000001", "unit": "01", "doc": "x"}, {"code": "000001", "unit": "02", "doc": "y"}]
    assert map_page(_mapping(), records, 0).records["_id"].to_list() == ["000001|01", "000001|02"]


def test_a_scan_tells_units_apart_and_sees_one_that_comes_twice() -> None:
    watch = ScanWatch(NumberPaging(kind="number", size=2), _ID)
    watch.see(RecordPage(0, b"", [{"code": "1", "unit": "01"}, {"code": "1", "unit": "02"}], None))
    assert (watch.ids, watch.trouble) == ({"1|01", "1|02"}, None)
    watch.see(RecordPage(1, b"", [{"code": "1", "unit": "02"}], None))
    assert watch.trouble == "a record came twice, on two pages"


def test_an_id_is_taken_apart_again() -> None:
    assert members_of("000001|01", 2) == ["000001", "01"]
    assert members_of("000001", 2) == []
    assert members_of("0|0|1", 2) == []


def test_one_path_is_an_ordinary_id() -> None:
    assert parse_id("code") == parse_path("code")
    assert isinstance(parse_id("code"), Path)
    assert isinstance(_ID, CompositePath)


def test_a_wrong_member_is_told() -> None:
    with pytest.raises(MappingSyntaxError, match="unit"):
        parse_id(["code", "unit["])
