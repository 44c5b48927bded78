"""What a person is told about a mistake in a description: file, line, key, problem and the nearest valid word."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.connectors.load import load_description
from reconciler.errors import TomlError
from tests.connectors.unknown_system import DESCRIPTION

FIELDS = "[entities.customers.fields]\n"
FULL = 'request = { path = "/partners", query = { page = "$page.number", size = "$page.size" } }\nrecords = "items"\n'

MISTAKES = {
    # what is replaced, by what, the text on the line that is told, its key, the problem, the hint
    "unknown key": ("title = ", "tilte = ", "tilte", "vendor.tilte", "unknown key", "`title`"),
    "unknown key in an inline table": (
        '{ extras = "name" }\n',
        '{ extras = "name" }\nonly = { state = 3 }\n',
        "only =",
        "entities.customers.only.state",
        "must be text",
        "",
    ),
    "unknown option of a field": (
        'path = "stamp"',
        'pth = "stamp"',
        "pth =",
        "entities.customers.fields.updated_at.pth",
        "unknown key",
        "`path`",
    ),
    "unknown key of a paging kind": (
        'kind = "number", size = 3 }',
        'kind = "number", size = 3, frist = 0 }',
        "frist",
        "entities.customers.full.paging.frist",
        "unknown key",
        "`first`",
    ),
    "unknown kind of authentication": ('"header"', '"haeder"', "haeder", "http.auth.kind", "'haeder'", "`header`"),
    "wrong type in an array of tables": (
        "status = [400]",
        'status = ["400"]',
        "status =",
        "http.outcomes[0].status[0]",
        "must be a whole number, not text",
        "",
    ),
    "path that does not parse": (
        '"place.city"',
        '"place..city"',
        "place..city",
        "entities.customers.fields.city",
        "a name is missing",
        "",
    ),
    "path with an undeclared slot": (
        '"place.city"',
        '"places[main].city"',
        "places[main]",
        "entities.customers.fields.city",
        "slot",
        "",
    ),
    "second of several paths": (
        '"place.city"',
        '{ path = ["city", "place[.city"] }',
        "place[.city",
        "entities.customers.fields.city.path[1]",
        "character 6",
        "",
    ),
    "id path": ('id = "ref"', 'id = "ref["', 'id = "ref["', "entities.customers.id", "a name is missing", ""),
    "slot path": (
        '{ extras = "name" }',
        '{ "extras[" = "name" }',
        "extras[",
        'entities.customers.slots."extras["',
        "a name is missing",
        "",
    ),
    "filter path": (
        '{ extras = "name" }\n',
        '{ extras = "name" }\nonly = { "a..b" = "x" }\n',
        "a..b",
        'entities.customers.only."a..b"',
        "a name is missing",
        "",
    ),
    "key after the last table": (
        FIELDS,
        'only = { state = "on" }\n' + FIELDS,
        "only =",
        "entities.customers.find.only",
        "unknown key",
        "Valid here: request, records",
    ),
    "field of one's own without a type": (
        FIELDS,
        FIELDS + 'colour = "colour"\n',
        "colour = ",
        "entities.customers.fields.colour",
        "needs a type",
        "",
    ),
    "misspelt canonical field": (
        "legal_name = ",
        "legal_nmae = ",
        "legal_nmae",
        "entities.customers.fields.legal_nmae",
        "not a known field of customers",
        "`legal_name`",
    ),
    "another type for a canonical field": (
        'legal_name = "name"',
        'legal_name = { path = "name", type = "code" }',
        "legal_name",
        "entities.customers.fields.legal_name.type",
        "always of type text",
        "",
    ),
    "codec of another type": (
        'city = "place.city"',
        'city = { path = "place.city", codec = "decimal" }',
        "city =",
        "entities.customers.fields.city.codec",
        "a text field is written as text, not decimal",
        "",
    ),
    "format without a year": (
        '%Y%m%d%H%M%S", time_zone = "UTC" }',
        '%m%d%H%M%S", time_zone = "UTC" }',
        "updated_at",
        "entities.customers.fields.updated_at.format",
        "a month and a year",
        "",
    ),
    "format of a field that takes none": (
        'city = "place.city"',
        'city = { path = "place.city", format = "%d/%m/%Y" }',
        "city =",
        "entities.customers.fields.city.format",
        "takes no format",
        "",
    ),
    "codes of another type": (
        "on = true",
        'on = "yes"',
        "active",
        "entities.customers.fields.active.codes",
        "'on' must stand for true or false",
        "",
    ),
    "time zone of a field": (
        '%Y%m%d%H%M%S", time_zone = "UTC" }',
        '%Y%m%d%H%M%S", time_zone = "Brazil/Sampa" }',
        "Sampa",
        "entities.customers.fields.updated_at.time_zone",
        "not an IANA time zone",
        "",
    ),
    "join of a single path": (
        'path = "stamp"',
        'path = "stamp", join = true',
        "join",
        "entities.customers.fields.updated_at.join",
        "nothing to join",
        "",
    ),
    "misspelt entity": (
        "[entities.customers.",
        "[entities.custmers.",
        "[entities.customers]",
        "entities.customers.full",
        "is missing",
        "",
    ),
    "lines of an entity without lines": (
        FIELDS,
        '[entities.customers.lines]\npath = "items"\nfields = { sku = "code" }\n' + FIELDS,
        "[entities.customers.lines]",
        "entities.customers.lines",
        "customers have no lines",
        "",
    ),
    "no field at all": (
        DESCRIPTION[DESCRIPTION.index(FIELDS) :],
        FIELDS,
        "customers.fields]",
        "entities.customers.fields",
        "names no field",
        "",
    ),
    "reference to nothing": (
        'ref = "$id"',
        'ref = "$ident"',
        "$ident",
        "entities.customers.one.request.query.ref",
        "refers to ident",
        "`id`",
    ),
    "reference to an undeclared credential": (
        "{credentials.key}",
        "{credentials.kye}",
        "kye",
        "http.auth.value",
        "refers to credentials.kye",
        "`credentials.key`",
    ),
    "reference of another kind of paging": (
        'query = { ref = "$id" }',
        'query = { ref = "$id", page = "$page.number" }',
        "$id",
        "entities.customers.one.request.query.page",
        "refers to page.number",
        "",
    ),
    "spaces in a reference": (
        'since = "{since}"',
        'since = "{since}", x = "{ page.number }"',
        "{ page.number }",
        "entities.customers.changed.listing.request.query.x",
        "is not a reference",
        "without spaces",
    ),
    "whole reference inside a text": (
        'ref = "$id"',
        'ref = "$id", x = "page $page.number of all"',
        "of all",
        "entities.customers.one.request.query.x",
        "inside a text",
        "{name}",
    ),
    "page that never turns": (
        FULL,
        FULL.replace('page = "$page.number"', 'page = "1"'),
        'page = "1"',
        "entities.customers.full.request",
        "every page would be the first",
        "$page.number",
    ),
    "one record for every id": (
        'query = { ref = "$id" }',
        'query = { top = "1" }',
        'top = "1"',
        "entities.customers.one.request",
        "never uses id",
        "",
    ),
    "changes without a moment": (
        ', since = "{since}"',
        ', which = "all"',
        'which = "all"',
        "entities.customers.changed.listing.request",
        "never uses since",
        "",
    ),
    "credential that nothing uses": (
        'key = "key of the integration"',
        'key = "key of the integration"\nsecret = "another"',
        "secret",
        "vendor.credentials.secret",
        "no request uses it",
        "",
    ),
    "format of moments": (
        'format = "%Y%m%d%H%M%S"\ntime_zone = "UTC"\noverlap',
        'format = "isoo"\ntime_zone = "UTC"\noverlap',
        "isoo",
        "entities.customers.changed.format",
        "'isoo'",
        "`iso`",
    ),
    "time zone of moments": (
        'time_zone = "UTC"\noverlap',
        'time_zone = "UTC-3"\noverlap',
        "UTC-3",
        "entities.customers.changed.time_zone",
        "not an IANA time zone",
        "",
    ),
    "address without a scheme": (
        "[http]\n",
        '[http]\nbase_url = "crm.example"\n',
        "base_url",
        "http.base_url",
        "https://",
        "",
    ),
    "outcome without a condition": (
        'status = [400]\nat = "problem"\n',
        "",
        "[[http.outcomes]]",
        "http.outcomes[0]",
        "every answer",
        "",
    ),
    "status that is none": ("[400]", "[4000]", "[4000]", "http.outcomes[0].status", "4000 is not an HTTP status", ""),
    "brackets in a path of the answer": (
        'at = "problem"',
        'at = "problems[0]"',
        "problems[0]",
        "http.outcomes[0].at",
        "not a path into the answer",
        "",
    ),
    "pattern that is none": (
        'then = "fail"',
        'then = "retry"\nwait_pattern = "(\\\\d+"',
        "wait_pattern",
        "http.outcomes[0].wait_pattern",
        "not a regular expression",
        "",
    ),
}


@pytest.mark.parametrize(("old", "new", "needle", "key", "problem", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_line_and_key(
    old: str, new: str, needle: str, key: str, problem: str, hint: str, tmp_path: Path
) -> None:
    assert old in DESCRIPTION
    text = DESCRIPTION.replace(old, new, 1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TomlError) as caught:
        load_description("./acme.toml", tmp_path)
    error = caught.value
    assert (error.file, error.line, error.key) == ("./acme.toml", line, key), str(error)
    assert problem in error.message
    assert hint in error.hint


def test_several_mistakes_are_told_together(tmp_path: Path) -> None:
    text = DESCRIPTION.replace('"ref"', '"ref["', 1).replace('"place.city"', '"place..city"')
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TomlError) as caught:
        load_description("./acme.toml", tmp_path)
    assert "one more problem" in caught.value.hint
    assert "entities.customers.fields.city" in caught.value.detail


def test_an_entity_of_ones_own_needs_types_and_lower_case(tmp_path: Path) -> None:
    head = DESCRIPTION[: DESCRIPTION.index("[entities.customers]")]
    body = DESCRIPTION[DESCRIPTION.index("[entities.customers]") :].replace("entities.customers", "entities.{}")
    fields = body.index("[entities.{}.fields]")
    path = tmp_path / "acme.toml"

    path.write_text(head + body.replace("{}", "custmers"), encoding="utf-8")
    with pytest.raises(TomlError, match="needs a type for each") as caught:
        load_description("./acme.toml", tmp_path)
    assert "`customers`" in caught.value.hint

    typed = body[:fields] + '[entities.{}.fields]\nplate = { path = "plate", type = "code" }\n'
    path.write_text(head + typed.replace("{}", "Trucks"), encoding="utf-8")
    with pytest.raises(TomlError, match="lower case"):
        load_description("./acme.toml", tmp_path)

    path.write_text(head + typed.replace("{}", "trucks"), encoding="utf-8")
    assert list(load_description("./acme.toml", tmp_path).entities) == ["trucks"]


def test_a_description_without_entities_is_refused(tmp_path: Path) -> None:
    head = DESCRIPTION[: DESCRIPTION.index("[entities.customers]")] + "[entities]\n"
    (tmp_path / "acme.toml").write_text(head, encoding="utf-8")
    with pytest.raises(TomlError, match="describes no entity"):
        load_description("./acme.toml", tmp_path)
