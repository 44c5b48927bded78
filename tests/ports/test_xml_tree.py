"""What an XML answer becomes: looked up by local name, whatever order, prefixes and strangers it comes with."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from reconciler.ports.http.json_path import ABSENT, value_at
from reconciler.ports.xml.parsing import parse_tree
from reconciler.ports.xml.records import with_list_at
from reconciler.ports.xml.writing import XmlValueError, document

_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(
    ("xml", "tree"),
    [
        ("<a>text</a>", "text"),
        ("<a>  two  spaces </a>", "  two  spaces "),
        ("<a/>", ""),
        ("<a>0012</a>", "0012"),
        ("<a>1&lt;2 &amp;<![CDATA[<3>]]>&#233;</a>", "1<2 &<3>é"),
        ("<a>be<!-- no -->fore<?php no?></a>", "before"),
        ("<a><b>1</b></a>", {"b": "1"}),
        ("<a>\n  <b>1</b>\n  <c>2</c>\n</a>", {"b": "1", "c": "2"}),
        ("<a><b>1</b><c/><b>2</b></a>", {"b": ["1", "2"], "c": ""}),
        ("<a x='1'>text</a>", {"@x": "1", "$": "text"}),
        ("<a x='1'/>", {"@x": "1"}),
        ("<a x='1'><b>2</b></a>", {"@x": "1", "b": "2"}),
        ("<p:a xmlns:p='urn:p' xmlns='urn:d'><b>1</b><p:c>2</p:c></p:a>", {"b": "1", "c": "2"}),
        ("<a><q:b x='1'>undeclared</q:b></a>", {"b": {"@x": "1", "$": "undeclared"}}),
        ("<a xmlns:p='urn:p' x='1' p:x='2' p:y='3'/>", {"@x": "1", "@y": "3"}),
        ("<a xmlns:p='urn:p' p:x='2' x='1'/>", {"@x": "1"}),
        (f"<a {_XSI} xsi:nil='true'/>", None),
        (f"<a {_XSI} xsi:nil=' 1 '/>", None),
        (f"<a {_XSI} xsi:nil='false'>x</a>", "x"),
        (f"<a {_XSI} xsi:nil='true' id='7'/>", {"@id": "7", "$": None}),
        (f"<a {_XSI} xmlns:xs='http://www.w3.org/2001/XMLSchema' xsi:type='xs:string'>x</a>", "x"),
        ("<a xml:lang='pt'>olá</a>", {"@lang": "pt", "$": "olá"}),
        ("<a>Parafuso <b>M8</b> inox <i><u>A2</u></i>.</a>",
         {"b": "M8", "i": {"u": "A2"}, "$": "Parafuso M8 inox A2."}),
        ("<a><b>1</b><b/><b x='y'>3</b></a>", {"b": ["1", "", {"@x": "y", "$": "3"}]}),
    ],
    ids=["text", "blanks kept", "empty", "leading zeros", "escapes", "comments", "child", "indented", "repeated",
         "attribute and text", "attribute", "attribute and child", "namespaces", "prefix without namespace",
         "attributes of two namespaces", "in the other order", "nil", "nil as 1", "not nil", "nil with attribute",
         "xsi:type", "language", "mixed", "repeated, of different shapes"],
)  # fmt: skip
def test_an_element_becomes(xml: str, tree: Any) -> None:
    assert parse_tree(xml.encode()) == {"a": tree}


@pytest.mark.parametrize("order", list(permutations(["<b>1</b>", "<c>2</c>", "<new><x/></new>"])), ids=str)
def test_neither_order_nor_strangers_matter(order: tuple[str, ...]) -> None:
    tree = parse_tree(f"<a>{''.join(order)}</a>".encode())
    assert (value_at(tree, "a.b"), value_at(tree, "a.c")) == ("1", "2")


def test_a_declared_list_is_one_even_alone_and_at_any_depth() -> None:
    tree = parse_tree(b"<a><b>1</b><c><b><b/></b></c></a>", lists=["b"])
    assert tree == {"a": {"b": ["1"], "c": {"b": [{"b": [""]}]}}}


def test_a_path_finds_the_text_of_an_element_with_and_without_attributes() -> None:
    for xml in (b"<a><b>1</b></a>", b"<a><b x='y'>1</b></a>"):
        assert value_at(parse_tree(xml), "a.b") == "1"
    assert value_at(parse_tree(b"<a><b x='y'>1</b></a>"), "a.b.@x") == "y"


@pytest.mark.parametrize(
    ("xml", "records"),
    [
        ("<a><rs><r>1</r><r>2</r></rs></a>", ["1", "2"]),
        ("<a><rs><r>1</r></rs></a>", ["1"]),
        ("<a><rs><r><id>1</id></r></rs></a>", [{"id": "1"}]),
        ("<a><rs><r id='1'/></rs></a>", [{"@id": "1"}]),
        ("<a><rs/></a>", []),
        ("<a><rs count='0'/></a>", []),
        (f"<a><rs {_XSI} xsi:nil='true'/></a>", []),
        (f"<a><rs><r {_XSI} xsi:nil='true'/></rs></a>", []),
        ("<a><rs><note>none today</note></rs></a>", []),
    ],
    ids=["two", "one text", "one object", "one of attributes", "none", "none with attribute", "nil", "one nil",
         "none beside others"],
)  # fmt: skip
def test_records_are_a_list_however_many_there_are(xml: str, records: list[Any]) -> None:
    tree = with_list_at(parse_tree(xml.encode()), "a.rs.r")
    assert value_at(tree, "a.rs.r") == records


@pytest.mark.parametrize(
    "xml", ["<a/>", "<a><other/></a>", "<a><rs>text</rs></a>", "<a><rs><R>1</R></rs></a>", "<a><Rs><r/></Rs></a>"]
)
def test_a_wrong_path_is_not_taken_for_no_records(xml: str) -> None:
    tree = parse_tree(xml.encode())
    assert value_at(with_list_at(tree, "a.rs.r"), "a.rs.r") is ABSENT


def test_where_none_are_announced_the_elements_around_them_may_be_missing() -> None:
    tree = parse_tree(b"<a><total>0</total></a>")
    assert value_at(with_list_at(tree, "a.rs.r", none_expected=True), "a.rs.r") == []
    assert tree == {"a": {"total": "0"}}


_NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\r\n")
)
_LEAVES = _TEXTS | st.booleans().map(lambda flag: "true" if flag else "false")
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.dictionaries(_NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=4),
    max_leaves=12,
)


@given(_NAMES, _TREES)
def test_a_table_that_is_written_is_read_back(name: str, tree: Any) -> None:
    assert parse_tree(document({name: tree}, {})) == {name: tree}


@given(st.dictionaries(_NAMES.map("@{}".format), _TEXTS, min_size=1, max_size=3), _TEXTS.filter(bool))
def test_attributes_and_text_are_read_back(attributes: dict[str, str], text: str) -> None:
    table: Any = {**attributes, "$": text}
    assert parse_tree(document({"a": table}, {})) == {"a": table}


@given(_TEXTS)
def test_no_value_can_change_the_markup_around_it(text: str) -> None:
    hostile = f'{text}</a><b x="{text}">&amp;]]>'
    assert parse_tree(document({"a": {"@x": hostile, "c": hostile}}, {})) == {"a": {"@x": hostile, "c": hostile}}


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"], ids=ascii)
@pytest.mark.parametrize("place", ["@x", "$", "child"])
def test_characters_that_xml_forbids_are_refused_by_place_and_not_by_value(character: str, place: str) -> None:
    with pytest.raises(XmlValueError) as refused:
        document({"a": {"b": {place: f"secret{character}"}}}, {})
    assert f"a/b/{place}" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_scalars_nothing_and_repetition_are_written() -> None:
    table: Any = {"a": {"n": 7, "f": 1.5, "t": True, "none": None, "list": ["x", None, {"y": "z"}]}}
    assert document(table, {}).endswith(b"<a><n>7</n><f>1.5</f><t>true</t><list>x</list><list><y>z</y></list></a>")


def test_names_are_written_in_their_namespaces() -> None:
    spaces = {"": "urn:d", "p": "urn:p"}
    root = etree.fromstring(
        document({"p:a": {"@x": "1", "@p:y": "2", "@xml:lang": "pt", "b": "3", "p:c": "4"}}, spaces)
    )
    assert root.tag == "{urn:p}a"
    assert {str(name): value for name, value in root.attrib.items()} == {
        "x": "1",
        "{urn:p}y": "2",
        "{http://www.w3.org/XML/1998/namespace}lang": "pt",
    }
    assert [child.tag for child in root] == ["{urn:d}b", "{urn:p}c"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"a b": ""}, "name that XML allows"),
        ({"a": {"1b": ""}}, "name that XML allows"),
        ({"a": {"<b>": ""}}, "name that XML allows"),
        ({"q:a": ""}, "prefix q"),
        ({"a": {"@q:b": ""}}, "prefix q"),
        ({"a": {"@b": {}}}, "table or a list"),
        ({"a": {"b": [["c"]]}}, "table or a list"),
        ({"a": "", "b": ""}, "one root"),
        ({}, "one root"),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_refused(table: Any, problem: str) -> None:
    with pytest.raises(XmlValueError, match=problem):
        document(table, {})
