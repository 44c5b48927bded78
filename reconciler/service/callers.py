"""Who calls, and whether they may: every route says for which roles it is, and one that says nothing is for nobody.

A caller shows a token (`Authorization: Bearer …`) or the cookie of a session that was opened with one. Where no tokens
are configured the service is on loopback only (`exposure`), and whoever is on this machine may do everything. A page of
another site in that person's browser is not them: see `browser`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, TypeVar

from aiohttp import hdrs, web

from reconciler.service.browser import BrowserGuard
from reconciler.service.problems import problem
from reconciler.service.rate_limit import RateLimit
from reconciler.service.tokens import Caller, Role, TokenTable

__all__ = ["ANYBODY_HERE", "CALLER", "WAIT", "Caller", "CallerCheck", "Role", "allows", "open_to_all", "roles_for"]

CALLER: Final = web.RequestKey("caller", Caller)
"""Where a handler finds who calls it."""

ANYBODY_HERE: Final = Caller("anonymous", frozenset(Role))
"""Whoever is on this machine, where no tokens are configured."""

_ROLES: Final = "reconciler_roles"
_SAFE_METHODS: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
_CHALLENGE: Final[Mapping[str, str]] = {hdrs.WWW_AUTHENTICATE: 'Bearer realm="reconciler"'}
_BAD_TOKEN: Final[Mapping[str, str]] = {hdrs.WWW_AUTHENTICATE: 'Bearer realm="reconciler", error="invalid_token"'}


class Wait(Enum):
    """An answer that is not known at once."""

    WAIT = "wait"


WAIT: Final = Wait.WAIT

H = TypeVar("H", bound=Callable[..., Awaitable[web.StreamResponse]])


def allows(*roles: Role) -> Callable[[H], H]:
    """The route is for callers who have one of these roles, and for admins."""

    def mark(handler: H) -> H:
        setattr(handler, _ROLES, frozenset({*roles, Role.ADMIN}))
        return handler

    return mark


def open_to_all(handler: H) -> H:
    """The route asks nobody who they are: it gives nothing away, or proves by itself who calls."""
    setattr(handler, _ROLES, frozenset())
    return handler


def roles_for(handler: object) -> frozenset[Role] | None:
    """The roles of which one is needed; empty for a route that is open to all, None where nothing was said."""
    found: frozenset[Role] | None = getattr(handler, _ROLES, None)
    return found


class SessionDesk(Protocol):
    """Knows the sessions that were opened with a token."""

    def cookie(self, request: web.Request) -> str | None:
        """The session id that the request carries."""

    async def caller(self, session_id: str) -> Caller | None:
        """Whose session that is, while it lasts."""

    def is_meant(self, request: web.Request, session_id: str, in_form: str = "") -> bool:
        """Whether the request, or its form, carries the secret that only pages of this service know of that session."""


@dataclass(frozen=True, slots=True)
class CallerCheck:
    """Lets a request through to its handler, or answers why not.

    Args:
        tokens: None where whoever is on this machine may call.
        anybody_here: whether that is so. False without tokens refuses everybody.
    """

    tokens: TokenTable | None
    sessions: SessionDesk | None
    browser: BrowserGuard
    rate: RateLimit
    anybody_here: bool = False

    def at_once(self, request: web.Request) -> web.Response | Wait | None:
        """Why the request may not go to its handler; None: it may. WAIT where `refusal` has to be asked.

        Most calls show a token, and to know whose it is nothing has to be waited for.
        """
        match = request.match_info
        if match.http_exception is not None:
            return None
        needed = roles_for(match.handler)
        if needed is None:
            return problem(403, "forbidden", "This route is for nobody.")
        if not needed:
            return None
        caller = self._shown(request)
        return WAIT if caller is None else self._refusal(request, caller, needed)

    async def refusal(self, request: web.Request) -> web.Response | None:
        """The same, where the caller shows no token."""
        needed = roles_for(request.match_info.handler) or frozenset()
        return self._refusal(request, await self.caller(request), needed)

    def _refusal(
        self, request: web.Request, caller: Caller | web.Response, needed: frozenset[Role]
    ) -> web.Response | None:
        if not isinstance(caller, Caller):
            return caller
        refusal = self.refused(caller, needed)
        if refusal is None:
            request[CALLER] = caller
        return refusal

    def refused(self, caller: Caller, needed: frozenset[Role]) -> web.Response | None:
        """Why this caller may not, now."""
        wait_s = self.rate.take(caller.name)
        if wait_s > 0:
            title = "This token asks more often than it may."
            return problem(429, "too_many_requests", title, {hdrs.RETRY_AFTER: str(math.ceil(wait_s))})
        if needed.isdisjoint(caller.roles):
            return problem(403, "forbidden", "This token does not have a role that may do this.")
        return None

    async def caller(self, request: web.Request, *, csrf_in_form: str = "") -> Caller | web.Response:
        """Who calls, or the answer that tells them that they are nobody. For a handler that is open to all, too.

        Args:
            csrf_in_form: what a form carried, for a handler that reads one.
        """
        if self.anybody_here:
            return self._local(request)
        if self.tokens is None:
            return problem(401, "no_tokens_configured", "No tokens are configured: nobody may call this.", _CHALLENGE)
        shown = self._shown(request)
        if shown is not None:
            return shown
        session_id = None if self.sessions is None else self.sessions.cookie(request)
        if self.sessions is None or session_id is None:
            return problem(401, "token_missing", "Show a token: Authorization: Bearer …", _CHALLENGE)
        return await self._session(self.sessions, request, session_id, csrf_in_form)

    def _shown(self, request: web.Request) -> Caller | web.Response | None:
        """Whose token is shown; None where none is, or none are known."""
        shown = request.headers.get(hdrs.AUTHORIZATION)
        if shown is None or self.tokens is None or self.anybody_here:
            return None
        scheme, _, token = shown.partition(" ")
        caller = self.tokens.caller(token.strip()) if scheme.lower() == "bearer" else None
        return caller or problem(401, "token_unknown", "This token is not known.", _BAD_TOKEN)

    async def _session(
        self, sessions: SessionDesk, request: web.Request, session_id: str, csrf_in_form: str
    ) -> Caller | web.Response:
        if not self.browser.is_own_page(request):
            return problem(403, "foreign_page", "A page of another site may not act for who is signed in here.")
        caller = await sessions.caller(session_id)
        if caller is None:
            return problem(401, "session_ended", "This session has ended; sign in again.", _CHALLENGE)
        if request.method not in _SAFE_METHODS and not sessions.is_meant(request, session_id, csrf_in_form):
            return problem(403, "csrf_token_wrong", "The request does not carry the X-CSRF-Token of its session.")
        return caller

    def _local(self, request: web.Request) -> Caller | web.Response:
        if not self.browser.is_for_this_machine(request):
            return problem(403, "foreign_host", "Without tokens only this machine is answered, called by its own name.")
        if not self.browser.is_own_page(request, or_no_page=True):
            return problem(403, "foreign_page", "A page of another site may not use this service.")
        return ANYBODY_HERE
