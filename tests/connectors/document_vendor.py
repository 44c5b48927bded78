"""A system whose orders refer to others by number, and are orders only once they were submitted; and its server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.ports.http.client import HttpPort
from tests.connectors.writing_vendor import ZONE, description_in, mappings_of
from tests.ports.stand_in import StandIn

DESCRIPTION = """\
[vendor]
name = "bazaar"
title = "Depot ERP"
roles = ["erp"]

[http]
concurrency = 1
retry = { attempts = 1, first_s = 0.001, longest_s = 0.002 }

[entities.orders]
verified = "sandbox"
id = "id"
only = { state = ["submitted", "shipped"] }

[entities.orders.full]
request = { path = "/orders" }
records = "items"
paging = { kind = "single" }

[entities.orders.one]
request = { path = "/orders", query = { id = "$id" } }
records = "items"
paging = { kind = "single" }

[entities.orders.find]
request = { path = "/orders", query = { ref = "$key" } }
records = "items"
paging = { kind = "single" }

[entities.orders.fields]
number = "ref"
customer = "buyer.doc"
status = { path = "state", codes = { submitted = "open", shipped = "invoiced" } }

[entities.orders.lines]
path = "lines"
id = "row"
[entities.orders.lines.fields]
sku = "code"
quantity = "quantity"
discount = { path = "rate", codec = "fraction" }

[entities.orders.write]
verified = "sandbox"
guard = { kind = "stamp", at = "stamp", conflict = ["409"] }

[entities.orders.write.create]
request = { method = "POST", path = "/orders", body = "$record" }
id = "id"
defaults = { buyer_id = "$found.buyer", place = "$found.place", terms = "$found.terms", mark = "$idempotency" }
[entities.orders.write.create.fields]
customer = { path = "doc", looked_up = true }
status = { path = "state", codes = { submitted = "open" }, looked_up = true }

[[entities.orders.write.create.look_ups]]
about = ["customer"]
request = { path = "/buyers", query = { doc = "$new.doc" } }
records = "items"
take = { buyer = "id" }

[[entities.orders.write.create.look_ups]]
about = ["customer"]
request = { path = "/buyers/{found.buyer}/defaults" }
take = { place = "place", terms = "terms" }
optional = ["terms"]

[entities.orders.write.create.finishing]
begun = { request = { path = "/orders", query = { mark = "$idempotency" } }, record = "items" }
give_up = { method = "POST", path = "/orders/{id}/cancel" }

[[entities.orders.write.create.finishing.calls]]
request = { method = "POST", path = "/orders/{id}/check" }
shown_by = { state = "checked" }

[[entities.orders.write.create.finishing.calls]]
request = { method = "POST", path = "/orders/{id}/submit" }

[entities.orders.write.lines]
path = "given"
values = { kind = "goods", item = "$found.item", taxes = [["set", "$found.taxes"]], row = "$position" }
record_values = { with_lines = true, sold_by = "$found.buyer" }
fields = { sku = { path = "sku", looked_up = true }, discount = { path = "rate", send = "text" } }

[[entities.orders.write.lines.look_ups]]
about = ["sku"]
request = { path = "/items", query = { code = "$new.sku", buyer = "$found.buyer" } }
records = "items"
take = { item = "id", taxes = { list = "taxes", each = "tax.id" } }
optional = ["taxes"]

[entities.orders.write.deactivate]
request = { method = "POST", path = "/orders/{id}/draft", headers = { X-Stamp = "$guard" } }
calls = [{ request = { method = "POST", path = "/orders/{id.number}/cancel" } }]
possible = { state = "submitted" }
leaves = true
"""

ITEMS = {
    "A": {"id": 71, "taxes": [{"tax": {"id": 1}}, {"tax": {"id": 5}}]},
    "B": {"id": 72, "taxes": []},
}
"""Made-up goods."""
_NOT_AGAIN = {("check", "checked")}
_NEXT = {"check": "checked", "submit": "submitted", "draft": "draft", "cancel": "cancelled"}

Hook = Callable[[web.Request, "Depot"], web.StreamResponse | None]


class Depot:
    """The server's side.

    Attributes:
        buyers: ids of each document.
        defaults: of every buyer.
        orders: what it holds, by id.
        before, after: called before and after each write; may answer instead. What `after` is called for, was done.
        calls: method and path of everything that was asked of it.
    """

    def __init__(self, before: Hook | None = None, after: Hook | None = None) -> None:
        self.buyers = {"11222333000181": [41]}
        self.defaults: dict[str, Any] = {"place": 9, "terms": None}
        self.orders: dict[str, dict[str, Any]] = {}
        self.before, self.after = before, after
        self.calls: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return self._found(request)
        self.calls.append(request.path)
        instead = self.before(request, self) if self.before else None
        if instead is not None:
            return instead
        done = self._done(request, orjson.loads(await request.read() or b"{}"))
        later = self.after(request, self) if self.after else None
        return later or done

    def _found(self, request: web.Request) -> web.StreamResponse:
        match request.path.strip("/").split("/"):
            case ["buyers"]:
                return _items({"id": each} for each in self.buyers.get(request.query["doc"], []))
            case ["buyers", *_]:
                return web.json_response(self.defaults)
            case ["items"]:
                return _items(each for code, each in ITEMS.items() if code == request.query["code"])
            case _:
                wanted = dict(request.query.items())
                return _items(
                    each for each in self.orders.values() if all(str(each[name]) == wanted[name] for name in wanted)
                )

    def _done(self, request: web.Request, body: Any) -> web.StreamResponse:
        match request.path.strip("/").split("/"):
            case ["orders"]:
                identity = str(len(self.orders) + 1)
                doc = next(doc for doc, ids in self.buyers.items() if body["buyer_id"] in ids)
                codes = {each["id"]: code for code, each in ITEMS.items()}
                lines = [{**line, "code": codes[line["item"]]} for line in body.get("given", [])]
                of_ours = {"id": identity, "buyer": {"doc": doc}, "state": "draft", "stamp": "s1", "lines": lines}
                self.orders[identity] = {**body, **of_ours}
                return web.json_response({"id": int(identity)})
            case [_, identity, act]:
                state = self.orders[identity]["state"]
                if request.headers.get("X-Stamp", "s1") != self.orders[identity]["stamp"]:
                    return web.json_response({}, status=409)
                if (act, state) in _NOT_AGAIN:
                    return web.json_response({}, status=422)
                self.orders[identity]["state"] = _NEXT[act]
        return web.Response(status=204)


def _items(found: Any) -> web.Response:
    return web.json_response({"items": list(found)})


@asynccontextmanager
async def depot_writer(server: Depot, folder: Path) -> AsyncIterator[RecordWriter]:
    """A writer, connected to a server that runs as long."""
    description = description_in(folder, DESCRIPTION)
    assert description.http is not None
    async with (
        StandIn(server.answer) as running,
        HttpPort("erp", description.http, base_url=running.base_url, credentials={}, context={}) as port,
    ):
        yield RecordWriter("erp", description, port, mappings_of(description), ZoneInfo(ZONE))
