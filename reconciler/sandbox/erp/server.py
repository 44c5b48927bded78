"""The stand-in ERP over HTTP: JSON under `/api`; `soap_server` answers under `/soap`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from reconciler.sandbox.answers import LARGEST_REQUEST_BYTES, Refusal, json_answer, json_object
from reconciler.sandbox.collection import Record
from reconciler.sandbox.erp.files import ErpFiles
from reconciler.sandbox.erp.listing import list_page, page
from reconciler.sandbox.erp.sessions import LIFETIME_S, Sessions
from reconciler.sandbox.erp.simulation import simulate
from reconciler.sandbox.erp.soap_server import SoapFace
from reconciler.sandbox.erp.store import ID_MEMBERS, ErpStore, phantom
from reconciler.sandbox.faults import FaultKind, FaultPlan, Faults
from reconciler.sandbox.shifting import Shifting
from reconciler.sandbox.switch import Switch, misbehave_request

SESSION_HEADER: Final = "X-Sessao"
_PATH = re.compile(r"/api/(?P<name>[a-z-]+)(/(?P<id>[^/]{1,60}))?")
_CONTROL = re.compile(r"/(?:api|soap)/_sandbox/(\w+)")
_SIMULATION: Final = "simulacao-impostos"
_WEBHOOKS: Final = "/api/webhooks"


@dataclass(frozen=True, slots=True)
class _Target:
    """What an address names."""

    name: str
    record_id: str | None


class ErpServer:
    """Serves the records it is given, and keeps what is written.

    Args:
        records: records by collection, as `_sandbox/state` gives them.
        user, password: the only ones that are let in.
        plan: what goes wrong from the start.
    """

    def __init__(
        self,
        records: Mapping[str, Sequence[Any]],
        *,
        user: str,
        password: str,
        plan: FaultPlan | None = None,
    ) -> None:
        self.store = ErpStore(records)
        self.files = ErpFiles(self.store)
        self._sessions = Sessions(user, password)
        self._faults = Faults(_refused, _nothing)
        self._switch = Switch(plan or FaultPlan(), self._shifting)
        self._soap = SoapFace(self.store, self._sessions, self._switch)

    def application(self) -> web.Application:
        """The aiohttp application. Call-backs are delivered while it runs."""
        application = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        application.router.add_route("*", "/{address:.*}", self._handle)
        application.cleanup_ctx.append(self._delivering)
        return application

    async def _delivering(self, _: web.Application) -> AsyncIterator[None]:
        self.store.webhooks.start()
        yield
        await self.store.webhooks.stop()

    def _shifting(self, every: int) -> Shifting:
        return Shifting(self.store.collections, phantom, every)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            if (control := _CONTROL.fullmatch(request.path)) is not None:
                return await self._control(request, control[1])
            if request.path == "/soap":
                return await self._soap.handle(request)
            if request.path == "/api/sessao":
                return await self._session(request)
            return await self._data(request)
        except Refusal as refusal:
            return _refused(refusal)

    async def _control(self, request: web.Request, name: str) -> web.Response:
        if request.method == "POST" and name == "state":
            self._switch.settle()
            return json_answer(self.store.state())
        if request.method == "POST" and name == "export":
            self._switch.settle()
            return json_answer({"files": self.files.export()})
        if request.method == "POST" and name == "misbehave":
            self._switch.set(misbehave_request(await request.read()))
            self._sessions.restart_counting()
            return json_answer({"kind": self._switch.plan.kind, "every": self._switch.plan.every})
        raise _not_found()

    async def _session(self, request: web.Request) -> web.Response:
        if request.method == "DELETE":
            self._sessions.close(request.headers.get(SESSION_HEADER))
            return web.Response(status=204)
        if request.method != "POST":
            raise _not_allowed(request)
        body = json_object(await request.read())
        token = self._sessions.open(body.get("usuario"), body.get("senha"))
        if token is None:
            raise Refusal(401, "Usuário ou senha incorretos.", code="CREDENCIAIS_INVALIDAS")
        return json_answer({"sessao": token, "expira_em_s": LIFETIME_S})

    async def _data(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get(SESSION_HEADER)
        if token is None or not self._sessions.is_open(token):
            raise _session_lost()
        if request.path == _WEBHOOKS or request.path.startswith(f"{_WEBHOOKS}/"):
            return self._webhooks(request, await request.read())
        target = _target(request)
        serve = self._service(request, target, await request.read())
        plan = self._switch.plan
        if plan.kind is FaultKind.EXPIRE and self._sessions.is_open(token) and self._sessions.loses(token, plan.every):
            raise _session_lost()
        if plan.kind is FaultKind.SHIFT and request.method == "GET":
            self._switch.shifting.before_read(target.name)
        return await self._faults.answer(plan, request, serve)

    def _service(self, request: web.Request, target: _Target, body: bytes) -> Callable[[], web.Response]:
        name = target.name
        match request.method, target:
            case "POST", _Target(name="simulacao-impostos", record_id=None):
                return lambda: json_answer(simulate(self.store, json_object(body)))
            case _, _Target(name="simulacao-impostos"):
                raise _not_allowed(request)
            case "GET", _Target(record_id=None):
                return lambda: json_answer(list_page(self.store, name, request.query))
            case "GET", _Target(record_id=str(record_id)):
                return lambda: _one(self.store.collections[name].get(record_id), name, record_id)
            case "POST", _Target(record_id=None):
                return lambda: json_answer(self.store.create(name, json_object(body)), 201)
            case ("PUT" | "PATCH") as method, _Target(record_id=str(record_id)):
                version = _wanted_version(request)
                return lambda: _one(
                    self.store.update(
                        name, record_id, json_object(body), whole_record=method == "PUT", version=version
                    ),
                    name,
                    record_id,
                )
            case "DELETE", _Target(record_id=str(record_id)):
                return lambda: self._deleted(name, record_id)
        raise _not_allowed(request)

    def _webhooks(self, request: web.Request, body: bytes) -> web.Response:
        hook_id = request.path.removeprefix(_WEBHOOKS).removeprefix("/")
        match request.method, hook_id:
            case "GET", "":
                return json_answer(self.store.webhooks.listed())
            case "POST", "":
                return json_answer(self.store.webhooks.create(json_object(body)), 201)
            case "DELETE", str(number) if number:
                if not self.store.webhooks.delete(number):
                    raise _no_record("webhooks", number)
                return web.Response(status=204)
        raise _not_allowed(request)

    def _deleted(self, name: str, record_id: str) -> web.Response:
        if not self.store.delete(name, record_id):
            raise _no_record(name, record_id)
        return web.Response(status=204)


def _target(request: web.Request) -> _Target:
    match = _PATH.fullmatch(request.path)
    if match is None or (match["name"] not in ID_MEMBERS and match["name"] != _SIMULATION):
        raise _not_found()
    return _Target(match["name"], match["id"])


def _one(record: Record | None, name: str, record_id: str) -> web.Response:
    if record is None:
        raise _no_record(name, record_id)
    return json_answer(record, headers={"ETag": f'"{record.get("versao")}"'})


def _nothing(request: web.Request) -> web.Response | None:
    """An empty page, for reads of lists."""
    target = _target(request)
    if target.record_id is not None or target.name not in ID_MEMBERS:
        return None
    return json_answer(page(target.name, 1, 100, 0, []))


def _wanted_version(request: web.Request) -> int | None:
    written = request.headers.get("If-Match")
    if written is None:
        return None
    bare = written.strip().strip('"')
    if not (bare.isascii() and bare.isdigit() and len(bare) < 10):
        raise Refusal(400, "If-Match deve trazer a versao do registro.", code="PARAMETRO_INVALIDO")
    return int(bare)


def _refused(refusal: Refusal) -> web.Response:
    said: dict[str, Any] = {"codigo": refusal.code, "mensagem": refusal.message}
    if refusal.member is not None:
        said["campo"] = refusal.member
    return json_answer({"erro": said}, refusal.status)


def _session_lost() -> Refusal:
    return Refusal(401, "A sessão expirou ou não existe.", code="SESSAO_EXPIRADA")


def _not_found() -> Refusal:
    return Refusal(404, "Não há nada neste endereço.", code="NAO_ENCONTRADO")


def _no_record(name: str, record_id: str) -> Refusal:
    return Refusal(404, f"Não há registro {record_id} em {name}.", code="NAO_ENCONTRADO")


def _not_allowed(request: web.Request) -> Refusal:
    return Refusal(405, f"{request.method} não é permitido aqui.", code="METODO_NAO_PERMITIDO")
