"""A Tryton server that answers only the requests it expects, to the letter, and refuses all others.

The exchanges are those of a running trytond 8.2.1, with made-up data.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.ports.http.client import HttpPort
from tests.ports.stand_in import StandIn

_CONTEXT = {"company": 1, "companies": [1]}
PARTY_FIELDS = [
    "name",
    "active",
    "last_modified_at",
    "identifiers.type",
    "identifiers.code_compact",
    "addresses.street",
    "addresses.city",
    "addresses.postal_code",
    "addresses.subdivision.code",
    "email",
    "phone",
    "mobile",
    "credit_limit_amount",
]
PRODUCT_FIELDS = [
    "code",
    "name",
    "active",
    "template.active",
    "last_modified_at",
    "list_price_used",
    "default_uom.symbol",
    "template.tariff_codes.tariff_code.code",
]
STAMP = {
    "__class__": "datetime",
    "year": 2026,
    "month": 11,
    "day": 22,
    "hour": 6,
    "minute": 3,
    "second": 35,
    "microsecond": 577890,
}
ACTIVE = ["active", "in", [True, False]]
_TOKEN = "0f" * 32


def party(identity: int, **changes: Any) -> dict[str, Any]:
    """A made-up party as `search_read` gives it."""
    return {
        "id": identity,
        "name": f"Distribuidora {identity} Ltda",
        "active": 1,
        "last_modified_at": STAMP,
        "email": f"fiscal{identity}@example.com",
        "phone": "",
        "mobile": "+55 11 98888-7777",
        "credit_limit_amount": {"__class__": "Decimal", "decimal": "185000.10"},
        "addresses.": [
            {
                "id": 2,
                "street": "Rua das Flores, 10",
                "city": "São Paulo",
                "postal_code": "01310-100",
                "subdivision.": {"id": 25, "code": "BR-SP"},
            },
            {"id": 3, "street": "Rua B", "city": "Curitiba", "postal_code": None, "subdivision.": None},
        ],
        "identifiers.": [
            {"id": 8, "type": "br_ie", "code_compact": "110042490114"},
            {"id": 9, "type": "br_vat", "code_compact": "11222333000181"},
        ],
        **changes,
    }


PRODUCT = {
    "id": 4,
    "code": "P0004",
    "name": "Parafuso sextavado",
    "active": 1,
    "last_modified_at": STAMP,
    "list_price_used": {"__class__": "Decimal", "decimal": "4928.8400"},
    "default_uom.": {"id": 1, "symbol": "u"},
    "template.": {"id": 4, "active": 0, "tariff_codes.": [{"id": 1, "tariff_code.": {"id": 6, "code": "73181500"}}]},
}

Exchange = tuple[str, list[Any], Any]
"""Method, parameters, and the answer: a body, or a response."""


def read(domain: list[Any], limit: int, fields: list[str], found: Any) -> Exchange:
    """A `search_read` of parties and its answer."""
    params = [domain, 0, limit, [["id", "ASC"]], fields, _CONTEXT]
    return "model.party.party.search_read", params, {"id": 1, "result": found}


def read_products(domain: list[Any], found: Any) -> Exchange:
    """A `search_read` of products, where the context lets deactivated ones through."""
    params = [domain, 0, 500, [["id", "ASC"]], PRODUCT_FIELDS, {**_CONTEXT, "active_test": False}]
    return "model.product.product.search_read", params, {"id": 1, "result": found}


def login(answer: Any = None) -> Exchange:
    """The log-in of the integration user."""
    found = answer if answer is not None else {"id": 1, "result": [2, _TOKEN, None]}
    return "common.db.login", ["crm", {"password": "made-up-password"}], found


def preferences(**changes: Any) -> Exchange:
    """The context of the user, as the log-in asks for it."""
    found = {"company": 1, "companies": [1], "employees": [], "language": "en", **changes}
    return "model.res.user.get_preferences", [True, {}], {"id": 1, "result": found}


LOGOUT: Exchange = ("common.db.logout", [], {"id": 1, "result": None})


def lost() -> web.Response:
    """What a request gets whose session is unknown or over."""
    return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="Tryton"'})


class Tryton:
    """Answers the exchanges, each once and in any order. What was not expected, or did not take place, is a failure."""

    def __init__(self, *exchanges: Exchange) -> None:
        self._left = list(exchanges)
        self.asked: list[str] = []
        self.unexpected: list[Any] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.asked.append(body.get("method"))
        right_session = base64.b64encode(f"crm:2:{_TOKEN}".encode()).decode()
        for exchange in self._left:
            method, params, found = exchange
            if (
                (request.method, request.path) == ("POST", "/rig/rpc/")
                and body == {"id": 1, "method": method, "params": params}
                and request.headers.get("Accept-Encoding") == "gzip"
                and (method == "common.db.login" or request.headers.get("Authorization") == f"Session {right_session}")
            ):
                self._left.remove(exchange)
                return found() if callable(found) else _compressed(found)
        self.unexpected.append((request.path, body))
        return web.json_response({"id": 1, "error": ["unexpected", ""]})

    @property
    def left(self) -> list[str]:
        """Methods of the exchanges that did not take place."""
        return [method for method, _, _ in self._left]


def _compressed(body: Any) -> web.Response:
    """As trytond answers above 1,400 characters."""
    content = gzip.compress(orjson.dumps(body))
    return web.Response(body=content, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


@asynccontextmanager
async def connected(tryton: Tryton, *, some_stay: bool = False) -> AsyncIterator[Connector]:
    """A connector to it; `some_stay` says that not every exchange will take place."""
    description = load_description("tryton", Path())
    assert description.http is not None
    credentials = {"login": "crm", "password": "made-up-password"}
    async with (
        StandIn(tryton.answer) as server,
        HttpPort(
            "erp", description.http, base_url=f"{server.base_url}/rig", credentials=credentials, context={}
        ) as port,
    ):
        yield Connector("erp", description, port, ZoneInfo("America/Sao_Paulo"))
    assert tryton.unexpected == []
    assert some_stay or tryton.left == []
