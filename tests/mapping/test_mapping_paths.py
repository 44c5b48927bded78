"""The path language: what is read, what is refused, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.mapping.path import Element, Key, MappingSyntaxError, Place, parse_path

_SLOTS = {"OtherProperties": "FieldKey", "Contact.Extra": "Name"}
_RECORD = {
    "Id": 401,
    "Name": "Acme",
    "address": {"city": {"name": "Curitiba"}},
    "phones": [{"number": "41 3333"}, {"number": "41 9999"}],
    "addresses.": [{"city": "Belém", "subdivision.": {"code": "BR-PA"}}],
    "identifiers.": [
        {"type": "br_cpf", "code": "39053344705"},
        {"type": "br_vat", "code": "16727230000197"},
        {"type": "br_vat", "code": "second"},
    ],
    "OtherProperties": [
        {"FieldKey": "contact_credit", "DecimalValue": 50.5},
        {"FieldKey": "contact.dotted", "StringValue": "x"},
        {"FieldKey": "7", "StringValue": "seven"},
    ],
    "Contact": {"Extra": [{"Name": "IE", "Value": "ISENTO"}]},
    "flags": [{"on": True, "v": "yes"}, {"on": False, "v": "no"}, {"on": 3, "v": "three"}, {"on": 2.0, "v": "two"}],
    "wrapped": {"$": "inside"},
    "nested": {"f0": {"$": 12.5}},
    "odd key": 1,
    "it's": 2,
    "a=b": [{"k=1": "x]y", "v": 3}],
    "null": None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Id", 401),
        ("address.city.name", "Curitiba"),
        ("phones[1].number", "41 9999"),
        ("'addresses.'[0].city", "Belém"),
        ("'addresses.'[0].'subdivision.'.code", "BR-PA"),
        ("'identifiers.'[type=br_vat].code", "16727230000197"),
        ("OtherProperties[contact_credit].DecimalValue", 50.5),
        ("OtherProperties['contact.dotted'].StringValue", "x"),
        ("OtherProperties[contact.dotted].StringValue", "x"),
        ("OtherProperties[7].StringValue", "seven"),
        ("OtherProperties[FieldKey=contact_credit].DecimalValue", 50.5),
        ("Contact.Extra[IE].Value", "ISENTO"),
        ("flags[on=true].v", "yes"),
        ("flags[on=false].v", "no"),
        ("flags[on=3].v", "three"),
        ("flags[on=2].v", "two"),
        ("wrapped", "inside"),
        ("nested.f0", 12.5),
        ("odd key", 1),
        ("'it''s'", 2),
        ("'a=b'['k=1'='x]y'].v", 3),
    ],
)
def test_a_path_reads_the_value_it_names(text: str, expected: object) -> None:
    assert parse_path(text, _SLOTS).read(_RECORD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Missing",
        "Name.deeper",
        "null.deeper",
        "phones[2].number",
        "phones.number",
        "address[0]",
        "Name[0]",
        "'identifiers.'[type=br_cnpj].code",
        "Name[type=x]",
        "OtherProperties[none].DecimalValue",
        "flags[on=True].v",
    ],
)
def test_a_path_that_leads_nowhere_gives_nothing(text: str) -> None:
    assert parse_path(text, _SLOTS).read(_RECORD) is None


@pytest.mark.parametrize("record", [None, 5, "text", [], [{"Id": 1}], True], ids=repr)
def test_a_record_that_is_no_object_gives_nothing(record: object) -> None:
    assert parse_path("Id").read(record) is None


def test_list_elements_that_are_no_objects_are_passed_over() -> None:
    path = parse_path("l[k=v].x")
    assert path.read({"l": [None, 3, "k", ["k"], {"k": ["v"]}, {"k": "v", "x": 1}]}) == 1


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("", 0, "missing"),
        (".", 0, "missing"),
        ("a.", 2, "missing"),
        ("a..b", 2, "missing"),
        ("a[", 2, "missing"),
        ("a[]", 2, "missing"),
        ("a[x]", 1, "slot"),
        ("a[-1]", 1, "slot"),
        ("a['0']", 1, "slot"),
        ("a[0", 3, "']'"),
        ("a[k=v", 5, "']'"),
        ("a[k=]", 4, "missing"),
        ("a[0]b", 4, "'.'"),
        ("'a", 0, "closed"),
        ("'a'b", 3, "'.'"),
        ("a]b", 1, "quotes"),
        ("it's", 2, "quotes"),
        (" a", 0, "spaces"),
        ("a .b", 0, "spaces"),
        ("a\x1b", 0, "control"),
        ("[0].a", 0, "missing"),
    ],
)
def test_a_wrong_path_is_refused_with_its_position(text: str, position: int, word: str) -> None:
    with pytest.raises(MappingSyntaxError, match=word) as caught:
        parse_path(text)
    assert caught.value.position == position
    assert f"character {position + 1}" in str(caught.value)


def test_a_wrong_slot_list_is_refused_with_its_own_text() -> None:
    with pytest.raises(MappingSyntaxError) as caught:
        parse_path("a", {"list[": "name"})
    assert caught.value.path == "list["


def test_a_slot_attribute_belongs_to_its_list_only() -> None:
    with pytest.raises(MappingSyntaxError, match="slot"):
        parse_path("Other.OtherProperties[x]", _SLOTS)


def test_paths_to_the_same_place_are_equal_however_written() -> None:
    plain, quoted = parse_path("OtherProperties[x].v", _SLOTS), parse_path("'OtherProperties'[FieldKey=x].'v'", _SLOTS)
    assert plain == quoted
    assert hash(plain) == hash(quoted)
    assert str(quoted) == "'OtherProperties'[FieldKey=x].'v'"


def test_a_number_in_brackets_is_a_position_unless_the_list_has_slots() -> None:
    assert parse_path("a[3]").steps == (Key("a"), Place(3))
    assert parse_path("OtherProperties[3]", _SLOTS).steps == (Key("OtherProperties"), Element("FieldKey", "3"))


@given(names=st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_key_can_be_reached_in_quotes(names: list[str]) -> None:
    quoted = ".".join("'" + name.replace("'", "''") + "'" for name in names)
    record: object = "found"
    for name in reversed(names):
        record = {name: record}
    assert parse_path(quoted).read(record) == "found"


@given(text=st.text(alphabet="ab.[]'= 0\x1b", max_size=12))
def test_any_text_is_parsed_or_refused_inside_itself(text: str) -> None:
    refused: MappingSyntaxError | None = None
    try:
        assert parse_path(text).read({}) is None
    except MappingSyntaxError as error:
        refused = error
    assert refused is None or 0 <= refused.position <= len(text)
