"""The terminal UI in a browser: nobody without the token gets as far as a process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType, WSServerHandshakeError

from tui.serve import MOST_VISITORS, TokenServer

TOKEN = "made-up-token-of-32-characters-00"
_APPLICATION = """
import os, sys
sys.stdout.buffer.write(b"__GANGLION__\\nD\\x00\\x00\\x00\\x05hello")
sys.stdout.flush()
os.read(0, 1)
"""
"""Draws as an application of Textual does, and ends when it is spoken to."""


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    """Listening on a free port; a visitor gets a process that is quick to start."""
    serving = TokenServer([sys.executable, "-c", _APPLICATION], TOKEN, port=0, title="acme")
    async with serving.open():
        yield serving


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    """Keeps cookies of an address without a name."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


async def test_the_link_opens_the_page_and_the_token_stays_in_no_address(
    server: TokenServer, browser: ClientSession
) -> None:
    async with browser.get(server.link, allow_redirects=False) as entered:
        assert (entered.status, entered.headers["Location"]) == (303, "/")
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
    async with browser.get(server.public_url) as page:
        assert page.status == 200
        text = await page.text()
        assert TOKEN not in text
        assert f"ws://127.0.0.1:{server.port}/ws" in text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/download/x", "/?token=wrong"])
async def test_nothing_is_given_without_the_token(server: TokenServer, browser: ClientSession, path: str) -> None:
    async with browser.get(f"{server.public_url}{path}") as refused:
        assert refused.status == 401
        assert "Set-Cookie" not in refused.headers
        assert TOKEN not in await refused.text()


async def test_another_page_may_not_connect_although_the_browser_has_the_cookie(
    server: TokenServer, browser: ClientSession
) -> None:
    await browser.get(server.link)
    for origin in ("https://elsewhere.example", None):
        headers = {} if origin is None else {"Origin": origin}
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.ws_connect(f"{server.public_url}/ws", headers=headers)
        assert refused.value.status == 403


async def test_there_is_an_end_to_the_number_of_processes(
    server: TokenServer, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_visitors", MOST_VISITORS - 1)
    await browser.get(server.link)
    headers = {"Origin": server.public_url}
    async with browser.ws_connect(f"{server.public_url}/ws", headers=headers) as first:
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.ws_connect(f"{server.public_url}/ws", headers=headers)
        assert refused.value.status == 503
        message = await first.receive(timeout=20)
        assert (message.type, message.data) == (WSMsgType.BINARY, b"hello")


_STUBBORN = """
import os, sys, time
sys.stdout.buffer.write(b"__GANGLION__\\nD" + (len(pid := str(os.getpid()).encode())).to_bytes(4, "big") + pid)
sys.stdout.flush()
time.sleep(600)
"""
"""Draws its number, and does not end when it is told to."""


async def test_a_process_never_outlives_the_visit(browser: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.serve._QUIT_S", 0.1)
    server = TokenServer([sys.executable, "-c", _STUBBORN], TOKEN, port=0, title="acme")
    async with server.open():
        await browser.get(server.link)
        async with browser.ws_connect(f"{server.public_url}/ws", headers={"Origin": server.public_url}) as visit:
            number = int((await visit.receive(timeout=20)).data)
            assert Path(f"/proc/{number}").exists()
    assert not Path(f"/proc/{number}").exists()
