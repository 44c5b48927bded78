"""A request for each record: what takes a record's place, what becomes a part of it, and what is gone meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from aiohttp import web

from reconciler.connectors.connector import Connector
from reconciler.connectors.details import Detail
from reconciler.connectors.load import load_description
from reconciler.errors import ResponseNotUnderstoodError, TomlError, VendorFaultError
from reconciler.mapping.path import parse_path
from tests.connectors.unknown_system import Pages
from tests.ports.stand_in import Asked, StandIn

_DESCRIPTION = """\
[vendor]
name = "acme"
title = "Acme"
roles = ["erp"]

[http]
concurrency = 3
retry = { first_s = 0.001, longest_s = 0.002 }

[entities.customers]
verified = "sandbox"
id = "id"

[entities.customers.full]
request = { path = "/things", query = { page = "$page.number" } }
records = "answer.list"
paging = { kind = "number", size = 20 }
stop = { total = "count" }

[entities.customers.changed.listing]
request = { path = "/changed", query = { since = "{since}" } }
records = "answer.list"
paging = { kind = "single" }

[entities.customers.one]
request = { path = "/one/{id}" }
records = "answer.list"
paging = { kind = "single" }

[entities.customers.find]
request = { path = "/find/{key}" }
records = "answer.list"
paging = { kind = "single" }

[entities.customers.fields]
tax_id = "doc"

"""
_WHOLE = """\
[[entities.customers.details]]
answer = "data"
request = { path = "/thing/{record.id}", outcomes = [{ status = [404], then = "empty" }] }
"""
_PART = """\
[[entities.customers.details]]
into = "owner"
listings = ["full", "one"]
[entities.customers.details.request]
method = "POST"
path = "/owner"
body = { id = "$record.owner.id" }
outcomes = [{ status = [404], then = "empty" }]
"""


_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class System:
    """Lists summaries and knows the rest of each; `gone` things are listed and not there any more."""

    def __init__(self, count: int = 3, gone: frozenset[int] = frozenset()) -> None:
        self.summaries: list[Any] = [{"id": number, "owner": {"id": number % 2}} for number in range(1, count + 1)]
        self.gone = gone

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/thing/"):
            number = int(request.match_info["path"].rpartition("/")[2])
            if number in self.gone:
                return web.json_response({}, status=404)
            return web.json_response({"data": {"id": number, "doc": f"doc{number}", "owner": {"id": 7}}})
        if request.path == "/owner":
            wanted = (await request.json())["id"]
            if wanted in self.gone:
                return web.json_response({}, status=404)
            return web.json_response([{"name": f"owner {wanted}"}])
        page = int(request.query.get("page", 1))
        found = self.summaries[(page - 1) * 20 : page * 20]
        return web.json_response({"answer": {"list": found}, "count": len(self.summaries)})


@asynccontextmanager
async def connected(system: Any, folder: Path, details: str) -> AsyncIterator[tuple[Connector, StandIn]]:
    (folder / "acme.toml").write_text(_DESCRIPTION + details, encoding="utf-8")
    description = load_description("./acme.toml", folder)
    assert description.http is not None
    async with StandIn(system) as server, server.port(description.http) as port:
        yield Connector("erp", description, port, ZoneInfo("UTC")), server


def asked_for(server: StandIn, path: str) -> list[Asked]:
    return [asked for asked in server.asked if asked.path.startswith(path)]


async def pull(connector: Connector) -> Pages:
    sink = Pages()
    await connector.pull_stable("customers", None, sink)
    return sink


async def test_a_detail_takes_the_place_of_its_summary_in_the_same_order(tmp_path: Path) -> None:
    async with connected(System(45), tmp_path, _WHOLE) as (connector, server):
        sink = await pull(connector)
    assert [record["doc"] for record in sink.records] == [f"doc{number}" for number in range(1, 46)]
    assert len(asked_for(server, "/thing/")) == 45


async def test_as_many_details_are_under_way_as_the_port_allows(tmp_path: Path) -> None:
    full = asyncio.Event()
    waiting = 0

    async def system(request: web.Request) -> web.StreamResponse:
        nonlocal waiting
        if request.path.startswith("/thing/"):
            waiting += 1
            if waiting == 3:
                full.set()
            await full.wait()
        return await System(9)(request)

    async with connected(system, tmp_path, _WHOLE) as (connector, server):
        await pull(connector)
    assert server.most_at_once == 3


async def test_a_record_that_vanished_after_it_was_listed_is_left_out(tmp_path: Path) -> None:
    async with connected(System(gone=frozenset({2})), tmp_path, _WHOLE) as (connector, _):
        sink = await pull(connector)
    assert [record["id"] for record in sink.records] == [1, 3]
    assert sink.restarts == 0


async def test_the_body_of_a_page_holds_what_became_of_its_records(tmp_path: Path) -> None:
    """Raw records of findings are looked up there, by position."""
    async with connected(System(gone=frozenset({1})), tmp_path, _WHOLE) as (connector, _):
        page = (await pull(connector)).pages[0]
    assert parse_path("answer.list").read(orjson.loads(page.body)) == page.records
    assert [record["doc"] for record in page.records if isinstance(record, dict)] == ["doc2", "doc3"]
    assert page.total == 3


async def test_a_page_without_details_is_passed_on_as_it_came(tmp_path: Path) -> None:
    async with connected(System(), tmp_path, _WHOLE.replace('answer = "data"', 'listings = ["one"]')) as (connector, _):
        page = (await pull(connector)).pages[0]
    assert orjson.loads(page.body)["count"] == 3


async def test_a_part_is_put_into_the_record_and_asked_for_once(tmp_path: Path) -> None:
    async with connected(System(45), tmp_path, _PART) as (connector, server):
        records = (await pull(connector)).records
    assert [record["owner"]["name"] for record in records[:3]] == ["owner 1", "owner 0", "owner 1"]
    assert [asked.json for asked in asked_for(server, "/owner")] == [{"id": 1}, {"id": 0}]


async def test_a_part_that_is_not_there_leaves_the_record(tmp_path: Path) -> None:
    system = System(gone=frozenset({0}))
    system.summaries += [{"id": 4, "owner": None}, {"id": 5}, {"id": 6, "owner": {"id": ["no", "scalar"]}}]
    async with connected(system, tmp_path, _PART) as (connector, server):
        records = (await pull(connector)).records
    assert [record.get("owner") for record in records] == [
        {"name": "owner 1"},
        {"id": 0},
        {"name": "owner 1"},
        None,
        None,
        {"id": ["no", "scalar"]},
    ]
    assert len(asked_for(server, "/owner")) == 2


async def test_details_follow_one_another(tmp_path: Path) -> None:
    """The second one is asked for by what the first one gave."""
    async with connected(System(1), tmp_path, _WHOLE + _PART) as (connector, _):
        records = (await pull(connector)).records
    assert records == [{"id": 1, "doc": "doc1", "owner": {"name": "owner 7"}}]


async def test_found_and_changed_records_are_summaries_and_a_single_one_is_not(tmp_path: Path) -> None:
    async with connected(System(1), tmp_path, _WHOLE) as (connector, server):
        found = await connector.find("customers", "abc")
        changed = [record async for page in connector.pull("customers", _NOON) for record in page.records]
        assert found == changed == [{"id": 1, "doc": "doc1", "owner": {"id": 7}}]
        before = len(asked_for(server, "/thing/"))
        assert await connector.one("customers", "1") == [{"id": 1, "owner": {"id": 1}}]
        assert len(asked_for(server, "/thing/")) == before


async def test_ids_are_read_without_details(tmp_path: Path) -> None:
    async with connected(System(), tmp_path, _WHOLE) as (connector, server):
        assert await connector.ids("customers") == {"1", "2", "3"}
    assert asked_for(server, "/thing/") == []


async def test_a_detail_that_cannot_be_read_fails_the_pull(tmp_path: Path) -> None:
    async def system(request: web.Request) -> web.StreamResponse:
        if request.path == "/thing/2":
            return web.json_response({}, status=403)
        return await System()(request)

    async with connected(system, tmp_path, _WHOLE) as (connector, _):
        with pytest.raises(VendorFaultError, match=r"GET /thing/\{record\.id\}: answered HTTP 403"):
            await pull(connector)


@pytest.mark.parametrize(
    ("said", "problem"),
    [({}, "nothing at `data`"), ({"data": 7}, "no record at `data`"), ({"data": [{}, {}]}, "no record at `data`")],
    ids=["missing", "no object", "several"],
)
async def test_an_answer_that_is_no_detail_is_not_understood(tmp_path: Path, said: Any, problem: str) -> None:
    async def system(request: web.Request) -> web.StreamResponse:
        return web.json_response(said) if request.path.startswith("/thing/") else await System()(request)

    async with connected(system, tmp_path, _WHOLE) as (connector, _):
        with pytest.raises(ResponseNotUnderstoodError, match=problem):
            await pull(connector)


_WRONG: dict[str, tuple[str, str]] = {
    "uses no record": (_WHOLE.replace("{record.id}", "7"), "never uses record"),
    "unknown name": (_WHOLE.replace("{record.id}", "{record.id}/{recrod.id}"), "refers to recrod.id"),
    "rule without condition": (_WHOLE.replace("{ status = [404], then", "{ then"), "has no condition"),
    "unknown listing": (_PART.replace('"one"', '"keys"'), "listings"),
    "bad path": (_WHOLE.replace('"data"', '"data[0]"'), "is not a path into the answer"),
}


@pytest.mark.parametrize(("details", "problem"), _WRONG.values(), ids=_WRONG)
def test_a_mistake_in_a_detail_is_told(tmp_path: Path, details: str, problem: str) -> None:
    (tmp_path / "acme.toml").write_text(_DESCRIPTION + details, encoding="utf-8")
    with pytest.raises(TomlError, match=problem):
        load_description("./acme.toml", tmp_path)


def test_summaries_need_their_detail_and_a_single_record_does_not() -> None:
    assert Detail.model_validate({"request": {"path": "/x"}}).listings == ["full", "changed", "find"]
