"""`GET /feedback` and `POST /feedback`: what participants of the pilot have to say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from reconciler.app.pilot.feedback import LONGEST_CHARACTERS, Said
from reconciler.errors import RefusedError, StateError
from reconciler.model.taxes import LONGEST_QUOTE_NUMBER_CHARACTERS
from reconciler.project_people import LONGEST_NAME_CHARACTERS
from reconciler.reports.html.markup import Html, element, join
from reconciler.service import request_id
from reconciler.service.callers import ANYBODY_HERE, open_to_all
from reconciler.service.page import result
from reconciler.service.page.asking import Refused
from reconciler.service.page.entrance import Stranger, Visitor, threshold
from reconciler.service.page.feedback_desk import QUOTES, FeedbackDesk
from reconciler.service.page.feedback_view import TypedFeedback, feedback_form, thanks
from reconciler.service.page.languages import FIELD, remember
from reconciler.service.page.layout import Frame, page
from reconciler.service.page.reception import Reception, no_state
from reconciler.service.page.typed import one_line
from reconciler.service.page.view import View

_FORM_ID: Final = "feedback"


@dataclass(frozen=True, slots=True)
class FeedbackRoom:
    """Shows the form, and keeps what it brings."""

    desk: FeedbackDesk
    reception: Reception

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/feedback", self._shown, allow_head=False)
        application.router.add_post("/feedback", self._sent)

    @open_to_all
    async def _shown(self, request: web.Request) -> web.StreamResponse:
        chosen = request.query.get(FIELD)
        view = self.reception.view(request, chosen)
        number = one_line(request.query.get("quote", ""), LONGEST_QUOTE_NUMBER_CHARACTERS)
        if self.reception.entrance.comes_from_elsewhere(request):
            answer = page(threshold(view, number), Frame(self.reception.project, number=number, has_result=False), view)
        else:
            guest = await self.reception.guest(request)
            if isinstance(guest, Visitor):
                answer = self._page(guest, TypedFeedback(number=number), view)
            elif isinstance(guest, Stranger):
                answer = self.reception.sign_in_page(guest, view, number, had_session=False, failed="")
            else:
                answer = self._refused(guest.refused, guest.visitor, view)
        remember(answer, chosen)
        return answer

    @open_to_all
    async def _sent(self, request: web.Request) -> web.StreamResponse:
        fields = await self.reception.fields(request)
        found: Mapping[str, str] = {} if isinstance(fields, Refused) else dict(fields)
        view = self.reception.view(request, found.get(FIELD))
        guest = await self.reception.guest(request, found.get("csrf_token", ""))
        if isinstance(guest, Stranger):
            return self.reception.sign_in_page(guest, view, "", had_session=True, failed="")
        if not isinstance(guest, Visitor):
            return self._refused(guest.refused, guest.visitor, view)
        if isinstance(fields, Refused):
            return self._refused(fields, guest, view)
        return await self._kept(guest, _typed(found), view)

    async def _kept(self, visitor: Visitor, typed: TypedFeedback, view: View) -> web.Response:
        words = view.texts.feedback
        who = self.desk.name_of(visitor.caller) or typed.name
        if not who:
            return self._page(visitor, typed, view, wrong=words.needs_name)
        if not typed.text.strip() or len(typed.text) > LONGEST_CHARACTERS:
            return self._page(visitor, typed, view, wrong=words.needs_text.format(characters=LONGEST_CHARACTERS))
        entity = QUOTES if typed.number else ""
        try:
            # A browser that goes away half-way must not take the transaction with it.
            await asyncio.shield(self.desk.keep(Said(who, typed.text, typed.severity, entity, typed.number)))
        except RefusedError:
            return self._page(visitor, typed, view, wrong=words.not_understood)
        except StateError as error:
            return self._page(visitor, typed, view, refused=no_state(error))
        told = result.result_section(words.title, thanks(typed.number, view))
        return self._page(visitor, replace(typed, text="", severity="note"), view, told=told, says=words.kept)

    def _refused(self, refused: Refused, visitor: Visitor | None, view: View) -> web.Response:
        if visitor is None:
            told = result.refusal(refused, _FORM_ID, view, request_id.current.get())
            frame = Frame(self.reception.project, status=refused.status, retry_after_s=refused.retry_after_s)
            return page(told, frame, view)
        return self._page(visitor, TypedFeedback(), view, refused=refused)

    def _page(
        self,
        visitor: Visitor,
        typed: TypedFeedback,
        view: View,
        *,
        wrong: str = "",
        refused: Refused | None = None,
        told: Html | None = None,
        says: str = "",
    ) -> web.Response:
        words = view.texts.feedback
        form = feedback_form(typed, visitor.csrf, view, asks_name=visitor.caller is ANYBODY_HERE, wrong=wrong)
        if refused is not None:
            told = result.refusal(refused, _FORM_ID, view, request_id.current.get())
            says = result.refusal_words(refused, view)
        told = told or element("section", id="result", tabindex="-1")
        frame = Frame(
            self.reception.project,
            caller=visitor.caller.name,
            csrf=visitor.csrf,
            number=typed.number,
            status=422 if wrong else 200 if refused is None else refused.status,
            title=words.title,
            says=says or wrong,
            retry_after_s=None if refused is None else refused.retry_after_s,
            address="/feedback",
        )
        return page(join((element("div", form, class_="forms"), told)), frame, view)


def _typed(found: Mapping[str, str]) -> TypedFeedback:
    return TypedFeedback(
        text=found.get("text", ""),
        severity=found.get("severity", "note"),
        number=one_line(found.get("quote", ""), LONGEST_QUOTE_NUMBER_CHARACTERS),
        name=one_line(found.get("name", ""), LONGEST_NAME_CHARACTERS),
    )
