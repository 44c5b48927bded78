"""The document around what a visitor sees, and the policy that lets nothing else in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import hdrs, web

from reconciler.reports.html.markup import EMPTY, Html, Part, element, isolated, join
from reconciler.service.page.languages import FIELD, LANGUAGES
from reconciler.service.page.static import address_of
from reconciler.service.page.view import View, banner

SAFETY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers would then hide from us that our own forms are our own.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    hdrs.VARY: "Cookie, Sec-Fetch-Site",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the content.

    Attributes:
        caller: who is signed in; "" where nobody has to be.
        csrf: of the session, "" where there is none.
        number: of the quote that is shown.
        status: of the answer.
        title: before the name of the page.
        says: for screen readers, when the page is swapped in.
        retry_after_s: None leaves it out.
        address: of this page, for reading it in another language.
        has_result: there is a part with what came of a question, to which one can skip.
    """

    project: str
    caller: str = ""
    csrf: str = ""
    number: str = ""
    status: int = 200
    title: str = ""
    says: str = ""
    retry_after_s: int | None = None
    address: str = "/"
    has_result: bool = True


def page(content: Part, frame: Frame, view: View) -> web.Response:
    """The whole document."""
    texts = view.texts
    title = " · ".join(part for part in (frame.title, texts.title) if part)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        element("link", rel="icon", href=address_of("icon.svg"), type="image/svg+xml"),
        element("link", rel="stylesheet", href=address_of("page.css")),
        element("script", src=address_of("page.js"), defer=""),
    )
    body = element(
        "body",
        element("a", texts.skip_to_result, href="#result", class_="skip", hidden=None if frame.has_result else ""),
        _header(frame, view),
        element("main", content, data_page="", data_says=frame.says),
        element("p", id="announcer", role="status", class_="unseen-words"),
        _templates(view),
    )
    document = join((Html("<!DOCTYPE html>\n"), element("html", head, body, lang=texts.language)))
    headers = dict(SAFETY_HEADERS)
    if frame.retry_after_s is not None:
        headers[hdrs.RETRY_AFTER] = str(frame.retry_after_s)
    return web.Response(
        status=frame.status, text=document.markup, content_type="text/html", charset="utf-8", headers=headers
    )


def _header(frame: Frame, view: View) -> Html:
    texts = view.texts
    name = element("p", isolated(frame.project), class_="project")
    return element(
        "header",
        element("div", element("h1", texts.title), name),
        element("div", _pages(frame, view), _languages(frame, view), _signed_in(frame, view), class_="who"),
    )


def _pages(frame: Frame, view: View) -> Html:
    names = {"/": view.texts.title, "/feedback": view.texts.feedback.title}
    return join([element("a", name, href=href) for href, name in names.items() if href != frame.address], " ")


def _languages(frame: Frame, view: View) -> Html:
    shown: list[Part] = []
    for language, texts in LANGUAGES.items():
        if language == view.texts.language:
            shown.append(element("span", texts.own_name, lang=language, aria_current="true"))
        else:
            query = urlencode({**({"quote": frame.number} if frame.number else {}), FIELD: language})
            link = element(
                "a",
                texts.own_name,
                lang=language,
                hreflang=language,
                href=f"{frame.address}?{query}",
                data_language=language,
            )
            shown.append(link)
    return element("nav", join(shown, " "), class_="languages", aria_label="Idioma / Language")


def _signed_in(frame: Frame, view: View) -> Html:
    if not frame.csrf:
        return EMPTY
    texts = view.texts
    return element(
        "form",
        element("span", isolated(texts.signed_in_as.format(name=frame.caller))),
        element("input", type="hidden", name="csrf_token", value=frame.csrf),
        element("button", texts.sign_out, type="submit"),
        id="sign-out",
        method="post",
        action="/sign-out",
    )


def _templates(view: View) -> Html:
    """What a script shows while it waits, and when nothing came."""
    texts = view.texts
    waiting = element("p", texts.asking, class_="quiet waiting")
    code = element("p", texts.reason_code, ": ", element("code"), class_="origin", data_code="", hidden="")
    failed = banner(texts.no_answer, element("p", texts.no_amounts), code)
    again = element("p", texts.signed_in_again)
    return join(
        (
            element("template", element("h2", texts.result, id="result-title"), waiting, id="waiting"),
            element("template", element("h2", texts.result, id="result-title"), failed, id="failed"),
            element("template", element("h2", texts.result, id="result-title"), again, id="signed-in"),
        )
    )
