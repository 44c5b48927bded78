"""After a call that failed: may the system have acted on it? Only a clear no lets a write be sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import web

from reconciler.errors import SystemReadError, VendorFaultError
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings, LoginAuth, LoginStep, Outcome, Request
from tests.ports.stand_in import QUICK, THING, Answer, StandIn, always, in_turn, ok, raw, status

_ORDER = Request(method="POST", path="/orders", body={"n": 1})
_WORDS = Outcome(status=[200, 500], at="error", then="fail", message="error")
_BARE = Outcome(status=[500], then="fail")


async def _failure(answer: Answer, *outcomes: Outcome) -> SystemReadError:
    async with StandIn(answer) as server, server.port(HttpSettings(retry=QUICK, outcomes=list(outcomes))) as port:
        with pytest.raises(SystemReadError) as caught:
            await port.call(_ORDER, safe_to_repeat=False)
        assert len(server.asked) == 1
    return caught.value


@pytest.mark.parametrize(
    ("response", "acted"),
    [
        (status(400), False),
        (status(404), False),
        (status(412), False),
        (status(200, {"error": "no credit"}), False),
        (status(500, {"error": "no credit"}), False),
        (status(500, {"other": 1}), True),
        (status(503), True),
        (status(408), True),
        (status(303), True),
        (raw(b"<html>"), True),
        (raw(b'{"a": '), True),
        (raw(b""), True),
        (status(503, Retry_After="86400"), True),
    ],
    ids=[
        "400",
        "404",
        "412",
        "error inside 200",
        "error in words with 500",
        "500 without words",
        "503",
        "408",
        "redirect",
        "web page",
        "cut",
        "nothing",
        "503 for a day",
    ],
)
async def test_only_words_and_refusals_say_that_nothing_was_done(
    response: Callable[[], web.StreamResponse], acted: bool
) -> None:
    assert (await _failure(always(response), _WORDS)).may_have_acted is acted


async def test_a_rule_that_looks_at_the_status_alone_does_not_make_a_500_a_refusal() -> None:
    assert (await _failure(always(status(500)), _BARE)).may_have_acted


async def test_a_lost_connection_may_have_acted_and_none_at_all_has_not() -> None:
    async def lost(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    assert (await _failure(lost)).may_have_acted
    async with StandIn(always(ok())) as server:
        address = server.base_url
    async with HttpPort("erp", HttpSettings(retry=QUICK), base_url=address, credentials={}, context={}) as port:
        with pytest.raises(SystemReadError) as caught:
            await port.call(_ORDER, safe_to_repeat=False)
    assert not caught.value.may_have_acted


async def test_a_lost_login_says_nothing_about_the_write_it_was_for() -> None:
    step = LoginStep(request=Request(method="POST", path="/login"), take={"token": "token"})
    settings = HttpSettings(retry=QUICK, auth=LoginAuth(kind="login", steps=[step]))

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/orders":
            return web.Response(status=401)
        return web.json_response({"token": "t"}, status=200 if len(server.asked) < 3 else 500)

    async with StandIn(answer) as server, server.port(settings) as port:
        await port.call(THING)
        with pytest.raises(VendorFaultError, match="/login") as caught:
            await port.call(_ORDER, safe_to_repeat=False)
    assert not caught.value.may_have_acted


async def test_a_rule_that_tells_to_wait_lets_a_write_be_sent_again_after_429_only() -> None:
    rule = Outcome(status=[429, 503], then="retry")
    settings = HttpSettings(retry=QUICK, outcomes=[rule])
    async with StandIn(in_turn(status(429), ok())) as server, server.port(settings) as port:
        assert (await port.call(_ORDER, safe_to_repeat=False)).document == {"ok": True}
        assert len(server.asked) == 2
    assert (await _failure(always(status(503)), rule)).may_have_acted
