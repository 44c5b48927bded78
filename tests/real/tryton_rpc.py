"""A minimal JSON-RPC client of Tryton 8.2, independent of the product, to read what the server really holds."""

from __future__ import annotations

import base64
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

_PAGE = 500


class TrytonRpc:
    """One session. Use as an async context manager."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._url = url.rstrip("/") + "/rpc/"
        self._login = login
        self._password = password
        self._context: dict[str, Any] = {}
        self._headers: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            user, token, *_ = await self._call("common.db.login", [self._login, {"password": self._password}])
            session = base64.b64encode(f"{self._login}:{user}:{token}".encode()).decode()
            self._headers = {"Authorization": f"Session {session}"}
            self._context = await self._call("model.res.user.get_preferences", [True, {}])
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def records(self, model: str, fields: list[str]) -> list[dict[str, Any]]:
        """Every record of a model, deactivated ones included, in the order of their ids."""
        found: list[dict[str, Any]] = []
        last = 0
        while True:
            domain = [["id", ">", last], ["active", "in", [True, False]]]
            method = f"model.{model}.search_read"
            page = await self._call(method, [domain, 0, _PAGE, [["id", "ASC"]], fields, self._context])
            found += page
            if len(page) < _PAGE:
                return found
            last = page[-1]["id"]

    async def _call(self, method: str, params: list[Any]) -> Any:
        body = orjson.dumps({"id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip", **self._headers}
        async with self._session.post(self._url, data=body, headers=headers) as response:
            response.raise_for_status()
            answer = orjson.loads(await response.read())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error'][0]}")
        return answer["result"]
