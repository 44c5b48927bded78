"""A system that can be written, as its description says, and a server that keeps to it.

Its customers answer errors with status 200; its orders are replaced as a whole; it recognises an idempotency key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import ENTITIES
from reconciler.ports.http.client import HttpPort
from tests.ports.stand_in import StandIn

ZONE = "America/Sao_Paulo"

DESCRIPTION = """\
[vendor]
name = "bazaar"
title = "Bazaar ERP"
roles = ["erp"]

[vendor.context]
model = "number of the model note"

[http]
concurrency = 1
retry = { first_s = 0.001, longest_s = 0.002 }

[[http.outcomes]]
status = [200]
at = "fault"
then = "fail"
message = "fault.words"
code = "fault.code"

[entities.customers]
verified = "sandbox"
id = "ref"
slots = { extras = "name" }

[entities.customers.full]
request = { path = "/customers" }
records = "items"
paging = { kind = "single" }

[entities.customers.one]
request = { path = "/customers", query = { ref = "$id" } }
records = "items"
paging = { kind = "single" }

[entities.customers.find]
request = { path = "/customers", query = { doc = "$key" } }
records = "items"
paging = { kind = "single" }

[entities.customers.fields]
tax_id = { path = ["company", "person"] }
legal_name = "name"
phone = { path = ["phones.fixed", "phones.mobile"] }
credit_limit = { path = "extras[limit].value", codec = "decimal_comma" }
special_discount = "discount"
state = { path = "state", codes = { SP = "SP", RJ = "RJ" } }
active = { path = "blocked", codes = { "true" = false, "false" = true } }
updated_at = { path = ["day", "hour"], join = true, format = "%d/%m/%Y %H:%M:%S" }

[entities.customers.write]
verified = "sandbox"
merge = ["extras"]
leave_out = ["extras.row"]
read_only = ["sales_volume"]
guard = { kind = "stamp", at = "modified", conflict = ["STALE"] }
current = { city = "place.id" }

[entities.customers.write.fields]
tax_id = { path = "company", cpf_path = "person", cpf_values = { kind = 2 } }
legal_name = { max_characters = 40 }
special_discount = { path = "discount.amount", send = "text", empty = "none" }
active = { send = "json" }

[entities.customers.write.update]
request = { method = "POST", path = "/customers/save", body = { ref = "$id", guard = "$guard", changes = "$changes" } }
done = [{ at = "status", equals = ["0"], message = "words" }]
read_only = ["state"]
companions = [{ fields = ["legal_name"], values = { "place.id" = "$current.city", reason = "reconciled" } }]

[entities.customers.write.create]
request = { method = "POST", path = "/customers/new", headers = { X-Once = "$idempotency" }, body = "$record" }
id = "ref"
done = [{ at = "alerts", missing = true, otherwise = "unknown" }]
defaults = { kind = 1, model = "$context.model", name = "?" }
fields = { legal_name = { path = ["name", "short.name"] } }

[entities.orders]
verified = "sandbox"
id = "number"

[entities.orders.full]
request = { path = "/orders" }
records = "items"
paging = { kind = "single" }

[entities.orders.find]
request = { path = "/orders", query = { number = "$key" } }
records = "items"
paging = { kind = "single" }

[entities.orders.fields]
number = "number"
customer = "buyer.doc"
date = { path = "day", format = "%d/%m/%Y" }
status = { path = "stage", codes = { 1 = "open", 3 = "cancelled" } }
total = "total"

[entities.orders.lines]
path = "lines"
id = "row"
[entities.orders.lines.fields]
sku = "product.code"
quantity = { path = "quantity", codec = "decimal_comma" }
unit_price = "price"

[entities.orders.write]
verified = "sandbox"
leave_out = ["number", "lines.row", "changed"]

[entities.orders.write.read]
request = { path = "/orders/{id}", outcomes = [{ status = [404], then = "empty" }] }
record = "order"

[entities.orders.write.guard]
kind = "etag"

[entities.orders.write.lines]
read_only = ["unit_price"]
values = { position = "$position" }

[entities.orders.write.update]
request = { method = "PUT", path = "/orders/{id}", headers = { If-Match = "$guard" }, body = "$record" }
read_only = ["number"]

[entities.orders.write.create]
request = { method = "POST", path = "/orders", body = "$record" }

[entities.orders.write.deactivate]
request = { method = "POST", path = "/orders/{id}/cancel", headers = { If-Match = "$guard" } }
after = { status = "cancelled" }
"""

CUSTOMER: dict[str, Any] = {
    "ref": "C1",
    "company": "11222333000181",
    "person": None,
    "name": "Alfa Ltda",
    "phones": {"fixed": "", "mobile": "11988887777"},
    "extras": [
        {"name": "limit", "value": "1.000,50", "row": 11},
        {"name": "colour", "text": "blue", "row": 12},
        {"name": "rank", "value": "3", "row": 13},
    ],
    "discount": 2.5,
    "state": "SP",
    "blocked": False,
    "place": {"id": 77, "name": "Santos"},
    "day": "02/05/2026",
    "hour": "10:11:12",
    "modified": "m1",
}
"""A made-up customer."""

ORDER: dict[str, Any] = {
    "number": "900",
    "buyer": {"doc": "11222333000181", "since": 2001},
    "day": "02/05/2026",
    "stage": 1,
    "total": 30,
    "changed": "yesterday",
    "payments": [{"days": 30}],
    "lines": [
        {"row": 1, "product": {"code": "A", "origin": 0}, "quantity": "1", "price": 10, "note": "left"},
        {"row": 2, "product": {"code": "B", "origin": 1}, "quantity": "2", "price": 10, "note": "right"},
    ],
}
"""A made-up order."""


def description_in(folder: Path, text: str = DESCRIPTION) -> Description:
    """The description, read from a file as a user's own is."""
    (folder / "bazaar.toml").write_text(text, encoding="utf-8")
    return load_description("./bazaar.toml", folder)


def mappings_of(description: Description) -> dict[str, EntityMapping]:
    """Every described field of every entity."""
    found = {}
    for entity, source in description.entities.items():
        known = ENTITIES[entity]
        found[entity] = entity_mapping(
            description,
            entity,
            key=known.key,
            fields=source.fields,
            types={each.name: each.type for each in known.fields},
            line_key=known.lines.key if known.lines else (),
            line_fields=source.lines.fields if source.lines else None,
            line_types={each.name: each.type for each in known.lines.fields} if known.lines else None,
            time_zone=ZONE,
        )
    return found


Hook = Callable[[web.Request, "Bazaar"], web.StreamResponse | None]


class Bazaar:
    """The server's side.

    Attributes:
        customers, orders: what it holds, by id.
        hook: called before each answer; may change what it holds, or answer instead.
        written: bodies of the writes that arrived, in order.
        headers: headers of these.
    """

    def __init__(self, hook: Hook | None = None) -> None:
        self.customers = {CUSTOMER["ref"]: orjson.loads(orjson.dumps(CUSTOMER))}
        self.orders = {ORDER["number"]: orjson.loads(orjson.dumps(ORDER))}
        self.hook = hook
        self.written: list[Any] = []
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method != "GET":
            self.written.append(orjson.loads(await request.read() or b"null"))
            self.headers.append(dict(request.headers))
        instead = self.hook(request, self) if self.hook else None
        return instead or self._served(request)

    def _served(self, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["customers"]:
                return _listed(self.customers, request.query, ("ref", "company"))
            case "POST", ["customers", "save"]:
                return self._saved(self.written[-1])
            case "POST", ["customers", "new"]:
                return self._added(self.written[-1])
            case "GET", ["orders"]:
                return _listed(self.orders, request.query, ("number", "number"))
            case "GET", ["orders", number]:
                return self._order(number)
            case (("PUT" | "POST"), ["orders", number, *_]):
                return self._replaced(request, number)
            case _:
                return self._order_added(self.written[-1])

    def _saved(self, body: Any) -> web.StreamResponse:
        """As in `extras`, what is sent takes the place of what was there."""
        held = self.customers[body["ref"]]
        if body["guard"] != held["modified"]:
            return web.json_response({"fault": {"code": "STALE", "words": "somebody was faster"}})
        changes = body["changes"]
        if isinstance(amount := changes.pop("discount", {}), dict) and "amount" in amount:
            changes["discount"] = None if amount["amount"] == "none" else float(amount["amount"])
        phones = {**held["phones"], **changes.pop("phones", {})}
        held |= {**changes, "phones": phones, "modified": f"{held['modified']}+"}
        return web.json_response({"status": "0"})

    def _added(self, body: Any) -> web.StreamResponse:
        ref = f"C{len(self.customers) + 1}"
        self.customers[ref] = {**CUSTOMER, "person": None, "company": None, "extras": [], **body, "ref": ref}
        return web.json_response({"ref": ref})

    def _order(self, number: str) -> web.StreamResponse:
        if number not in self.orders:
            return web.json_response({}, status=404)
        return web.json_response({"order": self.orders[number]}, headers={"ETag": self._etag(number)})

    def _replaced(self, request: web.Request, number: str) -> web.StreamResponse:
        if request.headers.get("If-Match") != self._etag(number):
            return web.json_response({}, status=412)
        if request.path.endswith("/cancel"):
            self.orders[number]["stage"] = 3
            return web.Response(status=204)
        body = self.written[-1]
        lines = [{**line, "row": row} for row, line in enumerate(body["lines"], 1)]
        self.orders[number] = {**body, "number": number, "lines": lines, "changed": "now"}
        return web.Response(status=204)

    def _order_added(self, body: Any) -> web.StreamResponse:
        lines = [{**line, "row": row} for row, line in enumerate(body["lines"], 1)]
        self.orders[body["number"]] = {**ORDER, **body, "lines": lines}
        return web.Response(status=204)

    def _etag(self, number: str) -> str:
        return f'"{len(orjson.dumps(self.orders[number]))}"'


def _listed(held: dict[str, Any], query: Any, names: tuple[str, str]) -> web.StreamResponse:
    wanted = query.get("ref", query.get("doc", query.get("number")))
    found = [each for each in held.values() if wanted is None or wanted in [each[name] for name in names]]
    return web.json_response({"items": found})


@asynccontextmanager
async def writer_to(server: Bazaar, folder: Path, text: str = DESCRIPTION) -> AsyncIterator[RecordWriter]:
    """A writer, connected to a server that runs as long."""
    description = description_in(folder, text)
    assert description.http is not None
    context = {"model": 12}
    async with (
        StandIn(server.answer) as running,
        HttpPort("erp", description.http, base_url=running.base_url, credentials={}, context=context) as port,
    ):
        yield RecordWriter("erp", description, port, mappings_of(description), ZoneInfo(ZONE), context)
