"""What the loader can report of a description before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from reconciler.ports.http.checks import SINCE, Names, check_http, check_listing, check_references, check_request
from reconciler.ports.http.settings import HttpSettings, Listing, Outcome, Request

_LOGIN: dict[str, Any] = {
    "kind": "login",
    "steps": [
        {
            "request": {"method": "POST", "path": "/login", "body": ["$credentials.login", "$credentials.password"]},
            "take": {"user": "result.0", "token": "result.1"},
            "base64": {"authorization": "{credentials.login}:{session.user}:{session.token}"},
        },
        {"request": {"path": "/preferences"}, "take": {"ctx": "result"}},
    ],
    "headers": {"Authorization": "Session {session.authorization}"},
}


def _names(auth: dict[str, Any] | None = None) -> Names:
    settings = HttpSettings.model_validate({"auth": auth or {"kind": "none"}})
    return Names.of(settings, credentials=["login", "password"], context=["branch"])


def test_an_unknown_reference_is_told_with_its_place_and_the_nearest_name() -> None:
    request = Request(
        path="/x", query={"f": ["Id gt 1", "{credentials.pasword}"]}, body={"a": [{"b": "$context.brunch"}]}
    )
    problems = check_request(request, _names(), ("probe",))
    assert [(problem.path, problem.text) for problem in problems] == [
        (("probe", "query", "f", 1), "refers to credentials.pasword, which is not known here"),
        (("probe", "body", "a", 0, "b"), "refers to context.brunch, which is not known here"),
    ]
    assert problems[0].hint == "Did you mean `credentials.password`?"


@pytest.mark.parametrize(
    ("template", "extra", "unknown"),
    [
        ("$credentials.login", (), False),
        ("$credentials.login.x", (), True),
        ("$context.branch.code", (), False),
        ("$session.ctx.company", (), False),
        ("$session.cty", (), True),
        ("$since.day", (), True),
        ("$since.day", SINCE, False),
        ("{since.yeer}", SINCE, True),
        ("{id}", (), True),
        ("{id}", ("id",), False),
        ("plain {}", (), False),
    ],
)
def test_names_depend_on_what_the_request_is_for(template: str, extra: tuple[str, ...], unknown: bool) -> None:
    names = _names(_LOGIN).and_also(*extra)
    assert bool(check_references(template, names)) is unknown


@pytest.mark.parametrize(
    ("paging", "query", "wrong"),
    [
        ({"kind": "offset", "size": 9}, {"skip": "$page.offset", "top": "$page.size"}, None),
        ({"kind": "offset", "size": 9}, {"top": "$page.size"}, "never uses page.offset"),
        ({"kind": "offset", "size": 9}, {"skip": "$page.offset", "n": "$page.number"}, "refers to page.number"),
        ({"kind": "number", "size": 9}, {"page": "$page.number"}, None),
        ({"kind": "number", "size": 9}, {}, "never uses page.number"),
        ({"kind": "cursor", "cursor": "next"}, {"c": "$page.cursor"}, None),
        ({"kind": "cursor", "cursor": "next"}, {}, "never uses page.cursor"),
        ({"kind": "keyset", "size": 9, "after": "id"}, {"f": "id gt {page.after}"}, None),
        ({"kind": "keyset", "size": 9, "after": "id"}, {}, "never uses page.after"),
        ({"kind": "link"}, {"top": "$page.size"}, None),
        ({"kind": "range", "size": 9}, {}, None),
        ({"kind": "single"}, {}, None),
        ({"kind": "single"}, {"top": "$page.size"}, "refers to page.size"),
    ],
    ids=str,
)
def test_a_listing_must_use_what_moves_it_on(paging: dict[str, Any], query: dict[str, Any], wrong: str | None) -> None:
    """A listing whose request never says which page it wants would give the first page for ever."""
    listing = TypeAdapter(Listing).validate_python({"request": {"path": "/x", "query": query}, "paging": paging})
    problems = [problem.text for problem in check_listing(listing, _names())]
    assert (problems == []) if wrong is None else (len(problems) == 1 and problems[0].startswith(wrong))


def test_a_login_uses_only_what_earlier_steps_gave() -> None:
    good = HttpSettings.model_validate({"auth": _LOGIN})
    assert check_http(good, _names(_LOGIN), ("http",)) == []
    swapped = {**_LOGIN, "steps": _LOGIN["steps"][::-1]}
    swapped["steps"][0] = {"request": {"path": "/preferences", "headers": {"A": "{session.token}"}}}
    problems = check_http(HttpSettings.model_validate({"auth": swapped}), _names(swapped), ("http",))
    assert [problem.path for problem in problems] == [("http", "auth", "steps", 0, "request", "headers", "A")]


@pytest.mark.parametrize(
    ("auth", "place"),
    [
        ({"kind": "header", "name": "User-Key", "value": "{credentials.key}"}, "value"),
        ({"kind": "query", "name": "key", "value": "$credentials.key"}, "value"),
        ({"kind": "body", "fields": {"app_key": "$credentials.key"}}, "fields"),
        ({"kind": "basic", "username": "$credentials.login", "password": "$credentials.key"}, "password"),
        ({"kind": "bearer", "token": "$credentials.key"}, "token"),
        (
            {
                "kind": "oauth2",
                "grant": "client_credentials",
                "token_path": "/token",
                "client_id": "$credentials.key",
                "client_secret": "x",
            },
            "client_id",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value,
)
def test_every_kind_of_authentication_is_checked(auth: dict[str, Any], place: str) -> None:
    problems = check_http(HttpSettings.model_validate({"auth": auth}), _names(), ("http",))
    assert [problem.path[:3] for problem in problems] == [("http", "auth", place)]


def test_a_refresh_token_grant_needs_the_first_token() -> None:
    auth = {"kind": "oauth2", "grant": "refresh_token", "token_path": "/t", "client_id": "a", "client_secret": "b"}
    problems = check_http(HttpSettings.model_validate({"auth": auth}), _names())
    assert [problem.text for problem in problems] == ["needs refresh_token, the first one"]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Outcome(then="retry", wait_pattern="(\\d+) seg"), None),
        (Outcome(then="retry", wait_pattern="(\\d+"), "is not a regular expression"),
        (Outcome(then="retry", wait_pattern="\\d+"), "has 0 groups"),
        (Outcome(then="retry", wait_pattern="(a)(b)"), "has 2 groups"),
        (Outcome(then="fail", equals=["x"]), "has equals or missing"),
    ],
)
def test_outcome_rules_that_cannot_work_are_told(rule: Outcome, text: str | None) -> None:
    problems = check_http(HttpSettings(outcomes=[rule]), _names(), ("http",))
    assert all(problem.path[:3] == ("http", "outcomes", 0) for problem in problems)
    assert (problems == []) if text is None else problems[0].text.startswith(text)
