"""A minimal JSON-RPC client of Tryton 8.2, independent of the product: it fills the server and reads what it holds."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

Record = dict[str, Any]

_PAGE = 500
_CREATED_AT_ONCE = 50
"""More overflow the parser stack of SQLite."""
_TIMEOUT_S = 120.0
_JSON = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}


class TrytonError(RuntimeError):
    """The server refused a call; `code` is its class of error."""

    def __init__(self, method: str, error: Any) -> None:
        super().__init__(f"{method}: {error}")
        self.code = str(error[0])


def decimal(value: Decimal | str) -> Record:
    """A number as Tryton wants it."""
    return {"__class__": "Decimal", "decimal": str(value)}


def day(value: date) -> Record:
    """A day as Tryton wants it."""
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


class TrytonRpc:
    """One session of one user. Use as a context manager; not for several threads."""

    def __init__(self, url: str, login: str, password: str) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
        self._path = f"{address.path.rstrip('/')}/rpc/"
        self._login = login
        self._password = password
        self._headers = dict(_JSON)
        self.context: Record = {}

    def __enter__(self) -> Self:
        try:
            user, token, *_ = self.raw("common.db.login", self._login, {"password": self._password})
            session = base64.b64encode(f"{self._login}:{user}:{token}".encode()).decode()
            self._headers["Authorization"] = f"Session {session}"
            self.read_context()
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.raw("common.db.logout")
        finally:
            self._connection.close()

    def read_context(self) -> None:
        """Take over what the user's preferences say now; the company is part of it."""
        self.context = self.raw("model.res.user.get_preferences", True, {})

    def call(self, method: str, *params: Any, **context: Any) -> Any:
        """A method that wants a context: `model.…` and `wizard.…`."""
        return self.raw(method, *params, {**self.context, **context})

    def records(self, model: str, fields: Sequence[str], *domain: Any, **context: Any) -> list[Record]:
        """Every record of a model that the domain and the context let through, in the order of their ids."""
        found: list[Record] = []
        while True:
            after = found[-1]["id"] if found else 0
            asked = [["id", ">", after], *domain], 0, _PAGE, [["id", "ASC"]], list(fields)
            page = self.call(f"model.{model}.search_read", *asked, **context)
            found += page
            if len(page) < _PAGE:
                return found

    def one(self, model: str, fields: Sequence[str], *domain: Any) -> Record:
        """The first record that the domain lets through. Raises LookupError when there is none."""
        found: list[Record] = self.call(f"model.{model}.search_read", list(domain), 0, 1, [["id", "ASC"]], list(fields))
        if not found:
            raise LookupError(f"{model}: no record is {domain}")
        return found[0]

    def create(self, model: str, values: Sequence[Record]) -> list[int]:
        """The ids of the new records, in order."""
        made: list[int] = []
        for start in range(0, len(values), _CREATED_AT_ONCE):
            made += self.call(f"model.{model}.create", values[start : start + _CREATED_AT_ONCE])
        return made

    def write(self, model: str, identity: int, **values: Any) -> None:
        """Change one record."""
        self.call(f"model.{model}.write", [identity], values)

    def raw(self, method: str, *params: Any) -> Any:
        """Any call. Raises TrytonError, or RuntimeError for an answer that is none."""
        body = orjson.dumps({"id": 1, "method": method, "params": params})
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method}: HTTP {response.status}")
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        answer = orjson.loads(content)
        if "error" in answer:
            raise TrytonError(method, answer["error"])
        return answer["result"]
