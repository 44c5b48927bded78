"""Reading what callers send: bounded in size, time and depth, and in the memory that all of it takes together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import hdrs, web

from reconciler.service.problems import problem, unavailable

_DEEPEST: Final = 16
_OPENING: Final = (b"{", b"[")
_JSON_TYPE: Final = "application/json"


@dataclass(slots=True)
class Bodies:
    """Reads bodies.

    Args:
        within_s: from the head of a request to the end of its body.
        together_bytes: room that may be promised to bodies on their way.
    """

    within_s: float = 10.0
    together_bytes: int = 64 * 1024 * 1024
    _promised_bytes: int = 0

    async def read(self, request: web.Request, limit_bytes: int) -> bytes | web.Response:
        """The body as sent, or the answer that tells why not. What was not read is not waited for."""
        arrived = self.arrived(request, limit_bytes)
        return await self._arriving(request, limit_bytes) if arrived is None else arrived

    def arrived(self, request: web.Request, limit_bytes: int) -> bytes | web.Response | None:
        """The same for a body that came with the head, which is how most do; None where it is still on its way."""
        content = request.content
        if content.is_eof() and content.exception() is None:
            body = content.read_nowait()
            return body if len(body) <= limit_bytes else _too_large(limit_bytes)
        return _too_large(limit_bytes) if (request.content_length or 0) > limit_bytes else None

    async def _arriving(self, request: web.Request, limit_bytes: int) -> bytes | web.Response:
        room_bytes = request.content_length or limit_bytes
        if self._promised_bytes + room_bytes > self.together_bytes:
            return _ended(unavailable("busy", "Too much is being sent at once."))
        self._promised_bytes += room_bytes
        try:
            async with asyncio.timeout(self.within_s):
                return await _read(request, limit_bytes)
        except TimeoutError:
            return _ended(problem(408, "too_slow", "The body did not arrive in time."))
        except (ConnectionError, web.RequestPayloadError):
            return _ended(problem(400, "body_incomplete", "The body did not arrive whole."))
        finally:
            self._promised_bytes -= room_bytes


def not_plain_json(request: web.Request) -> web.Response | None:
    """Why the body is not JSON as it stands. No form of a web page can send this type unasked."""
    headers = request.headers
    # Compared first as nearly everybody writes it: taking it apart takes longer.
    if headers.get(hdrs.CONTENT_TYPE) != _JSON_TYPE and request.content_type != _JSON_TYPE:
        return problem(415, "not_json_type", "The body is application/json.")
    if hdrs.CONTENT_ENCODING in headers and headers[hdrs.CONTENT_ENCODING].lower() != "identity":
        return problem(415, "encoded_body", "The body is sent without content encoding.")
    return None


def decoded(body: bytes) -> object | web.Response:
    """The JSON document, or the answer that tells that it is none."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return problem(400, "not_json", "The body is not JSON.", detail=f"line {error.lineno}, column {error.colno}")
    # So few brackets cannot be nested too deep.
    if sum(body.count(each) for each in _OPENING) > _DEEPEST and _is_deeper(document, _DEEPEST):
        return problem(400, "too_deep", f"The body is nested deeper than {_DEEPEST} levels.")
    return document  # type: ignore[no-any-return]  # orjson says nothing of what it gives


def _is_deeper(document: object, levels: int) -> bool:
    level = [document]
    for _ in range(levels):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        if not inner:
            return False
        level = inner
    return any(isinstance(each, dict | list) for each in level)


async def _read(request: web.Request, limit_bytes: int) -> bytes | web.Response:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limit_bytes:
            return _too_large(limit_bytes)
    return bytes(body)


def _too_large(limit_bytes: int) -> web.Response:
    return _ended(problem(413, "too_large", f"The body has at most {limit_bytes} bytes."))


def _ended(answer: web.Response) -> web.Response:
    """The rest of the body is not worth reading: the connection ends with the answer."""
    answer.force_close()
    return answer
