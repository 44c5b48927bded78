"""Credentials, tokens, record values and bodies reach neither the log nor an exception, whatever goes wrong."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from reconciler.errors import ReconcilerError
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings, Listing, Request
from tests.ports.stand_in import QUICK, Answer, StandIn, always, ok, pages_of, raw, status

_SECRETS = ["s3cret-key", "czNjcmV0", "111.444.777-35", "fulano@example.com"]
_CREDENTIALS = {"key": "s3cret-key", "login": "crm"}
_VALUES = {"key": "111.444.777-35"}

_AUTHS: list[dict[str, Any]] = [
    {"kind": "header", "name": "User-Key", "value": "{credentials.key}"},
    {"kind": "query", "name": "token", "value": "$credentials.key"},
    {"kind": "body", "fields": {"app_secret": "$credentials.key"}},
    {"kind": "basic", "username": "s3cret", "password": "$credentials.key"},
    {
        "kind": "login",
        "steps": [{"request": {"method": "POST", "path": "/login", "query": {"password": "$credentials.key"}}}],
    },
]


def _echo(code: int) -> Answer:
    """A system that repeats everything it was sent in its error."""

    async def answer(request: web.Request) -> web.StreamResponse:
        sent = f"{request.path_qs} {dict(request.headers)} {(await request.read()).decode()} fulano@example.com"
        return web.json_response({"message": sent, "code": sent}, status=code)

    return answer


async def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1)
    return web.Response()


def _leaving(request: web.Request) -> web.StreamResponse:
    return web.json_response({"value": [1], "next": f"http://elsewhere.example{request.path_qs}"})


async def _foreign_link(request: web.Request) -> web.StreamResponse:
    return _leaving(request)


_TROUBLES: dict[str, Answer] = {
    "400": _echo(400),
    "401": _echo(401),
    "500": _echo(500),
    "fault in 200": _echo(200),
    "web page": always(raw(b"<html>fulano@example.com 111.444.777-35")),
    "truncated": always(raw(b'{"value":[{"email":"fulano@example.com"')),
    "not JSON": always(raw(b'{"email":"fulano@example.com","x":NaN}')),
    "other shape": always(ok({"email": "fulano@example.com"})),
    "blocked": always(status(429, {"message": "fulano@example.com"}, Retry_After="9999")),
    "redirect": always(status(302, Location="http://elsewhere.example/?key=s3cret-key")),
    "dropped": _drop,
    "timeout": _hang,
    "foreign link": _foreign_link,
}


def _everything_of(error: BaseException) -> str:
    """All that a log or a debugger-friendly report could show of an exception, its causes and contexts included."""
    seen: list[str] = []
    current: BaseException | None = error
    while current is not None:
        seen += [str(current), repr(current), repr(current.__dict__), *traceback.format_exception_only(current)]
        current = current.__cause__ or current.__context__
    return "\n".join(seen)


@pytest.mark.parametrize("auth", _AUTHS, ids=lambda auth: auth["kind"])
@pytest.mark.parametrize("trouble", _TROUBLES.values(), ids=_TROUBLES)
async def test_nothing_that_was_sent_or_received_is_told(auth: dict[str, Any], trouble: Answer) -> None:
    rule = {"at": "message", "then": "fail", "message": "nothing", "code": "nothing"}
    settings = HttpSettings.model_validate({"auth": auth, "retry": QUICK, "timeout_s": 0.05, "outcomes": [rule]})
    listing = Listing.model_validate(
        {
            "request": {
                "method": "POST",
                "path": "/customers/{key}",
                "query": {"$filter": "CNPJ eq '{key}'"},
                "body": {"document": "$key"},
                "quoting": "odata",
            },
            "records": "value",
            "paging": {"kind": "link", "link": "next"},
        }
    )

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if request.path == "/login" else await trouble(request)

    with capture_logs() as logs:
        async with StandIn(answer) as system, system.port(settings, credentials=_CREDENTIALS) as port:
            with pytest.raises(ReconcilerError) as caught:
                await pages_of(port, listing, _VALUES)
    told = _everything_of(caught.value) + repr(logs)
    assert "erp: POST /customers/{key}: " in str(caught.value)
    for secret in _SECRETS:
        assert secret not in told
    assert any(line["event"] == "http_call" and line["request"] == "POST /customers/{key}" for line in logs)


@pytest.mark.parametrize("before", [0, 230, 205, 5000], ids=["alone", "across the cut", "at the cut", "far behind"])
@pytest.mark.parametrize("then", ["fail", "blocked"])
async def test_a_vendor_that_repeats_a_credential_in_its_own_words_is_masked(before: int, then: str) -> None:
    """Masked before the words are cut: half a secret is not recognised."""
    settings = HttpSettings.model_validate(
        {
            "auth": {"kind": "body", "fields": {"app_secret": "$credentials.key"}},
            "outcomes": [{"at": "message", "then": then, "message": "message", "code": "message"}],
        }
    )

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"message": "x" * before + (await request.json())["app_secret"]})

    async with StandIn(answer) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        with pytest.raises(ReconcilerError, match="answered an error of its own") as caught:
            await port.call(Request(method="POST", path="/x", body={}))
    told = _everything_of(caught.value)
    assert "s3cr" not in told
    assert len(caught.value.message) < 340


def _no_connection(url: str) -> str:
    return url.rpartition(":")[0] + ":9"


@pytest.mark.parametrize(
    "base_url", [_no_connection, lambda url: "http://does-not-exist.invalid"], ids=["port", "host"]
)
async def test_an_unreachable_host_does_not_tell_the_query(base_url: Callable[[str], str]) -> None:
    settings = HttpSettings.model_validate({"auth": _AUTHS[1], "retry": QUICK})
    with capture_logs() as logs:
        async with HttpPort(
            "crm", settings, base_url=base_url("http://127.0.0.1:1"), credentials=_CREDENTIALS, context={}
        ) as port:
            with pytest.raises(ReconcilerError) as caught:
                await port.call(Request(path="/x", query={"q": "$key"}), _VALUES)
    told = _everything_of(caught.value) + repr(logs)
    assert all(secret not in told for secret in _SECRETS)
