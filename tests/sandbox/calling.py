"""Calling a stand-in system over a real loopback socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from reconciler.sandbox.crm.server import CrmServer
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.start import served

USER_KEY = "key-of-the-test"
USER, PASSWORD = "tester", "password-of-the-test"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None when the body is not JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def rows(self) -> list[Any]:
        """The records of a CRM envelope."""
        found: list[Any] = self.json["value"]
        return found

    @property
    def ids(self) -> list[Any]:
        return [row["Id"] for row in self.rows]


def client() -> aiohttp.ClientSession:
    """A session that shows every dropped connection: by itself aiohttp repeats GET, PUT and DELETE once, unseen."""
    session = aiohttp.ClientSession()
    session._retry_connection = False  # as aiohttp's own TestClient does; there is no public way
    return session


class Caller:
    """Sends requests with the headers of one system."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, headers: Mapping[str, str]) -> None:
        self.session = session
        self.base_url = base_url
        self.headers = dict(headers)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        data = None if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.session.request(
            method, self.base_url + path, data=data, params=query, headers={**self.headers, **(headers or {})}
        ) as response:
            return Answer(response.status, await response.read(), response.headers)

    async def get(self, path: str, **query: str) -> Answer:
        """GET with query parameters; for the CRM their `$` is left out: `top="5"` is `$top=5`."""
        dollar = "$" if "User-Key" in self.headers else ""
        return await self.call("GET", path, query={f"{dollar}{name}": value for name, value in query.items()})

    async def misbehave(self, kind: str, every: int = 3) -> Answer:
        return await self.call("POST", "/_sandbox/misbehave", {"kind": kind, "every": every}, headers={})


@asynccontextmanager
async def crm_of(records: Mapping[str, Sequence[Any]], calls_per_minute: int | None = None) -> AsyncIterator[Caller]:
    """A CRM that holds these records, and a caller with its key."""
    server = CrmServer(records, user_key=USER_KEY, calls_per_minute=calls_per_minute)
    async with served(server.application()) as url, client() as session:
        yield Caller(session, url, {"User-Key": USER_KEY})


@asynccontextmanager
async def erp_of(records: Mapping[str, Sequence[Any]]) -> AsyncIterator[Caller]:
    """An ERP that holds these records, and a caller that is logged in."""
    server = ErpServer(records, user=USER, password=PASSWORD)
    async with served(server.application()) as url, client() as session:
        caller = Caller(session, f"{url}/api", {})
        await log_in(caller)
        yield caller


async def log_in(caller: Caller) -> None:
    """Open a session of the ERP and use it from now on."""
    answer = await caller.call("POST", "/sessao", {"usuario": USER, "senha": PASSWORD})
    assert answer.status == 200
    caller.headers["X-Sessao"] = answer.json["sessao"]
