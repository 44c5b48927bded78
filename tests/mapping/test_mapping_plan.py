"""A mapping that cannot work is refused when it is made."""

from __future__ import annotations

import pytest

from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import (
    EntityMapping,
    FieldMapping,
    LinesMapping,
    MappingPlanError,
    codecs_of,
    default_codec,
)
from reconciler.model.entities import FieldType

_PATHS = (parse_path("x"),)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        (FieldType.TEXT, "text"),
        (FieldType.CODE, "text"),
        (FieldType.DOCUMENT, "text"),
        (FieldType.DECIMAL, "decimal"),
        (FieldType.BOOLEAN, "boolean"),
        (FieldType.DATE, "date"),
        (FieldType.TIMESTAMP, "timestamp"),
    ],
)
def test_each_type_has_a_default_codec(kind: FieldType, codec: str) -> None:
    assert default_codec(kind) == codec
    assert codecs_of(kind)[0] == codec


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        (FieldType.TEXT, "decimal"),
        (FieldType.DECIMAL, "text"),
        (FieldType.DECIMAL, "boolean"),
        (FieldType.BOOLEAN, "text"),
        (FieldType.TIMESTAMP, "date"),
        (FieldType.DATE, "decimal"),
        (FieldType.DATE, "nonsense"),
    ],
)
def test_a_codec_of_another_type_is_refused(kind: FieldType, codec: str) -> None:
    with pytest.raises(MappingPlanError, match="credit"):
        FieldMapping("credit", kind, _PATHS, codec)


@pytest.mark.parametrize(
    ("text_format", "word"),
    [
        ("%d/%b/%Y", "%b"),
        ("%d/%m/%Y %p", "%p"),
        ("%d/%m", "year"),
        ("%H:%M", "day"),
        ("%d/%m/%Y %d", "repeats"),
        ("%d/%m/%Y %", "not supported"),
    ],
)
def test_a_format_that_is_incomplete_or_depends_on_the_machine_is_refused(text_format: str, word: str) -> None:
    with pytest.raises(MappingPlanError, match=word):
        FieldMapping("day", FieldType.DATE, _PATHS, "date", text_format)


def test_a_format_on_a_codec_without_one_is_refused() -> None:
    with pytest.raises(MappingPlanError, match="takes no format"):
        FieldMapping("price", FieldType.DECIMAL, _PATHS, "decimal", "%d/%m/%Y")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(MappingPlanError, match="time zone"):
        FieldMapping("at", FieldType.TIMESTAMP, _PATHS, "timestamp", time_zone=zone)


@pytest.mark.parametrize(
    ("kind", "codec", "value"),
    [(FieldType.BOOLEAN, "boolean", "yes"), (FieldType.CODE, "text", True)],
    ids=["text for a boolean", "boolean for a code"],
)
def test_codes_must_stand_for_values_of_the_type(kind: FieldType, codec: str, value: str | bool) -> None:
    with pytest.raises(MappingPlanError, match="'A'"):
        FieldMapping("status", kind, _PATHS, codec, codes={"A": value})


def test_a_field_without_a_path_is_refused() -> None:
    with pytest.raises(MappingPlanError, match="path"):
        FieldMapping("x", FieldType.TEXT, (), "text")


@pytest.mark.parametrize(
    ("fields", "key", "word"),
    [(("a", "a"), ("a",), "twice"), (("a",), (), "key"), (("a",), ("b",), "'b'")],
    ids=["field twice", "no key", "key not mapped"],
)
def test_an_entity_needs_distinct_fields_and_a_mapped_key(
    fields: tuple[str, ...], key: tuple[str, ...], word: str
) -> None:
    mapped = tuple(FieldMapping(name, FieldType.TEXT, _PATHS, "text") for name in fields)
    with pytest.raises(MappingPlanError, match=word):
        EntityMapping("customers", parse_path("id"), key, mapped)
    with pytest.raises(MappingPlanError, match=word):
        LinesMapping("orders.lines", parse_path("lines"), None, mapped, key)


def test_mappings_with_the_same_parts_are_equal_and_hash_alike() -> None:
    def make(codes: dict[str, str | bool]) -> EntityMapping:
        field = FieldMapping("status", FieldType.CODE, _PATHS, "text", codes=codes)
        return EntityMapping("orders", parse_path("id"), ("status",), (field,))

    assert make({"1": "OPEN"}) == make({"1": "OPEN"})
    assert hash(make({"1": "OPEN"})) == hash(make({"1": "OPEN"}))
    assert make({"1": "OPEN"}) != make({"2": "OPEN"})
