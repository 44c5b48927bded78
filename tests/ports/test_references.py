"""References in request tables: types, nulls, quoting, and values that would change the request."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import ConfigurationError
from reconciler.ports.http.references import Value, resolve_request, resolve_text
from reconciler.ports.http.settings import Request

_SINCE = datetime(2026, 5, 2, 7, 8, 9, 12, tzinfo=timezone(timedelta(hours=-3)))
_VALUES: dict[str, Any] = {
    "page": {"size": 50, "offset": 100, "after": 7, "cursor": None},
    "since": _SINCE,
    "id": "P-1",
    "credentials": {"key": "s3cret=="},
    "context": {"branch": 12, "flags": {"draft": True}, "ratio": 1.5, "list": [1, 2]},
    "session": {"token": None, "ctx": {"company": 1}},
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$page.size", 50),
        ("$context.flags", {"draft": True}),
        ("$context.flags.draft", True),
        ("$context.list", [1, 2]),
        ("$session.ctx.company", 1),
        ("$since.day", 2),
        ("$since", "2026-05-02T07:08:09.000012-03:00"),
        ("{page.size}", "50"),
        ("Id gt {page.after} and x", "Id gt 7 and x"),
        ("{context.flags.draft}/{context.ratio}", "true/1.5"),
        ("{since.day}/{since.month}/{since.year}", "02/05/2026"),
        ("{since.hour}:{since.minute}:{since.second}.{since.microsecond}", "07:08:09.000012"),
        ("LastUpdateDate gt {since}", "LastUpdateDate gt 2026-05-02T07:08:09.000012-03:00"),
        ("$top", None),
        ("no reference: {} { } {1} $ $$x", "no reference: {} { } {1} $ $$x"),
        (["$page.cursor", 1, {"a": "$page.cursor", "b": 2}], [None, 1, {"b": 2}]),
        ({"a": {"b": "$page.cursor"}}, {"a": {}}),
        (3, 3),
        (True, True),
    ],
    ids=str,
)
def test_a_body_leaf_takes_the_value_with_its_type(template: Any, expected: Any) -> None:
    """A null leaves a table entry out and stays in a list, where positions have a meaning."""
    if template == "$top":
        with pytest.raises(ConfigurationError, match="refers to top"):
            resolve_request(Request(path="/x", body=[template]), _VALUES)
        return
    assert resolve_request(Request(path="/x", body=[template]), _VALUES).body == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"$top": "$page.size"}, {"$top": "50"}),
        ({"draft": "$context.flags.draft"}, {"draft": "true"}),
        ({"cursor": "$page.cursor", "x": "y"}, {"x": "y"}),
        ({"q": "after {page.cursor}"}, {}),
        ({"f": ["Id gt {page.after}", "Type eq 1"]}, {"f": "Id gt 7 and Type eq 1"}),
        ({"f": ["Id gt {page.cursor}", "Type eq 1"]}, {"f": "Type eq 1"}),
        ({"f": ["$page.cursor"]}, {}),
        ({"empty": ""}, {"empty": ""}),
    ],
    ids=str,
)
def test_query_parameters_are_text_and_nulls_are_left_out(query: dict[str, Any], expected: dict[str, str]) -> None:
    assert resolve_request(Request(path="/x", query=query), _VALUES).query == expected


def test_parts_of_a_parameter_are_joined_with_the_declared_text() -> None:
    request = Request(path="/x", query={"fields": ["a", "{id}"]}, join=",")
    assert resolve_request(request, _VALUES).query == {"fields": "a,P-1"}


def test_a_null_header_is_left_out_and_a_credential_may_hold_any_sign() -> None:
    request = Request(path="/x", headers={"A": "Session {session.token}", "B": "Key {credentials.key}"})
    assert resolve_request(request, _VALUES).headers == {"B": "Key s3cret=="}


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\x00b", "a\x7f"], ids=repr)
def test_a_control_character_never_reaches_a_header(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve_text("{credentials.key}", {"credentials": {"key": value}})
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/Contacts({id})", 12, "/Contacts(12)"),
        ("/Fields@Types", None, "/Fields@Types"),
        ("/orders/{id}", "123/2026", "/orders/123%2F2026"),
        ("/orders/{id}", "a b:c", "/orders/a%20b%3Ac"),
        ("/customers/{id}", "Peça", "/customers/Pe%C3%A7a"),
        ("/a b/ç#x", None, "/a%20b/%C3%A7%23x"),
    ],
    ids=str,
)
def test_a_path_is_sent_as_written_and_its_values_are_percent_encoded(path: str, value: Any, expected: str) -> None:
    assert resolve_request(Request(path=path), {"id": value}).path == expected


@pytest.mark.parametrize("value", ["..", ".", "../../admin", "a/../b", "x?y", "x#y", "a&b", "", None], ids=repr)
def test_a_value_cannot_lead_a_path_elsewhere(value: str | None) -> None:
    with pytest.raises(ConfigurationError):
        resolve_request(Request(path="/orders/{id}"), {"id": value})


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("Id eq {key}", "1 or 1 eq 1)"),
        ("Name eq '{key}'", "x' or 'a' eq 'a"),
        ("a,{key}", "b,c"),
        ("{key};", "drop;"),
        ("a={key}", "b&c=d"),
        ("x{key}", "<script>"),
    ],
    ids=str,
)
def test_text_that_is_not_plain_is_refused_without_quoting(template: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="quoting") as caught:
        resolve_request(Request(path="/x", query={"q": template}), {"key": value})
    assert value not in str(caught.value)


@pytest.mark.parametrize("quoting", [None, "odata"], ids=str)
def test_quoting_does_not_let_a_value_stand_outside_of_a_literal(quoting: Any) -> None:
    request = Request(path="/x", query={"q": "Name eq 'a' and Id eq {key}"}, quoting=quoting)
    with pytest.raises(ConfigurationError):
        resolve_request(request, {"key": "1) or (true"})


@pytest.mark.parametrize("value", ["AZ09", "São Paulo", "12.345.678/0001-95", "a_b-c:d+e@example.com"])
def test_plain_text_needs_no_quoting(value: str) -> None:
    assert resolve_request(Request(path="/x", query={"q": "k {key}"}), {"key": value}).query == {"q": f"k {value}"}


def test_a_whole_parameter_may_hold_anything() -> None:
    value = "a' or &=\"ß"
    assert resolve_request(Request(path="/x", query={"q": "$key", "r": "{key}"}), {"key": value}).query == {
        "q": value,
        "r": value,
    }


@pytest.mark.parametrize("template", ["$nope", "{nope}", "$page.sise", "{since.yeer}", "$context.flags.x"])
def test_an_unknown_name_is_an_error_that_says_which(template: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(template.strip("${}"))):
        resolve_request(Request(path="/x", query={"q": template}), _VALUES)


def test_a_dotted_name_given_as_one_key_wins() -> None:
    """So that a connector can write `since` in the vendor's own way and still give its parts."""
    values: dict[str, Value] = {"since": "02/05/2026", "since.hour": 7}
    request = Request(path="/x", query={"d": "{since}", "h": "{since.hour}h"})
    assert resolve_request(request, values).query == {"d": "02/05/2026", "h": "07h"}


def test_a_table_cannot_become_text() -> None:
    with pytest.raises(ConfigurationError, match="table"):
        resolve_request(Request(path="/x", query={"q": "$context.flags"}), _VALUES)


def _odata_literals(text: str) -> list[str]:
    """String literals of an OData expression, as a reader of OData takes them (a doubled quote is one quote)."""
    return [found.replace("''", "'") for found in re.findall(r"'((?:[^']|'')*)'", text)]


_UNICODE = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(_UNICODE, _UNICODE)
def test_odata_literals_read_back_as_what_was_put_in(first: str, second: str) -> None:
    request = Request(path="/x", query={"q": "A eq '{a}' or B eq '{b}'"}, quoting="odata")
    text = resolve_request(request, {"a": first, "b": second}).query["q"]
    assert _odata_literals(text) == [first, second]
    assert re.sub(r"'(?:[^']|'')*'", "?", text, flags=re.DOTALL) == "A eq ? or B eq ?"


@given(_UNICODE)
def test_json_literals_read_back_as_what_was_put_in(value: str) -> None:
    request = Request(path="/x", query={"q": '{"name": "{a}", "quote\\"": 1}'}, quoting="json")
    text = resolve_request(request, {"a": value}).query["q"]
    assert orjson.loads(text) == {"name": value, 'quote"': 1}


@given(st.text(alphabet=st.characters(), min_size=1))
def test_a_path_value_is_one_segment_or_refused(value: str) -> None:
    try:
        path = resolve_request(Request(path="/k('{id}')/end", quoting="odata"), {"id": value}).path
    except ConfigurationError:
        return
    assert re.fullmatch(r"/k\('[A-Za-z0-9%_.~-]*'\)/end", path)
    assert unquote(path) == f"/k('{value.replace(chr(39), chr(39) * 2)}')/end"


def test_the_moment_keeps_its_own_offset() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    request = Request(path="/x", query={"q": "{since}"})
    assert resolve_request(request, {"since": moment}).query == {"q": "2026-01-01T00:00:00+00:00"}
