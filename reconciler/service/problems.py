"""Errors as `application/problem+json` (RFC 9457): a stable `code`, and a `title` for people without outside text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import orjson
import structlog
from aiohttp import web

from reconciler.errors import StateError

_log = structlog.get_logger("reconciler.service")

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = "5"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NAMES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_TITLES: Final = {404: "There is nothing at this address.", 405: "This method is not allowed here."}


def problem(status: int, code: str, title: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """One error answer."""
    body = orjson.dumps({"type": "about:blank", "status": status, "code": code, "title": title})
    return web.Response(status=status, body=body, content_type=PROBLEM_TYPE, headers=headers)


@web.middleware
async def errors_as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a problem document; what is our fault may be tried again by the caller."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: value for name, value in error.headers.items() if name in {"Allow"}}
        code = _NAMES.get(error.status, "refused")
        return problem(error.status, code, _TITLES.get(error.status, "The request was refused."), kept)
    except StateError as error:
        _log.error("state_unusable", code=error.code, problem=error.message)
        return unavailable("state_unavailable", "The state cannot be used now; nothing was taken.")
    except Exception as error:  # noqa: BLE001  # the caller gets an answer, and the service goes on for everybody else
        # Without the traceback: it may hold what the caller sent.
        _log.error("request_broke", error=type(error).__name__, path=request.path)
        return problem(500, "internal_error", "Something went wrong here that should not.")


def unavailable(code: str, title: str) -> web.Response:
    """Nothing was done; the caller may come again."""
    return problem(503, code, title, {"Retry-After": RETRY_AFTER_S})
