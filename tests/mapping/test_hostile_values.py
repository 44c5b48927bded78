"""Values meant to harm are data: they never raise, never act, and never grow."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest

from reconciler.mapping.json_values import is_empty, scalar_text, shown, unwrap
from reconciler.mapping.page import map_page
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, codecs_of
from reconciler.model.entities import FieldType
from reconciler.model.staging import MAX_TEXT_CHARACTERS

_LONG = "x" * 10_000_000


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


_HOSTILE: dict[str, object] = {
    "ansi": "\x1b]0;title\x07\x1b[2J\x1b[31mred",
    "markup": "[bold red]x[/x] [link=file:///etc]",
    "nul": "a\x00b",
    "only nul": "\x00",
    "separator": "\x1f\x1f",
    "line breaks": "a\r\n\r\nb",
    "bidi": "\u202eabc",
    "lone surrogate": "\ud800x\udfff",
    "formula": '=HYPERLINK("http://example.com")',
    "sql": "'; DROP TABLE findings; --",
    "path": "../../../../etc/passwd",
    "template": "${jndi:ldap://example.com} {{7*7}} %s %n",
    "10 MB": _LONG,
    "10 MB of digits": "9" * 10_000_000,
    "10 MB of spaces": " " * 10_000_000,
    "10 MB of accents": "é" * 10_000_000,
    "64 KB of spaces inside": "a" + " " * (MAX_TEXT_CHARACTERS - 2) + "b",
    "64 KB of combining marks": "a" + "\u0301" * (MAX_TEXT_CHARACTERS - 1),
    "64 KB of dots": "." * MAX_TEXT_CHARACTERS,
    "64 KB of zeros": "0" * MAX_TEXT_CHARACTERS,
    "huge integer": 10**5_000,
    "not a number": math.nan,
    "infinity": -math.inf,
    "deeply nested": _nested(2_000),
    "wrapped deep": {"$": {"$": {"$": 1}}},
    "wide object": {str(number): number for number in range(10_000)},
    "boolean": True,
    "odd digits": "１٢৩",
}


def _mapping(kind: FieldType, codec: str) -> EntityMapping:
    codes: dict[str, str | bool] = {"?": True if kind is FieldType.BOOLEAN else "1"}
    fields = (
        FieldMapping("sku", FieldType.CODE, (parse_path("sku"),), "text"),
        FieldMapping("x", kind, (parse_path("x"),), codec),
        FieldMapping("coded", kind, (parse_path("x"),), codec, codes=codes),
    )
    return EntityMapping("products", parse_path("id"), ("sku",), fields, link=parse_path("x"))


@pytest.mark.parametrize("name", list(_HOSTILE))
@pytest.mark.parametrize(
    ("kind", "codec"), [(kind, codec) for kind in FieldType for codec in codecs_of(kind)], ids=lambda part: str(part)
)
def test_a_hostile_value_is_mapped_or_told_in_every_type(kind: FieldType, codec: str, name: str) -> None:
    records = [{"id": 1, "sku": "a", "x": _HOSTILE[name]}, {"id": 2, "sku": "b"}]
    frame = map_page(_mapping(kind, codec), records, 0).records
    assert frame["_rejected"].to_list() == [None, None]
    assert frame.row(1, named=True)["form.x"] is None
    invalid = json.loads(frame["_invalid"][0] or "{}")
    assert all(len(problem["value"]) <= 80 and problem["value"].isprintable() for problem in invalid.values())
    for column in frame.select(pl.col(pl.String)).iter_columns():
        text = column[0] or ""
        assert not any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in text)


@pytest.mark.parametrize("name", list(_HOSTILE))
def test_a_hostile_key_or_id_is_used_or_rejected(name: str) -> None:
    for field in ("id", "sku"):
        record = {"id": 1, "sku": "a", "x": None, field: _HOSTILE[name]}
        row = map_page(_mapping(FieldType.TEXT, "text"), [record], 0).records.row(0, named=True)
        usable = row["_id"] is not None and row["_key"] is not None
        assert usable is (row["_rejected"] is None)
        assert "\x1f" not in (row["_key"] or "")


def test_markup_and_formulas_stay_what_they_are() -> None:
    for name in ("markup", "formula", "sql", "path", "template"):
        record = {"id": 1, "sku": "a", "x": _HOSTILE[name]}
        row = map_page(_mapping(FieldType.TEXT, "text"), [record], 0).records.row(0, named=True)
        assert row["value.x"] == _HOSTILE[name]


@pytest.mark.parametrize(
    ("length", "usable"), [(MAX_TEXT_CHARACTERS, True), (MAX_TEXT_CHARACTERS + 1, False)], ids=["longest", "too long"]
)
def test_a_text_is_usable_up_to_its_longest_length_inclusive(length: int, usable: bool) -> None:
    records = [{"id": 1, "sku": "a", "x": "y" * length}, {"id": 2, "sku": "b", "x": "z"}]
    frame = map_page(_mapping(FieldType.TEXT, "text"), records, 0).records
    assert (frame["form.x"][0] is not None) is usable
    assert (frame["_invalid"][0] is None) is usable
    assert frame["form.x"][1] == "Z"


def test_a_long_text_does_not_grow_the_staged_table() -> None:
    frame = map_page(_mapping(FieldType.TEXT, "text"), [{"id": 1, "sku": "a", "x": _LONG}], 0).records
    assert frame.estimated_size() < 10_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("\x1b[31m\x07", "�[31m�"),
        ("a\u202eb\ud800c", "a�b�c"),
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (1.5, "1.5"),
        (math.nan, "nan"),
        (10**400, "int"),
        ({"a": "\x1b"}, '{"a":"\\u001b"}'),
        (_nested(2_000), "a value that cannot be shown"),
        ({"a": "\ud800"}, "a value that cannot be shown"),
    ],
    ids=lambda value: repr(value)[:20] if not isinstance(value, list) else "nested",
)
def test_a_shown_value_is_short_and_safe(value: object, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (3.0, "3"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (2.0**53, "9007199254740992.0"),
        (10**80, None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_the_text_of_a_json_scalar(value: object, text: str | None) -> None:
    assert scalar_text(value) == text


@pytest.mark.parametrize("value", [0, False, 0.0, "0", [0], {"a": None}, [None]], ids=repr)
def test_zero_and_false_are_values(value: object) -> None:
    assert not is_empty(value)


def test_every_wrapping_is_taken_off_and_nothing_else() -> None:
    assert unwrap({"$": {"$": {"x": 1}}}) == {"x": 1}
    assert unwrap({"x": {"$": 1}}) == {"x": {"$": 1}}
    assert unwrap({"$": 1, "other": 2}) == 1
