"""An ERP that saves a draft to calculate its taxes, over real HTTP. It can hang, refuse and lose its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.model.taxes import OpenDraft

DESCRIPTION: Final = """\
[vendor]
name = "draft_erp"
title = "Draft ERP"
roles = ["erp"]

[http]

[entities.customers]
verified = "documentation"
id = "id"
full = { request = { path = "/customers" }, records = "items", paging = { kind = "single" } }
fields = { tax_id = "id" }

[taxes]
verified = "documentation"
mode = "document"
saves = "draft"
rounding = "half_even"

[taxes.request]
method = "POST"
path = "/drafts"
body = { mark = "$draft.mark", customer = "$customer.tax_id", items = "$lines" }

[taxes.line]
code = "$line.sku"
count = "$line.quantity"
price = "$line.net_unit_price"

[taxes.draft]
id = "id"
found = "number"
[taxes.draft.read]
path = "/drafts/{draft.id}"
[taxes.draft.remove]
method = "DELETE"
path = "/drafts/{draft.id}"
[taxes.draft.find]
records = "items"
paging = { kind = "single" }
request = { path = "/drafts", query = { mark = "$draft.mark" } }

[taxes.answer]
lines = "items"
echoes = { code = "line.sku" }
listed = { path = "taxes", kind = "name", amount = "value", kinds = { ICMS = { kind = "icms", charge = "in_price" } } }
"""

Trouble = Callable[[], Awaitable[web.Response | None]]


def described(folder: Path, text: str = DESCRIPTION) -> Description:
    """The description, read and checked as a file of a project is."""
    (folder / "draft_erp.toml").write_text(text)
    return load_description("./draft_erp.toml", folder)


async def nothing() -> web.Response | None:
    """No trouble."""
    return None


def answers(status: int, **document: JsonValue) -> Trouble:
    """That, instead of doing what was asked."""

    async def answered() -> web.Response:
        return web.json_response(document, status=status)

    return answered


@dataclass
class DraftErp:
    """Keeps drafts by number. Troubles: `before` a kind of call does anything, `after` it was done.

    Attributes:
        asked: method of every call, in order.
    """

    drafts: dict[int, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: dict[str, Trouble] = field(default_factory=dict)
    after: dict[str, Trouble] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        body = await request.read()
        kind = "FIND" if request.path == "/drafts" and request.method == "GET" else request.method
        self.asked.append(kind)
        troubled = await self.before.get(kind, nothing)()
        if troubled is not None:
            return troubled
        done = self._done(kind, request, body)
        return await self.after.get(kind, nothing)() or done

    def _done(self, kind: str, request: web.Request, body: bytes) -> web.Response:
        if kind == "POST":
            number = len(self.asked) + 100
            self.drafts[number] = orjson.loads(body)
            return web.json_response({"id": number})
        if kind == "FIND":
            mark = request.query["mark"]
            return web.json_response({"items": [{"number": n} for n, d in self.drafts.items() if d["mark"] == mark]})
        number = int(request.path.rpartition("/")[2])
        if number not in self.drafts:
            return web.json_response({"error": "no such draft"}, status=404)
        if kind == "DELETE":
            del self.drafts[number]
            return web.Response(status=204)
        lines = [
            {"code": each["code"], "taxes": [{"name": "ICMS", "value": 18}]} for each in self.drafts[number]["items"]
        ]
        return web.json_response({"id": number, "items": lines})


class Hangs:
    """A trouble that waits for `go` without end; `reached` tells that somebody waits."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self) -> web.Response | None:
        self.reached.set()
        await self.go.wait()
        return None


class Notes:
    """A journal in memory.

    Attributes:
        told: marks and ids of those a person was told of.
    """

    def __init__(self) -> None:
        self.kept: dict[str, str | None] = {}
        self.told: list[tuple[str, str | None]] = []

    async def begin(self, mark: str) -> None:
        self.kept[mark] = None

    async def saved(self, mark: str, draft: str) -> None:
        self.kept[mark] = draft

    async def ended(self, mark: str) -> None:
        del self.kept[mark]

    async def left(self, mark: str, draft: str | None) -> None:
        self.told.append((mark, draft))

    async def open(self) -> list[OpenDraft]:
        return [OpenDraft(*each) for each in self.kept.items()]
