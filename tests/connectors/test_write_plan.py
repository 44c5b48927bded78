"""Canonical values composed into what a vendor is sent, and why some cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectors.description import FieldSource
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, LineChange
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.plan import WritePlan
from reconciler.connectors.write.record_reader import current_record
from reconciler.model.entities import ENTITIES
from tests.connectors.writing_vendor import CUSTOMER, DESCRIPTION, ORDER, ZONE, description_in, mappings_of

_EXTRAS = [
    {"name": "limit", "value": "1.000,50"},
    {"name": "colour", "text": "blue"},
    {"name": "rank", "value": "3"},
]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, WritePlan]:
    return _plans(tmp_path_factory.mktemp("vendor"))


def _plans(folder: Path, text: str = DESCRIPTION) -> dict[str, WritePlan]:
    description = description_in(folder, text)
    mappings = mappings_of(description)
    return {
        entity: WritePlan(source, mappings[entity], {"model": 12}) for entity, source in description.entities.items()
    }


def _current(plan: WritePlan, record: Mapping[str, Any], slots: Mapping[str, str] | None = None) -> CurrentRecord:
    return current_record(plan.mapping, plan.write, slots or {"extras": "name"}, "X", record)


def _changed(plan: WritePlan, changes: Mapping[str, FieldValue], **present: Any) -> dict[str, object]:
    return plan.changed_record(changes, {}, _current(plan, {**CUSTOMER, **present}))


@pytest.mark.parametrize(
    ("changes", "present", "sent"),
    [
        ({"special_discount": Decimal("7.50")}, {}, {"discount": {"amount": "7.5"}}),
        ({"special_discount": "0.1234567891"}, {}, {"discount": {"amount": "0.1234567891"}}),
        ({"special_discount": None}, {}, {"discount": {"amount": "none"}}),
        ({"phone": "(11) 3333-4444"}, {}, {"phones": {"mobile": "1133334444"}}),
        ({"phone": "1133334444"}, {"phones": {"fixed": "1", "mobile": "2"}}, {"phones": {"fixed": "1133334444"}}),
        ({"phone": "1133334444"}, {"phones": None}, {"phones": {"fixed": "1133334444"}}),
        ({"phone": None}, {"phones": {"fixed": "1", "mobile": "2"}}, {"phones": {"fixed": None, "mobile": None}}),
        ({"active": False}, {}, {"blocked": True}),
        ({"tax_id": "16.727.230/0001-97"}, {}, {"company": "16727230000197"}),
        ({"tax_id": "52998224725"}, {}, {"person": "52998224725", "kind": 2}),
        ({"legal_name": "Beta"}, {}, {"name": "Beta", "place": {"id": 77}, "reason": "reconciled"}),
    ],
    ids=[
        "number as text",
        "ten decimals",
        "word for nothing",
        "the path that counts now",
        "the first that counts",
        "no path counts yet",
        "all paths emptied",
        "code as JSON",
        "company",
        "person",
        "with companions",
    ],
)
def test_a_change_is_sent_as_the_vendor_takes_it(
    plans: dict[str, WritePlan], changes: dict[str, FieldValue], present: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert _changed(plans["customers"], changes, **present) == sent


def test_custom_fields_that_nobody_asked_to_change_are_sent_back_as_they_were(plans: dict[str, WritePlan]) -> None:
    """Trap 6: the vendor replaces the array."""
    sent = _changed(plans["customers"], {"credit_limit": Decimal(7)})
    assert sent == {"extras": [{"name": "limit", "value": "7"}, *_EXTRAS[1:]]}
    without = _changed(plans["customers"], {"credit_limit": Decimal(7)}, extras=CUSTOMER["extras"][1:])
    assert without == {"extras": [*_EXTRAS[1:], {"name": "limit", "value": "7"}]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"legal_name": "x" * 41}, "legal_name: the system takes at most 40 characters"),
        ({"tax_id": "11222333000182"}, "tax_id: the value is not a document value"),
        ({"special_discount": "much"}, "special_discount: the value is not a decimal value"),
        ({"special_discount": True}, "special_discount: the value is not a decimal value"),
        ({"active": Decimal(1)}, "active: the value is not a boolean value"),
        ({"credit_limit": Decimal("1e30")}, "credit_limit: the value is not a decimal value"),
    ],
    ids=["too long", "wrong check digit", "no number", "boolean for number", "number for boolean", "too large"],
)
def test_a_value_that_the_target_cannot_hold_is_refused_without_being_named(
    plans: dict[str, WritePlan], changes: dict[str, FieldValue], problem: str
) -> None:
    with pytest.raises(CompositionError, match=f"^{re.escape(problem)}$"):
        _changed(plans["customers"], changes)
    ((name, value),) = changes.items()
    assert plans["customers"].value_problem("update", name, value) == problem.partition(": ")[2]


def test_a_value_outside_the_code_list_is_refused(plans: dict[str, WritePlan]) -> None:
    assert plans["customers"].value_problem("create", "state", "RJ") is None
    assert plans["customers"].value_problem("create", "state", "MG") == "the value has no code in the system"


def test_a_companion_that_the_record_lacks_makes_the_write_impossible(plans: dict[str, WritePlan]) -> None:
    with pytest.raises(CompositionError, match=r"current\.city, which has to be sent along, has no value"):
        _changed(plans["customers"], {"legal_name": "Beta"}, place=None)
    assert _changed(plans["customers"], {"special_discount": 1 * Decimal(1)}, place=None) == {
        "discount": {"amount": "1"}
    }


@pytest.mark.parametrize(
    ("call", "field", "problem"),
    [
        ("update", "legal_name", None),
        ("update", "credit_limit", None),
        ("update", "updated_at", "the system writes the field itself"),
        ("create", "updated_at", "the system writes the field itself"),
        ("update", "state", "the system does not take the field"),
        ("create", "state", None),
        ("update", "email", "the field is not mapped"),
    ],
)
def test_fields_that_cannot_be_written_are_told(
    plans: dict[str, WritePlan], call: Any, field: str, problem: str | None
) -> None:
    assert plans["customers"].problem(call, field) == problem


def test_a_projects_own_path_through_an_undeclared_list_is_not_written(tmp_path: Path) -> None:
    """The project, not the description, may lead a field into a list that the vendor replaces."""
    text = DESCRIPTION.replace('merge = ["extras"]\n', "").replace(
        'credit_limit = { path = "extras[limit].value", codec = "decimal_comma" }\n', ""
    )
    description = description_in(tmp_path, text)
    mapping = mappings_of(description_in(tmp_path))["customers"]
    plan = WritePlan(description.entities["customers"], mapping, {})
    assert plan.problem("update", "credit_limit") == (
        "its path goes through a list that the description does not say how to write"
    )
    assert plan.problem("create", "credit_limit") is None


def test_a_new_record_has_its_values_what_must_come_with_them_and_the_defaults(plans: dict[str, WritePlan]) -> None:
    values: dict[str, FieldValue] = {
        "tax_id": "16727230000197",
        "legal_name": "Beta Ltda",
        "credit_limit": Decimal(10),
        "phone": "1133334444",
        "active": True,
        "special_discount": None,
        "updated_at": "2026-05-02T10:11:12Z",
        "email": "beta@example.com",
    }
    new = plans["customers"].new_record(values)
    assert new.record == {
        "company": "16727230000197",
        "kind": 1,
        "model": 12,
        "name": "Beta Ltda",
        "short": {"name": "Beta Ltda"},
        "extras": [{"name": "limit", "value": "10"}],
        "phones": {"fixed": "1133334444"},
        "blocked": False,
    }
    assert new.left_out == ("updated_at", "email")


def test_a_new_person_overrides_the_defaults_and_a_missing_name_keeps_its_own(plans: dict[str, WritePlan]) -> None:
    new = plans["customers"].new_record({"tax_id": "52998224725"})
    assert new.record == {"person": "52998224725", "kind": 2, "model": 12, "name": "?"}


def test_a_new_record_needs_its_key(plans: dict[str, WritePlan]) -> None:
    with pytest.raises(CompositionError, match="tax_id: the key has no value"):
        plans["customers"].new_record({"legal_name": "Beta Ltda"})


_SKU = "sku"


def test_a_changed_line_is_sent_in_the_whole_document(plans: dict[str, WritePlan]) -> None:
    """Trap 7: the vendor replaces the document with all its lines."""
    plan = plans["orders"]
    current = _current(plan, ORDER)
    sent = plan.changed_record({}, {"B": LineChange({"quantity": Decimal("2.5")}, {})}, current)
    assert sent == {
        "buyer": ORDER["buyer"],
        "day": "02/05/2026",
        "stage": 1,
        "total": 30,
        "payments": [{"days": 30}],
        "lines": [
            {"product": {"code": "A", "origin": 0}, "quantity": "1", "price": 10, "note": "left"},
            {"product": {"code": "B", "origin": 1}, "quantity": "2,5", "price": 10, "note": "right"},
        ],
    }


def test_a_line_that_is_there_twice_is_not_guessed(plans: dict[str, WritePlan]) -> None:
    plan = plans["orders"]
    current = _current(plan, {**ORDER, "lines": [ORDER["lines"][0], ORDER["lines"][0]]})
    with pytest.raises(CompositionError, match="more than once"):
        plan.changed_record({}, {"A": LineChange({"quantity": Decimal(1)}, {})}, current)


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("quantity", None),
        ("unit_price", "the system does not take the field"),
        ("discount", "the field is not mapped"),
    ],
)
def test_fields_of_lines_that_cannot_be_written_are_told(
    plans: dict[str, WritePlan], field: str, problem: str | None
) -> None:
    assert plans["orders"].line_problem(field) == problem


def test_lines_are_changed_only_where_their_list_is_sent_complete(tmp_path: Path) -> None:
    partial = DESCRIPTION.replace(
        'If-Match = "$guard" }, body = "$record" }', 'If-Match = "$guard" }, body = "$changes" }'
    )
    listed = 'verified = "sandbox"\nleave_out = ["number", "lines.row", "changed"]'
    alone = _plans(tmp_path, partial)["orders"]
    merged = _plans(tmp_path, partial.replace(listed, f'{listed}\nmerge = ["lines"]'))["orders"]
    assert (
        alone.line_problem("quantity") == "its path goes through a list that the description does not say how to write"
    )
    assert merged.line_problem("quantity") is None
    change = {"B": LineChange({"quantity": Decimal(9)}, {})}
    sent = merged.changed_record({}, change, _current(merged, ORDER))
    assert list(sent) == ["lines"]
    assert [line["quantity"] for line in sent["lines"]] == ["1", "9"]  # type: ignore[attr-defined]  # a list


def test_lines_of_a_new_document_are_numbered_in_order(plans: dict[str, WritePlan]) -> None:
    lines: list[dict[str, FieldValue]] = [
        {_SKU: "A", "quantity": Decimal(1), "unit_price": Decimal(3)},
        {_SKU: "B", "quantity": Decimal("0.5")},
    ]
    new = plans["orders"].new_record({"number": "901", "status": "open"}, lines)
    assert new.record == {
        "number": "901",
        "stage": "1",
        "lines": [
            {"position": 1, "product": {"code": "A"}, "quantity": "1"},
            {"position": 2, "product": {"code": "B"}, "quantity": "0,5"},
        ],
    }


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "legal_name": st.text("Aá ßçZ9-", min_size=1, max_size=30).map(str.strip).filter(bool),
        "credit_limit": st.none() | st.decimals(-(10**9), 10**9, places=4),
        "phone": st.none() | st.text("0123456789", min_size=1, max_size=13),
        "active": st.booleans(),
        "tax_id": st.sampled_from(["16727230000197", "11222333000181"]),
    },
)


@given(_CHANGES)
def test_what_is_sent_reads_back_as_it_was_meant_and_changes_nothing_else(
    plans: dict[str, WritePlan], changes: dict[str, FieldValue]
) -> None:
    plan = plans["customers"]
    before = _current(plan, CUSTOMER)
    sent = plan.changed_record(changes, {}, before)
    after = _current(plan, _patched(CUSTOMER, sent))
    assert after.values == {**before.values, **changes}
    kept = [each for each in after.record["extras"] if each["name"] != "limit"]  # type: ignore[attr-defined]  # a list
    assert kept == (_EXTRAS[1:] if "credit_limit" in changes else CUSTOMER["extras"][1:])


def _patched(record: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """As the vendor does it: objects are merged, arrays and values replaced."""
    merged = dict(record)
    for name, value in sent.items():
        former = merged.get(name)
        merged[name] = _patched(former, value) if isinstance(value, dict) and isinstance(former, dict) else value
    return merged


def test_a_field_that_the_project_reads_elsewhere_is_written_there(tmp_path: Path) -> None:
    """What the description says of writing a field, that it is read only too, is about the place it reads."""
    description = description_in(tmp_path)
    source = description.entities["customers"]
    moved = {
        "state": FieldSource(path="extras[region].text"),
        "special_discount": FieldSource(path="extras[share].value", codec="fraction"),
    }
    known = ENTITIES["customers"]
    mapping = entity_mapping(
        description,
        "customers",
        key=known.key,
        fields={**source.fields, **moved},
        types={each.name: each.type for each in known.fields},
        time_zone=ZONE,
    )
    plan = WritePlan(source, mapping, {"model": 12})
    assert plan.problem("update", "state") is None
    sent = _changed(plan, {"state": "MG", "special_discount": Decimal("7.25")})
    assert sent == {
        "extras": [*_EXTRAS, {"name": "region", "text": "MG"}, {"name": "share", "value": 0.0725}],
    }
