"""What is asked again, how often, and when everybody stops before the system locks us out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import (
    BlockedError,
    ReconcilerError,
    ResponseNotUnderstoodError,
    ResponseTimeoutError,
    UnreachableError,
    VendorFaultError,
)
from reconciler.ports.http.breaker import ERRORS_IN_A_ROW
from reconciler.ports.http.settings import HttpSettings, Outcome, Request, Retry
from tests.ports.stand_in import QUICK, THING, Answer, StandIn, always, in_turn, ok, raw, status

_PATIENT = HttpSettings(retry=QUICK.model_copy(update={"attempts": 6}))


@pytest.mark.parametrize(
    "trouble",
    [
        status(503),
        status(502),
        status(500),
        status(429, Retry_After="0"),
        raw(b"<html>502</html>", "text/html"),
        raw(b'{"value":['),
    ],
    ids=["503", "502", "500", "429", "web page", "truncated"],
)
async def test_a_passing_trouble_passes(trouble: Callable[[], web.StreamResponse]) -> None:
    async with StandIn(in_turn(trouble, trouble, ok())) as system, system.port(_PATIENT) as port:
        reply = await port.call(THING)
        assert reply.document == {"ok": True}
        assert len(system.asked) == port.requests_sent == 3
        assert port.traffic.retries == 2


@pytest.mark.parametrize(
    ("trouble", "requests", "error"),
    [
        (status(503), 6, VendorFaultError),
        (status(429, Retry_After="0"), 6, VendorFaultError),
        (status(500), 3, VendorFaultError),
        (raw(b"<html>", "text/html"), 3, ResponseNotUnderstoodError),
        (raw(b'{"value":['), 3, ResponseNotUnderstoodError),
        (raw(b'{"value":NaN}'), 1, ResponseNotUnderstoodError),
        (status(404), 1, VendorFaultError),
        (status(302, Location="https://elsewhere.example/"), 1, VendorFaultError),
    ],
    ids=["503", "429", "500", "web page", "truncated", "NaN", "404", "redirect"],
)
async def test_a_lasting_trouble_is_an_error_after_so_many_requests(
    trouble: Callable[[], web.StreamResponse], requests: int, error: type[ReconcilerError]
) -> None:
    async with StandIn(always(trouble)) as system, system.port(_PATIENT) as port:
        with pytest.raises(error, match="erp: GET /thing: "):
            await port.call(THING)
        assert len(system.asked) == requests


async def test_waits_in_all_are_bounded_by_patience() -> None:
    """Many short waits that were asked for are still too long together."""
    settings = HttpSettings(retry=Retry(attempts=50, first_s=0.001, longest_s=0.002, patience_s=0.05))
    async with StandIn(always(status(429, Retry_After="0.02"))) as system, system.port(settings) as port:
        with pytest.raises(VendorFaultError, match="HTTP 429"):
            await port.call(THING)
        assert len(system.asked) <= 4


async def test_the_vendors_own_words_and_code_are_told() -> None:
    rule = Outcome(at="faultstring", then="fail", code="faultcode", message="faultstring")
    fault = {"faultstring": "ERROR: Tag [x] inválida", "faultcode": "SOAP-ENV:Client-105"}
    settings = HttpSettings(retry=QUICK, outcomes=[rule])
    async with StandIn(always(ok(fault))) as system, system.port(settings) as port:
        with pytest.raises(VendorFaultError, match=r"Tag \[x\] inválida") as caught:
            await port.call(THING)
        assert caught.value.vendor_code == "SOAP-ENV:Client-105"


@pytest.mark.parametrize(
    ("trouble", "requests"),
    [(status(503), 1), (status(500), 1), (raw(b'{"a":'), 1), (status(429, Retry_After="0"), 4)],
    ids=["503", "500", "truncated", "429: nothing was done"],
)
async def test_what_must_not_happen_twice_is_sent_again_only_when_it_surely_did_not_happen(
    trouble: Callable[[], web.StreamResponse], requests: int
) -> None:
    async with StandIn(always(trouble)) as system, system.port() as port:
        with pytest.raises(ReconcilerError):
            await port.call(Request(method="POST", path="/orders", body={"n": 1}), safe_to_repeat=False)
        assert len(system.asked) == requests


def _dropping(*, after_the_headers: bool, times: int) -> Answer:
    left = times

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal left
        if left == 0:
            return web.json_response({"ok": True})
        left -= 1
        assert request.transport is not None
        if after_the_headers:
            response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(b'{"value":[')
        request.transport.abort()
        return web.Response()

    return answer


@pytest.mark.parametrize("after_the_headers", [False, True], ids=["before the answer", "in the middle of it"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_dropped_connection_is_tried_again(after_the_headers: bool, method: Any) -> None:
    answer = _dropping(after_the_headers=after_the_headers, times=2)
    async with StandIn(answer) as system, system.port() as port:
        reply = await port.call(Request(method=method, path="/rpc"))
        assert reply.document == {"ok": True}
        assert len(system.asked) == port.requests_sent == 3


@pytest.mark.parametrize("after_the_headers", [False, True], ids=["before the answer", "in the middle of it"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_dropped_connection_is_told_at_once_for_what_must_not_happen_twice(
    after_the_headers: bool, method: Any
) -> None:
    """Also on a connection that was used before, where the HTTP library would send it again by itself."""
    drop = _dropping(after_the_headers=after_the_headers, times=1)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if request.path == "/thing" else await drop(request)

    async with StandIn(answer) as system, system.port() as port:
        await port.call(THING)
        with pytest.raises(UnreachableError, match="connection was lost"):
            await port.call(Request(method=method, path="/orders"), safe_to_repeat=False)
        assert [asked.path for asked in system.asked] == ["/thing", "/orders"]


async def test_connections_that_are_always_dropped_are_an_error_soon() -> None:
    answer = _dropping(after_the_headers=False, times=1000)
    async with StandIn(answer) as system, system.port(_PATIENT) as port:
        with pytest.raises(UnreachableError, match="connection was lost"):
            await port.call(THING)
        assert len(system.asked) == 3


async def test_a_host_that_does_not_answer_is_told_soon_and_with_advice() -> None:
    async with StandIn(always(ok())) as system:
        port = system.port(_PATIENT)
    async with port:
        with pytest.raises(UnreachableError, match=r"no connection \(refused\).*base_url"):
            await port.call(THING)
        assert port.requests_sent == 2


async def test_a_system_that_answered_before_gets_more_chances_to_come_back() -> None:
    system = StandIn(always(ok()))
    await system.__aenter__()
    async with system.port(_PATIENT) as port:
        await port.call(THING)
        await system.__aexit__(None, None, None)
        with pytest.raises(UnreachableError):
            await port.call(THING)
        assert port.requests_sent == 1 + 6


async def test_an_answer_that_does_not_come_is_a_timeout() -> None:
    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    settings = HttpSettings(retry=QUICK, timeout_s=0.25)
    async with StandIn(answer) as system, system.port(settings) as port:
        with pytest.raises(ResponseTimeoutError, match=r"GET /thing: no whole answer within 0.25 s"):
            await port.call(THING)
        assert len(system.asked) == 3
        never.set()


async def test_a_body_that_does_not_end_is_a_timeout() -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"value":[')
        await never.wait()
        return response

    settings = HttpSettings(retry=QUICK, timeout_s=0.25)
    async with StandIn(answer) as system, system.port(settings) as port:
        with pytest.raises(ResponseTimeoutError):
            await port.call(THING)
        never.set()


# Errors in a row


async def test_all_stop_before_the_tenth_error_in_a_row() -> None:
    """Trap 5: Omie locks an application out for half an hour after ten errors in a row, whoever caused them."""
    settings = HttpSettings(retry=QUICK.model_copy(update={"attempts": 6}), concurrency=5)
    async with StandIn(always(status(500))) as system, system.port(settings) as port:
        results = await asyncio.gather(
            *(port.call(Request(path=f"/{number}")) for number in range(20)), return_exceptions=True
        )
        assert len(system.asked) == ERRORS_IN_A_ROW == 9
        assert all(isinstance(result, VendorFaultError | BlockedError) for result in results)
        assert any(isinstance(result, VendorFaultError) for result in results)
        with pytest.raises(BlockedError, match="9 errors in a row"):
            await port.call(THING)
        assert len(system.asked) == 9


async def test_while_a_system_fails_one_call_at_a_time_asks_again() -> None:
    at_once: list[int] = []
    failing = 6
    in_hand = 0
    four_are_here = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        nonlocal failing, in_hand
        in_hand += 1
        at_once.append(in_hand)
        if in_hand == 4:
            four_are_here.set()
        await four_are_here.wait()
        if failing < 0:
            await asyncio.sleep(0.02)
        in_hand -= 1
        failing -= 1
        return web.json_response({}, status=503 if failing >= 0 else 200)

    settings = HttpSettings(retry=QUICK.model_copy(update={"attempts": 6}), concurrency=4)
    async with StandIn(answer) as system, system.port(settings) as port:
        await asyncio.gather(*(port.call(Request(path=f"/{number}")) for number in range(8)))
        assert at_once[:4] == [1, 2, 3, 4]
        assert at_once[4:7] == [1, 1, 1]
        assert max(at_once[7:]) > 1
        assert len(system.asked) == 8 + 6


async def test_errors_that_are_not_in_a_row_do_not_add_up() -> None:
    async with StandIn(in_turn(*[status(404), ok()] * 15)) as system, system.port() as port:
        for _ in range(15):
            with pytest.raises(VendorFaultError):
                await port.call(THING)
            await port.call(THING)
        assert len(system.asked) == 30


async def test_a_call_that_gives_up_lets_the_next_one_try() -> None:
    async with StandIn(in_turn(status(503), status(503), ok())) as system:
        settings = HttpSettings(retry=QUICK.model_copy(update={"attempts": 2}))
        async with system.port(settings) as port:
            with pytest.raises(VendorFaultError):
                await port.call(THING)
            assert (await port.call(THING)).document == {"ok": True}


async def test_a_call_cancelled_while_it_asks_again_lets_the_others_go_on() -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/stuck":
            await never.wait()
        return web.json_response({}, status=404 if request.path == "/thing" else 200)

    async with StandIn(answer) as system, system.port() as port:
        with pytest.raises(VendorFaultError):
            await port.call(THING)
        stuck = asyncio.create_task(port.call(Request(path="/stuck")))
        await system.has_been_asked(2)
        waiting = asyncio.create_task(port.call(Request(path="/other")))
        await asyncio.sleep(0)
        assert len(system.asked) == 2
        stuck.cancel()
        await waiting
        assert [asked.path for asked in system.asked] == ["/thing", "/stuck", "/other"]
        never.set()
