"""Every paging style over real HTTP: whatever the number of records, each comes once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from reconciler.ports.http.settings import HttpSettings, Listing
from tests.ports.stand_in import QUICK, StandIn, ids, pages_of

_SIZE = 4
_COUNTS = [0, 1, _SIZE - 1, _SIZE, _SIZE + 1, 3 * _SIZE, 3 * _SIZE + 2]
_Server = Callable[[web.Request, list[dict[str, int]]], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Style:
    """A paging style: how the system answers, and how a description puts it."""

    name: str
    server: _Server
    paging: dict[str, Any]
    request: dict[str, Any] = field(default_factory=dict)
    records: str = "value"
    stop: dict[str, Any] = field(default_factory=dict)

    @property
    def listing(self) -> Listing:
        described = {
            "request": {"path": "/things", **self.request},
            "records": self.records,
            "paging": self.paging,
            "stop": self.stop,
        }
        return TypeAdapter(Listing).validate_python(described)


def _by_offset(extra: Callable[[int, int, int], dict[str, Any]] = lambda offset, size, count: {}) -> _Server:
    async def server(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
        offset, size = int(request.query["skip"]), int(request.query["top"])
        return web.json_response({"value": things[offset : offset + size], **extra(offset, size, len(things))})

    return server


def _by_number(first: int, extra: Callable[[int, int], dict[str, Any]] = lambda number, pages: {}) -> _Server:
    async def server(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
        number = int(request.query["page"]) - first
        if number < 0:
            return web.json_response({"error": "no such page"}, status=400)
        pages = -(-len(things) // _SIZE)
        return web.json_response({"value": things[number * _SIZE :][:_SIZE], **extra(number, pages)})

    return server


async def _whole(_request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
    return web.json_response(things)


async def _in_body(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
    asked = await request.json()
    offset, limit = asked["param"][0]["from"], asked["param"][0]["limit"]
    return web.json_response({"value": things[offset : offset + limit], "total": str(len(things))})


async def _json_rpc(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
    ((field_name, operator, last),) = (await request.json())["params"][0]
    assert (field_name, operator) == ("id", ">")
    return web.json_response({"result": [thing for thing in things if thing["id"] > last][:_SIZE]})


async def _by_cursor(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
    begin = int(request.query.get("cursor", "c0")[1:])
    page = things[begin : begin + _SIZE]
    following = f"c{begin + _SIZE}" if begin + _SIZE < len(things) else None
    return web.json_response({"value": page, "meta": {"next": following}})


def _by_link(make: Callable[[web.Request, int], str], *, in_header: bool = False) -> _Server:
    async def server(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
        begin = int(request.query.get("$skiptoken", "0"))
        document: dict[str, Any] = {"value": things[begin : begin + 3]}  # fewer than asked: only the link tells
        headers = {}
        if begin + 3 < len(things):
            link = make(request, begin + 3)
            if in_header:
                headers["Link"] = f'</first>; rel="first", <{link}>; rel="next"'
            else:
                document["@odata.nextLink"] = link
        return web.json_response(document, headers=headers)

    return server


def _by_range(total: bool) -> _Server:
    async def server(request: web.Request, things: list[dict[str, int]]) -> web.StreamResponse:
        found = re.fullmatch(r"things=(\d+)-(\d+)", request.headers["Range"])
        assert found is not None
        begin, last = int(found[1]), int(found[2])
        of = str(len(things)) if total else "*"
        if begin >= len(things):
            return web.json_response({}, status=416, headers={"Content-Range": f"things */{of}"})
        page = things[begin : last + 1]
        placed = f"things {begin}-{begin + len(page) - 1}/{of}"
        return web.json_response(page, status=206, headers={"Content-Range": placed})

    return server


_OFFSET = {"query": {"skip": "$page.offset", "top": "$page.size"}}
_NUMBER = {"query": {"page": "$page.number"}}

_STYLES = [
    Style("single", _whole, {"kind": "single"}, records=""),
    Style("offset, short page", _by_offset(), {"kind": "offset", "size": _SIZE}, _OFFSET),
    Style(
        "offset, only an empty page ends",
        _by_offset(),
        {"kind": "offset", "size": _SIZE},
        _OFFSET,
        stop={"short_page": False},
    ),
    Style(
        "OData with a count",
        _by_offset(lambda offset, size, count: {"@odata.count": count}),
        {"kind": "offset", "size": _SIZE},
        _OFFSET,
        stop={"total": "@odata.count"},
    ),
    Style(
        "a flag that is text",
        _by_offset(lambda offset, size, count: {"hasMore": "true" if offset + size < count else "false"}),
        {"kind": "offset", "size": _SIZE},
        _OFFSET,
        stop={"more": "hasMore"},
    ),
    Style(
        "a flag that is a truth value",
        _by_offset(lambda offset, size, count: {"more": offset + size < count}),
        {"kind": "offset", "size": _SIZE},
        _OFFSET,
        stop={"more": "more", "short_page": False},
    ),
    Style("page from 1", _by_number(1), {"kind": "number", "size": _SIZE}, _NUMBER),
    Style("page from 0", _by_number(0), {"kind": "number", "size": _SIZE, "first": 0}, _NUMBER),
    Style(
        "number of pages",
        _by_number(1, lambda number, pages: {"total_de_paginas": pages}),
        {"kind": "number", "size": _SIZE},
        _NUMBER,
        stop={"pages": "total_de_paginas"},
    ),
    Style(
        "offset in the body, total as text",
        _in_body,
        {"kind": "offset", "size": _SIZE},
        {"method": "POST", "body": {"param": [{"from": "$page.offset", "limit": "$page.size"}]}},
        stop={"total": "total"},
    ),
    Style(
        "key-set in a JSON-RPC body",
        _json_rpc,
        {"kind": "keyset", "size": _SIZE, "after": "id"},
        {"method": "POST", "body": {"id": 1, "method": "search_read", "params": [[["id", ">", "$page.after"]], 0, 4]}},
        records="result",
    ),
    Style(
        "cursor",
        _by_cursor,
        {"kind": "cursor", "cursor": "meta.next"},
        {"query": {"cursor": "$page.cursor", "limit": "$page.size"}},
    ),
    Style(
        "absolute link",
        _by_link(lambda request, begin: str(request.url.with_query({"$skiptoken": str(begin)}))),
        {"kind": "link", "link": "@odata.nextLink"},
    ),
    Style(
        "relative link",
        _by_link(lambda request, begin: f"things?$skiptoken={begin}"),
        {"kind": "link", "link": "@odata.nextLink"},
    ),
    Style(
        "link from the root",
        _by_link(lambda request, begin: f"/things?%24skiptoken={begin}&a=b%2Bc"),
        {"kind": "link", "link": "@odata.nextLink"},
    ),
    Style(
        "link in a header",
        _by_link(lambda request, begin: f"?$skiptoken={begin}", in_header=True),
        {"kind": "link"},
    ),
    Style("range with a total", _by_range(total=True), {"kind": "range", "size": _SIZE, "unit": "things"}, records=""),
    Style("range without", _by_range(total=False), {"kind": "range", "size": _SIZE, "unit": "things"}, records=""),
]


@pytest.mark.parametrize("concurrency", [1, 3], ids=["one at a time", "three at once"])
@pytest.mark.parametrize("style", _STYLES, ids=lambda style: style.name)
async def test_no_record_is_skipped_or_doubled(style: Style, concurrency: int) -> None:
    things: list[dict[str, int]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        return await style.server(request, things)

    settings = HttpSettings(retry=QUICK, concurrency=concurrency)
    async with StandIn(answer) as system, system.port(settings) as port:
        for count in _COUNTS:
            things[:] = [{"id": number} for number in range(1, count + 1)]
            pages = await pages_of(port, style.listing)
            assert sorted(ids(pages)) == list(range(1, count + 1))
            assert ids(pages) == sorted(ids(pages))
            assert sorted(page.number for page in pages) == list(range(len(pages)))
        assert system.most_at_once <= concurrency


_WITH_TOTAL = [style for style in _STYLES if style.stop.get("total") or style.name == "range with a total"]


@pytest.mark.parametrize("style", _WITH_TOTAL, ids=lambda style: style.name)
async def test_the_total_is_told_and_no_page_beyond_it_is_asked_for(style: Style) -> None:
    things = [{"id": number} for number in range(3 * _SIZE)]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await style.server(request, things)

    async with StandIn(answer) as system, system.port(HttpSettings(retry=QUICK, concurrency=4)) as port:
        pages = await pages_of(port, style.listing)
        assert [page.total for page in pages] == [12, 12, 12]
        assert len(system.asked) == 3


async def test_the_parameters_of_a_link_are_sent_as_they_came() -> None:
    style = next(style for style in _STYLES if style.name == "link from the root")

    async def answer(request: web.Request) -> web.StreamResponse:
        return await style.server(request, [{"id": number} for number in range(4)])

    async with StandIn(answer) as system, system.port() as port:
        await pages_of(port, style.listing)
        assert system.asked[-1].raw_path == "/things?%24skiptoken=3&a=b%2Bc"


async def test_an_odata_query_is_encoded_without_plus_signs_and_keeps_the_at_sign() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": []})

    described = {
        "request": {
            "path": "/Contacts@Types",
            "query": {"$filter": ["Id gt 1", "Name eq '{key}'"], "$top": "$page.size", "$skip": "$page.offset"},
            "quoting": "odata",
        },
        "records": "value",
        "paging": {"kind": "offset", "size": 300},
    }
    async with StandIn(answer) as system, system.port() as port:
        await pages_of(port, TypeAdapter(Listing).validate_python(described), {"key": "D'Ávila & Filhos+1"})
        raw_path = system.asked[0].raw_path
        assert raw_path.startswith("/Contacts@Types?$filter=Id%20gt%201%20and%20Name%20eq%20'D''")
        assert "+" not in raw_path
        assert system.asked[0].query["$filter"] == "Id gt 1 and Name eq 'D''Ávila & Filhos+1'"
