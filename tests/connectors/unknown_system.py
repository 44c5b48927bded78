"""A system nobody here has seen: its description, as a user would write it, and a server that keeps to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.ports.http.page_facts import RecordPage
from tests.ports.stand_in import StandIn

PAGE = 3

DESCRIPTION = """\
[vendor]
name = "acme"
title = "Acme CRM"
roles = ["crm"]

[vendor.credentials]
key = "key of the integration"

[http]
concurrency = 1
retry = { first_s = 0.001, longest_s = 0.002 }

[http.auth]
kind = "header"
name = "X-Key"
value = "{credentials.key}"

[[http.outcomes]]
status = [400]
at = "problem"
then = "fail"
message = "problem"

[entities.customers]
verified = "sandbox"
id = "ref"
slots = { extras = "name" }

[entities.customers.full]
request = { path = "/partners", query = { page = "$page.number", size = "$page.size" } }
records = "items"
paging = { kind = "number", size = 3 }
stop = { total = "count" }

[entities.customers.changed]
format = "%Y%m%d%H%M%S"
time_zone = "UTC"
overlap_s = 60

[entities.customers.changed.listing]
request = { path = "/partners", query = { page = "$page.number", size = "$page.size", since = "{since}" } }
records = "items"
paging = { kind = "number", size = 3 }
stop = { total = "count" }

[entities.customers.keys]
request = { path = "/refs", query = { page = "$page.number", size = "$page.size" } }
records = "items"
paging = { kind = "number", size = 3 }
stop = { total = "count" }

[entities.customers.one]
request = { path = "/partners", query = { ref = "$id" } }
records = "items"
paging = { kind = "single" }

[entities.customers.find]
request = { path = "/partners", query = { doc = "$key" } }
records = "items"
paging = { kind = "single" }

[entities.customers.fields]
tax_id = "doc"
legal_name = "name"
credit_limit = { path = "extras[limit].value", codec = "decimal_comma" }
city = "place.city"
active = { path = "state", codes = { on = true, off = false } }
updated_at = { path = "stamp", format = "%Y%m%d%H%M%S", time_zone = "UTC" }
"""

Hook = Callable[[web.Request, "UnknownSystem"], web.StreamResponse | None]


def record(number: int, stamp: str = "20260101000000") -> dict[str, Any]:
    """A made-up customer."""
    return {
        "ref": f"R{number:03d}",
        "doc": f"doc{number}",
        "name": f"Cliente {number} Ltda",
        "extras": [{"name": "colour", "value": "blue"}, {"name": "limit", "value": f"{number}.000,50"}],
        "place": {"city": "São Paulo"},
        "state": "on",
        "stamp": stamp,
    }


class UnknownSystem:
    """The server's side.

    Attributes:
        records: what it holds, in the order it lists them.
        hook: called before each answer; may change the records, or answer instead.
        paths: of the requests so far, with their query.
    """

    def __init__(self, count: int, hook: Hook | None = None) -> None:
        self.records = [record(number) for number in range(1, count + 1)]
        self.hook = hook
        self.paths: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        if request.headers.get("X-Key") != "made-up-key":
            return web.json_response({"problem": "no key"}, status=401)
        instead = self.hook(request, self) if self.hook else None
        return instead or web.json_response(self._listed(request))

    def _listed(self, request: web.Request) -> dict[str, Any]:
        query = request.query
        found = [
            each
            for each in self.records
            if each["stamp"] >= query.get("since", "")
            and query.get("ref") in (None, each["ref"])
            and query.get("doc") in (None, each["doc"])
        ]
        size, page = int(query.get("size", 1000)), int(query.get("page", 1))
        items: list[Any] = found[(page - 1) * size : page * size]
        if request.path == "/refs":
            items = [each["ref"] for each in items]
        return {"items": items, "count": len(found)}


class Pages:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.pages: list[RecordPage] = []
        self.restarts = 0

    async def page(self, page: RecordPage) -> None:
        self.pages.append(page)

    async def restart(self) -> None:
        self.pages.clear()
        self.restarts += 1

    @property
    def records(self) -> list[Any]:
        """In the order of their pages."""
        return [found for page in sorted(self.pages, key=lambda page: page.number) for found in page.records]

    @property
    def refs(self) -> list[str]:
        return [found["ref"] for found in self.records]


@asynccontextmanager
async def connected(system: UnknownSystem, folder: Path, text: str = DESCRIPTION) -> AsyncIterator[Connector]:
    """A connector to the system, made of nothing but the description file."""
    (folder / "acme.toml").write_text(text, encoding="utf-8")
    description = load_description("./acme.toml", folder)
    async with (
        StandIn(system.answer) as server,
        server.port(description.http, credentials={"key": "made-up-key"}) as port,
    ):
        yield Connector("crm", description, port, ZoneInfo("America/Sao_Paulo"))
