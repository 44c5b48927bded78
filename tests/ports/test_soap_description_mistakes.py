"""Mistakes in the SOAP and XML part of a description: told with their line before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.connectors.load import load_description
from reconciler.errors import TomlError
from reconciler.ports.http.settings import Listing

_SOAP = """\
[vendor]
name = "acme"
title = "Acme"
roles = ["erp"]
ports = ["soap"]

[vendor.credentials]
user = "user"

[http]
format = "soap"

[http.xml]
namespaces = { "" = "urn:acme", x = "urn:x" }

[http.soap]
action_base = "urn:acme#"
header = { Session = { key = "$session.key" } }

[http.auth]
kind = "login"
close = { path = "", soap = { body = { Leave = {} } } }

[[http.auth.steps]]
request = { path = "", soap = { header = {}, body = { Enter = { user = "$credentials.user" } } } }
take = { key = "Body.EnterResponse.key" }

[entities.customers]
verified = "documentation"
id = "id"

[entities.customers.full]
request = { path = "", soap = { body = { List = { "x:page" = "$page.number", "@size" = "$page.size" } } } }
records = "Body.ListResponse.item"
required = ["id"]
paging = { kind = "number", size = 10 }

[entities.customers.fields]
tax_id = "document"
"""

_MISTAKES = {
    # what is replaced, by what, the key, the problem, the hint
    "format": ('format = "soap"', 'format = "sopa"', "http.format", "'sopa'", "`soap`"),
    "unknown option": ("action_base", "acton_base", "http.soap.acton_base", "unknown key", "`action_base`"),
    "version": ("action_base =", 'version = "1.3"\naction_base =', "http.soap.version", "1.3", ""),
    "unknown prefix": (
        '"x:page"', '"y:page"', 'entities.customers.full.request.soap.body',
        "prefix y, which is not declared", "http.xml.namespaces",
    ),
    "unknown prefix in the header": (
        "{ Session =", '{ "y:Session" =', 'http.soap.header."y:Session"', "prefix y", "http.xml.namespaces",
    ),
    "no name": ("List =", '"List all" =', 'entities.customers.full.request.soap.body."List all"', "name that XML", ""),
    "reserved prefix": ('x = "urn:x"', 'soapenv = "urn:x"', "http.xml.namespaces.soapenv", "envelope's own", "another"),
    "empty namespace": ('x = "urn:x"', 'x = " "', "http.xml.namespaces.x", "is empty", ""),
    "attribute with children": (
        '"@size" = "$page.size"', '"@size" = {}', "entities.customers.full.request.soap.body", "is an attribute", "",
    ),
    "no envelope": (
        "soap = { body = { Leave = {} } } }", "headers = {} }", "http.auth.close", "nothing of an envelope", "soap",
    ),
    "two operations": (
        "Leave = {}", "Leave = {}, Again = {}", "http.auth.close.soap.body", "one member, the operation", "",
    ),
    "body beside the envelope": (
        'close = { path = ""', 'close = { path = "", body = { a = 1 }', "http.auth.close.body", "not sent", "soap.body",
    ),
    "another verb": (
        'close = { path = ""', 'close = { method = "GET", path = ""', "http.auth.close.method", "POST", "",
    ),
    "session header on the login": (
        "soap = { header = {}, body = { Enter", "soap = { body = { Enter", "http.auth.steps[0].request.soap",
        "not open yet", "header = {}",
    ),
    "unknown reference in the header": (
        "$session.key", "$session.kye", "http.soap.header.Session.key", "session.kye, which is not", "session.key",
    ),
    "unknown reference in the envelope": (
        "$credentials.user", "$credentials.usr", "http.auth.steps[0].request.soap.body.Enter.user", "not known", "user",
    ),
    "no page number": (
        "$page.number", "1", "entities.customers.full.request", "never uses page.number", "",
    ),
    "quotation mark in an action": ('"urn:acme#"', "'urn:\"acme'", "http.soap.action_base", "quotation mark", ""),
    "required path": (
        'required = ["id"]', 'required = ["a..b"]', "entities.customers.full.required[0]", "not a path", "",
    ),
    "soap where the format is another": (
        'format = "soap"', 'format = "json"', "http.soap", "the format is json", "soap",
    ),
    "no WSDL": (
        "[http.soap]\n", '[http.soap]\nwsdl = { file = "acme.wsdl" }\n', "http.soap.wsdl.file", "no such file", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "problem", "hint"), _MISTAKES.values(), ids=_MISTAKES)
def test_a_mistake_is_told_by_its_key(tmp_path: Path, old: str, new: str, key: str, problem: str, hint: str) -> None:
    assert old in _SOAP
    (tmp_path / "acme.toml").write_text(_SOAP.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TomlError) as told:
        load_description("./acme.toml", tmp_path)
    assert told.value.key == key, str(told.value)
    assert problem in told.value.message
    assert hint in told.value.hint
    assert told.value.line > 0


def test_the_description_without_a_mistake_is_read_and_its_calls_are_posts(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(_SOAP, encoding="utf-8")
    description = load_description("./acme.toml", tmp_path)
    full = description.entities["customers"].full
    assert isinstance(full, Listing)
    assert full.request.method == "POST"


def test_the_example_of_the_guide_is_a_description(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "descriptions.md").read_text(encoding="utf-8")
    section = guide[guide.index("## Formats: JSON, XML and SOAP") :]
    (tmp_path / "acme.toml").write_text(section.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert load_description("./acme.toml", tmp_path).entities["customers"].id == "@code"


def test_a_wsdl_is_looked_for_beside_the_description(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(_SOAP.replace("[http.soap]\n", '[http.soap]\nwsdl = { file = "w/a.wsdl" }\n'))
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "a.wsdl").touch()
    http = load_description("./acme.toml", tmp_path).http
    assert http is not None
    assert http.soap.wsdl is not None
    assert Path(http.soap.wsdl.file) == tmp_path / "w" / "a.wsdl"


_XML = (
    _SOAP[: _SOAP.index("[http.soap]")].replace('format = "soap"', 'format = "xml"')
    + """\
[http.auth]
kind = "basic"
username = "{credentials.user}"
password = "{credentials.user}"

[entities.customers]
verified = "documentation"
id = "id"

[entities.customers.full]
request = { method = "POST", path = "/q", body = { query = { page = "$page.number" } } }
records = "answer.item"
paging = { kind = "number", size = 10 }

[entities.customers.fields]
tax_id = "document"
"""
)


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ("{ query = {", "{ other = 1, query = {", "entities.customers.full.request.body", "one member, the root"),
        ("body = { query = { page = \"$page.number\" } }", 'body = ["$page.number"]',
         "entities.customers.full.request.body", "one member, the root"),
        ("{ query = {", '{ "q:query" = {', 'entities.customers.full.request.body."q:query"', "prefix q"),
        ('path = "/q",', 'path = "/q", soap = { body = {} },', "entities.customers.full.request.soap", "format is xml"),
        ('kind = "basic"\nusername = "{credentials.user}"\npassword = "{credentials.user}"',
         'kind = "body"\nfields = { key = "{credentials.user}" }', "http.auth", "JSON bodies"),
    ],
    ids=["two roots", "a list", "prefix", "envelope", "body authentication"],
)  # fmt: skip
def test_a_mistake_of_plain_xml_is_told_by_its_key(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    (tmp_path / "acme.toml").write_text(_XML, encoding="utf-8")
    load_description("./acme.toml", tmp_path)
    assert old in _XML
    (tmp_path / "acme.toml").write_text(_XML.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TomlError) as told:
        load_description("./acme.toml", tmp_path)
    assert told.value.key == key, str(told.value)
    assert problem in told.value.message
