"""The SOAP 1.1 face of the stand-in ERP, under `/soap`: the same records, sessions and misbehaviour as `/api`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.erp.listing import list_page, page
from reconciler.sandbox.erp.sessions import LIFETIME_S, Sessions
from reconciler.sandbox.erp.soap_envelope import Called, answer, fault, read_call, response
from reconciler.sandbox.erp.soap_records import Element, append_record, camel_case, element
from reconciler.sandbox.erp.store import ID_MEMBERS, ErpStore
from reconciler.sandbox.faults import FaultKind, Faults, Serve
from reconciler.sandbox.switch import Switch


@dataclass(frozen=True, slots=True)
class _Kind:
    """A collection, and how its operations and records are named."""

    collection: str
    singular: str

    @property
    def listing(self) -> str:
        return f"Listar{self.collection.capitalize()}"

    @property
    def reading(self) -> str:
        return f"Consultar{self.singular.capitalize()}"


@dataclass(frozen=True, slots=True)
class _Service:
    """What a call is about, its answer, and the one that says there is nothing, where there can be nothing."""

    kind: _Kind
    serve: Serve
    nothing: Serve | None


_KINDS: Final = (
    _Kind("clientes", "cliente"),
    _Kind("produtos", "produto"),
    _Kind("pedidos", "pedido"),
    _Kind("orcamentos", "orcamento"),
)
_LISTINGS: Final = {kind.listing: kind for kind in _KINDS}
_READINGS: Final = {kind.reading: kind for kind in _KINDS}
_OPTIONS: Final = {"pagina": "pagina", "tamanho": "tamanho", "alteradoDesde": "alterado_desde", "cpfCnpj": "cpf_cnpj"}
"""Options of a listing, and what the JSON service calls them."""

_ONLY_CODES: Final = "somenteCodigos"


class SoapFace:
    """Serves SOAP calls from what the server holds."""

    def __init__(self, store: ErpStore, sessions: Sessions, switch: Switch) -> None:
        self._store = store
        self._sessions = sessions
        self._switch = switch
        self._faults = Faults(fault, lambda _request: None)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request under `/soap`."""
        try:
            if request.method != "POST":
                raise Refusal(405, "Operações SOAP são enviadas por POST.", code="METODO_NAO_PERMITIDO")
            return await self._answer(request, read_call(await request.read()))
        except Refusal as refusal:
            return fault(refusal)

    async def _answer(self, request: web.Request, called: Called) -> web.StreamResponse:
        if called.operation == "Entrar":
            return self._log_in(called)
        if called.session is None or not self._sessions.is_open(called.session):
            raise _session_lost()
        if called.operation == "Sair":
            self._sessions.close(called.session)
            return response(answer(called.operation)[0])
        return await self._data(request, called, called.session)

    def _log_in(self, called: Called) -> web.Response:
        key = self._sessions.open(called.options.get("usuario"), called.options.get("senha"))
        if key is None:
            raise Refusal(401, "Usuário ou senha incorretos.", code="CREDENCIAIS_INVALIDAS")
        envelope, result = answer(called.operation)
        element("sessao", result).text = key
        element("validadeEmSegundos", result).text = str(LIFETIME_S)
        return response(envelope)

    async def _data(self, request: web.Request, called: Called, session: str) -> web.StreamResponse:
        listed, read = _LISTINGS.get(called.operation), _READINGS.get(called.operation)
        if listed is not None:
            nothing = page(listed.collection, 1, 100, 0, [])
            service = _Service(listed, lambda: self._listed(listed, called), lambda: _page(listed, called, nothing))
        elif read is not None:
            service = _Service(read, lambda: self._one(read, called), None)
        else:
            raise Refusal(404, f"Não há operação {called.operation[:60]}.", code="OPERACAO_INEXISTENTE")
        plan = self._switch.plan
        if plan.kind is FaultKind.EXPIRE and self._sessions.loses(session, plan.every):
            raise _session_lost()
        if plan.kind is FaultKind.SHIFT:
            self._switch.shifting.before_read(service.kind.collection)
        return await self._faults.answer(plan, request, service.serve, name=called.name, nothing=service.nothing)

    def _listed(self, kind: _Kind, called: Called) -> web.Response:
        id_member = ID_MEMBERS[kind.collection]
        names = {**_OPTIONS, id_member: id_member}
        options = dict(called.options)
        only_codes = options.pop(_ONLY_CODES, "N") == "S"
        wanted = {names.get(name, name): text for name, text in options.items()}
        if only_codes:
            wanted["campos"] = id_member
        return _page(kind, called, list_page(self._store, kind.collection, wanted))

    def _one(self, kind: _Kind, called: Called) -> web.Response:
        id_member = ID_MEMBERS[kind.collection]
        wanted = called.options.get(id_member, "")
        record = self._store.collections[kind.collection].get(wanted)
        if record is None:
            message = f"Não há registro {wanted[:60]} em {kind.collection}."
            raise Refusal(404, message, code="NAO_ENCONTRADO", member=id_member)
        envelope, result = answer(called.operation)
        append_record(result, kind.singular, record)
        return response(envelope)


def _page(kind: _Kind, called: Called, found: Mapping[str, Any]) -> web.Response:
    envelope, result = answer(called.operation)
    for name in ("pagina", "tamanho", "total_paginas", "total_registros"):
        element(camel_case(name), result).text = str(found[name])
    records: Element = element(kind.collection, result)
    for record in found[kind.collection]:
        append_record(records, kind.singular, record)
    return response(envelope)


def _session_lost() -> Refusal:
    return Refusal(401, "A sessão expirou ou não existe.", code="SESSAO_EXPIRADA")
