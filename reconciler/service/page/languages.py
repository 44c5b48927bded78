"""The languages of the page, and which one a visitor reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from reconciler.service.page.english import ENGLISH
from reconciler.service.page.portuguese import PORTUGUESE
from reconciler.service.page.texts import PageTexts

LANGUAGES: Final[Mapping[str, PageTexts]] = {texts.language: texts for texts in (PORTUGUESE, ENGLISH)}
FIELD: Final = "lang"
_COOKIE: Final = "reconciler_language"
_KEPT_S: Final = 365 * 86_400


def texts_for(request: web.Request, project_language: str, chosen: str | None) -> PageTexts:
    """The words for this visitor: as chosen now, as chosen before, or as the project has it."""
    for name in (chosen, request.cookies.get(_COOKIE), project_language):
        for language, texts in LANGUAGES.items():
            if name == language:
                return texts
    return PORTUGUESE


def remember(answer: web.Response, chosen: str | None) -> None:
    """Let the visitor's next requests have the same language. The cookie names nobody."""
    if chosen in LANGUAGES:
        answer.set_cookie(_COOKIE, str(chosen), path="/", max_age=_KEPT_S, httponly=True, samesite="Lax")
