"""Pages of records as staged tables: columns, keys, what is rejected and what is merely invalid."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.page import map_page, map_pages
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, default_codec
from reconciler.mapping.reading import read_value, select_plain
from reconciler.model import staging
from reconciler.model.entities import FieldType

_SLOTS = {"OtherProperties": "FieldKey"}
_CNPJ = "16.727.230/0001-97"


def _field(name: str, kind: FieldType, *paths: str, codec: str | None = None, **options: str | bool) -> FieldMapping:
    parsed = tuple(parse_path(path, _SLOTS) for path in paths)
    return FieldMapping(name, kind, parsed, codec or default_codec(kind), **options)  # type: ignore[arg-type]  # mixed


_CUSTOMERS = EntityMapping(
    "customers",
    parse_path("Id"),
    ("tax_id",),
    (
        _field("tax_id", FieldType.DOCUMENT, "CNPJ", "CPF"),
        _field("legal_name", FieldType.TEXT, "LegalName"),
        _field("state", FieldType.CODE, "City.State"),
        _field("credit_limit", FieldType.DECIMAL, "OtherProperties[contact_limit].DecimalValue"),
        _field("active", FieldType.BOOLEAN, "Active", codec="boolean_sn"),
        _field("updated_at", FieldType.TIMESTAMP, "LastUpdateDate"),
        _field("since", FieldType.DATE, "day", codec="date", format="%d/%m/%Y"),
    ),
    link=parse_path("ErpId"),
)


def _customer(**changes: object) -> dict[str, object]:
    record: dict[str, object] = {
        "Id": 401,
        "CNPJ": _CNPJ,
        "LegalName": " Acme  Indústria ",
        "City": {"State": "sp"},
        "OtherProperties": [{"FieldKey": "contact_limit", "DecimalValue": 50000.5}],
        "Active": "S",
        "LastUpdateDate": "2026-05-02T10:11:12.3-03:00",
        "day": "02/05/2026",
        "ErpId": "E-9",
    }
    return {**record, **changes}


def _row(record: object, mapping: EntityMapping = _CUSTOMERS) -> dict[str, object]:
    return map_page(mapping, [record], 0).records.row(0, named=True)


def _rejected(row: dict[str, object]) -> dict[str, str]:
    found: dict[str, str] = json.loads(str(row["_rejected"]))
    return found


def test_a_page_becomes_the_staged_table() -> None:
    page = map_page(_CUSTOMERS, [_customer()], 3)
    assert page.records.rows(named=True) == [
        {
            "_id": "401",
            "_key": "16727230000197",
            "_link": "E-9",
            "_parent": None,
            "_page": 3,
            "_position": 0,
            "_rejected": None,
            "_invalid": None,
            "form.tax_id": "16727230000197",
            "value.legal_name": " Acme  Indústria ",
            "form.legal_name": "ACME INDUSTRIA",
            "form.state": "SP",
            "form.credit_limit": Decimal("50000.5"),
            "form.active": True,
            "form.updated_at": datetime(2026, 5, 2, 13, 11, 12, 300_000, UTC),
            "form.since": datetime(2026, 5, 2, tzinfo=UTC).date(),
        }
    ]
    assert page.lines is None
    assert page.skipped == 0


@pytest.mark.parametrize("records", [[], [_customer()], [{}], [None], [_customer(CNPJ=None)]], ids=repr)
def test_the_columns_and_their_types_never_depend_on_the_data(records: list[object]) -> None:
    schema = map_page(_CUSTOMERS, records, 0).records.schema
    assert dict(schema) == {
        "_id": pl.String,
        "_key": pl.String,
        "_link": pl.String,
        "_parent": pl.String,
        "_page": pl.Int32,
        "_position": pl.Int32,
        "_rejected": pl.String,
        "_invalid": pl.String,
        "form.tax_id": pl.String,
        "value.legal_name": pl.String,
        "form.legal_name": pl.String,
        "form.state": pl.String,
        "form.credit_limit": pl.Decimal(staging.DECIMAL_PRECISION, staging.DECIMAL_SCALE),
        "form.active": pl.Boolean,
        "form.updated_at": pl.Datetime("us", "UTC"),
        "form.since": pl.Date,
    }


def test_several_pages_are_the_same_as_one_after_another() -> None:
    pages: list[tuple[int, list[object]]] = [
        (7, [_customer(Id=1), None, _customer(Id=2)]),
        (8, []),
        (9, [_customer(Id=3, CNPJ="x")]),
    ]
    together = map_pages(_CUSTOMERS, pages).records
    assert together.equals(pl.concat([map_page(_CUSTOMERS, records, number).records for number, records in pages]))
    assert together.select("_id", "_page", "_position").rows() == [("1", 7, 0), (None, 7, 1), ("2", 7, 2), ("3", 9, 0)]


@pytest.mark.parametrize(
    ("record", "field", "cause", "reason", "value", "key"),
    [
        (None, None, "unreadable_record", "object", "null", None),
        ("text", None, "unreadable_record", "object", "text", None),
        ([_customer()], None, "unreadable_record", "object", '[{"Id":401', None),
        (_customer(Id=None), None, "unreadable_record", "no id", "null", "16727230000197"),
        (_customer(Id="  "), None, "unreadable_record", "no id", "  ", "16727230000197"),
        (_customer(Id=True), None, "unreadable_record", "whole number", "true", "16727230000197"),
        (_customer(Id=1.5), None, "unreadable_record", "whole number", "1.5", "16727230000197"),
        (_customer(Id={"a": 1}), None, "unreadable_record", "whole number", '{"a":1}', "16727230000197"),
        (_customer(CNPJ=None), "tax_id", "missing_key", "empty", "null", None),
        (_customer(CNPJ="  "), "tax_id", "missing_key", "empty", "null", None),
        (_customer(CNPJ="./-"), "tax_id", "missing_key", "empty", "./-", None),
        (
            _customer(CNPJ="16.727.230/0001-98"),
            "tax_id",
            "invalid_document",
            "CNPJ",
            "16.727.230/0001-98",
            "16727230000198",
        ),
        (_customer(CNPJ="ação 12"), "tax_id", "invalid_document", "characters", "ação 12", "ACAO12"),
        (_customer(CNPJ=123), "tax_id", "invalid_document", "CNPJ", "123", "123"),
        (_customer(CNPJ=["x"]), "tax_id", "unreadable_value", "list", '["x"]', None),
        (_customer(CNPJ=True), "tax_id", "unreadable_value", "boolean", "true", None),
        (_customer(CNPJ="1" * 70_000), "tax_id", "unreadable_value", "longer", "1" * 79 + "…", None),
    ],
)
def test_a_record_that_cannot_be_used_is_rejected_with_its_reason(
    record: object, field: str | None, cause: str, reason: str, value: str, key: str | None
) -> None:
    row = _row(record)
    rejected = _rejected(row)
    assert rejected["field"] == field
    assert rejected["cause"] == cause
    assert reason in rejected["reason"]
    assert rejected["value"].startswith(value)
    assert row["_key"] == key
    assert row["_invalid"] is None
    assert [row[name] for name in row if name.startswith(("form.", "value."))] == [None] * 8


def test_rejected_records_leave_their_neighbours_alone() -> None:
    records = [_customer(Id=1), "no object", _customer(Id=None), _customer(Id=4, CNPJ="1"), _customer(Id=5)]
    frame = map_page(_CUSTOMERS, records, 0).records
    assert frame["_id"].to_list() == ["1", None, None, "4", "5"]
    assert frame["_rejected"].is_null().to_list() == [True, False, False, False, True]
    for column in frame.columns[8:]:
        assert frame[column].is_null().to_list() == [False, True, True, True, False]


def test_a_value_that_cannot_be_read_leaves_its_record_in_use() -> None:
    row = _row(_customer(OtherProperties=[{"FieldKey": "contact_limit", "DecimalValue": "1,5"}], Active="X"))
    assert row["_rejected"] is None
    assert row["form.credit_limit"] is None
    assert row["form.active"] is None
    assert row["form.legal_name"] == "ACME INDUSTRIA"
    assert json.loads(str(row["_invalid"])) == {
        "credit_limit": {
            "cause": "unreadable_value",
            "reason": "is not a number written as 1234.56",
            "value": "1,5",
        },
        "active": {"cause": "unreadable_value", "reason": "is not 'S' or 'N'", "value": "X"},
    }


def test_a_link_that_is_no_key_is_told_and_an_empty_one_is_null() -> None:
    assert _row(_customer(ErpId=""))["_link"] is None
    assert _row(_customer(ErpId=77))["_link"] == "77"
    row = _row(_customer(ErpId={"id": 1}))
    assert row["_link"] is None
    assert json.loads(str(row["_invalid"]))["_link"]["value"] == '{"id":1}'


def test_a_rejected_record_keeps_its_link_and_tells_of_its_rejection_only() -> None:
    linked_by_name = EntityMapping(
        "customers", parse_path("Id"), ("tax_id",), _CUSTOMERS.fields, link=parse_path("LegalName")
    )
    row = _row(_customer(CNPJ=None, LegalName="E-9"), linked_by_name)
    assert row["_link"] == "E-9"
    assert row["form.legal_name"] is None
    assert _row(_customer(CNPJ=None, ErpId=["x"]))["_invalid"] is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (-1, "-1"),
        (2**64, str(2**64)),
        (" a b ", "a b"),
        ("a\x1f\x1bb", "ab"),
        ("É", "É"),
        ({"$": 5}, "5"),
    ],
)
def test_a_key_of_the_system_is_a_text(raw: object, text: str) -> None:
    assert _row(_customer(Id=raw))["_id"] == text
    assert map_page(_CUSTOMERS, [_customer(Id=raw), _customer(Id="other")], 0).records["_id"].to_list() == [
        text,
        "other",
    ]


def test_records_of_another_kind_are_skipped_and_named() -> None:
    mapping = EntityMapping(
        "quotes",
        parse_path("Id"),
        ("number",),
        (_field("number", FieldType.CODE, "QuoteNumber"),),
        only=((parse_path("LastReview"), ("true",)), (parse_path("TypeId"), ("1", "3"))),
    )
    records = [
        {"Id": 1, "QuoteNumber": 7, "LastReview": False, "TypeId": 1},
        {"Id": 2, "QuoteNumber": 7, "LastReview": True, "TypeId": 1},
        {"Id": 3, "QuoteNumber": 8, "LastReview": True, "TypeId": "1"},
        {"Id": 4, "QuoteNumber": 8, "LastReview": True, "TypeId": 2},
        {"Id": 5, "QuoteNumber": 9, "TypeId": 1},
        {"Id": 6, "QuoteNumber": 9, "LastReview": {"$": "true"}, "TypeId": 3.0},
        "no object",
        {"QuoteNumber": 10},
    ]
    page = map_page(mapping, records, 0)
    assert (page.skipped, page.left) == (4, ["1", "4", "5"])
    assert page.records["_id"].to_list() == ["2", "3", "6", None]
    assert page.records["_position"].to_list() == [1, 2, 5, 6]
    assert page.records["_rejected"].is_null().to_list() == [True, True, True, False]


def _composite() -> EntityMapping:
    return EntityMapping(
        "quotes",
        parse_path("Id"),
        ("number", "revision", "day", "open", "customer"),
        (
            _field("customer", FieldType.DOCUMENT, "c"),
            _field("open", FieldType.BOOLEAN, "o"),
            _field("day", FieldType.DATE, "d"),
            _field("revision", FieldType.DECIMAL, "r"),
            _field("number", FieldType.CODE, "n"),
        ),
    )


def test_a_composite_key_joins_its_forms_in_the_order_of_the_key() -> None:
    row = _row({"Id": 1, "n": " a1 ", "r": 2.50, "d": "2026-05-02", "o": False, "c": _CNPJ}, _composite())
    assert row["_key"] == "\x1f".join(["A1", "2.5", "2026-05-02", "false", "16727230000197"])
    assert _row({"Id": 1, "n": "x", "r": 200, "d": "2026-05-02", "o": 1, "c": _CNPJ}, _composite())[
        "_key"
    ] == "\x1f".join(["X", "200", "2026-05-02", "true", "16727230000197"])


def test_one_missing_part_leaves_a_composite_key_null_and_an_invalid_document_stands_in() -> None:
    whole = {"Id": 1, "n": "x", "r": 1, "d": "2026-05-02", "o": 1, "c": "99.9"}
    assert _row(whole, _composite())["_key"] == "\x1f".join(["X", "1", "2026-05-02", "true", "999"])
    row = _row({**whole, "r": None}, _composite())
    assert row["_key"] is None
    assert _rejected(row)["field"] == "revision"
    assert [row[name] for name in row if name.startswith("form.")] == [None] * 5


def test_no_key_part_can_hold_the_separator() -> None:
    row = _row({"Id": 1, "n": "x\x1fy", "r": 1, "d": "2026-05-02", "o": 1, "c": _CNPJ}, _composite())
    assert str(row["_key"]).count(staging.KEY_SEPARATOR) == 4


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=10),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["$", "State", "x"]), st.one_of(st.none(), st.text(max_size=5)), max_size=2),
)
_broken = st.dictionaries(st.sampled_from([*_customer()]), _values, max_size=4)


@given(changes=st.lists(st.one_of(_broken, st.none(), st.just("no object")), max_size=6))
def test_a_page_of_any_records_accounts_for_each_and_equals_the_plain_reading(
    changes: list[dict[str, object] | str | None],
) -> None:
    records = [_customer(**change) if isinstance(change, dict) else change for change in changes]
    frame = map_page(_CUSTOMERS, records, 0).records
    assert frame.height == len(records)
    for record, row in zip(records, frame.iter_rows(named=True), strict=True):
        problems = set(json.loads(str(row["_invalid"] or "{}"))) - {"_link"}
        readings = {field.name: read_value(field, select_plain(field, record)) for field in _CUSTOMERS.fields}
        if row["_rejected"] is None:
            assert problems == {name for name, reading in readings.items() if reading.problem}
            assert row["_id"]
            assert row["_key"] == readings["tax_id"].form
            for name, reading in readings.items():
                assert row[f"form.{name}"] == reading.form
            assert row["value.legal_name"] == readings["legal_name"].value
        else:
            assert readings["tax_id"].form is None or row["_id"] is None


def test_the_input_is_left_as_it_was() -> None:
    records = [_customer(Id=None), _customer(CNPJ="x"), _customer()]
    before = json.dumps(records)
    map_page(_CUSTOMERS, records, 0)
    assert json.dumps(records) == before
