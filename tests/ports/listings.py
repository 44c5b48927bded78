"""Listings of every kind of paging over the same things, and a system that gives them."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from reconciler.ports.http.settings import HttpSettings, Listing, Stop
from tests.ports.stand_in import QUICK, Answer

SETTINGS = HttpSettings(retry=QUICK, concurrency=3)


def listing_of(paging: dict[str, Any], query: dict[str, Any] | None = None, **more: Any) -> Listing:
    """A listing of `/things`."""
    described = {"request": {"path": "/things", "query": query or {}}, "records": "value", "paging": paging}
    return TypeAdapter(Listing).validate_python({**described, **more})


def by_offset(size: int, **more: Any) -> Listing:
    """One that is paged by offset."""
    return listing_of({"kind": "offset", "size": size}, {"skip": "$page.offset", "top": "$page.size"}, **more)


KEYSET = listing_of({"kind": "keyset", "size": 2, "after": "id"}, {"after": "$page.after"})
COUNTED_KEYSET = KEYSET.model_copy(update={"stop": Stop(total="total")})
CURSOR = listing_of({"kind": "cursor", "cursor": "next"}, {"c": "$page.cursor"})
LINK = listing_of({"kind": "link", "link": "next"})


def things(first: int, count: int) -> list[dict[str, int]]:
    """Things with ids from a number on."""
    return [{"id": first + position} for position in range(count)]


def offset_server(count: int, *, most: int = 1000, total: bool = True) -> Answer:
    """`count` records, at most `most` of them in a page."""

    async def answer(request: web.Request) -> web.StreamResponse:
        skip, top = int(request.query["skip"]), min(int(request.query["top"]), most)
        document: dict[str, Any] = {"value": things(0, count)[skip : skip + top]}
        if total:
            document["total"] = count
        return web.json_response(document)

    return answer
