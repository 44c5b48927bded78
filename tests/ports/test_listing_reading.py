"""Reading a listing: concurrency and its bounds, records that come and go, and where it ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from aiohttp import web

from reconciler.errors import VendorFaultError
from reconciler.ports.http.settings import HttpSettings, Retry
from tests.ports.listings import (
    COUNTED_KEYSET,
    KEYSET,
    SETTINGS,
    by_offset,
    offset_server,
    things,
)
from tests.ports.stand_in import THING, StandIn, ids, pages_of


async def test_pages_may_overtake_one_another_and_say_which_they_are() -> None:
    second_may_come = asyncio.Event()
    serve = offset_server(10)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] == "2":
            await second_may_come.wait()
        if request.query["skip"] == "8":
            second_may_come.set()
        return await serve(request)

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, by_offset(2, stop={"total": "total"}))
        assert pages[1].number in {2, 3}
        assert ids(pages) == list(range(10))
        assert 2 <= system.most_at_once <= 3


async def test_a_slow_consumer_holds_the_reading_back() -> None:
    """While the first page is in work, at most `concurrency` others are read or waiting."""
    async with (
        StandIn(offset_server(100)) as system,
        system.port(SETTINGS) as port,
        aclosing(port.pages(by_offset(2, stop={"total": "total"}))) as pages,
    ):
        await anext(pages)
        await system.has_been_asked(4)
        await port.call(THING.model_copy(update={"query": {"skip": "0", "top": "0"}}))
        assert len(system.asked) == 5
        await anext(pages)
        await system.has_been_asked(6)


async def test_the_next_page_of_a_chain_is_read_while_this_one_is_in_work() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": things(int(request.query["after"]) + 1, 2)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port, aclosing(port.pages(KEYSET)) as pages:
        await anext(pages)
        await system.has_been_asked(2)
        await port.call(THING.model_copy(update={"query": {"after": "0"}}))
        assert len(system.asked) == 3


async def test_closing_early_ends_what_is_under_way() -> None:
    serve = offset_server(100)
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] != "0":
            await never.wait()
        return await serve(request)

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        before = asyncio.all_tasks()
        pages = port.pages(by_offset(2, stop={"total": "total"}))
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

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        consumer = asyncio.create_task(pages_of(port, KEYSET))
        await system.has_been_asked(1)
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert not [task for task in asyncio.all_tasks() if "_confirmed" in repr(task)]
        never.set()


async def test_a_port_that_closes_underneath_never_looks_like_the_end() -> None:
    never = asyncio.Event()
    serve = offset_server(100)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] != "0":
            await never.wait()
        return await serve(request)

    async with StandIn(answer) as system:
        async with system.port(SETTINGS) as port:
            pages = port.pages(by_offset(2, stop={"total": "total"}))
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
        return web.json_response({"value": things(0, count)[skip : skip + 2], "total": count})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, by_offset(2, stop={"total": "total"}))
        assert ids(pages) == list(range(7))


async def test_records_that_vanish_while_reading_end_the_listing_without_an_error() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        count = 20 if skip == 0 else 5
        return web.json_response({"value": things(0, count)[skip : skip + 2], "total": count})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, by_offset(2, stop={"total": "total"}))
        assert ids(pages) == list(range(5))
        assert {page.total for page in pages} == {20, 5}


@pytest.mark.parametrize("asked", [5, 1000], ids=["a little more", "much more"])
async def test_a_system_that_cuts_pages_short_loses_nothing(asked: int) -> None:
    """Ploomes gives 300 records whatever larger number is asked for, without a word."""
    async with StandIn(offset_server(11, most=3)) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, by_offset(asked, stop={"total": "total"}))
        assert ids(pages) == list(range(11))
        assert {request.query["top"] for request in system.asked[1:]} == {"3"}


async def test_a_cut_keyset_goes_on_while_the_total_says_so() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        left = things(1, 7)[int(request.query["after"]) :]
        return web.json_response({"value": left[:1], "total": len(left)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, COUNTED_KEYSET)) == list(range(1, 8))


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
        return web.json_response({"value": things(skip, 2 if skip == 0 else 1)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, by_offset(2))) == [0, 1, 2]


async def test_pages_beyond_the_end_are_not_waited_for() -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        if skip > 2:
            await never.wait()
        return web.json_response({"value": things(skip, 2 if skip == 0 else 1)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, by_offset(2))) == [0, 1, 2]
        never.set()


async def test_a_short_page_in_the_middle_ends_nothing_while_the_total_says_more() -> None:
    """Records that the user may not see are left out of a page and still counted."""
    serve = offset_server(9)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["skip"] == "3":
            return web.json_response({"value": things(3, 1), "total": 9})
        return await serve(request)

    settings = SETTINGS.model_copy(update={"concurrency": 1})
    async with StandIn(answer) as system, system.port(settings) as port:
        assert ids(await pages_of(port, by_offset(3, stop={"total": "total"}))) == [0, 1, 2, 3, 6, 7, 8]


async def test_an_error_before_the_end_is_an_error_whatever_came_after_it() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        skip = int(request.query["skip"])
        if skip == 4:
            return web.json_response({}, status=400)
        return web.json_response({"value": things(skip, 2)})

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        with pytest.raises(VendorFaultError, match="HTTP 400"):
            await pages_of(port, by_offset(2))


async def test_a_failing_page_that_surely_exists_ends_the_reading() -> None:
    serve = offset_server(20)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=404) if request.query["skip"] == "6" else await serve(request)

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        with pytest.raises(VendorFaultError, match="HTTP 404"):
            await pages_of(port, by_offset(2, stop={"total": "total"}))


async def test_many_pages_of_a_chain_leave_nothing_behind() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        after = int(request.query["after"])
        return web.json_response({"value": things(after + 1, 2 if after < 100 else 0)})

    async with StandIn(answer) as system, system.port(HttpSettings(retry=Retry(first_s=0.001))) as port:
        assert ids(await pages_of(port, KEYSET)) == list(range(1, 101))
        assert port.requests_sent == len(system.asked) == 51
