"""Rules of one request, lists of one written as an object, headers of a token request."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import ResponseNotUnderstoodError, VendorFaultError
from reconciler.ports.http.checks import Names, check_http, check_request
from reconciler.ports.http.settings import HttpSettings, Listing, Outcome, Request
from tests.ports.stand_in import QUICK, StandIn, always, ids, pages_of

_GONE = [{"at": "fault", "equals": ["unknown id"], "then": "empty"}]
_SETTINGS = HttpSettings(retry=QUICK, outcomes=[Outcome(at="fault", then="fail", message="fault")])


def _listing(**more: Any) -> Listing:
    described = {"request": {"path": "/things/1"}, "records": "thing", "paging": {"kind": "single"}, **more}
    return Listing.model_validate(described)


async def test_a_rule_of_the_request_comes_before_those_of_the_system() -> None:
    system = StandIn(always(lambda: web.json_response({"fault": "unknown id"}, status=500)))
    listing = _listing(request={"path": "/things/1", "outcomes": _GONE})
    async with system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, listing)) == []
        reply = await port.call(listing.request)
        assert reply.empty
        with pytest.raises(VendorFaultError, match="unknown id"):
            await pages_of(port, _listing())


async def test_a_list_of_one_may_be_written_without_the_list() -> None:
    system = StandIn(always(lambda: web.json_response({"thing": {"id": 7}})))
    async with system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _listing(one_as_object=True))) == [7]
        with pytest.raises(ResponseNotUnderstoodError, match="no list at `thing`"):
            await pages_of(port, _listing())


async def test_a_missing_list_is_not_a_list_of_one() -> None:
    system = StandIn(always(lambda: web.json_response({"other": {"id": 7}})))
    async with system, system.port(_SETTINGS) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="nothing at `thing`"):
            await pages_of(port, _listing(one_as_object=True))


async def test_a_token_request_carries_its_own_headers() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": "made-up-access", "expires_in": 3600})
        return web.json_response({"thing": [{"id": 1}]})

    auth = {
        "kind": "oauth2",
        "grant": "client_credentials",
        "token_path": "/token",
        "client_id": "{credentials.client}",
        "client_secret": "{credentials.secret}",
        "client_in": "body",
        "headers": {"X-Token": "{credentials.gateway}"},
    }
    settings = HttpSettings.model_validate({"auth": auth})
    credentials = {"client": "made-up-client", "secret": "made-up-secret", "gateway": "made-up-gateway"}
    async with StandIn(answer) as system, system.port(settings, credentials=credentials) as port:
        await pages_of(port, _listing())
    token, thing = system.asked
    assert token.headers["X-Token"] == "made-up-gateway"
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "X-Token" not in thing.headers


def test_an_unknown_name_in_a_header_of_the_token_request_is_told() -> None:
    auth = {
        "kind": "oauth2",
        "grant": "client_credentials",
        "token_path": "/token",
        "client_id": "a",
        "client_secret": "b",
        "headers": {"X-Token": "{credentials.gatway}"},
    }
    problems = check_http(HttpSettings.model_validate({"auth": auth}), Names(("credentials.gateway",)))
    assert [(problem.path, problem.hint) for problem in problems] == [
        (("auth", "headers", "X-Token"), "Did you mean `credentials.gateway`?")
    ]


def test_a_rule_of_a_request_is_checked_like_one_of_the_system() -> None:
    request = Request.model_validate({"path": "/x", "outcomes": [{"then": "retry", "at": "a", "wait_pattern": "("}]})
    problems = check_request(request, Names(()))
    assert [problem.path for problem in problems] == [("outcomes", 0, "wait_pattern")]
