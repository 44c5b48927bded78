"""Who may call: tokens, roles, limits, and pages of other sites in a browser on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from reconciler.errors import ConfigurationError
from reconciler.logs import masked
from reconciler.service.access_log import AccessLog
from reconciler.service.application import application
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.rate_limit import RateLimit
from reconciler.service.tokens import Caller, Role, TokenTable, new_token, read_tokens
from tests.service.service_rig import QUOTE, TOKENS, service_in

SECRET = "segredo-de-teste-0123456789"
DIGEST = hashlib.sha256(SECRET.encode()).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        f"crm:sales:{SECRET}",
        f"crm:sales:sha256${DIGEST}",
        f"crm:sales:sha256${DIGEST.upper()}",
        f"# who calls\n\n  crm:sales:{SECRET}  \nother:admin:another-token-0123",
        f"other:admin:another-token-0123;crm:sales:{SECRET}",
        f"other:admin:another-token-0123, crm:sales:{SECRET},",
        f"crm:sales:the-one-before-0123;crm:sales:{SECRET}",
    ],
    ids=["plain", "hashed", "upper case", "lines", "semicolons", "commas", "rotating"],
)
def test_a_token_is_found_however_it_is_kept(text: str) -> None:
    table = read_tokens(text)
    found = table.caller(SECRET)
    assert found is not None
    assert found == Caller("crm", frozenset({Role.SALES}))
    for wrong in ("", SECRET[:-1], SECRET + "x", DIGEST, f"sha256${DIGEST}", "x" * 10_000):
        assert table.caller(wrong) is None
    mark = table.mark(SECRET)
    assert mark is not None
    assert mark not in (SECRET, DIGEST)
    assert table.marked(mark) == found


def test_several_roles_and_a_new_token_go_round() -> None:
    made = new_token("crm-plugin", frozenset({Role.REVIEWER, Role.METRICS}))
    assert made.token not in made.line
    found = read_tokens(made.line).caller(made.token)
    assert found is not None
    assert found.roles == {Role.REVIEWER, Role.METRICS}
    assert new_token("crm-plugin", frozenset({Role.SALES})).token != made.token


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "no token"),
        ("# nothing", "no token"),
        (f"a:sales:{SECRET}\n{SECRET}", "number 2"),
        (f"{SECRET}:sales", "number 1"),
        (f"a:{SECRET}:sales", "number 1 names a role"),
        (f"a:boss:{SECRET}", "number 1 names a role that is none of sales, reviewer, admin, metrics"),
        ("a:sales:short-segredo", "number 1"),
        (f"a:sales:{SECRET} {SECRET}", "number 1"),
        (f"a:sales:sha256${DIGEST[:-1]}", "64 hexadecimal digits"),
        (f"a:sales:{SECRET};b:admin:{SECRET}", "number 2 has the secret of another"),
        (f"a:sales:{SECRET};b:admin:sha256${DIGEST}", "number 2 has the secret of another"),
        (f"a:sales:{SECRET};a:admin:segredo-number-two", "number 2 has the name of another"),
        (f"á:sales:{SECRET}", "number 1 has no name"),
    ],
)
def test_a_malformed_token_is_named_by_its_place_and_never_quoted(text: str, place: str) -> None:
    with pytest.raises(ConfigurationError, match=place) as refused:
        read_tokens(text)
    assert "segredo" not in str(refused.value)
    assert DIGEST[:20] not in str(refused.value)


def test_plain_tokens_stay_out_of_the_logs() -> None:
    read_tokens("a:sales:plain-token-for-the-log-test")
    assert masked("GET plain-token-for-the-log-test") == "GET •••"


ROUTES = {
    "taxes": ("POST", "/v1/taxes", QUOTE),
    "quote": ("GET", "/v1/quotes/1202/taxes", None),
    "findings": ("GET", "/v1/findings", None),
    "corrections": ("GET", "/v1/corrections", None),
    "runs": ("GET", "/v1/runs", None),
}
MAY = {
    "sales": {"taxes", "quote"},
    "reviewer": set(ROUTES),
    "admin": set(ROUTES),
    "metrics": set[str](),
}


async def test_each_role_may_do_what_is_its_own_and_no_more(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for role, may in MAY.items():
            for name, (method, path, body) in ROUTES.items():
                answer = await service.call(method, path, role=role, body=body)
                if name in may:
                    assert answer.status == 200, (role, name, answer.body)
                else:
                    assert answer.problem == (403, "forbidden"), (role, name)


async def test_without_a_known_token_nothing_is_told(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for method, path, body in ROUTES.values():
            missing = await service.call(method, path, role=None, body=body)
            assert missing.problem == (401, "token_missing")
            assert missing.headers["WWW-Authenticate"] == 'Bearer realm="reconciler"'
            for shown in ("Bearer", "Bearer ", "Bearer wrong-token", f"Basic {TOKENS['admin']}", TOKENS["admin"]):
                wrong = await service.call(method, path, role=None, body=body, headers={"Authorization": shown})
                assert wrong.problem == (401, "token_unknown"), shown
                assert "invalid_token" in wrong.headers["WWW-Authenticate"]
            in_the_address = await service.call(method, f"{path}?token={TOKENS['admin']}", role=None, body=body)
            assert in_the_address.problem == (401, "token_missing")
        assert (await service.call("GET", "/healthz", role=None)).status == 200
        assert (await service.call("GET", "/openapi.json", role=None)).status == 200
        assert (await service.call("GET", "/v1/nothing", role=None)).problem == (404, "not_found")
        lower_case = await service.call(
            "GET", "/v1/runs", role=None, headers={"Authorization": f"bearer {TOKENS['admin']}"}
        )
        assert lower_case.status == 200


class Forgetful:
    """A room whose route says nothing of who may call it."""

    def add_to(self, application: web.Application) -> None:
        application.router.add_get("/secret", self._tell)

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.Response(text="secret")


async def test_a_route_that_says_nothing_is_for_nobody() -> None:
    check = CallerCheck(None, None, BrowserGuard(), RateLimit(100), anybody_here=True)
    app = application([Forgetful()], check, AccessLog(None))
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as session,
        session.get(server.make_url("/secret")) as answer,
    ):
        assert answer.status == 403
        assert "secret" not in await answer.text()


async def test_a_token_that_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with service_in(tmp_path, per_minute=12) as service:
        statuses = [(await service.call("GET", "/v1/runs", role="reviewer")).status for _ in range(3)]
        refused = await service.call("GET", "/v1/runs", role="reviewer")
        assert statuses == [200, 200, 429]
        assert refused.problem == (429, "too_many_requests")
        assert 1 <= int(refused.headers["Retry-After"]) <= 10
        assert (await service.call("GET", "/v1/runs", role="admin")).status == 200


def test_a_bucket_fills_evenly_and_holds_ten_seconds() -> None:
    now_s = 100.0
    rate = RateLimit(60, lambda: now_s)
    assert [rate.take("a") for _ in range(10)] == [0.0] * 10
    assert rate.take("a") == pytest.approx(1.0)
    assert rate.take("b") == 0.0
    now_s += 1.0
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0
    now_s += 3600.0
    assert [rate.take("a") for _ in range(10)] == [0.0] * 10
    assert rate.take("a") > 0


FOREIGN = {
    "rebound name": ({"Host": "evil.example.com"}, "foreign_host"),
    "rebound name with our port": ({"Host": "evil.example.com:8750"}, "foreign_host"),
    "no name": ({"Host": ""}, "foreign_host"),
    "loopback look-alike": ({"Host": "127.0.0.1.example.com"}, "foreign_host"),
    "through a proxy": ({"X-Forwarded-For": "127.0.0.1"}, "foreign_host"),
    "through a proxy, the standard way": ({"Forwarded": "for=127.0.0.1"}, "foreign_host"),
    "page of another site": ({"Origin": "https://evil.example.com"}, "foreign_page"),
    "page of another port": ({"Origin": "http://localhost:3000"}, "foreign_page"),
    "page without an origin": ({"Origin": "null"}, "foreign_page"),
    "cross-site fetch": ({"Sec-Fetch-Site": "cross-site"}, "foreign_page"),
    "fetch from another port": ({"Sec-Fetch-Site": "same-site"}, "foreign_page"),
}


async def test_without_tokens_this_machine_may_call_and_a_page_of_another_site_may_not(tmp_path: Path) -> None:
    async with service_in(tmp_path, anybody_here=True) as service:
        port = service.server.port
        for name, (headers, code) in FOREIGN.items():
            for method, path, body in (ROUTES["taxes"], ROUTES["findings"]):
                answer = await service.call(method, path, role=None, body=body, headers=headers)
                assert answer.problem == (403, code), name
        own = [
            {},
            {"Host": f"localhost:{port}"},
            {"Host": f"[::1]:{port}"},
            {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none"},
            {"Authorization": "Bearer whatever"},
        ]
        for headers in own:
            assert (await service.taxes(role=None, headers=headers)).status == 200, headers
        # What a form of a page can send without asking is no JSON.
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = await service.taxes(role=None, headers={"Content-Type": kind})
            assert answer.problem == (415, "not_json_type")


def test_an_empty_table_accepts_nothing() -> None:
    assert TokenTable([]).caller("") is None
