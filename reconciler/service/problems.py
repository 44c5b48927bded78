"""Errors as `application/problem+json` (RFC 9457): a stable `code`, and a `title` for people without outside text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson
import structlog
from aiohttp import web

from reconciler.errors import StateError
from reconciler.service import request_id
from reconciler.service.gate import BusyError

_log = structlog.get_logger("reconciler.service")

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = "5"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NAMES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_TITLES: Final = {404: "There is nothing at this address.", 405: "This method is not allowed here."}


def problem(
    status: int,
    code: str,
    title: str,
    headers: Mapping[str, str] | None = None,
    *,
    detail: str = "",
    place: str = "",
    mistakes: Sequence[Mapping[str, str]] = (),
) -> web.Response:
    """One error answer.

    Args:
        detail: what is wrong this time; may repeat what the caller sent.
        place: where in what they sent, such as `lines[0].sku`.
        mistakes: `place` and `detail` of everything that is wrong, this one first.
    """
    document: dict[str, object] = {"type": "about:blank", "status": status, "code": code, "title": title}
    more = {"detail": detail, "place": place, "mistakes": mistakes, "request_id": request_id.current.get()}
    document.update((name, value) for name, value in more.items() if value)
    return web.Response(status=status, body=orjson.dumps(document), content_type=PROBLEM_TYPE, headers=headers)


def problem_of(request: web.Request, error: Exception) -> web.Response:
    """The problem document for whatever went wrong; what is our fault may be tried again by the caller."""
    match error:
        case web.HTTPException():
            kept = {name: value for name, value in error.headers.items() if name in {"Allow"}}
            code = _NAMES.get(error.status, "refused")
            return problem(error.status, code, _TITLES.get(error.status, "The request was refused."), kept)
        case BusyError():
            return unavailable("overloaded", "Too much is asked at once.")
        case StateError():
            _log.error("state_unusable", code=error.code, problem=error.message, request_id=request_id.current.get())
            return unavailable("state_unavailable", "The state cannot be used now; nothing was taken.")
        case _:
            # Without the traceback: it may hold what the caller sent.
            _log.error(
                "request_broke",
                error=type(error).__name__,
                at=_where(error),
                route=route_of(request),
                request_id=request_id.current.get(),
            )
            return problem(500, "internal_error", "Something went wrong here that should not.")


def unavailable(code: str, title: str) -> web.Response:
    """Nothing was done; the caller may come again."""
    return problem(503, code, title, {"Retry-After": RETRY_AFTER_S})


def route_of(request: web.Request) -> str:
    """The template of the address, such as `/v1/quotes/{number}/taxes`: what callers put into it is left out."""
    resource = request.match_info.route.resource
    return "-" if resource is None else resource.canonical


def _where(error: Exception) -> str:
    """The place in our code; nothing of what was handled there."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "-"
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
