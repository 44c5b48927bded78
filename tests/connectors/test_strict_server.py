"""The strict server fails a test for everything that is not asked exactly as written."""

from __future__ import annotations

import aiohttp
import pytest
from pydantic import JsonValue

from tests.connectors.strict_server import ANYTHING, Answer, Exchange, strict_server

LIST = Exchange("GET", "/items", Answer({"items": [1]}), query={"page": "1"}, headers={"X-Key": "made-up"})
SEND = Exchange("POST", "/items", Answer({"ok": True}, status=201), body={"name": "a", "count": 1})
KEY = {"X-Key": "made-up"}


async def _get(url: str, headers: dict[str, str] | None = None) -> tuple[int, JsonValue]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.json(content_type=None) if response.status == 200 else None


async def _post(url: str, body: bytes) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body) as response:
        return response.status


async def test_exchanges_are_answered_in_any_order() -> None:
    async with strict_server(LIST, SEND) as server:
        assert await _post(f"{server}/items", b'{"count": 1, "name": "a"}') == 201
        assert await _get(f"{server}/items?page=1", KEY) == (200, {"items": [1]})


async def test_equal_requests_are_answered_in_the_order_of_the_list() -> None:
    again = Exchange("GET", "/items", Answer({"items": [2]}), query={"page": "1"})
    async with strict_server(LIST, again) as server:
        assert await _get(f"{server}/items?page=1", KEY) == (200, {"items": [1]})
        assert await _get(f"{server}/items?page=1", KEY) == (200, {"items": [2]})


async def _ask(exchanges: tuple[Exchange, ...], *addresses: str, then: Exception | None = None) -> None:
    async with strict_server(*exchanges) as server:
        for address in addresses:
            await _get(f"{server}{address}", KEY)
        if then is not None:
            raise then


async def test_an_exchange_is_answered_once() -> None:
    with pytest.raises(AssertionError, match=r"unexpected: GET /items\?page=1"):
        await _ask((LIST,), "/items?page=1", "/items?page=1")


async def test_an_unused_exchange_fails() -> None:
    with pytest.raises(AssertionError, match=r"never asked for: GET /items\?page=1"):
        await _ask((LIST,))


_DIFFERENT = {
    "path": ("/other?page=1", KEY, "unexpected: GET /other"),
    "value": ("/items?page=2", KEY, "page is '2' instead of '1'"),
    "no query": ("/items", KEY, "page is None instead of '1'"),
    "another parameter": ("/items?page=1&size=5", KEY, "size is '5', not wanted"),
    "twice": ("/items?page=1&page=1", KEY, "page came 2 times"),
    "header": ("/items?page=1", {"X-Key": "other"}, "header X-Key is 'other' instead of 'made-up'"),
    "no header": ("/items?page=1", {}, "header X-Key is None"),
}


@pytest.mark.parametrize(("address", "headers", "words"), _DIFFERENT.values(), ids=_DIFFERENT)
async def test_a_request_that_differs_fails(address: str, headers: dict[str, str], words: str) -> None:
    with pytest.raises(AssertionError) as failed:
        async with strict_server(LIST) as server:
            assert (await _get(f"{server}{address}", headers))[0] == 400
    assert words in str(failed.value)


_BODIES = {
    "value": b'{"name": "b", "count": 1}',
    "type": b'{"name": "a", "count": true}',
    "fraction": b'{"name": "a", "count": 1.0}',
    "more": b'{"name": "a", "count": 1, "more": null}',
    "no JSON": b"name=a",
    "none": b"",
}


@pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES)
async def test_a_body_that_differs_fails(body: bytes) -> None:
    with pytest.raises(AssertionError, match="the body is"):
        async with strict_server(SEND) as server:
            assert await _post(f"{server}/items", body) == 400


async def test_a_value_that_cannot_be_known_may_be_anything_but_missing() -> None:
    since = Exchange("GET", "/items", Answer({}), query={"since": ANYTHING})
    body: JsonValue = {"filters": [{"since": ANYTHING}, 1]}
    post = Exchange("POST", "/items", Answer({}), body=body)
    async with strict_server(since, post) as server:
        assert (await _get(f"{server}/items?since=2026-11-22"))[0] == 200
        assert await _post(f"{server}/items", b'{"filters": [{"since": 5}, 1]}') == 200
    with pytest.raises(AssertionError, match="since is None"):
        await _ask((since,), "/items")
    for missing in (b'{"filters": [{}, 1]}', b'{"filters": [{"since": null}, 1]}', b'{"filters": [{"since": 5}]}'):
        with pytest.raises(AssertionError, match="the body is"):
            async with strict_server(post) as server:
                await _post(f"{server}/items", missing)


async def test_a_text_body_is_compared_as_text() -> None:
    form = Exchange("POST", "/token", Answer({}), body="grant_type=refresh_token&refresh_token=made-up")
    async with strict_server(form) as server:
        assert await _post(f"{server}/token", b"grant_type=refresh_token&refresh_token=made-up") == 200


async def test_a_body_where_none_belongs_fails() -> None:
    with pytest.raises(AssertionError, match="the body is"):
        async with strict_server(Exchange("POST", "/items", Answer({}))) as server:
            await _post(f"{server}/items", b"{}")


async def test_what_was_unexpected_is_told_when_the_test_fails_because_of_it() -> None:
    with pytest.raises(AssertionError, match="unexpected: GET /other") as failed:
        await _ask((), "/other", then=LookupError("nothing was read"))
    assert isinstance(failed.value.__cause__, LookupError)


async def test_a_test_that_fails_for_its_own_reasons_says_so() -> None:
    with pytest.raises(LookupError, match="my own"):
        await _ask((LIST,), then=LookupError("my own"))


async def test_answers_carry_headers_cookies_and_absolute_links() -> None:
    answer = Answer(
        {"next": "{server}/items?page=2"}, headers={"Link": '<{server}/x>; rel="next"'}, cookies={"SESSION": "made-up"}
    )
    async with (
        strict_server(Exchange("GET", "/items", answer)) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server}/items") as response,
    ):
        assert await response.json() == {"next": f"{server}/items?page=2"}
        assert response.headers["Link"] == f'<{server}/x>; rel="next"'
        assert response.cookies["SESSION"].value == "made-up"


async def test_an_answer_may_be_text_that_is_no_json() -> None:
    page = Answer(status=502, text="<html>gateway</html>")
    async with (
        strict_server(Exchange("GET", "/items", page)) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server}/items") as response,
    ):
        assert (response.status, await response.text()) == (502, "<html>gateway</html>")
