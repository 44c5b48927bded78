"""A trace tells how one value came about, and agrees with the staged page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.explain import NOTHING, TraceStep, trace
from reconciler.mapping.page import map_page
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping, default_codec
from reconciler.mapping.reading import key_text
from reconciler.model.entities import FieldType
from reconciler.model.findings import Cause


def _field(name: str, kind: FieldType, *paths: str, codec: str | None = None, **options: object) -> FieldMapping:
    parsed = tuple(map(parse_path, paths))
    return FieldMapping(name, kind, parsed, codec or default_codec(kind), **options)  # type: ignore[arg-type]  # mixed


_MAPPING = EntityMapping(
    "customers",
    parse_path("id"),
    ("code",),
    (
        _field("code", FieldType.CODE, "code"),
        _field("name", FieldType.TEXT, "legal.name", "name"),
        _field("limit", FieldType.DECIMAL, "limit", codec="decimal_comma"),
        _field("status", FieldType.CODE, "status", codes={"10": "open"}),
        _field("at", FieldType.TIMESTAMP, "day", "hour", format="%d/%m/%Y %H:%M:%S", join=True),
    ),
)
_RECORD = {
    "id": 1,
    "code": "c1",
    "name": " São  João ",
    "limit": "1.234,56",
    "status": 10,
    "day": "02/05/2026",
    "hour": "10:11:12",
}


def _steps(field: str, **changes: object) -> list[tuple[str, str, str]]:
    return [(stage, what, result) for stage, what, result in trace(_MAPPING, {**_RECORD, **changes}, field).steps]


def test_a_text_shows_each_path_its_value_and_its_form() -> None:
    assert _steps("name") == [
        ("path", "legal.name", NOTHING),
        ("path", "name", " São  João "),
        ("codec", "text", " São  João "),
        ("value", "as written", " São  João "),
        ("form", "text", "SAO JOAO"),
    ]


def test_paths_after_the_one_that_counts_are_not_tried() -> None:
    assert _steps("name", legal={"name": "Acme"})[:2] == [("path", "legal.name", "Acme"), ("codec", "text", "Acme")]


def test_a_number_shows_what_the_codec_made_of_it() -> None:
    assert _steps("limit") == [
        ("path", "limit", "1.234,56"),
        ("codec", "decimal_comma", "1234.56"),
        ("form", "decimal", "1234.56"),
    ]


def test_a_code_shows_its_translation_or_that_there_is_none() -> None:
    assert _steps("status")[1] == ("code", "10", "open")
    assert _steps("status")[-1] == ("form", "code", "OPEN")
    assert _steps("status", status="99")[1] == ("code", "99", "not listed, kept as it is")


def test_joined_paths_are_shown_one_by_one_and_together() -> None:
    assert _steps("at") == [
        ("path", "day", "02/05/2026"),
        ("path", "hour", "10:11:12"),
        ("join", "with one space", "02/05/2026 10:11:12"),
        ("codec", "timestamp %d/%m/%Y %H:%M:%S", "2026-05-02T13:11:12+00:00"),
        ("form", "timestamp", "2026-05-02T13:11:12+00:00"),
    ]


def test_a_value_that_cannot_be_read_ends_with_the_reason() -> None:
    found = trace(_MAPPING, {**_RECORD, "limit": "1,234.56"}, "limit")
    assert found.steps[-1] == TraceStep("failed", "decimal_comma", "is not a number written as 1.234,56")
    assert found.form is None
    assert found.problem is not None
    assert found.problem.cause is Cause.UNREADABLE_VALUE
    assert found.problem.value == "1,234.56"


@pytest.mark.parametrize("empty", [None, "", {}, "  "], ids=repr)
def test_an_empty_value_ends_at_its_paths(empty: object) -> None:
    found = trace(_MAPPING, {**_RECORD, "limit": empty}, "limit")
    assert found.steps == (TraceStep("path", "limit", NOTHING),)
    assert (found.value, found.form, found.problem) == (None, None, None)


def test_a_text_of_nothing_visible_has_no_form() -> None:
    assert _steps("code", code="\u0007")[-1] == ("codec", "text", NOTHING)


@pytest.mark.parametrize("record", [None, "text", [], 5], ids=repr)
def test_a_record_that_is_no_object_is_traced_to_nothing(record: object) -> None:
    assert trace(_MAPPING, record, "code").steps == (TraceStep("path", "code", NOTHING),)


def test_an_unknown_field_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        trace(_MAPPING, _RECORD, "nonsense")


def test_a_line_is_traced_with_the_mapping_of_the_lines() -> None:
    lines = LinesMapping("orders.lines", parse_path("lines"), None, (_field("sku", FieldType.CODE, "c"),), ("sku",))
    assert trace(lines, {"c": " p1 "}, "sku").form == "P1"


def test_steps_are_safe_to_show_and_short() -> None:
    hostile = "\x1b[2J\u202e" + "x" * 10_000_000
    for step in trace(_MAPPING, {**_RECORD, "name": hostile}, "name").steps:
        assert len(step.result) <= 200
        assert step.result.isprintable()


_raw = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from(["1.234,56", "10", "02/05/2026", "10:11:12", "São", "\x00", " "]),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.sampled_from(["$", "name"]), st.text(max_size=3), max_size=1),
)


@given(record=st.dictionaries(st.sampled_from(["code", "name", "legal", "limit", "status", "day", "hour"]), _raw))
def test_a_trace_always_ends_where_the_staged_page_does(record: dict[str, object]) -> None:
    staged = map_page(_MAPPING, [{**record, "id": 1, "code": "c1"}], 0).records.row(0, named=True)
    for field in _MAPPING.fields[1:]:
        found = trace(_MAPPING, record, field.name)
        form = staged[f"form.{field.name}"]
        assert found.form == (None if form is None else key_text(form))
        assert (found.problem is None) is (f'"{field.name}"' not in (staged["_invalid"] or ""))
        if found.form is not None:
            assert found.steps[-1].stage == "form"
