"""Bytes: size limits after decompression, character sets, certificates, addresses, what every request carries."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from reconciler.errors import ConfigurationError, ResponseNotUnderstoodError, UnreachableError
from reconciler.ports.http.address import BaseAddress, redacted_url
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings, Request
from tests.ports.stand_in import QUICK, THING, StandIn, always, ok, raw

_CERTIFICATES = Path(__file__).parent / "certificates"
_SMALL = HttpSettings(retry=QUICK, max_body_mib=1)
_MIB = 1024 * 1024


def _encoded(body: bytes, encoding: str) -> Callable[[], web.StreamResponse]:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    return lambda: web.Response(body=body, headers=headers)


def _bomb(pack: Callable[[bytes], bytes], encoding: str) -> Callable[[], web.StreamResponse]:
    """64 MiB, packed when they are asked for: a worker that only collects this test needs none."""
    return lambda: _encoded(pack(b'"' + b"x" * (64 * _MIB) + b'"'), encoding)()


@pytest.mark.parametrize(
    "answer",
    [
        raw(b'"' + b"x" * _MIB + b'"'),
        _bomb(gzip.compress, "gzip"),
        _bomb(zlib.compress, "deflate"),
    ],
    ids=["plain", "gzip bomb", "deflate bomb"],
)
async def test_a_body_over_the_limit_is_refused_once_it_is_seen(answer: Callable[[], web.StreamResponse]) -> None:
    async with StandIn(always(answer)) as system, system.port(_SMALL) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="answered with more than 1 MiB"):
            await port.call(THING)
        assert len(system.asked) == 1
        assert port.traffic.received_bytes == 0


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    body = b'"' + b"x" * (_MIB - 2) + b'"'
    async with StandIn(always(raw(body))) as system, system.port(_SMALL) as port:
        reply = await port.call(THING)
        assert reply.body == body
        assert port.traffic.received_bytes == _MIB


async def test_an_endless_body_is_left() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    async with StandIn(answer) as system, system.port(_SMALL) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="more than 1 MiB"):
            await port.call(THING)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_answers_are_read(encoding: str) -> None:
    document = {"value": ["São Paulo"] * 1000}
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    async with StandIn(always(_encoded(pack(orjson.dumps(document)), encoding))) as system, system.port() as port:
        assert (await port.call(THING)).document == document


async def test_an_answer_that_is_labelled_gzip_and_is_not_is_not_understood() -> None:
    async with StandIn(always(_encoded(b'{"a":1}', "gzip"))) as system, system.port() as port:
        with pytest.raises(ResponseNotUnderstoodError, match="cannot be decompressed"):
            await port.call(THING)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"name":"Pão & Cia"}'.encode(), "application/json"),
        ('{"name":"Pão & Cia"}'.encode("iso-8859-1"), "application/json; charset=ISO-8859-1"),
        ('{"name":"Pão & Cia"}'.encode("cp1252"), "text/plain; charset=windows-1252"),
        ('{"name":"Pão & Cia"}'.encode("utf-16"), "application/json; charset=utf-16"),
        ('{"name":"Pão & Cia"}'.encode("utf-8-sig"), "application/json; charset=utf-8"),
        ('{"name":"Pão & Cia"}'.encode(), "text/html"),
        ('{"name":"Pão & Cia"}'.encode(), "application/json; charset=nonsense"),
    ],
    ids=["UTF-8", "Latin-1", "Windows-1252", "UTF-16", "byte order mark", "said to be HTML", "unknown charset"],
)
async def test_the_declared_character_set_is_obeyed_and_the_body_becomes_utf8(body: bytes, content_type: str) -> None:
    answer = always(lambda: web.Response(body=body, headers={"Content-Type": content_type}))
    async with StandIn(answer) as system, system.port() as port:
        reply = await port.call(THING)
        assert reply.document == {"name": "Pão & Cia"}
        assert orjson.loads(reply.body) == reply.document


async def test_bytes_that_are_not_the_declared_character_set_are_not_understood() -> None:
    body = '{"name":"Pão"}'.encode("iso-8859-1")
    async with StandIn(always(raw(body))) as system, system.port() as port:
        with pytest.raises(ResponseNotUnderstoodError, match="not JSON"):
            await port.call(THING)


async def test_ten_megabytes_in_one_text_are_read() -> None:
    document = {"value": [{"id": 1, "note": "ß" * (5 * _MIB)}]}
    async with StandIn(always(ok(document))) as system, system.port() as port:
        assert (await port.call(THING)).document == document


async def test_every_request_says_who_asks_and_offers_compression() -> None:
    settings = HttpSettings(retry=QUICK, user_agent="reconciler/1", headers={"X-Branch": "{context.branch}"})
    async with StandIn(always(ok())) as system, system.port(settings, context={"branch": 12}) as port:
        await port.call(Request(method="POST", path="/rpc", headers={"X-One": "1"}, body={"a": [1, "é"]}))
        (asked,) = system.asked
        assert asked.headers["Accept-Encoding"] == "gzip, deflate"
        assert asked.headers["Accept"] == "application/json"
        assert asked.headers["User-Agent"] == "reconciler/1"
        assert asked.headers["X-Branch"] == "12"
        assert asked.headers["X-One"] == "1"
        assert asked.headers["Content-Type"] == "application/json"
        assert asked.json == {"a": [1, "é"]}


async def test_cookies_are_kept_by_logins_only() -> None:
    async with StandIn(always(ok(None, **{"Set-Cookie": "visitor=1"}))) as system, system.port() as port:
        await port.call(THING)
        await port.call(THING)
        assert "Cookie" not in system.asked[1].headers


async def test_a_redirect_is_told_and_not_followed() -> None:
    async with StandIn(always(ok())) as elsewhere:
        answer = always(lambda: web.Response(status=307, headers={"Location": elsewhere.base_url}))
        async with StandIn(answer) as system, system.port() as port:
            with pytest.raises(Exception, match=r"HTTP 307 \(a redirect.*base_url"):
                await port.call(THING)
            assert elsewhere.asked == []


async def test_a_number_too_large_for_json_is_told_before_anything_is_sent() -> None:
    async with StandIn(always(ok())) as system, system.port(context={"n": 2**70}) as port:
        with pytest.raises(ConfigurationError, match="POST /rpc: the body holds a value that JSON cannot carry"):
            await port.call(Request(method="POST", path="/rpc", body={"n": "$context.n"}))
        assert system.asked == []


# Connections


async def _secure_server() -> TestServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_CERTIFICATES / "self_signed.pem", _CERTIFICATES / "self_signed_key.pem")
    app = web.Application()
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    return server


def _port(base_url: str, **settings: Any) -> HttpPort:
    described = HttpSettings(retry=QUICK, **settings)
    return HttpPort("crm", described, base_url=base_url, credentials={}, context={})


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    server = await _secure_server()
    try:
        async with _port(f"https://localhost:{server.port}") as port:
            with pytest.raises(UnreachableError, match=r"crm: GET /thing: the certificate is refused \(self.signed"):
                await port.call(THING)
            assert port.requests_sent == 1
    finally:
        await server.close()


async def test_plain_http_where_https_is_expected_is_told() -> None:
    async with StandIn(always(ok())) as system, _port(system.base_url.replace("http://", "https://")) as port:
        with pytest.raises(UnreachableError, match="no secure connection"):
            await port.call(THING)


async def test_a_host_name_that_nobody_knows_is_told() -> None:
    async with _port("http://does-not-exist.invalid:8069") as port:
        with pytest.raises(UnreachableError, match="crm: GET /thing: the host name is not known"):
            await port.call(THING)


async def test_what_is_not_http_is_told() -> None:
    async def talk(reader: Any, writer: Any) -> None:
        await reader.readline()
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        host, number = server.sockets[0].getsockname()[:2]
        async with _port(f"http://{host}:{number}") as port:
            with pytest.raises((UnreachableError, ResponseNotUnderstoodError), match="crm: GET /thing: "):
                await port.call(THING)


# Addresses


@pytest.mark.parametrize(
    ("base", "path", "query", "expected"),
    [
        ("http://erp.example", "/rpc", {}, "http://erp.example/rpc"),
        ("http://erp.example/", "/rpc", {}, "http://erp.example/rpc"),
        ("http://erp.example:8069/rig/", "/rpc/", {}, "http://erp.example:8069/rig/rpc/"),
        ("http://erp.example/rig", "rpc", {}, "http://erp.example/rig/rpc"),
        ("http://erp.example/rig", "", {}, "http://erp.example/rig"),
        ("http://erp.example", "/x?a=1", {"b": "2"}, "http://erp.example/x?a=1&b=2"),
        (
            "http://erp.example",
            "/x",
            {"$filter": "a eq 'ç' & +"},
            "http://erp.example/x?$filter=a%20eq%20'%C3%A7'%20%26%20%2B",
        ),
    ],
    ids=str,
)
def test_paths_are_appended_to_the_base(base: str, path: str, query: dict[str, str], expected: str) -> None:
    assert str(BaseAddress(base).at(path, query)) == expected


@pytest.mark.parametrize(
    "base",
    ["", "erp.example", "ftp://erp.example", "http://", "http://user:secret@erp.example", "http://erp.example?key=secret",
     "http://erp.example/#x", "http://[::1", "file:///etc/passwd", "http://a..b.example",
     "http://" + "a" * 64 + ".example"],
    ids=str,
)  # fmt: skip
def test_a_base_url_that_cannot_be_one_is_refused_without_repeating_it(base: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        BaseAddress(base)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@erp.example:8443/a/b?key=secret#x", "https://erp.example:8443/a/b"),
        ("http://erp.example", "http://erp.example/"),
        ("/a/b?key=secret", "/a/b"),
    ],
)
def test_a_redacted_url_keeps_scheme_host_and_path(url: str, shown: str) -> None:
    assert redacted_url(url) == shown
