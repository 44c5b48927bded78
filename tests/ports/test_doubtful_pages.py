"""Empty pages that may be a silent throttle: confirmed or believed, and never taken for the end in haste."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import ResponseNotUnderstoodError
from reconciler.ports.http.settings import Outcome
from tests.ports.listings import (
    COUNTED_KEYSET,
    SETTINGS,
    by_offset,
    offset_server,
    things,
)
from tests.ports.stand_in import Answer, StandIn, always, ids, in_turn, ok, pages_of, status


def _ploomes(times: int, then: dict[str, Any], first: dict[str, Any] | None = None) -> Answer:
    """Answers an empty list without a count so many times (the silent throttle), then something else."""
    silent = [ok({"value": []})] * times
    return in_turn(*([ok(first)] if first else []), *silent, ok(then))


async def test_an_empty_page_without_its_count_is_asked_again() -> None:
    """Trap 3: over the limit Ploomes answers 200 with an empty list, and without the count."""
    found = {"value": things(0, 2), "total": 2}
    async with StandIn(_ploomes(2, found)) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, by_offset(5, stop={"total": "total"}, confirm_empty_s=0.001))) == [0, 1]
        assert len(system.asked) == 3


async def test_an_empty_page_without_its_count_is_never_believed() -> None:
    async with StandIn(always(ok({"value": []}))) as system, system.port(SETTINGS) as port:
        with pytest.raises(
            ResponseNotUnderstoodError, match="an empty list came 4 times without the number at `total`"
        ):
            await pages_of(port, by_offset(5, stop={"total": "total"}, confirm_empty_s=0.001))
        assert len(system.asked) == 4


async def test_an_empty_page_whose_count_agrees_is_believed_at_once() -> None:
    async with StandIn(always(ok({"value": [], "total": 0}))) as system, system.port(SETTINGS) as port:
        (page,) = await pages_of(port, by_offset(5, stop={"total": "total"}, confirm_empty_s=5.0))
        assert (page.records, page.total, page.number) == ([], 0, 0)
        assert len(system.asked) == 1


async def test_an_empty_page_whose_count_disagrees_is_asked_again() -> None:
    answers = in_turn(ok({"value": [], "total": 2}), ok({"value": things(0, 2), "total": 2}))
    async with StandIn(answers) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, by_offset(5, stop={"total": "total"}))) == [0, 1]


@pytest.mark.parametrize("counts_all", [True, False], ids=["all are counted", "those after the key are counted"])
async def test_an_empty_page_of_a_keyset_is_asked_again_unless_its_count_agrees(counts_all: bool) -> None:
    refusals = 1

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal refusals
        left = things(1, 6)[int(request.query["after"]) :]
        document = {"value": left[:2], "total": 6 if counts_all else len(left)}
        if request.query["after"] == "4" and refusals:
            refusals -= 1
            document["value"] = []
        return web.json_response(document)

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, COUNTED_KEYSET)) == list(range(1, 7))
        assert [asked.query["after"] for asked in system.asked] == ["0", "2", "4", "4", "6"]


async def test_without_a_count_an_empty_page_is_confirmed_only_where_that_is_declared() -> None:
    async with StandIn(always(ok({"value": []}))) as system, system.port(SETTINGS) as port:
        await pages_of(port, by_offset(5, confirm_empty_s=0.001))
        assert len(system.asked) == 4
        await pages_of(port, by_offset(5))
        assert len(system.asked) == 5


async def test_a_silent_throttle_in_the_middle_loses_no_page() -> None:
    refusals = {"2": 2, "4": 1}
    serve = offset_server(7)

    async def answer(request: web.Request) -> web.StreamResponse:
        skip = request.query["skip"]
        if refusals.get(skip, 0) > 0:
            refusals[skip] -= 1
            return web.json_response({"value": []})
        return await serve(request)

    async with StandIn(answer) as system, system.port(SETTINGS) as port:
        pages = await pages_of(port, by_offset(2, stop={"total": "total"}, confirm_empty_s=0.001))
        assert ids(pages) == list(range(7))


async def test_nothing_is_asked_ahead_where_empty_pages_need_confirming() -> None:
    async with StandIn(offset_server(3, total=False)) as system, system.port(SETTINGS) as port:
        assert ids(await pages_of(port, by_offset(2, confirm_empty_s=0.001))) == [0, 1, 2]
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
    settings = SETTINGS.model_copy(update={"outcomes": outcomes})
    async with StandIn(always(said)) as system, system.port(settings) as port:
        (page,) = await pages_of(port, by_offset(5, stop={"total": "total"}, confirm_empty_s=5.0))
        assert (page.number, page.records, page.body, page.total) == (0, [], b"", None)
        assert len(system.asked) == 1
