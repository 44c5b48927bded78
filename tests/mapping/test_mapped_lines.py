"""Lines inside records as a staged table of their own."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest

from reconciler.mapping.page import map_page, map_pages
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping, default_codec
from reconciler.model.entities import FieldType


def _field(name: str, kind: FieldType, path: str) -> FieldMapping:
    return FieldMapping(name, kind, (parse_path(path),), default_codec(kind))


def _orders(line_id: str | None = "Id", key: tuple[str, ...] = ("number",)) -> EntityMapping:
    return EntityMapping(
        "orders",
        parse_path("Id"),
        key,
        (_field("number", FieldType.CODE, "OrderNumber"), _field("branch", FieldType.TEXT, "Branch")),
        lines=LinesMapping(
            "orders.lines",
            parse_path("Products"),
            parse_path(line_id) if line_id else None,
            (_field("sku", FieldType.CODE, "Code"), _field("quantity", FieldType.DECIMAL, "Quantity")),
            ("sku",),
        ),
    )


def _order(identifier: int, lines: object, number: object = 1203) -> dict[str, object]:
    return {"Id": identifier, "OrderNumber": number, "Branch": "São Paulo", "Products": lines}


def _lines(records: list[object], mapping: EntityMapping | None = None) -> pl.DataFrame:
    lines = map_page(mapping or _orders(), records, 4).lines
    assert lines is not None
    return lines


def test_each_line_is_a_row_with_its_parent_and_both_keys() -> None:
    lines = [{"Id": 9, "Code": "p1", "Quantity": 10}, {"Id": 10, "Code": "p2", "Quantity": 0.5}]
    frame = _lines(["no object", _order(77, lines)])
    assert frame.rows(named=True) == [
        {
            "_id": identifier,
            "_key": f"1203\x1f{sku}",
            "_link": None,
            "_parent": "77",
            "_page": 4,
            "_position": 1,
            "_rejected": None,
            "_invalid": None,
            "form.parent_number": "1203",
            "form.sku": sku,
            "form.quantity": quantity,
        }
        for identifier, sku, quantity in (("9", "P1", Decimal(10)), ("10", "P2", Decimal("0.5")))
    ]


def test_lines_without_an_id_are_numbered_within_their_parent() -> None:
    records = [_order(1, [{"Code": "a"}, {"Code": "b"}]), _order(2, [{"Code": "c"}])]
    assert _lines(list(records), _orders(line_id=None))["_id"].to_list() == ["1#0", "1#1", "2#0"]
    mixed = [_order(1, [{"Id": 9, "Code": "a"}, {"Code": "b"}, {"Id": {}, "Code": "c"}])]
    assert _lines(list(mixed))["_id"].to_list() == ["9", "1#1", "1#2"]


def test_a_text_key_of_the_parent_is_carried_with_its_value() -> None:
    frame = _lines([_order(1, [{"Id": 5, "Code": "a"}])], _orders(key=("number", "branch")))
    assert frame["_key"].to_list() == ["1203\x1fSAO PAULO\x1fA"]
    assert frame["form.parent_branch"].to_list() == ["SAO PAULO"]
    assert frame["value.parent_branch"].to_list() == ["São Paulo"]


@pytest.mark.parametrize("lines", [None, [], {}, ""], ids=repr)
def test_a_record_without_lines_has_none(lines: object) -> None:
    page = map_page(_orders(), [_order(1, lines)], 0)
    assert page.lines is not None
    assert page.lines.height == 0
    assert page.records["_invalid"].to_list() == [None]


def test_the_columns_of_lines_never_depend_on_the_data() -> None:
    full = _lines([_order(1, [{"Id": 5, "Code": "a", "Quantity": 1}])])
    assert _lines([]).schema == full.schema == _lines([_order(1, ["x"])]).schema


def test_one_object_in_place_of_the_list_is_one_line() -> None:
    assert _lines([_order(1, {"Id": 5, "Code": "a"})])["_id"].to_list() == ["5"]
    assert _lines([_order(1, {"$": [{"Id": 5, "Code": "a"}]})])["_id"].to_list() == ["5"]


@pytest.mark.parametrize("lines", ["text", 5, True], ids=repr)
def test_lines_that_are_no_list_are_told_on_their_record(lines: object) -> None:
    page = map_page(_orders(), [_order(1, lines)], 0)
    assert page.lines is not None
    assert page.lines.height == 0
    assert page.records["_rejected"].to_list() == [None]
    assert json.loads(page.records["_invalid"][0])["lines"]["reason"] == "is not a list of lines"


def test_lines_of_a_rejected_record_are_left_out() -> None:
    records = [_order(1, [{"Id": 5, "Code": "a"}], number=None), _order(2, [{"Id": 6, "Code": "b"}])]
    assert _lines(list(records))["_id"].to_list() == ["6"]


def test_a_line_without_its_key_or_that_is_no_object_is_rejected_alone() -> None:
    frame = _lines([_order(1, [{"Id": 5, "Quantity": 1}, "x", {"Id": 7, "Code": "c", "Quantity": "y"}])])
    assert frame["_id"].to_list() == ["5", "1#1", "7"]
    assert frame["_key"].to_list() == [None, None, "1203\x1fC"]
    rejected = [json.loads(text) if text else None for text in frame["_rejected"].to_list()]
    assert [found and (found["field"], found["cause"]) for found in rejected] == [
        ("sku", "missing_key"),
        (None, "unreadable_record"),
        None,
    ]
    assert frame["form.parent_number"].to_list() == [None, None, "1203"]
    assert "quantity" in json.loads(frame["_invalid"][2])


def test_lines_of_several_pages_point_to_their_own_records() -> None:
    pages = [(1, [_order(1, [{"Code": "a"}])]), (2, [_order(2, []), _order(3, [{"Code": "b"}, {"Code": "c"}])])]
    lines = map_pages(_orders(line_id=None), pages).lines
    assert lines is not None
    assert lines.select("_id", "_parent", "_page", "_position").rows() == [
        ("1#0", "1", 1, 0),
        ("3#0", "3", 2, 1),
        ("3#1", "3", 2, 1),
    ]
