"""Values put into vendor records: what is sent, what comes with it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.mapping.fragment import Assignment, FragmentError, Ground, fragment
from reconciler.mapping.path import parse_path

_SLOTS = {"extras": "key"}
_PRESENT: dict[str, Any] = {
    "id": 7,
    "name": "Alfa",
    "place": {"city": "Santos", "zip": "1"},
    "extras": [{"key": "limit", "value": 10, "row": 1}, {"key": "note", "text": "keep", "row": 2}],
    "lines": [{"id": 1, "sku": "A", "quantity": 1}, {"id": 2, "sku": "B", "quantity": 2}],
}


def _composed(values: dict[str, object], **ground: Any) -> dict[str, object]:
    for name in ("replaced", "left_out"):
        ground[name] = [parse_path(path, _SLOTS) for path in ground.get(name, ())]
    assignments = [Assignment(parse_path(path, _SLOTS), value) for path, value in values.items()]
    return fragment(assignments, Ground(**ground))


@pytest.mark.parametrize(
    ("values", "composed"),
    [
        ({"name": "Beta"}, {"name": "Beta"}),
        ({"name": None}, {"name": None}),
        ({"place.city": "Recife"}, {"place": {"city": "Recife"}}),
        ({"place.city": "Recife", "place.zip": "5"}, {"place": {"city": "Recife", "zip": "5"}}),
        ({"extras[limit].value": 5}, {"extras": [{"key": "limit", "value": 5}]}),
        (
            {"extras[a].value": 1, "extras[b].value": 2},
            {"extras": [{"key": "a", "value": 1}, {"key": "b", "value": 2}]},
        ),
        ({"phones[0].number": "1"}, {"phones": [{"number": "1"}]}),
        (
            {"to[0][0]": "write", "to[0][1][0]": 4, "to[0][2].city": "Recife"},
            {"to": [["write", [4], {"city": "Recife"}]]},
        ),
        ({"ids[0][1][type=br_vat].code": "1"}, None),
    ],
    ids=["plain", "emptied", "nested", "nested twice", "named", "named twice", "place", "commands", "gap"],
)
def test_only_what_is_asked_is_sent(values: dict[str, object], composed: dict[str, object] | None) -> None:
    if composed is None:
        with pytest.raises(FragmentError, match="too short"):
            _composed(values, present=_PRESENT)
    else:
        assert _composed(values, present=_PRESENT) == composed


def test_an_array_that_the_vendor_replaces_is_sent_with_all_its_elements() -> None:
    sent = _composed({"extras[limit].value": 99}, present=_PRESENT, replaced=["extras"])
    assert sent == {"extras": [{"key": "limit", "value": 99, "row": 1}, {"key": "note", "text": "keep", "row": 2}]}
    assert _PRESENT["extras"][0]["value"] == 10


def test_a_new_element_is_added_to_an_array_that_the_vendor_replaces() -> None:
    sent = _composed({"extras[other].value": 1}, present=_PRESENT, replaced=["extras"])
    assert sent == {"extras": [*_PRESENT["extras"], {"key": "other", "value": 1}]}


def test_an_array_that_is_replaced_is_not_sent_unless_something_in_it_changes() -> None:
    assert _composed({"name": "Beta"}, present=_PRESENT, replaced=["extras", "lines"]) == {"name": "Beta"}


def test_an_object_that_the_vendor_replaces_is_sent_whole() -> None:
    sent = _composed({"place.city": "Recife"}, present=_PRESENT, replaced=["place"])
    assert sent == {"place": {"city": "Recife", "zip": "1"}}


def test_a_whole_record_keeps_everything_else_but_what_is_left_out() -> None:
    sent = _composed(
        {"lines[1].quantity": 5},
        present=_PRESENT,
        whole=True,
        left_out=["id", "lines.id", "extras.row", "nothing.here"],
    )
    assert sent == {
        "name": "Alfa",
        "place": {"city": "Santos", "zip": "1"},
        "extras": [{"key": "limit", "value": 10}, {"key": "note", "text": "keep"}],
        "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 5}],
    }
    assert _PRESENT["lines"][1] == {"id": 2, "sku": "B", "quantity": 2}


def test_what_is_left_out_is_left_out_of_a_replaced_array_too() -> None:
    sent = _composed({"lines[0].quantity": 3}, present=_PRESENT, replaced=["lines"], left_out=["lines.id"])
    assert sent == {"lines": [{"sku": "A", "quantity": 3}, {"sku": "B", "quantity": 2}]}


def test_a_wrapped_value_stays_wrapped() -> None:
    present = {"NOME": {"$": "Alfa"}, "UF": {"$": "SP"}}
    assert _composed({"NOME": "Beta"}, present=present, whole=True) == {"NOME": {"$": "Beta"}, "UF": {"$": "SP"}}


def test_an_array_of_null_is_begun_anew() -> None:
    assert _composed({"extras[a].value": 1}, present={"extras": None}, replaced=["extras"]) == {
        "extras": [{"key": "a", "value": 1}]
    }


@pytest.mark.parametrize(
    ("path", "present", "problem"),
    [
        ("name.first", {"name": "Alfa"}, "another shape"),
        ("name[0]", {"name": "Alfa"}, "another shape"),
        ("lines[2].quantity", {"lines": [{}]}, "too short"),
        ("extras[limit]", {"extras": []}, "inside it"),
    ],
    ids=["object in a text", "list in a text", "beyond the end", "element itself"],
)
def test_what_has_no_place_is_refused_without_naming_a_value(path: str, present: dict[str, Any], problem: str) -> None:
    with pytest.raises(FragmentError, match=problem) as caught:
        _composed({path: "secret"}, present=present, whole=True)
    assert "secret" not in str(caught.value)
