"""Sessions that begin with a login: opened once, renewed when they end, closed; and logins that are refused."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import (
    CredentialsRefusedError,
    ReconcilerError,
    ResponseNotUnderstoodError,
    VendorFaultError,
)
from reconciler.ports.http.settings import HttpSettings, Listing, Request
from tests.ports.stand_in import QUICK, THING, Answer, StandIn, always, ids, ok, pages_of, raw, status

_CREDENTIALS = {"login": "crm", "password": "s3cret:ç"}


def _settings(auth: dict[str, Any], **more: Any) -> HttpSettings:
    return HttpSettings.model_validate({"auth": auth, "retry": QUICK, **more})


class Sessions:
    """A system with logins like Tryton's: a token in the answer, 401 for every session but the latest ones."""

    def __init__(self, *, life: int = 10**9, password: str = _CREDENTIALS["password"], delay_s: float = 0.0) -> None:
        self.logins = 0
        self.logouts = 0
        self.refused_logins = 0
        self._life = life
        self._left: dict[str, int] = {}
        self._password = password
        self._delay_s = delay_s

    def end_all(self) -> None:
        self._left.clear()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/login":
            return await self._login(request)
        signed = request.headers.get("Authorization", "").removeprefix("Session ")
        token = base64.b64decode(signed).decode().rpartition(":")[2]
        if self._left.get(token, 0) <= 0:
            return web.Response(status=401)
        if request.path == "/logout":
            self.logouts += 1
            return web.json_response({"result": None})
        self._left[token] -= 1
        if request.path == "/preferences":
            return web.json_response({"result": {"company": 1}})
        after = int((await request.json())["params"][0]) if await request.read() else 0
        return web.json_response({"result": [{"id": after + 1}, {"id": after + 2}] if after < 12 else []})

    async def _login(self, request: web.Request) -> web.StreamResponse:
        login, password = (await request.json())["params"]
        await asyncio.sleep(self._delay_s)
        if (login, password) != ("crm", self._password):
            self.refused_logins += 1
            return web.Response(status=401, text="<html>Unauthorized</html>", content_type="text/html")
        self.logins += 1
        token = f"token-{self.logins}"
        self._left[token] = self._life
        return web.json_response({"result": [2, token, None]})


_LOGIN: dict[str, Any] = {
    "kind": "login",
    "steps": [
        {
            "request": {
                "method": "POST",
                "path": "/login",
                "body": {"params": ["$credentials.login", "$credentials.password"]},
            },
            "take": {"user": "result.0", "token": "result.1"},
            "base64": {"signature": "{credentials.login}:{session.user}:{session.token}"},
        },
        {"request": {"method": "POST", "path": "/preferences"}, "take": {"context": "result"}},
    ],
    "headers": {"Authorization": "Session {session.signature}"},
    "close": {"method": "POST", "path": "/logout"},
}
_PARTIES = Listing.model_validate(
    {
        "request": {"method": "POST", "path": "/rpc", "body": {"params": ["$page.after", "$session.context"]}},
        "records": "result",
        "paging": {"kind": "keyset", "size": 2, "after": "id"},
    }
)


async def test_a_session_is_opened_once_used_and_closed() -> None:
    """Tryton's conversation: login, preferences, then every call with a signed header and the context in the body."""
    sessions = Sessions()
    async with StandIn(sessions) as system:
        async with system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
            assert ids(await pages_of(port, _PARTIES)) == list(range(1, 13))
            paths = [asked.path for asked in system.asked]
            assert paths[:3] == ["/login", "/preferences", "/rpc"]
            assert set(paths[2:]) == {"/rpc"}
            assert system.asked[2].json == {"params": [0, {"company": 1}]}
            encoded = system.asked[2].headers["Authorization"].removeprefix("Session ")
            assert base64.b64decode(encoded).decode() == "crm:2:token-1"
            assert "Authorization" not in system.asked[0].headers
        assert sessions.logouts == 1
        assert port.traffic.renewals == 0


async def test_a_session_that_ends_in_the_middle_of_a_pull_costs_one_login_and_no_page() -> None:
    """Trap 9: the same page is asked again."""
    sessions = Sessions(life=4)
    async with StandIn(sessions) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        assert ids(await pages_of(port, _PARTIES)) == list(range(1, 13))
        assert sessions.logins == 3
        assert port.traffic.renewals == 2


async def test_however_many_calls_find_the_session_lost_one_login_follows() -> None:
    sessions = Sessions(delay_s=0.02)
    settings = _settings(_LOGIN, concurrency=20)
    async with StandIn(sessions) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(THING)
        sessions.end_all()
        await asyncio.gather(*(port.call(THING) for _ in range(20)))
        assert sessions.logins == 2
        assert len([asked for asked in system.asked if asked.path == "/thing"]) == 1 + 20 + 20


async def test_a_late_refusal_of_an_old_session_opens_no_third_one() -> None:
    """Its answer was on the way while another call had found out and logged in again."""
    sessions = Sessions()
    renewed = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await renewed.wait()
        response = await sessions(request)
        if sessions.logins == 2 and request.path == "/thing":
            renewed.set()
        return response

    async with StandIn(answer) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        await port.call(THING)
        slow = asyncio.create_task(port.call(Request(path="/slow")))
        await system.has_been_asked(4)
        sessions.end_all()
        await port.call(THING)
        await slow
        assert sessions.logins == 2


async def test_however_many_calls_come_first_one_login_precedes_them() -> None:
    sessions = Sessions(delay_s=0.02)
    async with StandIn(sessions) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        await asyncio.gather(*(port.call(THING) for _ in range(20)))
        assert sessions.logins == 1
        assert len(system.asked) == 2 + 20


async def test_a_refused_login_is_tried_once_whoever_asks() -> None:
    """Tryton locks a login after five failures, and slows down before."""
    sessions = Sessions(password="another")
    async with StandIn(sessions) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        results = await asyncio.gather(*(port.call(THING) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(result, CredentialsRefusedError) for result in results)
        with pytest.raises(CredentialsRefusedError, match="the login is refused"):
            await port.call(THING)
        assert sessions.refused_logins == 1
        assert len(system.asked) == 1


async def test_a_session_that_is_refused_as_soon_as_it_is_opened_leads_to_no_second_login() -> None:
    sessions = Sessions(life=1)  # enough for the preferences
    async with StandIn(sessions) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        with pytest.raises(CredentialsRefusedError, match="a session that was just opened is not accepted"):
            await port.call(THING)
        assert sessions.logins == 1


async def test_a_call_that_no_session_may_make_ends_after_a_few_logins() -> None:
    """401 for one path, while others work: the sessions are good, and there is no use in opening more."""
    sessions = Sessions()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/forbidden":
            return web.Response(status=401)
        return await sessions(request)

    async with StandIn(answer) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        await port.call(THING)
        with pytest.raises(CredentialsRefusedError):
            await port.call(Request(path="/forbidden"))
        assert sessions.logins == 2
        await port.call(THING)
        assert sessions.logins == 2


@pytest.mark.parametrize(
    ("first", "error", "requests"),
    [
        (status(400), CredentialsRefusedError, 1),
        (status(403), CredentialsRefusedError, 1),
        (status(429), VendorFaultError, 1),
        (status(404), VendorFaultError, 1),
        (status(503), VendorFaultError, 3),
        (ok({"result": [2]}), ResponseNotUnderstoodError, 1),
        (ok({"result": [2, None]}), ResponseNotUnderstoodError, 1),
        (raw(b"<html>"), ResponseNotUnderstoodError, 3),
    ],
    ids=["400", "403", "429: locked out", "404", "503", "no token", "null token", "web page"],
)
async def test_a_login_that_fails_says_how_and_is_not_repeated_in_a_loop(
    first: Any, error: type[ReconcilerError], requests: int
) -> None:
    async with StandIn(always(first)) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        with pytest.raises(error, match="erp: POST /login: "):
            await port.call(THING)
        assert len(system.asked) == requests


async def test_a_vendor_rule_can_tell_a_refused_login_inside_a_success() -> None:
    rule = {"at": "error.0", "equals": ["LoginException"], "then": "refresh_auth"}
    answer = always(ok({"id": 1, "error": ["LoginException", ["password"]]}))
    settings = _settings(_LOGIN, outcomes=[rule])
    async with StandIn(answer) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        with pytest.raises(CredentialsRefusedError):
            await port.call(THING)
        assert len(system.asked) == 1


async def test_a_login_that_could_not_reach_the_system_may_be_tried_by_the_next_call() -> None:
    sessions = Sessions()
    failures = 3

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal failures
        if failures > 0:
            failures -= 1
            return web.Response(status=503)
        return await sessions(request)

    async with StandIn(answer) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        with pytest.raises(VendorFaultError):
            await port.call(THING)
        await port.call(THING)
        assert sessions.logins == 1


async def test_a_cancelled_caller_does_not_spoil_the_login_of_the_others() -> None:
    sessions = Sessions(delay_s=0.05)
    async with StandIn(sessions) as system, system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
        first = asyncio.create_task(port.call(THING))
        await system.has_been_asked(1)
        second = asyncio.create_task(port.call(THING))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).status == 200
        assert sessions.logins == 1


_COOKIE_LOGIN: dict[str, Any] = {
    "kind": "login",
    "steps": [{"request": {"method": "POST", "path": "/Login", "body": {"UserName": "$credentials.login"}}}],
    "close": {"method": "POST", "path": "/Logout"},
}


def _cookie_server(valid: list[str]) -> Answer:
    logins = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal logins
        if request.path == "/Login":
            assert "B1SESSION" not in request.cookies
            logins += 1
            valid[:] = [f"session-{logins}"]
            response = web.json_response({"SessionTimeout": 30})
            response.headers.add("Set-Cookie", f"B1SESSION={valid[0]}; HttpOnly; SameSite=None")
            response.headers.add("Set-Cookie", "ROUTEID=.node1")
            return response
        if request.cookies.get("B1SESSION") not in valid or request.cookies.get("ROUTEID") != ".node1":
            return web.json_response({"error": {"code": 301}}, status=401)
        return web.Response(status=204) if request.path == "/Logout" else web.json_response({"ok": True})

    return answer


async def test_a_session_in_cookies_is_kept_renewed_and_closed() -> None:
    """SAP Business One: the session is a cookie, on an address that may be an IP number."""
    valid: list[str] = []
    async with StandIn(_cookie_server(valid)) as system:
        async with system.port(_settings(_COOKIE_LOGIN), credentials=_CREDENTIALS) as port:
            await port.call(THING)
            valid.clear()
            await port.call(THING)
        paths = [asked.path for asked in system.asked]
        assert paths == ["/Login", "/thing", "/thing", "/Login", "/thing", "/Logout"]


@pytest.mark.parametrize("trouble", [status(500), status(401), raw(b"bye")], ids=["500", "401", "not JSON"])
async def test_a_logout_that_fails_does_not_fail_the_work(trouble: Any) -> None:
    sessions = Sessions()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/logout":
            refused: web.StreamResponse = trouble()
            return refused
        return await sessions(request)

    async with StandIn(answer) as system:
        async with system.port(_settings(_LOGIN), credentials=_CREDENTIALS) as port:
            await port.call(THING)
        assert [asked.path for asked in system.asked][-1] == "/logout"


async def test_without_a_session_there_is_nothing_to_close() -> None:
    async with StandIn(Sessions()) as system:
        async with system.port(_settings(_LOGIN), credentials=_CREDENTIALS):
            pass
        assert system.asked == []
