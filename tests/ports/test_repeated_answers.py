"""Answers that are given again where the system refuses to answer twice, and what puts an end to that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from reconciler.errors import VendorFaultError
from reconciler.ports.http.answers import RepeatedAnswers
from reconciler.ports.http.messages import Outgoing, Reply
from reconciler.ports.http.settings import HttpSettings, Listing, Request
from tests.ports.stand_in import QUICK, StandIn, ids, pages_of

_SETTINGS = HttpSettings(retry=QUICK, repeat_after_s=60)
_READ = Request(method="POST", path="/read", body={"call": "Listar"})
_URL = URL("https://omie.example/read")


class Clock:
    """Goes on when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Asked:
    """Answers with a number that grows, and counts."""

    def __init__(self, size_bytes: int = 10) -> None:
        self.times = 0
        self._body = b"x" * size_bytes

    async def __call__(self) -> Reply:
        self.times += 1
        return Reply(200, {}, self._body, self.times, _URL)


def outgoing(number: str = "1", **changes: Any) -> Outgoing:
    """A read."""
    return replace(Outgoing("POST", _URL, {"X": "1"}, number.encode(), "POST /read"), **changes)


def counting() -> tuple[Callable[[web.Request], Any], list[str]]:
    """A server that never says the same twice, and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({"value": [{"id": len(asked)}]})

    return answer, asked


async def test_the_same_question_gets_the_same_answer_until_it_may_be_asked_again() -> None:
    clock, ask = Clock(), Asked()
    answers = RepeatedAnswers(60, monotonic_s=clock)
    given = []
    for passed_s in (0, 59.9, 0.1, 0):
        clock.now_s += passed_s
        given.append((await answers.reply(outgoing(), ask)).document)
    assert given == [1, 1, 2, 2]


_OTHERS: dict[str, dict[str, Any]] = {
    "body": {"body": b"2"},
    "address": {"url": _URL.with_query("page=2")},
    "verb": {"method": "GET"},
    "header": {"headers": {"Range": "records=0-9"}},
}


@pytest.mark.parametrize("change", _OTHERS.values(), ids=_OTHERS)
async def test_another_question_is_asked(change: dict[str, Any]) -> None:
    answers, ask = RepeatedAnswers(60), Asked()
    await answers.reply(outgoing(), ask)
    await answers.reply(outgoing(**change), ask)
    assert ask.times == 2


async def test_of_many_who_ask_the_same_at_once_one_asks() -> None:
    answers = RepeatedAnswers(60)
    begun, go_on = asyncio.Event(), asyncio.Event()
    asked = Asked()

    async def slow() -> Reply:
        begun.set()
        await go_on.wait()
        return await asked()

    calls = [asyncio.create_task(answers.reply(outgoing(), slow)) for _ in range(5)]
    await begun.wait()
    go_on.set()
    assert [reply.document for reply in await asyncio.gather(*calls)] == [1] * 5


async def test_a_failure_is_not_kept_and_the_next_one_in_line_asks() -> None:
    answers, asked = RepeatedAnswers(60), Asked()
    begun = asyncio.Event()

    async def failing() -> Reply:
        begun.set()
        await asyncio.sleep(0)
        raise VendorFaultError("erp", "no", "500")

    first = asyncio.create_task(answers.reply(outgoing(), failing))
    await begun.wait()
    second = asyncio.create_task(answers.reply(outgoing(), asked))
    with pytest.raises(VendorFaultError):
        await first
    assert (await second).document == 1


async def test_the_oldest_answers_go_when_there_is_no_more_room() -> None:
    answers, ask = RepeatedAnswers(60, kept_bytes=25), Asked(size_bytes=10)
    for body in ("1", "2", "3", "3", "2"):
        await answers.reply(outgoing(body), ask)
    assert ask.times == 3
    await answers.reply(outgoing("1"), ask)
    assert ask.times == 4


async def test_an_answer_larger_than_all_room_is_not_kept() -> None:
    answers, ask = RepeatedAnswers(60, kept_bytes=25), Asked(size_bytes=26)
    await answers.reply(outgoing(), ask)
    await answers.reply(outgoing(), ask)
    assert ask.times == 2


async def test_what_was_under_way_when_all_was_forgotten_is_not_kept() -> None:
    """It may be the state before a write."""
    answers, asked = RepeatedAnswers(60), Asked()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Reply:
        begun.set()
        await go_on.wait()
        return await asked()

    reading = asyncio.create_task(answers.reply(outgoing(), slow))
    await begun.wait()
    answers.forget()
    go_on.set()
    await reading
    await answers.reply(outgoing(), asked)
    assert asked.times == 2


async def test_a_port_reads_again_only_after_it_wrote() -> None:
    answer, asked = counting()
    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        first = await port.call(_READ)
        assert (await port.call(_READ)).document == first.document
        await port.call(Request(method="POST", path="/write", body={}), safe_to_repeat=False)
        assert (await port.call(_READ)).document != first.document
        await port.call(Request(method="PUT", path="/write", body={}))
        await port.call(_READ)
    assert asked == ["/read", "/write", "/read", "/write", "/read"]


async def test_a_write_that_failed_may_have_been_done() -> None:
    answers = iter([1, 500, 2])

    async def answer(_request: web.Request) -> web.StreamResponse:
        said = next(answers)
        return web.json_response({"value": said}, status=500 if said == 500 else 200)

    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        await port.call(_READ)
        with pytest.raises(VendorFaultError):
            await port.call(Request(method="POST", path="/write", body={}), safe_to_repeat=False)
        assert (await port.call(_READ)).document == {"value": 2}


async def test_a_listing_read_twice_is_asked_once() -> None:
    answer, asked = counting()
    listing = Listing.model_validate({"request": {"path": "/things"}, "records": "value", "paging": {"kind": "single"}})
    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, listing)) == ids(await pages_of(port, listing)) == [1]
        port.forget_answers()
        assert ids(await pages_of(port, listing)) == [2]
    assert len(asked) == 2


async def test_an_empty_page_is_confirmed_by_the_system_and_not_by_memory() -> None:
    """Trap 3 with trap 4: what is doubted is asked again."""
    said = iter([[], [{"id": 1}]])

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": next(said)})

    listing = Listing.model_validate(
        {
            "request": {"path": "/things"},
            "records": "value",
            "paging": {"kind": "single"},
            "confirm_empty_s": 0.001,
        }
    )
    async with StandIn(answer) as system, system.port(_SETTINGS) as port:
        assert ids(await pages_of(port, listing)) == [1]


async def test_without_the_setting_every_question_is_asked() -> None:
    answer, asked = counting()
    async with StandIn(answer) as system, system.port() as port:
        await port.call(_READ)
        await port.call(_READ)
    assert len(asked) == 2
