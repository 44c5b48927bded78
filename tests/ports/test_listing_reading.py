"""Reading a listing: concurrency and its bounds, doubtful pages, answers that do not lead on as described."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from reconciler.errors import ResponseNotUnderstoodError, VendorFaultError
from reconciler.ports.http.settings import HttpSettings, Listing, Outcome, Retry, Stop
from tests.ports.stand_in import QUICK, THING, Answer, StandIn, always, ids, in_turn, ok, pages_of, status

_SETTINGS = HttpSettings(retry=QUICK, concurrency=3)


def _listing(paging: dict[str, Any], query: dict[str, Any] | None = None, **more: Any) -> Listing:
    described = {"request": {"path": "/things", "query": query or {}}, "records": "value", "paging": paging, **more}
    return TypeAdapter(Listing).validate_python(described)


def _offset(size: int, **more: Any) -> Listing:
    return _listing({"kind": "offset", "size": size}, {"skip": "$page.offset", "top": "$page.size"}, **more)


_KEYSET = _listing({"kind": "keyset", "size": 2, "after": "id"}, {"after": "$page.after"})
_COUNTED_KEYSET = _KEYSET.model_copy(update={"stop": Stop(total="total")})
_CURSOR = _listing({"kind": "cursor", "cursor": "next"}, {"c": "$page.cursor"})
_LINK = _listing({"kind": "link", "link": "next"})


def _things(first: int, count: int) -> list[dict[str, int]]:
    return [{"id": first + position} for position in range(count)]


def _offset_server(count: int, *, most: int = 1000, total: bool = True) -> Answer:
    """`count` records, at most `most` of them in a page."""

    async def answer(request: web.Request) -> web.StreamResponse:
        skip, top = int(request.query["skip"]), min(int(request.query["top"]), most)
        document: dict[str, Any] = {"value": _things(0, count)[skip : skip + top]}
        if total:
            document["total"] = count
        return web.json_response(document)

    return answer


async def test_pages_may_overtake_one_another_and_say_which_they_are() -> None:
    second_may_come = asyncio.Event()
    serve = _offset_server(10)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] == "2":
            await second_may_come.wait()
        if request.query["skip"] == "8":
            second_may_come.set()
        return await serve(request)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _offset(2, stop={"total": "total"}))
        assert pages[1].number in {2, 3}
        assert ids(pages) == list(range(10))
        assert 2 <= system.most_at_once <= 3


async def test_a_slow_consumer_holds_the_reading_back() -> None:
    """While the first page is in work, at most `concurrency` others are read or waiting."""
    async with (
        StandIn(_offset_server(100)) as system,
        system.port(_SETTINGS) as port,
        aclosing(port.pages(_offset(2, stop={"total": "total"}))) as pages,
    ):
        await anext(pages)
        await system.has_been_asked(4)
        await port.call(THING.model_copy(update={"query": {"skip": "0", "top": "0"}}))
        assert len(system.asked) == 5
        await anext(pages)
        await system.has_been_asked(6)


async def test_the_next_page_of_a_chain_is_read_while_this_one_is_in_work() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": _things(int(request.query["after"]) + 1, 2)})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port, aclosing(port.pages(_KEYSET)) as pages:
        await anext(pages)
        await system.has_been_asked(2)
        await port.call(THING.model_copy(update={"query": {"after": "0"}}))
        assert len(system.asked) == 3


async def test_closing_early_ends_what_is_under_way() -> None:
    serve = _offset_server(100)
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] != "0":
            await never.wait()
        return await serve(request)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        before = asyncio.all_tasks()
        pages = port.pages(_offset(2, stop={"total": "total"}))
        await anext(pages)
        await system.has_been_asked(4)
        await pages.aclose()
        ours = [task for task in asyncio.all_tasks() - before if "_confirmed" in repr(task)]
        assert ours == []
        never.set()


async def test_a_cancelled_consumer_ends_what_is_under_way() -> None:
    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.json_response({})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        consumer = asyncio.create_task(pages_of(port, _KEYSET))
        await system.has_been_asked(1)
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert not [task for task in asyncio.all_tasks() if "_confirmed" in repr(task)]
        never.set()


async def test_a_port_that_closes_underneath_never_looks_like_the_end() -> None:
    never = asyncio.Event()
    serve = _offset_server(100)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] != "0":
            await never.wait()
        return await serve(request)

    async with StandIn(answer) as system:
        async with system.port(_SETTINGS) as port:
            pages = port.pages(_offset(2, stop={"total": "total"}))
            await anext(pages)
        with pytest.raises(RuntimeError, match="closed"):
            await anext(pages)
        never.set()


async def test_records_that_appear_while_reading_are_read_too() -> None:
    """The total is taken from the latest answers, not from the first."""
    count = 4

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal count
        skip = int(request.query["skip"])
        if skip >= 2:
            count = 7
        return web.json_response({"value": _things(0, count)[skip : skip + 2], "total": count})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _offset(2, stop={"total": "total"}))
        assert ids(pages) == list(range(7))


async def test_records_that_vanish_while_reading_end_the_listing_without_an_error() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        count = 20 if skip == 0 else 5
        return web.json_response({"value": _things(0, count)[skip : skip + 2], "total": count})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _offset(2, stop={"total": "total"}))
        assert ids(pages) == list(range(5))
        assert {page.total for page in pages} == {20, 5}


@pytest.mark.parametrize("asked", [5, 1000], ids=["a little more", "much more"])
async def test_a_system_that_cuts_pages_short_loses_nothing(asked: int) -> None:
    """Ploomes gives 300 records whatever larger number is asked for, without a word."""
    async with StandIn(_offset_server(11, most=3)) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _offset(asked, stop={"total": "total"}))
        assert ids(pages) == list(range(11))
        assert {request.query["top"] for request in system.asked[1:]} == {"3"}


async def test_a_cut_keyset_goes_on_while_the_total_says_so() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        left = _things(1, 7)[int(request.query["after"]) :]
        return web.json_response({"value": left[:1], "total": len(left)})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _COUNTED_KEYSET)) == list(range(1, 8))


@pytest.mark.parametrize("beyond", [400, 404, 500], ids=str)
async def test_an_error_beyond_the_end_is_no_error(beyond: int) -> None:
    """Pages are asked for ahead, before anybody knows whether they exist."""
    reached = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        if skip > 2:
            reached.set()
            return web.json_response({}, status=beyond)
        if skip == 2:
            await reached.wait()
        return web.json_response({"value": _things(skip, 2 if skip == 0 else 1)})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _offset(2))) == [0, 1, 2]


async def test_pages_beyond_the_end_are_not_waited_for() -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        if skip > 2:
            await never.wait()
        return web.json_response({"value": _things(skip, 2 if skip == 0 else 1)})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _offset(2))) == [0, 1, 2]
        never.set()


async def test_a_short_page_in_the_middle_ends_nothing_while_the_total_says_more() -> None:
    """Records that the user may not see are left out of a page and still counted."""
    serve = _offset_server(9)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] == "3":
            return web.json_response({"value": _things(3, 1), "total": 9})
        return await serve(request)

    settings = _SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answer) as system, system.port(settings) as port:
        assert ids(await pages_of(port, _offset(3, stop={"total": "total"}))) == [0, 1, 2, 3, 6, 7, 8]


async def test_an_error_before_the_end_is_an_error_whatever_came_after_it() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        if skip == 4:
            return web.json_response({}, status=400)
        return web.json_response({"value": _things(skip, 2)})

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        with pytest.raises(VendorFaultError, match="HTTP 400"):
            await pages_of(port, _offset(2))


async def test_a_failing_page_that_surely_exists_ends_the_reading() -> None:
    serve = _offset_server(20)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=404) if request.query["skip"] == "6" else await serve(request)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        with pytest.raises(VendorFaultError, match="HTTP 404"):
            await pages_of(port, _offset(2, stop={"total": "total"}))


# Doubtful pages


def _ploomes(times: int, then: dict[str, Any], first: dict[str, Any] | None = None) -> Answer:
    """Answers an empty list without a count so many times (the silent throttle), then something else."""
    silent = [ok({"value": []})] * times
    return in_turn(*([ok(first)] if first else []), *silent, ok(then))


async def test_an_empty_page_without_its_count_is_asked_again() -> None:
    """Trap 3: over the limit Ploomes answers 200 with an empty list, and without the count."""
    found = {"value": _things(0, 2), "total": 2}
    async with StandIn(_ploomes(2, found)) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _offset(5, stop={"total": "total"}, confirm_empty_s=0.001))) == [0, 1]
        assert len(system.asked) == 3


async def test_an_empty_page_without_its_count_is_never_believed() -> None:
    async with StandIn(always(ok({"value": []}))) as system, system.port(_SETTINGS) as port:
        with pytest.raises(
            ResponseNotUnderstoodError, match="an empty list came 4 times without the number at `total`"
        ):
            await pages_of(port, _offset(5, stop={"total": "total"}, confirm_empty_s=0.001))
        assert len(system.asked) == 4


async def test_an_empty_page_whose_count_agrees_is_believed_at_once() -> None:
    async with StandIn(always(ok({"value": [], "total": 0}))) as system, system.port(_SETTINGS) as port:
        (page,) = await pages_of(port, _offset(5, stop={"total": "total"}, confirm_empty_s=5.0))
        assert (page.records, page.total, page.number) == ([], 0, 0)
        assert len(system.asked) == 1


async def test_an_empty_page_whose_count_disagrees_is_asked_again() -> None:
    answers = in_turn(ok({"value": [], "total": 2}), ok({"value": _things(0, 2), "total": 2}))
    async with StandIn(answers) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _offset(5, stop={"total": "total"}))) == [0, 1]


@pytest.mark.parametrize("counts_all", [True, False], ids=["all are counted", "those after the key are counted"])
async def test_an_empty_page_of_a_keyset_is_asked_again_unless_its_count_agrees(counts_all: bool) -> None:
    refusals = 1

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal refusals
        left = _things(1, 6)[int(request.query["after"]) :]
        document = {"value": left[:2], "total": 6 if counts_all else len(left)}
        if request.query["after"] == "4" and refusals:
            refusals -= 1
            document["value"] = []
        return web.json_response(document)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _COUNTED_KEYSET)) == list(range(1, 7))
        assert [asked.query["after"] for asked in system.asked] == ["0", "2", "4", "4", "6"]


async def test_without_a_count_an_empty_page_is_confirmed_only_where_that_is_declared() -> None:
    async with StandIn(always(ok({"value": []}))) as system, system.port(_SETTINGS) as port:
        await pages_of(port, _offset(5, confirm_empty_s=0.001))
        assert len(system.asked) == 4
        await pages_of(port, _offset(5))
        assert len(system.asked) == 5


async def test_a_silent_throttle_in_the_middle_loses_no_page() -> None:
    refusals = {"2": 2, "4": 1}
    serve = _offset_server(7)

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = request.query["skip"]
        if refusals.get(skip, 0) > 0:
            refusals[skip] -= 1
            return web.json_response({"value": []})
        return await serve(request)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _offset(2, stop={"total": "total"}, confirm_empty_s=0.001))
        assert ids(pages) == list(range(7))


async def test_nothing_is_asked_ahead_where_empty_pages_need_confirming() -> None:
    async with StandIn(_offset_server(3, total=False)) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, _offset(2, confirm_empty_s=0.001))) == [0, 1, 2]
        assert len(system.asked) == 2


@pytest.mark.parametrize(
    "said",
    [status(204), status(404), status(500, {"faultcode": "SOAP-ENV:Client-5113"})],
    ids=["204", "404 (Dolibarr)", "500 (Omie)"],
)
async def test_an_entity_that_the_system_says_is_empty_gives_no_records_and_no_error(
    said: Callable[[], web.StreamResponse],
) -> None:
    """Traps 1 and 19: nothing to confirm, the system said it in its own way."""
    outcomes = [
        Outcome(status=[404], then="empty"),
        Outcome(status=[500], at="faultcode", contains=["5113"], then="empty"),
    ]
    settings = _SETTINGS.model_copy(update={"outcomes": outcomes})
    async with StandIn(always(said)) as system, system.port(settings) as port:
        (page,) = await pages_of(port, _offset(5, stop={"total": "total"}, confirm_empty_s=5.0))
        assert (page.number, page.records, page.body, page.total) == (0, [], b"", None)
        assert len(system.asked) == 1


# Answers that do not lead on as described


@pytest.mark.parametrize(
    ("document", "listing", "words"),
    [
        ({"values": []}, _offset(2), "nothing at `value`"),
        ({"value": {"id": 1}}, _offset(2), "no list at `value`"),
        ({"value": None}, _offset(2), "no list at `value`"),
        ([{"id": 1}], _offset(2), "nothing at `value`"),
        ({"value": []}, _listing({"kind": "single"}).model_copy(update={"records": ""}), "no list as the whole answer"),
        ({"value": _things(0, 2)}, _offset(2, stop={"total": "meta.count"}), "nothing at `meta.count`"),
        ({"value": _things(0, 2), "n": "many"}, _offset(2, stop={"total": "n"}), "no whole number at `n`"),
        ({"value": _things(0, 2), "n": -1}, _offset(2, stop={"total": "n"}), "no whole number at `n`"),
        ({"value": _things(0, 2), "n": True}, _offset(2, stop={"pages": "n"}), "no whole number at `n`"),
        ({"value": _things(0, 2)}, _offset(2, stop={"more": "more"}), "nothing at `more`"),
        ({"value": _things(0, 2), "more": "perhaps"}, _offset(2, stop={"more": "more"}), "neither true nor false"),
        ({"value": [{"key": 1}, {"key": 2}]}, _KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": None}]}, _KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": [2]}]}, _KEYSET, "no key at `id`"),
        ({"value": [{"id": 1}, {"id": 0}]}, _KEYSET, "does not grow"),
        ({"value": [{"id": 1}, {"id": 2}]}, _KEYSET, "does not grow"),
        ({"value": [{"id": "a"}, {"id": "b"}]}, _KEYSET, "does not grow"),
        ({"value": _things(0, 2), "next": "c1"}, _CURSOR, "circle"),
        ({"value": _things(0, 2), "next": {"c": 1}}, _CURSOR, "not text or a number"),
        ({"value": _things(0, 2), "next": "/things?p=2"}, _LINK, "circle"),
        ({"value": _things(0, 2), "next": 7}, _LINK, "not text"),
        ({"value": _things(0, 2)}, _offset(2), "same as the first"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_answer_of_another_shape_names_the_path_and_not_the_data(
    document: Any, listing: Listing, words: str
) -> None:
    async with StandIn(always(ok(document))) as system, system.port(_SETTINGS) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="erp: GET /things: ") as caught:
            await pages_of(port, listing)
        assert words in caught.value.message


async def test_the_text_false_is_false() -> None:
    """Trap 20: Sankhya."""
    answers = in_turn(
        ok({"value": _things(0, 2), "more": "true"}),
        ok({"value": _things(2, 2), "more": "false"}),
        status(500),
    )
    settings = _SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answers) as system, system.port(settings) as port:
        assert ids(await pages_of(port, _offset(2, stop={"more": "more"}))) == [0, 1, 2, 3]
        assert len(system.asked) == 2


async def test_a_flag_that_says_more_beats_a_short_page() -> None:
    answers = in_turn(ok({"value": _things(0, 1), "more": True}), ok({"value": _things(1, 1), "more": False}))
    settings = _SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answers) as system, system.port(settings) as port:
        assert ids(await pages_of(port, _offset(2, stop={"more": "more"}))) == [0, 1]


async def test_an_empty_page_that_names_a_next_one_is_followed() -> None:
    answers = in_turn(
        ok({"value": _things(0, 1), "next": "/things?p=2"}),
        ok({"value": [], "next": "/things?p=3"}),
        ok({"value": _things(1, 1)}),
    )
    async with StandIn(answers) as system, system.port(_SETTINGS) as port:
        pages = await pages_of(port, _LINK)
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

    async with StandIn(fresh_links()) as system, system.port(_SETTINGS) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="100 empty pages in a row"):
            await pages_of(port, _LINK)


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

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        place["host"] = system.base_url.removeprefix("http://")
        place["elsewhere"] = elsewhere.base_url
        place["elsewhere_host"] = elsewhere.base_url.removeprefix("http://")
        with pytest.raises(ResponseNotUnderstoodError, match="the link to the next page") as caught:
            await pages_of(port, _LINK)
        assert "password" not in str(caught.value)
        assert elsewhere.asked == []
        assert len(system.asked) == 1


async def test_many_pages_of_a_chain_leave_nothing_behind() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        after = int(request.query["after"])
        return web.json_response({"value": _things(after + 1, 2 if after < 100 else 0)})

    async with StandIn(answer) as system, system.port(HttpSettings(retry=Retry(first_s=0.001))) as port:
        assert ids(await pages_of(port, _KEYSET)) == list(range(1, 101))
        assert port.requests_sent == len(system.asked) == 51
