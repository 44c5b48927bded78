"""An ERP that is slow, dead or talks nonsense: everybody is answered, nobody gets a number, and it can be seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from reconciler.sandbox.start import SandboxOptions, served
from tests.service.running_service import Service, running_service

TOKENS = "shop:sales:a-token-of-the-sales-people\nwatch:metrics:a-token-of-those-who-watch"


class Erp:
    """Logs everybody in, and answers questions as `mode` says."""

    def __init__(self) -> None:
        self.mode = "hangs"
        self.asked = 0
        self.probed = 0

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/sessao", self._session)
        application.router.add_delete("/sessao", self._session)
        application.router.add_get("/produtos", self._products)
        application.router.add_post("/simulacao-impostos", self._taxes)
        return application

    async def _session(self, _request: web.Request) -> web.Response:
        return web.json_response({"sessao": "s-1"})

    async def _products(self, _request: web.Request) -> web.Response:
        self.probed += 1
        return web.json_response({"produtos": [], "total_registros": 0, "total_paginas": 1})

    async def _taxes(self, request: web.Request) -> web.Response:
        self.asked += 1
        match self.mode:
            case "hangs":
                await asyncio.Event().wait()
            case "leaves" if request.transport is not None:
                request.transport.close()
        return web.Response(text="<html>502</html>", content_type="text/html")


@asynccontextmanager
async def service_before(erp: Erp, folder: Path) -> AsyncIterator[Service]:
    """The service with tokens, and a deadline that leaves time for a second try."""

    async with served(erp.application()) as url:

        def edit(text: str) -> str:
            before, _, after = text.partition('vendor = "sandbox_erp"\nbase_url = "')
            moved = f'{before}vendor = "sandbox_erp"\nbase_url = "{url}"{after[after.index(chr(10)) :]}'
            return (
                f'{moved}\n[taxes]\ndeadline_s = 3\n\n[service]\naccess_log = false\ntokens = {{ file = "tokens" }}\n'
            )

        folder.mkdir()
        (folder / "tokens").write_text(TOKENS)
        (folder / "tokens").chmod(0o600)
        async with running_service(folder, edit, SandboxOptions(customers=1), "a-token-of-the-sales-people") as service:
            yield service


def quote(price: int) -> dict[str, Any]:
    lines = [{"sku": "P0001", "quantity": "1", "unit_price": f"{price}.00"}]
    return {"customer": {"tax_id": "11222333000181"}, "ship_to": {"state": "PR"}, "lines": lines}


async def test_whatever_the_erp_does_everybody_is_answered_without_a_number_and_it_is_told(tmp_path: Path) -> None:
    erp = Erp()
    async with service_before(erp, tmp_path / "box") as service:
        status, ready = await service.call("GET", "/readyz")
        assert (status, ready["status"], ready["systems"]["erp"]["circuit"]) == (200, "ready", "closed")
        reasons = []
        for price, mode in enumerate(("hangs", "leaves", "babbles", "babbles", "babbles", "babbles"), start=1):
            erp.mode = mode
            answer = await service.taxes(quote(price))
            assert answer["status"] == "unavailable"
            assert not {"lines", "totals"} & answer.keys()
            reasons.append(answer["reason"])
        assert reasons == ["deadline", "unreachable", *["not_understood"] * 3, "circuit_open"]

        # It was heard of a moment ago: whoever looks whether we are ready does not make us ask.
        probed = erp.probed
        _, degraded = await service.call("GET", "/readyz")
        told = degraded["systems"]["erp"]
        assert (degraded["status"], told["status"], told["problem"]) == ("degraded", "down", "not_understood")
        assert (told["circuit"], degraded["systems"]["crm"]["status"], erp.probed) == ("open", "up", probed)

        assert (await service.call("GET", "/metrics"))[0] == 403
        service.token = "a-token-of-those-who-watch"
        seen = await service.metrics()
    unavailable = {
        reason: seen[f'reconciler_tax_lookups_total{{reason="{reason}",source="unavailable"}}'] for reason in reasons
    }
    assert unavailable == {"deadline": 1, "unreachable": 1, "not_understood": 3, "circuit_open": 1}
    assert seen["reconciler_tax_deadline_misses_total"] == 1
    assert (seen["reconciler_tax_cache_misses_total"], seen["reconciler_tax_cache_hits_total"]) == (6, 0)
    assert seen["reconciler_erp_seconds_count"] == 5
    assert seen['reconciler_requests_total{method="POST",route="/v1/taxes",status="200"}'] == 6
    assert seen['reconciler_requests_total{method="GET",route="/metrics",status="403"}'] == 1
    assert not any("P0001" in name or "11222333000181" in name for name in seen)
