"""Answers of a listing that do not lead on as described: of another shape, in a circle, or to another system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import ResponseNotUnderstoodError
from reconciler.ports.http.settings import Listing
from tests.ports.listings import (
    CURSOR,
    KEYSET,
    LINK,
    SETTINGS,
    by_offset,
    listing_of,
    things,
)
from tests.ports.stand_in import Answer, StandIn, always, ids, in_turn, ok, pages_of, status


@pytest.mark.parametrize(
    ("document", "listing", "words"),
    [
        ({"values": []}, by_offset(2), "nothing at `value`"),
        ({"value": {"id": 1}}, by_offset(2), "no list at `value`"),
        ({"value": None}, by_offset(2), "no list at `value`"),
        ([{"id": 1}], by_offset(2), "nothing at `value`"),
        (
            {"value": []},
            listing_of({"kind": "single"}).model_copy(update={"records": ""}),
            "no list as the whole answer",
        ),
        ({"value": things(0, 2)}, by_offset(2, stop={"total": "meta.count"}), "nothing at `meta.count`"),
        ({"value": things(0, 2), "n": "many"}, by_offset(2, stop={"total": "n"}), "no whole number at `n`"),
        ({"value": things(0, 2), "n": -1}, by_offset(2, stop={"total": "n"}), "no whole number at `n`"),
        ({"value": things(0, 2), "n": True}, by_offset(2, stop={"pages": "n"}), "no whole number at `n`"),
        ({"value": things(0, 2)}, by_offset(2, stop={"more": "more"}), "nothing at `more`"),
        ({"value": things(0, 2), "more": "perhaps"}, by_offset(2, stop={"more": "more"}), "neither true nor false"),
        ({"value": [{"key": 1}, {"key": 2}]}, KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": None}]}, KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": [2]}]}, KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": 0}]}, KEYSET, "does not grow"),
        ({"value": [{"id": 1}, {"id": 2}]}, KEYSET, "does not grow"),
        ({"value": [{"id": "a"}, {"id": "b"}]}, KEYSET, "does not grow"),
        ({"value": things(0, 2), "next": "c1"}, CURSOR, "circle"),
        ({"value": things(0, 2), "next": {"c": 1}}, CURSOR, "not text or a number"),
        ({"value": things(0, 2), "next": "/things?p=2"}, LINK, "circle"),
        ({"value": things(0, 2), "next": 7}, LINK, "not text"),
        ({"value": things(0, 2)}, by_offset(2), "same as the first"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_answer_of_another_shape_names_the_path_and_not_the_data(
    document: Any, listing: Listing, words: str
) -> None:
    async with StandIn(always(ok(document))) as system, system.port(SETTINGS) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="erp: GET /things: ") as caught:
            await pages_of(port, listing)
        assert words in caught.value.message


async def test_the_text_false_is_false() -> None:
    """Trap 20: Sankhya."""
    answers = in_turn(
        ok({"value": things(0, 2), "more": "true"}),
        ok({"value": things(2, 2), "more": "false"}),
        status(500),
    )
    settings = SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answers) as system, system.port(settings) as port:
        assert ids(await pages_of(port, by_offset(2, stop={"more": "more"}))) == [0, 1, 2, 3]
        assert len(system.asked) == 2


async def test_a_flag_that_says_more_beats_a_short_page() -> None:
    answers = in_turn(ok({"value": things(0, 1), "more": True}), ok({"value": things(1, 1), "more": False}))
    settings = SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answers) as system, system.port(settings) as port:
        assert ids(await pages_of(port, by_offset(2, stop={"more": "more"}))) == [0, 1]


async def test_an_empty_page_that_names_a_next_one_is_followed() -> None:
    answers = in_turn(
        ok({"value": things(0, 1), "next": "/things?p=2"}),
        ok({"value": [], "next": "/things?p=3"}),
        ok({"value": things(1, 1)}),
    )
    async with StandIn(answers) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, LINK)
        assert ids(pages) == [0, 1]
        assert [page.number for page in pages] == [0, 2]


async def test_endless_empty_pages_end() -> None:
    def fresh_links() -> Answer:
        asked = 0

        async def answer(_request: web.Request) -> web.StreamResponse:
            nonlocal asked
            asked += 1
            return web.json_response({"value": [], "next": f"/things?p={asked}"})

        return answer

    async with StandIn(fresh_links()) as system, system.port(SETTINGS) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="100 empty pages in a row"):
            await pages_of(port, LINK)


@pytest.fixture
async def elsewhere() -> AsyncIterator[StandIn]:
    """Another system, which must never hear from us."""
    async with StandIn(always(ok({"value": []}))) as system:
        yield system


@pytest.mark.parametrize(
    "link",
    [
        "{elsewhere}/things",
        "//{elsewhere_host}/things",
        "https://{host}/things",
        "http://user:password@{host}/things",
        "http://{host}@{elsewhere_host}/things",
        "http://{host}\\@{elsewhere_host}/things",
        "http://127.0.0.1/things",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1/things",
        "/things\r\nX-Evil: 1",
        "/things?a b",
        "/coisas?ção",
    ],
)
async def test_a_link_that_leaves_the_system_is_not_followed(elsewhere: StandIn, link: str) -> None:
    place: dict[str, str] = {}

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": [{"id": 1}], "next": link.format(**place)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        place["host"] = system.base_url.removeprefix("http://")
        place["elsewhere"] = elsewhere.base_url
        place["elsewhere_host"] = elsewhere.base_url.removeprefix("http://")
        with pytest.raises(ResponseNotUnderstoodError, match="the link to the next page") as caught:
            await pages_of(port, LINK)
        assert "password" not in str(caught.value)
        assert elsewhere.asked == []
        assert len(system.asked) == 1
