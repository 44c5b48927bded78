"""Signing in with a token: `POST /sign-in` opens a session, whose random id is in a cookie and nowhere else.

The state keeps a hash of the id, so that every process knows the session and a copy of the state lets nobody in. A
session ends by time, by `POST /sign-out`, and when its token is taken out of the configuration.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlencode

from aiohttp import hdrs, web

from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import open_to_all
from reconciler.service.exposure import Exposure
from reconciler.service.problems import problem
from reconciler.service.rate_limit import RateLimit
from reconciler.service.tokens import Caller, TokenTable
from reconciler.store.state.sessions import ServiceSessions

CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf_token"
LASTS: Final = timedelta(hours=12)
_MOST_OF_ONE_TOKEN: Final = 50
_RANDOM_BYTES: Final = 32
_LARGEST_FORM_BYTES: Final = 4096
_HOME: Final = "/"
_QUOTE_FIELD: Final = "quote"
_REFUSED: Final = "refused"
_TOO_OFTEN: Final = "often"
_FORM: Final = "application/x-www-form-urlencoded"
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Sessions:
    """Opens, knows and ends sessions.

    Args:
        rate: how often one token may be used to sign in, together with all else it does.
    """

    def __init__(
        self, kept: ServiceSessions, exposure: Exposure, browser: BrowserGuard, rate: RateLimit, bodies: Bodies
    ) -> None:
        self._kept = kept
        self._tokens: TokenTable | None = exposure.tokens
        self._secure = exposure.is_encrypted
        self._browser = browser
        self._rate = rate
        self._bodies = bodies
        # The prefix makes a browser refuse a cookie that another host, or plain HTTP, tries to set.
        self._cookie_name = "__Host-reconciler" if self._secure else "reconciler"

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_post("/sign-in", self._sign_in)
        application.router.add_post("/sign-out", self._sign_out)

    def cookie(self, request: web.Request) -> str | None:
        """The session id that the request carries, if it can be one."""
        session_id = request.cookies.get(self._cookie_name)
        return session_id if session_id is not None and _SESSION_ID.fullmatch(session_id) else None

    async def caller(self, session_id: str) -> Caller | None:
        """Whose session that is, while it lasts and its token is accepted.

        Raises:
            StateError: the state cannot be read.
        """
        if self._tokens is None:
            return None
        mark = await self._kept.token_mark(_digest(session_id))
        return None if mark is None else self._tokens.marked(mark)

    def is_meant(self, request: web.Request, session_id: str, in_form: str = "") -> bool:
        """Whether the request, or its form, carries the session's CSRF token."""
        shown = request.headers.get(CSRF_HEADER) or in_form
        return hmac.compare_digest(csrf_token(session_id).encode(), shown.encode("utf-8", "replace"))

    @open_to_all
    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        form = await self._form(request)
        if isinstance(form, web.Response):
            return form
        if self._tokens is None:
            return problem(409, "no_tokens_configured", "No tokens are configured, so nobody can sign in with one.")
        token = form.get("token", "").strip()
        mark, caller = self._tokens.mark(token), self._tokens.caller(token)
        if mark is None or caller is None:
            return _back(request, form, _REFUSED, problem(401, "token_unknown", "This token is not known."))
        wait_s = self._rate.take(caller.name)
        if wait_s > 0:
            often = problem(429, "too_many_requests", "This token signs in too often.", {hdrs.RETRY_AFTER: "60"})
            return _back(request, form, _TOO_OFTEN, often)
        session_id = secrets.token_urlsafe(_RANDOM_BYTES)
        opening = self._kept.begin(_digest(session_id), mark, lasts=LASTS, most=_MOST_OF_ONE_TOKEN)
        # A browser that goes away half-way must not take the transaction with it.
        await asyncio.shield(opening)
        answer = _home(_page_of(form))
        answer.set_cookie(
            self._cookie_name,
            session_id,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            max_age=int(LASTS.total_seconds()),
        )
        return answer

    @open_to_all
    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        form = await self._form(request)
        if isinstance(form, web.Response):
            return form
        session_id = self.cookie(request)
        if session_id is not None:
            if not self.is_meant(request, session_id, form.get(CSRF_FIELD, "")):
                wrong = problem(403, "csrf_token_wrong", "The request does not carry the CSRF token of its session.")
                return _home(_HOME) if _reads_pages(request) else wrong
            await asyncio.shield(self._kept.end(_digest(session_id)))
        answer = _home(_HOME)
        answer.del_cookie(self._cookie_name, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return answer

    async def _form(self, request: web.Request) -> dict[str, str] | web.Response:
        """The fields of a form that a page of ours sent."""
        if not self._browser.is_own_page(request):
            return problem(403, "foreign_page", "A page of another site may not sign anybody in or out.")
        if request.content_type != _FORM:
            return problem(415, "not_form_type", f"The form is {_FORM}.")
        body = await self._bodies.read(request, _LARGEST_FORM_BYTES)
        if isinstance(body, web.Response):
            return body
        try:
            fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=8)
        except ValueError:
            return problem(400, "form_not_understood", "The form is not urlencoded.")
        return {name: values[0] for name, values in fields.items()}


def csrf_token(session_id: str) -> str:
    """What a page of the session shows to prove that it is one: `X-CSRF-Token`, or the field `csrf_token`."""
    return hashlib.sha256(b"csrf token of a session\0" + session_id.encode()).hexdigest()


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _home(where: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: where})


def _page_of(form: Mapping[str, str], **more: str) -> str:
    """The page, of the quote that was to be looked at before."""
    number = form.get(_QUOTE_FIELD, "")
    query = {**({_QUOTE_FIELD: number} if number else {}), **more}
    return f"{_HOME}?{urlencode(query)}" if query else _HOME


def _back(request: web.Request, form: Mapping[str, str], reason: str, otherwise: web.Response) -> web.Response:
    """A browser is sent back to the page, which tells; everybody else gets the problem."""
    return _home(_page_of(form, sign_in=reason)) if _reads_pages(request) else otherwise


def _reads_pages(request: web.Request) -> bool:
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")
