"""From a description to a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.connectors.description import Description, FieldSource
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.errors import ConfigurationError
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.model.entities import ORDERS, FieldType

_SLOTS = {"OtherProperties": "FieldKey"}


@pytest.fixture(scope="module")
def ploomes() -> Description:
    return load_description("ploomes", Path())


def _mapping(description: Description, **changes: Any) -> EntityMapping:
    arguments: dict[str, Any] = {
        "key": ["number"],
        "fields": {"number": "OrderNumber"},
        "types": {field.name: field.type for field in ORDERS.fields},
        "time_zone": "America/Manaus",
        **changes,
    }
    return entity_mapping(description, "orders", **arguments)


def test_a_field_gets_the_codec_of_its_type_and_the_projects_time_zone(ploomes: Description) -> None:
    fields = {"number": "OrderNumber", "total": "Amount", "date": FieldSource(path="Date", time_zone="UTC")}
    assert _mapping(ploomes, fields=fields).fields == (
        FieldMapping("number", FieldType.CODE, (parse_path("OrderNumber"),), "text", time_zone="America/Manaus"),
        FieldMapping("total", FieldType.DECIMAL, (parse_path("Amount"),), "decimal", time_zone="America/Manaus"),
        FieldMapping("date", FieldType.DATE, (parse_path("Date"),), "date", time_zone="UTC"),
    )


def test_every_option_of_an_entry_reaches_the_field(ploomes: Description) -> None:
    entry = FieldSource(
        path=["a", "b"],
        codec="timestamp",
        format="%d/%m/%Y %H:%M",
        join=True,
        time_zone="UTC",
        codes={"": "2026-01-01"},
    )
    (_, field) = _mapping(ploomes, fields={"number": "OrderNumber", "date": entry}).fields
    assert field == FieldMapping(
        "date",
        FieldType.DATE,
        (parse_path("a"), parse_path("b")),
        "timestamp",
        format="%d/%m/%Y %H:%M",
        join=True,
        time_zone="UTC",
        codes={"": "2026-01-01"},
    )


def test_slots_of_the_description_serve_the_projects_own_paths(ploomes: Description) -> None:
    path = "OtherProperties[order_region].StringValue"
    mapping = _mapping(ploomes, fields={"number": "OrderNumber", "status": path})
    assert mapping.fields[1].paths == (parse_path(path, _SLOTS),)


def test_lines_are_read_with_the_slots_of_their_record(ploomes: Description) -> None:
    mapping = _mapping(
        ploomes,
        line_key=["sku"],
        line_fields={"sku": "Product.Code", "total": "OtherProperties[line_total].DecimalValue"},
        line_types={"sku": FieldType.CODE, "total": FieldType.DECIMAL},
    )
    assert mapping.lines is not None
    assert (mapping.lines.entity, str(mapping.lines.path), str(mapping.lines.id)) == ("orders.lines", "Products", "Id")
    assert mapping.lines.key == ("sku",)
    assert mapping.lines.fields[1].paths == (parse_path("OtherProperties[line_total].DecimalValue", _SLOTS),)


def test_slots_named_by_the_path_of_the_lines_reach_into_a_line(ploomes: Description) -> None:
    orders = ploomes.entities["orders"].model_copy(update={"slots": {"Products.Extras": "Name"}})
    description = ploomes.model_copy(update={"entities": {"orders": orders}})
    mapping = _mapping(
        description, line_key=["sku"], line_fields={"sku": "Extras[code].Value"}, line_types={"sku": FieldType.CODE}
    )
    assert mapping.lines is not None
    assert mapping.lines.fields[0].paths == (parse_path("Extras[code].Value", {"Extras": "Name"}),)


def test_without_line_fields_no_lines_are_read(ploomes: Description) -> None:
    assert _mapping(ploomes).lines is None


def test_only_the_latest_review_of_a_quote_belongs(ploomes: Description) -> None:
    """Trap 14."""
    mapping = entity_mapping(
        ploomes,
        "quotes",
        key=["number"],
        fields={"number": "QuoteNumber"},
        types={"number": FieldType.CODE},
        time_zone="UTC",
    )
    assert mapping.only == ((parse_path("LastReview"), ("true",)),)


@pytest.mark.parametrize(
    ("described", "given", "expected"),
    [
        (None, None, None),
        ("ErpId", None, "ErpId"),
        ("ErpId", "OtherProperties[e].StringValue", "OtherProperties[e].StringValue"),
    ],
    ids=["none", "described", "the project's own"],
)
def test_the_link_is_the_projects_or_the_descriptions(
    ploomes: Description, described: str | None, given: str | None, expected: str | None
) -> None:
    orders = ploomes.entities["orders"].model_copy(update={"link": described})
    description = ploomes.model_copy(update={"entities": {"orders": orders}})
    link = _mapping(description, link=given).link
    assert (None if link is None else str(link)) == expected


WRONG = {
    "path": ({"number": "OrderNumber["}, "a name is missing"),
    "slot that is not declared": ({"number": "Others[x].Value"}, "slot"),
    "codec": ({"number": FieldSource(path="x", codec="decimal")}, "not decimal"),
    "time zone": ({"number": FieldSource(path="x", time_zone="Moon")}, "IANA"),
}


@pytest.mark.parametrize(("fields", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_of_a_project_is_told_with_its_entity(
    fields: dict[str, Any], problem: str, ploomes: Description
) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        _mapping(ploomes, fields=fields)
    assert caught.value.message.startswith("ploomes, orders: ")
