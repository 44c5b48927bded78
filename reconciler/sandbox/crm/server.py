"""The HTTP face of the stand-in CRM."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from reconciler.sandbox.answers import LARGEST_REQUEST_BYTES, Refusal, json_answer, json_object
from reconciler.sandbox.crm.call_budget import CallBudget
from reconciler.sandbox.crm.filter_text import QueryError
from reconciler.sandbox.crm.query import Query, parse_query
from reconciler.sandbox.crm.reading import Reader
from reconciler.sandbox.crm.schema import COLLECTIONS, DATA_COLLECTIONS
from reconciler.sandbox.crm.store import CrmStore, phantom
from reconciler.sandbox.faults import FaultKind, FaultPlan, Faults
from reconciler.sandbox.shifting import Shifting
from reconciler.sandbox.switch import Switch, misbehave_request

USER_KEY_HEADER: Final = "User-Key"
_PATH = re.compile(r"/(?P<name>[A-Za-z@]+)(\((?P<id>\d{1,15})\))?(/(?P<action>[A-Za-z]+))?")
_WRITABLE: Final = frozenset({*DATA_COLLECTIONS, "Webhooks"})


@dataclass(frozen=True, slots=True)
class _Target:
    """What an address names."""

    name: str
    record_id: int | None
    action: str | None


class CrmServer:
    """Serves the records it is given, and keeps what is written.

    Args:
        records: records by collection, as `_sandbox/state` gives them.
        user_key: the only key that is let in.
        calls_per_minute: limit on calls, or None for none.
        plan: what goes wrong from the start.
    """

    def __init__(
        self,
        records: Mapping[str, Sequence[Any]],
        *,
        user_key: str,
        calls_per_minute: int | None = None,
        plan: FaultPlan | None = None,
    ) -> None:
        self.store = CrmStore(records)
        self._reader = Reader(self.store.collections)
        self._user_key = user_key
        self._budget = None if calls_per_minute is None else CallBudget(calls_per_minute)
        self._faults = Faults(_refused, self._silent)
        self._switch = Switch(plan or FaultPlan(), self._shifting)

    def application(self) -> web.Application:
        """The aiohttp application. Call-backs are delivered while it runs."""
        application = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        application.router.add_route("*", "/{address:.*}", self._handle)
        application.cleanup_ctx.append(self._delivering)
        return application

    async def _delivering(self, _: web.Application) -> AsyncIterator[None]:
        self.store.deliveries.start()
        yield
        await self.store.deliveries.stop()

    def _shifting(self, every: int) -> Shifting:
        return Shifting(self.store.collections, phantom, every)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            if request.path.startswith("/_sandbox/"):
                return await self._control(request)
            return await self._data(request)
        except Refusal as refusal:
            return _refused(refusal)
        except QueryError as error:
            return _refused(Refusal(400, str(error)))

    async def _control(self, request: web.Request) -> web.Response:
        if request.method == "POST" and request.path == "/_sandbox/state":
            self._switch.settle()
            return json_answer(self.store.state())
        if request.method == "GET" and request.path == "/_sandbox/name":
            return json_answer({"sandbox": "crm"})
        if request.method == "POST" and request.path == "/_sandbox/misbehave":
            self._switch.set(misbehave_request(await request.read()))
            return json_answer({"kind": self._switch.plan.kind, "every": self._switch.plan.every})
        raise Refusal(404, "There is nothing here.")

    async def _data(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(USER_KEY_HEADER) != self._user_key:
            raise Refusal(401, "The User-Key is missing or wrong.")
        target = _target(request)
        over_budget = self._over_budget(request)
        if over_budget is not None:
            return over_budget
        serve = self._service(request, target, await request.read())
        if self._switch.plan.kind is FaultKind.SHIFT and request.method == "GET":
            self._switch.shifting.before_read(target.name)
        return await self._faults.answer(self._switch.plan, request, serve)

    def _over_budget(self, request: web.Request) -> web.Response | None:
        wait_s = None if self._budget is None else self._budget.wait_s()
        if self._budget is None or wait_s is None:
            return None
        silent = self._silent(request) if self._budget.answers_in_silence and request.method == "GET" else None
        if silent is not None:
            return silent
        response = _refused(Refusal(429, "Too many requests."))
        response.headers["Retry-After"] = str(wait_s)
        return response

    def _silent(self, request: web.Request) -> web.Response | None:
        """What a throttled read gets instead of its rows: an envelope with nothing in it, not even a count."""
        return json_answer(_envelope(request, _target(request).name, []))

    def _service(self, request: web.Request, target: _Target, body: bytes) -> Callable[[], web.Response]:
        query = parse_query(request.query, COLLECTIONS[target.name])
        match request.method, target:
            case "GET", _Target(action=None):
                return lambda: self._read(request, target, query)
            case ("POST", _Target(record_id=None, action=None)) if target.name in _WRITABLE:
                return lambda: self._wrote(
                    request, target, query, self.store.create(target.name, json_object(body)), 201
                )
            case ("PATCH", _Target(record_id=int(record_id), action=None)) if target.name in _WRITABLE:
                return lambda: self._wrote(
                    request, target, query, self.store.update(target.name, record_id, json_object(body)), 200
                )
            case ("DELETE", _Target(record_id=int(record_id), action=None)) if target.name in _WRITABLE:
                return lambda: self._deleted(target.name, record_id)
            case "POST", _Target(name="Quotes", record_id=int(record_id), action="Review"):
                return lambda: self._wrote(request, target, query, self.store.review(record_id), 201)
        if target.action is not None:
            raise Refusal(404, f"There is no action “{target.action}” here.")
        raise Refusal(405, f"{request.method} is not allowed here.")

    def _read(self, request: web.Request, target: _Target, query: Query) -> web.Response:
        if target.record_id is not None:
            record = self.store.collections[target.name].get(target.record_id)
            return self._wrote(request, target, query, record, 200)
        rows, total = self._reader.rows(target.name, query)
        envelope = _envelope(request, target.name, rows)
        return json_answer({**envelope, "@odata.count": total} if query.count else envelope)

    def _wrote(
        self, request: web.Request, target: _Target, query: Query, record: dict[str, Any] | None, status: int
    ) -> web.Response:
        if record is None:
            raise Refusal(404, f"There is no record {target.record_id} in {target.name}.")
        row = self._reader.shaped(record, COLLECTIONS[target.name], query.select, query.expand)
        return json_answer(_envelope(request, target.name, [row]), status)

    def _deleted(self, name: str, record_id: int) -> web.Response:
        if not self.store.delete(name, record_id):
            raise Refusal(404, f"There is no record {record_id} in {name}.")
        return web.Response(status=204)


def _target(request: web.Request) -> _Target:
    # The vendor reads the address as it was sent: an encoded “@” names nothing.
    match = _PATH.fullmatch(request.raw_path.partition("?")[0])
    if match is None or match["name"] not in COLLECTIONS:
        raise Refusal(404, "There is nothing at this address.")
    return _Target(match["name"], int(match["id"]) if match["id"] else None, match["action"])


def _envelope(request: web.Request, name: str, rows: list[Any]) -> dict[str, Any]:
    return {"@odata.context": f"http://{request.host}/$metadata#{name}", "value": rows}


def _refused(refusal: Refusal) -> web.Response:
    return json_answer({"error": {"message": refusal.message}}, refusal.status)
