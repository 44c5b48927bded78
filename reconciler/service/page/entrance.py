"""Who looks at the page, and what those see who may not ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import hdrs, web

from reconciler.reports.html.markup import EMPTY, Html, element
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import Caller, CallerCheck, Role
from reconciler.service.page.asking import Refused
from reconciler.service.page.view import View, banner
from reconciler.service.sessions import Sessions, csrf_token

_MAY_ASK: Final = frozenset({Role.SALES, Role.REVIEWER, Role.ADMIN})
_NEEDS_SIGNING_IN: Final = frozenset({"token_missing", "session_ended"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may ask.

    Attributes:
        csrf: what forms of their session carry; "" where there are no sessions.
    """

    caller: Caller
    csrf: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who has to sign in first. `ended`: they had."""

    ended: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody who may not ask; `visitor` when it is known who that is."""

    refused: Refused
    visitor: Visitor | None = None


Guest = Visitor | Stranger | Refusal


@dataclass(frozen=True, slots=True)
class Entrance:
    """Tells who is there."""

    check: CallerCheck
    sessions: Sessions
    browser: BrowserGuard

    def comes_from_elsewhere(self, request: web.Request) -> bool:
        """Whether a page of another site leads here: then nothing is asked before the visitor says so."""
        return request.method == hdrs.METH_GET and not self.browser.is_own_page(request, or_no_page=True)

    async def guest(self, request: web.Request, shown_csrf: str = "") -> Guest:
        """Who that is. Counts as one request of theirs.

        Args:
            shown_csrf: what a form carried.

        Raises:
            StateError: sessions cannot be looked up.
        """
        caller = await self.check.caller(request, csrf_in_form=shown_csrf)
        if isinstance(caller, web.Response):
            refused = Refused.told_by(caller)
            if refused.code in _NEEDS_SIGNING_IN:
                return Stranger(refused.code == "session_ended")
            return Refusal(refused)
        session_id = None if self.check.anybody_here else self.sessions.cookie(request)
        visitor = Visitor(caller, "" if session_id is None else csrf_token(session_id))
        refusal = self.check.refused(caller, _MAY_ASK)
        return visitor if refusal is None else Refusal(Refused.told_by(refusal), visitor)


def sign_in_form(view: View, number: str, *, ended: bool, failed: str) -> Html:
    """Asks for a token.

    Args:
        number: of the quote that was to be looked at.
        failed: how signing in ended, in the word that `POST /sign-in` puts into the address; "" before it.
    """
    texts = view.texts
    why = {"refused": texts.credential_refused, "often": texts.problems["too_many_requests"]}
    told = why.get(failed) or (texts.session_ended if ended else "")
    field = element(
        "div",
        element("label", texts.credential, for_="token"),
        element(
            "input",
            type="password",
            id="token",
            name="token",
            autocomplete="current-password",
            required="",
            autofocus="",
            aria_describedby="token-told" if told else None,
            aria_invalid="true" if failed == "refused" else None,
        ),
        class_="field",
    )
    return element(
        "form",
        element("h2", texts.sign_in),
        element("div", banner(told), id="token-told") if told else EMPTY,
        element("p", texts.sign_in_lead),
        element("input", type="hidden", name="quote", value=number) if number else EMPTY,
        element("div", field, element("button", texts.sign_in, type="submit", class_="main"), class_="row"),
        id="sign-in",
        class_="card",
        method="post",
        action="/sign-in",
    )


def threshold(view: View, number: str) -> Html:
    """For visitors that a page of another site sent: one step of their own, and the browser shows their session."""
    texts = view.texts
    where = f"/?{urlencode({'quote': number})}" if number else "/"
    return element(
        "section",
        element("h2", texts.from_elsewhere),
        element("p", texts.from_elsewhere_lead),
        element("p", element("a", texts.go_on, href=where, class_="main button")),
        class_="card",
        id="threshold",
    )
