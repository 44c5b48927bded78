"""What every page begins with: whose request it is, in which language, and what its form carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from reconciler.errors import StateError
from reconciler.service import request_id
from reconciler.service.bodies import Bodies
from reconciler.service.page.asking import Refused
from reconciler.service.page.entrance import Entrance, Guest, Refusal, Stranger, sign_in_form
from reconciler.service.page.languages import texts_for
from reconciler.service.page.layout import Frame, page
from reconciler.service.page.typed import Fields
from reconciler.service.page.view import View
from reconciler.taxes.quote_members import MOST_LINES

_log = structlog.get_logger("reconciler.service")

_LARGEST_FORM_BYTES: Final = 256 * 1024
_MOST_FIELDS: Final = 4 * MOST_LINES + 32
_FORM: Final = "application/x-www-form-urlencoded"
_COME_AGAIN_S: Final = 5


@dataclass(frozen=True, slots=True)
class Reception:
    """Receives visitors.

    Attributes:
        project: its name, for the head of the page.
        language: of visitors who chose none.
        time_zone: the wall clock of the readers.
    """

    entrance: Entrance
    bodies: Bodies
    project: str
    language: str
    time_zone: ZoneInfo

    def view(self, request: web.Request, chosen: str | None) -> View:
        """The words and figures for this visitor.

        Args:
            chosen: the language they ask for now.
        """
        return View.of(texts_for(request, self.language, chosen), self.time_zone)

    async def guest(self, request: web.Request, shown_csrf: str = "") -> Guest:
        """Who that is; a refusal also where the state cannot tell."""
        try:
            return await self.entrance.guest(request, shown_csrf)
        except StateError as error:
            return Refusal(no_state(error))

    async def fields(self, request: web.Request) -> Fields | Refused:
        """What a form of ours carries."""
        if request.content_type != _FORM:
            return Refused(415, "not_form_type")
        body = await self.bodies.read(request, _LARGEST_FORM_BYTES)
        if isinstance(body, web.Response):
            return Refused.told_by(body)
        try:
            return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return Refused(400, "form_not_understood")

    def sign_in_page(self, guest: Stranger, view: View, number: str, *, had_session: bool, failed: str) -> web.Response:
        """For who has to sign in first.

        Args:
            number: of the quote that was to be looked at.
            had_session: their request shows that they were signed in before.
            failed: how signing in ended; "" before it.
        """
        ended = guest.ended or had_session
        form = sign_in_form(view, number, ended=ended, failed=failed)
        status = 401 if ended else 200
        frame = Frame(self.project, number=number, status=status, title=view.texts.sign_in, has_result=False)
        return page(form, frame, view)


def no_state(error: StateError) -> Refused:
    """The refusal while the state cannot be used; what is wrong with it is for the log."""
    _log.error("state_unusable", code=error.code, problem=error.message, request_id=request_id.current.get())
    return Refused(503, "state_unavailable", _COME_AGAIN_S)
