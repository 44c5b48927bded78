"""The service over a made-up ERP, answered over a real socket, and callers with tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from yarl import URL

from reconciler.app.carried_taxes import CarriedTaxes
from reconciler.app.findings import FindingPages
from reconciler.app.quote_reading import Quote, QuoteReader
from reconciler.app.taxes import TaxDesk
from reconciler.app.wire import Workspace
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import TaxKind
from reconciler.project import load_project
from reconciler.service.access_log import AccessLog
from reconciler.service.application import application
from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.corrections import CorrectionRoom
from reconciler.service.exposure import Exposure
from reconciler.service.health import Health
from reconciler.service.history import HistoryRoom
from reconciler.service.openapi import Documentation
from reconciler.service.page.opening import page_rooms
from reconciler.service.rate_limit import RateLimit
from reconciler.service.sessions import Sessions
from reconciler.service.taxes import Absent, TaxRoom
from reconciler.service.tokens import read_tokens
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.state import State
from reconciler.taxes.drift import CarriedLine, Member, StatedTax
from tests.store.state_cases import Clock as WallClock
from tests.taxes.engine import Clock, Source, engine

TOKENS = {role: f"{role}-token-0123456789" for role in ("sales", "reviewer", "admin", "metrics")}
CNPJ = "12ABC34501DE35"
QUOTE = {
    "customer": {"tax_id": CNPJ},
    "ship_to": {"state": "PR", "city_ibge": "4106902"},
    "date": "2026-11-22",
    "lines": [{"line": "1", "sku": "P0004", "quantity": "2", "unit_price": "4928.84", "discount": "0"}],
}
PROJECT = """
[project]
name = "acme"
locale = "en"
[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9/crm"
credentials = { user_key = "made-up-key" }
[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:9/erp"
credentials = { user = "u", password = "made-up-password" }
[scope.customers]
"""


class Quotes(QuoteReader):
    """One quote, whose line carries an ICMS of 1,000.00, and no CRM."""

    keeps_taxes = True

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.carried = CarriedTaxes((), {TaxKind.ICMS: frozenset({Member.AMOUNT})})

    async def quote(self, number: str) -> Quote:
        if self.problem is not None:
            raise self.problem
        if number != "1202":
            raise WrongQuoteError(f"the CRM has no quote {number}.", code="unknown_quote", place="number")
        would_be = {name: part for name, part in QUOTE.items() if name != "date"}
        taxes = (StatedTax(TaxKind.ICMS, amount=Decimal(1000)),)
        return Quote("71", number, number, "2", would_be, (CarriedLine("1", "P0004", taxes),), {})


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return orjson.loads(self.body)

    @property
    def problem(self) -> tuple[int, str]:
        """Status and code; the rest of a problem document is checked on the way."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        document = self.document
        assert document["status"] == self.status
        assert document["title"]
        assert document["request_id"] == self.headers["X-Request-Id"]
        return self.status, document["code"]


@dataclass
class Service:
    """A running service.

    Attributes:
        log: the access log, as bytes.
    """

    state: State
    source: Source
    clock: Clock
    wall: WallClock
    quotes: Quotes
    server: BaseTestServer
    session: aiohttp.ClientSession
    log: BytesIO
    workspace: Workspace
    tokens: Mapping[str, str] = field(default_factory=lambda: TOKENS)

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str | None = "admin",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        sent = dict(headers or {})
        if role is not None:
            sent.setdefault("Authorization", f"Bearer {self.tokens[role]}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        url = URL(f"http://{self.server.host}:{self.server.port}{path}", encoded=True)
        async with self.session.request(
            method, url, data=body, headers=sent, allow_redirects=False, **options
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def taxes(self, body: Any = QUOTE, path: str = "/v1/taxes", **options: Any) -> Answer:
        return await self.call("POST", path, body=body, **options)


@asynccontextmanager
async def service_in(
    folder: Path,
    *,
    tokens: str | None = None,
    anybody_here: bool = False,
    per_minute: float = 1_000_000,
    public_url: str | None = None,
    behind_proxy: bool = False,
    desk: Absent | None = None,
    desk_class: type[TaxDesk] = TaxDesk,
    bodies: Bodies | None = None,
    project_text: str = PROJECT,
    **settings: Any,
) -> AsyncIterator[Service]:
    """The rooms as `opening` puts them together. `settings` are those of the engine; tokens are of every role."""
    (folder / "reconciler.toml").write_text(project_text)
    project = load_project(folder / "reconciler.toml", {})
    text = tokens or "\n".join(f"{role}-caller:{role}:{token}" for role, token in TOKENS.items())
    exposure = Exposure("127.0.0.1", None if anybody_here else read_tokens(text), anybody_here, None, behind_proxy)
    source, clock, wall, quotes, log = Source(), Clock(), WallClock(), Quotes(), BytesIO()
    bodies, browser, rate = bodies or Bodies(), BrowserGuard(public_url), RateLimit(per_minute)
    await _make_state(folder)
    async with State.open("sqlite:///state.db", folder, clock=wall) as state:
        workspace = Workspace(project, state, ContentFolder(folder / "snapshots"))
        sessions = Sessions(state.sessions, exposure, browser, rate, bodies)
        lookup = engine(source, clock, **settings)
        check = CallerCheck(exposure.tokens, sessions, browser, rate, anybody_here)
        asked = desk or desk_class(project, "made_up_erp", lookup)
        app = application(
            [
                TaxRoom(asked, quotes, bodies, quote_within_s=20.0),
                *page_rooms(workspace, asked, quotes, check, sessions, browser, bodies),
                HistoryRoom(state, FindingPages(workspace)),
                CorrectionRoom(workspace, bodies),
                sessions,
                Health(state),
                Documentation(),
            ],
            check,
            AccessLog(log),
        )
        async with TestServer(app) as server, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Service(state, source, clock, wall, quotes, server, session, log, workspace)
        await lookup.close()


_EMPTY_STATE: list[bytes] = []


async def _make_state(folder: Path) -> None:
    """An empty state where there is none; its tables are made once for all tests of a process."""
    file = folder / "state.db"
    if file.exists():
        return
    if not _EMPTY_STATE:
        async with State.open("sqlite:///state.db", folder):
            pass
        _EMPTY_STATE.append(file.read_bytes())
    file.write_bytes(_EMPTY_STATE[0])


def routes_of(app: web.Application) -> set[tuple[str, str]]:
    """Method and template of every route."""
    return {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
