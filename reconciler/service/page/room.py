"""`GET /` and `POST /`: the page, and what its forms ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from reconciler.model.taxes import LONGEST_QUOTE_NUMBER_CHARACTERS
from reconciler.reports.html.markup import EMPTY, Html, element, join
from reconciler.service import request_id
from reconciler.service.callers import open_to_all
from reconciler.service.page import result
from reconciler.service.page.asking import Answered, Asker, Outcome, Refused
from reconciler.service.page.entrance import Refusal, Stranger, Visitor, threshold
from reconciler.service.page.feedback_desk import FeedbackDesk
from reconciler.service.page.feedback_view import said_section
from reconciler.service.page.form import lines_form, number_form
from reconciler.service.page.languages import FIELD, LANGUAGES, remember
from reconciler.service.page.layout import Frame, page
from reconciler.service.page.mistakes import mistakes_in
from reconciler.service.page.reception import Reception
from reconciler.service.page.typed import (
    Fields,
    Mistake,
    TypedLine,
    TypedQuote,
    one_line,
)
from reconciler.service.page.view import View
from reconciler.taxes.quote_members import MOST_LINES

_ADD: Final = "add"
_TYPED_IN: Final = "typed_in"
_REMOVE: Final = "remove:"
_MANY_LINES: Final = 30


@dataclass(frozen=True, slots=True)
class PageRoom:
    """Shows the page."""

    asker: Asker
    reception: Reception
    feedback: FeedbackDesk

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/", self._shown, allow_head=False)
        application.router.add_post("/", self._asked)

    @open_to_all
    async def _shown(self, request: web.Request) -> web.StreamResponse:
        chosen = request.query.get(FIELD)
        answer = await self._address(request, self.reception.view(request, chosen))
        remember(answer, chosen)
        return answer

    @open_to_all
    async def _asked(self, request: web.Request) -> web.StreamResponse:
        fields = await self.reception.fields(request)
        found: Mapping[str, str] = {} if isinstance(fields, Refused) else dict(fields)
        chosen = found.get(FIELD)
        answer = await self._form(request, fields, found, self.reception.view(request, chosen))
        remember(answer, chosen)
        return answer

    async def _address(self, request: web.Request, view: View) -> web.Response:
        """What an address asks: nothing, or about a quote of the CRM."""
        query = request.query
        number = one_line(query.get("quote", ""), LONGEST_QUOTE_NUMBER_CHARACTERS)
        if self.reception.entrance.comes_from_elsewhere(request):
            return page(threshold(view, number), Frame(self.reception.project, number=number, has_result=False), view)
        guest = await self.reception.guest(request)
        if not isinstance(guest, Visitor):
            return self._closed(guest, view, number, failed=query.get("sign_in", ""))
        desk = _Desk(self, guest, view)
        return await desk.of_quote(number, allow_stale="stale" in query) if number else desk.blank()

    async def _form(
        self, request: web.Request, fields: Fields | Refused, found: Mapping[str, str], view: View
    ) -> web.Response:
        """What a form asks: about typed lines, or for a line more or less."""
        guest = await self.reception.guest(request, found.get("csrf_token", ""))
        if not isinstance(guest, Visitor):
            return self._closed(guest, view, "", typed=None if isinstance(fields, Refused) else fields)
        desk = _Desk(self, guest, view)
        if isinstance(fields, Refused):
            return desk.show(TypedQuote(), result.refusal(fields, result.LINES_FORM, view, _id()), outcome=fields)
        step = found.get("do", "")
        typed = _changed(fields, step) if step else TypedQuote.from_fields(fields)
        before = LANGUAGES.get(found.get(_TYPED_IN, ""))
        if before is not None and before is not view.texts:
            typed = typed.retyped(View.of(before, self.reception.time_zone).figures, view.figures)
        if step:
            return desk.show(typed, result.nothing_asked(view))
        return await desk.of_lines(typed, allow_stale="stale" in found)

    def _closed(
        self, guest: Stranger | Refusal, view: View, number: str, *, failed: str = "", typed: Fields | None = None
    ) -> web.Response:
        """For who may not ask: the way in, or why there is none."""
        if isinstance(guest, Stranger):
            # The cookie of a session ends with it: who sends a form without one had a session when it was shown.
            return self.reception.sign_in_page(guest, view, number, had_session=typed is not None, failed=failed)
        told = guest.refused
        content = result.refusal(told, result.NUMBER_FORM, view, _id())
        if guest.visitor is None:
            return page(
                content, Frame(self.reception.project, status=told.status, retry_after_s=told.retry_after_s), view
            )
        desk = _Desk(self, guest.visitor, view)
        kept = TypedQuote() if typed is None else TypedQuote.from_fields(typed)
        form_id = result.LINES_FORM if typed is not None else result.NUMBER_FORM
        return desk.show(kept, result.refusal(told, form_id, view, _id()), number=number, outcome=told)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Serves one visitor."""

    room: PageRoom
    visitor: Visitor
    view: View

    def blank(self) -> web.Response:
        """Nothing asked yet."""
        return self.show(TypedQuote(), result.nothing_asked(self.view))

    async def of_quote(self, number: str, *, allow_stale: bool) -> web.Response:
        """About a quote of the CRM. Its lines are put into the form, so that they can be varied."""
        outcome = await self.room.asker.of_quote(number, allow_stale=allow_stale)
        typed, said = TypedQuote(), EMPTY
        if isinstance(outcome, Answered) and outcome.quote is not None:
            typed = TypedQuote.of_quote(outcome.quote.quote.would_be, self.view.figures)
            known = outcome.quote.quote.number
            said = said_section(await self.room.feedback.about(known), known, self.view)
        return await self._answer(typed, outcome, result.NUMBER_FORM, number, said)

    async def of_lines(self, typed: TypedQuote, *, allow_stale: bool) -> web.Response:
        """About typed lines."""
        document = typed.document(self.view.figures)
        outcome = await self.room.asker.would_be(document, allow_stale=allow_stale)
        if isinstance(outcome, Refused) and outcome.status == 422:
            mistakes = mistakes_in(typed, outcome, self.view)
            if mistakes:
                return self.show(typed, result.correction(mistakes, self.view), mistakes=mistakes)
        return await self._answer(typed, outcome, result.LINES_FORM)

    def show(
        self,
        typed: TypedQuote,
        told: Html,
        *,
        number: str = "",
        outcome: Outcome | None = None,
        mistakes: Sequence[Mistake] = (),
        varies: bool = False,
    ) -> web.Response:
        """The whole page."""
        view, csrf = self.view, self.visitor.csrf
        forms = element(
            "div",
            number_form(number, view),
            lines_form(typed, mistakes, csrf, view, folded=bool(number), varies=varies),
            class_="forms",
        )
        refused = outcome if isinstance(outcome, Refused) else None
        says = result.says_mistakes(mistakes, view) if mistakes else result.announcement(outcome, view)
        frame = Frame(
            self.room.reception.project,
            caller=self.visitor.caller.name,
            csrf=csrf,
            number=number,
            status=422 if mistakes else 200 if refused is None else refused.status,
            title=view.texts.title_of_quote.format(number=number) if number else "",
            says=says,
            retry_after_s=None if refused is None else refused.retry_after_s,
        )
        return page(join((forms, told)), frame, view)

    async def _answer(
        self, typed: TypedQuote, outcome: Outcome, form: str, number: str = "", said: Html = EMPTY
    ) -> web.Response:
        def written() -> web.Response:
            if isinstance(outcome, Refused):
                told = result.refusal(outcome, form, self.view, _id())
            else:
                told = result.answer(outcome, form, self.view)
            varies = bool(number) and isinstance(outcome, Answered)
            return self.show(typed, join((told, said)), number=number, outcome=outcome, varies=varies)

        # Hundreds of lines take tenths of a second to write, in which nobody else would be answered.
        is_long = isinstance(outcome, Answered) and len(outcome.question.lines) > _MANY_LINES
        return await asyncio.to_thread(written) if is_long else written()


def _changed(fields: Fields, step: str) -> TypedQuote:
    """A line more or less, for browsers that run no script."""
    typed = TypedQuote.from_fields(fields, keep_blank=True)
    lines = list(typed.lines)
    place = step.removeprefix(_REMOVE)
    if step == _ADD and len(lines) < MOST_LINES:
        lines.append(TypedLine())
    elif place.isdecimal() and len(place) < len(str(MOST_LINES)) + 1 and int(place) < len(lines):
        del lines[int(place)]
    return replace(typed, lines=tuple(lines) or (TypedLine(),))


def _id() -> str:
    return request_id.current.get()
