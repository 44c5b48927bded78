"""Answers of both servers: JSON out, JSON in, and what is said when a request is refused."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

LARGEST_REQUEST_BYTES = 64 * 1024 * 1024


class Refusal(Exception):
    """A request cannot be served. Each server writes it in its own way.

    Attributes:
        status: HTTP status.
        message: for the caller.
        code: the ERP's name of the error; the CRM has none.
        member: the ERP's member that is wrong, if it is one.
    """

    def __init__(self, status: int, message: str, *, code: str = "", member: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.member = member


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON body."""
    return web.Response(
        body=orjson.dumps(value), status=status, content_type="application/json", charset="utf-8", headers=headers
    )


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body.

    Raises:
        Refusal: 400, it is not one.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "The body is not JSON.", code="JSON_INVALIDO") from error
    if not isinstance(value, dict):
        raise Refusal(400, "The body is not a JSON object.", code="JSON_INVALIDO")
    return value
