"""A server that knows a list of exchanges and nothing else: what is not asked as written there fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import MultiMapping
from pydantic import JsonValue
from yarl import URL

ANYTHING = "<anything>"
"""As a value of a query or a JSON body: there must be one, and it cannot be known beforehand (the time of day)."""

_REFUSED_STATUS = 400
"""Never tried again by the port, so that a test fails at once."""


@dataclass(frozen=True)
class Answer:
    """What the system says.

    Attributes:
        document: sent as JSON.
        text: sent instead of JSON, for XML, web pages and broken answers.
        headers, cookies: sent with it. In `document`, `text` and `headers`, `{server}` stands for the base URL of the
            server, for systems that give absolute links.
    """

    document: JsonValue = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None

    def response(self, server: str) -> web.Response:
        """The answer as aiohttp sends it. No body for 204."""
        body = orjson.dumps(self.document).decode() if self.text is None else self.text
        kind = "application/json" if self.text is None else "text/plain"
        if self.status == 204:
            response = web.Response(status=self.status)
        else:
            response = web.Response(status=self.status, text=body.replace("{server}", server), content_type=kind)
        for name, value in self.headers.items():
            response.headers[name] = value.replace("{server}", server)
        for name, value in self.cookies.items():
            response.set_cookie(name, value)
        return response


@dataclass(frozen=True)
class Exchange:
    """One request as it must come, and its answer.

    Attributes:
        method, path: the path as the server understands it (percent-decoded), with the leading slash.
        query: every parameter there must be, decoded, and no other; None wants no query at all.
        headers: those that must be there with these values; others do not matter.
        body: JSON, where `1`, `1.0`, `true` and `"1"` are all different and the order of names is not looked at; a
            string is compared with the body as text (a form, an envelope). None wants no body.
    """

    method: str
    path: str
    answer: Answer
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JsonValue | str | None = None

    def differences(self, request: web.BaseRequest, body: bytes) -> list[str]:
        """Where a request is not this one, in words; empty when it is."""
        found: list[str] = []
        if (request.method, request.path) != (self.method, self.path):
            found.append(f"it is {request.method} {request.path}")
        found += _query_differences(request.query, dict(self.query or {}))
        for name, wanted in self.headers.items():
            if request.headers.get(name) != wanted:
                found.append(f"header {name} is {request.headers.get(name)!r} instead of {wanted!r}")
        shown, wanted_body = _comparable(body, self.body)
        if shown != wanted_body:
            found.append(f"the body is\n    {shown}\n  instead of\n    {wanted_body}")
        return found

    def __str__(self) -> str:
        return f"{self.method} {URL.build(path=self.path, query=dict(self.query or {}))}"


def _query_differences(query: MultiMapping[str], wanted: Mapping[str, str]) -> list[str]:
    found = [f"{name} is {value!r}, not wanted" for name, value in query.items() if name not in wanted]
    found += [f"{name} came {len(query.getall(name))} times" for name in set(query) if len(query.getall(name)) > 1]
    for name, value in wanted.items():
        if query.get(name) != value and (name not in query or value != ANYTHING):
            found.append(f"{name} is {query.get(name)!r} instead of {value!r}")
    return found


def _comparable(body: bytes, wanted: JsonValue) -> tuple[str, str]:
    """Both bodies as texts that are equal when the bodies are."""
    if wanted is None or isinstance(wanted, str):
        return body.decode(errors="backslashreplace"), wanted or ""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="backslashreplace"), _sorted(wanted)
    return _sorted(_with_anything(document, wanted)), _sorted(wanted)


def _with_anything(document: JsonValue, wanted: JsonValue) -> JsonValue:
    """The document with ANYTHING wherever that is wanted."""
    if isinstance(document, dict) and isinstance(wanted, dict):
        return {name: _with_anything(value, wanted.get(name)) for name, value in document.items()}
    if isinstance(document, list) and isinstance(wanted, list) and len(document) == len(wanted):
        return [_with_anything(*pair) for pair in zip(document, wanted, strict=True)]
    return ANYTHING if wanted == ANYTHING and document is not None else document


def _sorted(document: JsonValue) -> str:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


class _Script:
    def __init__(self, exchanges: tuple[Exchange, ...]) -> None:
        self._left = list(exchanges)
        self._unexpected: list[str] = []
        self.server = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        for position, exchange in enumerate(self._left):
            if not exchange.differences(request, body):
                del self._left[position]
                return exchange.answer.response(self.server)
        self._unexpected.append(self._described(request, body))
        return web.Response(status=_REFUSED_STATUS, text="the strict server expected no such request")

    def _described(self, request: web.BaseRequest, body: bytes) -> str:
        shown = f"unexpected: {request.method} {request.rel_url.human_repr()}"
        near = [each for each in self._left if (each.method, each.path) == (request.method, request.path)]
        if not near:
            return f"{shown} {body.decode(errors='backslashreplace')}".rstrip()
        differences = min((each.differences(request, body) for each in near), key=len)
        return "\n  ".join([shown, *differences])

    def problems(self, *, finished: bool) -> str:
        """What went wrong, or "". What is left over counts only for a test that came to its end."""
        unused = [f"never asked for: {exchange}" for exchange in self._left] if finished else []
        return "\n".join(self._unexpected + unused)


@asynccontextmanager
async def strict_server(*exchanges: Exchange) -> AsyncIterator[str]:
    """Base URL of a server on loopback that answers these exchanges, each once, in any order.

    Equal requests are answered in the order of the list; an exchange that may happen twice is listed twice.

    Raises:
        AssertionError: at the end, when a request came that is not in the list, one that differs from it, or when an
            exchange was never asked for. It tells which, also when the test fails first because of it.
    """
    script = _Script(exchanges)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server:
        script.server = str(server.make_url("")).rstrip("/")
        try:
            yield script.server
        except BaseException as error:
            if problems := script.problems(finished=False):
                raise AssertionError(problems) from error
            raise
    if problems := script.problems(finished=True):
        raise AssertionError(problems)
