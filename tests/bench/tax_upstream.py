"""A server process for the benchmark of the service: an ERP whose answers are rendered once, and bare handlers.

`/api` speaks as the sandbox ERP does; `/bare` returns bytes it was given; `/forward` passes a body on to an ERP.
`/mode` makes the ERP slow or talk nonsense, `/asked` tells how many conversations there were, `/last` what was asked.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from reconciler.sandbox.erp.simulation import simulate
from reconciler.sandbox.erp.store import ErpStore

CUSTOMER = "11222333000181"
SKUS = [f"P{number:04}" for number in range(1, 6)]
_CLASSES = ("maquinas", "pecas", "materiais")


class Upstream:
    """One ERP."""

    def __init__(self, elsewhere: str) -> None:
        clients = [{"codigo": "1", "cpf_cnpj": CUSTOMER, "endereco": {"uf": "PR"}}]
        products = [{"codigo": sku, "classe": _CLASSES[0], "origem": "0"} for sku in SKUS]
        self._store = ErpStore({"clientes": clients, "produtos": products})
        self._rendered: dict[bytes, bytes] = {}
        self._bare = self._last = b""
        self._elsewhere = elsewhere
        self._session: aiohttp.ClientSession | None = None
        self.delay_s, self.kind, self.asked = 0.0, "answers", 0

    def application(self) -> web.Application:
        application = web.Application(client_max_size=2**22)
        add = application.router.add_route
        add("POST", "/api/sessao", self._login)
        add("DELETE", "/api/sessao", self._login)
        add("GET", "/api/produtos", self._products)
        add("POST", "/api/simulacao-impostos", self._taxes)
        add("POST", "/mode", self._mode)
        add("GET", "/asked", self._count)
        add("GET", "/last", self._repeat)
        add("PUT", "/bare", self._keep)
        add("POST", "/bare", self._given)
        add("POST", "/forward", self._forward)
        application.on_cleanup.append(self._close)
        return application

    async def _login(self, _request: web.Request) -> web.Response:
        return web.Response(body=b'{"sessao":"s"}', content_type="application/json")

    async def _products(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=b'{"produtos":[],"total_registros":0,"total_paginas":1}', content_type="application/json"
        )

    async def _taxes(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = self._last = await request.read()
        if self.kind == "garbage":
            return web.Response(text="<html>502</html>", content_type="text/html")
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        found = self._rendered.get(body)
        if found is None:
            found = self._rendered[body] = orjson.dumps(simulate(self._store, orjson.loads(body)))
        return web.Response(body=found, content_type="application/json")

    async def _mode(self, request: web.Request) -> web.Response:
        mode: dict[str, Any] = orjson.loads(await request.read())
        self.delay_s, self.kind, self.asked = mode.get("delay_s", 0.0), mode.get("kind", "answers"), 0
        return web.Response()

    async def _count(self, _request: web.Request) -> web.Response:
        return web.Response(text=str(self.asked))

    async def _repeat(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._last)

    async def _keep(self, request: web.Request) -> web.Response:
        self._bare = await request.read()
        return web.Response()

    async def _given(self, request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=self._bare, content_type="application/json")

    async def _close(self, _application: web.Application) -> None:
        if self._session is not None:
            await self._session.close()

    async def _forward(self, request: web.Request) -> web.Response:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        sent = {"Content-Type": "application/json", "X-Sessao": "s"}
        body = await request.read()
        async with self._session.post(f"{self._elsewhere}/api/simulacao-impostos", data=body, headers=sent) as answer:
            return web.Response(body=await answer.read(), content_type="application/json")


def main() -> None:
    """Serve until stopped; print the port once ready. The argument is the address of the ERP to forward to."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    application = Upstream(sys.argv[1] if len(sys.argv) > 1 else "").application()
    web.run_app(application, sock=listener, print=None, access_log=None)


if __name__ == "__main__":
    main()
