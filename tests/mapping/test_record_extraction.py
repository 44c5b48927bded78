"""Columns taken out of many records hold what each path reads from each record."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.mapping.column import read_column
from reconciler.mapping.extract import Extraction, select_column
from reconciler.mapping.json_values import unwrap
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import read_value, select_plain
from reconciler.model.entities import FieldType

_SLOTS = {"slots": "key"}
_PATHS = [
    parse_path(text, _SLOTS)
    for text in (
        "a",
        "a.b",
        "a.b.a",
        "b",
        "list[0]",
        "list[1].a",
        "list[a=x].b",
        "list[a=1].b",
        "list[a=true].b",
        "list[a=x].slots[key=y].a",
        "slots[x].a",
        "slots[y].a",
        "slots[1].a",
        "slots[x].b.a",
        "slots[nan].a",
    )
]
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", " ", "x", "y", "1", "true", 1.0, 1.5])
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "key", "list", "slots", "$"]), inner, max_size=4),
    ),
    max_leaves=12,
)
_records = st.dictionaries(st.sampled_from(["a", "b", "list", "slots"]), _values, max_size=4)


@given(records=st.lists(_records, max_size=5))
def test_every_column_holds_what_its_path_reads(records: list[dict[str, object]]) -> None:
    columns = Extraction(_PATHS).columns(records)
    for path in _PATHS:
        assert repr([unwrap(value) for value in columns[path]]) == repr([path.read(record) for record in records])


@pytest.mark.parametrize("join", [False, True], ids=["first", "joined"])
@pytest.mark.parametrize("kind", [FieldType.TEXT, FieldType.CODE, FieldType.DECIMAL, FieldType.BOOLEAN])
@example(records=[{"a": {"$": {"x": 1, "$": {"$": 0}}}}])
@given(records=st.lists(_records, max_size=5))
def test_a_field_of_several_paths_reads_the_same_in_columns(
    kind: FieldType, join: bool, records: list[dict[str, object]]
) -> None:
    codec = {FieldType.DECIMAL: "decimal", FieldType.BOOLEAN: "boolean"}.get(kind, "text")
    paths = (parse_path("a"), parse_path("b"), parse_path("list[0].a"))
    field = FieldMapping("x", kind, paths, codec, join=join)
    column = read_column(field, select_column(field, Extraction(paths).columns(records)))
    readings = [read_value(field, select_plain(field, record)) for record in records]
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": "first", "b": "second"}, "FIRST"),
        ({"a": "", "b": "second"}, "SECOND"),
        ({"a": "  ", "b": "second"}, "SECOND"),
        ({"a": {}, "b": "second"}, "SECOND"),
        ({"a": {"$": None}, "b": {"$": "second"}}, "SECOND"),
        ({"b": "second"}, "SECOND"),
        ({"a": 0, "b": "second"}, "0"),
        ({}, None),
    ],
)
def test_the_first_path_that_is_not_empty_counts(record: dict[str, object], expected: str | None) -> None:
    field = FieldMapping("x", FieldType.CODE, (parse_path("a"), parse_path("b")), "text")
    columns = Extraction(field.paths).columns([record])
    assert read_column(field, select_column(field, columns)).form.to_list() == [expected]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": "Rua X", "b": 10}, "RUA X 10"),
        ({"a": "Rua X", "b": None}, "RUA X"),
        ({"a": " ", "b": "10"}, "10"),
        ({"a": "Rua", "b": True}, "RUA TRUE"),
        ({}, None),
    ],
)
def test_joined_paths_are_put_together_with_a_space(record: dict[str, object], expected: str | None) -> None:
    field = FieldMapping("x", FieldType.TEXT, (parse_path("a"), parse_path("b")), "text", join=True)
    columns = Extraction(field.paths).columns([record, record])
    assert read_column(field, select_column(field, columns)).form.to_list() == [expected, expected]


def test_joining_what_is_no_scalar_is_a_problem() -> None:
    field = FieldMapping("x", FieldType.TEXT, (parse_path("a"), parse_path("b")), "text", join=True)
    columns = Extraction(field.paths).columns([{"a": "Rua", "b": ["x"]}])
    assert 0 in read_column(field, select_column(field, columns)).problems


def test_slots_are_indexed_once_for_all_fields_of_a_list() -> None:
    wanted = [parse_path(f"slots[k{number}].v", _SLOTS) for number in range(50)]
    reads = 0

    class Counting(dict[str, object]):
        def __getitem__(self, name: str) -> object:
            nonlocal reads
            reads += name == "key"
            return super().__getitem__(name)

    elements = [Counting(key=f"k{number}", v=number) for number in range(50)]
    columns = Extraction(wanted).columns([{"slots": elements}])
    assert [columns[path] for path in wanted] == [[number] for number in range(50)]
    assert reads == 50


@pytest.mark.parametrize("key", ["k", 7, True, {"$": "k"}], ids=repr)
def test_the_first_of_equal_elements_counts_whatever_their_attribute_is(key: object) -> None:
    wanted = {"7": 7, "true": True}
    name = next((text for text, value in wanted.items() if value == key), "k")
    path = parse_path(f"slots[{name}].v", _SLOTS)
    record = {"slots": [None, {"v": 0}, {"key": key, "v": 1}, {"key": key, "v": 2}]}
    assert Extraction([path]).columns([record])[path] == [1] == [path.read(record)]
    plain_list = {"slots": [{"key": key, "v": 1}, {"key": key, "v": 2}]}
    assert Extraction([path]).columns([plain_list])[path] == [1]


@pytest.mark.parametrize(
    "second",
    [["y", "x"], ["x"], ["x", "y", "y"], ["x", "z"], [1, "y"], []],
    ids=["other order", "shorter", "longer", "other element", "number", "empty"],
)
def test_lists_that_differ_from_record_to_record_are_told_apart(second: list[object]) -> None:
    wanted = [parse_path(f"slots[{name}].v", _SLOTS) for name in ("x", "y")]
    records = [{"slots": [{"key": key, "v": key} for key in keys]} for keys in (["x", "y"], second)]
    columns = Extraction(wanted).columns(records)
    assert [columns[path] for path in wanted] == [[path.read(record) for record in records] for path in wanted]
